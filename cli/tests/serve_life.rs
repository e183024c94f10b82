//! How the server starts, what it says, what it refuses, and how it ends.
#![cfg(feature = "serve")]

mod common;

use common::server::Server;
use common::Scratch;
use rustix::process::Signal;
use serde_json::json;
use std::net::TcpListener;
use std::time::Duration;

#[test]
fn in_a_pipe_it_says_where_it_listens() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    let address = server.address;
    assert_ne!(address.port(), 0);
    let (code, log) = server.stop(Signal::TERM);
    assert_eq!(code, Some(0));
    let first = log.lines().next().unwrap();
    assert_eq!(first, format!("plasmite is listening on http://{address}"));
    assert!(!log.contains('\u{1b}'), "{log}");
}

#[test]
fn on_a_terminal_it_says_how_to_use_it() {
    let scratch = Scratch::new();
    let args = [
        "serve",
        "--bind",
        "127.0.0.1:0",
        "--token",
        "s3cret-token",
        "--cors-origin",
        "http://localhost:3000",
    ];
    let mut session = common::session::Session::start(&scratch, &args);
    session.wait_until("the banner", |screen| {
        screen.rows().any(|row| row.starts_with("Stop with"))
    });
    let text: Vec<String> = session.screen().rows().collect();
    let text = text.join("\n");
    for fact in [
        "http://127.0.0.1:",
        "loopback only",
        "bearer token (--token)",
        "disabled",
        "read-write",
        "http://localhost:3000",
        "follow",
        "feed",
    ] {
        assert!(text.contains(fact), "{fact}: {text}");
    }
    assert!(
        !text.contains(":0 ") && !text.contains(":0/"),
        "the real port: {text}"
    );
    assert!(!text.contains("s3cret"), "{text}");
    session.signal(Signal::INT);
    assert_eq!(session.end_code(), Some(0));
}

#[test]
fn a_taken_address_is_an_error_without_a_banner() {
    let scratch = Scratch::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = scratch.run(&["serve", "--bind", &address]).error("Io", 8);
    assert!(error["message"].as_str().unwrap().contains(&address));
    assert!(error["hint"].as_str().unwrap().contains("--bind"));
}

#[test]
fn stopping_twice_and_with_requests_under_way() {
    for signal in [Signal::INT, Signal::TERM] {
        let scratch = Scratch::new();
        let server = Server::start(&scratch, &[]);
        server.create("lab");
        let mut kept = server.wire();
        kept.request("GET", "/healthz", &[], b"");
        assert_eq!(kept.answer().status, 200);
        let idle = server.wire();
        let (code, _) = server.stop(signal);
        assert_eq!(code, Some(0));
        assert!(kept.is_closed());
        drop(idle);
    }
}

