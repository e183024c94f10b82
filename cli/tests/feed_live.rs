//! `feed` while its producer lives: nothing waits, nothing is lost, and people see how far it is.
#![cfg(feature = "cli")]

mod common;

use common::terminal::{self, On};
use common::{json_lines, lines_of, Scratch};
use serde_json::Value;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Feeds that are shorter show no progress.
const PATIENCE: Duration = Duration::from_millis(300);
const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

fn signal(child: &Child, signal: i32) {
    let status = Command::new("kill")
        .args([format!("-{signal}"), child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(status.success());
}

/// Whether a command has read of a file that it has open.
fn has_read_of(child: &Child, file: &Path) -> bool {
    let process = Path::new("/proc").join(child.id().to_string());
    let Ok(open) = std::fs::read_dir(process.join("fd")) else {
        return false;
    };
    open.filter_map(Result::ok)
        .filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|target| target == file))
        .filter_map(|entry| {
            std::fs::read_to_string(process.join("fdinfo").join(entry.file_name())).ok()
        })
        .any(|facts| facts.starts_with("pos:") && !facts.starts_with("pos:\t0\n"))
}

/// Data as a live follower prints it.
fn follower(scratch: &Scratch, pool: &str) -> (Child, impl FnMut() -> String) {
    let args = ["follow", pool, "--from", "1", "--jsonl", "--data-only"];
    let mut child = scratch.spawn(&args);
    let next = lines_of(child.stdout.take().unwrap());
    (child, next)
}

#[test]
fn a_record_is_shown_when_it_is_printed() {
    for (number, form, pieces) in [
        (0, "jsonl", &["{\"a\":1}\n", "2\n"][..]),
        (1, "auto", &["{\"a\":1}\n", "2\n"]),
        (2, "auto", &["{\n  \"a\": 1\n}", " 2\n"]),
        (3, "auto", &["\u{1e}{\"a\":1}\n", "\u{1e}2\n"]),
        (4, "seq", &["\u{1e}{\"a\":\n1}\n", "\u{1e}2\n"]),
        (5, "jq", &["{\"a\":1}", "2 "]),
        (
            6,
            "auto",
            &["event: x\ndata: {\"a\":1}\n\n", "data: 2\r\n\r\n"],
        ),
        (7, "auto", &["{\"a\":", "1}", "2[3]"]),
    ] {
        let scratch = Scratch::new();
        let pool = format!("p{number}");
        scratch.run(&["pool", "create", &pool]).ok();
        let (shown, mut next) = follower(&scratch, &pool);
        let mut feed = scratch.spawn(&["feed", &pool, "--in", form]);
        let mut stdin = feed.stdin.take().unwrap();
        let mut expected = ["{\"a\":1}", "2"].into_iter();
        for piece in pieces {
            stdin.write_all(piece.as_bytes()).unwrap();
            if !piece.ends_with(':') {
                // The producer goes on only after the follower has seen it.
                assert_eq!(next(), expected.next().unwrap(), "{form} {pieces:?}");
            }
        }
        common::stop(feed);
        common::stop(shown);
    }
}

#[test]
fn a_journal_is_followed() {
    let scratch = Scratch::new();
    let bin = scratch.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let journal = [
        "[ \"$*\" = '-o json-seq -f' ] || exit 9",
        "printf '\\036{\"MESSAGE\":\"one\"}\\n'",
        "read go",
        "printf '\\036{\"MESSAGE\":\"two\"}\\n'",
        "read go",
    ]
    .join("\n");
    std::fs::write(bin.join("journalctl"), journal).unwrap();
    let plasmite = env!("CARGO_BIN_EXE_plasmite");
    let pools = scratch.pools().display().to_string();
    let line =
        format!("sh bin/journalctl -o json-seq -f | {plasmite} --dir {pools} feed syslog --create");
    let mut shell = scratch.bare("sh");
    shell
        .args(["-c", &line])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    let mut go = shell.stdin.take().unwrap();
    let mut receipt = lines_of(shell.stdout.take().unwrap());
    receipt();
    let (shown, mut next) = follower(&scratch, "syslog");
    assert_eq!(next(), "{\"MESSAGE\":\"one\"}");
    go.write_all(b"\n").unwrap();
    assert_eq!(next(), "{\"MESSAGE\":\"two\"}");
    drop(go);
    assert!(shell.wait().unwrap().success());
    common::stop(shown);
}

