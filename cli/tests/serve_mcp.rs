//! `POST /mcp`: the Model Context Protocol over HTTP.
#![cfg(feature = "serve")]

mod common;

use common::http::Answer;
use common::mcp::{call, code, content, failure, request};
use common::server::{filled, seqs, Server};
use common::Scratch;
use rustix::process::Signal;
use serde_json::{json, Value};
use std::time::Duration;

const JSON: (&str, &str) = ("content-type", "application/json");

fn ask(server: &Server, message: &Value) -> Value {
    server.post("/mcp", &message.to_string()).json()
}

/// Returns once so many waits are under way.
fn until_waits(server: &Server, count: usize) {
    let wanted = format!("plasmite_mcp_waits {count}\n");
    while !server.get("/metrics").text().contains(&wanted) {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A call whose answer is read later.
fn begin(server: &Server, message: &Value) -> common::http::Wire {
    let mut wire = server.wire();
    wire.request("POST", "/mcp", &[JSON], message.to_string().as_bytes());
    wire
}

fn tools(server: &Server) -> Vec<String> {
    let answer = ask(server, &request(1, "tools/list", Value::Null));
    let tools = answer["result"]["tools"].as_array().unwrap();
    tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap().replace("plasmite_", ""))
        .collect()
}

#[test]
fn the_transport() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 2, &["--max-body-bytes", "4096"]);
    let asked = json!({"protocolVersion": "2025-06-18"});
    let answer = ask(&server, &request(1, "initialize", asked));
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
    for quiet in [
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","method":"whatever"}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{}}"#,
    ] {
        let answer = server.post("/mcp", quiet);
        assert_eq!((answer.status, answer.text()), (202, ""), "{quiet}");
    }
    for (body, status, wanted) in [
        ("{", 400, -32700),
        ("", 400, -32700),
        ("[]", 200, -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, 200, -32600),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"logging/setLevel"}"#,
            200,
            -32601,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":7}"#,
            200,
            -32602,
        ),
    ] {
        let answer = server.post("/mcp", body);
        assert_eq!(answer.status, status, "{body}");
        let answer: Value = serde_json::from_str(answer.text()).unwrap();
        assert_eq!(code(&answer), wanted, "{body}");
    }
    let ping = request(1, "ping", Value::Null).to_string();
    let with = |headers: &[(&str, &str)]| server.ask("POST", "/mcp", headers, ping.as_bytes());
    for version in ["2025-11-25", "2025-06-18"] {
        with(&[JSON, ("mcp-protocol-version", version)]).json();
    }
    // Its clients know no `structuredContent`.
    for version in ["2025-03-26", "2024-11-05"] {
        with(&[JSON, ("mcp-protocol-version", version)]).error(400, "Usage");
    }
    with(&[("content-type", "text/plain")]).error(415, "Usage");
    with(&[]).error(415, "Usage");
    with(&[JSON, ("origin", "http://evil.example")]).error(403, "Permission");
    with(&[JSON, ("origin", "null")]).error(403, "Permission");
    with(&[JSON, ("origin", "http://localhost")]).json();
    with(&[JSON, ("host", "evil.example")]).error(403, "Permission");
    for method in ["GET", "DELETE", "PUT"] {
        server.ask(method, "/mcp", &[], b"").error(405, "Usage");
    }
    let large = request(1, "ping", json!({"x": "y".repeat(5000)})).to_string();
    server.post("/mcp", &large).error(413, "Usage");
}

