//! Streams of a server's pool outlive their connections: the server is stopped, killed, limited, replaced, or the client
//! is slow, and nothing is lost, repeated or reordered.
#![cfg(feature = "serve")]

mod common;

use common::both::{both, both_at, kind, LONG};
use common::server::Server;
use common::tls::{init, FILES};
use common::Scratch;
use plasmite::{
    AppendOptions, Client, ClientOptions, ErrorKind, GapPolicy, Next, Pool, PoolOptions, Start,
    Stream, TailOptions, Wait,
};
use rustix::process::Signal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn append(pool: &Pool, number: u64) {
    pool.append(
        format!("{{\"n\":{number}}}").as_bytes(),
        &AppendOptions::new(),
    )
    .expect("appended");
}

/// The next message's seq, and its data as it must be.
#[track_caller]
fn next(stream: &mut Stream) -> u64 {
    match stream.next(LONG).expect("a message") {
        Next::Message(view) => {
            let n = view.root().unwrap().unwrap().get("n").unwrap().unwrap();
            assert_eq!(n.i64().unwrap(), view.seq() as i64);
            view.seq()
        }
        other => panic!("{other:?}"),
    }
}

/// The server at this address again, once that is free.
fn again(scratch: &Scratch, server: &Server, options: &[&str]) -> Server {
    while std::net::TcpListener::bind(server.address).is_err() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let bind = server.address.to_string();
    let mut all = vec!["--bind", &bind];
    all.extend(options);
    Server::start_bound(scratch, &all)
}

#[test]
fn a_server_that_stops_or_dies_and_comes_back() {
    let mut both = both_at("127.77.0.1", &[]);
    let (there, here) = both.pool("lab", 1 << 20);
    let mut stream = there
        .tail(&TailOptions::new().gap(GapPolicy::Error))
        .unwrap();
    let mut seq = 0;
    for signal in [Signal::TERM, Signal::KILL] {
        for _ in 0..3 {
            seq += 1;
            append(&here, seq);
            assert_eq!(next(&mut stream), seq);
        }
        rustix::process::kill_process(both.server.pid(), signal).unwrap();
        // Written while nobody serves.
        seq += 1;
        append(&here, seq);
        let next_server = again(&both.scratch, &both.server, &[]);
        both.server = next_server;
        assert_eq!(next(&mut stream), seq);
    }
    assert_eq!(stream.stats().unwrap().dropped, 0);
}

#[test]
fn a_server_that_limits_tails_is_asked_again() {
    let both = both(&["--max-tail-timeout-ms", "100"]);
    let (there, here) = both.pool("lab", 1 << 20);
    let options = TailOptions::new().start(Start::Now).gap(GapPolicy::Error);
    let mut stream = there.tail(&options).unwrap();
    let writing = Arc::new(AtomicBool::new(true));
    let writer = {
        let writing = Arc::clone(&writing);
        std::thread::spawn(move || {
            let mut number = 0;
            while writing.load(Ordering::Relaxed) {
                number += 1;
                append(&here, number);
                std::thread::sleep(Duration::from_millis(1));
            }
        })
    };
    let began = Instant::now();
    let mut expected = 1;
    while began.elapsed() < Duration::from_millis(700) {
        assert_eq!(next(&mut stream), expected);
        expected += 1;
    }
    writing.store(false, Ordering::Relaxed);
    writer.join().unwrap();
    assert!(expected > 7, "several connections were needed");
}

