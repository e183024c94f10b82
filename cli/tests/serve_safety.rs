//! Who gets in, and what clients cannot do to the server.
#![cfg(feature = "serve")]

mod common;

use common::http::Wire;
use common::server::Server;
use common::Scratch;
use rustix::process::Signal;
use std::io::{Read, Write};
use std::time::Duration;

const TOKEN: &str = "correct-horse-battery-staple";
const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn the_token_comes_before_the_body() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--token", TOKEN, "--max-body-bytes", "1000"]);
    assert_eq!(server.get("/healthz").status, 200);
    for (method, path) in [
        ("GET", "/v0/pools"),
        ("POST", "/v0/pools"),
        ("POST", "/v0/pools/open"),
        ("GET", "/v0/pools/lab/info"),
        ("DELETE", "/v0/pools/lab"),
        ("POST", "/v0/pools/lab/append"),
        ("POST", "/v0/pools/lab/append_lite3"),
        ("GET", "/v0/pools/lab/messages/1"),
        ("GET", "/v0/pools/lab/messages/1/lite3"),
        ("GET", "/v0/pools/lab/tail"),
        ("GET", "/v0/pools/lab/tail_lite3"),
        ("GET", "/v0/ui/pools"),
        ("GET", "/v0/ui/pools/lab/info"),
        ("GET", "/v0/ui/pools/lab/events"),
        ("GET", "/v0/ui/access"),
        ("GET", "/metrics"),
    ] {
        let answer = server.ask(method, path, &[], b"");
        let error = answer.error(401, "Permission");
        assert!(
            error["hint"].as_str().unwrap().contains("Bearer"),
            "{error}"
        );
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    // Neither type, size nor form of a body is looked at before the token.
    for body in ["{", "{}", &"x".repeat(2_000)] {
        for headers in [&[JSON][..], &[("content-type", "text/plain")]] {
            server
                .ask("POST", "/v0/pools", headers, body.as_bytes())
                .error(401, "Permission");
        }
    }
    // A body that never comes is not waited for without end.
    let mut wire = server.wire();
    wire.send(b"POST /v0/pools HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n");
    assert_eq!(wire.head().status, 401);
    for header in ["Bearer", "Bearer wrong", "Basic x", "", &TOKEN[1..], TOKEN] {
        server
            .ask("GET", "/v0/pools", &[("authorization", header)], b"")
            .error(401, "Permission");
    }
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let header = format!("{scheme} {TOKEN}");
        server
            .ask("GET", "/v0/pools", &[("authorization", &header)], b"")
            .json();
    }
    let in_query = format!("/v0/pools?token={TOKEN}");
    server.get(&in_query).error(401, "Permission");
}

