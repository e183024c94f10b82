//! `duplex` as a job of a shell: stopped, in the background, in the foreground again.
#![cfg(feature = "cli")]

mod common;

use common::session::Session;
use common::Scratch;

/// What the first message of the chat says.
fn said(scratch: &Scratch) -> serde_json::Value {
    scratch.run(&["fetch", "chat", "1"]).json()["data"]["msg"].clone()
}

/// A shell with this script, for which `"$@"` is a chat of alice.
fn shell(scratch: &Scratch, name: &str, script: &str) -> Session {
    let chat = scratch.command(&["duplex", "chat", "--create", "--me", "alice"]);
    let mut shell = scratch.bare(name);
    shell.args(["-c", script, name]).arg(chat.get_program());
    shell.args(chat.get_args());
    Session::start_as(shell)
}

#[test]
fn a_chat_that_began_in_the_background_can_be_ended() {
    let scratch = Scratch::new();
    // timeout(1) runs its command in a group of its own, to which the terminal does not belong.
    let mut shell = shell(&scratch, "sh", r#"timeout 0.2 "$@"; echo "ended $?""#);
    shell.wait_for_row("ended 124");
    assert_eq!(shell.end_code(), Some(0));
}

#[test]
fn a_stopped_chat_can_be_ended() {
    let scratch = Scratch::new();
    for (signal, status) in [("TERM", 143), ("HUP", 129), ("INT", 130), ("QUIT", 131)] {
        let script =
            format!(r#"set -m; "$@"; kill -{signal} %1; kill -CONT %1; wait %1; echo "ended $?""#);
        let mut shell = shell(&scratch, "bash", &script);
        shell.wait_for_input("alice> ");
        // Ctrl-Z; the shell then has the terminal.
        shell.type_in("\u{1a}");
        shell.wait_for_row(&format!("ended {status}"));
        assert_eq!(shell.end_code(), Some(0));
    }
}

#[test]
fn a_chat_in_the_background_stops_until_it_has_the_terminal() {
    let scratch = Scratch::new();
    let script = r#"set -m
        sh -c 'echo $$ >pid; exec "$@"' sh "$@"
        pid=$(cat pid)
        kill -CONT $pid
        while grep -q '^State:.[^T]' /proc/$pid/status; do :; done
        echo stopped
        fg %1
        echo "ended $?""#;
    let mut shell = shell(&scratch, "sh", script);
    shell.type_in("draft");
    shell.wait_for_input("alice> draft");
    shell.type_in("\u{1a}");
    shell.wait_for_row("stopped");
    shell.wait_for_input("alice> draft");
    assert!(!shell.is_cooked());
    shell.type_in(" done\n\u{4}");
    shell.wait_for_row("ended 0");
    assert_eq!(said(&scratch), "draft done");
    assert_eq!(shell.end_code(), Some(0));
}

#[test]
fn a_chat_that_began_in_the_background_goes_on_in_the_foreground() {
    let scratch = Scratch::new();
    let script = r#"set -m; "$@" & wait %1; echo "waited $?"; fg %1; echo "ended $?""#;
    let mut shell = shell(&scratch, "sh", script);
    // Stopped by what stops those who set the terminal (SIGTTOU).
    shell.wait_for_row("waited 150");
    shell.wait_for_input("alice> ");
    shell.type_in("hello\n\u{4}");
    shell.wait_for_row("ended 0");
    assert_eq!(said(&scratch), "hello");
    assert_eq!(shell.end_code(), Some(0));
}
