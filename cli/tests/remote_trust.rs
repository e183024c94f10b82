//! Tokens, certificates and access of servers, as commands meet them.
#![cfg(feature = "serve")]

mod common;

use common::server::{filled, Server};
use common::tls::{expired, init, FILES};
use common::{json_lines, Scratch};
use serde_json::Value;

const TOKEN: &str = "tls/plasmite-auth-token.txt";
const CERTIFICATE: &str = "tls/plasmite-tls-cert.pem";

/// A server with what `serve init` makes, which has the pool `lab`.
fn secured(scratch: &Scratch) -> (Server, String) {
    init(scratch, &["--bind", "127.0.0.1:9700"]);
    scratch.feed("lab", &["{\"n\":1}"]);
    let server = Server::start(scratch, &FILES);
    let url = format!("https://127.0.0.1:{}/lab", server.address.port());
    (server, url)
}

#[test]
fn every_command_over_tls_with_a_token() {
    let scratch = Scratch::new();
    let (server, url) = secured(&scratch);
    let base = url.strip_suffix("/lab").unwrap();
    let new = format!("{base}/new");
    let with = ["--token-file", TOKEN, "--tls-ca", CERTIFICATE];
    let run = |args: &[&str]| scratch.run(&[args, &with].concat());
    assert_eq!(run(&["feed", &url, "{\"n\":2}"]).json()["seq"], 2);
    assert_eq!(run(&["fetch", &url, "2"]).json()["data"]["n"], 2);
    assert_eq!(
        run(&["follow", &url, "--no-follow", "--jsonl"])
            .lines()
            .len(),
        2
    );
    assert_eq!(run(&["pool", "info", &url, "--json"]).json()["name"], "lab");
    assert_eq!(
        run(&["pool", "create", &new, "--json"]).json()["created"][0]["name"],
        "new"
    );
    assert_eq!(
        run(&["pool", "list", base, "--json"]).json()["pools"][1]["name"],
        "new"
    );
    assert_eq!(
        run(&["pool", "delete", &new, "--json"]).json()["deleted"][0]["pool"],
        *new
    );
    let chat = scratch.run_with(&[&["duplex", &url, "--jsonl"], &with[..]].concat(), b"3");
    assert_eq!(chat.json()["data"], 3);
    let tap = scratch.run(&[&["tap", &url], &with[..], &["--", "echo", "x"]].concat());
    assert_eq!(tap.ok(), "x\n");
    // By the name, and with the token itself.
    let token = std::fs::read_to_string(scratch.path().join(TOKEN)).unwrap();
    let named = format!("https://localhost:{}/lab", server.address.port());
    let ran = scratch.run(&[
        "fetch",
        &named,
        "1",
        "--token",
        token.trim(),
        "--tls-ca",
        CERTIFICATE,
    ]);
    assert_eq!(ran.json()["seq"], 1);
}

