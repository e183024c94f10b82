//! Streams behind filters and tags against naive twins: judged message by message, overtaken, damaged, and on bytes that
//! others change while they are read.

mod common;

use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{patient, put, scratch, sized, soak, watchdog, Random, Victim};
use plasmite_core::filter::{Filter, FilterOptions};
use plasmite_core::store::{
    AppendOptions, GapPolicy, Next, Pool, PoolOptions, Start, Stream, TailOptions, View, Wait,
};
use plasmite_core::ErrorKind;

fn filter(expression: &str) -> Arc<Filter> {
    Arc::new(Filter::new(expression, &FilterOptions::default()).unwrap())
}

/// What a finite stream says: seqs, and where an error came.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Seq(u64),
    Error(ErrorKind, Option<u64>),
}

fn all_of(stream: &Stream, mut each: impl FnMut(u64, &[u8])) -> Vec<Said> {
    let (mut said, mut out) = (Vec::new(), Vec::new());
    loop {
        out.clear();
        match stream.next_envelope(Wait::Try, &mut out) {
            Ok(Next::Message(seq)) => {
                each(seq, &out);
                said.push(Said::Seq(seq));
            }
            Ok(Next::End) => return said,
            // The filters have worked for long enough, or a damaged control page promises more.
            Ok(Next::Timeout) if said.len() > 100_000 => panic!("no end"),
            Ok(Next::Timeout) => match stream.next(Wait::For(Duration::ZERO), &mut View::empty()) {
                Ok(Next::Message(seq)) => said.push(Said::Seq(seq)),
                Ok(Next::End | Next::Timeout) => return said,
                Ok(other) => panic!("{other:?}"),
                Err(error) => said.push(Said::Error(error.kind(), error.seq())),
            },
            Ok(other) => panic!("{other:?}"),
            Err(error) => said.push(Said::Error(error.kind(), error.seq())),
        }
    }
}

