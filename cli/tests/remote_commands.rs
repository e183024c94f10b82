//! Commands with the address of a pool: they print what they print for a pool of this machine.
#![cfg(feature = "serve")]

mod common;

use common::server::{filled, seqs, Server};
use common::{json_lines, lines_of, stop, Scratch};
use serde_json::{json, Value};
use std::io::Write;

/// The same command for the pool of this machine and for its address; both give the same bytes.
#[track_caller]
fn same(scratch: &Scratch, server: &Server, args: &[&str]) -> String {
    let url = server.url("lab");
    let there: Vec<&str> = args
        .iter()
        .map(|arg| if *arg == "lab" { &*url } else { arg })
        .collect();
    let (here, there) = (scratch.run(args), scratch.run(&there));
    assert_eq!(here.stdout, there.stdout, "{args:?}");
    assert_eq!(here.code, there.code, "{args:?}: {here:?} {there:?}");
    here.stdout
}

#[test]
fn messages_look_the_same() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 6, &[]);
    let odd = r#"{"z":1,"a":18446744073709551615,"d":1e300,"k":{"\u0000":"é\u0007"}}"#;
    for data in [odd, "7", "null", "[]", "\"text\"", "-0.0"] {
        scratch.feed("lab", &[data]);
    }
    for args in [
        &["fetch", "lab", "1"][..],
        &["fetch", "lab", "7"],
        &["fetch", "lab", "9"],
        &["follow", "lab", "--no-follow"],
        &["follow", "lab", "--no-follow", "--jsonl"],
        &["follow", "lab", "--no-follow", "--color", "always"],
        &["follow", "lab", "--no-follow", "--data-only", "--jsonl"],
        &["follow", "lab", "--no-follow", "--tag", "odd"],
        &["follow", "lab", "--no-follow", "--tag", " 2 ", "--jsonl"],
        &["follow", "lab", "--no-follow", "--where", ".data.n? > 3"],
        &[
            "follow",
            "lab",
            "--no-follow",
            "--tail",
            "2",
            "--tag",
            "even",
        ],
        &["follow", "lab", "--no-follow", "--from", "4", "--jsonl"],
        &["follow", "lab", "--no-follow", "--since", "1h", "--jsonl"],
        &[
            "follow",
            "lab",
            "--no-follow",
            "--since",
            "2100-01-01T00:00:00Z",
        ],
        &["follow", "lab", "--tail", "1", "--one"],
        &["follow", "lab", "--tail", "3", "--one", "--tag", "odd"],
        &["follow", "lab", "--since", "1h", "--one", "--data-only"],
        &["follow", "lab", "--from", "5", "--one"],
        &["follow", "lab", "--no-follow", "--quiet-drops", "--jsonl"],
        &["follow", "lab", "--tail", "2", "--timeout", "50ms"],
    ] {
        assert!(
            !same(&scratch, &server, args).is_empty() || args.contains(&"--since"),
            "{args:?}"
        );
    }
}

