//! `tap`: running programs and recording what they print.
#![cfg(feature = "cli")]

mod common;

use common::{json_lines, lines_of, Scratch};
use serde_json::{json, Value};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

fn recorded(scratch: &Scratch, pool: &str) -> Vec<Value> {
    let ran = scratch.run(&["follow", pool, "--no-follow", "--jsonl"]);
    json_lines(ran.ok())
}

/// Lines recorded from one stream.
fn lines(scratch: &Scratch, pool: &str, stream: &str) -> Vec<String> {
    let messages = recorded(scratch, pool);
    let from = messages
        .iter()
        .filter(|message| message["data"]["stream"] == stream);
    from.map(|message| message["data"]["line"].as_str().unwrap().to_owned())
        .collect()
}

/// `tap lab --create -- sh -c SCRIPT`.
fn shell(script: &str) -> [&str; 7] {
    ["tap", "lab", "--create", "--", "sh", "-c", script]
}

#[test]
fn a_run_from_start_to_end() {
    let scratch = Scratch::new();
    let script = "echo one; echo; printf ' two \\r\\n'; echo bad >&2; printf last; exit 3";
    let args = [
        "tap", "lab", "--create", "--tag", "a", "--tag", "b", "--", "sh", "-c", script,
    ];
    let ran = scratch.run(&args);
    // Passed through as it was.
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(3), "one\n\n two \r\nlast", "bad\n")
    );
    let messages = recorded(&scratch, "lab");
    let start = messages.first().unwrap();
    assert_eq!(
        start["data"],
        json!({"kind": "start", "cmd": ["sh", "-c", script]})
    );
    assert_eq!(start["meta"]["tags"], json!(["lifecycle"]));
    let end = messages.last().unwrap();
    assert_eq!(
        (&end["data"]["kind"], &end["data"]["code"]),
        (&json!("exit"), &json!(3))
    );
    assert!(end["data"]["elapsed_ms"].as_u64().unwrap() > 0, "{end}");
    assert!(end["data"].get("signal").is_none());
    assert_eq!(end["meta"]["tags"], json!(["lifecycle"]));
    assert_eq!(
        lines(&scratch, "lab", "stdout"),
        ["one", "", " two ", "last"]
    );
    let line = &messages[1..messages.len() - 1];
    assert!(line
        .iter()
        .all(|line| line["meta"]["tags"] == json!(["a", "b"])));
    let error = line
        .iter()
        .find(|line| line["data"]["stream"] == "stderr")
        .unwrap();
    assert_eq!(
        error["data"],
        json!({"kind": "line", "stream": "stderr", "line": "bad"})
    );
}

#[test]
fn quiet_runs_record_all_the_same() {
    let scratch = Scratch::new();
    let args = [
        "tap",
        "lab",
        "-q",
        "--durability=flush",
        "--create-size=256K",
        "--",
        "sh",
        "-c",
        "echo 1; echo 2 >&2",
    ];
    assert_eq!(scratch.run(&args).ok(), "");
    assert_eq!(lines(&scratch, "lab", "stdout"), ["1"]);
    assert_eq!(lines(&scratch, "lab", "stderr"), ["2"]);
    assert_eq!(
        scratch.run(&["pool", "info", "lab", "--json"]).json()["file_size"],
        256 << 10
    );
    // An existing pool keeps its size.
    scratch
        .run(&["tap", "lab", "--create-size=1M", "--", "true"])
        .ok();
    assert_eq!(
        scratch.run(&["pool", "info", "lab", "--json"]).json()["file_size"],
        256 << 10
    );
}

#[test]
fn a_run_takes_as_long_as_it_takes() {
    let scratch = Scratch::new();
    scratch.run(&shell("sleep 0.3")).ok();
    let end = recorded(&scratch, "lab").pop().unwrap();
    assert!(end["data"]["elapsed_ms"].as_u64().unwrap() >= 300, "{end}");
}

