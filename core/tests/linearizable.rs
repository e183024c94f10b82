//! Histories of several processes are linearizable; and the check that says so refuses those that are not, as its naive
//! twin does.
#![allow(unsafe_code)]

mod common;
mod history;

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use common::{data_of, fork, patient, scratch, sized, soak, watchdog, Board, Random};
use history::{check, Holds, Operation, Recorded};
use plasmite_core::store::{BatchItem, Client, ItemEncoding, OpenOptions, Pool};
use plasmite_core::ErrorKind;
use proptest::prelude::*;

/// The twin: tries every order that agrees with real time on a plain log, of which the messages up to `gone` were seen to
/// be gone.
fn naive(
    history: &[Recorded],
    holds: Option<Holds>,
    log: &mut Vec<u64>,
    gone: u64,
    done: &mut Vec<usize>,
) -> bool {
    if done.len() == history.len() {
        return true;
    }
    for (index, next) in history.iter().enumerate() {
        let waits = |(other, before): (usize, &Recorded)| {
            !done.contains(&other) && other != index && before.end < next.begin
        };
        if done.contains(&index) || history.iter().enumerate().any(waits) {
            continue;
        }
        let newest = log.len() as u64;
        let fits = match next.operation {
            Operation::Append { seq, .. } => seq == newest + 1,
            Operation::Get { seq, value } => {
                let there = seq.checked_sub(1).and_then(|at| log.get(at as usize));
                // Its answer would be Gone.
                let is_gone = seq <= gone || holds.is_some_and(|holds| newest >= seq + holds.most);
                value == there.copied() && (value.is_none() || !is_gone)
            }
            Operation::Gone { seq } => {
                seq > 0 && holds.is_some_and(|holds| newest >= seq + holds.least)
            }
            Operation::Newest { seq } => seq == newest,
        };
        if !fits {
            continue;
        }
        if let Operation::Append { value, .. } = next.operation {
            log.push(value);
        }
        done.push(index);
        let gone = match next.operation {
            Operation::Gone { seq } => gone.max(seq),
            _ => gone,
        };
        if naive(history, holds, log, gone, done) {
            return true;
        }
        done.pop();
        if let Operation::Append { .. } = next.operation {
            log.pop();
        }
    }
    false
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => (1u64..5).prop_map(|seq| Operation::Append { value: seq * 10, seq }),
        2 => (1u64..5, any::<bool>()).prop_map(|(seq, there)| Operation::Get { seq, value: there.then_some(seq * 10) }),
        1 => (1u64..4).prop_map(|seq| Operation::Gone { seq }),
        2 => (0u64..5).prop_map(|seq| Operation::Newest { seq }),
    ]
}

fn linearizable(history: &[Recorded], holds: Option<Holds>) -> bool {
    naive(history, holds, &mut Vec::new(), 0, &mut Vec::new())
}

const SMALL: Holds = Holds { least: 1, most: 2 };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_check_says_what_its_twin_says(
        operations in prop::collection::vec((operation(), 0u64..12, 0u64..8), 0..7), overwrites in any::<bool>()
    ) {
        let holds = overwrites.then_some(SMALL);
        // Moments are of their own: what two clocks' ticks at one moment mean is left open.
        let history: Vec<Recorded> = operations.into_iter().enumerate().map(|(index, (operation, begin, len))| {
            let begin = begin * 100 + index as u64 * 2;
            Recorded { operation, begin, end: begin + 1 + len * 100 }
        }).collect();
        let verdict = check(&history, 1, holds);
        prop_assert_eq!(verdict.is_ok(), linearizable(&history, holds), "{:?}", verdict);
    }
}

fn at(operation: Operation, begin: u64, end: u64) -> Recorded {
    Recorded {
        operation,
        begin,
        end,
    }
}

