//! Hints that lead on: each is about what was wrong, and names what can be typed.
#![cfg(feature = "serve")]

mod common;

use common::server::Server;
use common::tls::{init, FILES};
use common::Scratch;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

#[track_caller]
fn refused(scratch: &Scratch, args: &[&str], kind: &str, code: i32) -> (String, String) {
    let error = scratch.run(args).error(kind, code);
    let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
    (text("message"), text("hint"))
}

#[test]
fn values_that_start_like_options() {
    let scratch = Scratch::new();
    for (args, joined) in [
        (&["follow", "p", "--tail", "-1"][..], "--tail=-1"),
        (&["follow", "p", "-n", "-1"], "-n=-1"),
        (&["follow", "p", "--replay", "-1"], "--replay=-1"),
        (&["feed", "p", "--data", "-1"], "--data=-1"),
    ] {
        let (_, hint) = refused(&scratch, args, "Usage", 2);
        assert!(
            hint.contains(&format!("joined to its option: {joined};")),
            "{hint}"
        );
    }
    // As typed there it is DATA.
    scratch.run(&["pool", "create", "p"]).ok();
    scratch.run(&["feed", "p", "--data=-1"]).json();
    let (_, hint) = refused(&scratch, &["feed", "p", "-1"], "Usage", 2);
    assert!(hint.contains("use '-- -1'"), "{hint}");
    scratch.run(&["feed", "p", "--", "-1"]).json();
}

#[test]
fn options_of_other_commands() {
    let scratch = Scratch::new();
    for args in [
        &["doctor", "p", "--token-file", "F"][..],
        &["fetch", "p", "1", "--tail", "2"],
        &["pool", "info", "p", "-n", "2"],
    ] {
        let (message, hint) = refused(&scratch, args, "Usage", 2);
        assert!(message.contains("unexpected argument '-"), "{message}");
        assert!(hint.starts_with("see plasmite "), "{hint}");
    }
    let args = ["serve", "check", "--access", "read-only"];
    let (_, hint) = refused(&scratch, &args, "Usage", 2);
    assert!(
        hint.contains("options of serve stand before `check`"),
        "{hint}"
    );
}

#[test]
fn directories_and_special_files_are_no_pools() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path().join("dir")).unwrap();
    for args in [
        &["fetch", "./dir", "1"][..],
        &["fetch", "/dev/null", "1"],
        &["feed", "./dir", "1", "--create"],
        &["pool", "info", "./dir"],
    ] {
        let (_, hint) = refused(&scratch, args, "Io", 8);
        assert_eq!(hint, "give the name of a pool, or the path of its file");
    }
    for name in ["./dir", "./", "/dev/null"] {
        let (_, hint) = refused(
            &scratch,
            &["pool", "create", "new", name],
            "AlreadyExists",
            4,
        );
        assert!(
            !hint.contains("delete") && hint.contains("no pool was made"),
            "{hint}"
        );
        assert!(!scratch.pool("new").exists());
    }
    std::fs::write(scratch.path().join("file"), "").unwrap();
    for args in [
        &["pool", "list"][..],
        &["pool", "create", "x"],
        &["feed", "x", "1", "--create"],
    ] {
        let mut command = scratch.bare(env!("CARGO_BIN_EXE_plasmite"));
        command.args(["--dir", "file"]).args(args);
        let error = common::finish(command.output().unwrap()).error("Io", 8);
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains("give a directory"), "{error}");
    }
}

#[test]
fn servers_that_are_spoken_to_in_the_wrong_way() {
    let scratch = Scratch::new();
    init(&scratch, &["--bind", "127.0.0.1:9700"]);
    let server = Server::start(&scratch, &FILES);
    let address = server.address;
    let (_, hint) = refused(
        &scratch,
        &["fetch", &format!("http://{address}/lab"), "1"],
        "Io",
        8,
    );
    assert!(hint.contains("does the server speak https?"), "{hint}");
    let (_, hint) = refused(
        &scratch,
        &["fetch", &format!("https://{address}/lab"), "1"],
        "Io",
        8,
    );
    assert!(hint.contains("--tls-ca"), "{hint}");
}

