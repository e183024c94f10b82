//! Streams over connections that break, bring nothing, or bring what cannot be understood; and behind a proxy whose server
//! is away.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{fake, frame, hold, message, open, position, reply, tail, watchdog};
use plasmite_core::store::{Next, TailOptions, View, Wait};
use plasmite_core::{ErrorKind, Result};
use plasmite_remote::{Options, Stream};

fn next(stream: &Stream) -> Result<Next> {
    stream.next(Wait::Forever, &mut View::empty())
}

/// Counts calls.
fn counter() -> (Arc<AtomicUsize>, impl Fn() -> usize) {
    let count = Arc::new(AtomicUsize::new(0));
    let of_calls = Arc::clone(&count);
    (count, move || of_calls.fetch_add(1, Ordering::SeqCst))
}

#[test]
fn frames_that_are_not_understood_are_no_lost_connection() {
    watchdog();
    let (count, call) = counter();
    let base = fake(move |_, connection| {
        call();
        let spoilt = br#"{"message":{"seq":3,"time":"never","meta":{"tags":[]},"data":1}}"#;
        tail(
            connection,
            &[
                position(1),
                frame(1, b"junk"),
                message(2),
                frame(0, spoilt),
                frame(0, br#"{"from":"a newer server"}"#),
                message(4),
                frame(0, b"no JSON"),
                message(5),
            ],
        );
        hold(connection);
    });
    let stream = open(&base, &Options::default())
        .tail(&TailOptions::default())
        .unwrap();
    for (bad, good) in [(1, 2), (3, 4)] {
        let error = next(&stream).unwrap_err();
        assert_eq!((error.kind(), error.seq()), (ErrorKind::Corrupt, Some(bad)));
        assert_eq!(stream.next_seq(), bad + 1);
        assert!(matches!(next(&stream), Ok(Next::Message(seq)) if seq == good));
    }
    let error = next(&stream).unwrap_err();
    assert_eq!((error.kind(), error.seq()), (ErrorKind::Io, None));
    assert!(matches!(next(&stream), Ok(Next::End)));
    assert_eq!(count.load(Ordering::SeqCst), 1, "connections");
}

/// As a damaged one, it is one of the most that are wanted, and what comes behind it needs no new connection.
#[test]
fn messages_that_are_too_large_are_passed_over() {
    watchdog();
    let (count, call) = counter();
    let base = fake(move |_, connection| {
        call();
        let large = frame(2, &[0; 5000]);
        tail(
            connection,
            &[position(1), message(1), large, message(3), message(4)],
        );
        hold(connection);
    });
    let options = Options {
        largest: 4000,
        ..Options::default()
    };
    let wanted = TailOptions {
        max: Some(3),
        ..TailOptions::default()
    };
    let stream = open(&base, &options).tail(&wanted).unwrap();
    assert!(matches!(next(&stream), Ok(Next::Message(1))));
    let error = next(&stream).unwrap_err();
    assert_eq!((error.kind(), error.seq()), (ErrorKind::Io, Some(2)));
    assert_eq!(stream.next_seq(), 3);
    assert!(matches!(next(&stream), Ok(Next::Message(3))));
    assert!(matches!(next(&stream), Ok(Next::End)));
    assert_eq!(count.load(Ordering::SeqCst), 1, "connections");
}

#[test]
fn a_frame_that_is_cut_short_is_asked_for_again() {
    watchdog();
    let (_, call) = counter();
    let base = fake(move |request, connection| match call() {
        0 => tail(
            connection,
            &[position(1), message(1), message(2)[..30].to_vec()],
        ),
        _ if request.line.contains("&resume=pls1.") && request.line.contains(".0.2 ") => {
            tail(connection, &[position(2), message(2)]);
            hold(connection);
        }
        _ => reply(connection, 400, request.line.as_bytes()),
    });
    let stream = open(&base, &Options::default())
        .tail(&TailOptions::default())
        .unwrap();
    assert!(matches!(next(&stream), Ok(Next::Message(1))));
    assert!(matches!(next(&stream), Ok(Next::Message(2))));
}

#[test]
fn connections_that_bring_nothing_are_made_less_and_less_often() {
    watchdog();
    for ended in ["", r#"{"end":{"reason":"timeout"}}"#] {
        let times = Arc::new(Mutex::new(Vec::new()));
        let of_server = Arc::clone(&times);
        let base = fake(move |_, connection| {
            let count = {
                let mut times = of_server.lock().unwrap();
                times.push(Instant::now());
                times.len()
            };
            match count {
                6.. => {
                    tail(connection, &[position(1), message(1)]);
                    hold(connection);
                }
                _ if ended.is_empty() => tail(connection, &[position(1)]),
                _ => tail(connection, &[position(1), frame(0, ended.as_bytes())]),
            }
        });
        let stream = open(&base, &Options::default())
            .tail(&TailOptions::default())
            .unwrap();
        assert!(matches!(next(&stream), Ok(Next::Message(1))));
        let times = times.lock().unwrap();
        // On a busy machine the first one may count as a tail whose time was short.
        for (pair, least) in times.windows(2).skip(1).zip([100, 200, 400]) {
            let between = pair[1] - pair[0];
            assert!(between >= Duration::from_millis(least), "{between:?}");
        }
    }
}

#[test]
fn what_has_an_end_gives_up_on_connections_that_bring_nothing() {
    watchdog();
    let base = fake(|_, connection| tail(connection, &[position(1)]));
    let options = Options {
        request_timeout: Duration::from_secs(1),
        ..Options::default()
    };
    let tail = TailOptions {
        end_seq: Some(9),
        ..TailOptions::default()
    };
    let stream = open(&base, &options).tail(&tail).unwrap();
    for _ in 0..2 {
        assert_eq!(next(&stream).unwrap_err().kind(), ErrorKind::Io);
    }
}

#[test]
fn a_server_behind_its_proxy_that_is_away_for_a_while() {
    watchdog();
    let (count, call) = counter();
    let base = fake(move |_, connection| match call() {
        0 => tail(connection, &[position(1), message(1)]),
        call @ 1..=4 => {
            let status = [502, 503, 504, 502][call - 1];
            reply(connection, status, b"<html>Bad Gateway</html>");
        }
        _ => {
            tail(connection, &[position(2), message(2)]);
            hold(connection);
        }
    });
    let pool = open(&base, &Options::default());
    let stream = pool.tail(&TailOptions::default()).unwrap();
    assert!(matches!(next(&stream), Ok(Next::Message(1))));
    assert!(matches!(next(&stream), Ok(Next::Message(2))));
    assert_eq!(count.load(Ordering::SeqCst), 6);
}

#[test]
fn what_a_proxy_says_when_a_stream_is_opened() {
    watchdog();
    let base = fake(|_, connection| reply(connection, 502, b"<html>Bad Gateway</html>"));
    let pool = open(&base, &Options::default());
    let error = pool.tail(&TailOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("through its proxy"), "{error}");
    assert!(error.hint().is_some() && !error.maybe_written());
}
