//! The tools of `mcp`, with good and bad arguments.
#![cfg(feature = "serve")]

mod common;

use common::mcp::{batch_seqs, content, failure, filled, request, run, Session};
use common::Scratch;
use serde_json::{json, Value};

#[test]
fn the_tools_and_their_schemas() {
    let scratch = Scratch::new();
    let mut session = Session::start(&scratch);
    let answer = session.ask(&request(1, "tools/list", json!({})));
    let tools = answer["result"]["tools"].as_array().unwrap();
    let shown: Vec<_> = tools
        .iter()
        .map(|tool| {
            let hints = &tool["annotations"];
            let hint = |name: &str| hints[name].as_bool().unwrap();
            assert!(!hint("openWorldHint"));
            assert_eq!(tool["inputSchema"]["additionalProperties"], false);
            for (name, schema) in tool["inputSchema"]["properties"].as_object().unwrap() {
                assert!(schema["description"].is_string(), "{name}");
            }
            let kinds = &tool["outputSchema"]["oneOf"][1]["properties"]["error_kind"]["enum"];
            assert!(kinds.as_array().unwrap().contains(&"RetentionGap".into()));
            (
                tool["name"].as_str().unwrap(),
                hint("readOnlyHint"),
                hint("destructiveHint"),
                hint("idempotentHint"),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("plasmite_pool_list", true, false, true),
            ("plasmite_pool_create", false, false, true),
            ("plasmite_pool_info", true, false, true),
            ("plasmite_pool_delete", false, true, true),
            ("plasmite_feed", false, false, false),
            ("plasmite_fetch", true, false, true),
            ("plasmite_read", true, false, true),
            ("plasmite_wait", true, false, true),
        ]
    );
    let count = &tools[6]["inputSchema"]["properties"]["count"];
    assert_eq!(
        (&count["minimum"], &count["maximum"]),
        (&json!(1), &json!(200))
    );
}

#[test]
fn a_pool_from_creation_to_deletion() {
    let scratch = Scratch::new();
    let mut session = Session::start(&scratch);
    assert_eq!(
        content(&session.call("pool_list", Value::Null)),
        json!({"pools": []})
    );
    let made = content(&session.call("pool_create", json!({"name": "b", "size": 65536})));
    assert_eq!(made["pool"]["file_size"], 65_536);
    content(&session.call("pool_create", json!({"name": "a", "size": null})));
    let again = failure(
        &session.call("pool_create", json!({"name": "a"})),
        "AlreadyExists",
    );
    assert!(again["hint"].as_str().unwrap().contains("unchanged"));
    let list = content(&session.call("pool_list", json!({})));
    assert_eq!(list["pools"][0]["name"], "a");
    assert_eq!(list["pools"][1]["file_size"], 65_536);
    let info = content(&session.call("pool_info", json!({"pool": "a"})));
    assert_eq!(info["pool"]["file_size"], 1 << 20);
    let gone = content(&session.call("pool_delete", json!({"pool": "a"})));
    assert_eq!(gone, json!({"deleted": {"pool": "a"}}));
    for tool in ["pool_info", "pool_delete", "read", "wait"] {
        let missing = failure(&session.call(tool, json!({"pool": "a"})), "NotFound");
        assert!(
            missing["hint"]
                .as_str()
                .unwrap()
                .contains("plasmite_pool_list"),
            "{tool}"
        );
        assert_eq!(missing["tool"], format!("plasmite_{tool}"));
    }
    let small = failure(
        &session.call("pool_create", json!({"name": "c", "size": 1})),
        "Usage",
    );
    assert!(small.get("field").is_none() && !scratch.pool("c").exists());
}

#[test]
fn feeding_and_fetching() {
    let scratch = Scratch::new();
    let mut session = Session::start(&scratch);
    let missing = failure(
        &session.call("feed", json!({"pool": "lab", "data": 1})),
        "NotFound",
    );
    assert!(missing["hint"].as_str().unwrap().contains("create"));
    let bad = json!({"pool": "lab", "data": 1, "tags": [""], "create": true});
    assert_eq!(
        failure(&session.call("feed", bad), "Usage")["field"],
        "tags"
    );
    assert!(
        !scratch.pool("lab").exists(),
        "nothing is left of a bad call"
    );
    let values = [
        "{\"b\":1,\"a\":[2]}",
        "null",
        "\"é\"",
        "18446744073709551615",
        "0.1",
        "[]",
    ];
    for (index, value) in values.iter().enumerate() {
        let line = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"plasmite_feed","arguments":{{"pool":"lab","data":{value},"tags":[" x ","y"],"create":true}}}}}}"#
        );
        let answer = run(&scratch, line.as_bytes()).remove(0);
        let message = content(&answer)["message"].clone();
        assert_eq!(message["seq"], index as u64 + 1);
        assert_eq!(
            message["meta"]["tags"],
            json!([" x ", "y"]),
            "tags are kept as they are"
        );
        assert_eq!(message["data"].to_string(), *value);
        let fetched = content(&session.call("fetch", json!({"pool": "lab", "seq": index + 1})));
        assert_eq!(fetched["message"], message);
    }
    let unknown = failure(
        &session.call("fetch", json!({"pool": "lab", "seq": 99})),
        "NotFound",
    );
    assert_eq!(unknown["seq"], 99);
    // What serde takes for a number and no pool can hold.
    let line = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"plasmite_feed","arguments":{"pool":"lab","data":1e400}}}"#;
    let answer = run(&scratch, line.as_bytes()).remove(0);
    assert_eq!(failure(&answer, "Usage")["field"], "data");
}

