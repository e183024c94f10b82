//! `doctor`: in pipes and on a terminal.
#![cfg(feature = "cli")]

mod common;

use common::nobody::{as_nobody, readable_by_all};
use common::terminal::{run, On};
use common::Scratch;
use serde_json::json;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt};

/// A pool of nine messages; the fifth is damaged on demand.
fn nine(scratch: &Scratch, name: &str, damaged: bool) {
    scratch.run(&["pool", "create", name, "--size", "64K"]).ok();
    let messages: Vec<String> = (1..=9).map(|n| format!("{{\"n\":{n}}}")).collect();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    scratch.feed(name, &messages);
    if damaged {
        let bytes = fs::read(scratch.pool(name)).unwrap();
        let ring = u64::from_le_bytes(bytes[48..56].try_into().unwrap());
        // All frames are equally long: the newest ends at head, the first begins at 0.
        let head = u64::from_le_bytes(bytes[4104..4112].try_into().unwrap());
        let file = File::options()
            .write(true)
            .open(scratch.pool(name))
            .unwrap();
        file.write_all_at(b"\xee\xee", ring + head / 9 * 4 + 44)
            .unwrap();
    }
}

#[test]
fn verdicts_in_a_pipe() {
    let scratch = Scratch::new();
    nine(&scratch, "good", false);
    nine(&scratch, "bad", true);
    assert_eq!(scratch.run(&["doctor", "good"]).ok(), "OK: good\n");
    let ran = scratch.run(&["doctor", "bad"]);
    let (verdict, advice) = ran.stdout.split_once('\n').unwrap();
    assert_eq!(
        (verdict, ran.stderr.as_str(), ran.code),
        (
            "CORRUPT: bad last_good_seq=4 issue=message 5 is damaged",
            "",
            Some(7)
        )
    );
    assert!(
        advice.starts_with("Advice: ") && advice.contains("doctor --salvage"),
        "{advice}"
    );
    assert_eq!(advice.lines().count(), 1);
    let path = |name: &str| scratch.pool(name).display().to_string();
    let ran = scratch.run(&["doctor", "--all"]);
    let all = format!(
        "CORRUPT: {} last_good_seq=4 issue=message 5 is damaged\n{advice}OK: {}\n",
        path("bad"),
        path("good")
    );
    assert_eq!(
        (ran.stdout, ran.stderr.as_str(), ran.code),
        (all, "", Some(7))
    );
    // A reader is in the way of nothing, and neither is the doctor: the pool is as it was.
    let before = fs::read(scratch.pool("bad")).unwrap();
    scratch.run(&["doctor", "bad", "--json"]);
    assert!(before == fs::read(scratch.pool("bad")).unwrap());
    // By path.
    let reference = scratch.pool("good").display().to_string();
    assert_eq!(
        scratch.run(&["doctor", &reference]).ok(),
        format!("OK: {reference}\n")
    );
}

/// A pool in order may still be worth a word, in a pipe too.
#[test]
fn warnings_in_a_pipe() {
    let scratch = Scratch::new();
    nine(&scratch, "worn", false);
    nine(&scratch, "good", false);
    let info = scratch.run(&["pool", "info", "worn", "--json"]).json();
    let file = File::options()
        .write(true)
        .open(scratch.pool("worn"))
        .unwrap();
    let slots = vec![0xee; info["index_size_bytes"].as_u64().unwrap() as usize];
    file.write_all_at(&slots, info["index_offset"].as_u64().unwrap())
        .unwrap();
    let report = scratch.run(&["doctor", "worn", "--json"]).json();
    let warning = report["reports"][0]["warnings"][0]["message"]
        .as_str()
        .unwrap();
    let ran = scratch.run(&["doctor", "worn"]);
    assert_eq!(ran.stdout, format!("OK: worn\nWarning: {warning}\n"));
    assert_eq!((ran.stderr.as_str(), ran.code), ("", Some(0)));
    // Below its pool also among others.
    let ran = scratch.run(&["doctor", "--all"]);
    let [good, worn] = ["good", "worn"].map(|name| scratch.pool(name).display().to_string());
    assert_eq!(
        ran.ok(),
        format!("OK: {good}\nOK: {worn}\nWarning: {warning}\n")
    );
}