#[test]
fn output_is_recorded_and_shown_as_it_comes() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "lab"]).ok();
    // Standard input is the program's.
    let mut child = scratch.spawn(&[
        "tap",
        "lab",
        "--",
        "sh",
        "-c",
        "printf 'name? '; read name; echo $name; read end",
    ]);
    let mut stdout = child.stdout.take().unwrap();
    let mut prompt = [0; 6];
    stdout.read_exact(&mut prompt).unwrap();
    assert_eq!(&prompt, b"name? ", "shown although it is no whole line");
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, b"alice\n").unwrap();
    let mut next = lines_of(stdout);
    assert_eq!(next(), "alice");
    let ran = scratch.run(&[
        "follow",
        "lab",
        "--tail=2",
        "--one",
        "--jsonl",
        "--data-only",
    ]);
    assert_eq!(ran.json()["line"], "name? alice");
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(1), "read found no line");
}

#[test]
fn programs_that_die() {
    let scratch = Scratch::new();
    for (name, number) in [
        ("KILL", 9),
        ("SEGV", 11),
        ("USR1", 10),
        ("TERM", 15),
        ("PIPE", 13),
    ] {
        let ran = scratch.run(&shell(&format!("echo x; kill -{name} $$")));
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(128 + number), "x\n"),
            "{name}"
        );
        let end = recorded(&scratch, "lab").pop().unwrap();
        assert_eq!(end["data"]["signal"], format!("SIG{name}"));
        assert!(end["data"].get("code").is_none());
    }
}

#[test]
fn signals_are_passed_on() {
    let scratch = Scratch::new();
    for (name, number) in [("TERM", 15), ("INT", 2), ("HUP", 1), ("QUIT", 3)] {
        // The program cleans up and ends in its own way.
        let script = format!(
            "trap 'echo got {name}; exit 7' {name}; echo ready; while :; do sleep 0.05; done"
        );
        let mut child = scratch.spawn(&shell(&script));
        let mut next = lines_of(child.stdout.take().unwrap());
        assert_eq!(next(), "ready");
        kill(&child, number);
        assert_eq!(next(), format!("got {name}"));
        assert_eq!(child.wait().unwrap().code(), Some(7));
        // And one that does not.
        let mut child =
            scratch.spawn(&["tap", "lab", "--", "sh", "-c", "echo ready; exec sleep 60"]);
        let mut next = lines_of(child.stdout.take().unwrap());
        assert_eq!(next(), "ready");
        kill(&child, number);
        assert_eq!(child.wait().unwrap().code(), Some(128 + number));
        let end = recorded(&scratch, "lab").pop().unwrap();
        assert_eq!(end["data"]["signal"], format!("SIG{name}"));
    }
}

fn kill(child: &std::process::Child, signal: i32) {
    let signal = rustix::process::Signal::from_named_raw(signal).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_child(child), signal).unwrap();
}

