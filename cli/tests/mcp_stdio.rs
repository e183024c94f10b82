//! `mcp`: the Model Context Protocol on standard input and output.
#![cfg(feature = "serve")]

mod common;

use common::mcp::{batch_seqs, call, code, content, failure, filled, request, run, Session};
use common::Scratch;
use serde_json::{json, Value};

#[test]
fn versions_are_negotiated() {
    let scratch = Scratch::new();
    let mut session = Session::start(&scratch);
    for (asked, answered) in [
        (json!({"protocolVersion": "2025-11-25"}), "2025-11-25"),
        (json!({"protocolVersion": "2025-06-18"}), "2025-06-18"),
        (json!({"protocolVersion": "2025-03-26"}), "2025-11-25"),
        (json!({"protocolVersion": "1999-01-01"}), "2025-11-25"),
        (json!({"protocolVersion": 7}), "2025-11-25"),
        (json!({}), "2025-11-25"),
        (Value::Null, "2025-11-25"),
    ] {
        let result = session.ask(&request(1, "initialize", asked))["result"].clone();
        assert_eq!(result["protocolVersion"], answered);
        assert_eq!(
            result["serverInfo"],
            json!({"name": "plasmite", "version": env!("CARGO_PKG_VERSION")})
        );
        assert_eq!(
            result["capabilities"],
            json!({"tools": {"listChanged": false}, "resources": {"subscribe": false, "listChanged": false}})
        );
        let told = result["instructions"].as_str().unwrap();
        for word in [
            "next_after_seq",
            "fell_behind",
            "error_kind",
            "create",
            "plasmite_wait",
        ] {
            assert!(told.contains(word), "{word}");
        }
    }
    assert_eq!(session.end(), (vec![], Some(0)));
}

#[test]
fn errors_of_the_protocol() {
    let scratch = Scratch::new();
    let input = [
        &b"\n  \n{\n"[..],
        b"\xff\xfe\n",
        b"[]\n7\n{}\n",
        br#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
        b"\n",
        br#"{"jsonrpc":"2.0","id":"s","method":"prompts/list"}"#,
        b"\n",
        br#"{"jsonrpc":"2.0","id":2,"method":"ping","params":[]}"#,
        b"\n",
        br#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"nope"}}"#,
        b"\n",
        br#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{}}"#,
        b"\n",
        br#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"plasmite_pool_list","arguments":[]}}"#,
        b"\n",
        br#"{"jsonrpc":"2.0","id":6,"method":"resources/read","params":{}}"#,
        b"\n",
        br#"{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"plasmite:///pools/a/b"}}"#,
        b"\n",
        br#"{"jsonrpc":"2.0","id":8,"method":"resources/read","params":{"uri":"plasmite:///pools/none"}}"#,
        b"\n",
        // No newline behind the last one.
        br#"{"jsonrpc":"2.0","id":9,"method":"tools/list","params":7}"#,
    ]
    .concat();
    let answers = run(&scratch, &input);
    let found: Vec<(Value, i64)> = answers
        .iter()
        .map(|answer| (answer["id"].clone(), code(answer)))
        .collect();
    let null = Value::Null;
    assert_eq!(
        found,
        [
            (null.clone(), -32700),
            (null.clone(), -32700),
            (null.clone(), -32600),
            (null.clone(), -32600),
            (null.clone(), -32600),
            (null, -32600),
            ("s".into(), -32601),
            (2.into(), -32602),
            (3.into(), -32602),
            (4.into(), -32602),
            (5.into(), -32602),
            (6.into(), -32602),
            (7.into(), -32602),
            (8.into(), -32000),
            (9.into(), -32602),
        ]
    );
    let data = &answers[13]["error"]["data"];
    assert_eq!(data["error_kind"], "NotFound");
    assert!(data["hint"]
        .as_str()
        .unwrap()
        .contains("plasmite_pool_list"));
}

#[test]
fn notifications_and_responses_are_not_answered() {
    let scratch = Scratch::new();
    let mut session = Session::start(&scratch);
    for message in [
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}}),
        json!({"jsonrpc": "2.0", "method": "no/such"}),
        json!({"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "plasmite_pool_create", "arguments": {"name": "x"}}}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {}}),
    ] {
        session.send(&message);
    }
    let answer = session.ask(&request(Value::Null, "ping", json!({})));
    assert_eq!(answer, json!({"jsonrpc": "2.0", "id": null, "result": {}}));
    let answer = session.ask(&request("a\"b", "notifications/initialized", Value::Null));
    assert_eq!(answer["result"], json!({}));
    assert!(!scratch.pool("x").exists(), "a notification does nothing");
}

