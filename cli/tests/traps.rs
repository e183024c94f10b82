//! Traps that other programs of this kind have fallen into, as a user of the commands meets them. The numbers are those of
//! the list in `defects.rs`.
#![cfg(feature = "cli")]

mod common;

use common::nobody::{as_nobody, readable_by_all};
use common::{finish, json_lines, Scratch};
use serde_json::{json, Value};
use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

fn data(scratch: &Scratch, args: &[&str]) -> Vec<Value> {
    let args = [&["follow"], args, &["--data-only", "--jsonl"]].concat();
    scratch.run(&args).lines()
}

/// Defect 1: rings that have wrapped and have any little room left at their end.
#[test]
fn readers_of_wrapped_rings_come_to_an_end() {
    let scratch = Scratch::new();
    for size in (0..64).step_by(8).map(|more| 20_000 + more) {
        let pool = format!("lab{size}");
        let create = ["pool", "create", &pool, "--size", &size.to_string()];
        scratch.run(&create).ok();
        let messages: Vec<String> = (1..=300)
            .map(|n| format!("{{\"n\":{n},\"x\":\"{}\"}}", "x".repeat(n % 40)))
            .collect();
        let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
        scratch.feed(&pool, &messages);
        let all = data(&scratch, &[&pool, "--no-follow"]);
        assert!(all.len() > 10 && all.len() < 300, "it has wrapped");
        for args in [
            &["--tail", "1000", "--no-follow"][..],
            &["--tail", "1000", "--replay", "0"],
            &["--since", "1h", "--no-follow"],
            &["--from", "1", "--no-follow", "--quiet-drops"],
        ] {
            let args = [&[pool.as_str()], args].concat();
            let ran = scratch.run(&[&["follow"], &args[..], &["--data-only", "--jsonl"]].concat());
            assert_eq!(json_lines(&ran.stdout), all, "{args:?}");
        }
        assert_eq!(
            data(&scratch, &[&pool, "--tail", "7", "--no-follow"]),
            all[all.len() - 7..]
        );
    }
}

/// Defect 5: one damaged message is an error that names it; everything else goes on.
#[test]
fn a_damaged_message_holds_nothing_up() {
    let scratch = Scratch::new();
    for (offset, bytes) in [
        (0, b"\xee\xee\xee\xee"),
        (4, b"\xee\xee\xee\xee"),
        (44, b"\xee\xee\xee\xee"),
    ] {
        let pool = format!("lab{offset}");
        let messages: Vec<String> = (1..=9).map(|n| n.to_string()).collect();
        let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
        scratch.feed(&pool, &messages);
        let opened = plasmite::Client::new(scratch.pools())
            .unwrap()
            .open_pool(&pool)
            .unwrap();
        let frame = opened.layout(9).unwrap().frames[4];
        let file = fs::File::options().write(true).open(opened.path()).unwrap();
        file.write_all_at(bytes, frame.offset + offset).unwrap();
        drop(opened);
        let error = scratch.run(&["fetch", &pool, "5"]).error("Corrupt", 7);
        assert_eq!(error["seq"], 5, "{error}");
        for seq in [1, 4, 6, 9] {
            let message = scratch.run(&["fetch", &pool, &seq.to_string()]).json();
            assert_eq!(message["data"], seq);
        }
        assert_eq!(
            scratch.run(&["pool", "info", &pool, "--json"]).json()["bounds"],
            json!({"oldest": 1, "newest": 9})
        );
        assert!(scratch
            .run(&["pool", "list"])
            .ok()
            .contains(&format!("\n{pool} ")));
        let ran = scratch.run(&[
            "follow",
            &pool,
            "--tail",
            "9",
            "--no-follow",
            "--data-only",
            "--jsonl",
        ]);
        let error = ran.error_after_output("Corrupt", 7);
        assert_eq!(ran.stdout, "1\n2\n3\n4\n");
        assert!(
            error["hint"]
                .as_str()
                .unwrap()
                .ends_with("go on behind it with --from 6"),
            "{error}"
        );
        assert_eq!(
            data(&scratch, &[&pool, "--from", "6", "--no-follow"]),
            [6, 7, 8, 9]
        );
        assert_eq!(scratch.run(&["doctor", &pool]).code, Some(7));
        // It stays usable.
        scratch.feed(&pool, &["10"]);
    }
}