/// In batches of views.
fn in_batches(stream: &Stream) -> Vec<Said> {
    let (mut said, mut views) = (Vec::new(), [View::empty(); 7]);
    loop {
        match stream.next_many(Wait::Forever, &mut views) {
            Ok((Next::End, _)) => return said,
            Ok((Next::Message(_), count)) => {
                said.extend(views[..count].iter().map(|view| Said::Seq(view.seq)));
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => said.push(Said::Error(error.kind(), error.seq())),
        }
    }
}

fn random_data(random: &mut Random) -> String {
    let text = ["", "a", "ab", "boiler-17", "é"][random.below(5) as usize];
    let number = [
        "0",
        "1",
        "-5",
        "2.5",
        "9007199254740993",
        "18446744073709551615",
    ];
    let number = number[random.below(6) as usize];
    // Beyond the copies of filtered streams, and beyond those of all.
    let long = "x".repeat([0, 0, 0, 0, 30, 300, 5000][random.below(7) as usize]);
    match random.below(12) {
        0 => number.to_owned(),
        1 => format!("[\"{text}\",{number}]"),
        2 => format!("{{\"n\":\"{text}\",\"pad\":\"{long}\"}}"),
        3 => "{}".to_owned(),
        4 => format!("{{\"pad\":\"{long}\",\"n\":null,\"o\":{{\"s\":[]}}}}"),
        // More members than one node has.
        5 => format!("{{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"n\":{number},\"s\":\"{text}\"}}"),
        _ => format!("{{\"n\":{number},\"s\":\"{text}\",\"o\":{{\"s\":\"{text}\"}},\"pad\":\"{long}\"}}"),
    }
}

/// Each message judged by itself, through every way of reading.
#[test]
fn streams_give_what_each_message_says() {
    let _watchdog = watchdog();
    let conditions = [
        ".data.n < 0",
        ".data.n >= 0",
        ".data.n == 9007199254740993",
        ".data.s == \"boiler-17\"",
        ".data.s != \"a\" and .data.n > 1",
        ".data.o.s | startswith(\"a\")",
        ".data.s | test(\"[0-9]\")",
        ".data.n == 1 or (.data.s | endswith(\"b\"))",
        ".meta.tags[] == \"t\"",
        "(.data | type) == \"array\"",
        ".data.n",
        ".seq % 5 == 0",
    ];
    let mut random = Random(11);
    let (_dir, client) = scratch();
    for round in 0..soak(Duration::ZERO).as_secs().max(6) {
        let name = format!("p{round}");
        let size = [24_000, 40_000, 70_000, 300_000][random.below(4) as usize];
        let pool = client.create(&name, &sized(size)).unwrap();
        for _ in 0..150 + random.below(600) {
            let tags: &[&[u8]] = match random.below(4) {
                0 => &[],
                1 => &[b"t"],
                2 => &[b"u", b"t"],
                _ => &[b"v"],
            };
            let options = AppendOptions {
                tags,
                ..AppendOptions::default()
            };
            pool.append_json(random_data(&mut random).as_bytes(), &options)
                .unwrap();
        }
        let bounds = pool.bounds().unwrap();
        for expressions in conditions
            .iter()
            .enumerate()
            .map(|(at, first)| [*first, conditions[(at + 5) % conditions.len()]])
        {
            for count in [1, 2] {
                let filters: Vec<_> = expressions[..count]
                    .iter()
                    .map(|text| filter(text))
                    .collect();
                for tags in [&[][..], &[&b"t"[..]]] {
                    let mut twin = Vec::new();
                    for seq in bounds.oldest..=bounds.newest {
                        let owned = pool.get(seq).unwrap();
                        let message = owned.message();
                        if !plasmite_core::message::tags::contains_all(message.tags, tags).unwrap()
                        {
                            continue;
                        }
                        let verdict = filters
                            .iter()
                            .map(|filter| filter.matches(&message, || true, &mut 0))
                            .find(|said| !matches!(said, Ok(Some(true))));
                        match verdict {
                            None => twin.push(Said::Seq(seq)),
                            Some(Ok(_)) => {}
                            Some(Err(error)) => twin.push(Said::Error(error.kind(), error.seq())),
                        }
                    }
                    let options = TailOptions {
                        filters: &filters,
                        tags,
                        snapshot: true,
                        ..TailOptions::default()
                    };
                    let what = format!("{:?} {tags:?}", &expressions[..count]);
                    let by_one = all_of(&pool.tail(&options).unwrap(), |_, _| {});
                    assert_eq!(by_one, twin, "{what}");
                    assert_eq!(
                        in_batches(&pool.tail(&options).unwrap()),
                        twin,
                        "{what} in batches"
                    );
                    let in_place = TailOptions {
                        in_place: true,
                        ..options.clone()
                    };
                    assert_eq!(
                        in_batches(&pool.tail(&in_place).unwrap()),
                        twin,
                        "{what} in place"
                    );
                    twin.reverse();
                    let back = TailOptions {
                        backwards: true,
                        start: Start::Now,
                        snapshot: false,
                        ..options
                    };
                    assert_eq!(
                        all_of(&pool.tail(&back).unwrap(), |_, _| {}),
                        twin,
                        "{what} backwards"
                    );
                }
            }
        }
        client.delete(&name).unwrap();
    }
}

/// Ends the other thread also when an assertion fails.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A writer that laps the reader all the time: whatever is not delivered was told as lost, or does not match.
#[test]
fn overtaken_behind_a_filter() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(12_000)).unwrap();
    for in_place in [false, true] {
        let filters = [filter(".data.n == 3")];
        let first = pool.bounds().unwrap().newest + 1;
        let options = TailOptions {
            filters: &filters,
            start: Start::Seq(first),
            gap: GapPolicy::Event,
            in_place,
            ..TailOptions::default()
        };
        let stream = pool.tail(&options).unwrap();
        let stop = AtomicBool::new(false);
        let (mut expected, mut lost) = (first, 0);
        std::thread::scope(|scope| {
            let _stops = Stops(&stop);
            let writer = scope.spawn(|| {
                let mut random = Random(5);
                while !stop.load(Ordering::Relaxed) {
                    // Its number is its seq's, so that a reader can tell what it should have got.
                    let seq = pool.bounds().unwrap().newest + 1;
                    let text = format!(
                        "{{\"n\":{},\"seq\":{seq},\"pad\":\"{}\"}}",
                        seq % 7,
                        "x".repeat(random.below(90) as usize)
                    );
                    assert_eq!(
                        pool.append_json(text.as_bytes(), &patient()).unwrap().seq,
                        seq
                    );
                }
                pool.bounds().unwrap().newest
            });
            let passed_over = |from: u64, to: u64| {
                assert!(
                    (from..to).all(|seq| seq % 7 != 3),
                    "between {from} and {to}"
                );
            };
            let until = Instant::now() + soak(Duration::from_millis(700));
            let (mut delivered, mut out, mut newest) = (0, Vec::new(), None);
            let mut writer = Some(writer);
            loop {
                if newest.is_none() && Instant::now() > until {
                    stop.store(true, Ordering::Relaxed);
                    newest = writer.take().map(|writer| writer.join().unwrap());
                }
                out.clear();
                match stream
                    .next_envelope(Wait::For(Duration::from_millis(1)), &mut out)
                    .unwrap()
                {
                    Next::Message(seq) => {
                        if seq < first {
                            continue;
                        }
                        passed_over(expected, seq);
                        let text = String::from_utf8(out.clone()).unwrap();
                        assert!(
                            text.contains(&format!("{{\"n\":3,\"seq\":{seq},")),
                            "{text}"
                        );
                        (expected, delivered) = (seq + 1, delivered + 1);
                    }
                    Next::Gap(gap) if gap.last >= expected => {
                        passed_over(expected, gap.first);
                        lost += gap.last - gap.first + 1;
                        expected = gap.last + 1;
                    }
                    Next::Gap(_) => {}
                    Next::Timeout if newest.is_some() => break,
                    Next::Timeout => {}
                    other => panic!("{other:?}"),
                }
            }
            passed_over(expected, newest.unwrap() + 1);
            assert!(delivered > 0);
        });
        assert!(lost <= stream.stats().dropped);
    }
}

