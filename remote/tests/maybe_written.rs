//! Appends whose answer is lost, cut, too large or not understood may have been stored, and their errors say so.

mod common;

use std::io::Write;
use std::net::TcpStream;

use common::{document, fake, open, reply, watchdog};
use plasmite_core::store::{AppendOptions, BatchItem, ItemEncoding};
use plasmite_core::{Error, ErrorKind, Result};
use plasmite_remote::{Options, Pool};

/// The errors of all ways to append.
fn errors(pool: &Pool) -> Vec<Error> {
    let options = AppendOptions::default();
    let item = BatchItem {
        bytes: b"1",
        encoding: ItemEncoding::Json,
        tags: &[],
        timestamp_ns: None,
    };
    let batch: Result<()> = pool.append_batch([Ok(item)].into_iter(), &options, |_| ());
    let mut envelope = Vec::new();
    let errors = [
        pool.append_json(b"1", &options).map(|_| ()),
        pool.append_json_envelope(b"1", &options, &mut envelope)
            .map(|_| ()),
        pool.append_document(&document(), &options).map(|_| ()),
        batch,
    ]
    .map(|result| result.expect_err("an error"))
    .into();
    assert!(envelope.is_empty());
    errors
}

type Answer = Box<dyn Fn(&mut TcpStream) + Send + Sync>;

fn whole(status: u16, body: &'static [u8]) -> Answer {
    Box::new(move |connection| reply(connection, status, body))
}

fn raw(text: &'static str) -> Answer {
    Box::new(move |connection| {
        let _ = connection.write_all(text.as_bytes());
    })
}

fn pool_that_answers(answer: Answer, largest: u64) -> Pool {
    let base = fake(move |_, connection| answer(connection));
    let options = Options {
        largest,
        ..Options::default()
    };
    open(&base, &options)
}

#[test]
fn answers_behind_which_a_message_may_be_stored() {
    watchdog();
    let answers = [
        ("500 of a proxy", whole(500, b"<html>")),
        ("502", whole(502, b"")),
        ("503", whole(503, b"busy")),
        ("504", whole(504, b"<html>")),
        ("nonsense", whole(200, b"nonsense")),
        ("another object", whole(200, b"{}")),
        ("no seq", whole(200, br#"{"message":{"data":1}}"#)),
        (
            "bad receipts",
            whole(
                200,
                br#"{"receipts":[{"seq":"x"}],"message":{"seq":1,"time":"never"}}"#,
            ),
        ),
        (
            "cut off",
            raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"mes"),
        ),
        (
            "bad chunks",
            raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}"),
        ),
        ("nothing", raw("")),
        ("no HTTP", raw("something else\r\n\r\n")),
    ];
    for (name, answer) in answers {
        for error in errors(&pool_that_answers(answer, 0)) {
            assert!(error.maybe_written(), "{name}: {error}");
        }
    }
}

#[test]
fn answers_behind_which_nothing_is_stored() {
    watchdog();
    let told = br#"{"error":{"kind":"Io","message":"the disk refuses"}}"#;
    for (status, body, kind) in [
        (500, &told[..], ErrorKind::Io),
        (413, b"<html>", ErrorKind::Usage),
        (403, b"<html>", ErrorKind::Permission),
        (302, b"", ErrorKind::Io),
    ] {
        for error in errors(&pool_that_answers(whole(status, body), 0)) {
            assert_eq!(error.kind(), kind, "{status}");
            assert!(!error.maybe_written(), "{status}");
        }
    }
    // Whoever reads writes nothing.
    for (status, body) in [(502, &b"<html>"[..]), (200, b"nonsense")] {
        let pool = pool_that_answers(whole(status, body), 0);
        assert!(!pool.info().unwrap_err().maybe_written());
    }
}

#[test]
fn answers_that_are_too_large() {
    watchdog();
    // More than there can be to say of these messages.
    let pool = pool_that_answers(
        Box::new(|connection| reply(connection, 200, &[b' '; 100_000])),
        1000,
    );
    for error in errors(&pool) {
        assert!(error.message().contains("more than"), "{error}");
        assert!(error.maybe_written());
    }
    let error = pool.info().unwrap_err();
    assert!(error.message().contains("more than 1000 bytes"), "{error}");
    assert!(!error.maybe_written());
}

#[test]
fn what_was_appended_may_come_back_whatever_its_size() {
    watchdog();
    let base = fake(|request, connection| {
        // {"data":…}
        let data = &request.body[8..request.body.len() - 1];
        let head =
            br#"{"message":{"seq":7,"time":"2026-01-02T03:04:05Z","meta":{"tags":[]},"data":"#;
        reply(connection, 200, &[&head[..], data, b"}}"].concat());
    });
    let options = Options {
        largest: 1000,
        ..Options::default()
    };
    let pool = open(&base, &options);
    let mut json = vec![b'x'; 50_000];
    (json[0], json[49_999]) = (b'"', b'"');
    let receipt = pool.append_json(&json, &AppendOptions::default()).unwrap();
    assert_eq!(receipt.seq, 7);
    let mut envelope = Vec::new();
    pool.append_json_envelope(&json, &AppendOptions::default(), &mut envelope)
        .unwrap();
    assert!(envelope.len() > json.len());
}
