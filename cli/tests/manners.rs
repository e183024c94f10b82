//! Small things that people notice: what errors say, what terminals are spared.
#![cfg(feature = "cli")]

mod common;

use common::terminal::{run, On};
use common::Scratch;
use serde_json::Value;

#[test]
fn words_too_many_and_bad_numbers() {
    let scratch = Scratch::new();
    for (args, message, hint) in [
        (
            &["fetch", "lab", "x"][..],
            "'x' for '<SEQ>': a whole number is wanted",
            "plasmite fetch --help",
        ),
        (
            &["follow", "lab", "--tail", "1.5"],
            "'1.5' for '--tail <N>': a whole number",
            "plasmite follow --help",
        ),
        (
            &["follow", "lab", "--from", "99999999999999999999"],
            "more than 64 bits",
            "plasmite follow --help",
        ),
        (
            &["pool", "create", "x", "--index-capacity", "4294967296"],
            "more than 32 bits",
            "pool create --help",
        ),
        (
            &["feed", "lab", "{\"a\":", "1}"],
            "unexpected argument '1}'",
            "DATA is one word to the shell: put it in single quotes",
        ),
        (
            &["tap", "lab", "make", "-j2"],
            "unexpected argument 'make'",
            "the command to run stands behind `--`",
        ),
        (
            &["feed", "lab", "1", "--in", "xml"],
            "[possible values: auto, jsonl, json, seq, jq]",
            "plasmite feed --help",
        ),
        (
            &["follow", "lab", "--format", "xml"],
            "[possible values: pretty, jsonl]",
            "plasmite follow --help",
        ),
        (
            &["duplex", "lab", "--me", ""],
            "a name cannot be empty",
            "plasmite duplex --help",
        ),
    ] {
        let error = scratch.run(args).error("Usage", 2);
        let text = |field: &str| error[field].as_str().unwrap_or_default();
        assert!(
            text("message").contains(message) && text("hint").contains(hint),
            "{args:?}: {error}"
        );
    }
}

/// `json` for lines of JSON: what reports call it.
#[test]
fn formats_by_either_name() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    let lines = scratch.run(&["follow", "lab", "--no-follow", "--format", "json"]);
    assert_eq!(lines.json()["data"], 1);
    for command in [
        &["pool", "create", "x"][..],
        &["pool", "info", "lab"],
        &["pool", "list"],
        &["doctor", "lab"],
        &["doctor", "--all"],
        &["pool", "delete", "x"],
    ] {
        let report = scratch
            .run(&[command, &["--format", "json"]].concat())
            .json();
        assert!(report.is_object(), "{command:?}: {report}");
    }
}

/// Messages may hold characters that terminals obey. JSON lets them be escaped, and a terminal gets them so.
#[test]
fn no_message_commands_the_terminal() {
    let scratch = Scratch::new();
    let data = "\"a\u{9b}2J\u{7f}\u{85}é\\u001b[0m\"";
    scratch.feed("lab", &[data]);
    let shown = "\"a\\u009b2J\\u007f\\u0085é\\u001b[0m\"";
    for args in [
        &["fetch", "lab", "1"][..],
        &["follow", "lab", "--no-follow"],
        &["follow", "lab", "--no-follow", "--jsonl"],
        &["follow", "lab", "--no-follow", "--data-only"],
    ] {
        let (text, code) = run(
            &scratch,
            &[args, &["--color", "never"]].concat(),
            On::Stdout,
        );
        assert!(
            text.contains(shown) && code == Some(0),
            "{args:?}: {text:?}"
        );
    }
    let raw = scratch.run(&["follow", "lab", "--no-follow", "--jsonl", "--data-only"]);
    assert_eq!(
        raw.ok(),
        format!("{data}\n"),
        "programs get what was written"
    );
    // Names of files and errors about them as well.
    std::fs::write(scratch.pools().join("\u{9b}2J.plasmite"), "no pool").unwrap();
    let (text, _) = run(&scratch, &["pool", "list", "--color", "never"], On::Stdout);
    assert!(
        text.contains("\\u009b2J") && !text.contains('\u{9b}'),
        "{text:?}"
    );
    let (text, _) = run(
        &scratch,
        &["fetch", "./\u{85}x", "1", "--color", "never"],
        On::Stderr,
    );
    assert!(
        text.starts_with("error: ") && !text.contains('\u{85}'),
        "{text:?}"
    );
}

/// Receipts and notices go to two streams; people see them in one place, in order.
#[test]
fn notices_stand_where_they_belong() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path().join("in"), "[1]\n{x\n[2]\n").unwrap();
    let args = [
        "feed", "lab", "--create", "--file", "in", "--errors", "skip", "--color", "never",
    ];
    let (text, code) = run(&scratch, &args, On::Both);
    let starts: Vec<&str> = text
        .lines()
        .map(|line| line.get(..9).unwrap_or(line))
        .collect();
    assert_eq!(
        starts,
        ["fed seq=1", "notice: s", "fed seq=2", "notice: 1"],
        "{text}"
    );
    assert_eq!(code, Some(1));
}

