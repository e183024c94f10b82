//! Looks at a pool from outside, with the commands, each of which must answer in time.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A machine that does other things as well is slow; a hang is not slow.
const PATIENCE: Duration = Duration::from_secs(30);

/// `pls` of the line of commands, if there is one.
fn program() -> Option<String> {
    std::env::var("PLASMITE_SOAK_PLS").ok()
}

/// Runs a command that must succeed within its time; what it printed.
fn command(program: &str, dir: &Path, words: &[&str]) -> String {
    let mut child = Command::new(program)
        .args(["--dir", dir.to_str().unwrap()])
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || std::io::read_to_string(&mut output).unwrap());
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("pls {words:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let text = reader.join().unwrap();
    assert!(status.success(), "pls {words:?}: {status}: {text}");
    text
}

/// Looks while others write: how many looks.
pub(crate) fn in_motion(dir: &Path, turn: u64) -> u64 {
    let Some(program) = program() else { return 0 };
    let words: &[&str] = match turn % 3 {
        0 => &["pool", "info", "p", "--json"],
        1 => &["doctor", "p"],
        _ => &["pool", "list", "--json"],
    };
    command(&program, dir, words);
    1
}

/// Looks when nobody writes any more, and nothing was appended since the last writer died.
pub(crate) fn at_rest(dir: &Path, newest: u64) -> u64 {
    let Some(program) = program() else { return 0 };
    command(&program, dir, &["doctor", "p"]);
    if newest == 0 {
        return 1;
    }
    let last = command(
        &program,
        dir,
        &["follow", "p", "--tail", "1", "--no-follow", "--jsonl"],
    );
    let seq = newest.to_string();
    let start = format!("{{\"seq\":{seq},");
    assert!(last.starts_with(&start), "newest {newest}: {last}");
    let fetched = command(&program, dir, &["fetch", "p", &seq]);
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(parsed(&fetched), parsed(&last));
    3
}