#[test]
fn an_ignored_signal_stays_ignored() {
    let scratch = Scratch::new();
    let tap = env!("CARGO_BIN_EXE_plasmite");
    let mut shell = scratch.bare("sh");
    let script = r#"trap '' HUP; exec "$0" --dir pools tap lab --create -- sh -c 'kill -HUP $$ $PPID; echo alive'"#;
    let output = shell.args(["-c", script, tap]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "alive\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn programs_in_the_background_are_waited_for() {
    let scratch = Scratch::new();
    let start = Instant::now();
    let ran = scratch.run(&shell("(sleep 0.4; echo late) & echo early"));
    assert_eq!(ran.ok(), "early\nlate\n");
    assert!(start.elapsed() >= Duration::from_millis(400));
    let messages = recorded(&scratch, "lab");
    assert_eq!(messages.last().unwrap()["data"]["kind"], "exit");
    assert_eq!(lines(&scratch, "lab", "stdout"), ["early", "late"]);
    // But not against our will: the program itself has ended.
    let mut child = scratch.spawn(&shell("sleep 20 & echo $!; exit 4"));
    let mut next = lines_of(child.stdout.take().unwrap());
    let background: i32 = next().parse().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    kill(&child, 15);
    assert_eq!(child.wait().unwrap().code(), Some(4));
    assert_eq!(recorded(&scratch, "lab").pop().unwrap()["data"]["code"], 4);
    let background = rustix::process::Pid::from_raw(background).unwrap();
    rustix::process::kill_process(background, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn bytes_that_are_no_text_are_replaced_in_the_record_only() {
    let scratch = Scratch::new();
    let args = shell("printf 'a\\377b\\nnext\\n'");
    let output = scratch.command(&args).output().unwrap();
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(0), &b"a\xffb\nnext\n"[..])
    );
    assert_eq!(lines(&scratch, "lab", "stdout"), ["a\u{fffd}b", "next"]);
}

#[test]
fn lines_too_long_for_the_pool_are_cut() {
    let scratch = Scratch::new();
    scratch
        .run(&["pool", "create", "lab", "--size", "64K"])
        .ok();
    let ring = scratch.run(&["pool", "info", "lab", "--json"]).json()["ring_size"]
        .as_u64()
        .unwrap();
    // Bytes that are no text take three times the room in the record.
    for (tag, byte, size) in [("text", "x", 1), ("none", "\\377", 3)] {
        let script = format!("head -c 300000 /dev/zero | tr '\\0' '{byte}'; echo; read _; echo on");
        let mut child = scratch.spawn(&["tap", "lab", "--tag", tag, "--", "sh", "-c", &script]);
        let mut shown = vec![0; 300_001];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut shown).unwrap();
        let args = [
            "follow", "lab", "--jsonl", "--tag", tag, "--tail=1", "--one",
        ];
        let line = scratch.run(&args).json();
        let kept = line["data"]["line"].as_str().unwrap().len() as u64;
        assert!(kept < ring && kept > ring / 2, "{kept} of {ring}");
        let cut = line["data"]["cut"].as_u64().unwrap();
        assert_eq!(cut + kept / size, 300_000, "{tag}");
        drop(child.stdin.take());
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!(lines(&scratch, "lab", "stdout").pop().unwrap(), "on");
    }
}

#[test]
fn chatty_programs_on_both_streams() {
    let scratch = Scratch::new();
    let script = "for n in $(seq 1 2000); do echo out $n; echo err $n >&2; done";
    let args = [
        "tap",
        "lab",
        "--create-size",
        "8M",
        "-q",
        "--",
        "sh",
        "-c",
        script,
    ];
    scratch.run(&args).ok();
    for (stream, word) in [("stdout", "out"), ("stderr", "err")] {
        let expected: Vec<String> = (1..=2_000).map(|n| format!("{word} {n}")).collect();
        assert_eq!(lines(&scratch, "lab", stream), expected);
    }
}

#[test]
fn recording_goes_on_when_nobody_reads_the_output() {
    let scratch = Scratch::new();
    let script = "echo 1; read _; for n in $(seq 2 2000); do echo $n; done";
    let mut child = scratch.spawn(&["tap", "lab", "--create-size=8M", "--", "sh", "-c", script]);
    let mut next = lines_of(child.stdout.take().unwrap());
    assert_eq!(next(), "1");
    drop(next);
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let expected: Vec<String> = (1..=2_000).map(|n| n.to_string()).collect();
    assert_eq!(lines(&scratch, "lab", "stdout"), expected);
}

#[test]
fn output_that_cannot_be_passed_on_is_an_error() {
    let scratch = Scratch::new();
    let full = || {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        std::process::Stdio::from(full.unwrap())
    };
    let run = |script: &str| {
        let ran = scratch.command(&shell(script)).stdout(full()).output();
        common::finish(ran.unwrap())
    };
    let error = run("echo 1; echo 2").error("Io", 8);
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("cannot pass on the command's stdout: "));
    assert_eq!(lines(&scratch, "lab", "stdout"), ["1", "2"]);
    // The program's own failure remains what the status tells.
    run("echo 3; exit 5").error("Io", 5);
    let end = recorded(&scratch, "lab").pop().unwrap();
    assert_eq!(end["data"]["code"], 5);
    // Where errors would be shown there is only the status.
    let ran = scratch
        .command(&shell("echo 4 >&2"))
        .stderr(full())
        .output();
    assert_eq!(ran.unwrap().status.code(), Some(8));
}

