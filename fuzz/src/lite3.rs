//! A document of any bytes: the check, the walk, JSON, and the way back.

use plasmite_core::json::{write_lite3, Encoder};
use plasmite_core::lite3::{check, Value};

use crate::codec::{same, use_everything};
use crate::tally;

pub fn run(document: &[u8]) {
    use_everything(document);
    if check(document).is_err() {
        tally::refused();
        return;
    }
    // A sound document says as JSON what can be found in it, and JSON gives it back.
    let root = Value::root(document).expect("a checked document");
    let mut text = Vec::new();
    write_lite3(root, &mut text).expect("a checked document");
    if let Ok(twin) = serde_json::from_slice(&text) {
        if !has_bytes(root, 0) {
            same(root, &twin, "a checked document");
        }
    }
    let mut again = Vec::new();
    Encoder::new()
        .encode(&text, &mut again)
        .expect("our own JSON");
    if let Ok(root) = Value::root(&again[..]) {
        let mut second = Vec::new();
        write_lite3(root, &mut second).expect("our own document");
        assert_eq!(text, second);
    }
}

/// Whether it has values of raw bytes, which are base64 text in JSON.
fn has_bytes(value: Value<&[u8]>, depth: usize) -> bool {
    use plasmite_core::lite3::Kind;
    match value.type_of() {
        Kind::Bytes => true,
        Kind::Object | Kind::Array if depth < 200 => {
            let entries = value.entries().expect("a checked document");
            entries
                .flatten()
                .any(|entry| has_bytes(entry.value, depth + 1))
        }
        _ => false,
    }
}