/// Where a salvage would bring everything back, an error names it, and no error says to delete.
#[test]
fn damage_leads_to_a_salvage() {
    let scratch = Scratch::new();
    for name in ["cut", "longer", "unmarked", "head"] {
        nine(&scratch, name, false);
    }
    let open = |name| {
        File::options()
            .write(true)
            .open(scratch.pool(name))
            .unwrap()
    };
    open("cut").set_len(60_000).unwrap();
    open("longer").set_len(65_537).unwrap();
    open("unmarked").write_all_at(b"x", 0).unwrap();
    open("head").write_all_at(b"xxxx", 50).unwrap();
    for name in ["cut", "longer", "unmarked", "head"] {
        let at = scratch.pool(name).display().to_string();
        for args in [
            &["follow", name, "--no-follow"][..],
            &["fetch", name, "1"],
            &["feed", name, "1"],
            &["pool", "info", &at],
        ] {
            let error = scratch.run(args).error("Corrupt", 7);
            let hint = error["hint"].as_str().unwrap();
            assert!(
                hint.contains("pls doctor POOL --salvage NEW") && !hint.contains("delete"),
                "{name}: {hint}"
            );
        }
        let new = format!("{name}-2");
        let brought = scratch.run(&["doctor", name, "--salvage", &new, "--json"]);
        assert_eq!(brought.json()["salvaged"]["message_count"], 9, "{name}");
    }
    fs::write(scratch.path().join("notes"), "milk, eggs\n").unwrap();
    let error = scratch
        .run(&["follow", "./notes", "--no-follow"])
        .error("Corrupt", 7);
    let hint = error["hint"].as_str().unwrap();
    assert!(
        hint.starts_with("check the name: this may be another file") && !hint.contains("delete"),
        "{hint}"
    );
}

#[test]
fn reports_as_json() {
    let scratch = Scratch::new();
    nine(&scratch, "good", false);
    nine(&scratch, "bad", true);
    let report = scratch.run(&["doctor", "good", "--json"]).json();
    let checked = |report: &serde_json::Value, name: &str| {
        let mut report = report.clone();
        let bytes = report["reports"][0]["checked_bytes"].take();
        assert!(bytes.as_u64().is_some_and(|bytes| bytes > 9 * 48), "{name}");
        report
    };
    assert_eq!(
        checked(&report, "good"),
        json!({"reports": [{
            "pool_ref": "good", "path": scratch.pool("good"), "status": "ok", "last_good_seq": 9,
            "issue_count": 0, "issues": [], "remediation_hints": [], "snapshot_path": null,
            "bounds": {"oldest": 1, "newest": 9}, "message_count": 9, "checked_bytes": null, "checked_slots": 1,
        }]})
    );
    let ran = scratch.run(&["doctor", "bad", "--format", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(7), ""));
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let row = &report["reports"][0];
    assert_eq!(
        (&row["status"], &row["last_good_seq"]),
        (&json!("corrupt"), &json!(4))
    );
    assert_eq!(row["message_count"], 8);
    let issue = &row["issues"][0];
    assert_eq!(
        (&issue["code"], &issue["finding"]),
        (&json!("corrupt"), &json!("frame"))
    );
    assert_eq!(
        (&issue["message"], &issue["seq"]),
        (&json!("message 5 is damaged"), &json!(5))
    );
    assert!(issue["offset"].as_u64().is_some_and(|offset| offset > 8192));
    assert_eq!(row["remediation_hints"], json!([issue["advice"]]));
    let all = scratch.run(&["doctor", "--all", "--json"]);
    assert_eq!(all.code, Some(7));
    let all: serde_json::Value = serde_json::from_str(&all.stdout).unwrap();
    let status = |index: usize| all["reports"][index]["status"].clone();
    assert_eq!((status(0), status(1)), (json!("corrupt"), json!("ok")));
    assert_eq!(all["reports"][1]["pool_ref"], json!(scratch.pool("good")));
}

#[test]
fn directories() {
    let scratch = Scratch::new();
    let error = scratch.run(&["doctor", "--all"]).error("NotFound", 3);
    assert_eq!(error["path"], scratch.pools().to_str().unwrap());
    fs::create_dir_all(scratch.pools()).unwrap();
    let nothing = format!("No pools in {}\n", scratch.pools().display());
    assert_eq!(scratch.run(&["doctor", "--all"]).ok(), nothing);
    assert_eq!(
        scratch.run(&["doctor", "--all", "--json"]).json(),
        json!({"reports": []})
    );
    // What cannot be looked at is a row, and gives its own exit code when nothing is damaged.
    nine(&scratch, "good", false);
    fs::create_dir(scratch.pool("directory")).unwrap();
    let ran = scratch.run(&["doctor", "--all"]);
    let rows: Vec<&str> = ran.stdout.lines().collect();
    assert!(
        rows[0].starts_with("ERR: ") && rows[0].contains("issue=cannot open the pool"),
        "{ran:?}"
    );
    assert!(rows[1].starts_with("OK: ") && rows.len() == 2);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(8), ""));
    let ran = scratch.run(&["doctor", "--all", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["reports"][0]["status"], "unreadable");
    assert_eq!(report["reports"][0]["issues"][0]["code"], "io");
    fs::write(scratch.pool("foreign"), "no pool").unwrap();
    assert_eq!(scratch.run(&["doctor", "--all"]).code, Some(7));
    scratch.run(&["doctor", "directory"]).error("Io", 8);
}

