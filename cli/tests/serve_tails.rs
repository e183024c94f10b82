//! Tails: what they show, how they end, what they cost.
#![cfg(feature = "serve")]

mod common;

use common::http::TailLines;
use common::server::Server;
use common::Scratch;
use rustix::process::Signal;
use serde_json::{json, Value};
use std::io::Read;

fn seqs(messages: &[Value]) -> Vec<u64> {
    messages
        .iter()
        .map(|message| message["seq"].as_u64().expect("a message"))
        .collect()
}

/// A server with the pool `lab` of messages 1 to `count`.
fn filled(scratch: &Scratch, count: u64, options: &[&str]) -> Server {
    let server = Server::start(scratch, options);
    server.create("lab");
    for number in 1..=count {
        let tag = if number % 2 == 0 { "even" } else { "odd" };
        let body = format!("{{\"data\":{{\"n\":{number}}},\"tags\":[\"{tag}\",\" {number} \"]}}");
        server.post("/v0/pools/lab/append", &body).json();
    }
    server
}

#[test]
fn starts_and_ends() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 10, &[]);
    let third = server.get("/v0/pools/lab/messages/3").json()["message"]["time"].clone();
    let third = third.as_str().unwrap().to_owned();
    for (query, expected) in [
        ("snapshot", (1..=10).collect::<Vec<u64>>()),
        ("snapshot&since_seq=8", vec![8, 9, 10]),
        ("snapshot&tail=2", vec![9, 10]),
        ("snapshot&tail=2&tag=odd", vec![7, 9]),
        ("snapshot&tag=even&tag=%204%20", vec![4]),
        ("snapshot&tag=4", vec![]),
        ("snapshot&tag=", (1..=10).collect()),
        ("max=3", vec![1, 2, 3]),
        ("max=0", vec![]),
        ("since_seq=0&max=1", vec![1]),
        ("end_seq=2", vec![1, 2]),
        ("start=oldest&max=1", vec![1]),
        ("start=now&timeout_ms=1", vec![]),
        ("since_seq=99&timeout_ms=1", vec![]),
        ("snapshot&backwards&max=2", vec![10, 9]),
        (&format!("since={third}&max=2"), vec![3, 4]),
        ("since=1h&max=1", vec![1]),
        ("snapshot&where=.data.n%20%3E%208", vec![9, 10]),
        (
            "snapshot&where=.data.n%20%3E%208&where=.data.n%20%3C%2010",
            vec![9],
        ),
        ("max=2&where=.data.n%20%25%205%20%3D%3D%200", vec![5, 10]),
        ("snapshot&tail=1&where=.seq%20%3C%205", vec![4]),
    ] {
        let mut tail = server.tail("lab", query);
        assert_eq!(seqs(&tail.rest()), expected, "{query}");
    }
}

#[test]
fn bad_queries() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 1, &["--max-tail-timeout-ms", "5000"]);
    for stream in [
        "pools/lab/tail",
        "pools/lab/tail_lite3",
        "ui/pools/lab/events",
    ] {
        for query in [
            "since_seq=x",
            "since_seq=-1",
            "max=x",
            "timeout_ms=x",
            "timeout_ms=5001",
            "gap_policy=never",
            "since=5%C3%A9",
            "since_seq=1&tail=1",
            "start=later",
            "snapshot=maybe",
            "token=nonsense",
            "heartbeat_ms=0",
            "where=.data.(",
            "where=undefined_function",
            "where=def%20f:%20f;%20f",
        ] {
            let answer = server.get(&format!("/v0/{stream}?{query}"));
            answer.error(400, "Usage");
        }
        server
            .get(&format!("/v0/{}", stream.replace("lab", "none")))
            .error(404, "NotFound");
    }
    for policy in ["error", "event"] {
        server
            .get(&format!("/v0/pools/lab/tail_lite3?gap_policy={policy}"))
            .error(400, "Usage");
    }
    let late = server.tail("lab", "timeout_ms=5000&max=1").rest();
    assert_eq!(seqs(&late), [1]);
}