#[test]
fn the_tools() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 5, &[]);
    let run = |tool: &str, arguments: Value| ask(&server, &call(1, tool, arguments));
    let list = content(&run("pool_list", json!({})));
    assert_eq!(
        list["pools"][0]["path"], "lab.plasmite",
        "no paths of the server"
    );
    content(&run("pool_create", json!({"name": "new"})));
    failure(&run("pool_create", json!({"name": "new"})), "AlreadyExists");
    assert_eq!(
        content(&run("pool_info", json!({"pool": "new"})))["pool"]["name"],
        "new"
    );
    content(&run("pool_delete", json!({"pool": "new"})));
    let fed = content(&run(
        "feed",
        json!({"pool": "lab", "data": [1], "tags": ["x"]}),
    ));
    let fetched = content(&run("fetch", json!({"pool": "lab", "seq": 6})));
    assert_eq!(fed, fetched);
    let batch = content(&run(
        "read",
        json!({"pool": "lab", "count": 2, "where": ".data.n != null", "tags": ["odd"]}),
    ));
    assert_eq!(seqs(batch["messages"].as_array().unwrap()), [3, 5]);
    assert_eq!(
        failure(&run("read", json!({"pool": "lab", "since": "5é"})), "Usage")["field"],
        "since"
    );
    let missing = failure(&run("pool_info", json!({"pool": "none"})), "NotFound");
    let text = missing.to_string();
    assert!(!text.contains(scratch.path().to_str().unwrap()), "{text}");
    let read = request(1, "resources/read", json!({"uri": "plasmite:///pools/lab"}));
    let text = ask(&server, &read)["result"]["contents"][0]["text"]
        .as_str()
        .unwrap()
        .to_owned();
    let batch: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(batch["newest_available_seq"], 6);
    let metrics = server.get("/metrics");
    assert!(
        metrics.text().contains("plasmite_appends_total 6"),
        "{}",
        metrics.text()
    );
}

#[test]
fn access_is_judged_for_each_tool() {
    let scratch = Scratch::new();
    drop(filled(&scratch, 1, &[]));
    let resources = request(1, "resources/list", Value::Null);
    let resource = request(1, "resources/read", json!({"uri": "plasmite:///pools/lab"}));
    let server = Server::start(&scratch, &["--access", "read-only"]);
    assert_eq!(
        tools(&server),
        ["pool_list", "pool_info", "fetch", "read", "wait"]
    );
    for (tool, arguments) in [
        ("feed", json!({"pool": "lab", "data": 1})),
        ("pool_create", json!({"name": "x"})),
        ("pool_delete", json!({"pool": "lab"})),
        ("feed", json!({"nonsense": 1})),
    ] {
        let failed = failure(&ask(&server, &call(1, tool, arguments)), "Permission");
        assert!(failed["hint"].is_string());
    }
    content(&ask(&server, &call(1, "read", json!({"pool": "lab"}))));
    assert_eq!(
        ask(&server, &resources)["result"]["resources"][0]["name"],
        "lab"
    );
    drop(server);
    let server = Server::start(&scratch, &["--access", "write-only"]);
    assert_eq!(tools(&server), ["pool_create", "pool_delete", "feed"]);
    for tool in ["pool_list", "pool_info", "fetch", "read", "wait"] {
        failure(
            &ask(&server, &call(1, tool, json!({"pool": "lab"}))),
            "Permission",
        );
    }
    content(&ask(
        &server,
        &call(1, "feed", json!({"pool": "lab", "data": 1})),
    ));
    for message in [&resources, &resource] {
        let answer = ask(&server, message);
        assert_eq!(code(&answer), -32000);
        assert_eq!(answer["error"]["data"]["error_kind"], "Permission");
    }
}

#[test]
fn the_token_comes_first() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--token", "secret"]);
    let ping = request(1, "ping", Value::Null).to_string();
    let with = |headers: &[(&str, &str)], body: &str| -> Answer {
        server.ask("POST", "/mcp", headers, body.as_bytes())
    };
    with(&[JSON], &ping).error(401, "Permission");
    with(&[], "not JSON").error(401, "Permission");
    with(&[JSON, ("authorization", "Bearer wrong")], &ping).error(401, "Permission");
    with(&[JSON, ("authorization", "Bearer secret")], &ping).json();
}

