//! Streams with an end, when the messages there were damaged under an open pool: what is damaged is told, and the end comes.

mod common;

use std::os::unix::fs::FileExt;
use std::time::Duration;

use common::{put, scratch_in_memory, sized, watchdog};
use plasmite_core::store::{GapPolicy, Next, Pool, Start, Stream, TailOptions, View, Wait};
use plasmite_core::ErrorKind;

/// Seqs, and 0 for damage, up to the end, which has to come.
fn told(stream: &Stream) -> Vec<u64> {
    let mut told = Vec::new();
    loop {
        match stream.next(Wait::Forever, &mut View::empty()) {
            Ok(Next::Message(seq)) => told.push(seq),
            Ok(Next::End) => return told,
            Ok(other) => panic!("{other:?} after {told:?}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
                told.push(0);
            }
        }
    }
}

/// Damages these of three messages.
fn damage(pool: &Pool, seqs: &[u64]) {
    let file = std::fs::File::options()
        .write(true)
        .open(pool.path())
        .unwrap();
    let frames = pool.layout(9).unwrap().frames;
    for seq in seqs {
        let offset = frames[*seq as usize - 1].offset + 44;
        file.write_all_at(b"damage", offset).unwrap();
    }
}

const DAMAGE: [(&[u64], &[u64]); 5] = [
    (&[3], &[1, 2, 0]),
    (&[2, 3], &[1, 0]),
    (&[1, 2, 3], &[0]),
    (&[2], &[1, 0, 3]),
    (&[1], &[0, 2, 3]),
];

fn each(mut each: impl FnMut(&str, &TailOptions<'_>, &dyn Fn() -> Pool, &[u64], &[u64])) {
    for (seqs, expected) in DAMAGE {
        for (in_place, gap) in [
            (false, GapPolicy::Continue),
            (true, GapPolicy::Continue),
            (false, GapPolicy::Event),
        ] {
            let (_dir, client) = scratch_in_memory();
            let pool = || {
                let (pool, _) = client.ensure("p", &sized(1 << 16)).unwrap();
                (0..3).for_each(|_| _ = put(&pool, "{\"some\":\"data\"}"));
                pool
            };
            let options = TailOptions {
                in_place,
                gap,
                ..TailOptions::default()
            };
            let what = format!("{seqs:?} damaged, in place: {in_place}, {gap:?}");
            each(&what, &options, &pool, seqs, expected);
        }
    }
}

#[test]
fn snapshots_of_what_is_damaged() {
    let _watchdog = watchdog();
    each(|what, options, pool, seqs, expected| {
        let pool = pool();
        let options = TailOptions {
            snapshot: true,
            ..options.clone()
        };
        let before = pool.tail(&options).unwrap();
        damage(&pool, seqs);
        let after = pool.tail(&options).unwrap();
        let last = pool
            .tail(&TailOptions {
                start: Start::Last(2),
                ..options
            })
            .unwrap();
        // What comes later is no part of them.
        put(&pool, "4");
        assert_eq!(told(&before), expected, "{what}");
        assert_eq!(told(&after), expected, "{what}");
        assert!(told(&last).iter().all(|seq| *seq <= 3), "{what}");
    });
}

#[test]
fn last_seqs_that_are_damaged() {
    let _watchdog = watchdog();
    each(|what, options, pool, seqs, expected| {
        let pool = pool();
        let options = TailOptions {
            end_seq: Some(3),
            ..options.clone()
        };
        let before = pool.tail(&options).unwrap();
        damage(&pool, seqs);
        let after = pool.tail(&options).unwrap();
        assert_eq!(told(&before), expected, "{what}");
        assert_eq!(told(&after), expected, "{what}");
        // It is the end for good.
        put(&pool, "4");
        assert_eq!(told(&after), [0u64; 0], "{what}");
    });
}

/// A recovery first stores a tail that passes everything, then a head that is further back, and then that there is another
/// generation: whoever looks in between has not come to the end.
#[test]
fn an_end_beyond_what_a_recovery_keeps() {
    use plasmite_core::format::control::BROKEN_OFF;
    use plasmite_core::ring::memory::Memory;
    use std::sync::atomic::Ordering::{Acquire, Release};
    let _watchdog = watchdog();
    for in_place in [false, true] {
        let (_dir, client) = scratch_in_memory();
        let pool = client.create("p", &sized(1 << 20)).unwrap();
        // So long that a copy holds few of them.
        let text = format!("\"{:20000}\"", "");
        (0..10).for_each(|_| _ = put(&pool, &text));
        let options = TailOptions {
            end_seq: Some(10),
            gap: GapPolicy::Event,
            in_place,
            ..TailOptions::default()
        };
        let stream = pool.tail(&options).unwrap();
        let next = || stream.next(Wait::Try, &mut View::empty()).unwrap();
        (1..=5).for_each(|seq| assert_eq!(next(), Next::Message(seq)));
        let raw = plasmite_core::pool::Pool::open(pool.path(), false).unwrap();
        let control = raw.shared().ring().memory.control();
        let layout = pool.layout(99).unwrap();
        let ninth = layout.tail + (layout.frames[8].offset - layout.frames[0].offset);
        // As a recovery leaves home, takes the lock, and stores its words.
        control.hot.lock.store(77, Release);
        control.recovery.boot[0].fetch_xor(1, Release);
        control.hot.tail.store(BROKEN_OFF, Release);
        control.hot.head.store(ninth, Release);
        let recover = || {
            std::thread::sleep(Duration::from_millis(5));
            control.hot.tail.store(layout.tail, Release);
            let recovery = &control.recovery;
            recovery.note_recovery(recovery.generation.load(Acquire), 11);
            recovery.boot[0].fetch_xor(1, Release);
            control.hot.lock.store(0, Release);
        };
        let mut told = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(recover);
            loop {
                match next() {
                    Next::Message(seq) => told.push((seq, seq)),
                    Next::Gap(gap) => told.push((gap.first, gap.last)),
                    Next::End => break,
                    other => panic!("{other:?} after {told:?}"),
                }
            }
        });
        let mut expected: Vec<_> = (6..=8).map(|seq| (seq, seq)).collect();
        expected.push((9, 10));
        assert_eq!(told, expected, "in place: {in_place}");
    }
}