/// Damage is told behind a filter as without one, also in messages that the filter would not let through.
#[test]
fn damage_behind_a_filter() {
    let _watchdog = watchdog();
    let victim = Victim::new(
        PoolOptions {
            size: 9216,
            ..PoolOptions::default()
        },
        40,
    );
    let nothing = [filter(".data.n == -1")];
    let some = [filter(".data.n >= 10")];
    let mut told = 0;
    for at in victim.ring..victim.good.len() {
        let mask = [0x01, 0x80, 0xff, 0x10][at % 4];
        victim
            .file
            .write_all_at(&[victim.good[at] ^ mask], at as u64)
            .unwrap();
        if let Ok(pool) = victim.open(true) {
            let read = |filters: &[Arc<Filter>]| {
                let options = TailOptions {
                    filters,
                    snapshot: true,
                    ..TailOptions::default()
                };
                all_of(&pool.tail(&options).unwrap(), |seq, found| {
                    assert_eq!(found, victim.envelopes[seq as usize], "altered at {at}");
                })
            };
            let plain = read(&[]);
            let wanted = |seq: u64| seq % 4 == 2 && seq >= 10;
            let only = |wanted: &dyn Fn(u64) -> bool| -> Vec<_> {
                let keeps = |said: &&Said| !matches!(said, Said::Seq(seq) if !wanted(*seq));
                plain.iter().filter(keeps).collect()
            };
            assert_eq!(
                read(&nothing).iter().collect::<Vec<_>>(),
                only(&|_| false),
                "{at}"
            );
            assert_eq!(
                read(&some).iter().collect::<Vec<_>>(),
                only(&wanted),
                "{at}"
            );
            told += plain
                .iter()
                .filter(|said| matches!(said, Said::Error(..)))
                .count();
        }
        victim.restore();
    }
    assert!(told > 500, "told {told} times");
}

