//! `duplex` in pipes.
#![cfg(feature = "cli")]

mod common;

use common::{json_lines, lines_of, stop, Scratch};
use serde_json::{json, Value};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::time::{Duration, Instant};

fn data(text: &str) -> Vec<Value> {
    let shown = json_lines(text);
    shown
        .iter()
        .map(|message| message["data"].clone())
        .collect()
}

/// Waits until the pool has so many messages.
fn wait_for_messages(scratch: &Scratch, pool: &str, count: usize) {
    let tail = format!("--tail={count}");
    scratch.run(&["follow", pool, "--one", &tail]).ok();
}

fn spawn(scratch: &Scratch, args: &[&str]) -> Child {
    scratch.spawn(&[&["duplex", "lab", "--jsonl"], args].concat())
}

#[test]
fn both_directions_at_once() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["\"old\""]);
    let mut child = spawn(&scratch, &["-n1"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut next = lines_of(child.stdout.take().unwrap());
    assert_eq!(data(&next())[0], "old");
    for n in 0..3 {
        // Nothing is held up: each record is sent and shown before the next is written.
        writeln!(stdin, "{{\"n\":{n}}}").unwrap();
        let shown: Value = serde_json::from_str(&next()).unwrap();
        assert_eq!(
            (&shown["data"], &shown["meta"]["tags"]),
            (&json!({"n": n}), &json!([]))
        );
        scratch
            .run(&["feed", "lab", "\"other\"", "--tag", "x"])
            .json();
        assert_eq!(data(&next())[0], "other");
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.len()),
        (Some(0), 0),
        "{output:?}"
    );
}

#[test]
fn what_was_sent_is_shown_before_the_end() {
    let scratch = Scratch::new();
    let input: Vec<String> = (0..5_000).map(|n| n.to_string()).collect();
    let args = ["duplex", "lab", "--create", "--jsonl"];
    let ran = scratch.run_with(&args, input.join("\n").as_bytes());
    assert_eq!(
        data(ran.ok()),
        (0..5_000).map(Value::from).collect::<Vec<_>>()
    );
    // History too, also without anything to send, and no record at all is fine.
    let ran = scratch.run(&["duplex", "lab", "-n2", "--jsonl"]);
    assert_eq!(data(ran.ok()), [4_998, 4_999]);
    let ran = scratch.run(&["duplex", "lab", "--from=4999", "--jsonl"]);
    assert_eq!(data(ran.ok()), [4_998, 4_999]);
    assert_eq!(scratch.run(&["duplex", "lab"]).ok(), "");
    // Indented unless lines are asked for.
    let ran = scratch.run(&["duplex", "lab", "-n1"]);
    assert!(ran.ok().starts_with("{\n  \"seq\": 5000,\n"), "{ran:?}");
}

#[test]
fn own_messages_are_hidden_by_name() {
    let scratch = Scratch::new();
    let input = "{\"from\":\"me\",\"msg\":1}\n{\"from\":\"you\",\"msg\":2}\n";
    let own = json!({"from": "me", "msg": 1});
    let other = json!({"from": "you", "msg": 2});
    let args = ["duplex", "lab", "--create", "--jsonl"];
    let hidden = scratch.run_with(&[&args[..], &["--me", "me"]].concat(), input.as_bytes());
    assert_eq!(data(hidden.ok()), std::slice::from_ref(&other));
    let echoed = [&args[..], &["--me", "me", "--echo-self"]].concat();
    let echoed = scratch.run_with(&echoed, input.as_bytes());
    assert_eq!(data(echoed.ok()), [own.clone(), other.clone()]);
    let all = scratch.run_with(&args, input.as_bytes());
    assert_eq!(data(all.ok()), [own, other]);
    // What has no name, or something else in its place, comes from nobody.
    let input = b"1\n[]\n{\"from\":7}\nnull\n\"me\"\n18446744073709551615";
    let ran = scratch.run_with(&[&args[..], &["--me", "me"]].concat(), input);
    assert_eq!(json_lines(ran.ok()).len(), 6);
}

#[test]
fn records_have_any_form_that_feed_takes() {
    let scratch = Scratch::new();
    let forms: [&[u8]; 4] = [
        b"\x1e{\"n\":1}\n\x1e{\"n\":2}\n",
        b"data: {\"n\":1}\n\ndata: {\"n\":2}\n\n",
        b"{\n  \"n\": 1\n}\n{\n  \"n\": 2\n}\n",
        b"\xef\xbb\xbf{\"n\":1}{\"n\":2}",
    ];
    for form in forms {
        let ran = scratch.run_with(&["duplex", "lab", "--create", "--jsonl"], form);
        assert_eq!(data(ran.ok()), [json!({"n": 1}), json!({"n": 2})]);
    }
    // Each is sent the moment it is complete.
    let mut child = spawn(&scratch, &[]);
    let mut stdin = child.stdin.take().unwrap();
    let mut next = lines_of(child.stdout.take().unwrap());
    for n in 0..3 {
        writeln!(stdin, "\x1e{{\"n\":{n}}}").unwrap();
        assert_eq!(data(&next())[0], json!({"n": n}));
    }
    stop(child);
}

#[test]
fn a_bad_record_ends_it_after_what_was_good() {
    let scratch = Scratch::new();
    let ran = scratch.run_with(
        &["duplex", "lab", "--create", "--jsonl"],
        b"1\n2\n{bad\n4\n",
    );
    let error = ran.error_after_output("Usage", 2);
    assert!(
        error["message"].as_str().unwrap().contains("line 3"),
        "{error}"
    );
    assert_eq!(data(&ran.stdout), [1, 2]);
    let ran = scratch.run(&["follow", "lab", "--no-follow", "--jsonl"]);
    assert_eq!(data(ran.ok()), [1, 2]);
}

