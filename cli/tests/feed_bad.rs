//! `feed` and bad records: where they are, what is said about them, and what goes on.
#![cfg(feature = "cli")]

mod common;

use common::terminal::{self, On};
use common::{json_lines, Ran, Scratch};
use serde_json::{json, Value};

fn data(scratch: &Scratch, pool: &str) -> Vec<Value> {
    let ran = scratch.run(&["follow", pool, "--no-follow", "--jsonl", "--data-only"]);
    ran.lines()
}

fn notices(ran: &Ran) -> Vec<Value> {
    json_lines(&ran.stderr)
        .into_iter()
        .map(|line| line["notice"].clone())
        .collect()
}

#[test]
fn each_is_told_of_and_counted() {
    let scratch = Scratch::new();
    let ran = scratch.run_with(
        &["feed", "lab", "--create", "--errors", "skip", "--tag", "t"],
        b"{\"a\":1}\n{\"b\": oops}\n\xff\xfe\n[\n3\n]\n",
    );
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(json_lines(&ran.stdout).len(), 2);
    assert_eq!(data(&scratch, "lab"), [json!({"a": 1}), json!([3])]);
    let notices = notices(&ran);
    let path = scratch.pool("lab").display().to_string();
    let skipped = &notices[0];
    assert_eq!(
        (&skipped["kind"], &skipped["cmd"], &skipped["pool"]),
        (&json!("ingest_skip"), &json!("feed"), &json!("lab"))
    );
    assert!(skipped["time"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        skipped["message"],
        "skipped: record 2: invalid JSON at line 2, column 7: expected a value, found `o`"
    );
    assert_eq!(
        skipped["details"],
        json!({"mode": "jsonl", "index": 2, "error_kind": "Parse", "pool_path": path, "line": 2, "snippet": "{\"b\": oops}"})
    );
    assert_eq!(notices[1]["details"]["snippet"], "\u{fffd}\u{fffd}");
    assert_eq!(notices[2]["kind"], "ingest_summary");
    assert_eq!(
        notices[2]["details"],
        json!({"total": 4, "ok": 2, "failed": 2, "pool_path": path})
    );
    assert_eq!(notices.len(), 3);
}

#[test]
fn the_form_is_named() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "lab"]).ok();
    for (form, input, mode) in [
        ("jsonl", "x\n", "jsonl"),
        ("json", "x\n", "json"),
        ("seq", "\u{1e}x\n", "seq"),
        ("jq", "x\n", "jq"),
        ("auto", "\u{1e}x\n", "seq"),
        ("auto", "data: [DONE]\n\n", "event"),
        ("auto", "{x}\n", "jsonl"),
    ] {
        let ran = scratch.run_with(&["feed", "lab", "-i", form, "-e", "skip"], input.as_bytes());
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert_eq!(
            notices(&ran)[0]["details"]["mode"],
            mode,
            "{form} {input:?}"
        );
    }
}

#[test]
fn long_ones_are_cut_between_characters() {
    let scratch = Scratch::new();
    let ran = scratch.run_with(
        &["feed", "lab", "--create", "-e", "skip"],
        format!("[{}\n1\n", "é".repeat(300)).as_bytes(),
    );
    let snippet = notices(&ran)[0]["details"]["snippet"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        snippet.ends_with("é...") && (195..=200).contains(&snippet.len()),
        "{snippet}"
    );
}

#[test]
fn values_over_several_lines_stay_whole() {
    let scratch = Scratch::new();
    let whole = "{\"a\": [\n{\"b\": 1},\n[2]\n]}";
    let input =
        format!("{whole}\nbad\n[\n{{\"c\":1}},\n{{\"d\":oops}},\n{{\"e\":1}}\n]\n{{\"ok\":1}}\n");
    let ran = scratch.run_with(&["feed", "lab", "--create", "-e", "skip"], input.as_bytes());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(
        data(&scratch, "lab"),
        [json!({"a": [{"b": 1}, [2]]}), json!({"ok": 1})]
    );
    let lines: Vec<_> = notices(&ran)
        .iter()
        .map(|notice| notice["details"]["line"].clone())
        .collect();
    assert_eq!(lines, [json!(5), json!(6), json!(null)]);
}

