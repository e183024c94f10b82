//! `pool info`, which people like to look at: bar, rate, age, writers, warnings.
#![cfg(feature = "cli")]

mod common;

use common::session::Session;
use common::terminal::{run, On};
use common::Scratch;
use std::io::Write;
use std::os::unix::fs::FileExt;

/// The text of a row of `pool info` on a terminal so wide.
fn rows(scratch: &Scratch, columns: u16, color: &str) -> Vec<String> {
    let size = format!("stty columns {columns} && exec \"$0\" \"$@\"");
    let mut command = scratch.bare("sh");
    command
        .args(["-c", &size, env!("CARGO_BIN_EXE_plasmite"), "--dir"])
        .arg(scratch.pools())
        .args(["pool", "info", "lab", "--color", color]);
    let mut session = Session::start_as(command);
    session.wait_until("all rows", |screen| {
        screen.rows().any(|row| row.starts_with("Ring      "))
    });
    assert_eq!(session.end_code(), Some(0));
    session.screen().rows().collect()
}

fn used(rows: &[String]) -> &str {
    let row = rows.iter().find_map(|row| row.strip_prefix("Used      "));
    row.unwrap_or_else(|| panic!("{rows:?}"))
}

#[test]
fn the_bar_is_as_wide_as_the_window() {
    let scratch = Scratch::new();
    scratch
        .run(&["pool", "create", "lab", "--size", "64K"])
        .ok();
    let messages = vec!["\"some text that takes room in the pool\""; 3_000];
    scratch.feed("lab", &messages);
    for (columns, bar) in [(80, Some(53)), (50, Some(23)), (200, Some(60)), (30, None)] {
        let rows = rows(&scratch, columns, "never");
        let (shown, text) = used(&rows).rsplit_once("  ").unzip();
        assert_eq!(shown.map(|bar: &str| bar.chars().count()), bar, "{rows:?}");
        let text = text.unwrap_or(used(&rows));
        // Full, but for the odd end.
        assert!(text.starts_with("9") && text.ends_with("K)"), "{rows:?}");
        if let Some(shown) = shown {
            assert!(shown.starts_with("███"), "{rows:?}");
        }
        assert!(
            used(&rows).chars().count() + 10 < columns.into(),
            "{rows:?}"
        );
    }
}

#[test]
fn labels_and_the_bar_are_coloured() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    let (text, _) = run(&scratch, &["pool", "info", "lab"], On::Stdout);
    for part in [
        "\u{1b}[36mPool\u{1b}[0m      lab\n",
        "\u{1b}[36mUsed\u{1b}[0m      \u{1b}[32m▏\u{1b}[0m····",
    ] {
        assert!(text.contains(part), "{part:?} in {text:?}");
    }
    let (text, _) = run(
        &scratch,
        &["pool", "info", "lab", "--color=never"],
        On::Stdout,
    );
    assert!(
        !text.contains('\u{1b}') && text.starts_with("Pool      lab\nPath      "),
        "{text:?}"
    );
}

#[test]
fn how_often_something_comes_and_who_writes() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "lab"]).ok();
    let of = |label: &str| {
        let (text, _) = run(
            &scratch,
            &["pool", "info", "lab", "--color=never"],
            On::Stdout,
        );
        let row = text.lines().find_map(|row| row.strip_prefix(label));
        row.unwrap_or_else(|| panic!("{label} in {text}"))
            .trim()
            .to_owned()
    };
    assert_eq!(
        (of("Rate"), of("Oldest"), of("Writers")),
        ("-".into(), "-".into(), "none at work".into())
    );
    // Three messages in a minute.
    let pool = plasmite::Client::new(scratch.pools())
        .unwrap()
        .open_pool("lab")
        .unwrap();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64;
    for ago_s in [150, 120, 90] {
        let time = now - ago_s * 1_000_000_000;
        let options = plasmite::AppendOptions::new().time_ns(time);
        pool.append(br#"{"n":1}"#, &options).unwrap();
    }
    assert_eq!(of("Rate"), "2.0 messages/min, 304/min over 1m 0s");
    assert!(of("Oldest").starts_with("2m ago (20") && of("Newest").starts_with("1m ago (20"));
    assert_eq!(of("Writers"), "1 program", "this one");
    let mut feed = scratch.spawn(&["feed", "lab", "--tag", "x"]);
    let mut stdin = feed.stdin.take().unwrap();
    stdin.write_all(b"{\"n\":2}\n").unwrap();
    let mut receipt = common::lines_of(feed.stdout.take().unwrap());
    receipt();
    assert_eq!(of("Writers"), "2 programs");
    let json = scratch.run(&["pool", "info", "lab", "--json"]).json();
    assert_eq!(
        (&json["writers"], &json["warnings"]),
        (&2.into(), &serde_json::Value::Null)
    );
    drop(stdin);
    feed.wait().unwrap();
    drop(pool);
    assert_eq!(of("Writers"), "none at work");
    // Readers are none.
    let follow = scratch.spawn(&["follow", "lab"]);
    assert_eq!(of("Writers"), "none at work");
    common::stop(follow);
}

/// What works but is odd is told, from the control page and a sample of the index; no scan (defect 43).
#[test]
fn what_is_odd_is_told() {
    let scratch = Scratch::new();
    let messages: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    scratch.feed("lab", &messages);
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(scratch.pool("lab"))
        .unwrap();
    file.write_all_at(&[0xff; 4096], 8192).unwrap();
    let expected = "the index misses 12 of 12 messages it should know, the first is 8";
    let (text, code) = run(
        &scratch,
        &["pool", "info", "lab", "--color=never"],
        On::Stdout,
    );
    assert!(
        text.contains(&format!("\nWarning   {expected}: ")) && code == Some(0),
        "{text}"
    );
    let ran = scratch.run(&["pool", "info", "lab"]);
    assert!(
        ran.ok().contains(&format!("\nWarning: {expected}: ")),
        "{ran:?}"
    );
    let json = scratch.run(&["pool", "info", "lab", "--json"]).json();
    assert!(
        json["warnings"][0].as_str().unwrap().starts_with(expected),
        "{json}"
    );
    // Found all the same.
    assert_eq!(scratch.run(&["fetch", "lab", "64"]).json()["data"], 63);
}