#[test]
fn a_time_that_lies_ahead_holds_nothing_up() {
    let scratch = Scratch::new();
    let args = [
        "duplex",
        "lab",
        "--create",
        "--jsonl",
        "--since",
        "2500-01-01T00:00:00Z",
    ];
    assert_eq!(scratch.run_with(&args, b"1\n2\n").ok(), "");
    let ran = scratch.run(&["follow", "lab", "--no-follow", "--jsonl"]);
    assert_eq!(data(ran.ok()), [1, 2]);
    let ran = scratch.run(&["duplex", "lab", "--jsonl", "--since", "1h"]);
    assert_eq!(data(ran.ok()), [1, 2]);
}

#[test]
fn a_timeout_ends_it_whatever_stdin_does() {
    let scratch = Scratch::new();
    let start = Instant::now();
    let mut child = scratch.spawn(&["duplex", "lab", "--create", "--timeout", "300ms"]);
    let stdin = child.stdin.take().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(124), 0));
    assert!(start.elapsed() >= Duration::from_millis(300));
    drop(stdin);
}

#[test]
fn losses_are_those_of_duplex() {
    let scratch = Scratch::new();
    scratch
        .run(&["pool", "create", "lab", "--size", "64K"])
        .ok();
    let messages: Vec<String> = (0..2_000).map(|n| format!("\"{n:0100}\"")).collect();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    scratch.feed("lab", &messages);
    let ran = scratch.run(&["duplex", "lab", "--jsonl", "--from", "2"]);
    assert_eq!(ran.code, Some(0), "{:?}", ran.stderr);
    let notice = &json_lines(&ran.stderr)[0]["notice"];
    assert_eq!(
        (&notice["kind"], &notice["cmd"]),
        (&json!("drop"), &json!("duplex"))
    );
    let shown = json_lines(&ran.stdout).len() as u64;
    assert_eq!(
        notice["details"]["dropped_count"].as_u64(),
        Some(1_999 - shown)
    );
}

#[test]
fn a_missing_pool_and_how_to_make_it() {
    let scratch = Scratch::new();
    let error = scratch
        .run_with(&["duplex", "lost"], b"1")
        .error("NotFound", 3);
    let hint = error["hint"].as_str().unwrap();
    assert!(
        hint.contains("--create") && !hint.contains("run:"),
        "{hint}"
    );
    scratch
        .run(&["duplex", "lost", "--me", ""])
        .error("Usage", 2);
    scratch
        .run(&["duplex", "lost", "-n1", "--since=1h"])
        .error("Usage", 2);
    scratch
        .run(&["duplex", "lost", "--jsonl", "--format=pretty"])
        .error("Usage", 2);
    assert!(!scratch.pool("lost").exists());
    let ran = scratch.run::<&str>(&["duplex"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(
        ran.stderr.contains("pls duplex chat --me bob --tail 20"),
        "{}",
        ran.stderr
    );
}

#[test]
fn closed_output_ends_it() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    let mut child = spawn(&scratch, &["-n1"]);
    let stdin = child.stdin.take().unwrap();
    let mut next = lines_of(child.stdout.take().unwrap());
    next();
    drop(next);
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.len()),
        (Some(0), 0),
        "{output:?}"
    );
    drop(stdin);
}

#[test]
fn a_deleted_pool_ends_it() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    let mut child = spawn(&scratch, &["-n1"]);
    let stdin = child.stdin.take().unwrap();
    let mut next = lines_of(child.stdout.take().unwrap());
    next();
    scratch.run(&["pool", "delete", "lab"]).ok();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    drop(stdin);
}

#[test]
fn a_kill_loses_nothing_that_was_sent() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["0"]);
    let mut child = spawn(&scratch, &[]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"1\n2\n").unwrap();
    wait_for_messages(&scratch, "lab", 3);
    assert_eq!(stop(child).signal(), Some(9));
    let ran = scratch.run(&["follow", "lab", "--no-follow", "--jsonl"]);
    assert_eq!(data(ran.ok()), [0, 1, 2]);
}

#[test]
fn a_terminal_to_type_on_and_a_pipe_to_read() {
    use common::session::Session;
    let scratch = Scratch::new();
    let seen = scratch.path().join("seen.jsonl");
    scratch.feed("lab", &["0"]);
    // Standard output is a file, so there is nothing to draw on: the system gives the lines.
    let plain = scratch.command(&["duplex", "lab", "--me", "alice", "--jsonl"]);
    let mut words = vec![plain.get_program().to_owned()];
    words.extend(plain.get_args().map(Into::into));
    let mut shell = scratch.bare("sh");
    shell
        .arg("-c")
        .arg(r#"out=$1; shift; exec "$@" >"$out""#)
        .arg("sh")
        .arg(&seen)
        .args(words);
    let mut alice = Session::start_as(shell);
    alice.type_in("hello\n");
    wait_for_messages(&scratch, "lab", 2);
    scratch.run(&["feed", "lab", "\"answer\""]).json();
    alice.type_in("\u{4}");
    assert_eq!(alice.end_code(), Some(0));
    let text = std::fs::read_to_string(seen).unwrap();
    assert_eq!(data(&text), ["answer"]);
    let ran = scratch.run(&["follow", "lab", "--no-follow", "--jsonl"]);
    assert_eq!(data(ran.ok())[1], json!({"from": "alice", "msg": "hello"}));
}
