//! SIGKILL at random moments: what is left is looked at before anything is appended, and the next
//! writer goes on at once.
#![allow(unsafe_code)]

mod common;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use common::{
    env, fork, hasty, inspect, is_held, lasts, message, nothing_lost, patient, percentiles,
    scratch, sized, until, watchdog, Board, Process, Random,
};
use plasmite_core::store::{
    BatchItem, Client, ItemEncoding, Next, OpenOptions, TailOptions, View, Wait,
};

/// A writer's words: has begun, messages whose append returned.
const BEGUN: usize = 0;
const ACKED: usize = 1;
const WORDS: usize = 2;
/// Words of all writers: whether one failed, and the seqs of receipts, each in the slot that its remainder names.
const FAILED: usize = 99;
const SEQS: std::ops::Range<usize> = 100..500;

/// How a writer writes.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Single,
    Batch,
    Reserve,
}

/// Takes note of a receipt. A message that was lost is noticed when its seq is given again, whether or not it would be
/// retained by the time somebody looks.
fn acknowledged(board: &Board, seq: u64) {
    let slot = SEQS.start + seq as usize % SEQS.len();
    let before = board.word(slot).swap(seq, Ordering::SeqCst);
    if before == seq {
        board.set(FAILED, 1);
        panic!("seq {seq} was given twice");
    }
}

fn write_for_ever(
    client: &Client,
    board: &Board,
    place: usize,
    writer: u64,
    spread: u64,
    manner: Manner,
) {
    let pool = client.open("p", &OpenOptions::default()).unwrap();
    let mut n = 0;
    let mut receipts = Vec::new();
    board.set(place + BEGUN, 1);
    loop {
        match manner {
            Manner::Single => {
                n += 1;
                let receipt = pool
                    .append_json(message(writer, n, spread).as_bytes(), &patient())
                    .unwrap();
                acknowledged(board, receipt.seq);
            }
            Manner::Batch => {
                let texts = [1, 2, 3].map(|index| message(writer, n + index, spread));
                let items = texts.each_ref().map(|text| BatchItem {
                    bytes: text.as_bytes(),
                    encoding: ItemEncoding::Json,
                    tags: &[],
                    timestamp_ns: None,
                });
                n += 3;
                receipts.clear();
                pool.append_batch(items.iter().copied().map(Ok), &patient(), |receipt| {
                    receipts.push(receipt.seq)
                })
                .unwrap();
                for seq in &receipts {
                    acknowledged(board, *seq);
                }
            }
            Manner::Reserve => {
                n += 1;
                let text = message(writer, n, spread);
                let mut data = Vec::new();
                let encoded = plasmite_core::json::Encoder::new()
                    .encode(text.as_bytes(), &mut data)
                    .unwrap();
                assert_eq!(encoded, plasmite_core::json::Encoded::Lite3);
                let mut room = pool.reserve(data.len(), &patient()).unwrap();
                let to = room.payload_mut();
                for (index, byte) in data.iter().enumerate() {
                    // SAFETY: in bounds; the room is ours until the commit.
                    unsafe { to.add(index).write_volatile(*byte) };
                }
                acknowledged(board, room.commit().unwrap().seq);
            }
        }
        board.set(place + ACKED, n);
    }
}

/// Kills by default so many writers over all tests; `PLASMITE_KILLS` for more.
fn kills(share_of_1500: u64) -> u64 {
    env("PLASMITE_KILLS").map_or(share_of_1500, |all| all * share_of_1500 / 1500)
}

