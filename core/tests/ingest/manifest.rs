//! The shared inputs with the records they must give, each in its own mode and in `auto`.

use super::codec::{data, read as bytes_of, records};
use super::{read, skipping, texts};
use plasmite_core::ingest::Mode;
use serde_json::Value;
use std::path::Path;

/// Modes by the names that the commands use.
fn mode(name: &str) -> Mode {
    match name {
        "auto" => Mode::Auto,
        "jsonl" => Mode::JsonLines,
        "jq" => Mode::Values,
        "seq" => Mode::Sequence,
        "event" => Mode::Events,
        other => panic!("no mode {other}"),
    }
}

fn own_mode(format: &str) -> &'static str {
    match format {
        "jsonl" => "jsonl",
        "concat" => "jq",
        "json-seq" => "seq",
        "sse" => "event",
        other => panic!("no format {other}"),
    }
}

#[test]
fn every_row() {
    let Some(folder) = data() else { return };
    let folder = folder.join("ingest-framing");
    let choices =
        records(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/ingest-choices.jsonl"));
    let mut used = 0;
    for row in records(&folder.join("manifest.jsonl")) {
        let file = row["file"].as_str().unwrap();
        let input = bytes_of(&folder.join(file));
        for name in [own_mode(row["format"].as_str().unwrap()), "auto"] {
            let choice = choices
                .iter()
                .find(|choice| choice["file"] == file && choice["mode"] == name);
            used += usize::from(choice.is_some());
            assert!(
                choice.is_some() || row["certain"] == true,
                "{file} in {name}: no choice is written down"
            );
            let expected = match choice {
                Some(choice) => (&choice["records"], &choice["faults"]),
                None => (&row["records"], &row["errors"]),
            };
            let out = read(skipping(mode(name)), input.chunks(1000));
            let (texts, faults) = texts(&out);
            assert_eq!(
                (Value::from(texts.len()), Value::from(faults)),
                (expected.0.clone(), expected.1.clone()),
                "{file} in {name}: {texts:?}"
            );
            let same_as_row = expected == (&row["records"], &row["errors"]);
            if let (true, Some(values)) = (same_as_row, row["values"].as_array()) {
                let found: Vec<Value> = texts
                    .iter()
                    .map(|text| serde_json::from_str(text).unwrap())
                    .collect();
                assert_eq!(&found, values, "{file} in {name}");
            }
        }
    }
    assert_eq!(used, choices.len(), "a choice is about no row");
}
