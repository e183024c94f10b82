//! `duplex` for people: two at terminals, typing while messages come.
#![cfg(feature = "cli")]

mod common;

use common::session::Session;
use common::{json_lines, Scratch};
use rustix::process::Signal;
use serde_json::{json, Value};

fn messages(scratch: &Scratch, pool: &str) -> Vec<Value> {
    let ran = scratch.run(&["follow", pool, "--no-follow", "--jsonl", "--data-only"]);
    json_lines(ran.ok())
}

/// Alice and Bob, both with their prompt before them.
fn both(scratch: &Scratch) -> (Session, Session) {
    let mut alice = Session::start(scratch, &["duplex", "chat", "--create", "--me", "alice"]);
    alice.wait_for_input("alice> ");
    let mut bob = Session::start(scratch, &["duplex", "chat", "--me", "bob", "--tail", "20"]);
    bob.wait_for_input("bob> ");
    (alice, bob)
}

#[test]
fn two_people_chat() {
    let scratch = Scratch::new();
    let mut alice = Session::start(&scratch, &["duplex", "chat", "--create", "--me", "alice"]);
    alice.wait_for_input("alice> ");
    alice.type_in("hello  world\n");
    alice.wait_for_row("alice> hello  world");
    // Bob joins and catches up.
    let mut bob = Session::start(&scratch, &["duplex", "chat", "--me", "bob", "--tail", "20"]);
    bob.wait_for_end(" alice: hello  world");
    bob.wait_for_input("bob> ");
    bob.type_in("hi, alice\n   \nhow are you?\n");
    alice.wait_for_end(" bob: how are you?");
    alice.wait_for_input("alice> ");
    let rows: Vec<String> = alice.screen().rows().collect();
    assert!(
        rows[1].starts_with("--- 20") && rows[1].ends_with(" UTC ---"),
        "{rows:?}"
    );
    assert!(
        rows[2].starts_with("#2 ") && rows[2].ends_with(" bob: hi, alice"),
        "{rows:?}"
    );
    assert_eq!(rows[4], "alice> ", "{rows:?}");
    // Own messages are on the screen as typed, and not once more.
    assert!(!bob
        .screen()
        .rows()
        .any(|row| row.ends_with(" bob: hi, alice")));
    assert_eq!(
        messages(&scratch, "chat"),
        [
            json!({"from": "alice", "msg": "hello  world"}),
            json!({"from": "bob", "msg": "hi, alice"}),
            json!({"from": "bob", "msg": "how are you?"}),
        ]
    );
    // Ctrl-D.
    alice.type_in("\u{4}");
    assert_eq!(alice.end_code(), Some(0));
    bob.type_in("\u{4}");
    assert_eq!(bob.end_code(), Some(0));
}

