//! `feed` and the forms of its input: the shared inputs and streams, value by value.
#![cfg(feature = "cli")]

mod common;

use common::shared::{bytes, data, records};
use common::{json_lines, Ran, Scratch};
use serde_json::Value;
use std::path::Path;

/// Feeds a whole input into a new pool, passing over bad records; gives what it then holds.
fn fed(scratch: &Scratch, pool: &str, form: &str, input: &[u8]) -> (Ran, Vec<Value>) {
    let ran = scratch.run_with(
        &[
            "feed",
            pool,
            "--create-size",
            "64M",
            "--in",
            form,
            "-e",
            "skip",
        ],
        input,
    );
    let held = scratch.run(&["follow", pool, "--no-follow", "--jsonl", "--data-only"]);
    let values = json_lines(held.ok());
    std::fs::remove_file(scratch.pool(pool)).unwrap();
    (ran, values)
}

/// How many records were good and bad, by what the command says, which must agree with itself.
#[track_caller]
fn counts(ran: &Ran) -> (usize, usize) {
    let receipts = json_lines(&ran.stdout).len();
    let stderr = json_lines(&ran.stderr);
    let kinds = |kind: &str| {
        stderr
            .iter()
            .filter(|line| line["notice"]["kind"] == kind)
            .count()
    };
    let skipped = kinds("ingest_skip");
    let code = match (receipts, skipped) {
        (0, 0) => 2,
        (_, 0) => 0,
        _ => 1,
    };
    assert_eq!(ran.code, Some(code), "{ran:?}");
    assert_eq!(kinds("ingest_summary"), usize::from(skipped > 0), "{ran:?}");
    if skipped > 0 {
        let summary = &stderr.last().unwrap()["notice"]["details"];
        assert_eq!(
            (summary["ok"].clone(), summary["failed"].clone()),
            (receipts.into(), skipped.into())
        );
        assert_eq!(summary["total"], receipts + skipped);
    }
    (receipts, skipped)
}

#[test]
fn the_shared_inputs() {
    let Some(folder) = data() else { return };
    let folder = folder.join("ingest-framing");
    let scratch = Scratch::new();
    let choices = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/ingest-choices.jsonl");
    let choices = records(&choices);
    for row in records(&folder.join("manifest.jsonl")) {
        let file = row["file"].as_str().unwrap();
        let input = bytes(&folder.join(file));
        let own = match row["format"].as_str().unwrap() {
            "concat" => "jq",
            "json-seq" => "seq",
            // Event streams are always found out.
            "sse" => "auto",
            other => other,
        };
        for form in [own, "auto"] {
            let (ran, values) = fed(&scratch, "lab", form, &input);
            let choice = choices
                .iter()
                .find(|choice| choice["file"] == file && choice["mode"] == form);
            let (records, faults) = match choice {
                Some(choice) => (&choice["records"], &choice["faults"]),
                None => (&row["records"], &row["errors"]),
            };
            let (good, bad) = counts(&ran);
            assert_eq!(
                (&good.into(), &bad.into()),
                (records, faults),
                "{file} as {form}: {ran:?}"
            );
            assert_eq!(values.len(), good, "{file} as {form}");
            if let (None, Some(expected)) = (choice, row["values"].as_array()) {
                assert_eq!(&values, expected, "{file} as {form}");
            }
        }
    }
}

/// The values that a stream holds, by the simplest reading of its format, and how many records are no JSON.
fn expected(name: &str, input: &str) -> Option<(&'static str, Vec<Value>, usize)> {
    let name = name.trim_end_matches(".zst");
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (form, texts) = match name.rsplit('.').next()? {
        "jsonl" | "ndjson" | "geojsonl" | "txt" => ("jsonl", lines(input)),
        "json-seq" | "geojsons" => ("seq", input.split('\u{1e}').map(str::to_owned).collect()),
        "sse" => {
            let data = |event: &str| -> String {
                let data = event.lines().filter_map(|line| line.strip_prefix("data:"));
                data.collect::<Vec<_>>().join("\n")
            };
            (
                "auto",
                input
                    .replace("\r\n", "\n")
                    .split("\n\n")
                    .map(data)
                    .collect(),
            )
        }
        "json" => {
            let values = serde_json::Deserializer::from_str(input).into_iter::<Value>();
            return Some(("jq", values.collect::<Result<_, _>>().unwrap(), 0));
        }
        _ => return None,
    };
    let (mut values, mut bad) = (Vec::new(), 0);
    for text in texts.iter().filter(|text| !text.trim().is_empty()) {
        match serde_json::from_str(text) {
            Ok(value) => values.push(value),
            Err(_) => bad += 1,
        }
    }
    Some((form, values, bad))
}

#[test]
fn the_shared_streams() {
    let Some(folder) = data() else { return };
    let scratch = Scratch::new();
    let mut streams = 0;
    for entry in std::fs::read_dir(folder.join("streams")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let input = bytes(&path);
        let Some((form, values, bad)) = expected(name, std::str::from_utf8(&input).unwrap()) else {
            continue;
        };
        for form in [form, "auto"] {
            let (ran, held) = fed(&scratch, "lab", form, &input);
            assert_eq!(counts(&ran), (values.len(), bad), "{name} as {form}");
            assert!(held == values, "{name} as {form}");
        }
        streams += 1;
    }
    assert!(streams > 30, "{streams}");
}

#[test]
fn every_form_by_name() {
    let scratch = Scratch::new();
    for (form, input, expected) in [
        (
            "auto",
            "{\"a\":1}{\"a\":2}\n[\n3\n]",
            "[{\"a\":1},{\"a\":2},[3]]",
        ),
        ("jsonl", "\u{feff}{\"a\":1}\r\n\n 2", "[{\"a\":1},2]"),
        ("json", "[1,\n2]\n", "[[1,2]]"),
        ("seq", "\u{1e}{\"a\":\n1}\n\u{1e}2\n", "[{\"a\":1},2]"),
        ("jq", "1 2\"3\"[4]", "[1,2,\"3\",[4]]"),
        ("auto", "\u{1e}1\n", "[1]"),
        (
            "auto",
            "event: x\nretry: 5\ndata: {\"a\":\ndata: 1}\n\n",
            "[{\"a\":1}]",
        ),
        ("auto", "retry: 5\n\ndata: 1", "[1]"),
    ] {
        let (ran, values) = fed(&scratch, "lab", form, input.as_bytes());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(
            Value::from(values),
            serde_json::from_str::<Value>(expected).unwrap(),
            "{form} {input:?}"
        );
    }
    let error = scratch
        .run_with(&["feed", "lab", "--create", "-i", "yaml"], b"1")
        .error("Usage", 2);
    let text = error.to_string();
    assert!(
        ["auto", "jsonl", "json", "seq", "jq"]
            .iter()
            .all(|form| text.contains(form)),
        "{text}"
    );
}
