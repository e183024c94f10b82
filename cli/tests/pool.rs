//! `pool create`, `pool info`, `pool list`, `pool delete` in pipes.
#![cfg(feature = "cli")]

mod common;

use common::Scratch;
use serde_json::{json, Value};
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn rows(table: &str) -> Vec<Vec<&str>> {
    table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect()
}

#[test]
fn create_makes_files_of_the_asked_size() {
    let scratch = Scratch::new();
    let ran = scratch.run(&["pool", "create", "lab", "--size", "64K"]);
    let rows = rows(ran.ok());
    assert_eq!(rows[0], ["NAME", "SIZE", "INDEX", "PATH"]);
    assert_eq!(
        (rows[1][0], rows[1][1], rows[1][3]),
        ("lab", "65536", "lab.plasmite")
    );
    assert_eq!(fs::metadata(scratch.pool("lab")).unwrap().len(), 65536);
    scratch.run(&["pool", "create", "standard"]).ok();
    assert_eq!(
        fs::metadata(scratch.pool("standard")).unwrap().len(),
        1 << 20
    );
}

#[test]
fn create_reports_as_json() {
    let scratch = Scratch::new();
    for words in [
        ["--json", "--index-capacity=0"],
        ["--format=json", "--index-capacity=16"],
    ] {
        let name = words[1].replace("--index-capacity=", "n");
        let report = scratch
            .run(&["pool", "create", &name, words[0], words[1]])
            .json();
        let pool = &report["created"][0];
        assert_eq!(pool["name"], *name);
        assert_eq!(pool["path"], scratch.pool(&name).to_str().unwrap());
        assert_eq!(pool["bounds"], json!({}));
        for field in [
            "file_size",
            "index_offset",
            "index_capacity",
            "index_size_bytes",
            "ring_offset",
            "ring_size",
        ] {
            assert!(pool[field].is_u64(), "{field} in {pool}");
        }
        let slots: u64 = name[1..].parse().unwrap();
        assert_eq!(pool["index_capacity"], slots);
    }
}

#[test]
fn create_checks_all_names_before_it_makes_one() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "b"]).ok();
    let error = scratch
        .run(&["pool", "create", "a", "b", "c"])
        .error("AlreadyExists", 4);
    assert!(
        error["message"].as_str().unwrap().contains("\"b\""),
        "{error}"
    );
    assert_eq!(error["path"], scratch.pool("b").to_str().unwrap());
    scratch
        .run(&["pool", "create", "d", "d"])
        .error("AlreadyExists", 4);
    for bad in ["", "new\nline", "bell\u{7}"] {
        scratch.run(&["pool", "create", "d", bad]).error("Usage", 2);
    }
    let names: Vec<_> = fs::read_dir(scratch.pools())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["b.plasmite"]);
}

#[test]
fn create_refuses_what_cannot_work() {
    let scratch = Scratch::new();
    for arguments in [
        &["x", "--size", "1"][..],
        &["x", "--size", "0"],
        &["x", "--size", "1.5M"],
        &["x", "--size", "99999999999G"],
        &["x", "--index-capacity", "-1"],
        &["x", "--size", "64K", "--index-capacity", "4000000000"],
        &["http://localhost:9700/x/y"],
        &["ftp://localhost/x"],
    ] {
        let error = scratch
            .run(&[&["pool", "create"], arguments].concat())
            .error("Usage", 2);
        assert!(error["hint"].is_string(), "{arguments:?}: {error}");
    }
    assert!(!scratch.pools().exists() || fs::read_dir(scratch.pools()).unwrap().next().is_none());
}

#[test]
fn paths_and_odd_names_work() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "./deep/er/x.pool"]).ok();
    assert!(scratch.path().join("deep/er/x.pool").exists());
    scratch.run(&["pool", "create", "--", "-odd"]).ok();
    scratch.run(&["pool", "create", "full.plasmite", ".."]).ok();
    for file in ["-odd.plasmite", "full.plasmite", "...plasmite"] {
        assert!(scratch.pools().join(file).exists(), "{file}");
    }
    scratch.run(&["pool", "info", "./deep/er/x.pool"]).ok();
    scratch.run(&["pool", "delete", "--", "-odd"]).ok();
}

#[test]
fn info_tells_what_the_pool_holds() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "lab"]).ok();
    let ran = scratch.run(&["pool", "info", "lab"]);
    assert!(ran.ok().contains("Bounds: -\n"), "{ran:?}");
    scratch.feed("lab", &["1", "2", "3"]);
    let ran = scratch.run(&["pool", "info", "lab"]);
    let text = ran.ok();
    for start in [
        "Pool: lab\n",
        "Path: /",
        "Size: 1048576 bytes (",
        "Utilization: used=",
        "Oldest: 20",
        "Newest: 20",
    ] {
        assert!(text.contains(start), "{start:?} in {text}");
    }
    assert!(
        text.contains("Bounds: oldest=1 newest=3 count=3\n"),
        "{text}"
    );
    let info = scratch.run(&["pool", "info", "lab", "--json"]).json();
    assert_eq!(info["name"], "lab");
    assert_eq!(info["bounds"], json!({"oldest": 1, "newest": 3}));
    assert_eq!(info["metrics"]["message_count"], 3);
    assert!(
        info["metrics"]["utilization"]["used_percent"].is_number(),
        "{info}"
    );
    assert!(info["metrics"]["age"]["newest_time"].is_string(), "{info}");
}

