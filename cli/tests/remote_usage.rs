//! What goes with the address of a pool and what does not, and the hints of errors about it.
#![cfg(feature = "serve")]

mod common;

use common::server::{filled, filled_at, Server};
use common::session::Session;
use common::terminal::{run, On};
use common::Scratch;

#[test]
fn options_that_do_not_go_with_each_other() {
    let scratch = Scratch::new();
    // Nothing is asked of a server for any of these.
    let url = "http://127.0.0.1:1/lab";
    for (args, about) in [
        (
            &["feed", url, "1", "--create"][..],
            "--create is for pools of this machine",
        ),
        (
            &["feed", url, "1", "--create-size", "64K"],
            "--create is for",
        ),
        (&["feed", url, "--create"], "--create is for"),
        (&["follow", url, "--create"], "--create is for"),
        (&["duplex", url, "--create", "--me", "a"], "--create is for"),
        (&["tap", url, "--create", "--", "true"], "--create is for"),
        (
            &["tap", url, "--create-size", "64K", "--", "true"],
            "--create is for",
        ),
        (
            &["follow", url, "--tail", "1", "--replay", "1"],
            "--replay is for pools of this machine",
        ),
        (
            &["follow", url, "--no-notify"],
            "--no-notify is for pools of this machine",
        ),
        (
            &["feed", "lab", "1", "--token", "x"],
            "--token is for pools of a server",
        ),
        (
            &["follow", "lab", "--token-file", "x"],
            "--token-file is for",
        ),
        (&["fetch", "./lab", "1", "--tls-ca", "x"], "--tls-ca is for"),
        (
            &["duplex", "lab", "--tls-skip-verify"],
            "--tls-skip-verify is for",
        ),
        (
            &["tap", "lab", "--insecure-token", "--", "true"],
            "--insecure-token is for",
        ),
        (&["pool", "create", "lab", "--token", "x"], "--token is for"),
        (
            &["pool", "delete", url, "lab", "--token", "x"],
            "--token is for",
        ),
        (&["pool", "info", "lab", "--token", "x"], "--token is for"),
        (&["pool", "list", "--token", "x"], "--token is for"),
        (
            &["pool", "create", url, "https://h/x", "--token", "x"],
            "the token is for one server",
        ),
        (&["pool", "list", "lab"], "is not the address of a server"),
        (
            &["pool", "list", url],
            "is the address of a pool, not of a server",
        ),
        (&["doctor", url], "URL"),
        (&["doctor", "lab", "--salvage", url], "URL"),
        (&["pool", "migrate", url], "URL"),
        (&["pool", "migrate", "lab", url], "URL"),
        (&["serve", "--dir", "http://127.0.0.1:1"], "URL"),
        (&["doctor", "--all", "--dir", "http://127.0.0.1:1"], "URL"),
    ] {
        let error = scratch
            .bare(env!("CARGO_BIN_EXE_plasmite"))
            .args(args)
            .output()
            .unwrap();
        let text = String::from_utf8(error.stderr).unwrap();
        let error: serde_json::Value = serde_json::from_str(&text).expect("one line of JSON");
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains(about), "{args:?}: {text}");
        assert_eq!(error["error"]["kind"], "Usage", "{args:?}");
        assert!(error["error"]["hint"].is_string(), "{args:?}: {text}");
    }
    assert!(!scratch.path().join(".plasmite").exists());
}

/// Defects 42 and 44: an address means a pool of a server in every command, and every name can be said.
#[test]
fn addresses() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    let base = format!("http://{}", server.address);
    for (name, address) in [
        ("pool", "/pool"),
        ("v0", "/v0/pools/v0"),
        ("a b", "/a%20b"),
        ("é", "/é"),
        ("x.plasmite", "/x.plasmite"),
    ] {
        scratch.feed(name, &["1"]);
        let url = format!("{base}{address}");
        assert_eq!(scratch.run(&["fetch", &url, "1"]).json()["seq"], 1, "{url}");
    }
    for bad in [
        "ftp://h/x",
        "x://h/x",
        "http:///x",
        "/",
        "/a/b",
        "/a/",
        "/a%2fb",
        "/a?x=1",
        "/a#b",
        "/v0/pools/a/append",
        "",
        "/%0a",
    ] {
        let url = match bad.contains("://") {
            true => bad.to_owned(),
            false => format!("{base}{bad}"),
        };
        for args in [
            &["fetch", &url, "1"][..],
            &["feed", &url, "1"],
            &["follow", &url],
            &["duplex", &url],
            &["tap", &url, "--", "true"],
            &["pool", "info", &url],
            &["pool", "create", &url],
        ] {
            let error = scratch.run(args).error("Usage", 2);
            assert!(error["hint"].is_string(), "{args:?}: {error}");
        }
        assert_eq!(
            scratch.run(&["pool", "delete", &url]).code,
            Some(2),
            "{url}"
        );
    }
}