#[test]
fn a_signal_ends_it_with_every_receipt_printed() {
    for (durability, number) in [("fast", SIGINT), ("flush", SIGTERM), ("fast", SIGTERM)] {
        let scratch = Scratch::new();
        let args = [
            "feed",
            "lab",
            "--create-size",
            "64M",
            "--durability",
            durability,
        ];
        let mut feed = scratch.spawn(&args);
        let mut stdin = feed.stdin.take().unwrap();
        // A producer that never ends.
        let producer = std::thread::spawn(move || {
            let lines = "{\"n\":1,\"text\":\"some words\"}\n".repeat(1000);
            while stdin.write_all(lines.as_bytes()).is_ok() {}
        });
        let mut stdout = feed.stdout.take().unwrap();
        let mut first = [0; 1000];
        stdout.read_exact(&mut first).unwrap();
        signal(&feed, number);
        let mut printed = first.to_vec();
        stdout.read_to_end(&mut printed).unwrap();
        let status = feed.wait().unwrap();
        producer.join().unwrap();
        assert_eq!(
            status.signal(),
            Some(number),
            "as if it had done nothing about it"
        );
        let receipts = json_lines(std::str::from_utf8(&printed).unwrap());
        let info = scratch.run(&["pool", "info", "lab", "--json"]).json();
        assert_eq!(
            receipts.last().unwrap()["seq"],
            info["bounds"]["newest"],
            "{durability}"
        );
    }
}

#[test]
fn a_signal_ends_it_while_it_waits() {
    let scratch = Scratch::new();
    let mut feed = scratch.spawn(&["feed", "lab", "--create"]);
    let mut stdin = feed.stdin.take().unwrap();
    let mut next = lines_of(feed.stdout.take().unwrap());
    stdin.write_all(b"1\n").unwrap();
    next();
    signal(&feed, SIGINT);
    assert_eq!(feed.wait().unwrap().signal(), Some(SIGINT));

    // For other writers.
    let pool = plasmite::Client::new(scratch.pools())
        .unwrap()
        .open_pool("lab")
        .unwrap();
    let held = pool.reserve(100, &plasmite::AppendOptions::new()).unwrap();
    let mut feed = scratch.spawn(&["feed", "lab"]);
    feed.stdin.take().unwrap().write_all(b"2\n").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    signal(&feed, SIGINT);
    assert_eq!(feed.wait().unwrap().signal(), Some(SIGINT));
    drop(held);
    assert_eq!(pool.bounds().unwrap().newest, 1);

    // For a reader of its receipts that does not read.
    let mut feed = scratch.spawn(&["feed", "lab"]);
    let mut stdin = feed.stdin.take().unwrap();
    let producer = std::thread::spawn(move || {
        let lines = "3\n".repeat(10_000);
        while stdin.write_all(lines.as_bytes()).is_ok() {}
    });
    std::thread::sleep(Duration::from_millis(500));
    signal(&feed, SIGINT);
    assert_eq!(feed.wait().unwrap().signal(), Some(SIGINT));
    producer.join().unwrap();
}

