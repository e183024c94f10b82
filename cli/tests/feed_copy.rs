//! `feed --copy`, and `--data`.
#![cfg(feature = "cli")]

mod common;

use common::{json_lines, Scratch};
use serde_json::{json, Value};

#[test]
fn messages_go_from_pool_to_pool() {
    let scratch = Scratch::new();
    scratch
        .run(&[
            "feed",
            "a",
            "{\"z\":18446744073709551615,\"a\":[]}",
            "--create",
            "--tag",
            "x",
            "--tag",
            "\"y\"",
        ])
        .json();
    scratch.run(&["feed", "a", "1.50"]).json();
    for form in [&["--jsonl"][..], &[]] {
        let from = scratch.run(&[&["follow", "a", "--no-follow"], form].concat());
        let ran = scratch.run_with(&["feed", "b", "--create", "--copy"], from.ok().as_bytes());
        let receipts = ran.lines();
        assert_eq!(receipts[0]["meta"]["tags"], json!(["x", "\"y\""]));
        assert_eq!(receipts[1]["meta"]["tags"], json!([]));
        let (a, b) = (messages(&scratch, "a"), messages(&scratch, "b"));
        for (number, (old, new)) in a.iter().zip(&b).enumerate() {
            assert_eq!((&old["data"], &old["meta"]), (&new["data"], &new["meta"]));
            assert_eq!(new["seq"], number + 1);
            assert!(new["time"].as_str() > old["time"].as_str(), "its own time");
        }
        assert_eq!(b.len(), 2);
        // Keys keep their order, numbers their value.
        let text = scratch.run(&["fetch", "b", "1"]).ok().to_owned();
        assert!(
            text.contains("{\"z\":18446744073709551615,\"a\":[]}"),
            "{text}"
        );
        std::fs::remove_file(scratch.pool("b")).unwrap();
    }
}

fn messages(scratch: &Scratch, pool: &str) -> Vec<Value> {
    scratch
        .run(&["follow", pool, "--no-follow", "--jsonl"])
        .lines()
}

const MESSAGE: &str =
    r#"{"seq":7,"time":"2026-01-02T03:04:05.6Z","meta":{"tags":["t"]},"data":[1]}"#;

#[test]
fn only_complete_messages_are_taken_apart() {
    let scratch = Scratch::new();
    let extra = MESSAGE.replace("\"seq\":7", "\"seq\":7,\"x\":1");
    let input = format!("{MESSAGE}\n{extra}\n\"text\"\n");
    let ran = scratch.run_with(&["feed", "lab", "--create", "--copy"], input.as_bytes());
    assert_eq!(ran.lines().len(), 3);
    let held = messages(&scratch, "lab");
    assert_eq!(
        (&held[0]["data"], &held[0]["meta"]["tags"]),
        (&json!([1]), &json!(["t"]))
    );
    assert_eq!(
        held[1]["data"],
        serde_json::from_str::<Value>(&extra).unwrap()
    );
    assert_eq!(held[2]["data"], "text");
    // Without the switch a message is data like any other; on the command line it is copied as well.
    scratch.run(&["feed", "lab", MESSAGE]).json();
    scratch.run(&["feed", "lab", "--copy", MESSAGE]).json();
    let held = messages(&scratch, "lab");
    assert_eq!(
        held[3]["data"],
        serde_json::from_str::<Value>(MESSAGE).unwrap()
    );
    assert_eq!(
        (&held[4]["data"], &held[4]["meta"]["tags"]),
        (&json!([1]), &json!(["t"]))
    );
}

#[test]
fn bad_messages_are_refused() {
    let scratch = Scratch::new();
    for (from, to) in [
        ("7", "-7"),
        ("\"2026-01-02T03:04:05.6Z\"", "\"today\""),
        ("[\"t\"]", "[1]"),
        ("[\"t\"]", "\"t\""),
    ] {
        let bad = MESSAGE.replace(from, to);
        let ran = scratch.run_with(&["feed", "lab", "--create", "--copy"], bad.as_bytes());
        let error = ran.error("Usage", 2);
        assert!(
            error["message"].as_str().unwrap().contains("record 1"),
            "{error}"
        );
        let ran = scratch.run_with(
            &["feed", "lab", "--copy", "-e", "skip"],
            format!("{bad}\n1\n").as_bytes(),
        );
        assert_eq!((ran.code, json_lines(&ran.stdout).len()), (Some(1), 1));
    }
    for args in [
        &["--copy", "--tag", "x"][..],
        &["--copy", "--data", MESSAGE],
    ] {
        scratch
            .run_with(&[&["feed", "lab"], args].concat(), MESSAGE.as_bytes())
            .error("Usage", 2);
    }
}

#[test]
fn data_as_an_option() {
    let scratch = Scratch::new();
    scratch
        .run(&["feed", "lab", "--create", "--data", MESSAGE])
        .json();
    scratch.run(&["feed", "lab", "--data=-1"]).json();
    let held = messages(&scratch, "lab");
    assert_eq!(
        held[0]["data"],
        serde_json::from_str::<Value>(MESSAGE).unwrap()
    );
    assert_eq!(held[1]["data"], -1);
    scratch
        .run(&["feed", "lab", "1", "--data", "2"])
        .error("Usage", 2);
    scratch
        .run(&["feed", "lab", "--data", "1", "--file", "x"])
        .error("Usage", 2);
    let error = scratch
        .run(&["feed", "lab", "--data", "{"])
        .error("Usage", 2);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("DATA: invalid JSON at column 2: "),
        "{error}"
    );
    scratch
        .run(&["feed", "new", "--create", "--data", "{"])
        .error("Usage", 2);
    assert!(!scratch.pool("new").exists());
}
