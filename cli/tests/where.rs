//! `follow --where`.
#![cfg(feature = "cli")]

mod common;

use common::{json_lines, lines_of, stop, Scratch};
use std::io::Read;
use std::time::Instant;

/// Seqs of what `follow lab --jsonl` shows with more arguments.
fn followed(scratch: &Scratch, args: &[&str]) -> Vec<u64> {
    let ran = scratch.run(&[&["follow", "lab", "--jsonl"], args].concat());
    ran.lines()
        .iter()
        .map(|message| message["seq"].as_u64().expect("a seq"))
        .collect()
}

fn numbered(count: u64) -> Scratch {
    let scratch = Scratch::new();
    let messages: Vec<String> = (1..=count)
        .map(|n| {
            format!(
                "{{\"n\":{n},\"odd\":{},\"msg\":\"a {n} timeout\"}}",
                n % 2 == 1
            )
        })
        .collect();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    scratch.feed("lab", &messages);
    scratch
}

#[test]
fn conditions_of_every_form() {
    let scratch = numbered(9);
    for (conditions, expected) in [
        (&[".data.n >= 8"][..], &[8, 9][..]),
        (&[".data.odd"], &[1, 3, 5, 7, 9]),
        (&[".data.odd | not"], &[2, 4, 6, 8]),
        (&[".data.odd", ".data.n > 5"], &[7, 9]),
        (&[".data.msg | test(\"[37] timeout\")"], &[3, 7]),
        (
            &[".data.msg | test(\"TIME\"; \"i\") and length > 3"],
            &[1, 2, 3, 4, 5, 6, 7, 8, 9],
        ),
        (&[".seq >= 8"], &[8, 9]),
        (&[".data.missing"], &[]),
        (&[".data.missing == null and .seq == 2"], &[2]),
        (&[".data.n / 0 > 1"], &[]),
        (&["[range(.data.n)] | add == 15"], &[6]),
        (
            &["def f: if . > 1 then .-2 | f else . == 1 end; .data.n | f"],
            &[1, 3, 5, 7, 9],
        ),
    ] {
        let mut args = vec!["--no-follow"];
        conditions
            .iter()
            .for_each(|condition| args.extend(["--where", condition]));
        assert_eq!(followed(&scratch, &args), expected, "{conditions:?}");
    }
}

#[test]
fn selections_count_matches() {
    let scratch = numbered(9);
    let odd = ["--no-follow", "--where", ".data.odd"];
    let with = |more: &[&str]| followed(&scratch, &[&odd[..], more].concat());
    assert_eq!(with(&["--tail", "2"]), [7, 9]);
    assert_eq!(with(&["--tail", "20"]), [1, 3, 5, 7, 9]);
    assert_eq!(with(&["--tail", "3", "--one"]), [9]);
    assert_eq!(with(&["--from", "4"]), [5, 7, 9]);
    assert_eq!(with(&["--from", "4", "--one"]), [5]);
    assert_eq!(with(&["--since", "1h"]), [1, 3, 5, 7, 9]);
    assert_eq!(with(&["--tail", "2", "--replay", "0"]), [7, 9]);
    let data = scratch.run(&[
        "follow",
        "lab",
        "--no-follow",
        "--jsonl",
        "--data-only",
        "--where",
        ".seq == 3",
    ]);
    assert_eq!(
        data.ok(),
        "{\"n\":3,\"odd\":true,\"msg\":\"a 3 timeout\"}\n"
    );
    let pretty = scratch.run(&["follow", "lab", "--no-follow", "--where", ".seq == 3"]);
    assert!(pretty.ok().contains("\"n\": 3"), "{pretty:?}");
}

#[test]
fn nothing_that_matches_is_a_timeout() {
    let scratch = numbered(3);
    let started = Instant::now();
    let ran = scratch.run(&[
        "follow",
        "lab",
        "--from",
        "1",
        "--timeout",
        "200ms",
        "--where",
        ".data.n > 3",
    ]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(124), ""), "{ran:?}");
    assert!(started.elapsed().as_millis() >= 200);
}