#[test]
fn messages_come_as_they_are_committed() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    let mut lines = server.tail("lab", "");
    let mut events = TailLines::open(server.address, "/v0/ui/pools/lab/events?since_seq=2", &[]);
    for number in 1..=50u64 {
        server.append("lab", &number.to_string());
        assert_eq!(lines.json()["seq"], number);
    }
    // From a writer beside the server too.
    scratch.feed("lab", &["51"]);
    assert_eq!(lines.json()["data"], 51);
    let mut ids = Vec::new();
    while ids.len() < 50 {
        let line = events.line().expect("another line");
        if let Some(id) = line.strip_prefix("id: ") {
            ids.push(id.parse::<u64>().unwrap());
        }
    }
    assert_eq!(
        ids,
        (1..=50).collect::<Vec<_>>(),
        "first the place before all events"
    );
}

#[test]
fn events_resume() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 5, &[]);
    let path = "/v0/ui/pools/lab/events?snapshot&tail=1";
    let answer = server.ask("GET", path, &[("last-event-id", "2")], b"");
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(
        answer.header("cache-control"),
        Some("no-cache, no-transform")
    );
    let text = answer.text();
    let shown: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .collect();
    let shown: Vec<Value> = shown
        .iter()
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert_eq!(seqs(&shown), [3, 4, 5]);
    assert!(text.starts_with("retry: 700\nid: 2\n\n"), "{text}");
    assert!(text.contains("event: message\ndata: {\"seq\":3,"), "{text}");
    // What the client has seen is not there any more: another pool has taken the name.
    let answer = server.ask("GET", path, &[("last-event-id", "77")], b"");
    assert!(answer.text().contains("\"seq\":1,"), "{}", answer.text());
    server
        .ask("GET", path, &[("last-event-id", "x")], b"")
        .error(400, "Usage");
}

#[test]
fn signs_of_life() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 3, &[]);
    let path = "/v0/ui/pools/lab/events?start=now&heartbeat_ms=100";
    let mut events = TailLines::open(server.address, path, &[]);
    let lines: Vec<_> = (0..6).map(|_| events.line().unwrap()).collect();
    assert_eq!(
        lines,
        ["retry: 700", "id: 3", "", ": keep-alive", "id: 3", ""]
    );
    let mut lines = server.tail("lab", "start=now&heartbeat_ms=100");
    assert_eq!(lines.line().unwrap(), "");
    server.append("lab", "4");
    while lines.line().is_some_and(|line| line.is_empty()) {}
}

#[test]
fn lite3_frames() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 3, &[]);
    let answer = server.get("/v0/pools/lab/tail_lite3?snapshot&since_seq=2");
    assert_eq!(
        answer.header("content-type"),
        Some("application/x-plasmite-lite3-stream")
    );
    let mut rest = &answer.body[..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (head, tail) = rest.split_at(20);
        let seq = u64::from_be_bytes(head[..8].try_into().unwrap());
        let time = u64::from_be_bytes(head[8..16].try_into().unwrap());
        let length = u32::from_be_bytes(head[16..].try_into().unwrap()) as usize;
        let (document, tail) = tail.split_at(length);
        let json = plasmite::lite3_to_json(document).unwrap();
        let json: Value = serde_json::from_slice(&json).unwrap();
        let message = server.get(&format!("/v0/pools/lab/messages/{seq}")).json();
        assert_eq!(message["message"]["data"], json["data"]);
        assert_eq!(
            message["message"]["time"],
            plasmite::format_time(time).unwrap()
        );
        found.push(seq);
        rest = tail;
    }
    assert_eq!(found, [2, 3]);
}

#[test]
fn what_lite3_cannot_hold() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    server.append("lab", "{\"big\":18446744073709551615}");
    let refused = server
        .get("/v0/pools/lab/tail_lite3?snapshot")
        .error(406, "Usage");
    assert!(refused["hint"].as_str().unwrap().contains("/tail"));
    assert_eq!(refused["seq"], 1);
    server.append("lab", "{\"small\":1}");
    server.append("lab", "{\"big\":18446744073709551615}");
    let mut wire = server.wire();
    wire.request("GET", "/v0/pools/lab/tail_lite3?since_seq=2", &[], b"");
    assert_eq!(wire.head().status, 200);
    let mut pieces = Vec::new();
    let end = loop {
        match wire.piece() {
            Ok(Some(piece)) => pieces.extend(piece),
            other => break other,
        }
    };
    assert!(end.is_err(), "cut, not ended");
    assert_eq!(
        pieces[..8],
        2u64.to_be_bytes(),
        "the message before it came"
    );
}

