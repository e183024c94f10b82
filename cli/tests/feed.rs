//! `feed` in pipes.
#![cfg(feature = "cli")]

mod common;

use common::{json_lines, lines_of, stop, Scratch};
use serde_json::{json, Value};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

fn data(scratch: &Scratch, pool: &str) -> Vec<Value> {
    let ran = scratch.run(&["follow", pool, "--no-follow", "--jsonl", "--data-only"]);
    ran.lines()
}

#[test]
fn data_on_the_command_line() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "lab"]).ok();
    let receipt = scratch
        .run(&[
            "feed",
            "lab",
            r#" {"b":1,"a":[]} "#,
            "--tag",
            "x",
            "--tag",
            " y ",
        ])
        .json();
    assert_eq!(receipt["seq"], 1);
    assert_eq!(receipt["meta"], json!({"tags": ["x", " y "]}));
    assert!(receipt["time"].as_str().unwrap().ends_with('Z'));
    assert!(receipt.get("data").is_none(), "{receipt}");
    // Any JSON value, not only objects.
    for value in ["[1]", "\"text\"", "null", "18446744073709551615", "1.5e-3"] {
        scratch.run(&["feed", "lab", value]).json();
    }
    let expected = [
        json!({"b": 1, "a": []}),
        json!([1]),
        json!("text"),
        json!(null),
        json!(u64::MAX),
        json!(0.0015),
    ];
    assert_eq!(data(&scratch, "lab"), expected);
}

#[test]
fn bad_data_is_refused() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "lab"]).ok();
    for bad in [
        "",
        "  ",
        "{",
        "{}{}",
        "1 2",
        "nope",
        r#"{"a":1e400}"#,
        r#""\ud800""#,
        "[1,]",
    ] {
        let error = scratch.run(&["feed", "lab", bad]).error("Usage", 2);
        assert!(error["hint"].is_string(), "{bad:?}: {error}");
    }
    scratch
        .run(&["feed", "lab", "1", "--tag", ""])
        .error("Usage", 2);
    assert!(data(&scratch, "lab").is_empty());
}

#[test]
fn creating_needs_a_good_message() {
    let scratch = Scratch::new();
    scratch
        .run(&["feed", "new", "{bad", "--create"])
        .error("Usage", 2);
    assert!(
        !scratch.pool("new").exists(),
        "no empty pool is left behind"
    );
    // What Lite3 cannot hold is a good message all the same.
    scratch
        .run(&[
            "feed",
            "new",
            r#"{"\u0000":18446744073709551615}"#,
            "--create",
        ])
        .json();
    scratch
        .run(&["feed", "sized", "1", "--create-size", "64K"])
        .json();
    assert_eq!(fs::metadata(scratch.pool("sized")).unwrap().len(), 65536);
    // An existing pool stays as it is.
    scratch
        .run(&["feed", "sized", "2", "--create", "--create-size", "1M"])
        .json();
    assert_eq!(fs::metadata(scratch.pool("sized")).unwrap().len(), 65536);
}

#[test]
fn a_missing_pool_comes_with_the_command_to_repeat() {
    let scratch = Scratch::new();
    let message = r#"{"a":"$HOME it's"}"#;
    let error = scratch.run(&["feed", "lost", message]).error("NotFound", 3);
    let hint = error["hint"].as_str().unwrap();
    let command = hint.split_once("run: ").unwrap().1;
    assert!(
        command.starts_with("plasmite --dir ") && command.ends_with("--create"),
        "{command}"
    );
    // It can be given to a shell as it is.
    let line = format!(
        "{} {}",
        env!("CARGO_BIN_EXE_plasmite"),
        command.split_once(' ').unwrap().1
    );
    let output = scratch.bare("sh").args(["-c", &line]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(data(&scratch, "lost"), [json!({"a": "$HOME it's"})]);
    // Before bad data.
    scratch.run(&["feed", "lost2", "{"]).error("NotFound", 3);
    // What came through a pipe is gone: only the flag.
    let error = scratch
        .run_with(&["feed", "lost2"], b"1\n")
        .error("NotFound", 3);
    assert_eq!(error["hint"], "add --create to make the pool");
}

#[test]
fn lines_of_standard_input() {
    let scratch = Scratch::new();
    let input = "\u{feff}{\"n\":1}\n\n  \r\n[2]\r\n\"last\"";
    let ran = scratch.run_with(&["feed", "lab", "--create", "--tag", "t"], input.as_bytes());
    let receipts = ran.lines();
    assert_eq!(
        receipts
            .iter()
            .map(|receipt| receipt["seq"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert!(receipts
        .iter()
        .all(|receipt| receipt["meta"]["tags"] == json!(["t"])));
    assert_eq!(
        data(&scratch, "lab"),
        [json!({"n": 1}), json!([2]), json!("last")]
    );
}

#[test]
fn lines_of_a_file() {
    let scratch = Scratch::new();
    fs::write(scratch.path().join("in.jsonl"), "1\n2\n").unwrap();
    assert_eq!(
        scratch
            .run(&["feed", "lab", "--create", "-f", "in.jsonl"])
            .lines()
            .len(),
        2
    );
    assert_eq!(
        scratch
            .run_with(&["feed", "lab", "--file", "-"], b"3\n")
            .lines()
            .len(),
        1
    );
    assert_eq!(data(&scratch, "lab"), [json!(1), json!(2), json!(3)]);
    for missing in ["lost.jsonl", "."] {
        let error = scratch
            .run(&["feed", "lab", "--file", missing])
            .error("Io", 8);
        assert_eq!(error["path"], missing);
    }
    scratch
        .run(&["feed", "lab", "1", "--file", "in.jsonl"])
        .error("Usage", 2);
}

#[test]
fn a_bad_line_is_named_and_those_before_it_stay() {
    let scratch = Scratch::new();
    let ran = scratch.run_with(&["feed", "lab", "--create"], b"1\n\n2\n{\"a\":1]\n4\n");
    let error = ran.error_after_output("Usage", 2);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("record 3: invalid JSON at line 4, column 7: "),
        "{error}"
    );
    assert_eq!(
        json_lines(&ran.stdout).len(),
        2,
        "what was appended has its receipt"
    );
    assert_eq!(data(&scratch, "lab"), [json!(1), json!(2)]);
    let ran = scratch.run_with(&["feed", "lab"], b"\xff\xfe\n");
    assert!(ran.error("Usage", 2)["message"]
        .as_str()
        .unwrap()
        .starts_with("record 1: invalid JSON at line 1, "));
}

#[test]
fn no_record_at_all_is_an_error() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "lab"]).ok();
    for input in ["", "\n \n"] {
        scratch
            .run_with(&["feed", "lab"], input.as_bytes())
            .error("Usage", 2);
    }
}

