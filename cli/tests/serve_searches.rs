//! Searches: tails and batches with filters that take long. They hold nobody up, and end when they are to.
#![cfg(feature = "serve")]

mod common;

use common::http::Wire;
use common::mcp::{call, content};
use common::server::{seqs, Server};
use common::Scratch;
use rustix::process::Signal;
use serde_json::{json, Value};
use std::time::Duration;

/// Some milliseconds for a message, within the limits of filters, and no match.
const SLOW: &str = "reduce range(40000) as $i (0; . + $i) | . < 0";

/// A server with the pool `lab` of so many messages.
fn filled(scratch: &Scratch, messages: u64, options: &[&str]) -> Server {
    let server = Server::start(scratch, options);
    server.create("lab");
    let client = plasmite::Client::new(scratch.pools()).unwrap();
    let pool = client.open_pool("lab").unwrap();
    for number in 1..=messages {
        let data = number.to_string();
        pool.append(data.as_bytes(), &plasmite::AppendOptions::new())
            .unwrap();
    }
    server
}

/// The query of a filter.
fn filter(expression: &str) -> String {
    let encoded: String = expression
        .bytes()
        .map(|byte| format!("%{byte:02x}"))
        .collect();
    format!("where={encoded}")
}

/// What the control frames of a tail say; a message's frame is its seq.
fn frames(server: &Server, query: &str) -> Vec<Value> {
    let answer = server.get(&format!("/v0/pools/lab/tail_lite3?control&{query}"));
    let mut rest = &answer.body[..];
    let mut told = Vec::new();
    while let Some((head, tail)) = rest.split_at_checked(20) {
        let length = u32::from_be_bytes(head[16..].try_into().unwrap());
        let (body, tail) = tail.split_at(length as usize);
        told.push(match u64::from_be_bytes(head[..8].try_into().unwrap()) {
            0 => serde_json::from_slice(body).unwrap(),
            seq => seq.into(),
        });
        rest = tail;
    }
    told
}

/// The control frames among them.
fn told(server: &Server, query: &str) -> Vec<Value> {
    let mut frames = frames(server, query);
    frames.retain(Value::is_object);
    frames
}

/// Begins calls of `plasmite_read` that take very long.
fn slow_reads(server: &Server, count: usize) -> Vec<Wire> {
    let read = call(1, "read", json!({"pool": "lab", "where": SLOW})).to_string();
    let json = [("content-type", "application/json")];
    (0..count)
        .map(|_| {
            let mut wire = server.wire();
            wire.request("POST", "/mcp", &json, read.as_bytes());
            wire
        })
        .collect()
}

#[test]
fn a_tail_ends_in_the_middle_of_a_search() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 60, &[]);
    for query in ["", "&backwards"] {
        let told = told(&server, &format!("timeout_ms=20&{}{query}", filter(SLOW)));
        let (position, end) = (&told[told.len() - 2], &told[told.len() - 1]);
        assert_eq!(end["end"]["reason"], "timeout", "{told:?}");
        let next = position["position"]["next_seq"].as_u64().unwrap();
        assert!((1..=60).contains(&next), "{query}: {told:?}");
    }
    // A resumed tail goes on there, until there is no more.
    let mut start = String::new();
    loop {
        let query = format!("timeout_ms=200&snapshot&{}{start}", filter(SLOW));
        let told = told(&server, &query);
        if told[told.len() - 1]["end"]["reason"] == "done" {
            break;
        }
        let resume = &told[told.len() - 2]["position"]["resume"];
        start = format!("&resume={}", resume.as_str().unwrap());
    }
}

#[test]
fn tails_with_filters_of_all_kinds_hear_of_news() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 200, &[]);
    let heavy = "[range(1000)] | length == 1000";
    let queries = [
        format!("start=now&{}", filter(heavy)),
        format!("start=now&{}", filter(".data == 201")),
        format!("since_seq=201&{}", filter(heavy)),
        format!("tail=1&{}", filter(".data == 201 or .data == 3")),
        format!("tail=1&{}", filter(".data == 3")),
        format!("max=2&{}", filter(".data == 1 or .data == 201")),
    ];
    let mut tails: Vec<_> = queries
        .iter()
        .map(|query| server.tail("lab", query))
        .collect();
    assert_eq!(tails[3].json()["seq"], 3);
    assert_eq!(tails[4].json()["seq"], 3);
    assert_eq!(tails[5].json()["seq"], 1);
    server.append("lab", "201");
    for tail in [0, 1, 2, 3, 5] {
        assert_eq!(tails[tail].json()["seq"], 201, "{}", queries[tail]);
    }
}

