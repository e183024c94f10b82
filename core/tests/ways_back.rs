//! Streams that go backwards: over damage, under an enemy, and elsewhere after their end.

mod common;

use std::os::unix::fs::FileExt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::{put, scratch, sized, watchdog, watchdog_for};
use plasmite_core::pool as raw;
use plasmite_core::ring::memory::Memory;
use plasmite_core::store::{Next, Start, Stream, TailOptions, View, Wait};
use plasmite_core::ErrorKind;

const BACKWARDS: TailOptions<'static> = TailOptions {
    start: Start::Now,
    end_seq: None,
    backwards: true,
    max: None,
    timeout: None,
    gap: plasmite_core::store::GapPolicy::Continue,
    tags: &[],
    filters: &[],
    snapshot: false,
    in_place: false,
    spin: std::time::Duration::ZERO,
    poll: false,
};

fn seqs(stream: &Stream) -> Vec<u64> {
    let next = || match stream.next(Wait::Try, &mut View::empty()).unwrap() {
        Next::Message(seq) => Some(seq),
        Next::End => None,
        other => panic!("{other:?}"),
    };
    std::iter::from_fn(next).collect()
}

/// The ring is full of frames that lead from one to the next all around, and an enemy says that it does so 10^13 times.
#[test]
fn around_the_ring_for_ever() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    for _ in 0..3000 {
        put(&pool, "1");
    }
    let words = raw::Pool::open(pool.path(), false).unwrap();
    let ring = words.shared().ring();
    let hot = &ring.memory.control().hot;
    let head = hot.head.load(Ordering::Relaxed) + (1 << 61) / ring.size() * ring.size();
    hot.head.store(head, Ordering::Relaxed);
    hot.tail.store(head - ring.size() / 2, Ordering::Relaxed);
    let stream = pool.tail(&BACKWARDS).unwrap();
    hot.tail.store(0, Ordering::Relaxed);
    let error = stream.next(Wait::Try, &mut View::empty()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert_eq!(stream.next_seq(), 0);
    // And with words that a writer might have left.
    hot.tail.store(head - ring.size(), Ordering::Relaxed);
    stream.seek(&Start::Now).unwrap();
    assert_eq!(stream.next_seq(), 0);
    assert!(stream.token().ends_with(".0"));
}

/// Only the first and the last message are intact. In work that grows with its square this takes many minutes.
#[test]
fn over_damage_from_one_end_to_the_other() {
    const MESSAGES: usize = 200_000;
    let _watchdog = watchdog_for(Duration::from_secs(120));
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(16 << 20)).unwrap();
    for _ in 0..MESSAGES {
        put(&pool, "1");
    }
    let frames = pool.layout(usize::MAX).unwrap().frames;
    assert_eq!(frames.len(), MESSAGES);
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(pool.path())
        .unwrap();
    let (first, len) = (frames[0].offset, MESSAGES as u64 * frames[0].len);
    let mut bytes = vec![0; len as usize];
    file.read_exact_at(&mut bytes, first).unwrap();
    for frame in &frames[1..MESSAGES - 1] {
        bytes[(frame.offset - first) as usize + 4] ^= 1;
    }
    file.write_all_at(&bytes, first).unwrap();
    let stream = pool.tail(&BACKWARDS).unwrap();
    let next = || stream.next(Wait::Try, &mut View::empty());
    assert_eq!(next().unwrap(), Next::Message(MESSAGES as u64));
    for _ in 2..MESSAGES {
        assert_eq!(next().unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(stream.next_seq(), 1);
    }
    assert_eq!(next().unwrap(), Next::Message(1));
    assert_eq!(next().unwrap(), Next::End);
    assert_eq!(stream.next_seq(), 0);
}

/// The number that a start asks for is that start's, and the maximum counts anew; the end is the stream's.
#[test]
fn elsewhere_after_the_end() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    for _ in 0..20 {
        put(&pool, "1");
    }
    let stream = pool
        .tail(&TailOptions {
            start: Start::Last(3),
            ..BACKWARDS
        })
        .unwrap();
    assert_eq!(seqs(&stream), [20, 19, 18]);
    stream.seek(&Start::Last(5)).unwrap();
    assert_eq!(seqs(&stream), [20, 19, 18, 17, 16]);
    stream.seek(&Start::Last(0)).unwrap();
    assert!(seqs(&stream).is_empty());
    stream.seek(&Start::Seq(10)).unwrap();
    assert_eq!(seqs(&stream), (1..=10).rev().collect::<Vec<_>>());
    for backwards in [false, true] {
        let stream = pool
            .tail(&TailOptions {
                start: Start::Last(3),
                max: Some(5),
                backwards,
                snapshot: true,
                ..BACKWARDS
            })
            .unwrap();
        assert_eq!(seqs(&stream).len(), 3);
        stream.seek(&Start::Last(7)).unwrap();
        assert_eq!(seqs(&stream).len(), 5);
        stream.seek(&Start::Seq(9)).unwrap();
        assert_eq!(seqs(&stream)[0], 9);
        assert_eq!(seqs(&stream).len(), 0);
    }
    // The end stays.
    let stream = pool
        .tail(&TailOptions {
            end_seq: Some(17),
            ..BACKWARDS
        })
        .unwrap();
    assert_eq!(seqs(&stream), [20, 19, 18, 17]);
    stream.seek(&Start::Seq(18)).unwrap();
    assert_eq!(seqs(&stream), [18, 17]);
    stream.seek(&Start::Seq(16)).unwrap();
    assert!(seqs(&stream).is_empty());
}