#[test]
fn bad_arguments_are_named() {
    let scratch = Scratch::new();
    let mut session = filled(&scratch, 1);
    for (tool, arguments, field) in [
        ("pool_list", json!({"x": 1}), "x"),
        ("pool_create", json!({}), "name"),
        ("pool_create", json!({"name": null}), "name"),
        ("pool_create", json!({"name": 7}), "name"),
        ("pool_create", json!({"name": "a/b"}), "name"),
        ("pool_create", json!({"name": "a", "size": "8M"}), "size"),
        ("pool_create", json!({"name": "a", "size": 0}), "size"),
        ("pool_create", json!({"name": "a", "size": -1}), "size"),
        ("pool_create", json!({"name": "a", "size": 1.5}), "size"),
        ("pool_info", json!({"pool": "../a"}), "pool"),
        ("pool_delete", json!({"name": "lab"}), "pool"),
        ("feed", json!({"pool": "lab"}), "data"),
        (
            "feed",
            json!({"pool": "lab", "data": 1, "tags": "x"}),
            "tags",
        ),
        (
            "feed",
            json!({"pool": "lab", "data": 1, "tags": [1]}),
            "tags",
        ),
        (
            "feed",
            json!({"pool": "lab", "data": 1, "create": 1}),
            "create",
        ),
        (
            "feed",
            json!({"pool": "lab", "data": 1, "durability": "fast"}),
            "durability",
        ),
        ("fetch", json!({"pool": "lab"}), "seq"),
        ("fetch", json!({"pool": "lab", "seq": null}), "seq"),
        ("fetch", json!({"pool": "lab", "seq": "1"}), "seq"),
        ("read", json!({"pool": "lab", "count": 0}), "count"),
        ("read", json!({"pool": "lab", "count": 201}), "count"),
        ("read", json!({"pool": "lab", "since": "5é"}), "since"),
        ("read", json!({"pool": "lab", "since": 5}), "since"),
        ("read", json!({"pool": "lab", "tags": ["a", ""]}), "tags"),
        ("read", json!({"pool": "lab", "where": ".data."}), "where"),
        (
            "read",
            json!({"pool": "lab", "where": "def f: f; f"}),
            "where",
        ),
        (
            "read",
            json!({"pool": "lab", "where": ["é".repeat(100)]}),
            "where",
        ),
        (
            "read",
            json!({"pool": "lab", "timeout_ms": 1}),
            "timeout_ms",
        ),
        (
            "wait",
            json!({"pool": "lab", "timeout_ms": 60_001}),
            "timeout_ms",
        ),
        ("wait", json!({"pool": "lab", "since": "1h"}), "since"),
    ] {
        let failed = failure(&session.call(tool, arguments.clone()), "Usage");
        assert_eq!(failed["field"], field, "{tool} {arguments}");
        let detail = failed["detail"].as_str().unwrap();
        assert!(!detail.is_empty());
    }
    assert_eq!(
        session.end(),
        (vec![], Some(0)),
        "nothing of this harms the server"
    );
}

#[test]
fn null_is_as_good_as_absent() {
    let scratch = Scratch::new();
    let mut session = filled(&scratch, 3);
    let nulls = json!({"pool": "lab", "count": null, "after_seq": null, "since": null, "tags": null, "where": null});
    assert_eq!(
        batch_seqs(&content(&session.call("read", nulls))),
        [1, 2, 3]
    );
    let nulls = json!({"pool": "lab", "after_seq": null, "count": null, "timeout_ms": 0, "tags": null, "where": null});
    assert_eq!(content(&session.call("wait", nulls))["timed_out"], true);
    let nulls = json!({"pool": "lab", "data": null, "tags": null, "create": null});
    assert_eq!(
        content(&session.call("feed", nulls))["message"]["data"],
        Value::Null
    );
}