#[test]
fn secrets_are_in_no_log() {
    let scratch = Scratch::new();
    let file = scratch.path().join("token");
    std::fs::write(&file, format!("  {TOKEN}\n")).unwrap();
    let ready = scratch.path().join("ready");
    let mut child = scratch
        .command(&[
            "serve",
            "--bind",
            "127.0.0.1:0",
            "--token-file",
            file.to_str().unwrap(),
        ])
        .env("PLASMITE_SERVE_READY_FILE", &ready)
        .env("RUST_LOG", "trace")
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let address = loop {
        if let Ok(text) = std::fs::read_to_string(&ready) {
            break text.parse().unwrap();
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let good = format!("Bearer {TOKEN}");
    for (path, header) in [
        ("/v0/pools", good.as_str()),
        ("/v0/pools", "Bearer wr0ng-secret"),
        ("/v0/pools?token=query-secret", ""),
        ("/v0/pools/%0a%1b[31mlab/info", good.as_str()),
    ] {
        let mut wire = Wire::to(address);
        wire.request("GET", path, &[("authorization", header)], b"");
        wire.answer();
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    let mut log = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    assert!(
        log.contains("GET /v0/pools 200"),
        "requests are in the log: {log}"
    );
    for secret in [TOKEN, "wr0ng-secret", "query-secret"] {
        assert!(!log.contains(secret), "{log}");
    }
    assert!(
        !log.contains('\u{1b}'),
        "no colours in a pipe, no bytes of strangers: {log}"
    );
    assert!(
        log.contains("a warning") || log.contains("other users can read the token"),
        "{log}"
    );
}

#[test]
fn access_modes() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    let server = Server::start(&scratch, &["--access", "read-only"]);
    assert_eq!(server.tail("lab", "max=1").rest().len(), 1);
    server.post("/v0/pools/open", r#"{"pool":"lab"}"#).json();
    for (method, path) in [
        ("POST", "/v0/pools"),
        ("DELETE", "/v0/pools/lab"),
        ("POST", "/v0/pools/lab/append"),
        ("POST", "/v0/pools/lab/append_lite3"),
    ] {
        let error = server
            .ask(method, path, &[JSON], b"{")
            .error(403, "Permission");
        assert!(error["message"].as_str().unwrap().starts_with("forbidden:"));
    }
    drop(server);
    let server = Server::start(&scratch, &["--access", "write-only"]);
    assert_eq!(server.append("lab", "2")["seq"], 2);
    for path in [
        "/v0/pools",
        "/v0/pools/lab/info",
        "/v0/pools/lab/messages/1",
        "/v0/pools/lab/tail",
        "/v0/pools/lab/tail_lite3",
        "/v0/ui/pools/lab/events",
    ] {
        server.get(path).error(403, "Permission");
    }
    server
        .post("/v0/pools/open", r#"{"pool":"lab"}"#)
        .error(403, "Permission");
}

#[test]
fn bodies_that_are_too_large() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--max-body-bytes", "2000"]);
    server.create("lab");
    for (path, media_type) in [
        ("/v0/pools/lab/append", "application/json"),
        ("/v0/pools/lab/append", "application/jsonl"),
        ("/v0/pools/lab/append_lite3", "application/x-plasmite-lite3"),
    ] {
        let headers = [("content-type", media_type)];
        server
            .ask("POST", path, &headers, &[b' '; 2_001])
            .error(413, "Usage");
        // As much as that is still read, so that the answer arrives.
        server
            .ask("POST", path, &headers, &[b' '; 1_000_000])
            .error(413, "Usage");
        let mut wire = server.wire();
        wire.send(format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {media_type}\r\ntransfer-encoding: chunked\r\n\r\n").as_bytes());
        for _ in 0..30 {
            wire.send(format!("64\r\n{}\r\n", " ".repeat(100)).as_bytes());
        }
        wire.send(b"0\r\n\r\n");
        wire.answer().error(413, "Usage");
    }
    let fits = format!("{{\"data\":\"{}\"}}", "x".repeat(1_900));
    server.post("/v0/pools/lab/append", &fits).json();
}

#[test]
fn broken_requests_are_refused() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    for request in [
        "garbage\r\n\r\n",
        "GET / HTTP/9.9\r\nhost: localhost\r\n\r\n",
        "GET  / HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "GET /\u{1} HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "POST /v0/pools/lab/append HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{\"dat",
        "POST /v0/pools/lab/append HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        "POST /v0/pools/lab/append HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut wire = server.wire();
        wire.send(request.as_bytes());
        // A body without an end is not waited for once the client has ended.
        wire.socket().shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        let mut socket = wire.socket();
        let _ = socket.read_to_end(&mut rest);
        let text = String::from_utf8_lossy(&rest);
        assert!(rest.is_empty() || text.starts_with("HTTP/1.1 4") || text.starts_with("HTTP/1.0 4"), "{request:?}: {text}");
    }
    let mut many = String::from("GET /healthz HTTP/1.1\r\nhost: localhost\r\n");
    (0..200).for_each(|number| many.push_str(&format!("x-{number}: 1\r\n")));
    let mut wire = server.wire();
    wire.send(format!("{many}\r\n").as_bytes());
    assert_eq!(wire.head().status, 431);
    let mut wire = server.wire();
    let _ = write!(
        wire.socket(),
        "GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "x".repeat(100_000)
    );
    assert!((400..500).contains(&wire.head().status));
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(
        server.get("/v0/pools/lab/info").json()["pool"]["bounds"],
        serde_json::json!({})
    );
}

#[test]
fn half_requests_do_not_keep_others_out() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    let mut hung = Vec::new();
    for number in 0..100 {
        let mut wire = server.wire();
        match number % 3 {
            0 => {}
            1 => wire.send(b"GET /v0/pools HT"),
            _ => wire.send(b"POST /v0/pools/lab/append HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{\"da"),
        }
        hung.push(wire);
    }
    for number in 1..=50 {
        assert_eq!(server.append("lab", "1")["seq"], number);
    }
    let (code, log) = server.stop(Signal::TERM);
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn slow_bodies_are_given_up() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    let mut wire = server.wire();
    wire.send(b"POST /v0/pools/lab/append HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{\"da");
    wire.answer().error(408, "Io");
    assert!(wire.is_closed());
}

#[test]
fn half_heads_and_idle_connections_are_given_up() {
    let scratch = Scratch::with_patience(Duration::from_secs(120));
    let server = Server::start(&scratch, &[]);
    let mut silent = server.wire();
    let mut half = server.wire();
    half.send(b"GET /healthz HTTP/1.1\r\nhost: loc");
    let mut kept = server.wire();
    kept.request("GET", "/healthz", &[], b"");
    assert_eq!(kept.answer().status, 200);
    for wire in [&mut silent, &mut half, &mut kept] {
        assert!(wire.is_closed());
    }
}

#[test]
fn a_client_that_reads_nothing_is_cut_off() {
    let scratch = Scratch::with_patience(Duration::from_secs(120));
    let options = [
        "--max-tail-concurrency",
        "1",
        "--max-tail-timeout-ms",
        "3600000",
    ];
    let server = Server::start(&scratch, &options);
    server
        .post("/v0/pools", "{\"pool\":\"large\",\"size_bytes\":33554432}")
        .json();
    let client = plasmite::Client::new(scratch.pools()).unwrap();
    let pool = client.open_pool("large").unwrap();
    let data = format!("\"{}\"", "x".repeat(100_000));
    for _ in 0..300 {
        pool.append(data.as_bytes(), &plasmite::AppendOptions::new())
            .unwrap();
    }
    let mut tail = server.tail("large", "");
    assert_eq!(tail.json()["seq"], 1);
    while server.get("/v0/pools/large/tail?max=0").status == 423 {
        std::thread::sleep(Duration::from_millis(100));
    }
    while tail.wire().piece().is_ok_and(|piece| piece.is_some()) {}
}