#[test]
fn the_line_being_typed_survives_what_comes() {
    let scratch = Scratch::new();
    let (mut alice, mut bob) = both(&scratch);
    alice.type_in("I was about to sa");
    alice.wait_for_input("alice> I was about to sa");
    alice.type_in("\u{1b}[D");
    for n in 1..=3 {
        bob.type_in(&format!("interruption {n}\n"));
        alice.wait_for_end(&format!(" bob: interruption {n}"));
        alice.wait_for_input("alice> I was about to sa");
    }
    alice.wait_until("the cursor", |screen| {
        screen.column() == "alice> I was about to s".len()
    });
    alice.type_in("\u{5}y this\n");
    bob.wait_for_end(" alice: I was about to say this");
    assert_eq!(
        messages(&scratch, "chat")[3]["msg"],
        "I was about to say this"
    );
    // What others write cannot command the terminal, and other messages are shown whole.
    scratch
        .run(&["feed", "chat", r#"{"from":"eve","msg":"\u001b[2Jgone"}"#])
        .json();
    alice.wait_for_end(" eve: \\u001b[2Jgone");
    scratch
        .run(&["feed", "chat", r#"{"from":"eve","msg":"x","more":1}"#])
        .json();
    alice.wait_for_row("    \"more\": 1");
    alice.wait_for_input("alice> ");
    scratch
        .run(&[
            "feed",
            "chat",
            r#"{"from":"eve","msg":"x"}"#,
            "--tag",
            "important",
        ])
        .json();
    alice.wait_for_end(" [important] eve: x");
}

#[test]
fn long_lines_and_other_windows() {
    let scratch = Scratch::new();
    let (mut alice, mut bob) = both(&scratch);
    let long: String = ('a'..='z').cycle().take(100).collect();
    alice.type_in(&long);
    let fits = 79 - "alice> ".len();
    alice.wait_for_input(&format!("alice> {}", &long[100 - fits..]));
    alice.resize(40);
    let fits = 39 - "alice> ".len();
    alice.wait_for_input(&format!("alice> {}", &long[100 - fits..]));
    // As narrow as it gets.
    alice.resize(10);
    alice.wait_for_input(&long[91..]);
    alice.resize(80);
    alice.type_in("\n");
    alice.wait_for_row(&format!("alice> {long}"));
    bob.wait_for_end(&format!(" alice: {long}"));
    bob.type_in("漢字\u{7f} é🙂\n");
    alice.wait_for_end(" bob: 漢 é🙂");
}

#[test]
fn signals_give_the_terminal_back() {
    let scratch = Scratch::new();
    let cases = [
        (Signal::TERM, 15),
        (Signal::HUP, 1),
        (Signal::INT, 2),
        (Signal::QUIT, 3),
    ];
    for (signal, number) in cases {
        let (mut alice, _bob) = both(&scratch);
        alice.type_in("unfinished");
        alice.wait_for_input("alice> unfinished");
        assert!(!alice.is_cooked());
        alice.signal(signal);
        assert_eq!(alice.end_signal(), Some(number));
    }
    // Ctrl-C is a signal as well.
    let (mut alice, _bob) = both(&scratch);
    alice.type_in("\u{3}");
    assert_eq!(alice.end_signal(), Some(2));
    assert!(messages(&scratch, "chat").is_empty());
}

#[test]
fn a_terminal_that_takes_nothing_more_keeps_nobody() {
    let scratch = Scratch::new();
    let (mut alice, mut bob) = both(&scratch);
    // Ctrl-S; what others say then has nowhere to go.
    alice.type_in("\u{13}");
    for n in 0..200 {
        bob.type_in(&format!("{n} {}\n", "x".repeat(50)));
    }
    bob.wait_until("the last", |screen| {
        screen.rows().any(|row| row.starts_with("bob> 199 "))
    });
    alice.signal(Signal::TERM);
    assert_eq!(alice.end_signal(), Some(15));
}

#[test]
fn a_stopped_chat_goes_on() {
    let scratch = Scratch::new();
    let (mut alice, mut bob) = both(&scratch);
    alice.type_in("draft");
    alice.wait_for_input("alice> draft");
    alice.signal(Signal::TSTP);
    alice.wait_until_stopped();
    assert!(alice.is_cooked());
    bob.type_in("are you there?\n");
    alice.signal(Signal::CONT);
    alice.wait_for_end(" bob: are you there?");
    alice.wait_for_input("alice> draft");
    assert!(!alice.is_cooked());
    alice.type_in(" done\n");
    bob.wait_for_end(" alice: draft done");
}

#[test]
fn the_pool_or_the_time_may_end_a_chat() {
    let scratch = Scratch::new();
    let (mut alice, mut bob) = both(&scratch);
    scratch.run(&["pool", "delete", "chat"]).ok();
    alice.wait_until("the error", |screen| {
        screen
            .rows()
            .any(|row| row.starts_with("error: the pool was deleted"))
    });
    assert_eq!((alice.end_code(), bob.end_code()), (Some(3), Some(3)));
    let mut carol = Session::start(
        &scratch,
        &[
            "duplex",
            "chat",
            "--create",
            "--me=carol",
            "--timeout=300ms",
        ],
    );
    carol.wait_for_end("No further message for 300ms");
    assert_eq!(carol.end_code(), Some(124));
}

#[test]
fn forms_and_names() {
    let scratch = Scratch::new();
    scratch.feed("chat", &[r#"{"from":"alice","msg":"old"}"#]);
    let args = ["duplex", "chat", "--me", "alice", "-n5"];
    let mut echoed = Session::start(&scratch, &[&args[..], &["--echo-self"]].concat());
    echoed.wait_for_end(" alice: old");
    echoed.type_in("new\n");
    echoed.wait_for_end(" alice: new");
    let mut lines = Session::start(
        &scratch,
        &["duplex", "chat", "--me", "bob", "-n1", "--jsonl"],
    );
    lines.wait_for_end(r#""data":{"from":"alice","msg":"new"}}"#);
    let mut pretty = Session::start(
        &scratch,
        &["duplex", "chat", "--me", "bob", "-n1", "--format=pretty"],
    );
    pretty.wait_for_row(r#"    "from": "alice","#);
    // Without a name nobody types, and that is checked before anything else.
    let mut nobody = Session::start(&scratch, &["duplex", "missing"]);
    nobody.wait_for_row("error: on a terminal, duplex needs --me NAME");
    assert_eq!(nobody.end_code(), Some(2));
    assert!(!scratch.pool("missing").exists());
}

#[test]
fn without_an_editor_the_system_gives_the_lines() {
    let scratch = Scratch::new();
    let mut command = scratch.command(&["duplex", "chat", "--create", "--me", "alice"]);
    command.env("TERM", "dumb");
    let mut alice = Session::start_as(command);
    alice.type_in("typed\n");
    let mut bob = Session::start(
        &scratch,
        &["duplex", "chat", "--create", "--me", "bob", "--from", "1"],
    );
    bob.wait_for_end(" alice: typed");
    bob.type_in("seen\n");
    alice.wait_for_end(" bob: seen");
    assert!(alice.is_cooked());
    alice.type_in("\u{4}");
    assert_eq!(alice.end_code(), Some(0));
}

#[test]
fn a_line_too_long_for_the_pool_can_be_shortened() {
    let scratch = Scratch::new();
    scratch
        .run(&[
            "pool",
            "create",
            "chat",
            "--size=9216",
            "--index-capacity=0",
        ])
        .ok();
    let (mut alice, mut bob) = both(&scratch);
    alice.type_in(&format!("{}\n", "x".repeat(3_000)));
    alice.wait_until("the error", |screen| {
        let mut rows = screen.rows();
        rows.any(|row| row.starts_with("error: "))
            && screen.rows().last() == Some(format!("alice> {}", "x".repeat(72)))
    });
    // Up to the start of the line, and something else.
    alice.type_in("\u{15}short\n");
    bob.wait_for_end(" alice: short");
    // Where the system gives the lines there is nothing to give back.
    let mut command = scratch.command(&["duplex", "chat", "--me", "carol"]);
    command.env("TERM", "dumb");
    let mut carol = Session::start_as(command);
    for _ in 0..3 {
        carol.type_in(&format!("{}\n", "y".repeat(3_000)));
    }
    carol.type_in("hello\n");
    bob.wait_for_end(" carol: hello");
    assert_eq!(messages(&scratch, "chat").len(), 2);
    // In a pipe it is the end.
    let long = format!("\"{}\"", "z".repeat(3_000));
    let ran = scratch.run_with(&["duplex", "chat"], long.as_bytes());
    ran.error("Usage", 2);
}