#[test]
fn words_that_are_no_text_are_named() {
    let scratch = Scratch::new();
    let bad = OsStr::from_bytes(b"a\xff");
    for args in [
        &[OsStr::new("feed"), OsStr::new("p"), bad][..],
        &[
            OsStr::new("feed"),
            OsStr::new("p"),
            OsStr::new("--tag"),
            bad,
        ],
        &[OsStr::new("feed"), OsStr::new("p"), OsStr::new("--"), bad],
    ] {
        let error = scratch.run(args).error("Usage", 2);
        let message = error["message"].as_str().unwrap();
        assert!(
            message.ends_with("is not UTF-8: \"a\u{fffd}\""),
            "{message}"
        );
    }
}

#[test]
fn a_server_to_be_needs_a_port() {
    let scratch = Scratch::new();
    let args = ["serve", "init", "--bind", "127.0.0.1:0"];
    let (message, _) = refused(&scratch, &args, "Usage", 2);
    assert!(message.contains("need a port"), "{message}");
    let mut left = std::fs::read_dir(scratch.path()).unwrap();
    assert!(left.next().is_none());
    // Ready to take any, a server is started all the same.
    scratch
        .run(&["serve", "--bind", "127.0.0.1:0", "check"])
        .ok();
}

#[test]
fn one_message_takes_no_options_of_inputs() {
    let scratch = Scratch::new();
    for option in [["--in", "json"], ["-e", "skip"]] {
        for data in ["1", "--data=1"] {
            let args = [&["feed", "p", "--create", data][..], &option].concat();
            let (message, _) = refused(&scratch, &args, "Usage", 2);
            assert!(message.contains("cannot be used with"), "{message}");
        }
    }
    assert!(!scratch.pool("p").exists());
}

#[test]
fn commands_and_options_that_are_elsewhere() {
    let scratch = Scratch::new();
    for (args, tip) in [
        (&["list"][..], "the command is plasmite pool list; "),
        (&["create", "x"], "the command is plasmite pool create; "),
        (&["follow", "p", "--json"], "--jsonl prints one line"),
        (
            &["fetch", "p", "1", "--json"],
            "fetch prints JSON by itself",
        ),
    ] {
        let (_, hint) = refused(&scratch, args, "Usage", 2);
        assert!(hint.starts_with(tip), "{hint}");
    }
    scratch.run(&["pool", "create", "p"]).ok();
    for (data, tip) in [
        ("-", "standard input is read when DATA is left out"),
        ("@my file", "to append what a file holds: --file 'my file'"),
    ] {
        let (_, hint) = refused(&scratch, &["feed", "p", data], "Usage", 2);
        assert!(hint.starts_with(tip), "{hint}");
    }
}

#[test]
fn what_is_nearly_an_address_makes_no_directory() {
    let scratch = Scratch::new();
    for (reference, first) in [
        ("https:/srv/x", "https:"),
        ("localhost:9700/x", "localhost:9700"),
        ("[::1]:9700/x", "[::1]:9700"),
        ("~/x", "~"),
    ] {
        for args in [
            &["pool", "create", reference][..],
            &["feed", reference, "1", "--create"],
            &["doctor", reference],
        ] {
            let (message, hint) = refused(&scratch, args, "Usage", 2);
            assert!(message.contains("is no path here"), "{message}");
            assert!(hint.contains("put ./ before it"), "{hint}");
        }
        let mut command = scratch.bare(env!("CARGO_BIN_EXE_plasmite"));
        command.args(["--dir", reference, "pool", "create", "x"]);
        common::finish(command.output().unwrap()).error("Usage", 2);
        assert!(!scratch.path().join(first).exists());
        // Somebody may mean it.
        let meant = format!("./{reference}");
        scratch.run(&["pool", "create", &meant]).ok();
        scratch.run(&["feed", reference, "1"]).json();
    }
}
