//! `fetch` in pipes.
#![cfg(feature = "cli")]

mod common;

use common::Scratch;
use serde_json::json;

#[test]
fn one_message() {
    let scratch = Scratch::new();
    let receipt = scratch
        .run(&[
            "feed",
            "lab",
            r#"{"z":1,"a":"é/\u0001"}"#,
            "--create",
            "--tag",
            "t",
        ])
        .json();
    let ran = scratch.run(&["fetch", "lab", "1"]);
    let message = ran.json();
    assert_eq!(message["seq"], 1);
    assert_eq!(message["time"], receipt["time"]);
    assert_eq!(message["meta"], json!({"tags": ["t"]}));
    assert!(
        ran.stdout
            .ends_with("\"data\":{\"z\":1,\"a\":\"é/\\u0001\"}}\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_missing_message() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    for seq in ["0", "2", "18446744073709551615"] {
        let error = scratch.run(&["fetch", "lab", seq]).error("NotFound", 3);
        assert_eq!(error["seq"].to_string(), seq);
        assert!(
            error["hint"].as_str().unwrap().contains("pool info lab"),
            "{error}"
        );
    }
    for bad in ["", "x", "1.5", "18446744073709551616"] {
        scratch.run(&["fetch", "lab", bad]).error("Usage", 2);
    }
}
