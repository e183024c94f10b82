//! Replay beside a stream: due times, waits, cancelling.

mod common;

use common::Scratch;
use plasmite_sdk::{AppendOptions, ErrorKind, Next, Paced, Replay, TailOptions, Wait};
use std::sync::Arc;
use std::time::{Duration, Instant};

const MS: u64 = 1_000_000;

#[test]
fn messages_come_with_their_gaps() {
    let scratch = Scratch::new();
    let pool = scratch.pool("film");
    for ms in [0, 40, 100] {
        let options = AppendOptions::new().time_ns(1_700_000_000_000 * MS + ms * MS);
        pool.append(b"1", &options).unwrap();
    }
    let mut history = pool.tail(&TailOptions::new().snapshot(true)).unwrap();
    let (replay, start) = (Replay::new(2.0).unwrap(), Instant::now());
    let mut due = Vec::new();
    while let Next::Message(view) = history.next(Wait::Forever).unwrap() {
        let wait = replay.schedule(view.time_ns()).unwrap();
        assert!(wait <= Duration::from_millis(50));
        assert_eq!(replay.wait(Wait::Forever).unwrap(), Paced::Due);
        assert_eq!(replay.left().unwrap(), Duration::ZERO);
        due.push(start.elapsed());
    }
    assert_eq!(due.len(), 3);
    for (due, ms) in due.iter().zip([0, 20, 50]) {
        assert!(*due >= Duration::from_millis(ms), "{due:?}, {ms} ms");
    }
}

#[test]
fn waits_end_by_themselves_or_by_a_cancel() {
    let _scratch = Scratch::new();
    let replay = Arc::new(Replay::new(1.0).unwrap());
    replay.schedule(0).unwrap();
    assert!(replay.schedule(u64::MAX).unwrap() > Duration::from_secs(1 << 32));
    assert_eq!(replay.wait(Wait::Try).unwrap(), Paced::TimedOut);
    let short = Wait::For(Duration::from_millis(20));
    let start = Instant::now();
    assert_eq!(replay.wait(short).unwrap(), Paced::TimedOut);
    assert!(start.elapsed() >= Duration::from_millis(20));
    let waiting = {
        let replay = Arc::clone(&replay);
        std::thread::spawn(move || replay.wait(Wait::Forever).unwrap())
    };
    replay.cancel();
    assert_eq!(waiting.join().unwrap(), Paced::Cancelled);
    replay.reset_cancel();
    assert_eq!(replay.wait(short).unwrap(), Paced::TimedOut);
}

#[test]
fn bad_speeds_are_refused() {
    for speed in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(Replay::new(speed).unwrap_err().kind(), ErrorKind::Usage);
    }
}
