//! Documents of the reference writer are read, and hostile variants of them and of ours are survived.

mod codec;

use codec::{data, on_small_stack, records, same, use_everything};
use plasmite_core::json::{write_lite3, Encoder};
use plasmite_core::lite3::{check, check_shallow, Kind, Value};
use plasmite_core::message::document;

fn golden() -> Vec<(serde_json::Value, Vec<String>, Vec<u8>)> {
    let Some(data) = data() else {
        return Vec::new();
    };
    let read = |record: serde_json::Value| {
        let hex = record["lite3_hex"].as_str().unwrap();
        let bytes = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect();
        let tags = record["tags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag.as_str().unwrap().to_string())
            .collect();
        (
            serde_json::from_str(record["json"].as_str().unwrap()).unwrap(),
            tags,
            bytes,
        )
    };
    records(&data.join("lite3/messages.jsonl"))
        .into_iter()
        .map(read)
        .collect()
}

#[test]
fn documents_of_the_reference_writer_are_read() {
    for (json, tags, bytes) in golden() {
        let name = json.to_string();
        check(&bytes).unwrap();
        check_shallow(&bytes).unwrap();
        let parts = document::split(&bytes).unwrap();
        assert_eq!(parts.tags, tags, "{name}");
        let mut out = Vec::new();
        write_lite3(parts.data, &mut out).unwrap();
        // The reference wrote the members in the order of their keys' bytes.
        let written: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(written, json);
        same(parts.data, &written, &name);
    }
}

/// Every byte changed in several ways, and every length.
fn mutate(bytes: &[u8]) {
    use_everything(bytes);
    for at in 0..bytes.len() {
        let mut copy = bytes.to_vec();
        for change in [0x01, 0x04, 0x80, 0xff, bytes[at]] {
            copy[at] = bytes[at] ^ change;
            use_everything(&copy);
        }
        use_everything(&bytes[..at]);
    }
}

#[test]
fn damaged_golden_documents_are_survived() {
    let golden = golden();
    for part in golden.chunks(6) {
        let part: Vec<Vec<u8>> = part
            .iter()
            .map(|(_, _, bytes)| bytes.clone())
            .filter(|bytes| bytes.len() < 1500)
            .collect();
        on_small_stack(move || part.iter().for_each(|bytes| mutate(bytes)));
    }
}

fn encoded(json: &str) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder::new().encode(json.as_bytes(), &mut out).unwrap();
    out
}

#[test]
fn damaged_documents_of_ours_are_survived() {
    let array: Vec<String> = (0..70).map(|n| n.to_string()).collect();
    let collisions =
        r#"{"AzAz":1,"BYAz":[2],"AzBY":{"x":null},"BYBY":"four","long key beyond one word":1.5}"#;
    for json in [
        "{}",
        "[]",
        r#"{"a":[1,"two",{"b":true}],"data":"é"}"#,
        &format!("[{}]", array.join(",")),
        collisions,
    ] {
        let bytes = encoded(json);
        on_small_stack(move || mutate(&bytes));
    }
}

/// Puts a word into a document.
fn patch(document: &mut [u8], at: usize, word: u32) {
    document[at..at + 4].copy_from_slice(&word.to_le_bytes());
}

#[test]
fn cycles_and_shared_parts_end() {
    on_small_stack(|| {
        // An array whose first element is itself.
        let mut own = encoded("[[]]");
        patch(&mut own, 36, 0);
        // Seven entries that are all the same long string: output would be a multiple of the document.
        let mut shared = encoded(&format!("[\"{}\",2,3,4,5,6,7]", "s".repeat(5000)));
        let first = u32::from_le_bytes(shared[36..40].try_into().unwrap());
        (0..7).for_each(|index| patch(&mut shared, 36 + 4 * index, first));
        // A tree whose children are its own root: 8^9 walks if nobody counts.
        let mut tree = encoded("[1,2,3,4,5,6,7]");
        (0..8).for_each(|index| patch(&mut tree, 64 + 4 * index, 96));
        tree.truncate(96);
        let inner: Vec<u8> = tree.clone();
        tree.extend_from_slice(&inner);
        // Nested arrays, each holding the next one seven times: 7^500 values if nobody counts.
        let mut levels = Vec::new();
        for level in 1..500u32 {
            let mut node = encoded("[0,0,0,0,0,0,0]");
            node.truncate(96);
            (0..7).for_each(|index| patch(&mut node, 36 + 4 * index, level * 96));
            levels.extend_from_slice(&node);
        }
        levels.extend_from_slice(&encoded("[]"));
        for bytes in [own, shared, tree, levels] {
            assert!(check(&bytes).is_err());
            assert!(write_lite3(Value::root(&bytes[..]).unwrap(), &mut Vec::new()).is_err());
            use_everything(&bytes);
        }
    });
}

