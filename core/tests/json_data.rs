//! Every file of the shared test data goes in and comes out equal, or is refused where it must be.

mod codec;

use codec::{compare, data, files, read, records};
use plasmite_core::json::{Encoded, Encoder};
use plasmite_core::lite3::Value;

/// Whole files and each of their lines, against the twin; texts taken and refused.
fn all_of(folder: &str, lines: bool) {
    let Some(data) = data() else { return };
    let mut encoder = Encoder::new();
    let (mut taken, mut refused) = (0, 0);
    for path in files(&data.join(folder)) {
        let name = path.strip_prefix(&data).unwrap().display().to_string();
        let bytes = read(&path);
        let mut one = |text: &[u8], name: &str| {
            let counter = if compare(&mut encoder, text, name) {
                &mut taken
            } else {
                &mut refused
            };
            *counter += 1;
        };
        one(&bytes, &name);
        if !lines || bytes.len() > 16 << 20 {
            continue;
        }
        for (number, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            // Also as an element: a scalar alone takes another way in.
            one(line, &format!("{name}:{}", number + 1));
            let mut element = b"[".to_vec();
            element.extend_from_slice(line);
            element.push(b']');
            one(&element, &format!("{name}:{} in an array", number + 1));
        }
    }
    assert!(taken > 0, "{folder}");
    println!("{folder}: {taken} taken, {refused} refused");
}

#[test]
fn conformance_files_agree_with_the_twin() {
    all_of("json-conformance", true);
}

#[test]
fn documents_agree_with_the_twin() {
    all_of("documents", false);
}

#[test]
fn adversarial_files_agree_with_the_twin() {
    all_of("adversarial", true);
}

#[test]
fn streams_agree_with_the_twin() {
    all_of("streams", true);
}

#[test]
fn framing_and_predicate_inputs_agree_with_the_twin() {
    all_of("ingest-framing", true);
    all_of("jq-cases", true);
}

#[test]
fn conformance_expectations_are_met() {
    let Some(data) = data() else { return };
    let folder = data.join("json-conformance");
    let mut encoder = Encoder::new();
    let mut seen = 0;
    for list in ["test_parsing", "test_transform"] {
        for record in records(&folder.join(format!("{list}.expect.jsonl"))) {
            let name = record["file"].as_str().unwrap();
            let text = read(&folder.join(list).join(name));
            let taken = encoder.encode(&text, &mut Vec::new()).is_ok();
            match record["expect"].as_str().unwrap() {
                "accept" => assert!(taken, "{name}"),
                "reject" => assert!(!taken, "{name}"),
                _ => {}
            }
            seen += 1;
        }
    }
    assert!(seen > 200);
    for path in files(&folder.join("jsonchecker")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let taken = encoder.encode(&read(&path), &mut Vec::new()).is_ok();
        assert_eq!(
            taken,
            name.starts_with("pass") || name.contains("EXCLUDE"),
            "{name}"
        );
    }
    for path in files(&folder.join("roundtrip")) {
        assert!(
            encoder.encode(&read(&path), &mut Vec::new()).is_ok(),
            "{}",
            path.display()
        );
    }
}

#[test]
fn adversarial_expectations_are_met() {
    let Some(data) = data() else { return };
    let folder = data.join("adversarial");
    let mut encoder = Encoder::new();
    for record in records(&folder.join("manifest.jsonl")) {
        let name = record["file"].as_str().unwrap();
        let valid = record["valid"].as_bool();
        let bytes = read(&folder.join(name));
        let whole = name.ends_with(".json") || name.ends_with(".json.zst");
        let texts: Vec<&[u8]> = match whole {
            true => vec![&bytes],
            false => bytes
                .split(|&byte| byte == b'\n')
                .filter(|line| !line.is_empty())
                .collect(),
        };
        for (number, text) in texts.iter().enumerate() {
            let result = encoder.encode(text, &mut Vec::new());
            match (valid, &result) {
                // Numbers beyond a double, and nesting beyond the documented limit.
                (Some(true), Err(error)) => assert!(
                    error.message().contains("double") || error.message().contains("deeply"),
                    "{name}:{}: {error:?}",
                    number + 1
                ),
                (Some(false), Ok(_)) => {
                    assert!(
                        name == "invalid-utf8.jsonl" && number + 1 == texts.len(),
                        "{name}:{}",
                        number + 1
                    );
                }
                _ => {}
            }
        }
    }
}

#[test]
fn number_literals_have_their_exact_values() {
    let Some(data) = data() else { return };
    let mut encoder = Encoder::new();
    for record in records(&data.join("adversarial/numbers.expect.jsonl")) {
        let literal = record["literal"].as_str().unwrap();
        let bits = u64::from_str_radix(record["f64_bits"].as_str().unwrap(), 16).unwrap();
        let mut payload = Vec::new();
        let Ok(encoded) = encoder.encode(format!("[{literal}]").as_bytes(), &mut payload) else {
            assert!(f64::from_bits(bits).is_infinite(), "{literal}");
            continue;
        };
        if encoded == Encoded::Text {
            assert_eq!(payload, format!("[{literal}]").as_bytes());
            assert!(literal.parse::<u64>().unwrap() > i64::MAX as u64);
            continue;
        }
        let number = Value::root(&payload[..]).unwrap().at(0).unwrap().unwrap();
        match number.as_i64() {
            Some(value) => assert_eq!(literal.parse(), Ok(value), "{literal}"),
            None => assert_eq!(number.as_f64().unwrap().to_bits(), bits, "{literal}"),
        }
    }
}
