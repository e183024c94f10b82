//! Following a pool of a server: what comes, what is lost, and a server that goes away.
#![cfg(feature = "serve")]

mod common;

use common::server::{filled, filled_at, seqs, Server};
use common::{json_lines, lines_of, stop, Scratch};
use plasmite::{AppendOptions, Client, Pool, PoolOptions};
use rustix::process::{kill_process, Pid, Signal};
use serde_json::Value;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::time::Duration;

/// The next message of a follower.
fn next(lines: &mut impl FnMut() -> String) -> Value {
    serde_json::from_str(&lines()).expect("JSON")
}

fn append(pool: &Pool, number: u64) {
    let data = format!("{{\"n\":{number}}}");
    pool.append(data.as_bytes(), &AppendOptions::new())
        .expect("appended");
}

/// The pool of the server, as its file.
fn file(scratch: &Scratch) -> Pool {
    Client::new(scratch.pools())
        .unwrap()
        .open_pool("lab")
        .unwrap()
}

/// Appends until a follower that shows nothing of the past has seen something, so that it is known to be there.
fn wait_until_it_follows(pool: &Pool, lines: &mut (impl FnMut() -> String + Send)) -> Value {
    std::thread::scope(|scope| {
        let (sender, seen) = std::sync::mpsc::channel::<()>();
        scope.spawn(move || {
            while seen.recv_timeout(Duration::from_millis(10)).is_err() {
                append(pool, 0);
            }
        });
        let first = next(lines);
        let _ = sender.send(());
        first
    })
}

#[test]
fn without_history_only_new_messages_are_shown() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 5, &[]);
    let mut follow = scratch.spawn(&["follow", &server.url("lab"), "--jsonl"]);
    let mut lines = lines_of(follow.stdout.take().unwrap());
    let first = wait_until_it_follows(&file(&scratch), &mut lines);
    assert!(first["seq"].as_u64().unwrap() > 5, "{first}");
    stop(follow);
}

#[test]
fn history_and_then_what_comes() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 9, &[]);
    let url = server.url("lab");
    for (options, first) in [
        (&["--tail", "2"][..], &[8, 9][..]),
        // The last two that match, not what matches of the last two.
        (&["--tail", "2", "--tag", "even"], &[6, 8]),
        (
            &["--tail", "2", "--where", ".data.n != 9", "--tag", "odd"],
            &[5, 7],
        ),
        (&["--from", "8"], &[8, 9]),
        (&["--from", "7", "--tag", "odd"], &[7, 9]),
        (&["--since", "1h"], &[1, 2]),
    ] {
        let mut follow = scratch.spawn(&[&["follow", &url, "--jsonl"], options].concat());
        let mut lines = lines_of(follow.stdout.take().unwrap());
        let shown = [next(&mut lines), next(&mut lines)];
        assert_eq!(seqs(&shown), first, "{options:?}");
        stop(follow);
    }
    let newest = file(&scratch).bounds().unwrap().newest;
    let from = (newest + 1).to_string();
    let mut follow = scratch.spawn(&["follow", &url, "--jsonl", "--from", &from, "--one"]);
    append(&file(&scratch), 1);
    let mut text = String::new();
    follow
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(seqs(&json_lines(&text)), [newest + 1]);
    assert_eq!(follow.wait().unwrap().code(), Some(0));
}

/// A server ends each of its tails after a while; a follower asks again, and its own patience is its own.
#[test]
fn a_timeout_may_be_longer_than_a_tail_of_the_server() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 1, &["--max-tail-timeout-ms", "100"]);
    let url = server.url("lab");
    let ran = scratch.run(&["follow", &url, "--timeout", "700ms"]);
    assert_eq!((ran.code, &*ran.stdout, &*ran.stderr), (Some(124), "", ""));
    let mut follow = scratch.spawn(&["follow", &url, "--tail", "1", "--jsonl", "--timeout", "10m"]);
    let mut lines = lines_of(follow.stdout.take().unwrap());
    assert_eq!(next(&mut lines)["seq"], 1);
    let pool = file(&scratch);
    for seq in 2..8 {
        std::thread::sleep(Duration::from_millis(70));
        append(&pool, seq);
        assert_eq!(next(&mut lines)["seq"], seq);
    }
    stop(follow);
}