#[test]
fn bad_expressions_end_before_any_output() {
    let scratch = numbered(3);
    let ran = scratch.run(&[
        "follow",
        "lab",
        "--no-follow",
        "--where",
        "true",
        "--where",
        ".data.n = = 1",
    ]);
    let error = ran.error("Usage", 2);
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("--where '.data.n = = 1'") && message.contains("at character 11"),
        "{message}"
    );
    assert!(error["hint"].is_string(), "{error}");
    for bad in [
        "",
        "foo",
        "env.HOME == \"x\"",
        "input",
        ".data.msg | test(\"(\")",
        "(",
        "\"",
        "def f: f",
    ] {
        scratch
            .run(&["follow", "lab", "--no-follow", "--where", bad])
            .error("Usage", 2);
    }
    // Nothing is made for it either.
    scratch
        .run(&["follow", "new", "--create", "--where", "foo"])
        .error("Usage", 2);
    assert!(!scratch.pool("new").exists());
}

#[test]
fn an_output_that_is_no_truth_value_ends_it() {
    let scratch = numbered(3);
    let ran = scratch.run(&[
        "follow",
        "lab",
        "--no-follow",
        "--jsonl",
        "--where",
        "if .seq < 3 then true else .data.n end",
    ]);
    let error = ran.error_after_output("Usage", 2);
    assert_eq!(error["seq"], 3, "{error}");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("gives a number at message 3"),
        "{error}"
    );
    assert_eq!(json_lines(&ran.stdout).len(), 2);
    let endless = scratch.run(&["follow", "lab", "--no-follow", "--where", "def f: f; f"]);
    assert_eq!(endless.error("Usage", 2)["seq"], 1);
}

/// The product description's CI gate: waits, and ends at the first green build.
#[test]
fn a_gate_opens_at_the_first_match() {
    let scratch = Scratch::new();
    scratch.feed("ci", &[r#"{"status":"green"}"#]);
    let mut gate = scratch.spawn(&[
        "follow",
        "ci",
        "--where",
        ".data.status == \"green\"",
        "--one",
        "--jsonl",
    ]);
    // Said again until the gate, which looks at what comes from its start on, has heard it.
    let status = loop {
        scratch.feed(
            "ci",
            &[
                r#"{"status":"red"}"#,
                r#"{"status":"green","commit":"abc"}"#,
            ],
        );
        if let Some(status) = gate.try_wait().unwrap() {
            break status;
        }
    };
    assert!(status.success());
    let mut shown = String::new();
    gate.stdout.unwrap().read_to_string(&mut shown).unwrap();
    // One message, and not the green one that was there before.
    let [message] = &json_lines(&shown)[..] else {
        panic!("the gate shows {shown:?}");
    };
    assert_eq!(message["data"]["status"], "green");
    assert_eq!(message["data"]["commit"], "abc");
}

/// The product description's incident triage: tags and a condition together.
#[test]
fn tags_and_conditions_compose() {
    let scratch = Scratch::new();
    for (tag, json) in [
        ("sev1", r#"{"msg":"payment timeout"}"#),
        ("sev2", r#"{"msg":"search timeout"}"#),
        ("sev1", r#"{"msg":"disk full"}"#),
        ("sev1", r#"{"code":7}"#),
    ] {
        scratch
            .run(&["feed", "incidents", "--create", "--tag", tag, json])
            .ok();
    }
    let mut triage = scratch.spawn(&[
        "follow",
        "incidents",
        "--tag",
        "sev1",
        "--where",
        ".data.msg | test(\"timeout\")",
        "--from",
        "1",
        "--jsonl",
    ]);
    let mut line = lines_of(triage.stdout.take().unwrap());
    assert_eq!(json_lines(&line())[0]["seq"], 1);
    scratch
        .run(&[
            "feed",
            "incidents",
            "--tag",
            "sev1",
            r#"{"msg":"db timeout"}"#,
        ])
        .ok();
    assert_eq!(json_lines(&line())[0]["seq"], 5);
    stop(triage);
    let tagged = scratch.run(&[
        "follow",
        "incidents",
        "--no-follow",
        "--jsonl",
        "--where",
        ".meta.tags[] == \"sev2\"",
    ]);
    assert_eq!(tagged.lines()[0]["seq"], 2);
}