#[test]
fn records_may_be_large_but_must_fit() {
    let scratch = Scratch::new();
    let large = format!("\"{}\"", "x".repeat(3 << 20));
    let ran = scratch.run_with(&["feed", "large", "--create-size", "8M"], large.as_bytes());
    assert_eq!(ran.json()["seq"], 1);
    let ran = scratch.run_with(
        &["feed", "small", "--create-size", "64K"],
        format!("1\n{large}\n").as_bytes(),
    );
    let error = ran.error_after_output("Usage", 2);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("record 2 on line 2"),
        "{error}"
    );
    assert_eq!(data(&scratch, "small"), [json!(1)]);
}

#[test]
fn receipts_come_before_more_input_is_waited_for() {
    let scratch = Scratch::new();
    for durability in ["fast", "flush"] {
        let mut child = scratch.spawn(&["feed", "lab", "--create", "--durability", durability]);
        let mut stdin = child.stdin.take().unwrap();
        let mut next = lines_of(child.stdout.take().unwrap());
        for _ in 0..3 {
            stdin.write_all(b"{\"slow\":true}\n").unwrap();
            let receipt: Value = serde_json::from_str(&next()).unwrap();
            // The message is there when its receipt is.
            let seq = receipt["seq"].to_string();
            let message = scratch.run(&["fetch", "lab", &seq]).json();
            assert_eq!(message["time"], receipt["time"]);
        }
        // A line without its end is no record yet.
        stdin.write_all(b"4").unwrap();
        drop(stdin);
        assert!(next().contains("seq"));
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn option_pairs_are_checked() {
    let scratch = Scratch::new();
    let error = scratch
        .run(&["feed", "lab", "1", "--create", "--retry-delay", "1s"])
        .error("Usage", 2);
    assert!(
        error["message"].as_str().unwrap().contains("--retry"),
        "{error}"
    );
    scratch
        .run(&[
            "feed",
            "lab",
            "1",
            "--create",
            "--retry",
            "2",
            "--retry-delay",
            "5",
        ])
        .error("Usage", 2);
    scratch
        .run(&["feed", "lab", "1", "--create", "--durability", "slow"])
        .error("Usage", 2);
    assert!(!scratch.pool("lab").exists());
    scratch
        .run(&[
            "feed",
            "lab",
            "1",
            "--create",
            "--retry",
            "2",
            "--retry-delay",
            "5ms",
        ])
        .json();
}

#[test]
fn a_pool_that_may_only_be_read_takes_no_message() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    fs::set_permissions(scratch.pool("lab"), fs::Permissions::from_mode(0o400)).unwrap();
    // Root writes everything.
    let writable = fs::OpenOptions::new()
        .write(true)
        .open(scratch.pool("lab"))
        .is_ok();
    let ran = scratch.run(&["feed", "lab", "2"]);
    match writable {
        true => drop(ran.json()),
        false => {
            let error = ran.error("Permission", 6);
            assert!(
                error["hint"].is_string() && error["path"].is_string(),
                "{error}"
            );
        }
    }
    assert_eq!(scratch.run(&["fetch", "lab", "1"]).json()["data"], 1);
}

#[test]
fn many_lines_in_pieces() {
    let scratch = Scratch::new();
    let input: String = (0..50_000)
        .map(|n| format!("{{\"n\":{n},\"text\":\"some words to fill the line\"}}\n"))
        .collect();
    let ran = scratch.run_with(&["feed", "lab", "--create-size", "16M"], input.as_bytes());
    let receipts = ran.lines();
    assert_eq!(receipts.len(), 50_000);
    assert!((1..)
        .zip(&receipts)
        .all(|(seq, receipt): (u64, _)| receipt["seq"] == seq));
    let all = data(&scratch, "lab");
    assert!((0..).zip(&all).all(|(n, data): (u64, _)| data["n"] == n) && all.len() == 50_000);
}

#[test]
fn a_producer_that_stays_does_not_keep_the_command_from_being_killed() {
    let scratch = Scratch::new();
    let mut child = scratch.spawn(&["feed", "lab", "--create"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut next = lines_of(child.stdout.take().unwrap());
    stdin.write_all(b"1\n").unwrap();
    next();
    assert!(!stop(child).success());
    assert_eq!(data(&scratch, "lab"), [json!(1)]);
}