/// Defects 9 and 19: what goes in comes out, to the last digit and key, whatever JSON it is.
#[test]
fn values_come_back_as_they_were() {
    let scratch = Scratch::new();
    let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
    let values = [
        "123456789.12345679",
        "0.1",
        "1e-7",
        "5e-324",
        "1.7976931348623157e308",
        "-0.0",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "-9223372036854775808",
        r#"{"z":1,"a":2,"m":{"y":1,"b":2}}"#,
        r#"{"\u0000k":1}"#,
        r#"{"a\u0000b":1,"a":2}"#,
        "null",
        "true",
        "\"text\"",
        "[]",
        "[1,[2,[3]]]",
        r#""é/\u0001""#,
        &deep,
    ];
    scratch.feed("lab", &values);
    let ran = scratch.run(&["follow", "lab", "--no-follow", "--data-only", "--jsonl"]);
    let lines: Vec<&str> = ran.ok().lines().collect();
    assert_eq!(lines, values);
    let too_deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let error = scratch.run(&["feed", "lab", &too_deep]).error("Usage", 2);
    assert!(
        error["message"].as_str().unwrap().contains("nest") && error["hint"].is_string(),
        "{error}"
    );
}

/// Defect 13.
#[test]
fn a_time_before_1970_is_before_everything() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1", "2"]);
    for time in [
        "1969-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:30:00+01:00",
    ] {
        assert_eq!(
            data(&scratch, &["lab", "--since", time, "--no-follow"]),
            [1, 2],
            "{time}"
        );
    }
}

/// Defect 17: who may only read, reads.
#[test]
fn readers_need_no_right_to_write() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1", "2"]);
    readable_by_all(scratch.path());
    readable_by_all(&scratch.pools());
    fs::set_permissions(scratch.pool("lab"), PermissionsExt::from_mode(0o444)).unwrap();
    assert_eq!(
        as_nobody(&scratch, &["fetch", "lab", "1"]).json()["data"],
        1
    );
    assert_eq!(
        as_nobody(&scratch, &["follow", "lab", "--no-follow", "--jsonl"])
            .lines()
            .len(),
        2
    );
    assert_eq!(
        as_nobody(
            &scratch,
            &["follow", "lab", "--tail", "1", "--one", "--jsonl"]
        )
        .lines()
        .len(),
        1
    );
    assert!(as_nobody(&scratch, &["pool", "info", "lab"])
        .ok()
        .contains("count=2"));
    assert!(as_nobody(&scratch, &["pool", "list"]).ok().contains(" OK "));
    assert_eq!(as_nobody(&scratch, &["doctor", "lab"]).ok(), "OK: lab\n");
    // Writing takes rights, and so does deleting (defect 42).
    as_nobody(&scratch, &["feed", "lab", "3"]).error("Permission", 6);
    let ran = as_nobody(&scratch, &["pool", "delete", "lab"]);
    assert!(
        ran.code == Some(6) && ran.stdout.contains("Permission: "),
        "{ran:?}"
    );
    fs::set_permissions(scratch.pool("lab"), PermissionsExt::from_mode(0o000)).unwrap();
    as_nobody(&scratch, &["fetch", "lab", "1"]).error("Permission", 6);
    fs::set_permissions(scratch.pools(), PermissionsExt::from_mode(0o000)).unwrap();
    as_nobody(&scratch, &["pool", "list"]).error("Permission", 6);
    fs::set_permissions(scratch.pools(), PermissionsExt::from_mode(0o755)).unwrap();
}

/// Defect 35: the command that a hint names, typed as it stands, does what was meant.
#[test]
fn the_command_of_a_hint_works_as_it_stands() {
    let scratch = Scratch::new();
    let nasty = r#"{"a": "it's $HOME `x` \"q\" \\ !"}"#;
    for args in [
        &["feed", "a b", nasty, "--tag", "x y;", "--dir", "my $dir"][..],
        &["--dir=my $dir", "feed", "-t", nasty],
        &["feed", "--dir", "d", "--", "-odd", nasty],
    ] {
        // The third name starts with a dash, as `--` allows; the second one is an option and so a Usage error.
        let output = scratch
            .bare(env!("CARGO_BIN_EXE_pls"))
            .args(args)
            .output()
            .unwrap();
        let ran = finish(output);
        if args[2] == "-t" {
            ran.error("Usage", 2);
            continue;
        }
        let error = ran.error("NotFound", 3);
        let hint = error["hint"].as_str().unwrap();
        let command = hint
            .strip_prefix("to make the pool, run: ")
            .unwrap_or_else(|| panic!("{hint}"));
        let command = command.replacen("pls", env!("CARGO_BIN_EXE_pls"), 1);
        let output = scratch.bare("sh").args(["-c", &command]).output().unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
        let fetch: Vec<&str> = match args[1] {
            "a b" => vec!["fetch", "a b", "1", "--dir", "my $dir"],
            _ => vec!["fetch", "--dir", "d", "--", "-odd", "1"],
        };
        let output = scratch
            .bare(env!("CARGO_BIN_EXE_pls"))
            .args(&fetch)
            .output()
            .unwrap();
        let message: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            message["data"],
            serde_json::from_str::<Value>(nasty).unwrap(),
            "{command}"
        );
    }
}