/// A mark of the byte order, two values on a line, `retry:` first, bytes that are not UTF-8, values that are no objects.
#[test]
fn records_that_others_stumble_over() {
    let scratch = Scratch::new();
    for (input, expected) in [
        (&b"\xef\xbb\xbf{\"a\":1}\n"[..], &[r#"{"a":1}"#][..]),
        (b"{\"a\":1}{\"a\":2}\n", &[r#"{"a":1}"#, r#"{"a":2}"#]),
        (b"retry: 10\ndata: 1\n\n", &["1"]),
        (b"1\n\"two\"\n[3]\n", &["1", "\"two\"", "[3]"]),
        (b"1\n\"\xff\"\n2\n", &["1", "2"]),
    ] {
        let before = scratch.run(&["pool", "delete", "lab"]);
        assert!(before.code.is_some());
        let ran = scratch.run_with(&["feed", "lab", "--create", "--errors", "skip"], input);
        let skipped = usize::from(input.contains(&0xff));
        assert_eq!(ran.code, Some(skipped as i32), "{ran:?}");
        let data = scratch.run(&["follow", "lab", "--no-follow", "--data-only", "--jsonl"]);
        assert_eq!(data.ok().lines().collect::<Vec<_>>(), expected, "{ran:?}");
    }
}

/// `-h` is a page, `--help` is everything; both have examples, at every level, and so has the help for who typed too
/// little.
#[test]
fn every_help_has_examples() {
    let scratch = Scratch::new();
    let mut commands = vec![Vec::new()];
    let mut seen = 0;
    while let Some(command) = commands.pop() {
        let with = |flag: &'static str| {
            scratch
                .run(&[&command[..], &[flag]].concat())
                .ok()
                .to_owned()
        };
        let (short, long) = (with("-h"), with("--help"));
        for (text, most) in [(&short, 60), (&long, 200)] {
            assert!(
                text.contains("\nExamples:\n  pls ") || text.contains("\nExamples:\n  journalctl"),
                "{command:?}: {text}"
            );
            assert!(text.lines().count() <= most, "{command:?}: {text}");
            assert!(
                text.lines()
                    .all(|line| !line.ends_with(' ') || line.trim().is_empty()),
                "{command:?}"
            );
        }
        assert!(long.len() > short.len(), "{command:?}");
        let list = short
            .split("\nCommands:\n")
            .nth(1)
            .and_then(|rest| rest.split("\n\n").next());
        for name in list
            .unwrap_or_default()
            .lines()
            .filter_map(|line| line.split_whitespace().next())
        {
            if name != "help" {
                let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
                commands.push([&command[..], &[name]].concat());
            }
        }
        seen += 1;
    }
    assert_eq!(seen, if cfg!(feature = "serve") { 19 } else { 15 });
}

/// The page on the commands and the help tell the same exit statuses.
#[test]
fn exit_statuses_are_told_alike() {
    let scratch = Scratch::new();
    let help = scratch.run(&["--help"]);
    let (_, part) = help.ok().split_once("\nExit status:\n").expect("that part");
    let first = |line: &str| {
        line.split_whitespace()
            .next()
            .and_then(|word| word.parse::<u8>().ok())
    };
    let mut told: Vec<u8> = part
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(first)
        .collect();
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let (_, part) = page.split_once("\n## Exit status\n").expect("that part");
    let cells = part
        .lines()
        .filter(|line| line.starts_with("| "))
        .flat_map(|line| line.split('|'));
    let mut listed: Vec<u8> = cells.filter_map(|cell| cell.trim().parse().ok()).collect();
    told.sort_unstable();
    listed.sort_unstable();
    assert_eq!((told.len(), told), (11, listed));
}

/// Standard streams that are not there.
#[test]
fn closed_streams() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    let plasmite = format!("'{}' --dir pools", env!("CARGO_BIN_EXE_plasmite"));
    for (command, code) in [
        ("fetch lab 1 >&-", 0),
        ("fetch lab 9 2>&-", 3),
        ("fetch lab 9 >&- 2>&-", 3),
        ("feed lab 2 <&-", 0),
        ("feed lab 2 >&-", 0),
        ("feed lab <&-", 2),
        ("follow lab --tail 1 --one <&- 2>&-", 0),
        ("doctor lab >&- 2>&-", 0),
    ] {
        let output = scratch
            .bare("sh")
            .args(["-c", &format!("{plasmite} {command}")])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{command}: {output:?}");
    }
    // What could not be told was appended all the same, once.
    let data: Vec<Value> = scratch
        .run(&["follow", "lab", "--no-follow", "--data-only", "--jsonl"])
        .lines();
    assert_eq!(data, [1, 2, 2]);
}