#[test]
fn a_missing_pool_is_named_with_what_to_do() {
    let scratch = Scratch::new();
    for command in [&["pool", "info", "lost"][..], &["fetch", "lost", "1"]] {
        let error = scratch.run(command).error("NotFound", 3);
        assert!(
            error["path"].as_str().unwrap().ends_with("lost.plasmite"),
            "{error}"
        );
        let hint = error["hint"].as_str().unwrap();
        assert!(
            hint.contains("pool create lost") && hint.contains("--dir"),
            "{hint}"
        );
    }
    let error = scratch
        .run(&["pool", "info", "./lost.pool"])
        .error("NotFound", 3);
    assert!(
        error["hint"].as_str().unwrap().contains("check the path"),
        "{error}"
    );
}

#[test]
fn list_shows_every_pool_also_the_unreadable() {
    let scratch = Scratch::new();
    let ran = scratch.run(&["pool", "list"]);
    assert_eq!(rows(ran.ok()).len(), 1, "titles only: {ran:?}");
    assert_eq!(
        scratch.run(&["pool", "list", "--json"]).json(),
        json!({"pools": []})
    );
    assert!(!scratch.pools().exists(), "listing creates nothing");

    scratch.feed("b", &["1"]);
    scratch.run(&["pool", "create", "a"]).ok();
    fs::write(scratch.pool("c"), "no pool").unwrap();
    fs::write(scratch.pools().join("other.txt"), "").unwrap();
    let ran = scratch.run(&["pool", "list"]);
    let rows = rows(ran.ok());
    assert_eq!(
        rows[0],
        ["NAME", "STATUS", "SIZE", "OLDEST", "NEWEST", "MTIME", "PATH", "DETAIL"]
    );
    assert_eq!(rows[1][..5], ["a", "OK", "1048576", "-", "-"]);
    assert_eq!(rows[2][..5], ["b", "OK", "1048576", "1", "1"]);
    assert_eq!(rows[3][..5], ["c", "ERR", "-", "-", "-"]);
    assert_eq!(rows[3][6], "c.plasmite");
    let list = scratch.run(&["pool", "list", "--json"]).json();
    let pools = list["pools"].as_array().unwrap();
    assert_eq!(
        pools
            .iter()
            .map(|pool| pool["name"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    assert_eq!(pools[1]["bounds"], json!({"oldest": 1, "newest": 1}));
    assert!(pools[1]["mtime"].is_string());
    assert_eq!(pools[2]["error"]["error"]["kind"], "Corrupt");
}

#[test]
fn an_unreadable_directory_is_an_error() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.pools()).unwrap();
    fs::set_permissions(scratch.pools(), fs::Permissions::from_mode(0o0)).unwrap();
    // Root reads everything.
    let readable = fs::read_dir(scratch.pools()).is_ok();
    let ran = scratch.run(&["pool", "list"]);
    fs::set_permissions(scratch.pools(), fs::Permissions::from_mode(0o700)).unwrap();
    match readable {
        true => drop(ran.ok()),
        false => drop(ran.error("Permission", 6)),
    }
    fs::remove_dir(scratch.pools()).unwrap();
    fs::write(scratch.pools(), "a file").unwrap();
    scratch.run(&["pool", "list"]).error("Io", 8);
}

#[test]
fn delete_tries_every_name() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "a", "b", "c"]).ok();
    let ran = scratch.run(&["pool", "delete", "a", "lost", "http://127.0.0.1:1/x", "b"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), ""), "{ran:?}");
    let rows = rows(&ran.stdout);
    assert_eq!(rows[0], ["NAME", "STATUS", "PATH", "DETAIL"]);
    let states: Vec<_> = rows[1..].iter().map(|row| (row[0], row[1])).collect();
    assert_eq!(
        states,
        [
            ("a", "OK"),
            ("lost", "ERR"),
            ("http://127.0.0.1:1/x", "ERR"),
            ("b", "OK")
        ]
    );
    assert!(!scratch.pool("a").exists() && !scratch.pool("b").exists());

    let ran = scratch.run(&["pool", "delete", "c", "lost", "--json"]);
    assert_eq!(ran.code, Some(3));
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        report["deleted"],
        json!([{"pool": "c", "path": scratch.pool("c")}])
    );
    assert_eq!(report["failed"][0]["pool"], "lost");
    assert_eq!(report["failed"][0]["error"]["kind"], "NotFound");
}

#[test]
fn foreign_files_are_refused_with_their_path() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.pools()).unwrap();
    fs::write(scratch.pool("text"), vec![b'x'; 10_000]).unwrap();
    fs::write(scratch.pool("empty"), "").unwrap();
    fs::create_dir(scratch.pool("directory")).unwrap();
    for (name, kind, code) in [
        ("text", "Corrupt", 7),
        ("empty", "Corrupt", 7),
        ("directory", "Io", 8),
    ] {
        let error = scratch.run(&["pool", "info", name]).error(kind, code);
        assert_eq!(
            error["path"],
            scratch.pool(name).to_str().unwrap(),
            "{error}"
        );
        assert!(error["hint"].is_string(), "{error}");
    }
}
