//! Tails that wait: what they cost, what ends them, and their signs of life.
#![cfg(feature = "serve")]

mod common;

use common::http::TailLines;
use common::server::{filled, seqs, Server};
use common::Scratch;
use rustix::process::Signal;
use serde_json::json;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

#[test]
fn a_client_that_goes_away_frees_its_slot() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 1, &["--max-tail-concurrency", "1"]);
    for _ in 0..5 {
        let mut tail = server.tail("lab", "");
        assert_eq!(tail.json()["seq"], 1);
        server.get("/v0/pools/lab/tail").error(423, "Busy");
        assert_eq!(server.get("/healthz").status, 200);
        drop(tail);
        // The slot is free as soon as the server has seen the connection's end.
        while server.get("/v0/pools/lab/tail?max=0").status == 423 {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_deleted_pool_ends_its_tails() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 1, &[]);
    let mut by_server = server.tail("lab", "start=now");
    let mut filtered = server.tail("lab", "start=now&tag=none");
    server.ask("DELETE", "/v0/pools/lab", &[], b"").json();
    for tail in [&mut by_server, &mut filtered] {
        assert_eq!(tail.json()["error"]["kind"], "NotFound");
        assert_eq!(tail.line(), None);
    }
    server.create("lab");
    let mut by_command = server.tail("lab", "start=now");
    scratch.run(&["pool", "delete", "lab"]).ok();
    assert_eq!(by_command.json()["error"]["kind"], "NotFound");
    server.create("lab");
    let mut by_rm = server.tail("lab", "start=now");
    std::fs::remove_file(scratch.pool("lab")).unwrap();
    assert_eq!(by_rm.json()["error"]["kind"], "NotFound");
    server.create("lab");
    let mut fresh = server.tail("lab", "start=now");
    server.append("lab", "1");
    assert_eq!(fresh.json()["seq"], 1);
}

#[test]
fn tails_end_at_once_when_the_server_stops() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 1, &["--max-tail-timeout-ms", "3600000"]);
    let mut tails: Vec<_> = (0..10).map(|_| server.tail("lab", "start=now")).collect();
    let mut events = TailLines::open(server.address, "/v0/ui/pools/lab/events", &[]);
    let (code, log) = server.stop(Signal::INT);
    assert_eq!(code, Some(0), "{log}");
    for tail in &mut tails {
        assert_eq!(tail.line(), None, "a proper end");
    }
    while events.line().is_some() {}
}

#[test]
fn a_tail_with_a_filter_scans_without_stopping_others() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server
        .post("/v0/pools", r#"{"pool":"large","size_bytes":16777216}"#)
        .json();
    let lines: String = (0..2_000)
        .map(|n| format!("{{\"data\":{{\"n\":{n}}}}}\n"))
        .collect();
    for _ in 0..2 {
        let jsonl = [("content-type", "application/jsonl")];
        server
            .ask("POST", "/v0/pools/large/append", &jsonl, lines.as_bytes())
            .json();
    }
    let mut scans: Vec<_> = (0..12)
        .map(|_| {
            let mut wire = server.wire();
            let path = "/v0/pools/large/tail?where=.data.n%20%3D%3D%20-1";
            wire.request("GET", path, &[], b"");
            wire
        })
        .collect();
    for _ in 0..10 {
        assert_eq!(server.get("/healthz").status, 200);
    }
    server.append("large", "{\"n\":-1}");
    for wire in &mut scans {
        assert_eq!(wire.head().status, 200);
        let piece = wire.piece().unwrap().expect("the message");
        assert!(String::from_utf8(piece).unwrap().contains("\"n\":-1"));
    }
}

#[test]
fn a_killed_server_loses_nothing_for_those_who_come_back() {
    let scratch = Scratch::new();
    let mut server = Server::start(&scratch, &[]);
    server.create("lab");
    let mut writer = scratch.spawn(&["feed", "lab"]);
    let mut input = writer.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || {
        use std::io::Write;
        for number in 1..=3_000 {
            writeln!(input, "{number}").unwrap();
        }
    });
    let mut output = writer.stdout.take().unwrap();
    let draining = std::thread::spawn(move || {
        let mut receipts = String::new();
        output.read_to_string(&mut receipts).unwrap();
    });
    let mut next = 1;
    for _ in 0..5 {
        let mut tail = server.tail("lab", &format!("since_seq={next}"));
        for _ in 0..400 {
            assert_eq!(tail.json()["seq"], next);
            next += 1;
        }
        // SIGKILL under the tail.
        drop(server);
        while tail.wire().piece().is_ok_and(|piece| piece.is_some()) {}
        server = Server::start(&scratch, &[]);
    }
    let rest = server
        .tail("lab", &format!("since_seq={next}&end_seq=3000"))
        .rest();
    assert_eq!(seqs(&rest), (next..=3_000).collect::<Vec<_>>());
    feeding.join().unwrap();
    draining.join().unwrap();
    assert!(writer.wait().unwrap().success());
}