/// Kills `writers` writers one after another, again and again. After each death the others must go
/// on; after the last one the pool is looked at, then another process appends. Gives how long it
/// took each time that the last one had died with the lock.
fn slaughter(size: u64, spread: u64, manner: Manner, writers: usize, deaths: u64) -> Vec<Duration> {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let client = &client;
    drop(client.create("p", &sized(size)).unwrap());
    let mut random = Random(size ^ spread << 20 ^ writers as u64 | 1);
    // Until others went on, whatever the dead was at; and until the lock of one that died with it was taken over.
    let (mut hand_over, mut takeovers) = (Vec::new(), Vec::new());
    let (mut newest, mut killed, mut next_writer, mut own) = (0, 0, 1, 0);
    while killed < deaths {
        let board = Board::new();
        let mut alive: Vec<(usize, u64, Process)> = (0..writers)
            .map(|index| {
                let (place, writer) = (index * WORDS, next_writer + index as u64);
                let process = fork(|| write_for_ever(client, board, place, writer, spread, manner));
                (place, writer, process)
            })
            .collect();
        let dead: Vec<_> = alive
            .iter()
            .map(|(place, writer, _)| (*place, *writer))
            .collect();
        next_writer += writers as u64;
        until(|| {
            alive
                .iter()
                .all(|(place, ..)| board.get(place + BEGUN) == 1)
        });
        while !alive.is_empty() {
            let start = Instant::now();
            let pause = Duration::from_nanos(random.below(400_000));
            while start.elapsed() < pause {
                std::hint::spin_loop();
            }
            let (.., mut victim) = alive.remove(random.below(alive.len() as u64) as usize);
            victim.signal(libc::SIGKILL);
            assert_eq!(victim.reap(), libc::SIGKILL, "a writer failed");
            killed += 1;
            let start = Instant::now();
            for (place, ..) in &alive {
                // The second message from now was begun after the death.
                let goal = board.get(place + ACKED) + 4;
                until(|| board.get(place + ACKED) >= goal || board.get(FAILED) == 1);
                assert_eq!(board.get(FAILED), 0, "a writer failed");
            }
            if !alive.is_empty() {
                hand_over.push(start.elapsed());
            }
        }
        let held = is_held(client);
        let mut opened = None;
        for read_only in [true, false] {
            let start = Instant::now();
            let pool = client.open("p", &OpenOptions { read_only }).unwrap();
            let opening = start.elapsed();
            let (oldest, now) = inspect(&pool, spread);
            let acked = SEQS.map(|slot| board.get(slot)).max().unwrap_or(0);
            let newest_known = newest.max(acked);
            assert!(
                now >= newest_known,
                "seq {newest_known} was there and is gone, {oldest} to {now} are left"
            );
            newest = now;
            let known = lasts(&pool, oldest, now);
            let slack = if matches!(manner, Manner::Batch) {
                3
            } else {
                1
            };
            for (place, writer) in &dead {
                let known = known.get(writer).copied();
                nothing_lost(known, *writer, board.get(place + ACKED), slack, oldest);
            }
            opened = Some((pool, opening));
        }
        let (pool, opening) = opened.unwrap();
        let stream = pool
            .tail(&TailOptions {
                start: plasmite_core::store::Start::Now,
                ..Default::default()
            })
            .unwrap();
        own += 1;
        let start = Instant::now();
        let receipt = pool
            .append_json(message(0, own, spread).as_bytes(), &hasty())
            .unwrap();
        let took = opening + start.elapsed();
        if held {
            takeovers.push(took);
        } else {
            hand_over.push(took);
        }
        assert_eq!(receipt.seq, newest + 1, "a seq was given twice or skipped");
        assert!(
            matches!(stream.next(Wait::Try, &mut View::empty()).unwrap(), Next::Message(found) if found == newest + 1)
        );
        newest += 1;
    }
    println!(
        "{killed} kills, size {size}, spread {spread}, {writers} writers, {manner:?}: {newest} messages, hand-over {}; \
         {} last ones died with the lock, takeover {}",
        percentiles(&hand_over),
        takeovers.len(),
        percentiles(&takeovers)
    );
    takeovers
}

/// At least so many of a test's kills hit a writer with the lock, or the test says nothing of takeovers.
fn assert_taken_over(takeovers: &[Duration]) {
    let (count, least) = (takeovers.len(), kills(10).clamp(1, 40) as usize);
    assert!(count >= least, "{count} kills hit a writer with the lock");
}

#[test]
fn lone_writers_of_the_smallest_ring() {
    assert_taken_over(&slaughter(9216, 1, Manner::Single, 1, kills(350)));
}

#[test]
fn lone_writers_of_odd_rings() {
    let mut takeovers = slaughter(9304, 120, Manner::Single, 1, kills(200));
    takeovers.extend(slaughter(20_000, 40, Manner::Single, 1, kills(200)));
    assert_taken_over(&takeovers);
}

#[test]
fn writers_of_batches() {
    assert_taken_over(&slaughter(9216, 1, Manner::Batch, 1, kills(200)));
}

#[test]
fn writers_in_place() {
    assert_taken_over(&slaughter(9216, 1, Manner::Reserve, 1, kills(150)));
}

#[test]
fn one_of_several_writers() {
    let mut takeovers = slaughter(9216, 30, Manner::Single, 3, kills(250));
    takeovers.extend(slaughter(12_000, 30, Manner::Batch, 2, kills(150)));
    assert_taken_over(&takeovers);
}
