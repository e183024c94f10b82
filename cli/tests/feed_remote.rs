//! `feed` to a server's pool: a receipt for each message that the server has answered for, and for no other.
#![cfg(feature = "serve")]

mod common;

use common::relay::{before, Fate};
use common::server::Server;
use common::{json_lines, lines_of, Scratch};
use rustix::process::{kill_process, Pid, Signal};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server with an empty pool `lab`.
fn server(scratch: &Scratch) -> Server {
    scratch.run(&["pool", "create", "lab"]).ok();
    Server::start(scratch, &[])
}

fn is_append(line: &str) -> bool {
    line.starts_with("post ") && line.contains("/append")
}

#[test]
fn no_receipt_for_what_could_not_be_flushed() {
    let scratch = Scratch::new();
    let server = server(&scratch);
    let relay = before(server.address, |line| match line.contains("/flush") {
        true => Fate::Answered("500 Internal Server Error"),
        false => Fate::Passed,
    });
    let url = format!("http://{relay}/lab");
    let ran = scratch.run_with(&["feed", &url, "--durability", "flush"], b"1\n2\n");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.stdout, "", "{ran:?}");
    assert_ne!(ran.stderr, "");
}

#[test]
fn a_signal_takes_no_receipt_along() {
    let scratch = Scratch::new();
    let server = server(&scratch);
    let appends = AtomicUsize::new(0);
    let relay = before(server.address, move |line| {
        match is_append(line) && appends.fetch_add(1, Ordering::Relaxed) == 2 {
            true => Fate::Left,
            false => Fate::Passed,
        }
    });
    let url = format!("http://{relay}/lab");
    let mut feed = scratch.spawn(&["feed", &url]);
    feed.stdin.take().unwrap().write_all(b"1\n2\n3\n").unwrap();
    let mut line = lines_of(feed.stdout.take().unwrap());
    let receipts = [line(), line()].join("\n");
    let seqs: Vec<_> = json_lines(&receipts)
        .into_iter()
        .map(|receipt| receipt["seq"].clone())
        .collect();
    assert_eq!(seqs, [1, 2]);
    kill_process(Pid::from_child(&feed), Signal::TERM).unwrap();
    assert_eq!(feed.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));
}
