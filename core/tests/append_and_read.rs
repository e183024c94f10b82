//! One process: what goes in comes out, over many laps, at every ring size.

use plasmite_core::store::{
    AppendOptions, BatchItem, Client, Gap, GapPolicy, ItemEncoding, Next, Pool, PoolOptions, Start,
    TailOptions, View, Wait,
};
use plasmite_core::{ErrorKind, Result};

fn scratch() -> (tempfile::TempDir, Client) {
    let dir = tempfile::tempdir().unwrap();
    let client = Client::new(Some(dir.path())).unwrap();
    (dir, client)
}

fn sized(size: u64) -> PoolOptions {
    PoolOptions {
        size,
        ..PoolOptions::default()
    }
}

fn envelope(pool: &Pool, seq: u64) -> Result<String> {
    let mut out = Vec::new();
    pool.get_envelope(seq, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn data(text: &str) -> &str {
    &text[text.find(",\"data\":").unwrap() + 8..text.len() - 1]
}

fn next_seq(stream: &plasmite_core::store::Stream) -> Option<u64> {
    let mut view = View::empty();
    matches!(stream.next(Wait::Try, &mut view).unwrap(), Next::Message(seq) if seq == view.seq)
        .then_some(view.seq)
}

fn next_data(stream: &plasmite_core::store::Stream) -> Option<String> {
    let mut out = Vec::new();
    match stream.next_envelope(Wait::Try, &mut out).unwrap() {
        Next::Message(_) => Some(data(std::str::from_utf8(&out).unwrap()).to_string()),
        Next::Timeout | Next::End => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_comes_back_with_its_parts() {
    let (_dir, client) = scratch();
    let pool = client.create("events", &PoolOptions::default()).unwrap();
    let options = AppendOptions {
        tags: &[b"a", b"b"],
        timestamp_ns: Some(1_769_846_709_120_000_000),
        ..Default::default()
    };
    let receipt = pool.append_json(br#"{"x":1}"#, &options).unwrap();
    assert_eq!(receipt.seq, 1);
    let expected =
        r#"{"seq":1,"time":"2026-01-31T08:05:09.12Z","meta":{"tags":["a","b"]},"data":{"x":1}}"#;
    assert_eq!(envelope(&pool, 1).unwrap(), expected);
    let mut out = Vec::new();
    let second = pool
        .append_json_envelope(b"[1,2.0]", &AppendOptions::default(), &mut out)
        .unwrap();
    assert_eq!(second.seq, 2);
    for absent in [0, 3, 8, u64::MAX - 7, u64::MAX] {
        let error = envelope(&pool, absent).unwrap_err();
        assert_eq!(
            (error.kind(), error.seq()),
            (ErrorKind::NotFound, Some(absent))
        );
    }
    assert_eq!(envelope(&pool, 2).unwrap().as_bytes(), out);
}

#[test]
fn wraps_at_every_size_and_keeps_order() {
    let (_dir, client) = scratch();
    let mut left_out = 0;
    for (index, size) in [9216u64, 9217, 9280, 9300, 10_000, 12_345, 16_384, 70_000]
        .into_iter()
        .enumerate()
    {
        for slots in [None, Some(0), Some(3)] {
            let name = format!("p{index}-{slots:?}");
            let options = PoolOptions {
                size,
                index_capacity: slots,
                ..PoolOptions::default()
            };
            let pool = match client.create(&name, &options) {
                Ok(pool) => pool,
                // Slots leave no ring in the smallest ones.
                Err(error) => {
                    assert_eq!(
                        (size < 9280, slots, error.kind()),
                        (true, Some(3), ErrorKind::Usage),
                        "{error}"
                    );
                    left_out += 1;
                    continue;
                }
            };
            let stream = pool
                .tail(&TailOptions {
                    start: Start::Now,
                    ..TailOptions::default()
                })
                .unwrap();
            for n in 1..=600u64 {
                let text = format!(
                    "{{\"n\":{n},\"pad\":\"{}\"}}",
                    "x".repeat((n * 37 % 300) as usize)
                );
                assert_eq!(
                    pool.append_json(text.as_bytes(), &AppendOptions::default())
                        .unwrap()
                        .seq,
                    n
                );
                assert_eq!(
                    next_data(&stream).as_deref(),
                    Some(text.as_str()),
                    "size {size}"
                );
                let bounds = pool.bounds().unwrap();
                assert_eq!((bounds.newest, bounds.count), (n, n - bounds.oldest + 1));
                if n % 29 == 0 {
                    for seq in bounds.oldest..=n {
                        let text = envelope(&pool, seq).unwrap();
                        assert!(
                            data(&text).starts_with(&format!("{{\"n\":{seq},")),
                            "{text}"
                        );
                    }
                    assert_eq!(
                        envelope(&pool, bounds.oldest - 1).unwrap_err().kind(),
                        ErrorKind::NotFound
                    );
                    assert_eq!(envelope(&pool, n + 1).unwrap_err().seq(), Some(n + 1));
                    let layout = pool.layout(usize::MAX).unwrap();
                    assert_eq!(layout.frames.len() as u64, bounds.count);
                }
            }
            assert_eq!(next_data(&stream), None);
        }
    }
    assert_eq!(left_out, 2);
}

#[test]
fn starts() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(20_000)).unwrap();
    for n in 1..=500u64 {
        let tags: &[&[u8]] = if n % 10 == 0 { &[b"ten"] } else { &[] };
        let options = AppendOptions {
            tags,
            timestamp_ns: Some(n * 1000),
            ..Default::default()
        };
        pool.append_json(format!("{n}").as_bytes(), &options)
            .unwrap();
    }
    let bounds = pool.bounds().unwrap();
    assert!(bounds.oldest > 100 && bounds.newest == 500);
    let read = |options: TailOptions<'_>| -> Vec<u64> {
        let stream = pool.tail(&options).unwrap();
        std::iter::from_fn(|| next_data(&stream))
            .map(|text| text.parse().unwrap())
            .collect()
    };
    let all: Vec<u64> = (bounds.oldest..=500).collect();
    let with = |start: Start| TailOptions {
        start,
        ..TailOptions::default()
    };
    assert_eq!(read(with(Start::Oldest)), all);
    assert_eq!(read(with(Start::Now)), []);
    assert_eq!(read(with(Start::Last(3))), [498, 499, 500]);
    assert_eq!(read(with(Start::Last(100_000))), all);
    assert_eq!(read(with(Start::Seq(490))), (490..=500).collect::<Vec<_>>());
    assert_eq!(read(with(Start::Seq(0))), all);
    assert_eq!(
        read(with(Start::Time(495_000))),
        (495..=500).collect::<Vec<_>>()
    );
    assert_eq!(
        read(with(Start::Time(494_001))),
        (495..=500).collect::<Vec<_>>()
    );
    assert_eq!(read(with(Start::Time(0))), all);
    assert_eq!(read(with(Start::Time(999_000_000))), []);
    for time in bounds.oldest..=500 {
        assert_eq!(
            read(TailOptions {
                max: Some(1),
                ..with(Start::Time(time * 1000))
            }),
            [time]
        );
    }
    let tagged = TailOptions {
        tags: &[b"ten"],
        ..with(Start::Last(2))
    };
    assert_eq!(read(tagged.clone()), [490, 500]);
    assert_eq!(
        read(TailOptions {
            start: Start::Seq(475),
            ..tagged.clone()
        }),
        [480, 490, 500]
    );
    assert_eq!(
        read(TailOptions {
            in_place: true,
            start: Start::Seq(475),
            ..tagged
        }),
        [480, 490, 500]
    );
    assert_eq!(
        read(TailOptions {
            max: Some(2),
            ..with(Start::Seq(450))
        }),
        [450, 451]
    );
    assert_eq!(
        read(TailOptions {
            end_seq: Some(452),
            ..with(Start::Seq(450))
        }),
        [450, 451, 452]
    );
    let back = TailOptions {
        backwards: true,
        ..TailOptions::default()
    };
    assert_eq!(
        read(back.clone()),
        all.iter().rev().copied().collect::<Vec<_>>()
    );
    assert_eq!(
        read(TailOptions {
            start: Start::Seq(460),
            end_seq: Some(458),
            ..back.clone()
        }),
        [460, 459, 458]
    );
    assert_eq!(
        read(TailOptions {
            start: Start::Last(2),
            ..back
        }),
        [500, 499]
    );
    let snapshot = TailOptions {
        snapshot: true,
        ..with(Start::Seq(499))
    };
    let stream = pool.tail(&snapshot).unwrap();
    pool.append_json(b"501", &AppendOptions::default()).unwrap();
    assert_eq!(next_data(&stream).as_deref(), Some("499"));
    assert_eq!(next_data(&stream).as_deref(), Some("500"));
    assert!(matches!(
        stream.next(Wait::Forever, &mut View::empty()).unwrap(),
        Next::End
    ));
    // A time that no message has reached: nothing to wait for.
    let later = TailOptions {
        snapshot: true,
        ..with(Start::Time(u64::MAX))
    };
    assert!(matches!(
        pool.tail(&later)
            .unwrap()
            .next(Wait::Forever, &mut View::empty())
            .unwrap(),
        Next::End
    ));
    let token = stream.token();
    assert_eq!(read(with(Start::Token(token))), [501]);
    assert_eq!(
        pool.tail(&with(Start::Token("x".into())))
            .unwrap_err()
            .kind(),
        ErrorKind::Usage
    );
}

#[test]
fn gaps_by_policy() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(10_000)).unwrap();
    let append = |count: u64| {
        for _ in 0..count {
            pool.append_json(br#"{"some":"thing"}"#, &AppendOptions::default())
                .unwrap();
        }
    };
    append(1);
    let open = |gap| {
        pool.tail(&TailOptions {
            gap,
            start: Start::Seq(1),
            ..TailOptions::default()
        })
        .unwrap()
    };
    let (go_on, fail, tell) = (
        open(GapPolicy::Continue),
        open(GapPolicy::Error),
        open(GapPolicy::Event),
    );
    for stream in [&go_on, &fail, &tell] {
        assert!(next_data(stream).is_some());
    }
    append(100);
    let oldest = pool.bounds().unwrap().oldest;
    assert!(oldest > 2);
    assert!(next_seq(&go_on) == Some(oldest));
    assert_eq!(go_on.stats().dropped, oldest - 2);
    assert_eq!(
        go_on.last_gap(),
        Some(Gap {
            first: 2,
            last: oldest - 1
        })
    );
    let error = fail.next(Wait::Try, &mut View::empty()).unwrap_err();
    assert_eq!(
        (error.kind(), error.seq(), error.path()),
        (ErrorKind::RetentionGap, Some(2), None)
    );
    assert!(error.message().contains(&oldest.to_string()));
    assert!(matches!(
        fail.next(Wait::Forever, &mut View::empty()).unwrap(),
        Next::End
    ));
    assert_eq!(
        tell.next(Wait::Try, &mut View::empty()).unwrap(),
        Next::Gap(Gap {
            first: 2,
            last: oldest - 1
        })
    );
    assert_eq!(
        tell.last_gap(),
        Some(Gap {
            first: 2,
            last: oldest - 1
        })
    );
    assert!(next_seq(&tell) == Some(oldest));
    // A filter that matches nothing does not hide the gap.
    let options = TailOptions {
        gap: GapPolicy::Error,
        start: Start::Seq(1),
        tags: &[b"none"],
        ..TailOptions::default()
    };
    assert_eq!(
        pool.tail(&options)
            .unwrap()
            .next(Wait::Try, &mut View::empty())
            .unwrap_err()
            .seq(),
        Some(1)
    );
}

#[test]
fn batches_are_whole_and_in_order() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(12_000)).unwrap();
    let mut next = 1;
    for round in 0..200u64 {
        let texts: Vec<String> = (0..round % 9)
            .map(|n| {
                format!(
                    "{{\"n\":{},\"p\":\"{}\"}}",
                    next + n,
                    "y".repeat(n as usize * 10)
                )
            })
            .collect();
        let items: Vec<BatchItem<'_>> = texts
            .iter()
            .map(|text| BatchItem {
                bytes: text.as_bytes(),
                encoding: ItemEncoding::Json,
                tags: &[],
                timestamp_ns: None,
            })
            .collect();
        let mut receipts = Vec::new();
        pool.append_batch(
            items.iter().copied().map(Ok),
            &AppendOptions::default(),
            |receipt| receipts.push(receipt),
        )
        .unwrap();
        for receipt in receipts {
            assert_eq!(receipt.seq, next);
            next += 1;
        }
    }
    let stream = pool.tail(&TailOptions::default()).unwrap();
    let mut seq = pool.bounds().unwrap().oldest;
    while let Some(text) = next_data(&stream) {
        assert!(text.starts_with(&format!("{{\"n\":{seq},")));
        seq += 1;
    }
    assert_eq!(seq, next);
    let big = "z".repeat(5000);
    let text = format!("\"{big}\"");
    let item = BatchItem {
        bytes: text.as_bytes(),
        encoding: ItemEncoding::Json,
        tags: &[],
        timestamp_ns: None,
    };
    assert_eq!(
        pool.append_batch(
            [item; 3].into_iter().map(Ok),
            &AppendOptions::default(),
            |_| ()
        )
        .unwrap_err()
        .kind(),
        ErrorKind::Usage
    );
    assert_eq!(pool.bounds().unwrap().newest, next - 1);
}