#[test]
fn a_search_leaves_nothing_of_its_pool_behind() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 200, &[]);
    let query = format!("snapshot&{}", filter(".data == 7"));
    for _ in 0..3 {
        assert_eq!(server.tail("lab", &query).rest().len(), 1);
    }
    server.ask("DELETE", "/v0/pools/lab", &[], b"").json();
    let maps = format!("/proc/{}/maps", server.pid().as_raw_nonzero());
    while std::fs::read_to_string(&maps)
        .unwrap()
        .contains("lab.plasmite")
    {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn searches_that_nobody_waits_for_end() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 4_000, &[]);
    let reads = slow_reads(&server, 12);
    std::thread::sleep(Duration::from_millis(200));
    drop(reads);
    let mut tail = server.tail("lab", &format!("max=1&{}", filter(".data == 3")));
    assert_eq!(tail.json()["seq"], 3);
    assert_eq!(tail.line(), None);
    // Their places are all free again.
    let query = format!("max=1&{}", filter("[range(9)] | length == 9"));
    let mut tails: Vec<_> = (0..8).map(|_| server.tail("lab", &query)).collect();
    for tail in &mut tails {
        assert_eq!(tail.json()["seq"], 1);
    }
}

/// Searches for the last few that match, from which not even the first step comes back for long, stop neither other requests
/// nor the server's end.
#[test]
fn a_search_for_the_last_few_holds_nobody_up() {
    let scratch = Scratch::with_patience(Duration::from_secs(120));
    let server = filled(&scratch, 4_000, &[]);
    for failing in [SLOW, "[range(3000000)] | length > 1"] {
        let query = format!("tail=1&{}", filter(failing));
        for form in [
            "pools/lab/tail?",
            "ui/pools/lab/events?",
            "pools/lab/tail_lite3?control&",
        ] {
            for _ in 0..4 {
                let mut wire = server.wire();
                let path = format!("/v0/{form}{query}");
                wire.request("GET", &path, &[], b"");
            }
            server.get("/v0/pools/lab/info").json();
        }
        let told = told(&server, &format!("timeout_ms=50&{query}"));
        let [first, .., last, end] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(first["position"]["searching"], true, "{told:?}");
        assert_eq!(last["position"]["searching"], true, "{told:?}");
        assert_eq!(end["end"]["reason"], "timeout", "{told:?}");
    }
    let (code, log) = server.stop(Signal::TERM);
    assert_eq!(code, Some(0), "{log}");
}

/// Some milliseconds for each of the messages but the first few, which match.
fn early(count: u64) -> String {
    filter(&format!(".data <= {count} or ({SLOW})"))
}

/// A search for the last few that takes longer than a tail may live is not part of that life, and gives signs of life.
#[test]
fn a_search_for_the_last_few_comes_to_its_end() {
    let scratch = Scratch::with_patience(Duration::from_secs(120));
    let server = filled(&scratch, 100, &["--max-tail-timeout-ms", "100"]);
    let query = format!("tail=3&{}", early(5));
    let messages = server.tail("lab", &query).rest();
    assert_eq!(seqs(&messages), [3, 4, 5]);
    let frames = told(&server, &format!("heartbeat_ms=100&{query}"));
    let positions: Vec<_> = frames
        .iter()
        .filter_map(|frame| frame.get("position"))
        .collect();
    let searching = |position: &&&Value| position.get("searching").is_some();
    assert!(positions.iter().filter(searching).count() > 1, "{frames:?}");
    assert_eq!(positions[positions.len() - 1].get("searching"), None);
    // One that finds nothing says so at once.
    let told = told(&server, &format!("tail=3&{}", filter("false")));
    let searching: Vec<_> = told
        .iter()
        .filter_map(|frame| Some(frame.get("position")?.get("searching").is_some()))
        .collect();
    assert_eq!(searching, [true, false, false], "{told:?}");
    // Events have no id before that: resuming there would leave out what is found.
    let answer = server.get(&format!("/v0/ui/pools/lab/events?heartbeat_ms=100&{query}"));
    let text = String::from_utf8(answer.body).unwrap();
    let ids: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("id:"))
        .collect();
    assert_eq!(ids[..3], ["id: 3", "id: 4", "id: 5"], "{text}");
    assert!(text.contains(": keep-alive"), "{text}");
}