/// Defect 42: what is a URL is never taken for a path.
#[test]
fn urls_are_no_paths() {
    let scratch = Scratch::new();
    for command in [
        &["doctor", "http://localhost:1/x"][..],
        &["pool", "migrate", "http://localhost:1/x"],
    ] {
        let error = scratch.run(command).error("Usage", 2);
        assert!(
            error["message"].as_str().unwrap().contains("URL"),
            "{error}"
        );
    }
    for command in [
        &["pool", "info", "ftp://h/x"][..],
        &["fetch", "x://h/x", "1"],
        &["follow", "file:///x"],
    ] {
        scratch.run(command).error("Usage", 2);
    }
    assert!(!scratch.path().join("http:").exists() && !scratch.pools().exists());
}

/// Defect 44: names that would hide or harm something.
#[test]
fn names_are_harmless() {
    let scratch = Scratch::new();
    for name in ["", "a\nb", "a\tb", "\u{1b}[31m", "a\u{7f}"] {
        let error = scratch.run(&["pool", "create", name]).error("Usage", 2);
        assert!(error["hint"].is_string(), "{error}");
        scratch
            .run(&["feed", name, "1", "--create"])
            .error("Usage", 2);
    }
    // `..` stays in the directory. A file that only looks like a pool without a name is one with an odd name.
    scratch.run(&["pool", "create", ".."]).ok();
    assert!(scratch.pools().join("...plasmite").exists());
    let names = |scratch: &Scratch| -> Vec<String> {
        let list = scratch.run(&["pool", "list", "--json"]).json();
        let pools = list["pools"].as_array().unwrap();
        pools
            .iter()
            .map(|pool| pool["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&scratch), [".."]);
    fs::write(scratch.pools().join(".plasmite"), "").unwrap();
    assert_eq!(
        names(&scratch),
        [".."],
        "a file of that name has no name that could be asked for"
    );
}

/// Defect 45: one process under both names, which dies as it is told to.
#[test]
fn pls_is_one_process() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    for (signal, number) in [
        (rustix::process::Signal::TERM, 15),
        (rustix::process::Signal::INT, 2),
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pls"))
            .args(["--dir"])
            .arg(scratch.pools())
            .args(["follow", "lab", "--tail", "1", "--jsonl"])
            .envs(common::library_dir().map(|directory| ("LD_LIBRARY_PATH", directory)))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = common::lines_of(child.stdout.take().unwrap());
        line();
        let pid = rustix::process::Pid::from_child(&child);
        let children =
            fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap();
        assert_eq!(children, "", "it runs in the process that was started");
        rustix::process::kill_process(pid, signal).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(number));
    }
}

/// Defect 46: a tag is what was given, blanks and all; the empty one is refused.
#[test]
fn tags_are_exact() {
    let scratch = Scratch::new();
    scratch
        .run(&["feed", "lab", "1", "--create", "--tag", " x "])
        .json();
    scratch.run(&["feed", "lab", "2", "--tag", "x"]).json();
    assert_eq!(data(&scratch, &["lab", "--no-follow", "--tag", " x "]), [1]);
    assert_eq!(data(&scratch, &["lab", "--no-follow", "--tag", "x"]), [2]);
    for command in [
        &["feed", "lab", "3", "--tag", ""][..],
        &["follow", "lab", "--tag", ""],
        &["tap", "lab", "--tag", "", "--", "true"],
    ] {
        let error = scratch.run(command).error("Usage", 2);
        assert!(
            error["message"].as_str().unwrap().contains("--tag"),
            "{error}"
        );
    }
}

/// Defect 47: a pool was modified when its newest message came, whenever the file system takes note of that.
#[test]
fn a_pool_is_as_new_as_its_newest_message() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let file = fs::File::options()
        .write(true)
        .open(scratch.pool("lab"))
        .unwrap();
    file.set_modified(old).unwrap();
    let newest = scratch.run(&["fetch", "lab", "1"]).json()["time"].clone();
    let list = scratch.run(&["pool", "list", "--json"]).json();
    assert_eq!(list["pools"][0]["mtime"], newest);
}