/// The commands that `serve init` prints are those to use.
#[test]
fn the_commands_of_init_work_as_they_stand() {
    let scratch = Scratch::new();
    // A port that is free now, for the commands to name.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let bind = format!("127.0.0.1:{port}");
    let init = scratch
        .run(&["serve", "init", "--output-dir", "tls", "--bind", &bind])
        .json();
    scratch.run(&["pool", "create", "demo"]).ok();
    let _server = Server::start_bound(&scratch, &[&["--bind", &*bind], &FILES[..]].concat());
    let commands: Vec<&str> = init["init"]["client_commands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect();
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_pls"))
        .parent()
        .unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let run = |command: &str| {
        let ran = scratch
            .bare("sh")
            .args(["-c", command])
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{command}: {ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    assert!(run(commands[0]).starts_with("{\"seq\":1,"));
    let shown = run(&format!("{} --no-follow --jsonl", commands[1]));
    assert_eq!(json_lines(&shown)[0]["data"]["hello"], "world");
}

#[test]
fn servers_that_are_not_trusted() {
    let scratch = Scratch::new();
    let (server, url) = secured(&scratch);
    let other = scratch.run(&[
        "serve",
        "init",
        "--output-dir",
        "other",
        "--bind",
        "127.0.0.1:9700",
    ]);
    other.json();
    let foreign = "other/plasmite-tls-cert.pem";
    // 127.0.0.2 reaches no server on 127.0.0.1, but one on all addresses, whose certificate does not name it.
    let all = Server::start_bound(
        &scratch,
        &[&["--bind", "0.0.0.0:0", "--allow-non-loopback"], &FILES[..]].concat(),
    );
    let misnamed = format!("https://127.0.0.2:{}/lab", all.address.port());
    for (url, trusted) in [
        (&url, &[][..]),
        (&url, &["--tls-ca", foreign]),
        (&misnamed, &["--tls-ca", CERTIFICATE]),
    ] {
        for command in [
            &["feed", url, "1"][..],
            &["follow", url],
            &["fetch", url, "1"],
        ] {
            let args = [command, trusted, &["--token-file", TOKEN]].concat();
            let error = scratch.run(&args).error("Io", 8);
            assert!(
                error["message"].as_str().unwrap().contains("not trusted"),
                "{error}"
            );
            no_talk_of_files(&error);
        }
        // Whoever wants it can do without, and is told what that means.
        let ran = scratch.run(&[
            "fetch",
            url,
            "1",
            "--tls-skip-verify",
            "--token-file",
            TOKEN,
        ]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let notice = &json_lines(&ran.stderr)[0]["notice"];
        assert_eq!(
            (&notice["kind"], &notice["details"]["option"]),
            (&"insecure".into(), &"--tls-skip-verify".into())
        );
        assert_eq!(
            (&notice["cmd"], &notice["pool"]),
            (&"fetch".into(), &(**url).into())
        );
    }
    // TLS where there is none, and none where there is.
    let plain = url.replace("https", "http");
    let error = scratch.run(&["fetch", &plain, "1"]).error("Io", 8);
    no_talk_of_files(&error);
    drop(server);
}

#[test]
fn a_certificate_that_has_expired() {
    let scratch = Scratch::new();
    expired(&scratch);
    let server = filled(&scratch, 0, &[]);
    drop(server);
    let server = Server::start(&scratch, &["--tls-cert", "cert", "--tls-key", "key"]);
    let url = format!("https://localhost:{}/lab", server.address.port());
    let error = scratch
        .run(&["feed", &url, "1", "--tls-ca", "cert"])
        .error("Io", 8);
    let message = error["message"].as_str().unwrap().to_lowercase();
    assert!(message.contains("expired"), "{error}");
}

/// Hints about files and directories of this machine lead nowhere.
#[track_caller]
fn no_talk_of_files(error: &Value) {
    let hint = error["hint"].as_str().expect("a hint");
    for word in ["directory", "--dir", "disk", "the mode", "check the path"] {
        assert!(!hint.contains(word), "{error}");
    }
    assert!(!error.to_string().contains("filesystem"), "{error}");
}

#[test]
fn tokens_that_are_missing_or_wrong() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path().join("token"), "secret-1\n").unwrap();
    std::fs::write(scratch.path().join("old"), "secret-0").unwrap();
    let server = Server::start(&scratch, &["--token-file", "token"]);
    scratch.feed("lab", &["1"]);
    let url = server.url("lab");
    let base = format!("http://{}", server.address);
    for token in [&[][..], &["--token", "secret-0"], &["--token-file", "old"]] {
        for command in [
            &["feed", &url, "1"][..],
            &["follow", &url],
            &["fetch", &url, "1"],
            &["duplex", &url],
            &["pool", "info", &url],
            &["pool", "list", &base],
            &["pool", "create", &url],
        ] {
            let ran = scratch.run(&[command, token].concat());
            let error = ran.error("Permission", 6);
            no_talk_of_files(&error);
            assert!(!ran.stderr.contains("secret-0"), "{ran:?}");
        }
        let tap = [&["tap", &url], token, &["--", "echo", "ran"]].concat();
        scratch.run(&tap).error("Permission", 6);
    }
    scratch
        .run(&["fetch", &url, "1", "--token-file", "token"])
        .json();
    // What the options themselves are about. Only files that cannot be read are no mistake of usage.
    std::fs::write(scratch.path().join("empty"), "\n").unwrap();
    for (args, about) in [
        (&["--token", ""][..], "token"),
        (&["--token", "a b"], "token"),
        (&["--token-file", "empty"], "token"),
        (&["--token-file", "nowhere"], "token"),
        (&["--tls-ca", "nowhere"], "certificates"),
        (&["--tls-ca", "empty"], "certificates"),
        (
            &["--token", "a", "--token-file", "token"],
            "cannot be used with",
        ),
        (
            &["--tls-ca", "token", "--tls-skip-verify"],
            "cannot be used with",
        ),
    ] {
        let error = scratch
            .run(&[&["fetch", &url, "1"], args].concat())
            .error("Usage", 2);
        assert!(
            error["message"].as_str().unwrap().contains(about),
            "{error}"
        );
        assert!(error["hint"].is_string(), "{error}");
    }
}

/// A token does not go over the network in the clear, unless that is wanted. 0.0.0.0 is no loopback address, and means
/// this machine all the same.
#[test]
fn a_token_in_the_clear() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path().join("token"), "secret-1\n").unwrap();
    let server = Server::start(
        &scratch,
        &["--token-file", "token", "--allow-host", "0.0.0.0"],
    );
    scratch.feed("lab", &["1"]);
    let url = format!("http://0.0.0.0:{}/lab", server.address.port());
    let args = ["fetch", &url, "1", "--token-file", "token"];
    let error = scratch.run(&args).error("Permission", 6);
    assert!(
        error["hint"].as_str().unwrap().contains("--insecure-token"),
        "{error}"
    );
    let ran = scratch.run(&[&args[..], &["--insecure-token"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let notice = &json_lines(&ran.stderr)[0]["notice"];
    assert_eq!(notice["details"]["option"], "--insecure-token");
    assert!(!ran.stderr.contains("secret-1"));
}

/// Defect 23: a server that may only be written to, and one that may only be read.
#[test]
fn what_servers_allow() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 0, &[]);
    drop(server);
    let server = Server::start(&scratch, &["--access", "write-only"]);
    let url = server.url("lab");
    assert_eq!(scratch.run(&["feed", &url, "1"]).json()["seq"], 1);
    assert_eq!(
        scratch.run_with(&["feed", &url], b"2\n3\n").lines().len(),
        2
    );
    scratch
        .run(&["tap", &url, "--quiet", "--", "echo", "x"])
        .ok();
    let made = scratch
        .run(&["pool", "create", &server.url("new"), "--json"])
        .json();
    assert_eq!(made["created"][0]["name"], "new");
    assert_eq!(made["created"][0]["path"], server.url("new"));
    scratch.run(&["pool", "create", &server.url("newer")]).ok();
    assert_eq!(
        scratch
            .run(&["pool", "create", &server.url("new")])
            .error("AlreadyExists", 4)["path"],
        "new"
    );
    let error = scratch
        .run(&["feed", &server.url("lost"), "1"])
        .error("NotFound", 3);
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("pool create http://"),
        "{error}"
    );
    for args in [
        &["follow", &url][..],
        &["fetch", &url, "1"],
        &["duplex", &url],
        &["pool", "info", &url],
    ] {
        no_talk_of_files(&scratch.run(args).error("Permission", 6));
    }
    scratch.run(&["pool", "delete", &server.url("new")]).ok();

    let server = Server::start(&scratch, &["--access", "read-only"]);
    let url = server.url("lab");
    assert_eq!(scratch.run(&["fetch", &url, "1"]).json()["data"], 1);
    for args in [
        &["feed", &url, "1"][..],
        &["pool", "create", &server.url("x")],
    ] {
        no_talk_of_files(&scratch.run(args).error("Permission", 6));
    }
    // The program runs all the same, and its end tells why nothing was recorded.
    let ran = scratch.run(&["tap", &url, "--", "echo", "ran"]);
    assert_eq!((ran.code, &*ran.stdout), (Some(6), "ran\n"));
    assert_eq!(scratch.run(&["pool", "delete", &url]).code, Some(6));
}