#[test]
fn waits_hold_places_and_no_threads() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 1, &["--max-tail-concurrency", "3"]);
    let wait = |tag: &str| {
        call(
            1,
            "wait",
            json!({"pool": "lab", "tags": [tag], "timeout_ms": 60_000}),
        )
    };
    let mut waiting: Vec<_> = ["a", "b", "c"]
        .iter()
        .map(|tag| begin(&server, &wait(tag)))
        .collect();
    until_waits(&server, 3);
    let now = call(
        1,
        "wait",
        json!({"pool": "lab", "after_seq": 0, "timeout_ms": 0}),
    );
    let full = failure(&ask(&server, &now), "Busy");
    assert!(full["hint"]
        .as_str()
        .unwrap()
        .contains("--max-tail-concurrency"));
    // As many threads that may block as there are waits: none of them is held.
    for _ in 0..10 {
        server.get("/v0/pools").json();
    }
    // A client that goes away gives its place back.
    drop(waiting.pop());
    until_waits(&server, 2);
    content(&ask(&server, &now));
    for (wire, tag) in waiting.iter_mut().zip(["a", "b"]) {
        let feed = json!({"pool": "lab", "data": tag, "tags": [tag]});
        content(&ask(&server, &call(1, "feed", feed)));
        let batch = content(&wire.answer().json());
        assert_eq!(batch["messages"][0]["data"], tag);
    }
    content(&ask(
        &server,
        &call(1, "wait", json!({"pool": "lab", "timeout_ms": 1})),
    ));
}

#[test]
fn one_message_reaches_all_who_wait() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 1, &["--max-tail-concurrency", "16"]);
    let wait = call(1, "wait", json!({"pool": "lab", "timeout_ms": 60_000}));
    for round in 2..=4 {
        let mut waiting: Vec<_> = (0..16).map(|_| begin(&server, &wait)).collect();
        until_waits(&server, 16);
        scratch.feed("lab", &["7"]);
        for wire in &mut waiting {
            let batch = content(&wire.answer().json());
            assert_eq!(seqs(batch["messages"].as_array().unwrap()), [round]);
        }
        until_waits(&server, 0);
    }
}

#[test]
fn a_stop_ends_waits() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 1, &["--max-tail-concurrency", "1"]);
    let long = call(1, "wait", json!({"pool": "lab", "timeout_ms": 60_000}));
    let mut wire = begin(&server, &long);
    until_waits(&server, 1);
    let (exit, _) = server.stop(Signal::TERM);
    assert_eq!(exit, Some(0));
    let batch = content(&wire.answer().json());
    assert_eq!(batch["timed_out"], true);
}

/// Messages of an answer are gathered in memory: however many are asked for, they are no more than some bytes.
#[test]
fn a_batch_of_large_messages_goes_on_in_the_next() {
    const MOST: usize = 2 << 20;
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--max-body-bytes", "4194304"]);
    let pool = r#"{"pool":"lab","size_bytes":33554432}"#;
    server.post("/v0/pools", pool).json();
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes));
    for number in 1..=24 {
        // One is larger than a batch.
        let bytes = if number == 3 { MOST + 1 } else { 200_000 };
        server.append("lab", &text(bytes));
    }
    let batch = |tool: &str, mut arguments: Value| {
        arguments["pool"] = "lab".into();
        arguments["count"] = 200.into();
        let answer = server.post("/mcp", &call(1, tool, arguments).to_string());
        let batch = content(&answer.json());
        let seqs = seqs(batch["messages"].as_array().unwrap());
        assert!(answer.body.len() < MOST + 4096 || seqs.len() == 1);
        assert!(answer.text().contains("did not fit") || seqs.contains(&24) || seqs.is_empty());
        (seqs, batch["next_after_seq"].as_u64().unwrap())
    };
    for tool in ["read", "wait"] {
        let (mut all, mut after) = (Vec::new(), 0);
        while after < 24 {
            let (seqs, next) = batch(tool, json!({ "after_seq": after }));
            assert_eq!(seqs.last(), Some(&next));
            all.push(seqs);
            after = next;
        }
        assert_eq!(all[..2], [vec![1, 2], vec![3]]);
        assert_eq!(all.concat(), (1..=24).collect::<Vec<u64>>());
    }
    // What was passed over before the one that does not fit is not looked at again.
    let (seqs, next) = batch(
        "read",
        json!({"after_seq": 0, "where": ".seq == 1 or .seq == 3"}),
    );
    assert_eq!((seqs, next), (vec![1], 2));
    let (newest, next) = batch("read", json!({}));
    assert_eq!((newest[..].last(), next), (Some(&24), 24));
    assert!(newest[0] > 12 && newest.is_sorted(), "{newest:?}");
    let read = request(1, "resources/read", json!({"uri": "plasmite:///pools/lab"}));
    assert!(ask(&server, &read).to_string().len() < MOST + 8192);
}
