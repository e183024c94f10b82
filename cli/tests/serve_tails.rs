//! Tails: what they show, how they end, what they cost.
#![cfg(feature = "serve")]

mod common;

use common::http::TailLines;
use common::server::{filled, seqs, Server};
use common::Scratch;
use serde_json::{json, Value};

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
            "resume=nonsense",
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
    while ids.len() < 49 {
        let line = events.line().expect("another line");
        if let Some(id) = line.strip_prefix("id: ") {
            ids.push(id.parse::<u64>().unwrap());
        }
    }
    assert_eq!(
        ids,
        (2..=50).collect::<Vec<_>>(),
        "none of the place before, which lay ahead"
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

/// The ids and the seqs of messages in a body of events.
fn ids_and_seqs(text: &str) -> (Vec<u64>, Vec<u64>) {
    let after = |line: &str, prefix: &str| line.strip_prefix(prefix).map(str::to_owned);
    let ids = text.lines().filter_map(|line| after(line, "id: "));
    let data = text.lines().filter_map(|line| after(line, "data: "));
    let data: Vec<Value> = data
        .map(|data| serde_json::from_str(&data).unwrap())
        .collect();
    (ids.map(|id| id.parse().unwrap()).collect(), seqs(&data))
}

#[test]
fn events_from_a_seq_that_is_still_to_come_have_no_id() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 5, &[]);
    let path = "/v0/ui/pools/lab/events?since_seq=1000&timeout_ms=250&heartbeat_ms=100";
    let answer = server.get(path);
    assert!(
        answer.text().contains(": keep-alive\n\n"),
        "{}",
        answer.text()
    );
    assert_eq!(ids_and_seqs(answer.text()), (vec![], vec![]));
    // The very next one does not lie ahead.
    let answer = server.get("/v0/ui/pools/lab/events?since_seq=6&timeout_ms=1");
    assert_eq!(ids_and_seqs(answer.text()), (vec![5], vec![]));
}

#[test]
fn events_resume_backwards() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 5, &[]);
    let ask = |query: &str, id: &str| {
        let path = format!("/v0/ui/pools/lab/events?backwards{query}");
        let headers = [("last-event-id", id)];
        let headers = if id.is_empty() { &[][..] } else { &headers };
        let answer = server.ask("GET", &path, headers, b"");
        ids_and_seqs(answer.text())
    };
    let down = |seqs: &[u64]| (seqs.to_vec(), seqs.to_vec());
    assert_eq!(ask("", ""), down(&[5, 4, 3, 2, 1]));
    assert_eq!(ask("&tag=odd", ""), down(&[5, 3, 1]));
    assert_eq!(ask("", "4"), down(&[3, 2, 1]));
    assert_eq!(ask("&max=1", "4"), down(&[3]));
    for last in ["1", "0"] {
        assert_eq!(ask("", last), down(&[]));
        assert_eq!(ask("&max=7", last), down(&[]));
    }
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
    let mut found = Vec::new();
    for (seq, time, document) in frames(&answer.body) {
        let json = plasmite::lite3_to_json(document).unwrap();
        let json: Value = serde_json::from_slice(&json).unwrap();
        let message = server.get(&format!("/v0/pools/lab/messages/{seq}")).json();
        assert_eq!(message["message"]["data"], json["data"]);
        assert_eq!(
            message["message"]["time"],
            plasmite::format_time(time).unwrap()
        );
        found.push(seq);
    }
    assert_eq!(found, [2, 3]);
}

/// The frames of a body: seq, time and bytes.
#[track_caller]
fn frames(mut rest: &[u8]) -> Vec<(u64, u64, &[u8])> {
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (head, tail) = rest.split_at(20);
        let number = |range| u64::from_be_bytes(<[u8; 8]>::try_from(&head[range]).unwrap());
        let length = u32::from_be_bytes(head[16..].try_into().unwrap()) as usize;
        let (body, tail) = tail.split_at(length);
        found.push((number(0..8), number(8..16), body));
        rest = tail;
    }
    found
}

#[test]
fn control_frames() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 3, &["--max-tail-timeout-ms", "300"]);
    server.append("lab", "{\"big\":18446744073709551615}");
    let told = |query: &str| -> Vec<(u64, Value)> {
        let answer = server.get(&format!("/v0/pools/lab/tail_lite3?control&{query}"));
        frames(&answer.body)
            .into_iter()
            .map(|(seq, time, body)| match seq {
                0 => {
                    assert_eq!(time, 0);
                    (0, serde_json::from_slice(body).unwrap())
                }
                seq => (seq, Value::Null),
            })
            .collect()
    };
    let found = told("snapshot&since_seq=2");
    let position = &found[0].1["position"];
    assert_eq!(position["next_seq"], 2);
    let token = position["resume"].as_str().unwrap();
    assert_eq!((found[1].0, found[2].0), (2, 3));
    assert_eq!(found[3].1["message"]["data"]["big"], u64::MAX);
    assert_eq!(found[4].1["position"]["next_seq"], 5);
    assert_eq!(found[5].1, json!({"end": {"reason": "done"}}));
    assert_eq!(found.len(), 6);
    let resumed = told(&format!("resume={token}&max=1"));
    assert_eq!(resumed[1].0, 2);

    let back = told("backwards&max=2");
    assert_eq!(back[0].1["position"]["next_seq"], 4);
    let position = &back[back.len() - 2].1["position"];
    assert_eq!(position["next_seq"], 2);
    let token = position["resume"].as_str().unwrap();
    let resumed = told(&format!("backwards&resume={token}"));
    assert_eq!((resumed[1].0, resumed[2].0), (2, 1));
    assert_eq!(resumed[3].1["position"]["next_seq"], 0);

    let idle = told("start=now&heartbeat_ms=100");
    assert!(idle.len() >= 4, "{idle:?}");
    assert!(idle[1].1["position"]["next_seq"] == 5);
    assert_eq!(idle.last().unwrap().1["end"]["reason"], "timeout");
    // What was looked at and not wanted moves the place on, too.
    let filtered = told("tag=never&timeout_ms=50");
    let last = filtered.len() - 2;
    assert_eq!(filtered[last].1["position"]["next_seq"], 5);

    let failed = told("where=.data.n&snapshot");
    let error = &failed.last().unwrap().1["error"];
    assert_eq!(
        (&error["kind"], &error["seq"]),
        (&json!("Usage"), &json!(1))
    );
    for bad in ["gap_policy=what", "heartbeat_ms=1", "control=perhaps"] {
        let path = format!("/v0/pools/lab/tail_lite3?control&{bad}");
        server.get(&path).error(400, "Usage");
    }
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
fn a_filter_that_gives_no_truth_value_ends_its_tail() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 2, &[]);
    let shown = server.tail("lab", "where=.data.n").rest();
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["error"]["kind"], "Usage");
    assert_eq!(shown[0]["error"]["seq"], 1);
}
