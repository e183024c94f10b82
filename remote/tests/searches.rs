//! Streams whose server looks for where they begin: what is asked again then, and what tokens lead to.

mod common;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{fake, frame, hold, message, open, position, reply, tail, watchdog};
use plasmite_core::store::{Next, Start, TailOptions, View, Wait};
use plasmite_core::{ErrorKind, Result};
use plasmite_remote::{Options, Stream};

fn next(stream: &Stream) -> Result<Next> {
    stream.next(Wait::Forever, &mut View::empty())
}

/// The frame that says how far a search has come.
fn searching(next_seq: u64) -> Vec<u8> {
    let json = format!(
        r#"{{"position":{{"next_seq":{next_seq},"resume":"pls1.00.0.{next_seq}","searching":true}}}}"#
    );
    frame(0, json.as_bytes())
}

/// A part of the line of a request.
fn has(line: &str, part: &str) -> bool {
    line.contains(part)
}

/// Whoever asks for a search again wants the last few as of then, and not as of when it began: so the end is found out
/// behind that. Once the search is over the end stays.
#[test]
fn a_search_that_is_asked_for_again_has_its_end_anew() {
    watchdog();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let (of_server, newest) = (Arc::clone(&lines), AtomicU64::new(0));
    let base = fake(move |request, connection| {
        if has(&request.line, "/info ") {
            let newest = newest.fetch_add(10, Ordering::SeqCst) + 10;
            let info = format!(
                r#"{{"pool":{{"name":"lab","path":"lab","bounds":{{"oldest":1,"newest":{newest}}}}}}}"#
            );
            return reply(connection, 200, info.as_bytes());
        }
        let count = {
            let mut lines = of_server.lock().unwrap();
            lines.push(request.line.clone());
            lines.len()
        };
        match count {
            1 => tail(connection, &[searching(9)]),
            2 => tail(connection, &[searching(8), message(18)]),
            _ => {
                let end = frame(0, br#"{"end":{"reason":"done"}}"#);
                tail(connection, &[position(19), message(19), message(20), end]);
            }
        }
    });
    let options = TailOptions {
        start: Start::Last(3),
        snapshot: true,
        ..TailOptions::default()
    };
    let stream = open(&base, &Options::default()).tail(&options).unwrap();
    for seq in 18..=20 {
        assert!(matches!(next(&stream), Ok(Next::Message(found)) if found == seq));
    }
    assert!(matches!(next(&stream), Ok(Next::End)));
    let lines = lines.lock().unwrap();
    for line in &lines[..2] {
        assert!(has(line, "&tail=3&snapshot=true"), "{line}");
    }
    assert!(has(&lines[2], ".0.19&end_seq=20&"), "{}", lines[2]);
}

/// A token of how far a search has come would lead behind what it finds: an error on the way leaves none.
#[test]
fn an_error_within_a_search_does_not_end_it() {
    watchdog();
    let calls = AtomicU64::new(0);
    let base = fake(
        move |_, connection| match calls.fetch_add(1, Ordering::SeqCst) {
            0 => {
                let error = br#"{"error":{"kind":"Io","message":"the disk is slow"}}"#;
                tail(connection, &[searching(9), frame(0, error)]);
            }
            _ => {
                tail(connection, &[searching(9), message(3)]);
                hold(connection);
            }
        },
    );
    let options = TailOptions {
        start: Start::Last(3),
        ..TailOptions::default()
    };
    let stream = open(&base, &Options::default()).tail(&options).unwrap();
    assert_eq!(next(&stream).unwrap_err().kind(), ErrorKind::Io);
    let error = stream.token().unwrap_err();
    assert!(error.message().contains("the disk is slow"), "{error}");
    assert!(matches!(next(&stream), Ok(Next::Message(3))));
    assert!(stream.token().unwrap().ends_with(".0.4"));
}

#[test]
fn a_token_does_not_wait_for_ever_for_a_server_that_is_gone() {
    watchdog();
    let calls = AtomicU64::new(0);
    let base = fake(
        move |_, connection| match calls.fetch_add(1, Ordering::SeqCst) {
            0 => tail(connection, &[searching(9)]),
            _ => reply(connection, 503, b"away"),
        },
    );
    let options = Options {
        request_timeout: Duration::from_millis(200),
        ..Options::default()
    };
    let wanted = TailOptions {
        start: Start::Last(3),
        ..TailOptions::default()
    };
    let stream = open(&base, &options).tail(&wanted).unwrap();
    assert_eq!(stream.token().unwrap_err().kind(), ErrorKind::Io);
}