#[test]
fn too_large_for_the_pool() {
    let scratch = Scratch::new();
    let fitting = format!("\"{}\"", "x".repeat(40_000));
    // Refused by the pool, and so large that it is not even kept.
    for length in [70_000, 2_000_000] {
        let pool = format!("p{length}");
        let large = format!("\"{}\"", "y".repeat(length));
        let input = format!("{fitting}\n{large}\n2\n");
        let args = ["feed", &pool, "--create-size", "64K"];
        let ran = scratch.run_with(&args, input.as_bytes());
        let error = ran.error_after_output("Usage", 2);
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .starts_with("record 2 on line 2: "),
            "{error}"
        );
        assert!(error["hint"].is_string(), "{error}");
        assert_eq!(json_lines(&ran.stdout).len(), 1);
        let ran = scratch.run_with(&[&args[..], &["-e", "skip"]].concat(), input.as_bytes());
        let notices = notices(&ran);
        assert_eq!(notices[0]["details"]["error_kind"], "Oversize", "{ran:?}");
        assert_eq!(
            (
                &notices[0]["details"]["index"],
                &notices[0]["details"]["line"]
            ),
            (&json!(2), &json!(2))
        );
        assert!(notices[0]["details"]["snippet"]
            .as_str()
            .unwrap()
            .ends_with("yyy..."));
        assert_eq!(json_lines(&ran.stdout).len(), 2, "{ran:?}");
        assert_eq!(data(&scratch, &pool).last(), Some(&json!(2)));
    }
    // Too deep is no JSON that can be kept.
    let deep = format!("{}1{}\n2\n", "[".repeat(600), "]".repeat(600));
    let ran = scratch.run_with(&["feed", "lab", "--create", "-e", "skip"], deep.as_bytes());
    assert_eq!(notices(&ran)[0]["details"]["error_kind"], "Parse");
    assert_eq!(data(&scratch, "lab"), [json!(2)]);
}

#[test]
fn the_largest_that_fits_goes_in() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "lab", "--size", "4M"]).ok();
    let info = scratch.run(&["pool", "info", "lab", "--json"]).json();
    let ring = usize::try_from(info["ring_size"].as_u64().unwrap()).unwrap();
    // Six bytes of text for one stored.
    let large = format!("\"{}\"", "\\u0041".repeat(ring - 4096));
    let ran = scratch.run_with(&["feed", "lab"], format!("{large}\n").as_bytes());
    assert_eq!(ran.lines().len(), 1);
    assert_eq!(
        data(&scratch, "lab")[0].as_str().unwrap().len(),
        ring - 4096
    );
}

#[test]
fn stopping_says_how_to_go_on() {
    let scratch = Scratch::new();
    let ran = scratch.run_with(&["feed", "lab", "--create"], b"data: 1\n\ndata: [DONE]\n\n");
    let error = ran.error_after_output("Usage", 2);
    assert_eq!(
        error["message"],
        "record 2: invalid JSON at line 3, column 8: expected a value, found `D`"
    );
    assert!(
        error["hint"].as_str().unwrap().contains("--errors skip"),
        "{error}"
    );
    // Nothing good at all is no success, but what was there is told.
    let ran = scratch.run_with(&["feed", "lab", "-e", "skip"], b"no\n");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    scratch
        .run_with(&["feed", "lab", "-e", "skip"], b" \n")
        .error("Usage", 2);
}

#[test]
fn people_are_told_in_words() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path().join("in"), "1\nno\n").unwrap();
    let args = [
        "feed", "lab", "--create", "-e", "skip", "--color", "never", "-f", "in",
    ];
    let (text, code) = terminal::run(&scratch, &args, On::Stderr);
    assert_eq!(
        (text.as_str(), code),
        ("notice: skipped: record 2: invalid JSON at line 2, column 2: expected the rest of `null`, found `o`\n\
          notice: 1 of 2 records skipped, 1 appended\n", Some(1))
    );
}
