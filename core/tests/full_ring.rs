//! Full and wrapped rings, which other builds got wrong in many ways.

mod common;

use common::{get, put, scratch, sized, watchdog};
use plasmite_core::store::{GapPolicy, Next, Pool, Start, TailOptions, View, Wait};
/// Seqs that a finite stream delivers.
fn seqs(pool: &Pool, start: Start) -> Vec<u64> {
    let options = TailOptions {
        start,
        snapshot: true,
        ..TailOptions::default()
    };
    let stream = pool.tail(&options).unwrap();
    let mut seqs = Vec::new();
    loop {
        match stream.next(Wait::Forever, &mut View::empty()).unwrap() {
            Next::Message(seq) => seqs.push(seq),
            Next::End => return seqs,
            other => panic!("{other:?}"),
        }
    }
}

/// Every number of bytes left at the ring's end, every start (known defects A1 and A2).
#[test]
fn little_room_at_the_end_of_a_wrapped_ring() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    for left in 0..12 {
        let pool = client.create(&format!("p{left}"), &sized(9216)).unwrap();
        for n in 1..=60 {
            // A string of k characters takes a frame of 40 + k + 2 + 4 bytes, rounded up to 8.
            put(
                &pool,
                &format!(
                    "\"{}\"",
                    "x".repeat(if n % 20 == 0 { 2 + 8 * left } else { 18 })
                ),
            );
            let bounds = pool.bounds().unwrap();
            let all: Vec<u64> = (bounds.oldest..=n).collect();
            assert_eq!(seqs(&pool, Start::Oldest), all);
            assert_eq!(seqs(&pool, Start::Time(0)), all);
            let last = &all[all.len().saturating_sub(3)..];
            assert_eq!(seqs(&pool, Start::Last(3)), last);
            assert_eq!(seqs(&pool, Start::Seq(1)), all);
            assert_eq!(seqs(&pool, Start::Now), [0; 0]);
        }
    }
}

/// Known defect A3: a live follower of an exactly full ring gets no history.
#[test]
fn an_exactly_full_ring() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(9216)).unwrap();
    for n in 1..=64 {
        put(&pool, &format!("\"{}\"", "x".repeat(18)));
        let layout = pool.layout(usize::MAX).unwrap();
        assert!(layout.frames.iter().all(|frame| frame.len == 64));
        assert_eq!(layout.head - layout.tail, 64 * n.min(16));
        let live = pool
            .tail(&TailOptions {
                start: Start::Now,
                ..TailOptions::default()
            })
            .unwrap();
        assert!(matches!(
            live.next(Wait::Try, &mut View::empty()).unwrap(),
            Next::Timeout
        ));
        assert_eq!(seqs(&pool, Start::Oldest).len() as u64, n.min(16));
        assert_eq!(pool.info().unwrap().free_bytes, 1024 - 64 * n.min(16));
    }
}

/// Known defect A4: an overtaken follower goes on with the oldest retained message and counts right.
#[test]
fn an_overtaken_follower() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(9216)).unwrap();
    for gap in [GapPolicy::Event, GapPolicy::Continue] {
        let options = TailOptions {
            start: Start::Now,
            gap,
            ..TailOptions::default()
        };
        let stream = pool.tail(&options).unwrap();
        let first = put(&pool, "0");
        let (mut seen, mut missing) = (0, 0);
        for burst in [5, 300, 3, 40] {
            let newest = (0..burst).fold(0, |_, _| put(&pool, "1"));
            loop {
                match stream.next(Wait::Try, &mut View::empty()).unwrap() {
                    Next::Message(seq) => {
                        seen += 1;
                        get(&pool, seq).unwrap();
                    }
                    Next::Gap(gap) => {
                        missing += gap.last - gap.first + 1;
                        assert_eq!(gap.last + 1, pool.bounds().unwrap().oldest);
                    }
                    Next::Timeout => break,
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(stream.stats().delivered, seen);
            assert_eq!(seen + stream.stats().dropped, newest - first + 1);
        }
        let expected = if gap == GapPolicy::Event {
            missing
        } else {
            stream.stats().dropped
        };
        assert_eq!(stream.stats().dropped, expected);
    }
}
