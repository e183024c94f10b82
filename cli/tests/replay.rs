//! `follow --replay`: history with its gaps. Times are asserted from below only.
#![cfg(feature = "cli")]

mod common;

use common::{json_lines, lines_of, stop, Scratch};
use plasmite::{AppendOptions, Client, Pool, PoolOptions};
use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

const MS: u64 = 1_000_000;

/// A pool whose messages were written at these milliseconds; every other one is tagged `even`.
fn film(scratch: &Scratch, size: u64, times_ms: &[u64]) -> Pool {
    let client = Client::new(scratch.pools()).unwrap();
    let pool = client
        .create("film", &PoolOptions::new().size(size))
        .unwrap();
    for (index, ms) in times_ms.iter().enumerate() {
        append(&pool, 1_700_000_000_000 * MS + ms * MS, index);
    }
    pool
}

fn append(pool: &Pool, time_ns: u64, index: usize) {
    let mut options = AppendOptions::new().time_ns(time_ns);
    if index % 2 == 1 {
        options = options.tag("even");
    }
    pool.append(format!("{}", index + 1).as_bytes(), &options)
        .unwrap();
}

/// Replays to the end; gives the data of what was shown and how long it took.
fn replayed(scratch: &Scratch, args: &[&str]) -> (Vec<u64>, Duration) {
    let start = Instant::now();
    let args = [&["follow", "film", "--jsonl", "--data-only"], args].concat();
    let shown = scratch.run(&args).lines();
    let data = shown.iter().map(|data| data.as_u64().unwrap()).collect();
    (data, start.elapsed())
}

#[test]
fn gaps_are_kept_divided_or_left_out() {
    let scratch = Scratch::new();
    film(&scratch, 1 << 20, &[0, 100, 100, 400]);
    let (shown, took) = replayed(&scratch, &["--from", "1", "--replay", "1"]);
    assert_eq!(shown, [1, 2, 3, 4]);
    assert!(took >= Duration::from_millis(400), "{took:?}");
    let (shown, took) = replayed(
        &scratch,
        &["--since", "2001-01-01T00:00:00Z", "--replay", "4"],
    );
    assert_eq!(shown, [1, 2, 3, 4]);
    assert!(took >= Duration::from_millis(100), "{took:?}");
    // An hour a message, and yet it ends.
    let scratch = Scratch::new();
    film(&scratch, 1 << 20, &[0, 3_600_000, 7_200_000]);
    let (shown, _) = replayed(&scratch, &["--from=1", "--replay=0"]);
    assert_eq!(shown, [1, 2, 3]);
}

#[test]
fn each_message_is_shown_when_it_is_due() {
    let scratch = Scratch::new();
    film(&scratch, 1 << 20, &[0, 300, 3_600_000]);
    let args = [
        "follow",
        "film",
        "--jsonl",
        "--data-only",
        "--from",
        "1",
        "--replay",
        "1",
    ];
    let start = Instant::now();
    let mut child = scratch.spawn(&args);
    let mut next = lines_of(child.stdout.take().unwrap());
    assert_eq!(next(), "1");
    // The second is shown although the third is an hour away.
    assert_eq!(next(), "2");
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none());
    stop(child);
}

#[test]
fn what_is_selected_is_replayed_and_no_more() {
    let scratch = Scratch::new();
    let pool = film(&scratch, 1 << 20, &[0, 10, 20, 40, 50, 60]);
    let (shown, took) = replayed(&scratch, &["--tail", "2", "--tag", "even", "--replay", "1"]);
    assert_eq!(
        shown,
        [4, 6],
        "the last that match, with the gap between them"
    );
    assert!(took >= Duration::from_millis(20), "{took:?}");
    assert_eq!(replayed(&scratch, &["-n1", "--replay", "1"]).0, [6]);
    assert_eq!(
        replayed(&scratch, &["-n3", "--replay", "0", "--one"]).0,
        [4]
    );
    assert_eq!(replayed(&scratch, &["--from=99", "--replay=1"]).0, [0; 0]);
    let future = ["--since", "2500-01-01T00:00:00Z", "--replay", "1"];
    assert_eq!(replayed(&scratch, &future).0, [0; 0]);
    assert_eq!(
        replayed(&scratch, &["--from=5", "--replay=0", "--no-follow"]).0,
        [5, 6]
    );
    // Also when more is written meanwhile.
    let args = [
        "follow",
        "film",
        "--jsonl",
        "--data-only",
        "--from=1",
        "--replay=0.2",
    ];
    let mut child = scratch.spawn(&args);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    append(&pool, 1_700_000_001_000 * MS, 6);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(first + &rest, "1\n2\n3\n4\n5\n6\n");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_timeout_counts_in_a_replay_too() {
    let scratch = Scratch::new();
    film(&scratch, 1 << 20, &[0, 20, 3_600_000]);
    let args = [
        "follow",
        "film",
        "--jsonl",
        "--data-only",
        "--from=1",
        "--replay=1",
        "--timeout=300ms",
    ];
    let start = Instant::now();
    let ran = scratch.run(&args);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(124), "1\n2\n", "")
    );
    assert!(start.elapsed() >= Duration::from_millis(320));
}

#[test]
fn what_is_overwritten_meanwhile_is_reported() {
    let scratch = Scratch::new();
    let times: Vec<u64> = (0..2_000).map(|n| n * 2).collect();
    let pool = film(&scratch, 256 << 10, &times);
    let args = ["follow", "film", "--jsonl", "--from=1", "--replay=1"];
    let mut child = scratch.spawn(&args);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    // Twice around the ring: everything that was selected is gone.
    for index in 0..20_000 {
        append(&pool, 1_700_000_100_000 * MS, index);
    }
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{stderr}");
    let shown = 1 + rest.lines().count() as u64;
    let notices = json_lines(&stderr);
    let lost: u64 = notices
        .iter()
        .map(|line| line["notice"]["details"]["dropped_count"].as_u64().unwrap())
        .sum();
    assert_eq!(shown + lost, 2_000, "{notices:?}");
}

#[test]
fn closed_output_ends_a_replay() {
    let scratch = Scratch::new();
    film(&scratch, 1 << 20, &[0, 3_600_000]);
    let args = [
        "follow",
        "film",
        "--jsonl",
        "--data-only",
        "--from=1",
        "--replay=1",
    ];
    let mut child = scratch.spawn(&args);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.len()),
        (Some(0), 0),
        "{output:?}"
    );
}

#[test]
fn history_must_be_selected_and_speeds_be_sound() {
    let scratch = Scratch::new();
    for args in [
        &["--replay=1"][..],
        &["--replay=1", "--tail=0"],
        &["--replay=1", "--no-follow"],
    ] {
        let error = scratch
            .run(&[&["follow", "film"], args].concat())
            .error("Usage", 2);
        assert!(
            error["hint"].as_str().unwrap().contains("--from"),
            "{error}"
        );
    }
    for speed in ["-1", "inf", "nan", "x", ""] {
        let speed = format!("--replay={speed}");
        scratch
            .run(&["follow", "film", "--from=1", &speed])
            .error("Usage", 2);
    }
}
