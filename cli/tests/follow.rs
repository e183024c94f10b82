//! `follow` in pipes.
#![cfg(feature = "cli")]

mod common;

use common::{json_lines, lines_of, stop, Scratch};
use serde_json::{json, Value};
use std::time::{Duration, Instant};

fn seqs(messages: &[Value]) -> Vec<u64> {
    messages
        .iter()
        .map(|message| message["seq"].as_u64().expect("a seq"))
        .collect()
}

/// Runs `follow lab --jsonl` with more arguments to its end; gives the seqs.
fn followed(scratch: &Scratch, args: &[&str]) -> Vec<u64> {
    seqs(
        &scratch
            .run(&[&["follow", "lab", "--jsonl"], args].concat())
            .lines(),
    )
}

#[test]
fn a_finite_read_shows_what_is_there() {
    let scratch = Scratch::new();
    scratch.feed("lab", &[r#"{"b":1,"a":{"d":1.0,"c":2}}"#, "2", "3"]);
    let ran = scratch.run(&["follow", "lab", "--no-follow", "--jsonl"]);
    let text = ran.ok();
    assert!(text.starts_with("{\"seq\":1,\"time\":\""), "{text}");
    // Order of keys and form of numbers as written.
    assert!(
        text.contains("\"meta\":{\"tags\":[]},\"data\":{\"b\":1,\"a\":{\"d\":1.0,\"c\":2}}}\n"),
        "{text}"
    );
    assert_eq!(followed(&scratch, &["--no-follow", "--tail", "2"]), [2, 3]);
    assert_eq!(followed(&scratch, &["--no-follow", "-n0"]), [0; 0]);
    assert_eq!(followed(&scratch, &["--no-follow", "--from", "2"]), [2, 3]);
    assert_eq!(followed(&scratch, &["--no-follow", "--from", "9"]), [0; 0]);
    assert_eq!(followed(&scratch, &["--no-follow", "--one"]), [1]);
    assert_eq!(
        followed(&scratch, &["--no-follow", "--since", "1h"]),
        [1, 2, 3]
    );
    assert_eq!(
        followed(
            &scratch,
            &["--no-follow", "--since", "1969-01-01T00:00:00Z"]
        ),
        [1, 2, 3]
    );
    assert_eq!(
        followed(
            &scratch,
            &["--no-follow", "--since", "2500-01-01T00:00:00Z"]
        ),
        [0; 0]
    );
    scratch.run(&["pool", "create", "empty"]).ok();
    assert_eq!(scratch.run(&["follow", "empty", "--no-follow"]).ok(), "");
}

#[test]
fn since_a_time_of_a_message_is_inclusive() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1", "2", "3"]);
    let time = scratch.run(&["fetch", "lab", "2"]).json()["time"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = followed(&scratch, &["--no-follow", "--since", &time]);
    assert!(shown.contains(&2) && shown.contains(&3), "{shown:?}");
    let spaced = time.replace('T', " ");
    assert_eq!(
        followed(&scratch, &["--no-follow", "--since", &spaced]),
        shown
    );
}

#[test]
fn output_is_indented_unless_lines_are_asked_for() {
    let scratch = Scratch::new();
    scratch.feed("lab", &[r#"{"a":[1,{}]}"#]);
    let ran = scratch.run(&["follow", "lab", "--no-follow", "--data-only"]);
    assert_eq!(ran.ok(), "{\n  \"a\": [\n    1,\n    {}\n  ]\n}\n");
    for lines in [&["--jsonl"][..], &["--format", "jsonl"]] {
        let ran = scratch.run(&[&["follow", "lab", "--no-follow", "--data-only"], lines].concat());
        assert_eq!(ran.ok(), "{\"a\":[1,{}]}\n");
    }
    scratch
        .run(&[
            "follow",
            "lab",
            "--no-follow",
            "--jsonl",
            "--format",
            "jsonl",
        ])
        .error("Usage", 2);
}

#[test]
fn tags_must_all_be_there() {
    let scratch = Scratch::new();
    for (data, tags) in [
        ("1", &["a"][..]),
        ("2", &["a", "b"]),
        ("3", &["b"]),
        ("4", &[" a "]),
    ] {
        let tags = tags.iter().flat_map(|tag| ["--tag", tag]);
        let args: Vec<&str> = ["feed", "lab", data, "--create"]
            .into_iter()
            .chain(tags)
            .collect();
        scratch.run(&args).json();
    }
    assert_eq!(followed(&scratch, &["--no-follow", "--tag", "a"]), [1, 2]);
    assert_eq!(
        followed(&scratch, &["--no-follow", "--tag", "a", "--tag", "b"]),
        [2]
    );
    assert_eq!(
        followed(&scratch, &["--no-follow", "--tag", " a "]),
        [4],
        "tags are never trimmed"
    );
    // The last N of those that match.
    assert_eq!(
        followed(&scratch, &["--no-follow", "--tail", "1", "--tag", "a"]),
        [2]
    );
    scratch
        .run(&["follow", "lab", "--tag", ""])
        .error("Usage", 2);
}

#[test]
fn live_messages_are_shown_at_once() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["\"old\""]);
    for extra in [&[][..], &["--no-notify"]] {
        let mut child =
            scratch.spawn(&[&["follow", "lab", "--jsonl", "--tail", "1"], extra].concat());
        let mut next = lines_of(child.stdout.take().unwrap());
        next();
        for n in 0..5 {
            scratch.run(&["feed", "lab", &n.to_string()]).json();
            let message: Value = serde_json::from_str(&next()).unwrap();
            assert_eq!(message["data"], n);
        }
        stop(child);
    }
}

#[test]
fn without_history_only_new_messages_are_shown() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1", "2"]);
    let child = scratch.spawn(&["follow", "lab", "--jsonl", "--one"]);
    feed_until_done(&scratch, child, |messages| {
        assert_eq!(messages.len(), 1);
        assert!(messages[0]["seq"].as_u64().unwrap() > 2, "{messages:?}");
    });
}

/// Appends until a follower has what it waits for: nobody tells from outside when it has begun to wait.
fn feed_until_done(scratch: &Scratch, mut child: std::process::Child, check: impl Fn(&[Value])) {
    let mut n = 100;
    while child.try_wait().unwrap().is_none() {
        n += 1;
        scratch.run(&["feed", "lab", &n.to_string()]).json();
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    check(&json_lines(&String::from_utf8(output.stdout).unwrap()));
}

#[test]
fn tail_and_one_show_the_newest_of_n() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1", "2", "3"]);
    assert_eq!(followed(&scratch, &["--tail", "2", "--one"]), [3]);
    assert_eq!(followed(&scratch, &["--tail", "1", "--one"]), [3]);
    // A finite read has what it has.
    assert_eq!(
        followed(&scratch, &["--tail", "9", "--one", "--no-follow"]),
        [3]
    );
    // With less than N it waits for the rest.
    let ran = scratch.run(&["follow", "lab", "--tail", "4", "--one", "--timeout", "50ms"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(124), "", "")
    );
    let child = scratch.spawn(&["follow", "lab", "--jsonl", "--tail", "5", "--one"]);
    feed_until_done(&scratch, child, |messages| {
        assert_eq!(messages.len(), 1);
        assert!(messages[0]["seq"].as_u64().unwrap() >= 5, "{messages:?}");
    });
}

#[test]
fn a_timeout_ends_with_its_own_code() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    let start = Instant::now();
    let ran = scratch.run(&["follow", "lab", "--timeout", "300ms"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(124), "", "")
    );
    assert!(start.elapsed() >= Duration::from_millis(300));
    let ran = scratch.run(&["follow", "lab", "--jsonl", "--tail", "1", "--timeout", "0s"]);
    assert_eq!(ran.code, Some(124));
    assert_eq!(
        json_lines(&ran.stdout).len(),
        1,
        "what is there is shown first"
    );
}