#[test]
fn an_idle_stream_keeps_its_place() {
    // With a filter that nothing passes, and a ring that wraps meanwhile: what was looked at is not missed later.
    let both = both(&["--max-tail-timeout-ms", "150"]);
    let (there, here) = both.pool("lab", 65536);
    let options = TailOptions::new().tag("never").gap(GapPolicy::Event);
    let mut stream = there.tail(&options).unwrap();
    for number in 1..=3000 {
        append(&here, number);
        if number % 100 == 0 {
            let found = stream.next(Wait::For(Duration::from_millis(20))).unwrap();
            assert!(matches!(found, Next::TimedOut), "{found:?}");
        }
    }
    append(&here, 3001);
    here.append(b"{}", &AppendOptions::new().tag("never"))
        .unwrap();
    match stream.next(LONG).unwrap() {
        Next::Message(view) => assert_eq!(view.seq(), 3002),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_finite_reading_ends_where_it_would_have() {
    let both = both(&["--max-tail-timeout-ms", "60"]);
    let (there, here) = both.pool("lab", 1 << 20);
    for number in 1..=50 {
        append(&here, number);
    }
    let forward = TailOptions::new().snapshot(true);
    let backward = TailOptions::new().backwards(true).start(Start::Last(40));
    for (options, expected) in [
        (&forward, (1..=50).collect::<Vec<u64>>()),
        (&backward, (12..=51).rev().collect()),
    ] {
        let mut stream = there.tail(options).unwrap();
        let mut found = vec![next(&mut stream)];
        // The server's time for the tail passes; messages that come later are not wanted.
        std::thread::sleep(Duration::from_millis(120));
        append(&here, here.bounds().unwrap().newest + 1);
        while let Next::Message(view) = stream.next(LONG).unwrap() {
            found.push(view.seq());
        }
        assert_eq!(found, expected);
    }
}

#[test]
fn tokens_are_good_after_a_recovery_at_the_server() {
    let both = both_at("127.77.0.5", &[]);
    let (there, here) = both.pool("lab", 65536);
    append(&here, 1);
    drop(here);
    let mut stream = there.tail(&TailOptions::new()).unwrap();
    assert_eq!(next(&mut stream), 1);
    let before = stream.token().unwrap();
    rustix::process::kill_process(both.server.pid(), Signal::KILL).unwrap();
    // A copy is recovered by whoever opens it first.
    let (file, copy) = (both.scratch.pool("lab"), both.scratch.path().join("copy"));
    std::fs::copy(&file, &copy).unwrap();
    std::fs::rename(&copy, &file).unwrap();
    let _server = again(&both.scratch, &both.server, &[]);
    let here = both.here.open_pool("lab").unwrap();
    for number in 2..=4 {
        append(&here, number);
    }
    assert_eq!((next(&mut stream), next(&mut stream)), (2, 3));
    let token = stream.token().unwrap();
    let generation = |token: &str| token.split('.').nth(2).map(str::to_owned);
    assert_ne!(generation(&token), generation(&before), "no recovery");
    let resumed = TailOptions::new().start(Start::Token(&token));
    assert_eq!(next(&mut there.tail(&resumed).unwrap()), 4);
}

#[test]
fn a_pool_that_is_replaced_is_not_mistaken() {
    let both = both_at("127.77.0.2", &[]);
    let (there, here) = both.pool("lab", 65536);
    append(&here, 1);
    let mut stream = there.tail(&TailOptions::new()).unwrap();
    assert_eq!(next(&mut stream), 1);
    let server = &both.server;
    rustix::process::kill_process(server.pid(), Signal::KILL).unwrap();
    both.here.delete("lab").unwrap();
    let new = both.here.create("lab", &PoolOptions::new()).unwrap();
    append(&new, 1);
    append(&new, 2);
    let _server = again(&both.scratch, server, &[]);
    assert_eq!(kind(stream.next(LONG)), ErrorKind::NotFound);
    assert!(!there.is_current().unwrap());
}

#[test]
fn a_slow_reader_makes_gaps_of_its_own() {
    let both = both(&[]);
    let (there, here) = both.pool("lab", 65536);
    let options = TailOptions::new()
        .start(Start::Seq(1))
        .gap(GapPolicy::Event);
    let mut stream = there.tail(&options).unwrap();
    let pad = "x".repeat(4000);
    let count = 20_000;
    for number in 1..=count {
        let json = format!("{{\"n\":{number},\"pad\":\"{pad}\"}}");
        here.append(json.as_bytes(), &AppendOptions::new()).unwrap();
    }
    let (mut expected, mut missing) = (1, 0);
    while expected <= count {
        match stream.next(LONG).unwrap() {
            Next::Message(view) => {
                assert_eq!(view.seq(), expected);
                expected += 1;
            }
            Next::Gap(gap) => {
                assert_eq!(gap.first, expected);
                missing += gap.count;
                expected = gap.last + 1;
            }
            other => panic!("{other:?}"),
        }
    }
    let stats = stream.stats().unwrap();
    assert_eq!(stats.dropped, missing);
    assert_eq!(stats.delivered + missing, count);
    assert!(
        missing > 0,
        "the ring holds 16 of them, and buffers some thousand"
    );
}

#[test]
fn streams_end_with_their_handles() {
    let both = both(&[]);
    let (there, _here) = both.pool("lab", 65536);
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let before = threads();
    let streams: Vec<Stream> = (0..20)
        .map(|_| there.tail(&TailOptions::new().start(Start::Now)).unwrap())
        .collect();
    assert!(threads() >= before + 20);
    drop(streams);
    // Other tests of this process come and go; none of these twenty waits for its server's next sign of life.
    assert!(threads() < before + 20, "{} threads", threads());
}

#[test]
fn tls_with_a_token() {
    let scratch = Scratch::new();
    init(&scratch, &["--bind", "127.0.0.1:9700"]);
    let file = |name: &str| scratch.path().join("tls").join(name);
    let (token, certificate) = (
        file("plasmite-auth-token.txt"),
        file("plasmite-tls-cert.pem"),
    );
    let server = Server::start(&scratch, &FILES);
    let url = format!("https://localhost:{}/lab", server.address.port());
    let client = |options: ClientOptions| {
        Client::with_options(&options.token_file(&token).unwrap()).unwrap()
    };
    let trusting = client(ClientOptions::new().tls_ca_file(&certificate).unwrap());
    let pool = trusting.create(&url, &PoolOptions::new()).unwrap();
    let mut stream = pool.tail(&TailOptions::new()).unwrap();
    append(&pool, 1);
    assert_eq!(next(&mut stream), 1);
    let skipping = client(ClientOptions::new().tls_skip_verify(true));
    assert_eq!(skipping.open_pool(&url).unwrap().bounds().unwrap().count, 1);

    let stranger = client(ClientOptions::new());
    let error = stranger.open_pool(&url).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("not trusted"), "{error}");
    assert!(error.hint().unwrap().contains("certificate"), "{error:?}");
    // A name that is not in the certificate.
    let wrong_name = format!("https://127.0.0.2:{}/lab", server.address.port());
    let error = trusting.open_pool(&wrong_name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    // Plain HTTP to a server that speaks TLS, and the reverse.
    let plain = url.replace("https", "http");
    assert_eq!(kind(trusting.open_pool(&plain)), ErrorKind::Io);
    let plain_server = Server::start(&scratch, &[]);
    let no_tls = format!("https://localhost:{}/lab", plain_server.address.port());
    assert_eq!(kind(trusting.open_pool(&no_tls)), ErrorKind::Io);
}

#[test]
fn a_token_does_not_leave_in_the_clear() {
    // A server on another address of this machine than loopback: as another machine's.
    let Some(own) = if_addrs::get_if_addrs()
        .unwrap()
        .into_iter()
        .map(|interface| interface.ip())
        .find(|ip| ip.is_ipv4() && !ip.is_loopback())
    else {
        panic!("this machine has no address but loopback: give it one (ip link add … type dummy)");
    };
    let scratch = Scratch::new();
    let token = scratch.path().join("token");
    std::fs::write(&token, "secret").unwrap();
    let server = Server::start_bound(
        &scratch,
        &[
            "--bind",
            &format!("{own}:0"),
            "--allow-non-loopback",
            "--insecure-no-tls",
            "--token-file",
            token.to_str().unwrap(),
        ],
    );
    let url = format!("http://{}/lab", server.address);
    let options = ClientOptions::new().token_file(&token).unwrap();
    let careful = Client::with_options(&options).unwrap();
    let error = careful.open_pool(&url).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(error.message().contains("plain HTTP"), "{error}");
    assert!(!error.maybe_written());
    let careless = Client::with_options(&options.insecure_token(true)).unwrap();
    assert_eq!(kind(careless.open_pool(&url)), ErrorKind::NotFound);
}

#[test]
fn answers_of_other_servers() {
    // Something else listens there: redirects, another protocol, silence, an answer without end.
    use std::io::{Read, Write};
    let serve = |answer: &'static [u8], stays: bool| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            while let Ok((mut connection, _)) = listener.accept() {
                let _ = connection.read(&mut [0; 4096]);
                let _ = connection.write_all(answer);
                if stays {
                    std::thread::sleep(Duration::from_secs(20));
                }
            }
        });
        format!("http://{address}/lab")
    };
    let options = ClientOptions::new()
        .request_timeout(Duration::from_millis(300))
        .largest(1000)
        .token("secret")
        .unwrap();
    let client = Client::with_options(&options).unwrap();
    let redirect = serve(
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        false,
    );
    let error = client.open_pool(&redirect).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.hint().unwrap().contains("not followed"), "{error:?}");
    let html = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>", false);
    assert_eq!(kind(client.open_pool(&html)), ErrorKind::Io);
    let ssh = serve(b"SSH-2.0-x\r\n", false);
    assert_eq!(kind(client.open_pool(&ssh)), ErrorKind::Io);
    let silent = serve(b"", true);
    let error = client.open_pool(&silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("in time"), "{error}");
    let endless = serve(
        b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{\"pool\":{",
        true,
    );
    assert_eq!(kind(client.open_pool(&endless)), ErrorKind::Io);
}
