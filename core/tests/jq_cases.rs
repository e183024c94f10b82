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
