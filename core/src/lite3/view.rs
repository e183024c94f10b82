//! Looking into a document: a place in it and the type found there, every access checked.

use super::hash::{key_hash, probe, MAX_ATTEMPTS};
use super::iter::Entries;
use super::source::Source;
use super::types::{
    damaged, entry_count, fail, key_count, key_tag, Kind, CHILD_OFS, HASHES, KV_OFS, MAX_HEIGHT,
    NODE_ALIGN, NODE_KEYS, NODE_SIZE, SIZE_KC,
};
use super::word::short_word;
use crate::error::Result;

/// A value in a document: cheap to copy, decodes nothing until asked.
///
/// Nothing about the document is trusted: an offset, count or type that cannot be is Corrupt (with
/// the byte's offset in the document), and a lookup takes at most 128 walks of 10 nodes.
#[derive(Clone, Copy, Debug)]
pub struct Value<S> {
    pub(super) source: S,
    /// Offset of the type byte; for a container also that of its node.
    pub(super) at: usize,
    pub(super) kind: Kind,
}

impl<S: Source> Value<S> {
    /// The root of the document: an object or an array.
    #[inline]
    pub fn root(source: S) -> Result<Value<S>> {
        if source.len() < NODE_SIZE {
            return fail("shorter than a root node", source.len());
        }
        let value = Value::at_type_byte(source, 0)?;
        match value.kind {
            Kind::Object | Kind::Array => Ok(value),
            _ => fail("the root is neither object nor array", 0),
        }
    }

    /// The value whose type byte is at `at`.
    #[inline]
    pub fn at_type_byte(source: S, at: usize) -> Result<Value<S>> {
        let code = source
            .u8(at)
            .ok_or_else(|| damaged("value beyond the end", at))?;
        let kind = Kind::from_code(code).ok_or_else(|| damaged("unknown type code", at))?;
        if kind.is_container() && !at.is_multiple_of(NODE_ALIGN) {
            return fail("misaligned node", at);
        }
        Ok(Value { source, at, kind })
    }

    /// The document this value is in.
    #[inline]
    pub fn source(self) -> S {
        self.source
    }

    /// Offset of the value's type byte in the document.
    #[inline]
    pub fn offset(self) -> usize {
        self.at
    }

    /// The value's type.
    #[inline]
    pub fn type_of(self) -> Kind {
        self.kind
    }

    /// How many members or elements a container says it has; 0 for other values.
    #[inline]
    pub fn len(self) -> Result<usize> {
        if !self.kind.is_container() {
            return Ok(0);
        }
        Ok(entry_count(self.word(self.at + SIZE_KC)?))
    }

