//! The shared jq cases: each case on which jq and jaq agree gives their verdict. The rest, and what cannot be had in
//! a filter, is listed in `conformance/jq-choices.jsonl` with what we do and why.

mod codec;

use std::collections::BTreeMap;
use std::path::Path;

use codec::{data, records};
use plasmite_core::filter::{Filter, FilterOptions};
use plasmite_core::json::Encoder;
use plasmite_core::message::{Encoding, Message};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What the expression says about a message with this data.
fn verdict(expression: &str, json: &str) -> &'static str {
    let filter = match Filter::new(expression, &FilterOptions::default()) {
        Ok(filter) => filter,
        Err(_) => return "refused",
    };
    let mut payload = Vec::new();
    let encoding: Encoding = match Encoder::new().encode(json.as_bytes(), &mut payload) {
        Ok(encoded) => encoded.into(),
        Err(_) => return "no message",
    };
    let message = Message {
        seq: 1,
        time_ns: 0,
        encoding,
        payload: payload.as_slice(),
        tags: &[][..],
    };
    match filter.matches(&message, || true, &mut 0) {
        Ok(Some(true)) => "true",
        Ok(_) => "false",
        Err(error) if error.message().contains("gives") => "no truth value",
        Err(_) => "limit",
    }
}

/// The letters of the digests: T some output true, F none, N an output that is no boolean, E a run-time error.
/// A filter does not tell E from F; the expression is made to.
#[test]
fn every_stream() {
    let Some(folder) = data() else { return };
    let (mut streams, mut wrong) = (BTreeMap::new(), Vec::new());
    let mut agreed = 0;
    for row in records(&folder.join("jq-cases/where-streams.jsonl")) {
        let name = row["stream"].as_str().unwrap();
        let records = streams
            .entry(name.to_owned())
            .or_insert_with(|| messages(&folder.join(name), row["records"].as_u64().unwrap()));
        let expression = row["where"].as_str().unwrap();
        let options = FilterOptions::default();
        let filter = Filter::new(&format!(".data | ({expression}\n)"), &options).unwrap();
        let failing = format!(".data | (try ([{expression}\n] | false) catch true)");
        let failing = Filter::new(&failing, &options).unwrap();
        let mut letters = String::new();
        for message in records.iter() {
            let message = message.message();
            letters.push(match filter.matches(&message, || true, &mut 0) {
                Ok(Some(true)) => 'T',
                Ok(_) if failing.matches(&message, || true, &mut 0).unwrap() == Some(true) => 'E',
                Ok(_) => 'F',
                Err(error) if error.message().contains("gives") => 'N',
                Err(error) => panic!("{expression} on {name}: {error}"),
            });
        }
        let count = |letter: char| letters.chars().filter(|found| *found == letter).count() as u64;
        let first: Vec<usize> = letters
            .char_indices()
            .filter(|(_, l)| *l == 'T')
            .map(|(at, _)| at + 1)
            .take(5)
            .collect();
        let matches = |engine: &Value| {
            engine["match"] == count('T')
                && engine["no_match"] == count('F')
                && engine["non_boolean"] == count('N')
                && engine["runtime_error"] == count('E')
                && engine["first"] == serde_json::json!(first)
                && engine["digest"] == digest(&letters)
        };
        match row["agree"] == true {
            true if matches(&row["jq"]) => agreed += 1,
            // Where they differ it is as in one of them.
            false if matches(&row["jq"]) || matches(&row["jaq"]) => {}
            _ => wrong.push(format!(
                "{name}: {expression}: T {} F {} N {} E {}, not {} / {}",
                count('T'),
                count('F'),
                count('N'),
                count('E'),
                row["jq"],
                row["jaq"]
            )),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(agreed > 140, "{agreed}");
}

/// A record as a message.
struct Record {
    encoding: Encoding,
    payload: Vec<u8>,
}

impl Record {
    fn message(&self) -> Message<&[u8]> {
        Message {
            seq: 1,
            time_ns: 0,
            encoding: self.encoding,
            payload: &self.payload,
            tags: &[],
        }
    }
}

fn messages(path: &Path, count: u64) -> Vec<Record> {
    let text = codec::read(path);
    let lines = text.split(|byte| *byte == b'\n');
    let record = |line: &[u8]| {
        let mut payload = Vec::new();
        let encoded = Encoder::new().encode(line, &mut payload).unwrap();
        Record {
            encoding: encoded.into(),
            payload,
        }
    };
    let found: Vec<Record> = lines
        .filter(|line| !line.trim_ascii().is_empty())
        .map(record)
        .collect();
    assert_eq!(found.len() as u64, count, "{}", path.display());
    found
}

/// The first 16 hexadecimal digits of the letters' SHA-256.
fn digest(letters: &str) -> String {
    let hash = Sha256::digest(letters.as_bytes());
    hash.iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn every_case() {
    let Some(folder) = data() else { return };
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/jq-choices.jsonl");
    let mut choices: BTreeMap<String, Value> = records(&list)
        .into_iter()
        .map(|choice| (choice["id"].as_str().unwrap().to_owned(), choice))
        .collect();
    let (mut agreed, mut wrong) = (0, Vec::new());
    for case in records(&folder.join("jq-cases/cases.jsonl")) {
        let id = case["id"].as_str().unwrap();
        let (found, wanted) = match (case["where"].as_str(), case["kind"].as_str()) {
            (Some(expression), _) => {
                let input = case["input"].as_str().unwrap_or("null");
                let both = case["where_true_in"]
                    .as_array()
                    .is_some_and(|list| list.len() == 2);
                let found = verdict(&format!(".data | ({expression}\n)"), input);
                (found, both.then_some("true"))
            }
            (None, Some("compile-error")) => {
                let both = case["jq"] == true && case["jaq"] == true;
                let found = verdict(case["program"].as_str().unwrap(), "null");
                (found, both.then_some("refused"))
            }
            _ => continue,
        };
        if Some(found) == wanted {
            agreed += 1;
            assert!(choices.remove(id).is_none(), "{id} needs no choice");
            continue;
        }
        match choices.remove(id) {
            Some(choice) if choice["here"] == found => {}
            _ => wrong.push(format!(
                "{id}: {found}, not {wanted:?} (jq {}, jaq {}): {}",
                case["jq"], case["jaq"], case["program"]
            )),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(choices.is_empty(), "no such cases: {:?}", choices.keys());
    assert!(agreed > 1000, "{agreed}");
}