#[test]
fn losses_are_told() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    let client = Client::new(scratch.pools()).unwrap();
    let pool = client
        .create("lab", &PoolOptions::new().size(65536))
        .unwrap();
    for number in 0..5000 {
        append(&pool, number);
    }
    let url = server.url("lab");
    for name in ["lab", &url] {
        let ran = scratch.run(&["follow", name, "--from", "1", "--no-follow", "--jsonl"]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        let notice = &json_lines(&ran.stderr)[0]["notice"];
        assert_eq!(
            (&notice["kind"], &notice["cmd"]),
            (&"drop".into(), &"follow".into())
        );
        assert_eq!(notice["pool"], name);
        let oldest = pool.bounds().unwrap().oldest;
        assert_eq!(notice["details"]["dropped_count"], oldest - 1);
        assert_eq!(notice["details"]["next_seen_seq"], oldest);
        if name == url {
            assert_eq!(notice["details"]["pool_path"], *url);
        }
        assert_eq!(json_lines(&ran.stdout)[0]["seq"], oldest);
        let quiet = scratch.run(&[
            "follow",
            name,
            "--from",
            "1",
            "--no-follow",
            "--jsonl",
            "--quiet-drops",
        ]);
        assert_eq!((quiet.code, &*quiet.stderr), (Some(1), ""));
        assert_eq!(quiet.stdout, ran.stdout);
        // The oldest there is, and nothing of what is behind the end of the ring.
        let whole = scratch.run(&["follow", name, "--no-follow", "--jsonl"]);
        assert_eq!(whole.ok(), ran.stdout);
    }
}

/// The server is killed and comes again on the same port: nothing is lost, nothing repeated, and people are told.
#[test]
fn a_server_that_dies_and_comes_back() {
    let scratch = Scratch::new();
    let mut server = filled_at(&scratch, "127.78.0.1", 0, &[]);
    let (url, address) = (server.url("lab"), server.address.to_string());
    let mut follow = scratch.spawn(&["follow", &url, "--jsonl", "--from", "1"]);
    let mut lines = lines_of(follow.stdout.take().unwrap());
    let mut notices = lines_of(follow.stderr.take().unwrap());
    let pool = file(&scratch);
    let mut seq = 0;
    for round in 0..3 {
        for _ in 0..50 {
            append(&pool, round);
        }
        for _ in 0..50 {
            seq += 1;
            assert_eq!(next(&mut lines)["seq"], seq);
        }
        // Killed in the middle of what it sends.
        for _ in 0..300 {
            append(&pool, round);
        }
        drop(server);
        for _ in 0..50 {
            append(&pool, round);
        }
        let notice: Value = serde_json::from_str(&notices()).unwrap();
        assert_eq!(notice["notice"]["kind"], "connection", "{notice}");
        assert_eq!(
            (&notice["notice"]["cmd"], &notice["notice"]["pool"]),
            (&"follow".into(), &(*url).into())
        );
        server = Server::start_bound(&scratch, &["--bind", &address]);
        for _ in 0..350 {
            seq += 1;
            assert_eq!(next(&mut lines)["seq"], seq);
        }
        let notice: Value = serde_json::from_str(&notices()).unwrap();
        let message = notice["notice"]["message"].as_str().unwrap();
        assert!(message.contains("there again"), "{notice}");
    }
    stop(follow);
}

