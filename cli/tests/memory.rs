//! Readers that have less memory than a message of another writer takes: they say so, and never die of it.
#![cfg(feature = "cli")]

mod common;

use std::process::Stdio;

use common::Scratch;

/// Bytes of the long message.
const LENGTH: usize = 12 << 20;

/// A command with a limit of its memory, in KiB: its exit code (128 and more: killed), what it printed and said.
fn limited(scratch: &Scratch, kib: usize, args: &[&str]) -> (i32, usize, String) {
    let command = scratch.command(args);
    let mut shell = scratch.bare("sh");
    shell
        .args(["-c", "ulimit -v \"$1\"; shift; \"$@\"; exit $?", "sh"])
        .arg(kib.to_string())
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null());
    let output = shell.output().expect("a shell");
    (
        output.status.code().unwrap_or(-1),
        output.stdout.len(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn long_messages() {
    let scratch = Scratch::new();
    scratch
        .run(&["pool", "create", "lab", "--size", "40M"])
        .ok();
    scratch.feed("lab", &["1"]);
    let text = format!("{{\"text\":\"{}\"}}\n", "\\u0001x".repeat(LENGTH / 7));
    scratch.run_with(&["feed", "lab"], text.as_bytes()).ok();
    // What the program needs for a short message.
    let least = (20_000..1_000_000)
        .step_by(10_000)
        .find(|kib| limited(&scratch, *kib, &["fetch", "lab", "1"]).0 == 0)
        .expect("a limit that is enough");
    for args in [
        &["fetch", "lab", "2"][..],
        &["follow", "lab", "--tail", "1", "--one", "--jsonl"],
        &[
            "follow", "lab", "--tail", "1", "--one", "--format", "pretty",
        ],
        &["follow", "lab", "--tail", "1", "--one", "--data-only"],
    ] {
        let (mut refused, mut shown) = (0, 0);
        // Something to spare for what is not the message's.
        for kib in (least + 20_000..).step_by(6_000) {
            let (code, len, said) = limited(&scratch, kib, args);
            match code {
                0 => {
                    assert!(len > LENGTH / 2, "{args:?}: {len}");
                    shown += 1;
                }
                8 => {
                    assert!(said.contains("ulimit -v"), "{args:?} {kib}: {said}");
                    refused += 1;
                }
                _ => panic!("{args:?} with {kib} KiB: {code}, {said}"),
            }
            if shown > 2 {
                break;
            }
        }
        assert!(refused > 0, "{args:?}");
    }
}

/// Indented, it is a hundred times as long.
#[test]
fn deep_messages() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "lab", "--size", "8M"]).ok();
    let depth = 400;
    let text = format!(
        "{}{}1{}\n",
        "[".repeat(depth),
        "1,".repeat(100_000),
        "]".repeat(depth)
    );
    scratch.run_with(&["feed", "lab"], text.as_bytes()).ok();
    let shown = [
        "follow", "lab", "--tail", "1", "--one", "--format", "pretty",
    ];
    let least = (20_000..1_000_000)
        .step_by(10_000)
        .find(|kib| limited(&scratch, *kib, &["pool", "info", "lab"]).0 == 0)
        .expect("a limit that is enough");
    let (code, len, said) = limited(&scratch, least + 30_000, &shown);
    assert_eq!(code, 0, "{said}");
    assert!(len > 60 << 20, "{len}");
}