#[test]
fn reading_in_batches() {
    let scratch = Scratch::new();
    let mut session = filled(&scratch, 30);
    for (arguments, wanted, next) in [
        (json!({}), (11..=30).collect::<Vec<u64>>(), 30),
        (json!({"count": 2}), vec![29, 30], 30),
        (json!({"count": 2, "tags": ["odd"]}), vec![27, 29], 30),
        (json!({"count": 2, "where": ".data.n < 10"}), vec![8, 9], 30),
        (json!({"count": 2, "tags": ["odd", "even"]}), vec![], 30),
        (json!({"after_seq": 0, "count": 3}), vec![1, 2, 3], 3),
        (
            json!({"after_seq": 3, "count": 3, "tags": ["even"]}),
            vec![4, 6, 8],
            8,
        ),
        (json!({"after_seq": 28, "count": 9}), vec![29, 30], 30),
        (
            json!({"after_seq": 20, "where": ".data.n == 1"}),
            vec![],
            30,
        ),
        (json!({"after_seq": 30}), vec![], 30),
        (json!({"after_seq": 99}), vec![], 99),
        (json!({"since": "1h", "count": 1}), vec![30], 30),
        (json!({"since": "1h", "after_seq": 28}), vec![29, 30], 30),
        (json!({"since": "2999-01-01T00:00:00Z"}), vec![], 30),
        (
            json!({"since": "2999-01-01T00:00:00Z", "after_seq": 5}),
            vec![],
            30,
        ),
        (
            json!({"since": "1950-01-01T00:00:00Z", "count": 200}),
            (1..=30).collect(),
            30,
        ),
    ] {
        let mut whole = arguments.clone();
        whole["pool"] = "lab".into();
        let batch = content(&session.call("read", whole));
        assert_eq!(batch_seqs(&batch), wanted, "{arguments}");
        assert_eq!(batch["next_after_seq"], next, "{arguments}");
        assert_eq!(batch["last_returned_seq"].as_u64(), wanted.last().copied());
        assert_eq!(batch["oldest_available_seq"], 1);
        assert_eq!(batch["newest_available_seq"], 30);
        assert_eq!(batch["fell_behind"], false);
        assert!(batch.get("timed_out").is_none());
    }
    let max = json!({"pool": "lab", "after_seq": u64::MAX});
    assert_eq!(
        content(&session.call("read", max))["next_after_seq"],
        u64::MAX
    );
    // The output of a condition is to be a truth value; the message is named.
    let failed = json!({"pool": "lab", "where": ".data.n"});
    assert!(failure(&session.call("read", failed), "Usage")["seq"].is_u64());
}

#[test]
fn empty_pools_and_lost_messages() {
    let scratch = Scratch::new();
    let mut session = Session::start(&scratch);
    content(&session.call("pool_create", json!({"name": "lab", "size": 65536})));
    let null = Value::Null;
    let empty = json!({"messages": [], "next_after_seq": null, "last_returned_seq": null, "oldest_available_seq": null, "newest_available_seq": null, "fell_behind": false});
    assert_eq!(
        content(&session.call("read", json!({"pool": "lab"}))),
        empty
    );
    let batch = content(&session.call("read", json!({"pool": "lab", "after_seq": 4})));
    assert_eq!(batch["next_after_seq"], 4);
    let batch = content(&session.call("wait", json!({"pool": "lab", "timeout_ms": 0})));
    assert_eq!(
        (&batch["next_after_seq"], &batch["newest_available_seq"]),
        (&json!(0), &null)
    );
    let long = "x".repeat(1000);
    for _ in 0..200 {
        content(&session.call("feed", json!({"pool": "lab", "data": long})));
    }
    let batch = content(&session.call("read", json!({"pool": "lab", "after_seq": 1, "count": 1})));
    assert_eq!(batch["fell_behind"], true);
    assert_eq!(batch["messages"][0]["seq"], batch["oldest_available_seq"]);
    let oldest = batch["oldest_available_seq"].as_u64().unwrap();
    let exact = json!({"pool": "lab", "after_seq": oldest - 1, "count": 1});
    assert_eq!(content(&session.call("read", exact))["fell_behind"], false);
    let behind = json!({"pool": "lab", "after_seq": 0, "timeout_ms": 0});
    assert_eq!(content(&session.call("wait", behind))["fell_behind"], true);
}