#[test]
fn bad_histories_are_refused() {
    let append = |seq| Operation::Append {
        value: seq * 10,
        seq,
    };
    let get = |seq, value| Operation::Get { seq, value };
    let newest = |seq| Operation::Newest { seq };
    let good = [at(append(1), 0, 10), at(append(2), 20, 30)];
    assert_eq!(check(&good, 1, None), Ok(()));
    let bad: &[(&str, &[Recorded])] = &[
        (
            "out of real-time order",
            &[at(append(2), 0, 10), at(append(1), 20, 30)],
        ),
        (
            "a seq left out",
            &[at(append(1), 0, 10), at(append(3), 20, 30)],
        ),
        (
            "a seq given twice",
            &[at(append(1), 0, 10), at(append(1), 5, 30)],
        ),
        (
            "an acknowledged message that is not there",
            &[at(append(1), 0, 10), at(get(1, None), 20, 30)],
        ),
        (
            "read before it was written",
            &[at(get(1, Some(10)), 0, 5), at(append(1), 10, 20)],
        ),
        (
            "another value",
            &[at(append(1), 0, 10), at(get(1, Some(11)), 20, 30)],
        ),
        (
            "a newest that lags",
            &[good[0], good[1], at(newest(1), 40, 50)],
        ),
        (
            "a newest that nobody wrote",
            &[good[0], at(newest(2), 40, 50)],
        ),
        (
            "seen, then not",
            &[
                at(append(1), 0, 100),
                at(get(1, Some(10)), 10, 20),
                at(newest(0), 30, 40),
            ],
        ),
        (
            "seen in another order by two readers",
            &[
                at(append(1), 0, 100),
                at(append(2), 0, 100),
                at(newest(2), 10, 20),
                at(get(1, None), 30, 40),
            ],
        ),
    ];
    for (what, history) in bad {
        assert!(check(history, 1, None).is_err(), "{what}");
        assert!(!linearizable(history, None), "{what}");
    }
    let gone = |seq| Operation::Gone { seq };
    let three = [good[0], good[1], at(append(3), 35, 36)];
    let overwritten = |more: &[Recorded]| [&three, more].concat();
    let good = overwritten(&[at(gone(1), 40, 50), at(get(3, Some(30)), 60, 70)]);
    assert_eq!(check(&good, 1, Some(SMALL)), Ok(()));
    let bad = [
        ("gone where all is kept", None, vec![at(gone(1), 40, 50)]),
        ("the newest gone", Some(SMALL), vec![at(gone(3), 40, 50)]),
        (
            "kept for longer than there is room",
            Some(SMALL),
            vec![at(get(1, Some(10)), 40, 50)],
        ),
        (
            "gone before there were newer ones",
            Some(SMALL),
            vec![at(gone(2), 31, 34)],
        ),
        (
            "there again",
            Some(SMALL),
            vec![at(gone(2), 40, 50), at(get(2, Some(20)), 60, 70)],
        ),
    ];
    for (what, holds, more) in bad {
        let history = overwritten(&more);
        assert!(check(&history, 1, holds).is_err(), "{what}");
        assert!(!linearizable(&history, holds), "{what}");
    }
}

/// A pipe.
fn pipe() -> (OwnedFd, OwnedFd) {
    let mut ends = [0; 2];
    // SAFETY: a valid place for two descriptors, which are then ours.
    unsafe {
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1]))
    }
}

/// Nanoseconds on the clock that all processes share.
fn now() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: a valid place.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn timed(operation: impl FnOnce() -> Vec<Operation>) -> Vec<Recorded> {
    let begin = now();
    let operations = operation();
    let end = now();
    let record = |operation| Recorded {
        operation,
        begin,
        end,
    };
    operations.into_iter().map(record).collect()
}

/// Appends, alone and in batches, and looks; what it did and was told.
fn work(pool: &Pool, process: u64, count: u64, holds: Option<Holds>) -> Vec<Recorded> {
    let mut random = Random(process * 77 + 1);
    let mut recorded = Vec::new();
    for n in 1..=count {
        let value = process << 32 | n << 8;
        recorded.extend(match random.below(6) {
            0 => timed(|| {
                vec![Operation::Newest {
                    seq: pool.bounds().unwrap().newest,
                }]
            }),
            1 | 2 => {
                let newest = pool.bounds().unwrap().newest;
                // Around the ends, where something happens.
                let seq = match holds {
                    Some(holds) if random.below(2) == 0 => {
                        newest.saturating_sub(holds.least + random.below(holds.most))
                    }
                    _ => (newest + random.below(4)).saturating_sub(1),
                };
                let seq = seq.max(1);
                let mut looked = timed(|| vec![get(pool, seq)]);
                if matches!(looked[0].operation, Operation::Get { value: None, .. }) {
                    // Gone if it had been there before; not yet there if it cannot be gone even now.
                    if seq <= newest {
                        looked[0].operation = Operation::Gone { seq };
                    } else if holds
                        .is_some_and(|it| pool.bounds().unwrap().newest >= seq + it.least)
                    {
                        looked.clear();
                    }
                }
                looked
            }
            3 => {
                let texts = [0, 1, 2].map(|index| (value + index).to_string());
                let item = |text| BatchItem {
                    bytes: text,
                    encoding: ItemEncoding::Json,
                    tags: &[],
                    timestamp_ns: None,
                };
                let items = texts.iter().map(|text| Ok(item(text.as_bytes())));
                let mut done = Vec::new();
                timed(|| {
                    pool.append_batch(
                        items.collect::<Vec<_>>().into_iter(),
                        &patient(),
                        |receipt| done.push(receipt.seq),
                    )
                    .unwrap();
                    let each = (value..).zip(&done);
                    each.map(|(value, seq)| Operation::Append { value, seq: *seq })
                        .collect()
                })
            }
            _ => {
                let text = value.to_string();
                timed(|| {
                    let receipt = pool.append_json(text.as_bytes(), &patient()).unwrap();
                    vec![Operation::Append {
                        value,
                        seq: receipt.seq,
                    }]
                })
            }
        });
    }
    recorded
}