#[test]
fn a_timeout_starts_again_at_each_message() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["0"]);
    let start = Instant::now();
    let mut child = scratch.spawn(&[
        "follow",
        "lab",
        "--jsonl",
        "--tail",
        "1",
        "--tag",
        "shown",
        "--timeout",
        "3s",
    ]);
    let mut next = lines_of(child.stdout.take().unwrap());
    std::thread::sleep(Duration::from_millis(700));
    scratch.run(&["feed", "lab", "1", "--tag", "shown"]).json();
    next();
    let shown = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(124));
    // Three seconds after the message at the least, less what its way to us took.
    assert!(
        start.elapsed() >= Duration::from_millis(3_700),
        "{:?} after the start",
        start.elapsed()
    );
    assert!(
        shown.elapsed() >= Duration::from_millis(2_000),
        "{:?} after the message",
        shown.elapsed()
    );
}

#[test]
fn a_time_that_lies_ahead_is_waited_for() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    let ran = scratch.run(&[
        "follow",
        "lab",
        "--since",
        "2500-01-01T00:00:00Z",
        "--timeout",
        "100ms",
    ]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(124), ""));
    // Messages before it do not count, also when they come after the start.
    let mut child = scratch.spawn(&[
        "follow",
        "lab",
        "--since",
        "2500-01-01T00:00:00Z",
        "--timeout",
        "700ms",
    ]);
    while child.try_wait().unwrap().is_none() {
        scratch.run(&["feed", "lab", "2"]).json();
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stdout.len()),
        (Some(124), 0),
        "{output:?}"
    );
}