#[test]
fn gaps() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server
        .post("/v0/pools", r#"{"pool":"small","size_bytes":32768}"#)
        .json();
    for number in 0..600 {
        server.append(
            "small",
            &format!("{{\"number\":{number},\"filler\":\"{}\"}}", "x".repeat(100)),
        );
    }
    let info = server.get("/v0/pools/small/info").json();
    let oldest = info["pool"]["bounds"]["oldest"].as_u64().unwrap();
    assert!(oldest > 100, "it has wrapped");
    // A tail without a position starts at the oldest retained message, with every policy.
    for policy in ["continue", "error", "event"] {
        let shown = server
            .tail("small", &format!("snapshot&gap_policy={policy}"))
            .rest();
        assert_eq!(seqs(&shown), (oldest..=600).collect::<Vec<_>>(), "{policy}");
    }
    let shown = server.tail("small", "snapshot&since_seq=5").rest();
    assert_eq!(seqs(&shown), (oldest..=600).collect::<Vec<_>>());
    let lost = server.tail("small", "since_seq=5&gap_policy=error").rest();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0]["error"]["kind"], "RetentionGap");
    assert_eq!(lost[0]["error"]["seq"], 5);
    let mut told = server.tail("small", "snapshot&since_seq=5&gap_policy=event");
    let gap = told.json();
    assert_eq!(
        gap,
        json!({"gap":{"first":5,"last":oldest - 1,"count":oldest - 5}})
    );
    assert_eq!(told.json()["seq"], oldest);
    let events = server.get("/v0/ui/pools/small/events?since_seq=5&gap_policy=error");
    let text = events.text();
    assert!(
        text.contains("event: error\ndata: {\"error\":{\"kind\":\"RetentionGap\""),
        "{text}"
    );
}

#[test]
fn a_slow_reader_loses_messages_and_is_told_which() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server
        .post("/v0/pools", r#"{"pool":"small","size_bytes":65536}"#)
        .json();
    let mut tail = server.tail("small", "since_seq=1&gap_policy=event");
    // More than sockets and buffers hold, in a pool that holds little.
    let filler = "x".repeat(20_000);
    let client = plasmite::Client::new(scratch.pools()).unwrap();
    let pool = client.open_pool("small").unwrap();
    let mut last = 0;
    for _ in 0..1_500 {
        let data = format!("\"{filler}\"");
        last = pool
            .append(data.as_bytes(), &plasmite::AppendOptions::new())
            .unwrap()
            .seq;
    }
    let mut expected = 1;
    let mut lost = 0;
    while expected <= last {
        let next = tail.json();
        if let Some(gap) = next.get("gap") {
            assert_eq!(gap["first"], expected);
            lost += gap["count"].as_u64().unwrap();
            expected = gap["last"].as_u64().unwrap() + 1;
        } else {
            assert_eq!(next["seq"], expected, "nothing is lost without a word");
            expected += 1;
        }
    }
    assert!(lost > 0, "the reader was slow");
    let metrics = server.get("/metrics").text().to_owned();
    assert!(
        metrics.contains(&format!("plasmite_tail_lost_messages_total {lost}\n")),
        "{metrics}"
    );
}

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
fn a_filter_that_gives_no_truth_value_ends_its_tail() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 2, &[]);
    let shown = server.tail("lab", "where=.data.n").rest();
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["error"]["kind"], "Usage");
    assert_eq!(shown[0]["error"]["seq"], 1);
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
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    if rustix::process::geteuid().is_root() {
        println!("left out: root may write every file");
        return;
    }
    let mode = std::fs::Permissions::from_mode(0o400);
    std::fs::set_permissions(scratch.pool("lab"), mode).unwrap();
    let server = Server::start(&scratch, &[]);
    assert_eq!(server.tail("lab", "max=1").rest().len(), 1);
}