    /// Whether this is a container without entries, or no container.
    #[inline]
    pub fn is_empty(self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    #[inline]
    fn word(self, at: usize) -> Result<u32> {
        self.source
            .u32(at)
            .ok_or_else(|| damaged("node beyond the end", at))
    }

    /// The member with this key; `None` when there is none, or when this is no object.
    #[inline]
    pub fn get(self, key: &[u8]) -> Result<Option<Value<S>>> {
        if self.kind != Kind::Object {
            return Ok(None);
        }
        let hash = key_hash(key);
        let Some(entry) = self.find(hash)? else {
            return Ok(None);
        };
        let (tag_len, key_len) = read_key_tag(self.source, entry)?;
        let start = entry + tag_len;
        if key_len != key.len() || !same(self.source, start, key) {
            return self.get_probing(hash, key, start + key_len);
        }
        let at = start + key_len + 1;
        // Read here and not through a function that returns a `Value`: that would go through memory.
        let Some(code) = self.source.u8(at) else {
            return fail("value beyond the end", at);
        };
        let Some(kind) = Kind::from_code(code) else {
            return fail("unknown type code", at);
        };
        if kind.is_container() && !at.is_multiple_of(NODE_ALIGN) {
            return fail("misaligned node", at);
        }
        Ok(Some(Value {
            source: self.source,
            at,
            kind,
        }))
    }

    /// The later attempts of [`get`](Self::get): another key has the hash; it ends at `key_end`.
    #[cold]
    fn get_probing(self, hash: u32, key: &[u8], mut key_end: usize) -> Result<Option<Value<S>>> {
        for attempt in 1..MAX_ATTEMPTS {
            if key_end >= self.source.len() {
                return fail("key beyond the end", key_end);
            }
            let Some(entry) = self.find(probe(hash, attempt))? else {
                return Ok(None);
            };
            let (tag_len, key_len) = read_key_tag(self.source, entry)?;
            key_end = entry + tag_len + key_len;
            if key_len == key.len() && self.source.equals(entry + tag_len, key) {
                return Value::at_type_byte(self.source, key_end + 1).map(Some);
            }
        }
        Ok(None)
    }

    /// The element with this index; `None` when there is none, or when this is no array.
    pub fn at(self, index: usize) -> Result<Option<Value<S>>> {
        if self.kind != Kind::Array {
            return Ok(None);
        }
        let Ok(index) = u32::try_from(index) else {
            return Ok(None);
        };
        match self.find(index)? {
            Some(entry) => Value::at_type_byte(self.source, entry).map(Some),
            None => Ok(None),
        }
    }

    /// Walks the container's tree to the entry with this hash or index.
    #[inline(always)]
    fn find(self, hash: u32) -> Result<Option<usize>> {
        let mut node = self.at;
        for _ in 0..=MAX_HEIGHT {
            let keys = key_count(self.word(node + SIZE_KC)?);
            if keys > NODE_KEYS {
                return fail("more than 7 keys in a node", node + SIZE_KC);
            }
            let mut index = 0;
            while index < keys {
                let candidate = self.word(node + HASHES + index * 4)?;
                if candidate >= hash {
                    if candidate == hash {
                        return Ok(Some(self.word(node + KV_OFS + index * 4)? as usize));
                    }
                    break;
                }
                index += 1;
            }
            let child = self.word(node + CHILD_OFS + index * 4)? as usize;
            if child == 0 {
                return Ok(None);
            }
            if !child.is_multiple_of(NODE_ALIGN) {
                return fail("misaligned child node", node + CHILD_OFS + index * 4);
            }
            node = child;
        }
        fail("tree higher than 9 walks", self.at)
    }

    /// The integer, if this is one that fits; a float is none.
    #[inline]
    pub fn as_i64(self) -> Option<i64> {
        match self.kind {
            Kind::Int => self.source.u64(self.at + 1).map(|bits| bits as i64),
            _ => None,
        }
    }

    /// The number as a double: a float as it is, an integer rounded to the nearest.
    #[inline]
    pub fn as_f64(self) -> Option<f64> {
        let bits = self.source.u64(self.at + 1)?;
        match self.kind {
            Kind::Float => Some(f64::from_bits(bits)),
            Kind::Int => Some(bits as i64 as f64),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    #[inline]
    pub fn as_bool(self) -> Option<bool> {
        match (self.kind, self.source.u8(self.at + 1)) {
            (Kind::Bool, Some(byte @ 0..=1)) => Some(byte == 1),
            _ => None,
        }
    }

    /// Whether this is `null`.
    #[inline]
    pub fn is_null(self) -> bool {
        self.kind == Kind::Null
    }

    /// Where the text of a string (without its NUL) or the bytes of a bytes value lie: offset in the
    /// document, length. `None` for other types. The text is not yet known to be UTF-8.
    #[inline]
    pub fn string_range(self) -> Result<Option<(usize, usize)>> {
        if !matches!(self.kind, Kind::String | Kind::Bytes) {
            return Ok(None);
        }
        let size = self
            .source
            .u32(self.at + 1)
            .ok_or_else(|| damaged("string beyond the end", self.at))? as usize;
        let start = self.at + 5;
        if size > self.source.len() - start {
            return fail("string beyond the end", self.at);
        }
        if self.kind == Kind::Bytes {
            return Ok(Some((start, size)));
        }
        match size.checked_sub(1) {
            Some(len) => Ok(Some((start, len))),
            None => fail("string without its NUL", self.at),
        }
    }

    /// The entries in the order they were written (objects) or by index (arrays); none for other
    /// values. At most 7 entries need no allocation.
    pub fn entries(self) -> Result<Entries<S>> {
        Entries::of(self)
    }
}

impl<'a> Value<&'a [u8]> {
    /// The text of a string; `None` for other types, Corrupt when it is not UTF-8.
    #[inline]
    pub fn as_str(self) -> Result<Option<&'a str>> {
        match (self.kind, self.string_range()?) {
            (Kind::String, Some((start, len))) => {
                match std::str::from_utf8(&self.source[start..start + len]) {
                    Ok(text) => Ok(Some(text)),
                    Err(_) => fail("string is not UTF-8", start),
                }
            }
            _ => Ok(None),
        }
    }
}

/// Whether the key is at `at`; short ones are compared as words.
#[inline(always)]
pub(super) fn same<S: Source>(source: S, at: usize, key: &[u8]) -> bool {
    if key.len() < 8 {
        if let Some(word) = source.u64(at) {
            return (word ^ short_word(key)) & ((1 << (8 * key.len())) - 1) == 0;
        }
    }
    source.equals(at, key)
}

/// Reads the key tag of the entry at `entry`: (length of the tag, length of the key without its NUL).
#[inline]
pub(crate) fn read_key_tag<S: Source>(source: S, entry: usize) -> Result<(usize, usize)> {
    let word = match source.u32(entry) {
        Some(word) => word,
        None => last_word(source, entry)?,
    };
    key_tag(word).ok_or_else(|| damaged("bad key tag", entry))
}

/// Up to four bytes at the very end of the document, the missing ones as zero.
#[cold]
fn last_word<S: Source>(source: S, at: usize) -> Result<u32> {
    let mut word = source
        .u8(at)
        .ok_or_else(|| damaged("entry beyond the end", at))? as u32;
    for index in 1..4 {
        word |= (source.u8(at + index).unwrap_or(0) as u32) << (8 * index);
    }
    Ok(word)
}