#[test]
fn the_check_refuses_what_the_format_forbids() {
    let object = encoded(r#"{"a":true,"b":"text","c":1.5}"#);
    check(&object).unwrap();
    let find = |needle: &[u8]| {
        object
            .windows(needle.len())
            .position(|window| window == needle)
            .unwrap()
    };
    let (flag, text, number) = (find(b"a\0") + 3, find(b"b\0") + 7, find(b"c\0") + 3);
    let broken = |at: usize, bytes: &[u8]| {
        let mut copy = object.clone();
        copy[at..at + bytes.len()].copy_from_slice(bytes);
        copy
    };
    // The first two keys in each other's place, with their hashes.
    let mut swapped = object.clone();
    for field in [4, 36] {
        swapped.copy_within(field..field + 4, field + 4);
        swapped[field..field + 4].copy_from_slice(&object[field + 4..field + 8]);
    }
    for (what, bytes) in [
        ("truth value", broken(flag, &[2])),
        ("type code", broken(flag - 1, &[8])),
        ("not UTF-8", broken(text, &[0xff])),
        ("NUL", broken(text + 4, b"x")),
        ("finite", broken(number, &f64::INFINITY.to_le_bytes())),
        ("finite", broken(number, &f64::NAN.to_le_bytes())),
        ("another key", broken(find(b"a\0"), b"z")),
        ("NUL", broken(find(b"a\0") + 1, b"x")),
        ("number of entries", broken(32, &[3 | 4 << 6])),
        ("out of order", swapped),
        ("in a leaf", broken(68, &[96])),
        ("misaligned", broken(64, &[97])),
        ("neither object nor array", broken(0, &[5])),
    ] {
        let error = check(&bytes).unwrap_err();
        assert_eq!(error.kind(), plasmite_core::ErrorKind::Corrupt);
        assert!(error.message().contains(what), "{what}: {error:?}");
        assert!(error.offset().is_some());
    }
}

#[test]
fn bytes_values_become_base64() {
    let mut document = encoded(r#"["text"]"#);
    document[96] = Kind::Bytes as u8;
    check(&document).unwrap();
    let mut out = Vec::new();
    write_lite3(Value::root(&document[..]).unwrap(), &mut out).unwrap();
    assert_eq!(out, b"[\"dGV4dAA=\"]");
}

#[test]
fn keys_with_one_hash_are_kept_apart_up_to_the_probing_limit() {
    // k blocks, each "Az" or "BY", which add the same to the hash: 2^k keys of one hash.
    let key = |n: usize| {
        (0..9)
            .map(|bit| if n >> bit & 1 == 0 { "Az" } else { "BY" })
            .collect::<String>()
    };
    for count in [2, 3, 7, 8, 64, 127, 128, 129, 300] {
        let members: Vec<String> = (0..count).map(|n| format!("\"{}\":{n}", key(n))).collect();
        let json = format!("{{{}}}", members.join(","));
        let mut payload = Vec::new();
        let kind = Encoder::new()
            .encode(json.as_bytes(), &mut payload)
            .unwrap();
        if count > 128 {
            assert_eq!(
                (kind, &payload[..]),
                (plasmite_core::json::Encoded::Text, json.as_bytes())
            );
            continue;
        }
        check(&payload).unwrap();
        same(
            Value::root(&payload[..]).unwrap(),
            &serde_json::from_str(&json).unwrap(),
            "collisions",
        );
        let root = Value::root(&payload[..]).unwrap();
        assert!(root.get(key(511).as_bytes()).unwrap().is_none());
    }
}

/// Shared memory under a writer: every read may see other bytes.
#[derive(Clone, Copy)]
struct Racing<'a> {
    bytes: &'a [u8],
    reads: &'a std::cell::Cell<u64>,
    /// One read in this many is wrong.
    rate: u64,
}

impl Racing<'_> {
    fn noise(self) -> u64 {
        let reads = self.reads.get() + 1;
        self.reads.set(reads);
        let mixed = (reads ^ reads >> 7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if (mixed >> 40) % self.rate == self.rate - 1 || self.rate == 1 {
            mixed >> (mixed & 63)
        } else {
            0
        }
    }
}

impl plasmite_core::lite3::Source for Racing<'_> {
    fn len(self) -> usize {
        self.bytes.len()
    }
    fn u8(self, at: usize) -> Option<u8> {
        self.bytes.get(at).map(|byte| byte ^ self.noise() as u8)
    }
    fn u32(self, at: usize) -> Option<u32> {
        plasmite_core::lite3::Source::u32(self.bytes, at).map(|word| word ^ self.noise() as u32)
    }
    fn u64(self, at: usize) -> Option<u64> {
        plasmite_core::lite3::Source::u64(self.bytes, at).map(|word| word ^ self.noise())
    }
    fn equals(self, at: usize, bytes: &[u8]) -> bool {
        plasmite_core::lite3::Source::equals(self.bytes, at, bytes)
    }
    fn append_to(self, at: usize, len: usize, out: &mut Vec<u8>) -> bool {
        plasmite_core::lite3::Source::append_to(self.bytes, at, len, out)
    }
}

#[test]
fn bytes_that_change_while_they_are_read_are_survived() {
    on_small_stack(|| {
        let members: Vec<String> = (0..60)
            .map(|n| format!("\"k{n}\":[{n},\"{n}\",{{\"x\":1.5}}]"))
            .collect();
        let bytes = encoded(&format!("{{{}}}", members.join(",")));
        for rate in [1, 2, 5, 20, 100, 1000, u64::MAX] {
            let reads = std::cell::Cell::new(0);
            for round in 0..200 {
                let source = Racing {
                    bytes: &bytes,
                    reads: &reads,
                    rate,
                };
                let Ok(root) = Value::root(source) else {
                    continue;
                };
                let found = root.get(format!("k{}", round % 60).as_bytes());
                if rate == u64::MAX {
                    let member = found.unwrap().unwrap();
                    assert_eq!(member.at(0).unwrap().unwrap().as_i64(), Some(round % 60));
                    let mut text = Vec::new();
                    write_lite3(member.at(1).unwrap().unwrap(), &mut text).unwrap();
                    assert_eq!(text, format!("\"{}\"", round % 60).as_bytes());
                }
                for entry in root.entries().into_iter().flatten().flatten() {
                    let value = entry.value;
                    let _ = (value.len(), value.string_range(), value.at(1));
                    let _ = value.entries().map(Iterator::count);
                }
                let mut out = Vec::new();
                if write_lite3(root, &mut out).is_ok() {
                    assert_eq!(out.len(), members.join(",").len() + 2);
                }
            }
        }
    });
}