/// An enemy takes the head and the next seq back: what is gone is told, and the end comes without anybody who appends.
#[test]
fn snapshots_of_a_pool_whose_head_goes_back() {
    let _watchdog = watchdog();
    for gap in [GapPolicy::Continue, GapPolicy::Event, GapPolicy::Error] {
        for (start, seqs) in [
            (Start::Oldest, &[1, 2][..]),
            (Start::Seq(2), &[2][..]),
            (Start::Seq(7), &[][..]),
            (Start::Last(4), &[][..]),
        ] {
            let (_dir, client) = scratch_in_memory();
            let pool = client.create("p", &sized(1 << 16)).unwrap();
            (0..8).for_each(|_| _ = put(&pool, "{\"some\":\"data\"}"));
            let frames = pool.layout(9).unwrap().frames;
            let path = pool.path().to_path_buf();
            let options = TailOptions {
                snapshot: true,
                start,
                gap,
                ..TailOptions::default()
            };
            let stream = pool.tail(&options).unwrap();
            let file = std::fs::File::options().write(true).open(path).unwrap();
            let head = frames[2].offset - frames[0].offset;
            file.write_all_at(&3u64.to_le_bytes(), 4096 + 24).unwrap();
            file.write_all_at(&head.to_le_bytes(), 4096 + 8).unwrap();
            let mut came = Vec::new();
            let lost = loop {
                match stream.next(Wait::Forever, &mut View::empty()) {
                    Ok(Next::Message(seq)) => came.push(seq),
                    Ok(Next::Gap(gap)) => break Some(gap.last),
                    Ok(Next::End) => break None,
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::RetentionGap, "{error:?}");
                        break Some(8);
                    }
                    other => panic!("{other:?}"),
                }
            };
            assert_eq!(
                (came.as_slice(), lost.unwrap_or(8)),
                (seqs, 8),
                "{options:?}"
            );
            assert_eq!(lost.is_some(), gap != GapPolicy::Continue, "{options:?}");
            assert!(stream.stats().dropped > 0, "{options:?}");
        }
    }
}