/// A directory does not count beside an address. As a directory, a server's address makes all names those of its pools.
#[test]
fn directories_and_servers() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 2, &[]);
    let url = server.url("lab");
    let base = format!("http://{}", server.address);
    // Without a home, too, and in a directory that is not there.
    let bare = |args: &[&str]| {
        let ran = scratch
            .bare(env!("CARGO_BIN_EXE_plasmite"))
            .env_remove("HOME")
            .args(args)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{args:?}: {ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    assert!(bare(&["fetch", &url, "1"]).contains("\"seq\":1"));
    assert!(bare(&["fetch", &url, "1", "--dir", "nowhere"]).contains("\"seq\":1"));
    assert!(bare(&["--dir", &base, "fetch", "lab", "2"]).contains("\"seq\":2"));
    assert_eq!(
        bare(&["--dir", &base, "pool", "list"]),
        bare(&["pool", "list", &base])
    );
    bare(&["--dir", &base, "pool", "create", "more"]);
    bare(&["--dir", &base, "feed", "more", "1"]);
    bare(&["--dir", &base, "pool", "delete", "more"]);
    let error = scratch.bare(env!("CARGO_BIN_EXE_plasmite"));
    let mut error = error;
    let ran = error
        .args(["--dir", &base, "feed", "lost", "1", "--token", "secret"])
        .output()
        .unwrap();
    let text = String::from_utf8(ran.stderr).unwrap();
    assert!(
        text.contains(&format!(
            "plasmite --dir {base} pool create lost --token TOKEN"
        )),
        "{text}"
    );
    assert!(!text.contains("secret"));
}

/// Defects 27 and 35: what a hint says can be done, with the address and the options, and without the token.
#[test]
fn hints_lead_on() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path().join("to ken"), "secret-1").unwrap();
    let server = Server::start(&scratch, &["--token", "secret-1"]);
    let (lost, base) = (server.url("lost"), format!("http://{}", server.address));
    for args in [
        &["feed", &lost, "1"][..],
        &["follow", &lost],
        &["fetch", &lost, "1"],
        &["duplex", &lost],
        &["tap", &lost, "--", "true"],
        &["pool", "info", &lost],
    ] {
        let (command, tail) = match args.iter().position(|arg| *arg == "--") {
            Some(at) => args.split_at(at),
            None => (args, &[][..]),
        };
        let given = [command, &["--token", "secret-1", "--insecure-token"], tail].concat();
        let error = scratch.run(&given);
        assert!(!error.stderr.contains("secret-1"), "{error:?}");
        let hint = format!("pool create {lost} --token TOKEN --insecure-token\"");
        assert!(error.stderr.contains(&hint), "{args:?}: {error:?}");
        assert_eq!(error.code, Some(3), "{error:?}");
        assert!(!error.stderr.contains("--create"), "{error:?}");
        assert!(
            !error.stderr.contains("pool create --dir") && !error.stderr.contains("check the path")
        );
    }
    // As it stands in a shell.
    let ran = scratch.run(&["feed", &lost, "1", "--token-file", "to ken"]);
    let error = ran.error("NotFound", 3);
    let hint = error["hint"].as_str().unwrap();
    let command = hint.split_once(": ").expect("a command").1;
    assert!(command.ends_with("--token-file 'to ken'"), "{command}");
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_pls"))
        .parent()
        .unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let made = scratch
        .bare("sh")
        .args(["-c", command])
        .env("PATH", path)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    scratch
        .run(&["feed", &lost, "1", "--token-file", "to ken"])
        .json();
    let error = scratch
        .run(&["fetch", &lost, "9", "--token", "secret-1"])
        .error("NotFound", 3);
    let hint = error["hint"].as_str().unwrap();
    assert!(
        hint.ends_with(&format!("pool info {lost} --token TOKEN")),
        "{hint}"
    );
    assert_eq!(error["seq"], 9);
    let ran = scratch.run(&[
        "pool",
        "delete",
        &server.url("none"),
        "--json",
        "--token",
        "secret-1",
    ]);
    assert!(
        ran.stdout
            .contains(&format!("pool list {base} --token TOKEN")),
        "{ran:?}"
    );
    drop(server);
    // Nobody is there.
    for args in [
        &["feed", &lost, "1"][..],
        &["follow", &lost],
        &["pool", "list", &base],
    ] {
        let error = scratch.run(args).error("Io", 8);
        let hint = error["hint"].as_str().unwrap();
        assert!(
            hint.contains("check the address") && !hint.contains("disk"),
            "{error}"
        );
    }
}

