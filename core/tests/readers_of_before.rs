//! Readers that were there before a recovery and are still there after it: they tell each message once, and what is lost.

#![allow(unsafe_code)]

mod common;

use std::mem::offset_of;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

use common::{data_of, put, scratch_in_memory, sized, watchdog_for};
use plasmite_core::filter::{Filter, FilterOptions};
use plasmite_core::format::control::{Control, Recovery};
use plasmite_core::ring::memory::Memory;
use plasmite_core::store::{
    wait_any, AppendOptions, BatchItem, Client, GapPolicy, ItemEncoding, Next, OpenOptions, Pool,
    Start, Stream, TailOptions, View, Wait,
};
use plasmite_core::ErrorKind;

/// Many pools, on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(300);

const READ_ONLY: OpenOptions = OpenOptions { read_only: true };

/// What a stream tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Message(u64),
    Gap(u64, u64),
    Corrupt,
}
use Told::{Corrupt, Gap, Message};

/// Of which time a message is, and its seq; `long` makes those of one time longer than those of another.
fn text(era: &str, seq: u64, long: usize) -> String {
    format!(
        "{{\"e\":\"{era}\",\"n\":\"{seq:05}\",\"x\":\"{:long$}\"}}",
        ""
    )
}

fn looks(view: &View, seq: u64) {
    let text = common::look(view).expect("a view that is valid");
    assert!(
        text.contains(&format!("\"n\":\"{seq:05}\"")),
        "{seq}: {text}"
    );
}

/// A way to take what is there.
type Way = fn(&Stream) -> Vec<Told>;

fn told(next: plasmite_core::Result<Next>) -> Option<Told> {
    match next {
        Ok(Next::Message(seq)) => Some(Message(seq)),
        Ok(Next::Gap(gap)) => Some(Gap(gap.first, gap.last)),
        Ok(Next::Timeout | Next::End) => None,
        Ok(other) => panic!("{other:?}"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
            Some(Corrupt)
        }
    }
}

fn all(mut step: impl FnMut(&mut Vec<Told>) -> bool) -> Vec<Told> {
    let mut all = Vec::new();
    while step(&mut all) {
        assert!(all.len() < 1000, "no end: {all:?}");
    }
    all
}

const WAYS: [(&str, Way); 4] = [
    ("next", |stream| {
        all(|all| {
            let mut view = View::empty();
            let next = told(stream.next(Wait::Try, &mut view));
            if let Some(Message(seq)) = next {
                looks(&view, seq);
            }
            all.extend(next);
            next.is_some()
        })
    }),
    ("next_many", |stream| {
        all(|all| {
            let mut views = [View::empty(); 7];
            match stream.next_many(Wait::Try, &mut views) {
                Ok((Next::Message(_), count)) => {
                    for view in &views[..count] {
                        looks(view, view.seq);
                        all.push(Message(view.seq));
                    }
                    true
                }
                other => {
                    let next = told(other.map(|(next, _)| next));
                    all.extend(next);
                    next.is_some()
                }
            }
        })
    }),
    ("next_envelope", |stream| {
        all(|all| {
            let mut out = Vec::new();
            let next = told(stream.next_envelope(Wait::Try, &mut out));
            if let Some(Message(seq)) = next {
                assert!(data_of(&out).contains(&format!("\"{seq:05}\"")));
            }
            all.extend(next);
            next.is_some()
        })
    }),
    ("looking ahead", |stream| {
        all(|all| {
            let there = wait_any(&[stream], Wait::Try).unwrap();
            let next = told(stream.next(Wait::Try, &mut View::empty()));
            assert!(there.is_some() || next.is_none());
            all.extend(next);
            next.is_some()
        })
    }),
];

fn filter() -> [Arc<Filter>; 1] {
    let text = ".data.e != \"no\"";
    [Arc::new(
        Filter::new(text, &FilterOptions::default()).unwrap(),
    )]
}

