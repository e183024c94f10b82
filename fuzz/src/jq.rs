//! Expressions of any kind: compiled or refused, run within their limits, and with the same verdict whether they are a plan
//! or run by the engine. The input is an expression, a NUL, and JSON.

use plasmite_core::filter::{Filter, FilterOptions};
use plasmite_core::json::{Encoded, Encoder};
use plasmite_core::message::{tags, Encoding, Message};
use plasmite_core::Result;

use crate::tally;

/// For one message.
const STEPS: u64 = 20_000;

pub fn run(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let expression = parts.next().unwrap_or_default();
    let json = parts.next().unwrap_or(b"{\"a\":[1,{\"b\":\"x\"}],\"n\":7}");
    let Ok(expression) = std::str::from_utf8(expression) else {
        return;
    };
    let options = FilterOptions {
        no_recursion: expression.len() % 2 == 0,
        steps: Some(STEPS),
    };
    let Ok(filter) = Filter::new(expression, &options) else {
        tally::refused();
        return;
    };
    let mut payload = Vec::new();
    let Ok(encoded) = Encoder::new().encode(json, &mut payload) else {
        return;
    };
    let mut block = Vec::new();
    tags::encode([&b"a"[..], "é".as_bytes()], &mut block).expect("tags");
    let message = Message {
        seq: 7,
        time_ns: 1_700_000_000_000_000_000,
        encoding: match encoded {
            Encoded::Lite3 => Encoding::Lite3Data,
            Encoded::Text => Encoding::JsonText,
        },
        payload: &payload[..],
        tags: &block[..],
    };
    let verdict = filter.matches(&message, || true, &mut 0);
    if verdict.is_err() {
        tally::refused();
    }
    // What this adds changes no verdict, but no plan has it.
    let Ok(twin) = Filter::new(&format!("({expression}\n), empty"), &options) else {
        return;
    };
    if expression.contains("now") {
        return;
    }
    let other = twin.matches(&message, || true, &mut 0);
    // The engine counts steps that a plan does not take.
    if !is_limit(&verdict) && !is_limit(&other) {
        assert_eq!(said(&verdict), said(&other), "{expression}");
    }
}

fn is_limit(verdict: &Result<Option<bool>>) -> bool {
    matches!(verdict, Err(error) if error.message().contains("steps") || error.message().contains("memory") || error.message().contains("deep"))
}

fn said(verdict: &Result<Option<bool>>) -> std::result::Result<Option<bool>, &str> {
    verdict
        .as_ref()
        .map(|verdict| *verdict)
        .map_err(|error| error.message())
}
