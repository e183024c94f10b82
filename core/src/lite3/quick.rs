//! The quick way to a member of a small object, for callers that look at a few fields of each message.

use super::hash::key_hash;
use super::source::Source;
use super::types::{key_count, Kind, HASHES, KV_OFS, NODE_ALIGN, NODE_KEYS, SIZE_KC};
use super::view::{same, Value};

impl<S: Source> Value<S> {
    /// The member of the document's root object with this key, when it is where it mostly is: in the
    /// root node, under its own hash, with a key tag of one byte. `None` says nothing;
    /// [`Value::get`] then decides, and tells what is wrong if something is.
    ///
    /// Nothing in here returns through memory: at this size that costs more than the lookup.
    #[inline(always)]
    pub fn quick_member(source: S, key: &[u8]) -> Option<Value<S>> {
        Value::quick_member_hashed(source, key, key_hash(key))
    }

    /// As [`Value::quick_member`], for a key whose [`key_hash`] is known.
    #[inline(always)]
    pub fn quick_member_hashed(source: S, key: &[u8], hash: u32) -> Option<Value<S>> {
        if source.u8(0)? != Kind::Object as u8 {
            return None;
        }
        let keys = key_count(source.u32(SIZE_KC)?).min(NODE_KEYS);
        let mut index = 0;
        while index < keys && source.u32(HASHES + index * 4)? != hash {
            index += 1;
        }
        if index == keys {
            return None;
        }
        let entry = source.u32(KV_OFS + index * 4)? as usize;
        let tag = source.u8(entry)? as usize;
        if tag != (key.len() + 1) << 2 || !same(source, entry + 1, key) {
            return None;
        }
        let at = entry + key.len() + 2;
        let kind = Kind::from_code(source.u8(at)?)?;
        if kind.is_container() && !at.is_multiple_of(NODE_ALIGN) {
            return None;
        }
        Some(Value { source, at, kind })
    }
}

#[cfg(test)]
mod tests {
    use crate::json::Encoder;
    use crate::lite3::Value;

    #[test]
    fn finds_what_get_finds_or_nothing() {
        for json in [
            r#"{"a":1,"bb":"x","ccc":[1],"dddd":{"a":2},"eeeee":null,"ffffff":true}"#,
            r#"{}"#,
            r#"[1]"#,
            r#"{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10}"#,
        ] {
            let mut document = Vec::new();
            Encoder::new()
                .encode(json.as_bytes(), &mut document)
                .unwrap();
            let root = Value::root(document.as_slice()).unwrap();
            let mut found = 0;
            for key in ["a", "bb", "ccc", "dddd", "eeeee", "ffffff", "j", "zz", ""] {
                let quick = Value::quick_member(document.as_slice(), key.as_bytes());
                let slow = root.get(key.as_bytes()).unwrap();
                if let Some(quick) = quick {
                    found += 1;
                    let slow = slow.unwrap();
                    assert_eq!(
                        (quick.offset(), quick.type_of()),
                        (slow.offset(), slow.type_of())
                    );
                }
            }
            assert!(found == 6 || !json.contains("ffffff"));
            for cut in 0..document.len() {
                for key in ["a", "bb", "ffffff"] {
                    // No more than that it neither panics nor loops.
                    let _ = Value::quick_member(&document[..cut], key.as_bytes());
                }
            }
        }
    }
}