/// Calls `each` with every way to read: copied or in place, with or without a filter.
fn each_way(mut each: impl FnMut(&str, &TailOptions<'_>, Way)) {
    let filters = filter();
    for in_place in [false, true] {
        for filters in [&filters[..0], &filters[..]] {
            for (name, way) in WAYS {
                let options = TailOptions {
                    in_place,
                    filters,
                    gap: GapPolicy::Event,
                    ..TailOptions::default()
                };
                let what = format!("{name}, in place: {in_place}, filters: {}", filters.len());
                each(&what, &options, way);
            }
        }
    }
}

fn put_all(pool: &Pool, era: &str, seqs: std::ops::RangeInclusive<u64>, long: usize) {
    for seq in seqs {
        assert_eq!(put(pool, &text(era, seq, long)), seq);
    }
}

/// A power cut lost message 10 of 20, of which 1 to 8 were flushed. All else is on the disk, the control page as well.
fn cut(client: &Client) {
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    put_all(&pool, "old", 1..=8, 0);
    pool.flush().unwrap();
    put_all(&pool, "old", 9..=20, 0);
    let tenth = pool.layout(99).unwrap().frames[9];
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(pool.path())
        .unwrap();
    drop(pool);
    file.write_all_at(&[0; 48], tenth.offset).unwrap();
    let boot = 4096 + offset_of!(Control, recovery) + offset_of!(Recovery, boot);
    file.write_all_at(b"anotherboot", boot as u64).unwrap();
}

fn messages(seqs: impl IntoIterator<Item = u64>) -> Vec<Told> {
    seqs.into_iter().map(Message).collect()
}

fn before_the_cut() -> Vec<Told> {
    let mut told = messages(1..=9);
    told.push(Corrupt);
    told.extend(messages(11..=20));
    told
}

/// How many messages come after the recovery: the head is before the one of before, just there, or behind it.
const COUNTS: [u64; 7] = [1, 5, 10, 11, 12, 15, 40];

#[test]
fn a_follower_that_had_seen_everything() {
    let _watchdog = watchdog_for(PATIENCE);
    each_way(|what, options, way| {
        for (count, long, looks) in COUNTS.iter().flat_map(|count| {
            [(0, false), (0, true), (33, false)].map(|(long, looks)| (*count, long, looks))
        }) {
            let what = format!("{what}, {count} new ones, {long} longer, a look between: {looks}");
            let (_dir, client) = scratch_in_memory();
            cut(&client);
            let reader = client.open("p", &READ_ONLY).unwrap();
            let stream = reader.tail(options).unwrap();
            assert_eq!(way(&stream), before_the_cut(), "{what}");
            let writer = client.open("p", &OpenOptions::default()).unwrap();
            if looks {
                assert_eq!(way(&stream), [], "{what}");
                assert_eq!(stream.next_seq(), 21, "{what}");
            }
            put_all(&writer, "new", 21..=20 + count, long);
            assert_eq!(way(&stream), messages(21..=20 + count), "{what}");
            put_all(&writer, "new", 21 + count..=25 + count, long);
            assert_eq!(way(&stream), messages(21 + count..=25 + count), "{what}");
            assert_eq!(stream.stats().dropped, 0, "{what}");
        }
    });
}

/// What was not read yet comes, or is told to be lost; nothing twice.
#[test]
fn followers_in_the_middle() {
    let _watchdog = watchdog_for(PATIENCE);
    let filters = filter();
    for (in_place, filters) in [
        (false, &filters[..0]),
        (false, &filters[..]),
        (true, &filters[..0]),
    ] {
        for read in 0..=20 {
            for count in COUNTS {
                let what = format!("{read} read, {count} new ones, in place: {in_place}");
                let (_dir, client) = scratch_in_memory();
                cut(&client);
                let reader = client.open("p", &READ_ONLY).unwrap();
                let options = TailOptions {
                    in_place,
                    filters,
                    gap: GapPolicy::Event,
                    ..TailOptions::default()
                };
                let stream = reader.tail(&options).unwrap();
                let mut all = Vec::new();
                for _ in 0..read {
                    all.extend(told(stream.next(Wait::Try, &mut View::empty())));
                }
                assert_eq!(all, before_the_cut()[..read], "{what}");
                let writer = client.open("p", &OpenOptions::default()).unwrap();
                put_all(&writer, "new", 21..=20 + count, 0);
                all.extend(WAYS[0].1(&stream));
                let mut next = 1;
                for told in &all {
                    match *told {
                        Message(seq) => {
                            // Behind damage no seq is expected.
                            assert!(
                                seq == next || seq == next + 1 && next == 10,
                                "{what}: {all:?}"
                            );
                            next = seq + 1;
                        }
                        Gap(first, last) => {
                            assert_eq!(first, next, "{what}: {all:?}");
                            assert!(last <= 20, "{what}: {all:?}");
                            next = last + 1;
                        }
                        Corrupt => assert_eq!(next, 10, "{what}: {all:?}"),
                    }
                }
                assert_eq!(next, 21 + count, "{what}: {all:?}");
            }
        }
    }
}

/// A recovery that finds all as it should be, and that a follower notices late: what it reads on with is from after it.
#[test]
fn followers_that_notice_late() {
    let _watchdog = watchdog_for(PATIENCE);
    each_way(|what, options, way| {
        for (read, count, live) in (10..=20).flat_map(|read| {
            COUNTS
                .into_iter()
                .flat_map(move |count| [false, true].map(|live| (read, count, live)))
        }) {
            let what = format!("{what}, {read} read, {count} new ones, live: {live}");
            let (_dir, client) = scratch_in_memory();
            let pool = client.create("p", &sized(1 << 16)).unwrap();
            put_all(&pool, "old", 1..=20, 0);
            let file = std::fs::File::options()
                .write(true)
                .open(pool.path())
                .unwrap();
            let reader = if live {
                pool
            } else {
                drop(pool);
                let boot = 4096 + offset_of!(Control, recovery) + offset_of!(Recovery, boot);
                file.write_all_at(b"anotherboot", boot as u64).unwrap();
                client.open("p", &READ_ONLY).unwrap()
            };
            let stream = reader.tail(options).unwrap();
            for seq in 1..=read {
                let next = told(stream.next(Wait::Try, &mut View::empty()));
                assert_eq!(next, Some(Message(seq)), "{what}");
            }
            if live {
                // Who opens the pool for writing recovers it, and keeps all but this one.
                let first = reader.layout(1).unwrap().frames[0];
                file.write_all_at(b"damage", first.offset + 44).unwrap();
            }
            let writer = client.open("p", &OpenOptions::default()).unwrap();
            put_all(&writer, "new", 21..=20 + count, 0);
            assert_eq!(way(&stream), messages(read + 1..=20 + count), "{what}");
            assert_eq!(stream.stats().dropped, 0, "{what}");
        }
    });
}

#[test]
fn backwards() {
    let _watchdog = watchdog_for(PATIENCE);
    let filters = filter();
    for filters in [&filters[..0], &filters[..]] {
        for (read, count) in (0..=6).flat_map(|read| COUNTS.map(|count| (read, count))) {
            let what = format!("{read} read, {count} new ones");
            let (_dir, client) = scratch_in_memory();
            cut(&client);
            let reader = client.open("p", &READ_ONLY).unwrap();
            let options = TailOptions {
                filters,
                backwards: true,
                start: Start::Seq(18),
                ..TailOptions::default()
            };
            let stream = reader.tail(&options).unwrap();
            for seq in (18 - read + 1..=18).rev() {
                let next = told(stream.next(Wait::Try, &mut View::empty()));
                assert_eq!(next, Some(Message(seq)), "{what}");
            }
            let writer = client.open("p", &OpenOptions::default()).unwrap();
            put_all(&writer, "new", 21..=20 + count, 0);
            let mut rest = WAYS[0].1(&stream);
            // What was cut off may be told as long as nothing has taken its place.
            rest.retain(|told| !matches!(told, Message(11..=20) | Corrupt));
            assert_eq!(rest, messages((1..=9).rev()), "{what}");
        }
    }
}

/// Message 3, the newest, is damaged under a live follower, and cut off by an opening for writing.
#[test]
fn a_live_follower_whose_newest_message_is_cut_off() {
    let _watchdog = watchdog_for(PATIENCE);
    each_way(|what, options, way| {
        for (read, looks) in [(3, false), (3, true), (2, false), (2, true)] {
            let what = format!("{what}, {read} read, a look between: {looks}");
            let (_dir, client) = scratch_in_memory();
            let pool = client.create("p", &sized(1 << 16)).unwrap();
            put_all(&pool, "old", 1..=read, 0);
            let stream = pool.tail(options).unwrap();
            assert_eq!(way(&stream), messages(1..=read), "{what}");
            put_all(&pool, "old", read + 1..=3, 0);
            let third = pool.layout(9).unwrap().frames[2];
            let file = std::fs::File::options()
                .write(true)
                .open(pool.path())
                .unwrap();
            file.write_all_at(b"damage", third.offset + 44).unwrap();
            let writer = client.open("p", &OpenOptions::default()).unwrap();
            let mut all = Vec::new();
            if looks {
                all = way(&stream);
            }
            for seq in 4..=6 {
                put_all(&writer, "new", seq..=seq, 0);
                all.extend(way(&stream));
            }
            let mut expected = messages(4..=6);
            if read == 2 {
                expected.insert(0, Gap(3, 3));
            }
            assert_eq!(all, expected, "{what}");
        }
    });
}

/// With as many messages as were cut off the head is where it was, and yet there is news.
fn cut_off_and_as_many_again(client: &Client) {
    let writer = client.open("p", &OpenOptions::default()).unwrap();
    let texts: Vec<String> = (21..=31).map(|seq| text("new", seq, 0)).collect();
    let items = texts.iter().map(|text| {
        Ok(BatchItem {
            bytes: text.as_bytes(),
            encoding: ItemEncoding::Json,
            tags: &[],
            timestamp_ns: None,
        })
    });
    writer
        .append_batch(items, &AppendOptions::default(), |_| ())
        .unwrap();
}

#[test]
fn a_descriptor_tells_of_a_recovery() {
    let _watchdog = watchdog_for(PATIENCE);
    let (_dir, client) = scratch_in_memory();
    cut(&client);
    let reader = client.open("p", &READ_ONLY).unwrap();
    let stream = reader.tail(&TailOptions::default()).unwrap();
    let fd = stream.event_fd().unwrap();
    assert_eq!(WAYS[0].1(&stream), before_the_cut());
    cut_off_and_as_many_again(&client);
    let mut poll = libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one descriptor.
    assert_eq!(unsafe { libc::poll(&mut poll, 1, -1) }, 1);
    assert_eq!(WAYS[0].1(&stream), messages(21..=31));
}

#[test]
fn a_wait_ends_with_a_recovery() {
    let _watchdog = watchdog_for(PATIENCE);
    for poll in [false, true] {
        let (_dir, client) = scratch_in_memory();
        cut(&client);
        let reader = client.open("p", &READ_ONLY).unwrap();
        let options = TailOptions {
            poll,
            ..TailOptions::default()
        };
        let stream = reader.tail(&options).unwrap();
        assert_eq!(WAYS[0].1(&stream), before_the_cut());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| stream.next(Wait::Forever, &mut View::empty()));
            cut_off_and_as_many_again(&client);
            assert_eq!(waiting.join().unwrap().unwrap(), Next::Message(21));
        });
        assert_eq!(WAYS[0].1(&stream), messages(22..=31));
    }
}

