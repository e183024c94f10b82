//! Publish against read: what a reader believes is what was committed, bit for bit.
//!
//! Proves the pairs (A) and (B) of [`crate::ring`]: without (A) a reader sees a head whose frame is
//! not there yet, without (B) it sees bytes of a new frame under an old tail.

use loom::sync::Arc;
use loom::thread;

use super::{append, beside, check, frame_words, ring, HeapRing, NoDisk, FRAME};
use crate::ring::memory::Memory;
use crate::ring::snapshot::Check;
use crate::sys::atomic::{AtomicU32, Ordering};

/// Copies a frame word by word and looks at the tail again, without any help of the checksum.
fn copy(ring: &HeapRing, position: u64) -> Option<[u64; 6]> {
    let words = std::array::from_fn(|index| ring.load(position + index as u64 * 8));
    ring.retained(position).then_some(words)
}

/// The frame of message `seq` (writer 0 or 1) in a ring whose laps hold `per_lap` of them.
fn expected(size: u64, position: u64) -> [u64; 6] {
    let (lap, per_lap) = (position / size, size / FRAME);
    let seq = lap * per_lap + position % size / FRAME + 1;
    frame_words(position, lap as u32, u8::from(seq > per_lap), seq)
}

#[test]
fn an_old_frame_is_whole_or_overtaken() {
    check(|| {
        let size = 2 * FRAME;
        let ring = ring(size, 2);
        let writer = {
            let ring = ring.clone();
            thread::spawn(move || append(&ring, 1, 3))
        };
        if let Some(words) = copy(&ring, 0) {
            assert_eq!(words, expected(size, 0));
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_new_frame_is_whole_or_overtaken() {
    check(|| {
        let size = 2 * FRAME;
        let ring = ring(size, 2);
        let writer = {
            let ring = ring.clone();
            thread::spawn(move || append(&ring, 1, 3))
        };
        let head = ring.head();
        if head > size {
            if let Some(words) = copy(&ring, size) {
                assert_eq!(words, expected(size, size));
            }
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_new_frame_is_whole_while_the_next_lap_overwrites_it() {
    check(|| {
        let size = FRAME;
        let ring = ring(size, 1);
        let writer = {
            let ring = ring.clone();
            thread::spawn(move || {
                append(&ring, 1, 2);
                append(&ring, 1, 3);
            })
        };
        let position = ring.head() - FRAME;
        if let Some(words) = copy(&ring, position) {
            assert_eq!(words, expected(size, position));
        }
        writer.join().unwrap();
    });
}

/// The second writer overwrites what the first had made room at, and need not move the tail: a reservation was given up.
/// Who sees its bytes must see the tail of the first, although these two met at the lock only.
#[test]
fn an_old_frame_is_overtaken_by_a_writer_that_found_room() {
    check(|| {
        let size = 2 * FRAME;
        let (ring, lock) = (ring(size, 2), Arc::new(AtomicU32::new(0)));
        let first = {
            let (ring, lock) = (ring.clone(), lock.clone());
            thread::spawn(move || {
                ring.reclaim(3 * FRAME, &mut NoDisk).unwrap();
                lock.store(1, Ordering::Release);
            })
        };
        let second = {
            let (ring, lock) = (ring.clone(), lock.clone());
            thread::spawn(move || {
                if lock.load(Ordering::Acquire) == 1 {
                    append(&ring, 1, 3);
                }
            })
        };
        if let Some(words) = copy(&ring, 0) {
            assert_eq!(words, expected(size, 0));
        }
        first.join().unwrap();
        second.join().unwrap();
    });
}

/// With filling at the ring's end, and the real check: nothing retained looks damaged.
#[test]
fn nothing_looks_damaged() {
    check(|| {
        let size = 2 * FRAME + 16;
        let ring = ring(size, 2);
        let writer = {
            let ring = ring.clone();
            thread::spawn(move || append(&ring, 1, 3))
        };
        let (mut at, head) = (ring.tail(), ring.head());
        while at < head {
            match ring.check(at, head) {
                Check::Good(header) => {
                    assert_eq!(header.seq, if at < size { at / FRAME + 1 } else { 3 });
                    at += header.len;
                }
                Check::Padding(len) => {
                    assert_eq!((at, len), (2 * FRAME, 16));
                    at += len;
                }
                Check::Overtaken => at = ring.tail(),
                Check::Damaged => panic!("damage at {at}"),
            }
        }
        writer.join().unwrap();
    });
}

#[test]
fn two_readers_find_the_newest() {
    check(|| {
        let ring = ring(2 * FRAME, 2);
        let writer = {
            let ring = ring.clone();
            thread::spawn(move || append(&ring, 1, 3))
        };
        let look = |ring: &HeapRing| {
            let (head, tail) = (ring.head(), ring.tail());
            let newest = ring.newest_before(head, tail);
            if ring.retained(head - FRAME) {
                // `tail` may be newer than `head`: then there is nothing before it, and no damage.
                assert!(tail >= head || newest.is_some_and(|(at, _)| at == head - FRAME));
            }
        };
        let other = {
            let ring = ring.clone();
            thread::spawn(move || look(&ring))
        };
        look(&ring);
        other.join().unwrap();
        writer.join().unwrap();
    });
}

/// Whoever sees the next seq and then looks at the head finds all messages before that seq: a reader takes what is not
/// there for lost, and a flush for covered.
#[test]
fn the_next_seq_follows_the_head() {
    check(|| {
        let ring = ring(2 * FRAME, 1);
        let writer = beside(&ring, |ring| ring.commit(2 * FRAME, 2, 20));
        let next = ring.memory.control().hot.next_seq.load(Ordering::Acquire);
        let head = ring.head();
        assert!(next == 2 || head == 2 * FRAME, "{next} {head}");
        writer.join().unwrap();
    });
}
