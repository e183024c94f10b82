//! What was done is told, also when the output, the disk or the rights are not what they should be.
#![cfg(feature = "serve")]

mod common;

use common::nobody::{as_nobody, readable_by_all};
use common::{finish, Ran, Scratch};
use std::fs::{self, File};
use std::os::unix::fs::{symlink, PermissionsExt};
use std::process::Stdio;

/// Runs a command whose output goes where nothing fits.
fn into_full(scratch: &Scratch, args: &[&str]) -> Ran {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = scratch.command(args);
    finish(command.stdin(Stdio::null()).stdout(full).output().unwrap())
}

#[test]
fn a_limit_of_file_sizes_is_an_error() {
    let scratch = Scratch::new();
    let mut command = scratch.bare("sh");
    command
        .args(["-c", "ulimit -f 100; exec \"$0\" pool create ulf"])
        .arg(env!("CARGO_BIN_EXE_plasmite"));
    let ran = finish(command.output().unwrap());
    let error = ran.error("Io", 8);
    assert!(error["message"]
        .as_str()
        .is_some_and(|text| !text.is_empty()));
    assert!(!scratch.path().join(".plasmite/pools/ulf.plasmite").exists());
}

/// Programs that are run from here meet the limit as they would by themselves.
#[test]
fn programs_under_tap_have_the_usual_signals() {
    let scratch = Scratch::new();
    let look = "grep SigIgn /proc/self/status";
    let by_itself = finish(scratch.bare("sh").args(["-c", look]).output().unwrap());
    let ran = scratch.run(&["tap", "p", "--create", "--", "sh", "-c", look]);
    assert_eq!(ran.ok(), by_itself.ok());
}

#[test]
fn what_was_done_is_told_when_output_fails() {
    let scratch = Scratch::new();
    for args in [
        &["pool", "create", "a", "b"][..],
        &["pool", "create", "c", "--json"],
    ] {
        let error = into_full(&scratch, args).error("Io", 8);
        let message = error["message"].as_str().unwrap();
        let names: Vec<&str> = args[2..]
            .iter()
            .copied()
            .filter(|name| !name.starts_with('-'))
            .collect();
        assert!(
            message.ends_with(&format!("; made all the same: {}", names.join(", "))),
            "{message}"
        );
        assert!(names.iter().all(|name| scratch.pool(name).exists()));
    }
    let error = into_full(&scratch, &["pool", "delete", "a", "none", "b"]).error("Io", 8);
    let message = error["message"].as_str().unwrap();
    assert!(
        message.ends_with("; deleted all the same: a, b"),
        "{message}"
    );
    assert!(!scratch.pool("a").exists());
    let error = into_full(&scratch, &["pool", "delete", "none"]).error("Io", 8);
    let message = error["message"].as_str().unwrap();
    assert!(message.ends_with("; none was deleted"), "{message}");
    let error = into_full(&scratch, &["serve", "init"]).error("Io", 8);
    let message = error["message"].as_str().unwrap();
    let token = scratch.path().join("plasmite-auth-token.txt");
    assert!(message.contains("; written all the same: "), "{message}");
    assert!(message.contains("plasmite-auth-token.txt") && token.exists());
    // What is known to be stored is not said to be perhaps stored.
    let error = into_full(&scratch, &["feed", "c", "1"]).error("Io", 8);
    let hint = error["hint"].as_str().unwrap();
    assert!(
        hint.starts_with("do not send them again; ") && !hint.contains("may have"),
        "{hint}"
    );
}

#[test]
fn pools_that_may_only_be_read() {
    let scratch = Scratch::new();
    scratch.feed("p", &["1"]);
    readable_by_all(scratch.path());
    readable_by_all(&scratch.pools());
    fs::set_permissions(scratch.pool("p"), PermissionsExt::from_mode(0o444)).unwrap();
    for args in [&["feed", "p", "2"][..], &["tap", "p", "--", "true"]] {
        let error = as_nobody(&scratch, args).error("Permission", 6);
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with("the pool may be read only, so nothing can be "),
            "{message}"
        );
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains("owner and the mode"), "{hint}");
    }
}

#[test]
fn a_server_without_a_directory_is_refused_by_check_too() {
    let scratch = Scratch::new();
    fs::write(scratch.path().join("file"), "").unwrap();
    for end in [&["check"][..], &["check", "--json"], &[]] {
        let mut command = scratch.bare(env!("CARGO_BIN_EXE_plasmite"));
        command
            .args(["--dir", "file", "serve", "--bind", "127.0.0.1:0"])
            .args(end);
        let error = finish(command.output().unwrap()).error("Io", 8);
        assert!(
            error["hint"].as_str().unwrap().contains("give a directory"),
            "{error}"
        );
        let mut command = scratch.bare(env!("CARGO_BIN_EXE_plasmite"));
        command
            .args(["serve", "--bind", "127.0.0.1:0"])
            .args(end)
            .env("HOME", "");
        finish(command.output().unwrap()).error("Usage", 2);
    }
    // One that is not there yet is made when a pool is.
    let check = scratch.run(&["serve", "check", "--json"]).json();
    assert_eq!(
        check["check"]["pool_dir"],
        scratch.pools().to_str().unwrap()
    );
}

#[test]
fn what_went_behind_a_link_is_told() {
    let scratch = Scratch::new();
    for name in ["one", "two"] {
        scratch.run(&["pool", "create", name]).ok();
        symlink(scratch.pool(name), scratch.pool(&format!("{name}-link"))).unwrap();
    }
    let real = |name: &str| {
        scratch
            .pool(name)
            .canonicalize()
            .unwrap()
            .display()
            .to_string()
    };
    let (one, two) = (real("one"), real("two"));
    let ran = scratch.run(&["pool", "delete", "one-link"]);
    assert!(
        ran.ok()
            .ends_with(&format!("a link to {one}, which was deleted\n")),
        "{ran:?}"
    );
    let report = scratch
        .run(&["pool", "delete", "two-link", "--json"])
        .json();
    assert_eq!(report["deleted"][0]["target"], two);
    assert!(!scratch.pool("one").exists() && !scratch.pool("two").exists());
}
