//! Answers to requests whose body nobody reads: they arrive all the same.
#![cfg(feature = "serve")]

mod common;

use common::http2::Raw;
use common::server::Server;
use common::tls::{init, FILES};
use common::Scratch;

const TOKEN: &str = "correct-horse-battery-staple";

#[test]
fn a_refusal_arrives_while_the_body_comes() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--token", TOKEN]);
    let body = vec![b' '; 900_000];
    let bearer = format!("Bearer {TOKEN}");
    let token = ("authorization", bearer.as_str());
    let append = "/v0/pools/lab/append";
    for (method, path, headers, status) in [
        ("POST", append, &[][..], 401),
        ("POST", append, &[token], 415),
        ("POST", append, &[token, ("host", "evil.example")], 403),
        ("POST", "/nowhere", &[token], 404),
        ("PUT", append, &[token], 405),
        ("POST", "/v0/pools/lab/flush", &[token], 404),
    ] {
        for _ in 0..5 {
            let mut wire = server.wire();
            wire.request(method, path, headers, &body);
            assert_eq!(wire.answer().status, status, "{method} {path}");
            // Nothing of it is left on the connection.
            wire.request("GET", "/healthz", &[], b"");
            wire.answer().json();
        }
    }
}

#[test]
fn http2_streams_are_not_reset_while_the_body_comes() {
    let scratch = Scratch::new();
    let certificate = init(&scratch, &["--bind", "127.0.0.1:9700"]);
    let server = Server::start(&scratch, &FILES);
    let mut raw = Raw::connect(server.address, &certificate, &[]);
    let path = "/v0/pools/lab/append";
    let mut head = vec![0x83, 0x87];
    for (name, value) in [(4, path), (1, "localhost")] {
        head.extend([name, value.len() as u8]);
        head.extend(value.as_bytes());
    }
    raw.send(1, 0x4, 1, &head);
    // Once this is answered the request without a token has come in.
    raw.send(6, 0, 0, b"ping....");
    let (mut pinged, mut ended) = (false, false);
    while !(pinged && ended) {
        let (kind, flags, stream, payload) = raw.frame().expect("an answer");
        match (kind, stream) {
            (6, _) if flags & 1 == 1 => {
                pinged = true;
                raw.send(0, 0x1, 1, b"{\"data\":1}");
            }
            (0 | 1, 1) => ended |= flags & 1 == 1,
            (3, 1) => panic!("the stream was reset: {payload:?}"),
            _ => {}
        }
    }
    // A reset would stand before this answer.
    raw.get(3, "/healthz");
    loop {
        let (kind, _, stream, payload) = raw.frame().expect("an answer");
        assert!(
            (kind, stream) != (3, 1),
            "the stream was reset: {payload:?}"
        );
        if stream == 3 {
            break;
        }
    }
}