#[test]
fn waits_are_served_side_by_side() {
    let scratch = Scratch::new();
    let mut session = filled(&scratch, 2);
    for id in 1..=20 {
        let tag = format!("t{id}");
        session.send(&call(
            id,
            "wait",
            json!({"pool": "lab", "tags": [tag], "timeout_ms": 60_000}),
        ));
    }
    session.send(&call(
        "other",
        "wait",
        json!({"pool": "lab", "after_seq": 0, "count": 1}),
    ));
    assert_eq!(
        batch_seqs(&content(&session.answer())),
        [1],
        "there already"
    );
    let pong = session.ask(&request("ping", "ping", Value::Null));
    assert_eq!(pong["result"], json!({}));
    for id in (1..=20).rev() {
        // A feed behind a wait is seen by it, also through another process.
        match id % 2 {
            0 => scratch
                .run(&["feed", "lab", "7", "--tag", &format!("t{id}")])
                .ok()
                .len(),
            _ => {
                session.send(&call(
                    "feed",
                    "feed",
                    json!({"pool": "lab", "data": 7, "tags": [format!("t{id}")]}),
                ));
                0
            }
        };
        let mut answers = vec![session.answer()];
        if id % 2 == 1 {
            answers.push(session.answer());
        }
        let woken = answers
            .iter()
            .find(|answer| answer["id"] == id)
            .expect("woken");
        let batch = content(woken);
        assert_eq!(batch["messages"][0]["data"], 7);
        assert_eq!(batch["timed_out"], false);
        assert_eq!(batch["next_after_seq"], batch["last_returned_seq"]);
    }
}

#[test]
fn waits_end() {
    let scratch = Scratch::new();
    let mut session = filled(&scratch, 2);
    let batch = content(&session.call("wait", json!({"pool": "lab", "timeout_ms": 20})));
    assert_eq!(batch["timed_out"], true);
    assert_eq!(batch["next_after_seq"], 2);
    let long = |pool: &str| json!({"pool": pool, "timeout_ms": 60_000});
    // Cancelled: never answered.
    session.send(&call("a", "wait", long("lab")));
    session.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "a"}}));
    // Deleted: an error.
    content(&session.call("pool_create", json!({"name": "other"})));
    session.send(&call("b", "wait", long("other")));
    scratch.run(&["pool", "delete", "other"]).ok();
    let answer = session.answer();
    assert_eq!(answer["id"], "b");
    failure(&answer, "NotFound");
    // The end of the input: answered with what there is.
    session.send(&call("c", "wait", long("lab")));
    session.send(&call(
        "d",
        "feed",
        json!({"pool": "lab", "data": 3, "tags": ["late"]}),
    ));
    session.send(&call("e", "wait", long("lab")));
    let (mut rest, exit) = session.end();
    rest.sort_by_key(|answer| answer["id"].as_str().unwrap_or_default().to_owned());
    let ids: Vec<_> = rest
        .iter()
        .map(|answer| answer["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["c", "d", "e"]);
    assert_eq!(
        batch_seqs(&content(&rest[0])),
        [3],
        "appended behind its begin"
    );
    assert_eq!(content(&rest[2])["timed_out"], true);
    assert_eq!(exit, Some(0));
}

#[test]
fn pools_as_resources() {
    let scratch = Scratch::new();
    let mut session = filled(&scratch, 25);
    for name in ["a b", "ä"] {
        content(&session.call("pool_create", json!({"name": name})));
    }
    let list = session.ask(&request(1, "resources/list", Value::Null))["result"].clone();
    let uris: Vec<_> = list["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| {
            assert_eq!(resource["mimeType"], "application/json");
            let about = resource["description"].as_str().unwrap();
            assert!(about.contains("1048576") && about.contains("overwritten"));
            resource["uri"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(
        uris,
        [
            "plasmite:///pools/%C3%A4",
            "plasmite:///pools/a%20b",
            "plasmite:///pools/lab"
        ]
    );
    for uri in &uris {
        let read =
            session.ask(&request(1, "resources/read", json!({"uri": uri})))["result"].clone();
        assert_eq!(read["contents"][0]["uri"], *uri);
        let text = read["contents"][0]["text"].as_str().unwrap();
        let batch: Value = serde_json::from_str(text).unwrap();
        let wanted: Vec<u64> = if uri.ends_with("lab") {
            (6..=25).collect()
        } else {
            vec![]
        };
        assert_eq!(batch_seqs(&batch), wanted);
    }
}

#[test]
fn a_reader_that_goes_away_is_a_quiet_end() {
    let scratch = Scratch::new();
    let mut child = scratch.spawn(&["mcp"]);
    drop(child.stdout.take());
    let mut input = child.stdin.take().expect("piped");
    use std::io::Write;
    writeln!(input, "{}", request(1, "ping", Value::Null)).expect("sent");
    let output = child
        .wait_with_output()
        .expect("it ends, though its input is open");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
}