#[test]
fn other_formats() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.pools()).unwrap();
    let mut old = b"PLSM\x03\0\0\0\x01".to_vec();
    old.resize(8192, 0);
    fs::write(scratch.pool("old"), old).unwrap();
    let ran = scratch.run(&["doctor", "old", "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(7), ""));
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["reports"][0]["issues"][0]["code"], "format");
    let hint = report["reports"][0]["remediation_hints"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(hint.contains("pool migrate"), "{hint}");
    // All other commands refuse it, and say what to type.
    for command in [
        &["follow", "old"][..],
        &["fetch", "old", "1"],
        &["pool", "info", "old"],
        &["feed", "old", "1"],
    ] {
        let error = scratch.run(command).error("Usage", 2);
        let hint = error["hint"].as_str().unwrap();
        let dir = scratch.pools().display().to_string();
        assert_eq!(
            hint,
            format!("to convert it, run: plasmite --dir {dir} pool migrate old")
        );
    }
    let (text, _) = run(&scratch, &["doctor", "old", "--color", "never"], On::Stdout);
    assert!(text.starts_with("✗ old is of another format\n"), "{text}");
    assert!(
        text.contains("convert it with: plasmite --dir ") && text.ends_with("pool migrate old\n"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_asked() {
    let scratch = Scratch::new();
    nine(&scratch, "good", false);
    let hint = scratch.run(&["doctor", "lost"]).error("NotFound", 3)["hint"].clone();
    assert!(hint.as_str().unwrap().contains("pool list"), "{hint}");
    let hint = scratch.run(&["doctor", "./lost"]).error("NotFound", 3)["hint"].clone();
    assert!(
        hint.as_str().unwrap().starts_with("check the path; "),
        "{hint}"
    );
    for arguments in [
        &["good", "--all"][..],
        &["--json"],
        &["good", "other"],
        &["http://localhost:9700/good"],
        &[""],
        &["good", "--repair"],
    ] {
        scratch
            .run(&[&["doctor"], arguments].concat())
            .error("Usage", 2);
    }
    let help = scratch.run(&["doctor"]);
    assert_eq!((help.code, help.stdout.as_str()), (Some(2), ""));
    assert!(help.stderr.contains("Usage:"), "{help:?}");
    assert!(scratch
        .run(&["doctor", "--help"])
        .ok()
        .contains("pls doctor --all"));
}

#[test]
fn without_rights() {
    let scratch = Scratch::new();
    nine(&scratch, "good", false);
    let mode =
        |mode| fs::set_permissions(scratch.pool("good"), PermissionsExt::from_mode(mode)).unwrap();
    mode(0o400);
    assert_eq!(scratch.run(&["doctor", "good"]).ok(), "OK: good\n");
    mode(0o000);
    readable_by_all(scratch.path());
    readable_by_all(&scratch.pools());
    as_nobody(&scratch, &["doctor", "good"]).error("Permission", 6);
    assert_eq!(as_nobody(&scratch, &["doctor", "--all"]).code, Some(6));
}

#[test]
fn on_a_terminal() {
    let scratch = Scratch::new();
    nine(&scratch, "good", false);
    nine(&scratch, "bad", true);
    scratch
        .run(&["pool", "create", "empty", "--size", "64K"])
        .ok();
    let plain = |args: &[&str]| {
        run(
            &scratch,
            &[args, &["--color", "never"]].concat(),
            On::Stdout,
        )
    };
    let (text, code) = plain(&["doctor", "good"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(code, Some(0));
    assert_eq!(lines[0], "✓ good is in order");
    assert_eq!(lines[1], "  Messages  9 (seq 1..9)");
    assert!(
        lines[2].starts_with("  Checked   superblock, control page, 9 messages with "),
        "{text}"
    );
    assert!(
        lines[2].ends_with(", 1 index slot") && lines.len() == 3,
        "{text}"
    );
    let (text, code) = plain(&["doctor", "bad"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(code, Some(7));
    assert_eq!(lines[0], "✗ bad is damaged: 1 issue");
    assert_eq!(
        lines[1],
        "  Messages  8 intact (seq 1..9), without a break up to seq 4"
    );
    assert!(
        lines[3].starts_with("  Issue     message 5 is damaged (at byte "),
        "{text}"
    );
    assert!(lines[4].starts_with("  Advice    "), "{text}");
    let (text, _) = plain(&["doctor", "empty"]);
    assert!(
        text.contains("\n  Messages  none: the pool is empty\n"),
        "{text}"
    );
    let (text, code) = plain(&["doctor", "--all"]);
    let table = "\
3 pools: 2 in order, 1 damaged
POOL   STATUS   MSGS  SEQ   DETAIL
bad    CORRUPT  8     1..9  message 5 is damaged
empty  OK       0     -     -
good   OK       9     1..9  -
";
    assert_eq!((text.as_str(), code), (table, Some(7)));
    let (text, _) = run(&scratch, &["doctor", "good"], On::Stdout);
    assert!(text.starts_with("\u{1b}[32m✓\u{1b}[0m good"), "{text:?}");
    let (text, _) = plain(&["doctor", "good", "--json"]);
    assert!(
        text.starts_with("{\n  \"reports\": [\n    {\n      \"pool_ref\": \"good\",\n"),
        "{text}"
    );
}

/// Of a large pool it is told how far the doctor has come; in the end nothing is left of that.
#[test]
fn progress_on_a_terminal() {
    let scratch = Scratch::new();
    scratch
        .run(&["pool", "create", "large", "--size", "256M"])
        .ok();
    let large = format!("\"{}\"", "x".repeat(1 << 20));
    scratch.feed("large", &[large.as_str(); 12]);
    let (text, code) = run(&scratch, &["doctor", "large"], On::Stderr);
    assert_eq!(code, Some(0));
    assert!(
        text.starts_with("\r\u{1b}[Kchecking large: ") && text.contains(" of 256M ("),
        "{text:?}"
    );
    assert!(text.ends_with("\r\u{1b}[K"), "{text:?}");
    // A pipe gets nothing of it, and neither does a terminal when the pool is small.
    assert_eq!(scratch.run(&["doctor", "large"]).ok(), "OK: large\n");
    nine(&scratch, "small", false);
    let (text, _) = run(&scratch, &["doctor", "small"], On::Stderr);
    assert_eq!(text, "");
}

#[test]
fn what_is_intact_is_salvaged() {
    let scratch = Scratch::new();
    nine(&scratch, "bad", true);
    let before = fs::read(scratch.pool("bad")).unwrap();
    let report = scratch
        .run(&["doctor", "bad", "--salvage", "rescued", "--json"])
        .json();
    let path = scratch.pool("rescued").display().to_string();
    assert_eq!(
        report,
        json!({"salvaged": {
            "source": "bad", "name": "rescued", "path": path, "file_size": 65536, "message_count": 8,
            "bounds": {"oldest": 1, "newest": 9},
            "lost_count": 1, "lost_ranges": 1, "lost": [{"first": 5, "last": 5}],
        }})
    );
    assert!(before == fs::read(scratch.pool("bad")).unwrap());
    let verdict = scratch.run(&["doctor", "rescued"]);
    let (verdict, warning) = verdict.ok().split_once('\n').unwrap();
    assert_eq!(verdict, "OK: rescued");
    assert!(warning.starts_with("Warning: "), "{warning}");
    // Who reads it all is told of the hole.
    let ran = scratch.run(&["follow", "rescued", "--no-follow", "--jsonl"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("\"dropped_count\":1"), "{ran:?}");
    let numbers: Vec<_> = common::json_lines(&ran.stdout)
        .iter()
        .map(|line| line["data"]["n"].clone())
        .collect();
    assert_eq!(json!(numbers), json!([1, 2, 3, 4, 6, 7, 8, 9]));
    let table = scratch.run(&["doctor", "bad", "--salvage", "again"]);
    assert_eq!(
        table.ok(),
        "NAME   MSGS  OLDEST  NEWEST  LOST  SIZE   PATH\nagain  8     1       9       1     65536  again.plasmite\n"
    );
    scratch
        .run(&["doctor", "bad", "--salvage", "again"])
        .error("AlreadyExists", 4);
    scratch
        .run(&["doctor", "none", "--salvage", "new"])
        .error("NotFound", 3);
    scratch
        .run(&["doctor", "--all", "--salvage", "new"])
        .error("Usage", 2);
    let (text, code) = run(
        &scratch,
        &["doctor", "bad", "--salvage", "shown", "--color", "never"],
        On::Stdout,
    );
    assert_eq!(code, Some(0));
    assert!(
        text.contains("Salvaged bad into shown: 8 messages (seq 1..9)")
            && text.contains("lost: 1 message: 5"),
        "{text}"
    );
}
