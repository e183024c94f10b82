//! What people see: output on a terminal.
#![cfg(feature = "cli")]

mod common;

use common::terminal::{run, run_with, On};
use common::Scratch;

#[test]
fn version_and_reports() {
    let scratch = Scratch::new();
    let (text, code) = run(&scratch, &["version"], On::Stdout);
    assert_eq!(
        (text, code),
        (format!("plasmite {}\n", env!("CARGO_PKG_VERSION")), Some(0))
    );
    let (text, _) = run(&scratch, &["pool", "list"], On::Stdout);
    assert!(
        text.contains("No pools in ") && text.contains("pool create"),
        "{text}"
    );
    let (text, _) = run(
        &scratch,
        &["pool", "create", "lab", "--size", "64K"],
        On::Stdout,
    );
    assert!(
        text.contains("lab")
            && text.contains("64K")
            && text.contains("index slots")
            && text.contains("lab.plasmite"),
        "{text}"
    );
    let (text, _) = run(&scratch, &["pool", "create", "b", "c"], On::Stdout);
    assert!(
        text.contains("2 pools") && text.contains("2M together"),
        "{text}"
    );
    let plain = |args: &[&str]| {
        run(
            &scratch,
            &[args, &["--color", "never"]].concat(),
            On::Stdout,
        )
        .0
    };
    let text = plain(&["pool", "list"]);
    assert_eq!(
        text.lines().next().unwrap_or_default(),
        "NAME  SIZE  USED           MSGS  MODIFIED  PATH"
    );
    assert!(
        text.contains("\nlab    64K  ········   0%     0    1s ago  lab.plasmite\n"),
        "{text}"
    );
    assert!(plain(&["pool", "info", "lab"]).contains("Messages  empty\n"));
    scratch.feed("lab", &["1", "2"]);
    let text = plain(&["pool", "info", "lab"]);
    assert!(
        text.contains("Messages  2 (seq 1..2)\n") && text.contains(" ago ("),
        "{text}"
    );
    // An unreadable pool brings the table with the details.
    std::fs::write(scratch.pool("x"), "no pool").unwrap();
    let text = plain(&["pool", "list"]);
    assert!(
        text.starts_with("NAME  STATUS") && text.contains("ERR"),
        "{text}"
    );
    let (text, code) = run(&scratch, &["pool", "delete", "lab"], On::Stdout);
    assert!(
        text.starts_with("Deleted the pool lab") && code == Some(0),
        "{text}"
    );
    let (text, code) = run(&scratch, &["pool", "delete", "b", "lost"], On::Stdout);
    assert!(text.contains("✓ b\n✗ lost: ") && code == Some(3), "{text}");
}