/// A pool that is deleted, or replaced while the connection was lost, ends its followers.
#[test]
fn followers_of_a_deleted_pool_end() {
    let scratch = Scratch::new();
    let server = filled_at(&scratch, "127.78.0.2", 3, &[]);
    let (url, address) = (server.url("lab"), server.address.to_string());
    let follower = |lines: &mut Option<Box<dyn FnMut() -> String>>| -> Child {
        let mut follow = scratch.spawn(&["follow", &url, "--jsonl", "--from", "3"]);
        let mut shown = lines_of(follow.stdout.take().unwrap());
        assert_eq!(next(&mut shown)["seq"], 3);
        *lines = Some(Box::new(shown));
        follow
    };
    let mut lines = None;
    let follow = follower(&mut lines);
    drop(server);
    let client = Client::new(scratch.pools()).unwrap();
    client.delete("lab").unwrap();
    scratch.feed("lab", &["1", "2", "3", "4"]);
    let server = Server::start_bound(&scratch, &["--bind", &address]);
    let ended = follow.wait_with_output().unwrap();
    let text = String::from_utf8(ended.stderr).unwrap();
    let error = json_lines(&text).pop().unwrap()["error"].clone();
    assert_eq!(
        (ended.status.code(), &error["kind"]),
        (Some(3), &"NotFound".into()),
        "{text}"
    );

    let follow = follower(&mut lines);
    client.delete("lab").unwrap();
    let ended = follow.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(3));
    drop(server);
}

fn interrupt(child: &Child) {
    kill_process(Pid::from_child(child), Signal::INT).expect("signalled");
}

/// Ctrl-C ends a command at once, also while it waits for a server that does not answer.
#[test]
fn interrupts() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 1, &[]);
    let url = server.url("lab");
    let mut follow = scratch.spawn(&["follow", &url, "--tail", "1", "--jsonl"]);
    let mut lines = lines_of(follow.stdout.take().unwrap());
    assert_eq!(next(&mut lines)["seq"], 1);
    interrupt(&follow);
    assert_eq!(follow.wait().unwrap().signal(), Some(2));
    // One that takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/lab", silent.local_addr().unwrap());
    for args in [
        &["follow", &url][..],
        &["feed", &url, "1"],
        &["feed", &url],
        &["fetch", &url, "1"],
        &["duplex", &url],
        &["tap", &url, "--", "true"],
        &["pool", "create", &url],
        &["pool", "info", &url],
        &["pool", "delete", &url],
    ] {
        let mut child = scratch.spawn(args);
        // Its request has come: it waits for the answer.
        let mut request = [0; 4];
        let (mut socket, _) = silent.accept().unwrap();
        socket.read_exact(&mut request).unwrap();
        interrupt(&child);
        let ended = child.wait().unwrap();
        assert_eq!(ended.signal(), Some(2), "{args:?}: {ended:?}");
    }
}

/// A program that tap has run is not held up for longer than somebody waits for it.
#[test]
fn a_recording_that_gets_stuck() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 0, &[]);
    // Stops the server, which then takes what is sent and does not answer.
    let script = format!("kill -STOP {}; echo x", server.pid().as_raw_nonzero());
    let mut tap = scratch.spawn(&["tap", &server.url("lab"), "--", "sh", "-c", &script]);
    let mut lines = lines_of(tap.stdout.take().unwrap());
    assert_eq!(
        lines(),
        "x",
        "what the program prints goes on before it is recorded"
    );
    let ended = loop {
        interrupt(&tap);
        std::thread::sleep(Duration::from_millis(50));
        if let Some(ended) = tap.try_wait().unwrap() {
            break ended;
        }
    };
    assert_eq!(ended.signal(), Some(2));
}

/// Nobody reads the output any more.
#[test]
fn a_closed_output_ends_it() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 3, &[]);
    let mut follow = scratch.spawn(&["follow", &server.url("lab"), "--from", "1", "--jsonl"]);
    let mut lines = lines_of(follow.stdout.take().unwrap());
    assert_eq!(next(&mut lines)["seq"], 1);
    drop(lines);
    let ended = follow.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.len()), (Some(0), 0));
}
