//! What is left out of the tests on some machine says so, and cannot be overlooked.

mod common;

use std::path::Path;
use std::process::Command;

const ASKED: &str = "PLASMITE_TEST_LEAVES_OUT";

/// Leaves something out when the test below asks for it.
#[test]
fn with_nothing_to_do() {
    if std::env::var_os(ASKED).is_some() {
        common::left_out("this");
    }
}

#[test]
fn it_passes_the_capture_and_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list");
    let run = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "with_nothing_to_do"])
            .env(ASKED, "1")
            .env("PLASMITE_LEFT_OUT", &list)
            .output()
            .unwrap()
    };
    let line = "left out: with_nothing_to_do: this\n";
    for times in 1..=2 {
        let output = run();
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains(line));
        assert_eq!(std::fs::read_to_string(&list).unwrap(), line.repeat(times));
    }
}

fn look(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() {
            if !name.starts_with('.') && name != "node_modules" && name != "target" {
                look(&path, found);
            }
            continue;
        }
        // Those that are meant to say it.
        if name.starts_with("left_out") || name.starts_with("left-out") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            if line.contains("\"left out: ") {
                found.push(format!("{}:{}: {line}", path.display(), index + 1));
            }
        }
    }
}

#[test]
fn nobody_says_it_otherwise() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for folder in ["core", "remote", "capi", "cli", "sdk/rust", "tests"] {
        look(&root.join(folder), &mut found);
    }
    assert!(found.is_empty(), "{found:#?}");
}
