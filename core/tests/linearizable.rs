//! Histories of several processes are linearizable; and the check that says so refuses those that are not, as its naive
//! twin does.
#![allow(unsafe_code)]

mod common;
mod history;

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use common::{data_of, fork, patient, scratch, sized, soak, watchdog, Board, Random};
use history::{check, Operation, Recorded};
use plasmite_core::store::{BatchItem, Client, ItemEncoding, OpenOptions, Pool};
use plasmite_core::ErrorKind;
use proptest::prelude::*;

/// The twin: tries every order that agrees with real time on a plain log.
fn naive(history: &[Recorded], log: &mut Vec<u64>, done: &mut Vec<usize>) -> bool {
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
                value
                    == seq
                        .checked_sub(1)
                        .and_then(|at| log.get(at as usize))
                        .copied()
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
        if naive(history, log, done) {
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
        2 => (0u64..5).prop_map(|seq| Operation::Newest { seq }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_check_says_what_its_twin_says(
        operations in prop::collection::vec((operation(), 0u64..12, 0u64..8), 0..7)
    ) {
        // Moments are of their own: what two clocks' ticks at one moment mean is left open.
        let history: Vec<Recorded> = operations.into_iter().enumerate().map(|(index, (operation, begin, len))| {
            let begin = begin * 100 + index as u64 * 2;
            Recorded { operation, begin, end: begin + 1 + len * 100 }
        }).collect();
        let verdict = check(&history, 1);
        prop_assert_eq!(verdict.is_ok(), naive(&history, &mut Vec::new(), &mut Vec::new()), "{:?}", verdict);
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
    assert_eq!(check(&good, 1), Ok(()));
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
        assert!(check(history, 1).is_err(), "{what}");
        assert!(!naive(history, &mut Vec::new(), &mut Vec::new()), "{what}");
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
fn work(pool: &Pool, process: u64, count: u64) -> Vec<Recorded> {
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
                // Around the end, where something happens.
                let seq = (newest + random.below(4)).saturating_sub(1).max(1);
                timed(|| vec![get(pool, seq)])
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
            _ => Operation::Newest { seq },
        };
        at(operation, number[3], number[4])
    };
    text.lines().map(record).collect()
}

fn round(client: &Client, processes: u64, count: u64) -> usize {
    let _ = client.delete("p");
    // Nothing is overwritten.
    let first = client.create("p", &sized(8 << 20)).unwrap();
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
                send(&to, &work(&pool, process, count));
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
    check(&history, 1).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(first.bounds().unwrap().count, appends(&history));
    history.len()
}

fn appends(history: &[Recorded]) -> u64 {
    let is_append = |recorded: &&Recorded| matches!(recorded.operation, Operation::Append { .. });
    history.iter().filter(is_append).count() as u64
}

#[test]
fn several_processes() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let start = std::time::Instant::now();
    let time = soak(std::time::Duration::from_secs(3));
    let (mut operations, mut rounds) = (0, 0);
    while rounds < 4 || start.elapsed() < time {
        operations += round(&client, 2 + rounds % 3, 3000);
        rounds += 1;
    }
    println!("{operations} operations in {rounds} histories of 2 to 4 processes");
}