#[test]
fn lost_messages_are_reported() {
    let scratch = Scratch::new();
    let messages: Vec<String> = (0..2_000).map(|n| format!("\"{n:0100}\"")).collect();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    scratch
        .run(&["pool", "create", "lab", "--size", "64K"])
        .ok();
    scratch.feed("lab", &messages);
    let oldest = scratch.run(&["pool", "info", "lab", "--json"]).json()["bounds"]["oldest"]
        .as_u64()
        .unwrap();
    assert!(oldest > 2);
    let args = ["follow", "lab", "--jsonl", "--no-follow", "--from", "2"];
    let ran = scratch.run(&args);
    assert_eq!(
        ran.code,
        Some(1),
        "a finite read that is not whole says so: {:?}",
        ran.stderr
    );
    assert_eq!(
        seqs(&json_lines(&ran.stdout)),
        (oldest..=2_000).collect::<Vec<_>>()
    );
    let notice = &json_lines(&ran.stderr)[0]["notice"];
    assert_eq!(
        (&notice["kind"], &notice["cmd"], &notice["pool"]),
        (&json!("drop"), &json!("follow"), &json!("lab"))
    );
    assert!(notice["time"].is_string() && notice["message"].is_string());
    assert_eq!(
        notice["details"],
        json!({"last_seen_seq": 1, "next_seen_seq": oldest, "dropped_count": oldest - 2, "pool_path": scratch.pool("lab")})
    );
    let ran = scratch.run(&[&args[..], &["--quiet-drops"]].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    // What was lost before anybody asked for it is no loss.
    scratch
        .run(&["follow", "lab", "--jsonl", "--no-follow"])
        .ok();
}

#[test]
fn a_reader_that_was_overtaken_goes_on_at_the_oldest() {
    let scratch = Scratch::new();
    scratch
        .run(&["pool", "create", "lab", "--size", "64K"])
        .ok();
    scratch.feed("lab", &["1"]);
    let mut child = scratch.spawn(&["follow", "lab", "--jsonl", "--from", "1"]);
    let mut stdout = child.stdout.take().unwrap();
    // Nobody reads, so the follower stands still as soon as the pipe is full, and is overtaken again and again.
    let messages: Vec<String> = (2..=3_000).map(|n| format!("\"{n:0200}\"")).collect();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    scratch.feed("lab", &messages);
    scratch.run(&["feed", "lab", "\"last\""]).json();
    let mut text = String::new();
    let mut reader = std::io::BufReader::new(&mut stdout);
    while !text.ends_with("\"last\"}\n") {
        std::io::BufRead::read_line(&mut reader, &mut text).unwrap();
    }
    scratch.run(&["pool", "delete", "lab"]).ok();
    let output = child.wait_with_output().unwrap();
    let shown = seqs(&json_lines(&text));
    assert!(shown.windows(2).all(|pair| pair[0] < pair[1]), "in order");
    let stderr = String::from_utf8(output.stderr).unwrap();
    let lost = json_lines(&stderr).into_iter().map(|line| {
        line["notice"]["details"]["dropped_count"]
            .as_u64()
            .unwrap_or(0)
    });
    let lost: u64 = lost.sum();
    // Every message was shown or counted as lost.
    assert_eq!(shown.len() as u64 + lost, 3_001, "{stderr}");
    assert!(lost > 0 && shown.len() > 100, "{} shown", shown.len());
}

#[test]
fn followers_of_a_deleted_or_replaced_pool_end() {
    let scratch = Scratch::new();
    for replaced in [false, true] {
        scratch.feed("lab", &["1"]);
        let mut child = scratch.spawn(&["follow", "lab", "--jsonl", "--tail", "1"]);
        let mut next = lines_of(child.stdout.take().unwrap());
        next();
        scratch.run(&["pool", "delete", "lab"]).ok();
        if replaced {
            scratch.run(&["pool", "create", "lab"]).ok();
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let error: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(error["error"]["kind"], "NotFound");
        if replaced {
            scratch.run(&["pool", "delete", "lab"]).ok();
        }
    }
}

#[test]
fn missing_pools_and_create() {
    let scratch = Scratch::new();
    let error = scratch
        .run(&["follow", "lost", "--tail", "3"])
        .error("NotFound", 3);
    let hint = error["hint"].as_str().unwrap();
    assert!(
        hint.contains("follow lost --tail 3 --create") && hint.contains("--dir"),
        "{hint}"
    );
    let ran = scratch.run(&["follow", "lost", "--create", "--timeout", "10ms"]);
    assert_eq!(ran.code, Some(124));
    assert!(scratch.pool("lost").exists());
}

#[test]
fn starts_exclude_each_other() {
    let scratch = Scratch::new();
    for pair in [
        ["--tail=1", "--since=1h"],
        ["--tail=1", "--from=1"],
        ["--since=1h", "--from=1"],
    ] {
        scratch
            .run(&["follow", "lab", pair[0], pair[1]])
            .error("Usage", 2);
    }
    for bad in [
        "--since=5é",
        "--since=5",
        "--since=2026-01-01",
        "--timeout=5",
        "--tail=-1",
        "--tail=x",
        "--format=yaml",
    ] {
        scratch.run(&["follow", "lab", bad]).error("Usage", 2);
    }
}