/// Who makes recoveries up keeps no call longer than it said.
#[test]
fn recoveries_without_end() {
    let _watchdog = watchdog_for(PATIENCE);
    let (_dir, client) = scratch_in_memory();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    (0..9).for_each(|_| _ = put(&pool, "1"));
    let raw = plasmite_core::pool::Pool::open(pool.path(), false).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let enemies = [0, 1].map(|which| {
            let (raw, done) = (&raw, &done);
            scope.spawn(move || {
                let control = raw.shared().ring().memory.control();
                while !done.load(Ordering::Relaxed) {
                    match which {
                        0 => _ = control.recovery.generation.fetch_add(1, Ordering::AcqRel),
                        _ => {
                            _ = control
                                .recovery
                                .recovered_next
                                .fetch_xor(8, Ordering::AcqRel)
                        }
                    }
                }
            })
        });
        for turn in 0..400u64 {
            let reader = client.open("p", &READ_ONLY).unwrap();
            for backwards in [false, true] {
                let stream = reader.tail(&TailOptions {
                    backwards,
                    in_place: turn % 2 == 0,
                    ..TailOptions::default()
                });
                // Its words may be damaged at the moment.
                let Ok(stream) = stream else { continue };
                for _ in 0..12 {
                    let _ = stream.next(Wait::Try, &mut View::empty());
                    let _ = stream
                        .next_many(Wait::For(Duration::from_micros(50)), &mut [View::empty()]);
                    let _ = wait_any(&[&stream], Wait::Try);
                }
            }
        }
        done.store(true, Ordering::Relaxed);
        enemies.into_iter().for_each(|enemy| enemy.join().unwrap());
    });
    // Whoever comes after them reads on.
    assert!(put(&pool, "10") >= 10);
}
