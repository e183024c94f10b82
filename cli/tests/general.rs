//! What holds for every command: help, version, global options, errors of parsing, closed output.
#![cfg(feature = "cli")]

mod common;

use common::{Ran, Scratch};
use std::io::Read;
use std::process::Stdio;

fn plain(scratch: &Scratch, program: &str, args: &[&str]) -> Ran {
    let output = scratch
        .bare(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    Ran {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code(),
    }
}

const PROGRAMS: [&str; 2] = [env!("CARGO_BIN_EXE_plasmite"), env!("CARGO_BIN_EXE_pls")];

#[test]
fn versions() {
    let scratch = Scratch::new();
    for program in PROGRAMS {
        let report = plain(&scratch, program, &["version"]);
        assert_eq!(
            report.ok(),
            format!(
                "{{\"name\":\"plasmite\",\"version\":\"{}\"}}\n",
                env!("CARGO_PKG_VERSION")
            )
        );
        for spelling in ["--version", "-V", "---version"] {
            let line = plain(&scratch, program, &[spelling]);
            assert_eq!(
                line.ok(),
                format!("plasmite {}\n", env!("CARGO_PKG_VERSION"))
            );
        }
        let line = plain(&scratch, program, &["pool", "create", "--version"]);
        assert_eq!(
            line.ok(),
            format!("plasmite {}\n", env!("CARGO_PKG_VERSION"))
        );
    }
    assert_eq!(
        plasmite::version(),
        env!("CARGO_PKG_VERSION"),
        "the library is of the same version"
    );
}

#[test]
fn help_that_was_asked_for() {
    let scratch = Scratch::new();
    for program in PROGRAMS {
        let top = plain(&scratch, program, &["--help"]);
        for command in ["pool", "feed", "fetch", "follow", "version", "help"] {
            assert!(
                top.ok().contains(&format!("\n  {command} ")),
                "{command} in {top:?}"
            );
        }
        assert_eq!(plain(&scratch, program, &["help"]).ok(), top.ok());
        assert_eq!(plain(&scratch, program, &["---help"]).ok(), top.ok());
        let create = plain(&scratch, program, &["pool", "create", "--help"]);
        assert!(create.ok().contains("--index-capacity"));
        assert_eq!(
            plain(&scratch, program, &["help", "pool", "create"]).ok(),
            create.ok()
        );
        assert!(plain(&scratch, program, &["feed", "-h"])
            .ok()
            .contains("--durability"));
    }
}

#[test]
fn help_for_those_who_typed_too_little() {
    let scratch = Scratch::new();
    let short = [
        &[][..],
        &["pool"],
        &["pool", "create"],
        &["pool", "info"],
        &["pool", "delete"],
        &["feed"],
        &["fetch"],
        &["follow"],
    ];
    for program in PROGRAMS {
        for args in short {
            let ran = plain(&scratch, program, args);
            assert_eq!(
                (ran.code, ran.stdout.as_str()),
                (Some(2), ""),
                "{args:?}: {ran:?}"
            );
            assert!(ran.stderr.contains("Usage: "), "{args:?}: {ran:?}");
        }
    }
}

#[test]
fn errors_of_parsing_say_what_was_wrong() {
    let scratch = Scratch::new();
    for (args, parts, hint) in [
        (
            &["fetch", "lab"][..],
            &["<SEQ>"][..],
            "plasmite fetch --help",
        ),
        (
            &["feed", "lab", "1", "--durability", "slow"],
            &["slow", "--durability", "fast, flush"],
            "plasmite feed --help",
        ),
        (
            &["pool", "create", "x", "--siez", "1M"],
            &["--siez"],
            "plasmite pool create --help",
        ),
        (
            &["pool", "create", "x", "--size", "1T"],
            &["1T", "--size", "8M"],
            "plasmite pool create --help",
        ),
        (&["nonsense"], &["nonsense"], "plasmite --help"),
        (&["pool", "nonsense"], &["nonsense"], "plasmite pool --help"),
        (
            &["follow", "lab", "--one", "--one"],
            &["--one"],
            "plasmite follow --help",
        ),
        (
            &["follow", "lab", "--ta", "1"],
            &["--ta"],
            "plasmite follow --help",
        ),
        (&["feed", "lab", "-5"], &["-5"], "plasmite feed --help"),
    ] {
        let error = plain(&scratch, PROGRAMS[0], args).error("Usage", 2);
        let message = error["message"].as_str().unwrap();
        for part in parts {
            assert!(message.contains(part), "{args:?}: {part:?} in {message:?}");
        }
        assert!(
            !message.contains('\n') && !message.contains("Usage:"),
            "{message:?}"
        );
        assert!(
            error["hint"].as_str().unwrap().contains(hint),
            "{args:?}: {error}"
        );
    }
    let error = plain(&scratch, PROGRAMS[1], &["nonsense"]).error("Usage", 2);
    assert!(
        error["hint"].as_str().unwrap().contains("pls --help"),
        "{error}"
    );
}

#[test]
fn global_options_stand_anywhere() {
    let scratch = Scratch::new();
    let program = PROGRAMS[0];
    plain(&scratch, program, &["--dir", "d", "pool", "create", "a"]).ok();
    plain(&scratch, program, &["pool", "create", "b", "--dir", "d"]).ok();
    plain(
        &scratch,
        program,
        &["pool", "--dir=d", "create", "c", "--color", "never"],
    )
    .ok();
    plain(
        &scratch,
        program,
        &["--dir", "d", "pool", "create", "e", "--dir", "d"],
    )
    .ok();
    let names = ["a", "b", "c", "e"].map(|name| format!("d/{name}.plasmite"));
    assert!(names.iter().all(|name| scratch.path().join(name).exists()));
    for (option, values) in [("--dir", ["d", "e"]), ("--color", ["always", "never"])] {
        for args in [
            [option, values[0], "pool", "list", option, values[1]],
            ["pool", "list", option, values[0], option, values[1]],
        ] {
            let error = plain(&scratch, program, &args).error("Usage", 2);
            assert!(
                error["message"].as_str().unwrap().contains(option),
                "{error}"
            );
        }
    }
    plain(&scratch, program, &["pool", "list", "--dir="]).error("Usage", 2);
    plain(&scratch, program, &["pool", "list", "--color", "blue"]).error("Usage", 2);
}

#[test]
fn the_default_directory_is_under_home() {
    let scratch = Scratch::new();
    plain(&scratch, PROGRAMS[0], &["pool", "create", "lab"]).ok();
    assert!(scratch.path().join(".plasmite/pools/lab.plasmite").exists());
    for home in [None, Some("")] {
        let mut command = scratch.bare(PROGRAMS[0]);
        match home {
            None => command.env_remove("HOME"),
            Some(home) => command.env("HOME", home),
        };
        let output = command.args(["pool", "list"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert!(
            error["error"]["message"].as_str().unwrap().contains("HOME"),
            "{error}"
        );
    }
}

#[test]
fn color_in_a_pipe_touches_only_what_is_indented() {
    let scratch = Scratch::new();
    let receipt = scratch.run(&["feed", "lab", r#"{"a":1}"#, "--create", "--color", "always"]);
    assert!(
        !receipt.ok().contains('\u{1b}') && receipt.ok().lines().count() == 1,
        "{receipt:?}"
    );
    let args = ["follow", "lab", "--no-follow", "--color", "always"];
    assert!(scratch
        .run(&args)
        .ok()
        .contains("\u{1b}[36m\"a\"\u{1b}[0m: \u{1b}[33m1\u{1b}[0m"));
    let lines = scratch.run(&[&args[..], &["--jsonl"]].concat());
    assert!(!lines.ok().contains('\u{1b}'));
    let error = scratch.run(&["fetch", "lab", "9", "--color", "always"]);
    error.error("NotFound", 3);
}

#[test]
fn nobody_reads_the_output() {
    let scratch = Scratch::new();
    let many: Vec<String> = (0..20_000).map(|n| format!("{{\"n\":{n}}}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    scratch.run(&["pool", "create", "lab", "--size", "8M"]).ok();
    scratch.feed("lab", &many);
    let input = many.join("\n");
    std::fs::write(scratch.path().join("many.jsonl"), input).unwrap();
    for args in [
        &["follow", "lab", "--no-follow"][..],
        &["follow", "lab", "--tail", "20000", "--jsonl"],
        &["feed", "lab", "--file", "many.jsonl"],
        &["--help"],
        &["version"],
        &["pool", "list"],
        &["fetch", "lab", "1"],
    ] {
        let mut child = scratch.spawn(args);
        // Gone before anything could be written, or after a little of it.
        let mut stdout = child.stdout.take().unwrap();
        if args[0] == "follow" {
            stdout.read_exact(&mut [0; 10]).unwrap();
        }
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), output.stderr.len()),
            (Some(0), 0),
            "{args:?}: {output:?}"
        );
    }
}

#[test]
fn a_waiting_follower_notices_that_nobody_reads() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    let mut child = scratch.spawn(&["follow", "lab", "--tail", "1", "--jsonl"]);
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    drop(stdout);
    // No message comes any more: the watchdog ends a follower that waits for one.
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = scratch
        .command(&["fetch", "lab", "1"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(8), "{output:?}");
    assert!(String::from_utf8(output.stderr)
        .unwrap()
        .contains("\"kind\":\"Io\""));
}

#[test]
fn receipts_that_cannot_be_printed_tell_what_is_stored() {
    let scratch = Scratch::new();
    let full = || std::fs::File::create("/dev/full").unwrap();
    let run = |args: &[&str], input: &str| {
        std::fs::write(scratch.path().join("input"), input).unwrap();
        let output = scratch.command(args).stdout(full()).output().unwrap();
        common::finish(output).error("Io", 8)
    };
    for (args, seq) in [
        (&["feed", "lab", "1", "--create"][..], 1),
        (&["feed", "lab", "--file", "input"][..], 4),
    ] {
        let error = run(args, "2\n3\n4\n");
        assert_eq!(
            (&error["seq"], &error["maybe_written"]),
            (&seq.into(), &true.into()),
            "{error}"
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&format!("messages up to {seq} are stored")));
        scratch.run(&["fetch", "lab", &seq.to_string()]).ok();
    }
    // A command that stores nothing can be repeated.
    assert!(run(&["fetch", "lab", "1"], "")
        .get("maybe_written")
        .is_none());
}
