//! Streams that several threads share: none waits longer than it said, and each message goes to one of them.

mod common;

use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::Duration;

use common::{put, scratch, sized, watchdog, NOW};
use plasmite_core::filter::{Filter, FilterOptions};
use plasmite_core::pool as raw;
use plasmite_core::ring::memory::Memory;
use plasmite_core::store::{wait_any, Next, OpenOptions, Start, Stream, TailOptions, View, Wait};

fn next(stream: &Stream, wait: Wait) -> Next {
    stream.next(wait, &mut View::empty()).unwrap()
}

/// Whether the others sleep by now or not, the outcome is the same.
fn settle() {
    std::thread::sleep(Duration::from_millis(30));
}

#[test]
fn nobody_waits_for_who_sleeps() {
    let _watchdog = watchdog();
    for (read_only, poll) in [(false, false), (false, true), (true, false)] {
        let (_dir, client) = scratch();
        let pool = client.create("p", &sized(1 << 16)).unwrap();
        put(&pool, "1");
        let reader = client.open("p", &OpenOptions { read_only }).unwrap();
        let stream = reader.tail(&TailOptions { poll, ..NOW }).unwrap();
        std::thread::scope(|scope| {
            let sleeper = scope.spawn(|| next(&stream, Wait::Forever));
            settle();
            for wait in [Wait::Try, Wait::For(Duration::from_millis(5))] {
                assert_eq!(next(&stream, wait), Next::Timeout);
                let (many, count) = stream.next_many(wait, &mut [View::empty()]).unwrap();
                assert_eq!((many, count), (Next::Timeout, 0));
                let envelope = stream.next_envelope(wait, &mut Vec::new()).unwrap();
                assert_eq!(envelope, Next::Timeout);
                assert_eq!(wait_any(&[&stream], wait).unwrap(), None);
            }
            assert_eq!((stream.last_gap(), stream.next_seq()), (None, 2));
            // Who sleeps goes along.
            stream.seek(&Start::Oldest).unwrap();
            assert_eq!(sleeper.join().unwrap(), Next::Message(1));
            let sleepers = [(); 2].map(|()| scope.spawn(|| next(&stream, Wait::Forever)));
            settle();
            put(&pool, "2");
            put(&pool, "3");
            let mut seqs = sleepers.map(|sleeper| match sleeper.join().unwrap() {
                Next::Message(seq) => seq,
                other => panic!("{other:?}"),
            });
            seqs.sort_unstable();
            assert_eq!(seqs, [2, 3]);
            let sleepers = [(); 2].map(|()| scope.spawn(|| next(&stream, Wait::Forever)));
            settle();
            stream.cancel();
            for sleeper in sleepers {
                assert_eq!(sleeper.join().unwrap(), Next::Cancelled);
            }
        });
    }
}

/// Other readers of the pool are let sleep.
#[test]
fn a_seek_disturbs_nobody_else() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    let words = raw::Pool::open(pool.path(), false).unwrap();
    let epoch = &words.shared().ring().memory.control().hot.epoch;
    let stream = pool.tail(&NOW).unwrap();
    let before = epoch.load(Ordering::Relaxed);
    for start in [Start::Now, Start::Oldest, Start::Seq(7)] {
        stream.seek(&start).unwrap();
        assert_eq!(next(&stream, Wait::Try), Next::Timeout);
    }
    assert_eq!(epoch.load(Ordering::Relaxed), before);
}

/// The search takes minutes, if nobody ends it.
#[test]
fn nobody_waits_for_who_searches() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(16 << 20)).unwrap();
    for _ in 0..200_000 {
        put(&pool, "1");
    }
    let slow = Filter::new("[range(3000)] | length == 0", &FilterOptions::default());
    let filters = [Arc::new(slow.unwrap())];
    for start in [Start::Oldest, Start::Last(3)] {
        let options = TailOptions {
            start,
            filters: &filters,
            ..NOW
        };
        let stream = pool.tail(&options).unwrap();
        std::thread::scope(|scope| {
            let searcher = scope.spawn(|| next(&stream, Wait::Forever));
            settle();
            for _ in 0..5 {
                assert_eq!(next(&stream, Wait::For(Duration::ZERO)), Next::Timeout);
            }
            assert_eq!(stream.last_gap(), None);
            stream.seek(&Start::Oldest).unwrap();
            assert_eq!(next(&stream, Wait::For(Duration::ZERO)), Next::Timeout);
            assert!(stream.next_seq() < 200_000);
            stream.cancel();
            assert_eq!(searcher.join().unwrap(), Next::Cancelled);
        });
    }
}

#[test]
fn each_message_goes_to_one() {
    const MESSAGES: u64 = 5000;
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(16 << 20)).unwrap();
    let stream = pool
        .tail(&TailOptions {
            max: Some(MESSAGES),
            ..NOW
        })
        .unwrap();
    let read = |wait: Wait| {
        let mut seqs = Vec::new();
        loop {
            match stream.next_then(wait, |view| Ok(view.seq)).unwrap() {
                (Next::Message(seq), told) => {
                    assert_eq!(told, Some(seq));
                    seqs.push(seq);
                }
                (Next::Timeout, _) => std::thread::yield_now(),
                (Next::End, _) => return seqs,
                (other, _) => panic!("{other:?}"),
            }
        }
    };
    std::thread::scope(|scope| {
        let ways = [
            Wait::Forever,
            Wait::Forever,
            Wait::For(Duration::from_millis(1)),
            Wait::Try,
        ];
        let readers = ways.map(|wait| scope.spawn(move || read(wait)));
        for _ in 0..MESSAGES {
            put(&pool, "1");
        }
        let mut seqs: Vec<u64> = readers
            .into_iter()
            .flat_map(|reader| reader.join().unwrap())
            .collect();
        seqs.sort_unstable();
        assert_eq!(seqs, (1..=MESSAGES).collect::<Vec<_>>());
    });
}