/// Once messages have come the start is found, however long the tail looks for more.
#[test]
fn what_gave_messages_does_not_search_any_more() {
    let scratch = Scratch::with_patience(Duration::from_secs(120));
    let server = filled(&scratch, 100, &[]);
    let query = format!("snapshot&heartbeat_ms=100&tail=3&{}", early(5));
    let frames = frames(&server, &query);
    let first = frames.iter().position(Value::is_u64).unwrap();
    for frame in &frames[first..] {
        assert!(!frame.to_string().contains("searching"), "{frames:?}");
    }
}

/// A client's stream gives what it would give locally, and its token waits for the start.
#[test]
fn clients_see_searches_to_their_end() {
    let scratch = Scratch::with_patience(Duration::from_secs(120));
    let server = filled(&scratch, 100, &["--max-tail-timeout-ms", "100"]);
    let client = plasmite::Client::new(scratch.pools()).unwrap();
    let wanted = plasmite::Filter::new(&format!(".data <= 5 or ({SLOW})")).unwrap();
    let options = plasmite::TailOptions::new()
        .start(plasmite::Start::Last(3))
        .filter(&wanted)
        .snapshot(true);
    let [here, there] = ["lab", &server.url("lab")].map(|reference| {
        let pool = client.open_pool(reference).unwrap();
        let mut stream = pool.tail(&options).unwrap();
        let token = stream.token().unwrap();
        let mut seqs = Vec::new();
        while let plasmite::Next::Message(view) = stream.next(plasmite::Wait::Forever).unwrap() {
            seqs.push(view.seq());
        }
        (token, seqs)
    });
    assert_eq!(here.1, [3, 4, 5]);
    assert_eq!(here, there);
}

#[test]
fn a_wait_ends_in_the_middle_of_a_search() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 4_000, &[]);
    let wait = json!({"pool": "lab", "after_seq": 0, "timeout_ms": 300, "where": SLOW});
    let answer = server.post("/mcp", &call(1, "wait", wait).to_string());
    let batch = content(&answer.json());
    assert_eq!(batch["timed_out"], true);
    let looked = batch["next_after_seq"].as_u64().unwrap();
    assert!((1..4_000).contains(&looked), "{batch}");
}

#[test]
fn tails_and_waits_end_while_all_places_for_searches_are_taken() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 4_000, &[]);
    let _reads = slow_reads(&server, 16);
    std::thread::sleep(Duration::from_millis(200));
    let told = told(&server, &format!("timeout_ms=50&{}", filter(SLOW)));
    assert_eq!(told[told.len() - 1]["end"]["reason"], "timeout");
    let wait = json!({"pool": "lab", "after_seq": 0, "timeout_ms": 50, "where": SLOW});
    let answer = server.post("/mcp", &call(1, "wait", wait).to_string());
    assert_eq!(content(&answer.json())["timed_out"], true);
    let (code, log) = server.stop(Signal::TERM);
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn a_batch_has_what_was_found_in_its_time() {
    let scratch = Scratch::with_patience(Duration::from_secs(120));
    let server = filled(&scratch, 8_000, &[]);
    let some = format!(".seq == 1 or ({SLOW})");
    let read = json!({"pool": "lab", "after_seq": 0, "where": some});
    let answer = server.post("/mcp", &call(1, "read", read).to_string());
    let answer = answer.json();
    let batch = content(&answer);
    assert_eq!(batch["messages"].as_array().unwrap().len(), 1);
    let looked = batch["next_after_seq"].as_u64().unwrap();
    assert!((2..8_000).contains(&looked), "{batch}");
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("time was up"), "{text}");
}