#[test]
fn a_pool_that_goes_away_does_not_take_the_program_with_it() {
    let scratch = Scratch::new();
    let done = scratch.path().join("done");
    let script = format!("echo 1; read _; echo 2; touch {}", done.display());
    let mut child = scratch.spawn(&shell(&script));
    let mut next = lines_of(child.stdout.take().unwrap());
    assert_eq!(next(), "1");
    scratch.run(&["pool", "delete", "lab"]).ok();
    drop(child.stdin.take());
    assert_eq!(next(), "2", "still shown");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(error["error"]["kind"], "NotFound");
    assert!(done.exists());
}

#[test]
fn what_cannot_run_makes_no_pool() {
    let scratch = Scratch::new();
    let script = scratch.path().join("script");
    std::fs::write(&script, "echo x").unwrap();
    let create = |command: &str| {
        let ran = scratch.run(&["tap", "lab", "--create", "--", command]);
        assert!(!scratch.pool("lab").exists(), "{command}");
        ran
    };
    let error = create("no-such-command-anywhere").error("Usage", 2);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("no-such-command-anywhere"),
        "{error}"
    );
    create("./missing").error("Usage", 2);
    create("").error("Usage", 2);
    create("./script").error("Io", 8);
    create("/").error("Io", 8);
    // An interpreter that is missing is no command that is missing.
    std::fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let error = scratch
        .run(&["tap", "lab", "--create", "--", "./script"])
        .error("Io", 8);
    assert!(
        error["message"].as_str().unwrap().contains("interpret"),
        "{error}"
    );
}

#[test]
fn arguments() {
    let scratch = Scratch::new();
    let error = scratch
        .run(&["tap", "lost", "--tag", "x", "--", "echo", "a b", "--create"])
        .error("NotFound", 3);
    let hint = error["hint"].as_str().unwrap();
    assert!(
        hint.ends_with("tap lost --tag x --create -- echo 'a b' --create"),
        "{hint}"
    );
    // Without `--` there is no telling whose options they are.
    scratch
        .run(&["tap", "lost", "--create", "echo", "x"])
        .error("Usage", 2);
    scratch
        .run(&["tap", "lost", "--create", "--"])
        .error("Usage", 2);
    scratch.run(&["tap", "lost", "--create"]).error("Usage", 2);
    assert!(!scratch.pool("lost").exists());
    let ran = scratch.run(&[
        "tap", "lab", "--create", "--", "echo", "--dir", "x", "--", "--help",
    ]);
    assert_eq!(ran.ok(), "--dir x -- --help\n");
    let ran = scratch.run::<&str>(&["tap"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(
        ran.stderr.contains("pls tap build --create -- make -j2"),
        "{}",
        ran.stderr
    );
}

#[test]
fn people_are_told_when_it_starts_and_ends() {
    use common::session::Session;
    let scratch = Scratch::new();
    let mut shown = Session::start(&scratch, &shell("echo hello; echo world; exit 5"));
    shown.wait_for_row("tap: sh -c echo hello; echo world; exit 5, recorded in lab");
    shown.wait_for_row("world");
    shown.wait_until("the end", |screen| {
        screen.rows().any(|row| {
            row.starts_with("tap: 2 lines in ") && row.ends_with(" s, recorded in lab: exit code 5")
        })
    });
    assert_eq!(shown.end_code(), Some(5));
}

#[test]
fn a_key_on_the_terminal_reaches_the_program_once() {
    use common::session::Session;
    let scratch = Scratch::new();
    let script =
        "n=0; trap 'n=$((n+1)); echo interrupt $n' INT; echo ready; read _; echo $n in all; exit 9";
    let mut tapped = Session::start(
        &scratch,
        &["tap", "lab", "--create", "-q", "--", "sh", "-c", script],
    );
    scratch
        .run(&["follow", "lab", "--create", "--tail=2", "--one"])
        .ok();
    tapped.type_in("\u{3}");
    scratch.run(&["follow", "lab", "--tail=3", "--one"]).ok();
    std::thread::sleep(Duration::from_millis(100));
    tapped.type_in("\n");
    assert_eq!(tapped.end_code(), Some(9));
    assert_eq!(
        lines(&scratch, "lab", "stdout"),
        ["ready", "interrupt 1", "1 in all"]
    );
}