#[test]
fn on_a_terminal() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 2, &[]);
    let (url, base) = (server.url("lab"), format!("http://{}", server.address));
    let shown = |args: &[&str]| run(&scratch, &[args, &["--color", "never"]].concat(), On::Both).0;
    let text = shown(&["pool", "info", &url]);
    assert!(
        text.contains("Messages  2 (seq 1..2)") && text.contains(&url),
        "{text}"
    );
    let text = shown(&["pool", "list", &base]);
    assert!(text.contains("\nlab     1M"), "{text}");
    let text = shown(&["fetch", &url, "1", "--insecure-token"]);
    assert!(text.starts_with("warning: over plain HTTP"), "{text}");
    let text = shown(&["pool", "create", &server.url("new")]);
    assert!(
        text.contains(&format!(
            "Created new (1M, 2710 index slots)\n  {}",
            server.url("new")
        )),
        "{text}"
    );
    let text = shown(&["pool", "delete", &server.url("new")]);
    assert!(text.starts_with("Deleted the pool http://"), "{text}");
    scratch.run(&["pool", "delete", &url]).ok();
    let text = shown(&["pool", "list", &base]);
    assert!(
        text.contains(&format!("make one with: plasmite pool create {base}/NAME")),
        "{text}"
    );
    let text = shown(&["feed", &url, "1", "--token", "secret-1"]);
    assert!(
        text.contains("hint: to make the pool on the server, run: plasmite pool create http://"),
        "{text}"
    );
    assert!(!text.contains("secret-1"), "{text}");
}

/// Two people on two terminals, and a server that comes back: the line being typed stays as it is.
#[test]
fn a_chat_whose_server_comes_back() {
    let scratch = Scratch::new();
    let server = filled_at(&scratch, "127.78.0.3", 0, &[]);
    let (url, address) = (server.url("lab"), server.address.to_string());
    let mut alice = Session::start(
        &scratch,
        &["duplex", &url, "--me", "alice", "--color", "never"],
    );
    alice.wait_for_input("alice> ");
    let mut bob = Session::start(
        &scratch,
        &["duplex", &url, "--me", "bob", "--color", "never"],
    );
    bob.wait_for_input("bob> ");
    alice.type_in("hello\r");
    bob.wait_for_end("alice: hello");
    bob.type_in("half a li");
    bob.wait_for_input("bob> half a li");
    drop(server);
    bob.wait_until("told of the loss", |screen| {
        screen
            .rows()
            .any(|row| row.starts_with("notice: the connection to http://"))
    });
    bob.wait_for_input("bob> half a li");
    let _server = Server::start_bound(&scratch, &["--bind", &address]);
    bob.wait_until("told that it is back", |screen| {
        screen.rows().any(|row| row.contains("is there again"))
    });
    bob.type_in("ne\r");
    alice.wait_for_end("bob: half a line");
    bob.type_in("\u{4}");
    assert_eq!(bob.end_code(), Some(0));
    alice.type_in("\u{3}");
    assert_eq!(alice.end_signal(), Some(2));
}
