//! `pool migrate`: in pipes and on a terminal.
#![cfg(feature = "cli")]

mod common;

use common::terminal::{run, On};
use common::Scratch;
use serde_json::json;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

fn old(scratch: &Scratch, name: &str, falling: bool) -> Vec<u8> {
    common::old::write(&scratch.pools(), name, falling)
}

fn envelopes(scratch: &Scratch, name: &str) -> Vec<serde_json::Value> {
    scratch
        .run(&["follow", name, "--no-follow", "--tail", "100", "--jsonl"])
        .lines()
}

fn expected() -> Vec<serde_json::Value> {
    let message = |seq: u64| {
        json!({
            "seq": seq, "time": format!("1970-01-01T00:00:0{seq}Z"),
            "meta": {"tags": [format!("t{seq}")]}, "data": {"n": seq},
        })
    };
    (7..10).map(message).collect()
}

#[test]
fn in_its_place() {
    let scratch = Scratch::new();
    let bytes = old(&scratch, "lab", false);
    let table = scratch.run(&["pool", "migrate", "lab"]);
    let rows: Vec<Vec<&str>> = table
        .ok()
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows[0],
        ["NAME", "MSGS", "OLDEST", "NEWEST", "SIZE", "PATH", "BACKUP"]
    );
    assert_eq!(
        rows[1],
        [
            "lab",
            "3",
            "7",
            "9",
            "20000",
            "lab.plasmite",
            "lab.plasmite.bak"
        ]
    );
    assert_eq!(
        fs::read(scratch.pools().join("lab.plasmite.bak")).unwrap(),
        bytes
    );
    assert_eq!(envelopes(&scratch, "lab"), expected());
    assert_eq!(scratch.run(&["doctor", "lab"]).ok(), "OK: lab\n");
    // Appends go on behind the old messages.
    let receipt = scratch.run(&["feed", "lab", "1"]).json();
    assert_eq!(receipt["seq"], 10);
    // The old file is no pool of the directory any more.
    let list = scratch.run(&["pool", "list", "--json"]).json();
    assert_eq!(list["pools"].as_array().unwrap().len(), 1);
    let error = scratch.run(&["pool", "migrate", "lab"]).error("Usage", 2);
    assert_eq!(error["message"], "the pool has format 4 already");
}

#[test]
fn into_a_new_one() {
    let scratch = Scratch::new();
    let bytes = old(&scratch, "lab", false);
    let report = scratch
        .run(&["pool", "migrate", "lab", "new", "--size", "1M", "--json"])
        .json();
    assert_eq!(
        report,
        json!({"migrated": {
            "source": "lab", "name": "new", "path": scratch.pool("new"), "backup": null, "old_size": 20_000,
            "file_size": 1 << 20, "message_count": 3, "bounds": {"oldest": 7, "newest": 9}, "times_unordered": false,
        }})
    );
    assert_eq!(fs::read(scratch.pool("lab")).unwrap(), bytes);
    assert_eq!(envelopes(&scratch, "new"), expected());
    let report = scratch
        .run(&["pool", "migrate", "lab", "--format=json"])
        .json();
    let backup = format!("{}.bak", scratch.pool("lab").display());
    assert_eq!(report["migrated"]["backup"], backup);
}