fn get(pool: &Pool, seq: u64) -> Operation {
    let mut out = Vec::new();
    let value = match pool.get_envelope(seq, &mut out) {
        Ok(()) => Some(data_of(&out).parse().unwrap()),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::NotFound);
            None
        }
    };
    Operation::Get { seq, value }
}

/// Sends records through a pipe as lines of numbers.
fn send(to: &OwnedFd, recorded: &[Recorded]) {
    let mut text = String::new();
    for Recorded {
        operation,
        begin,
        end,
    } in recorded
    {
        let (kind, seq, value) = match operation {
            Operation::Append { value, seq } => (0, *seq, *value),
            Operation::Get { seq, value: None } => (1, *seq, 0),
            Operation::Get {
                seq,
                value: Some(value),
            } => (2, *seq, *value),
            Operation::Newest { seq } => (3, *seq, 0),
            Operation::Gone { seq } => (4, *seq, 0),
        };
        text += &format!("{kind} {seq} {value} {begin} {end}\n");
    }
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        // SAFETY: a valid buffer.
        let sent = unsafe { libc::write(to.as_raw_fd(), rest.as_ptr().cast(), rest.len()) };
        assert!(sent > 0);
        rest = &rest[sent as usize..];
    }
}

fn received(from: OwnedFd) -> Vec<Recorded> {
    let text = std::io::read_to_string(std::fs::File::from(from)).unwrap();
    let record = |line: &str| {
        let number: Vec<u64> = line.split(' ').map(|word| word.parse().unwrap()).collect();
        let (seq, value) = (number[1], number[2]);
        let operation = match number[0] {
            0 => Operation::Append { value, seq },
            1 => Operation::Get { seq, value: None },
            2 => Operation::Get {
                seq,
                value: Some(value),
            },
            3 => Operation::Newest { seq },
            _ => Operation::Gone { seq },
        };
        at(operation, number[3], number[4])
    };
    text.lines().map(record).collect()
}

/// What one history had: operations, and messages that were gone.
fn round(client: &Client, processes: u64, count: u64, overwrites: bool) -> (usize, usize) {
    let _ = client.delete("p");
    let size = if overwrites { 24 << 10 } else { 8 << 20 };
    let first = client.create("p", &sized(size)).unwrap();
    let holds = overwrites.then(|| holds(client, &first));
    let board = Board::new();
    let running: Vec<_> = (1..=processes)
        .map(|process| {
            let (from, to) = pipe();
            let child = fork(|| {
                let pool = client.open("p", &OpenOptions::default()).unwrap();
                board
                    .word(0)
                    .fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                board.await_at_least(0, processes);
                send(&to, &work(&pool, process, count, holds));
            });
            drop(to);
            (child, from)
        })
        .collect();
    let mut history = Vec::new();
    for (child, from) in running {
        history.extend(received(from));
        child.join();
    }
    check(&history, 1, holds).unwrap_or_else(|error| panic!("{error}"));
    let count = |is: fn(&Operation) -> bool| {
        let operations = history.iter().map(|recorded| &recorded.operation);
        operations.filter(|operation| is(operation)).count()
    };
    let appends = count(|operation| matches!(operation, Operation::Append { .. }));
    let bounds = first.bounds().unwrap();
    assert_eq!(bounds.newest, appends as u64);
    assert!(overwrites || bounds.count == bounds.newest);
    let gone = count(|operation| matches!(operation, Operation::Gone { .. }));
    (history.len(), gone)
}

/// What the ring of a pool holds of the messages of this test, which all take the same room.
fn holds(client: &Client, pool: &Pool) -> Holds {
    let like = client.create("like", &sized(64 << 10)).unwrap();
    for value in [1u64 << 32, 5 << 32] {
        let text = value.to_string();
        like.append_json(text.as_bytes(), &patient()).unwrap();
    }
    let frames = like.layout(2).unwrap().frames;
    assert_eq!(frames[0].len, frames[1].len);
    client.delete("like").unwrap();
    let most = pool.info().unwrap().ring_size / frames[0].len;
    // Room is made before it is needed, and for some messages at once.
    let least = most * 3 / 4;
    Holds { least, most }
}

#[test]
fn several_processes() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let start = std::time::Instant::now();
    let time = soak(std::time::Duration::from_secs(3));
    let (mut operations, mut all_gone, mut rounds) = (0, 0, 0);
    while rounds < 6 || start.elapsed() < time {
        let overwrites = rounds % 2 == 0;
        let (count, gone) = round(&client, 2 + rounds / 2 % 3, 3000, overwrites);
        assert_eq!(overwrites, gone > 0, "{gone} messages were gone");
        (operations, all_gone, rounds) = (operations + count, all_gone + gone, rounds + 1);
    }
    println!(
        "{operations} operations in {rounds} histories of 2 to 4 processes; {all_gone} times a message was gone"
    );
}