#[test]
fn many_idle_tails_cost_no_threads() {
    const TAILS: usize = 300;
    let scratch = Scratch::new();
    let server = filled(&scratch, 1, &["--max-tail-concurrency", "400"]);
    let threads = |server: &Server| {
        let path = format!("/proc/{}/task", server.pid().as_raw_nonzero());
        std::fs::read_dir(path).unwrap().count()
    };
    server.tail("lab", "max=1").rest();
    let before = threads(&server);
    let mut tails: Vec<_> = (0..TAILS)
        .map(|_| server.tail("lab", "start=now"))
        .collect();
    let during = threads(&server);
    assert!(during < before + 24, "{before} threads became {during}");
    server.append("lab", "2");
    for tail in &mut tails {
        assert_eq!(tail.json()["seq"], 2);
    }
    let metrics = server.get("/metrics").text().to_owned();
    assert!(
        metrics.contains(&format!("plasmite_tails{{pool=\"lab\"}} {TAILS}\n")),
        "{metrics}"
    );
    assert!(
        metrics.contains("plasmite_tail_lag_messages{pool=\"lab\"} 0\n"),
        "{metrics}"
    );
}

#[test]
fn many_pools_are_waited_for_at_once() {
    const POOLS: usize = 150;
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--max-tail-concurrency", "200"]);
    let names: Vec<String> = (0..POOLS).map(|number| format!("p{number}")).collect();
    let mut tails: Vec<TailLines> = names
        .iter()
        .map(|name| {
            let body = json!({"pool": name, "size_bytes": 16_384});
            server.post("/v0/pools", &body.to_string()).json();
            server.tail(name, "")
        })
        .collect();
    for round in 1..=3u64 {
        for (name, tail) in names.iter().zip(&mut tails).rev() {
            assert_eq!(server.append(name, "1")["seq"], round);
            assert_eq!(tail.json()["seq"], round);
        }
    }
}

#[test]
fn a_pool_that_can_only_be_read_is_tailed() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    /// A user with no rights but those of all.
    const NOBODY: u32 = 65_534;
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    let mode = |path: &std::path::Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(scratch.path(), 0o777);
    mode(&scratch.pools(), 0o755);
    mode(&scratch.pool("lab"), 0o444);
    let server = Server::start_with(&scratch, &["--bind", "127.0.0.1:0"], |command| {
        // For root every file can be written.
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
    });
    let mut tail = server.tail("lab", "");
    assert_eq!(tail.json()["seq"], 1);
    server
        .post("/v0/pools/lab/append", "{\"data\":1}")
        .error(403, "Permission");
    mode(&scratch.pool("lab"), 0o644);
    // By somebody who may write; the server's own handle stays as it was opened.
    scratch.feed("lab", &["2"]);
    assert_eq!(tail.json()["seq"], 2);
}

/// Appends to `lab` until it is ended.
struct Appender {
    appending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Appender {
    /// What the tails of these tests do not want, with a pause between, until there are `most`.
    fn start(scratch: &Scratch, pause: Duration, most: u64) -> Appender {
        let appending = Arc::new(AtomicBool::new(true));
        let (goes_on, pools) = (Arc::clone(&appending), scratch.pools());
        let thread = std::thread::spawn(move || {
            let client = plasmite::Client::new(pools).unwrap();
            let pool = client.open_pool("lab").unwrap();
            for _ in 0..most {
                if !goes_on.load(Ordering::Relaxed) {
                    return;
                }
                pool.append(b"0", &plasmite::AppendOptions::new()).unwrap();
                std::thread::sleep(pause);
            }
            panic!("there were {most} appends, and no sign of life");
        });
        Appender {
            appending,
            thread: Some(thread),
        }
    }

    /// Ends it; fails when it had come to its end before.
    fn end(mut self) {
        self.appending.store(false, Ordering::Relaxed);
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok(), "no sign of life among many appends");
    }
}

/// A tail that is kept busy by messages for others, more often than it is to give signs of life.
#[test]
fn signs_of_life_on_a_busy_pool() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 3, &[]);
    for wanted in [
        "tag=never",
        "where=.data%3D%3D7",
        "where=[range(9)]%3D%3D[]",
    ] {
        let query = format!("start=now&heartbeat_ms=100&{wanted}");
        let appender = Appender::start(&scratch, Duration::from_millis(10), 1000);
        let mut lines = server.tail("lab", &query);
        for _ in 0..2 {
            assert_eq!(lines.line().unwrap(), "", "{wanted}");
        }
        // Their places move along: who comes again does not begin with what was looked at.
        let path = format!("/v0/ui/pools/lab/events?{query}");
        let mut events = TailLines::open(server.address, &path, &[]);
        let mut ids = Vec::new();
        while ids.len() < 3 {
            let line = events.line().unwrap();
            if let Some(id) = line.strip_prefix("id: ") {
                ids.push(id.parse::<u64>().unwrap());
            }
        }
        assert!(ids.is_sorted_by(|before, after| before < after), "{ids:?}");
        appender.end();
    }
}