#[test]
fn falling_times() {
    let scratch = Scratch::new();
    old(&scratch, "lab", true);
    let report = scratch.run(&["pool", "migrate", "lab", "--json"]).json();
    assert_eq!(report["migrated"]["times_unordered"], true);
    let since = [
        "follow",
        "lab",
        "--no-follow",
        "--since",
        "1970-01-01T00:01:32Z",
        "--jsonl",
    ];
    let seqs: Vec<u64> = scratch
        .run(&since)
        .lines()
        .iter()
        .map(|line| line["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, [7, 8]);
}

#[test]
fn refusals() {
    let scratch = Scratch::new();
    let bytes = old(&scratch, "lab", false);
    let hint = scratch
        .run(&["pool", "migrate", "lost"])
        .error("NotFound", 3)["hint"]
        .clone();
    assert!(hint.as_str().unwrap().contains("pool list"), "{hint}");
    for arguments in [
        &["lab", "lab"][..],
        &["lab", "--size", "0"],
        &["lab", "--size", "1K"],
        &["lab", "--size", "big"],
        &["lab", "http://localhost:9700/new"],
        &["http://localhost:9700/lab"],
        &["lab", "new", "other"],
        &["lab", ""],
    ] {
        scratch
            .run(&[&["pool", "migrate"], arguments].concat())
            .error("Usage", 2);
    }
    scratch.run(&["pool", "create", "taken"]).ok();
    scratch
        .run(&["pool", "migrate", "lab", "taken"])
        .error("AlreadyExists", 4);
    fs::write(scratch.pools().join("lab.plasmite.bak"), "mine").unwrap();
    let error = scratch
        .run(&["pool", "migrate", "lab"])
        .error("AlreadyExists", 4);
    assert!(
        error["path"]
            .as_str()
            .unwrap()
            .ends_with("lab.plasmite.bak"),
        "{error}"
    );
    // A writer of an older build is at work.
    let writer = File::open(scratch.pool("lab")).unwrap();
    rustix::fs::flock(&writer, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let error = scratch
        .run(&["pool", "migrate", "lab", "new"])
        .error("Busy", 5);
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("stop the programs"),
        "{error}"
    );
    drop(writer);
    assert_eq!(fs::read(scratch.pool("lab")).unwrap(), bytes);
    // The place of the damage is named.
    let mut damaged = bytes.clone();
    damaged[4416] = 0;
    fs::write(scratch.pool("lab"), &damaged).unwrap();
    let error = scratch
        .run(&["pool", "migrate", "lab", "new"])
        .error("Corrupt", 7);
    assert_eq!((&error["seq"], &error["offset"]), (&json!(7), &json!(4416)));
    assert!(!scratch.pool("new").exists());
    let help = scratch.run(&["pool", "migrate"]);
    assert!(
        help.code == Some(2) && help.stderr.contains("Usage:"),
        "{help:?}"
    );
    assert!(scratch
        .run(&["pool", "migrate", "--help"])
        .ok()
        .contains("chat.plasmite.bak"));
}

#[test]
fn on_a_terminal() {
    let scratch = Scratch::new();
    old(&scratch, "lab", true);
    let (text, code) = run(&scratch, &["pool", "migrate", "lab", "new"], On::Stdout);
    let path = scratch.pool("new").display().to_string();
    let expected = format!(
        "Converted lab into new: 3 messages (seq 7..9)\n  {path}\n  times fall in it: --since looks at every message\n"
    );
    assert_eq!((text, code), (expected, Some(0)));
    let (text, _) = run(&scratch, &["pool", "migrate", "lab"], On::Stdout);
    assert!(
        text.starts_with("Converted lab: 3 messages (seq 7..9)\n"),
        "{text}"
    );
    assert!(
        text.ends_with(&format!(
            "  the old pool is kept as {}.bak\n",
            scratch.pool("lab").display()
        )),
        "{text}"
    );
}

/// The pools that other builds made, with what is in them.
#[test]
fn real_pools() {
    let data = std::env::var("PLASMITE_TEST_DATA").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")),
        PathBuf::from,
    );
    let Ok(entries) = fs::read_dir(data.join("pools-v3")) else {
        common::left_out("no shared test data: no pools-v3 in PLASMITE_TEST_DATA");
        return;
    };
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.pools()).unwrap();
    let is_pool = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "plasmite")
    };
    let pools: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(is_pool)
        .collect();
    assert_eq!(pools.len(), 6);
    for pool in pools {
        let name = pool.file_stem().and_then(|name| name.to_str()).unwrap();
        fs::write(scratch.pool(name), fs::read(&pool).unwrap()).unwrap();
        scratch.run(&["pool", "migrate", name]).ok();
        let written = fs::read_to_string(Path::new(&pool).with_extension("jsonl")).unwrap();
        assert_eq!(
            envelopes(&scratch, name),
            common::json_lines(&written),
            "{name}"
        );
    }
    assert_eq!(scratch.run(&["doctor", "--all"]).ok().lines().count(), 6);
}