#[test]
fn the_largest_message_fits_and_one_byte_more_does_not() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(10_240)).unwrap();
    let ring = pool.info().unwrap().ring_size as usize;
    let largest = ring - 44 - 2;
    for round in 0..5 {
        pool.append_json(b"1", &AppendOptions::default()).unwrap();
        let text = format!("\"{}\"", "x".repeat(largest));
        let seq = pool
            .append_json(text.as_bytes(), &AppendOptions::default())
            .unwrap()
            .seq;
        assert_eq!(data(&envelope(&pool, seq).unwrap()), text, "round {round}");
        assert_eq!(pool.bounds().unwrap().count, 1);
    }
    let error = pool
        .append_json(
            format!("\"{}\"", "x".repeat(largest + 1)).as_bytes(),
            &AppendOptions::default(),
        )
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.hint().is_some());
}

#[test]
fn own_times_must_not_fall_and_conditions_hold() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    let at = |ns| AppendOptions {
        timestamp_ns: Some(ns),
        ..Default::default()
    };
    pool.append_json(b"1", &at(5000)).unwrap();
    assert_eq!(
        pool.append_json(b"1", &at(4999)).unwrap_err().kind(),
        ErrorKind::Usage
    );
    assert_eq!(pool.append_json(b"1", &at(5000)).unwrap().seq, 2);
    let expect = |seq| AppendOptions {
        expect_newest: Some(seq),
        ..Default::default()
    };
    assert_eq!(
        pool.append_json(b"1", &expect(1)).unwrap_err().kind(),
        ErrorKind::AlreadyExists
    );
    assert_eq!(pool.append_json(b"1", &expect(2)).unwrap().seq, 3);
}