#[test]
fn ignored_signals_stay_ignored() {
    let scratch = Scratch::new();
    let plasmite = env!("CARGO_BIN_EXE_plasmite");
    let pools = scratch.pools().display().to_string();
    let line = format!("trap '' INT HUP; exec {plasmite} --dir {pools} feed lab --create");
    let mut shell = scratch.bare("sh");
    shell
        .args(["-c", &line])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut feed = shell.spawn().unwrap();
    let mut stdin = feed.stdin.take().unwrap();
    let mut next = lines_of(feed.stdout.take().unwrap());
    stdin.write_all(b"1\n").unwrap();
    next();
    signal(&feed, SIGINT);
    stdin.write_all(b"2\n").unwrap();
    assert!(next().contains("\"seq\":2"));
    drop(stdin);
    assert!(feed.wait().unwrap().success());
}

#[test]
fn a_closed_output_ends_it_quietly() {
    let scratch = Scratch::new();
    let mut feed = scratch.spawn(&["feed", "lab", "--create"]);
    drop(feed.stdout.take());
    let mut stdin = feed.stdin.take().unwrap();
    stdin.write_all(b"1\n").unwrap();
    let mut told = String::new();
    feed.stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert_eq!((feed.wait().unwrap().code(), told.as_str()), (Some(0), ""));
    let held = scratch.run(&["follow", "lab", "--no-follow", "--jsonl", "--data-only"]);
    assert_eq!(held.ok(), "1\n", "once");
}

#[test]
fn killed_in_full_flight_it_leaves_whole_records() {
    let scratch = Scratch::new();
    let mut feed = scratch.spawn(&["feed", "lab", "--create-size", "64M"]);
    let mut stdin = feed.stdin.take().unwrap();
    let producer = std::thread::spawn(move || {
        let mut number = 0u64;
        loop {
            let lines: String = (0..500)
                .map(|n| format!("{{\"n\":{}}}\n", number + n))
                .collect();
            number += 500;
            if stdin.write_all(lines.as_bytes()).is_err() {
                return;
            }
        }
    });
    let mut stdout = feed.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 200_000]).unwrap();
    common::stop(feed);
    drop(stdout);
    producer.join().unwrap();
    let held = scratch
        .run(&["follow", "lab", "--no-follow", "--jsonl", "--data-only"])
        .lines();
    assert!(held.len() > 1000);
    assert!((0..)
        .zip(&held)
        .all(|(n, data): (u64, &Value)| data["n"] == n));
    scratch.run(&["feed", "lab", "1"]).json();
}

#[test]
fn a_long_feed_shows_how_far_it_is() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "lab"]).ok();
    let pool = plasmite::Client::new(scratch.pools())
        .unwrap()
        .open_pool("lab")
        .unwrap();
    let lines: String = (0..50_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let input = scratch.path().join("in.jsonl");
    std::fs::write(&input, &lines).unwrap();
    let input = input.canonicalize().unwrap();
    for on in [On::Stderr, On::Both] {
        let held = pool.reserve(100, &plasmite::AppendOptions::new()).unwrap();
        let args = ["feed", "lab", "-f", "in.jsonl"];
        let (text, code) = terminal::run_beside(&scratch, &args, on, &[], |feed| {
            // It counts the time before it reads, and by its first record that time is long.
            while !has_read_of(feed, &input) {
                std::thread::yield_now();
            }
            std::thread::sleep(PATIENCE);
            drop(held);
        });
        assert_eq!(code, Some(0), "{text}");
        assert!(
            text.contains(" records, ") && text.contains("%), "),
            "{text}"
        );
        assert!(text.contains(" records/s"), "{text}");
        // Gone when done: the last thing on the terminal is its removal, or the last receipts.
        let last = text.rfind(" records/s").unwrap();
        assert!(text[last..].contains("\r\u{1b}[K"), "{:?}", &text[last..]);
        if on == On::Both {
            assert_eq!(text.matches("fed seq=").count(), 50_000);
        }
    }
}

#[test]
fn short_feeds_and_pipes_show_nothing() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path().join("in.jsonl"), "1\n2\n").unwrap();
    let (text, code) = terminal::run(
        &scratch,
        &["feed", "lab", "--create", "-f", "in.jsonl"],
        On::Stderr,
    );
    assert_eq!((text.as_str(), code), ("", Some(0)));
}