/// Another program scribbles over the ring all the while: nothing but what was written is ever delivered.
#[test]
fn scribbled_over_while_read() {
    let _watchdog = watchdog();
    let victim = Victim::new(
        PoolOptions {
            size: 16_384,
            ..PoolOptions::default()
        },
        120,
    );
    let pool: Pool = victim.open(true).unwrap();
    let filters = [
        [filter(".data.n >= 0")],
        [filter(".data.n == -1")],
        [filter(".data | test(\"text\")")],
        [filter(".data[0] != null")],
    ];
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _stops = Stops(&stop);
        scope.spawn(|| {
            let mut random = Random(9);
            while !stop.load(Ordering::Relaxed) {
                let at =
                    victim.ring as u64 + random.below((victim.good.len() - victim.ring) as u64);
                let len = (1 + random.below(24)).min(victim.good.len() as u64 - at);
                let bytes: Vec<u8> = (0..len).map(|_| random.next() as u8).collect();
                victim.file.write_all_at(&bytes, at).unwrap();
                if random.below(3) > 0 {
                    let good = &victim.good[at as usize..(at + len) as usize];
                    victim.file.write_all_at(good, at).unwrap();
                }
                if random.below(40) == 0 {
                    victim
                        .file
                        .write_all_at(&victim.good[victim.ring..], victim.ring as u64)
                        .unwrap();
                }
            }
        });
        let until = Instant::now() + soak(Duration::from_millis(1500));
        let (mut delivered, mut corrupt) = (0, 0);
        while Instant::now() < until {
            for filters in &filters {
                for in_place in [false, true] {
                    let options = TailOptions {
                        filters,
                        in_place,
                        snapshot: true,
                        ..TailOptions::default()
                    };
                    let Ok(stream) = pool.tail(&options) else {
                        continue;
                    };
                    let said = all_of(&stream, |seq, found| {
                        assert_eq!(found, victim.envelopes[seq as usize], "altered");
                    });
                    for said in said {
                        match said {
                            Said::Seq(_) => delivered += 1,
                            Said::Error(ErrorKind::Corrupt | ErrorKind::Usage, _) => corrupt += 1,
                            other => panic!("{other:?}"),
                        }
                    }
                }
            }
        }
        assert!(
            delivered > 0 && corrupt > 0,
            "{delivered} delivered, {corrupt} corrupt"
        );
    });
    // As it was, so that the pool is closed over what it was opened over.
    victim.restore();
    assert!(put(&victim.open(false).unwrap(), "1") > 0);
}

/// Where a filter fails at each message the search for the last few that match lets its caller look up behind each one, and
/// nobody waits for its end who only asks where the stream stands.
#[test]
fn a_filter_that_fails_while_the_last_ones_are_looked_for() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    (0..50).for_each(|_| _ = put(&pool, "1"));
    let options = FilterOptions {
        steps: Some(10_000),
        ..FilterOptions::default()
    };
    let endless = Filter::new("[range(1000000)] | length > 1", &options);
    let filters = [Arc::new(endless.unwrap())];
    let options = TailOptions {
        start: Start::Last(1),
        filters: &filters,
        ..TailOptions::default()
    };
    let stream = pool.tail(&options).unwrap();
    assert_eq!(stream.next_seq(), 51);
    stream.cancel();
    stream.token();
    assert_eq!(stream.next_seq(), 51);
    stream.reset_cancel();
    let look = || stream.next(Wait::For(Duration::ZERO), &mut View::empty());
    for seq in (1..=50).rev() {
        assert_eq!(look().unwrap(), Next::Timeout);
        assert_eq!(stream.next_seq(), seq);
    }
    let error = look().unwrap_err();
    assert_eq!((error.kind(), error.seq()), (ErrorKind::Usage, Some(1)));
    // A token is for where the search leads.
    let another = pool.tail(&options).unwrap();
    let resumed = TailOptions {
        start: Start::Token(another.token()),
        ..TailOptions::default()
    };
    let first = pool.tail(&resumed).unwrap();
    let next = first.next(Wait::Try, &mut View::empty());
    assert_eq!(next.unwrap(), Next::Message(1));
}