#[test]
fn json_is_indented_and_coloured() {
    let scratch = Scratch::new();
    scratch.feed("lab", &[r#"{"a":"x"}"#]);
    let (text, _) = run(&scratch, &["fetch", "lab", "1"], On::Stdout);
    assert!(text.contains("  \u{1b}[36m\"data\"\u{1b}[0m: {\n    \u{1b}[36m\"a\"\u{1b}[0m: \u{1b}[32m\"x\"\u{1b}[0m\n  }\n"), "{text:?}");
    let plain = "  \"data\": {\n    \"a\": \"x\"\n  }\n}\n";
    let (text, _) = run(
        &scratch,
        &["fetch", "lab", "1", "--color", "never"],
        On::Stdout,
    );
    assert!(text.ends_with(plain), "{text:?}");
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let (text, _) = run_with(&scratch, &["fetch", "lab", "1"], On::Stdout, &[variable]);
        assert!(text.ends_with(plain), "{variable:?}: {text:?}");
    }
    let (text, _) = run_with(
        &scratch,
        &["fetch", "lab", "1", "--color", "always"],
        On::Stdout,
        &[("NO_COLOR", "1")],
    );
    assert!(text.contains('\u{1b}'), "asked for by name: {text:?}");
    let (text, _) = run(
        &scratch,
        &["follow", "lab", "--no-follow", "--jsonl"],
        On::Stdout,
    );
    assert!(
        !text.contains('\u{1b}') && text.lines().count() == 1,
        "{text:?}"
    );
    let (text, _) = run(
        &scratch,
        &["pool", "info", "lab", "--json", "--color", "never"],
        On::Stdout,
    );
    assert!(text.starts_with("{\n  \"name\": \"lab\",\n"), "{text:?}");
}

#[test]
fn receipts() {
    let scratch = Scratch::new();
    let (text, _) = run(&scratch, &["feed", "lab", "1", "--create"], On::Stdout);
    assert!(
        text.starts_with("fed seq=1 at 20") && text.ends_with("Z\n") && !text.contains('.'),
        "{text:?}"
    );
    let (text, _) = run(
        &scratch,
        &["feed", "lab", "1", "--tag", "a", "--tag", "b"],
        On::Stdout,
    );
    assert!(text.ends_with("Z  tags: a,b\n"), "{text:?}");
}

#[test]
fn errors_are_text() {
    let scratch = Scratch::new();
    let (text, code) = run(
        &scratch,
        &["pool", "info", "lost", "--color", "never"],
        On::Stderr,
    );
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(code, Some(3));
    assert!(lines[0].starts_with("error: "), "{text}");
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("hint: ") && line.contains("pool create lost")),
        "{text}"
    );
    assert!(
        lines.contains(&"path: pools/lost.plasmite"),
        "relative to the working directory: {text}"
    );
    let (text, _) = run(&scratch, &["pool", "info", "lost"], On::Stderr);
    assert!(text.starts_with("\u{1b}[31merror:\u{1b}[0m "), "{text:?}");
    scratch.feed("lab", &["1"]);
    let (text, _) = run(
        &scratch,
        &["fetch", "lab", "7", "--color", "never"],
        On::Stderr,
    );
    assert!(text.contains("\nseq: 7\n"), "{text}");
}

#[test]
fn a_timeout_is_told_to_people() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    let (text, code) = run(
        &scratch,
        &["follow", "lab", "--tail", "1", "--timeout", "20ms"],
        On::Stderr,
    );
    assert_eq!(
        (text.as_str(), code),
        ("No further message for 20ms\n", Some(124))
    );
}

#[test]
fn losses_are_told_in_words() {
    let scratch = Scratch::new();
    scratch
        .run(&["pool", "create", "lab", "--size", "64K"])
        .ok();
    let messages = vec!["\"some text that takes room in the pool\""; 3_000];
    scratch.feed("lab", &messages);
    let args = [
        "follow",
        "lab",
        "--no-follow",
        "--from",
        "1",
        "--color",
        "never",
    ];
    let (text, code) = run(&scratch, &args, On::Stderr);
    assert!(
        text.starts_with("notice: ") && text.ends_with("(pool: lab)\n") && code == Some(1),
        "{text}"
    );
}

#[test]
fn a_terminal_is_no_source_of_messages() {
    let scratch = Scratch::new();
    let (error, code) = run(&scratch, &["feed", "lab", "--create"], On::Stdin);
    assert!(
        code == Some(2) && error.contains("\"kind\":\"Usage\""),
        "{error}"
    );
    assert!(!scratch.pool("lab").exists());
}

#[test]
fn receipts_hold_no_commands_for_the_terminal() {
    let scratch = Scratch::new();
    let (text, code) = run(
        &scratch,
        &["feed", "lab", "1", "--create", "--tag", "a\u{1b}[2J\u{9b}b"],
        On::Stdout,
    );
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("tags: a\\u001b[2J\\u009bb"), "{text}");
    let message = "{\"seq\":1,\"time\":\"2026-01-02T03:04:05Z\",\"meta\":{\"tags\":[\"x\u{9b}2Jy\u{7f}\"]},\"data\":1}";
    std::fs::write(scratch.path().join("in"), message).unwrap();
    let (text, code) = run(
        &scratch,
        &["feed", "lab", "--copy", "--file", "in"],
        On::Stdout,
    );
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("tags: [\"x\\u009b2Jy\\u007f\"]"), "{text}");
}