#[test]
fn pools_look_the_same() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 3, &[]);
    scratch
        .run(&["pool", "create", "other", "--size", "64K"])
        .ok();
    std::fs::write(scratch.pools().join("broken.plasmite"), "no pool").unwrap();

    // Ages pass while the commands run, and each machine has its own path for it.
    let info = |pool: &str| -> Value {
        let mut info = scratch.run(&["pool", "info", pool, "--json"]).json();
        let age = info["metrics"]["age"].as_object_mut().unwrap();
        age.retain(|key, _| !key.ends_with("_ms"));
        info
    };
    let (mut here, there) = (info("lab"), info(&server.url("lab")));
    assert_eq!(there["path"], "lab.plasmite");
    here["path"] = there["path"].clone();
    assert_eq!(here, there);

    let text = |pool: &str| -> Vec<String> {
        let ran = scratch.run(&["pool", "info", pool]);
        let lines = ran.ok().lines().filter(|line| !line.starts_with("Path:"));
        lines
            .map(|line| line.split(" (").next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(text("lab"), text(&server.url("lab")));
    assert_eq!(text("lab").len(), 6);
    let shown = scratch.run(&["pool", "info", &server.url("lab")]);
    assert!(shown
        .ok()
        .contains(&format!("Path: {}\n", server.url("lab"))));

    let base = format!("http://{}", server.address);
    let list = |args: &[&str]| scratch.run(&[&["pool", "list"], args].concat());
    // The server does not tell when a file changed that is no pool.
    let rows = |args: &[&str]| -> Vec<String> {
        let ran = list(args);
        let lines = ran.ok().lines().filter(|line| !line.starts_with("broken"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(rows(&[]), rows(&[&base]));
    let (here, there) = (list(&["--json"]).json(), list(&[&base, "--json"]).json());
    for (here, there) in here["pools"]
        .as_array()
        .unwrap()
        .iter()
        .zip(there["pools"].as_array().unwrap())
    {
        for field in ["name", "file_size", "bounds"] {
            assert_eq!(here[field], there[field], "{here} {there}");
        }
        let kind = |pool: &Value| pool["error"]["error"]["kind"].clone();
        assert_eq!(kind(here), kind(there), "{there}");
    }
    let table = list(&[&base]);
    assert!(table.ok().contains("broken  ERR"), "{table:?}");
}

#[test]
fn pools_are_made_and_deleted() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    let (a, b) = (server.url("a"), server.url("b"));
    let made = scratch.run(&["pool", "create", &a, "here", "--size", "64K"]);
    assert!(made.ok().contains("a     65536  "), "{made:?}");
    assert!(
        made.ok().contains(&a) && made.ok().contains("here.plasmite"),
        "{made:?}"
    );
    assert_eq!(std::fs::metadata(scratch.pool("a")).unwrap().len(), 65536);
    let made = scratch
        .run(&["pool", "create", &b, "--index-capacity", "0", "--json"])
        .json();
    assert_eq!(made["created"][0]["name"], "b");
    assert_eq!(made["created"][0]["index_capacity"], 0);
    // All are looked at first, in either form of an address.
    let c = format!("http://{}/v0/pools/c", server.address);
    for args in [&[&*c, &*a][..], &[&*c, &server.url("c")]] {
        let error = scratch
            .run(&[&["pool", "create"], args].concat())
            .error("AlreadyExists", 4);
        assert!(
            error["path"].as_str().unwrap().starts_with("http://"),
            "{error}"
        );
        assert!(!scratch.pool("c").exists());
    }
    scratch
        .run(&["pool", "create", &c, "--size", "1"])
        .error("Usage", 2);

    let follower = scratch.spawn(&["follow", &a]);
    let lost = server.url("lost");
    let ran = scratch.run(&["pool", "delete", &a, &lost, "here", &b, "--json"]);
    assert_eq!((ran.code, &*ran.stderr), (Some(3), ""));
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let deleted: Vec<&Value> = report["deleted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["pool"])
        .collect();
    assert_eq!(deleted, [&json!(a), &json!("here"), &json!(b)]);
    assert_eq!(report["deleted"][0]["path"], *a);
    let failed = &report["failed"][0];
    assert_eq!(
        (&failed["pool"], &failed["error"]["kind"]),
        (&json!(lost), &json!("NotFound"))
    );
    let hint = failed["error"]["hint"].as_str().unwrap();
    assert!(
        hint.ends_with(&format!("plasmite pool list http://{}", server.address)),
        "{hint}"
    );
    let ended = follower.wait_with_output().unwrap();
    assert_eq!(
        ended.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

#[test]
fn messages_are_fed() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 1, &[]);
    let url = server.url("lab");
    let receipt = scratch
        .run(&[
            "feed",
            &url,
            "{\"a\": 1}",
            "--tag",
            "x",
            "--durability",
            "flush",
        ])
        .json();
    assert_eq!(
        (&receipt["seq"], &receipt["meta"]["tags"]),
        (&json!(2), &json!(["x"]))
    );
    assert!(receipt.get("data").is_none());
    let input = b"{\"n\":1} {\"n\":2}\n[3]\n";
    let receipts = scratch
        .run_with(&["feed", &url, "--retry", "2"], input)
        .lines();
    assert_eq!(seqs(&receipts), [3, 4, 5]);
    // What is bad is told here, and passed over if that is wanted.
    let error = scratch.run(&["feed", &url, "{\"a\":"]).error("Usage", 2);
    assert!(
        error["message"].as_str().unwrap().starts_with("DATA: "),
        "{error}"
    );
    let ran = scratch.run_with(
        &["feed", &url, "--errors", "skip"],
        b"{\"n\":4}\n{x\n{\"n\":5}\n",
    );
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(seqs(&json_lines(&ran.stdout)), [6, 7]);
    let notices = json_lines(&ran.stderr);
    assert_eq!(notices[0]["notice"]["kind"], "ingest_skip");
    assert_eq!(notices[0]["notice"]["details"]["pool_path"], *url);
    // Copies of whole messages, from a server to a pool of this machine and back.
    let messages = scratch.run(&["follow", &url, "--no-follow", "--jsonl", "--tag", "x"]);
    let copied = scratch.run_with(
        &["feed", "copy", "--create", "--copy"],
        messages.ok().as_bytes(),
    );
    assert_eq!(copied.json()["meta"]["tags"], json!(["x"]));
    let back = scratch.run(&["follow", "copy", "--no-follow", "--jsonl"]);
    let back = scratch.run_with(&["feed", &url, "--copy"], back.ok().as_bytes());
    assert_eq!(back.json()["seq"], 8);
    // A record that no pool of the server can hold.
    let large = format!("\"{}\"", "x".repeat(3 << 20));
    let ran = scratch.run_with(
        &["feed", &url, "--errors", "skip"],
        format!("1\n{large}\n2\n").as_bytes(),
    );
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(seqs(&json_lines(&ran.stdout)), [9, 10]);
    assert_eq!(
        json_lines(&ran.stderr)[0]["notice"]["details"]["error_kind"],
        "Oversize"
    );
}

/// A record is appended when its last byte has come, and its receipt printed before the next.
#[test]
fn a_live_producer_is_not_held_back() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 0, &[]);
    let mut feed = scratch.spawn(&["feed", &server.url("lab")]);
    let mut stdin = feed.stdin.take().unwrap();
    let mut receipts = lines_of(feed.stdout.take().unwrap());
    for seq in 1..=3 {
        writeln!(stdin, "{{\"n\":{seq}}}").unwrap();
        let receipt: Value = serde_json::from_str(&receipts()).unwrap();
        assert_eq!(receipt["seq"], seq);
    }
    stop(feed);
}

#[test]
fn a_program_is_recorded() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 0, &[]);
    let url = server.url("lab");
    let ran = scratch.run(&[
        "tap",
        &url,
        "--tag",
        "t",
        "--",
        "sh",
        "-c",
        "echo one; echo two >&2; exit 3",
    ]);
    assert_eq!(
        (ran.code, &*ran.stdout, &*ran.stderr),
        (Some(3), "one\n", "two\n")
    );
    let data = scratch
        .run(&["follow", "lab", "--no-follow", "--data-only", "--jsonl"])
        .lines();
    assert_eq!(data[0]["kind"], "start");
    assert_eq!((data.len(), &data[3]["code"]), (4, &json!(3)));
    // Longer than what the server takes at once.
    let long = "head -c 3000000 /dev/zero | tr '\\0' x";
    scratch
        .run(&["tap", &url, "--quiet", "--", "sh", "-c", long])
        .ok();
    let line = scratch
        .run(&[
            "follow",
            "lab",
            "--where",
            ".data.cut? != null",
            "--tail",
            "1",
            "--one",
            "--data-only",
            "--jsonl",
        ])
        .json();
    let (kept, cut) = (
        line["line"].as_str().unwrap().len() as u64,
        line["cut"].as_u64().unwrap(),
    );
    assert_eq!(kept + cut, 3_000_000);
}

#[test]
fn a_chat_over_a_server() {
    let scratch = Scratch::new();
    let server = filled(&scratch, 2, &[]);
    let url = server.url("lab");
    // What was sent is shown before the end, and nothing of before.
    let ran = scratch.run_with(&["duplex", &url, "--jsonl"], b"{\"a\":1}\n{\"a\":2}\n");
    assert_eq!(seqs(&ran.lines()), [3, 4]);
    let ran = scratch.run_with(
        &["duplex", &url, "--jsonl", "--tail", "2", "--me", "bob"],
        b"{\"from\":\"bob\"}\n",
    );
    assert_eq!(seqs(&ran.lines()), [3, 4], "own messages are not shown");
    let ran = scratch.run_with(&["duplex", &url, "--jsonl", "--since", "1h"], b"");
    assert_eq!(seqs(&ran.lines()), [1, 2, 3, 4, 5]);
    let ran = scratch.run_with(&["duplex", &url, "--jsonl"], b"{x\n");
    ran.error("Usage", 2);
    let mut quiet = scratch.spawn(&["duplex", &url, "--timeout", "100ms"]);
    let _input = quiet.stdin.take();
    assert_eq!(quiet.wait().unwrap().code(), Some(124));
}