#[test]
fn the_ready_file() {
    let scratch = Scratch::new();
    let ready = scratch.path().join("ready");
    std::fs::write(&ready, "from an earlier run").unwrap();
    let mut child = scratch
        .command(&["serve", "--bind", "127.0.0.1:0"])
        .env("PLASMITE_SERVE_READY_FILE", &ready)
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let address = loop {
        match std::fs::read_to_string(&ready) {
            Ok(text) if text.starts_with("127.0.0.1:") => break text,
            Ok(text) => assert_eq!(text, "from an earlier run", "whole or not there"),
            Err(_) => {}
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(!address.ends_with('\n'));
    std::net::TcpStream::connect(address).expect("it listens by then");
    child.kill().unwrap();
    child.wait().unwrap();
    let bad = scratch
        .command(&["serve", "--bind", "127.0.0.1:0"])
        .env(
            "PLASMITE_SERVE_READY_FILE",
            scratch.path().join("no/such/dir"),
        )
        .output()
        .unwrap();
    assert_eq!(bad.status.code(), Some(8), "{bad:?}");
}

#[test]
fn what_is_unsafe_is_refused() {
    let scratch = Scratch::new();
    let token = scratch.path().join("token");
    std::fs::write(&token, "abc\n").unwrap();
    let token = token.to_str().unwrap();
    let empty = scratch.path().join("empty");
    std::fs::write(&empty, " \n").unwrap();
    let network = ["--bind", "0.0.0.0:0"];
    let allowed = ["--bind", "0.0.0.0:0", "--allow-non-loopback"];
    let refused: Vec<Vec<&str>> = vec![
        network.to_vec(),
        allowed.to_vec(),
        [&allowed[..], &["--token", "abc"]].concat(),
        [&allowed[..], &["--token", "abc", "--tls-self-signed"]].concat(),
        [&allowed[..], &["--token-file", token]].concat(),
        [
            &allowed[..],
            &["--access", "write-only", "--tls-self-signed"],
        ]
        .concat(),
        [
            &allowed[..],
            &["--access", "read-only", "--token-file", token],
        ]
        .concat(),
        [&allowed[..], &["--access", "read-only", "--token", "abc"]].concat(),
        vec!["--bind", "localhost:9700"],
        vec!["--bind", "9700"],
        vec!["--token", "a", "--token-file", token],
        vec!["--token", ""],
        vec!["--token", "a b"],
        vec!["--token-file", empty.to_str().unwrap()],
        vec!["--token-file", "missing"],
        vec!["--tls-cert", token],
        vec!["--tls-key", token],
        vec!["--tls-self-signed", "--tls-cert", token, "--tls-key", token],
        vec!["--cors-origin", "*"],
        vec!["--cors-origin", "http://a/path"],
        vec!["--cors-origin", "http://u@a"],
        vec!["--cors-origin", ""],
        vec!["--access", "none"],
        vec!["--max-body-bytes", "0"],
        vec!["--max-tail-timeout-ms", "0"],
        vec!["--max-tail-concurrency", "0"],
        vec!["--max-body-bytes", "-1"],
        vec!["--max-body-bytes", "18446744073709551616"],
        vec!["--max-tail-timeout-ms", "18446744073709551616"],
        vec!["--max-tail-concurrency", "1048577"],
        vec!["--max-tail-concurrency", "4294967295"],
        vec!["--max-tail-concurrency", "18446744073709551615"],
        vec!["--allow-host", "a:80"],
        vec!["--allow-host", "http://a"],
        vec!["--allow-host", "a/b"],
        vec!["--allow-host", "*"],
        vec!["--allow-host", "::1"],
        vec!["--allow-host", "."],
        vec!["--allow-host", ""],
    ];
    for options in refused {
        for command in [&["serve"][..], &options, &["check"]]
            .concat()
            .split_last()
            .map(|(_, rest)| vec![rest.to_vec(), [rest, &["check"]].concat()])
            .unwrap()
        {
            let error = scratch.run(&command).error("Usage", 2);
            assert!(error["hint"].is_string(), "{command:?}: {error}");
        }
    }
    for options in [
        [&allowed[..], &["--access", "read-only"]].concat(),
        [&allowed[..], &["--token-file", token, "--tls-self-signed"]].concat(),
        [&allowed[..], &["--token-file", token, "--insecure-no-tls"]].concat(),
    ] {
        let ran = scratch.run(&[&["serve"], &options[..], &["check"]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        if !options.contains(&"--tls-self-signed") {
            assert!(ran.stderr.contains("not encrypted"), "{ran:?}");
        }
    }
}

#[test]
fn limits_may_be_as_large_as_they_can_be() {
    let scratch = Scratch::new();
    let options = [
        "--max-body-bytes",
        "18446744073709551615",
        "--max-tail-timeout-ms",
        "18446744073709551615",
        "--max-tail-concurrency",
        "1048576",
    ];
    let server = Server::start(&scratch, &options);
    server.create("lab");
    server.append("lab", "1");
    let query = "max=1&timeout_ms=18446744073709551615&heartbeat_ms=18446744073709551615";
    assert_eq!(server.tail("lab", query).rest().len(), 1);
    assert_eq!(server.stop(Signal::TERM).0, Some(0));
}

#[test]
fn check_tells_what_would_be_served() {
    let scratch = Scratch::new();
    let report = scratch.run(&["serve", "check", "--json"]).json();
    assert_eq!(
        report,
        json!({"check":{"status":"valid","pool_dir":scratch.pools(),"listen":"127.0.0.1:9700","base_url":"http://127.0.0.1:9700",
            "web_ui":"http://127.0.0.1:9700/ui","web_ui_pool":"http://127.0.0.1:9700/ui/pools/demo",
            "mcp":"http://127.0.0.1:9700/mcp","auth":"none","tls":"disabled","tls_fingerprint":null,
            "access":"read-write","cors_allowed_origins":[],
            "limits":{"max_body_bytes":1_048_576,"max_tail_timeout_ms":30_000,"max_tail_concurrency":64}}})
    );
    let options = [
        "serve",
        "--bind",
        "[::]:9800",
        "--allow-non-loopback",
        "--access",
        "read-only",
        "--tls-self-signed",
        "--cors-origin",
        "HTTP://A:80",
        "--cors-origin",
        "http://a",
        "--max-body-bytes",
        "5",
        "check",
        "--json",
    ];
    let ran = scratch.run(&options);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let check = &report["check"];
    assert_eq!(check["base_url"], "https://[::1]:9800");
    assert_eq!(check["tls"], "self-signed");
    assert!(check["tls_fingerprint"]
        .as_str()
        .unwrap()
        .starts_with("SHA256:"));
    assert_eq!(check["cors_allowed_origins"], json!(["http://a"]));
    assert_eq!(check["limits"]["max_body_bytes"], 5);
    let human = scratch.run(&["serve", "check"]);
    for fact in [
        "valid",
        "127.0.0.1:9700",
        "loopback only",
        "same-origin",
        "/mcp",
        "read-write",
        "1048576",
    ] {
        assert!(human.ok().contains(fact), "{fact}: {human:?}");
    }
}

#[test]
fn init_makes_what_a_server_needs() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let report = scratch
        .run(&["serve", "init", "--output-dir", "made/here"])
        .json();
    let paths = &report["init"]["artifact_paths"];
    let path = |key: &str| std::path::PathBuf::from(paths[key].as_str().unwrap());
    for (key, mode) in [
        ("token_file", 0o600),
        ("tls_key", 0o600),
        ("tls_cert", 0o644),
    ] {
        assert!(path(key).is_absolute());
        let found = std::fs::metadata(path(key)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{key}");
    }
    let token = std::fs::read_to_string(path("token_file")).unwrap();
    assert_eq!(token.len(), 65);
    assert!(token
        .trim_end()
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit()));
    assert!(
        !report.to_string().contains(token.trim_end()),
        "the token is not printed"
    );
    let again = scratch.run(&["serve", "init", "--output-dir", "made/here"]);
    again.error("AlreadyExists", 4);
    assert_eq!(std::fs::read_to_string(path("token_file")).unwrap(), token);
    scratch
        .run(&["serve", "init", "--output-dir", "made/here", "--force"])
        .json();
    assert_ne!(std::fs::read_to_string(path("token_file")).unwrap(), token);
    let left = std::fs::read_dir(scratch.path().join("made/here"))
        .unwrap()
        .count();
    assert_eq!(left, 3, "nothing else is left");
    // One file in the way: none is written.
    let other = ["serve", "init", "--output-dir", "other"];
    std::fs::create_dir(scratch.path().join("other")).unwrap();
    std::fs::write(scratch.path().join("other/plasmite-tls-key.pem"), "mine").unwrap();
    scratch.run(&other).error("AlreadyExists", 4);
    assert_eq!(
        std::fs::read_dir(scratch.path().join("other"))
            .unwrap()
            .count(),
        1
    );
    for wrong in [
        &["serve", "init", "--token-file", "x", "--tls-key", "./x"][..],
        &["serve", "init", "--bind", "everywhere"],
        &["serve", "--token", "x", "init"],
        &["serve", "--bind", "0.0.0.0:9700", "init"],
    ] {
        scratch.run(wrong).error("Usage", 2);
    }
    scratch
        .run(&[
            "serve",
            "--bind",
            "127.0.0.1:9700",
            "init",
            "--output-dir",
            "third",
        ])
        .json();
    let server_command = report["init"]["server_commands"][1].as_str().unwrap();
    assert!(
        server_command.contains("--allow-non-loopback") && server_command.contains("0.0.0.0:9700")
    );
}

#[test]
fn a_missing_pool_directory_is_no_obstacle() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    assert_eq!(server.get("/v0/pools").json(), json!({"pools":[]}));
    assert!(!scratch.pools().exists());
    server.get("/v0/pools/lab/info").error(404, "NotFound");
    server.create("lab");
    assert!(scratch.pool("lab").exists());
}
