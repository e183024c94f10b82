//! Proves a document of unknown origin: all of it, or just enough to store it at full speed.

use super::hash::{key_hash, probe, MAX_ATTEMPTS};
use super::source::Source;
use super::types::{
    damaged, entry_count, fail, key_count, Kind, CHILD_OFS, HASHES, KV_OFS, MAX_HEIGHT, NODE_ALIGN,
    NODE_KEYS, NODE_SIZE, SIZE_KC,
};
use super::view::{read_key_tag, Value};
use crate::error::Result;
use crate::limits::MAX_DEPTH;

/// Proves the whole document: every node, entry, key and value can be read, every key can be found,
/// all text is UTF-8, all numbers are finite, and nothing nests deeper than
/// [`MAX_DEPTH`](crate::limits::MAX_DEPTH).
///
/// The work is linear in the length, whatever the bytes. Errors are Corrupt, with the offset.
pub fn check(document: &[u8]) -> Result<()> {
    check_with_depth(document, MAX_DEPTH)
}

/// [`check`] with another nesting limit.
pub(crate) fn check_with_depth(document: &[u8], max_depth: usize) -> Result<()> {
    if document.len() > u32::MAX as usize {
        return fail("longer than 2^32 - 1 bytes", u32::MAX as usize);
    }
    let root = Value::root(document)?;
    let mut checker = Checker {
        document,
        budget: document.len(),
        probes: 128 * 128 + document.len(),
        pending: Vec::new(),
    };
    checker.container(root.offset(), root.type_of() == Kind::Object, 1)?;
    while let Some((node, object, depth)) = checker.pending.pop() {
        if depth as usize > max_depth {
            return fail("nested too deeply", node as usize);
        }
        checker.container(node as usize, object, depth)?;
    }
    Ok(())
}

/// Checks in constant time what a store must know of a document it takes at full speed: its length,
/// a root object or array, and that the root node's own counts and offsets lie inside.
///
/// Readers trust nothing anyway; this catches bytes that are no Lite3 at all. Errors are Corrupt.
#[inline]
pub fn check_shallow(document: &[u8]) -> Result<()> {
    if document.len() > u32::MAX as usize {
        return fail("longer than 2^32 - 1 bytes", u32::MAX as usize);
    }
    let root = Value::root(document)?;
    let node: [u32; 24] = document
        .words(0)
        .ok_or_else(|| damaged("shorter than a root node", document.len()))?;
    let size_kc = node[SIZE_KC / 4];
    let (keys, count) = (key_count(size_kc), entry_count(size_kc));
    if keys > NODE_KEYS || keys > count || (keys == 0) != (count == 0) {
        return fail("impossible counts in the root node", SIZE_KC);
    }
    let limit = document.len() as u32;
    if node[KV_OFS / 4..][..keys]
        .iter()
        .any(|&entry| entry < NODE_SIZE as u32 || entry >= limit)
    {
        return fail("entry of the root beyond the end", KV_OFS);
    }
    let children = &node[CHILD_OFS / 4..][..keys + 1];
    let leaf = children[0] == 0;
    if leaf && (count != keys || children.iter().any(|&child| child != 0)) {
        return fail("impossible counts in the root node", SIZE_KC);
    }
    if !leaf
        && children
            .iter()
            .any(|&c| c % NODE_ALIGN as u32 != 0 || c == 0 || c > limit - NODE_SIZE as u32)
    {
        return fail(
            "child of the root beyond the end",
            root.offset() + CHILD_OFS,
        );
    }
    Ok(())
}

struct Checker<'a> {
    document: &'a [u8],
    /// Bytes not yet accounted for: nodes and entries of a sound document do not overlap, so running
    /// out means that some are shared or cyclic.
    budget: usize,
    /// Probing attempts still allowed; honest documents need next to none.
    probes: usize,
    /// Containers found and not yet visited: node, whether an object, depth.
    pending: Vec<(u32, bool, u32)>,
}

impl Checker<'_> {
    fn spend(&mut self, bytes: usize, at: usize) -> Result<()> {
        self.budget = self
            .budget
            .checked_sub(bytes)
            .ok_or_else(|| damaged("parts that overlap", at))?;
        Ok(())
    }

    fn word(&self, at: usize) -> Result<u32> {
        self.document
            .u32(at)
            .ok_or_else(|| damaged("node beyond the end", at))
    }

    /// Walks one container's tree in order and checks its entries.
    fn container(&mut self, root: usize, object: bool, depth: u32) -> Result<()> {
        let count = entry_count(self.word(root + SIZE_KC)?);
        let mut seen = 0usize;
        let mut last: Option<u32> = None;
        // (node, keys, leaf, next place): places alternate child 0, key 0, child 1, ...
        let mut path = [(0usize, 0usize, false, 0usize); MAX_HEIGHT + 1];
        let mut level = 0;
        path[0] = self.node(root)?;
        if path[0].1 == 0 && (count != 0 || !path[0].2) {
            return fail("empty root node of a container that is not", root);
        }
        loop {
            let (node, keys, leaf, place) = path[level];
            if place > 2 * keys {
                if level == 0 {
                    break;
                }
                level -= 1;
                continue;
            }
            path[level].3 += 1;
            let index = place / 2;
            if place % 2 == 0 {
                let at = node + CHILD_OFS + index * 4;
                let child = self.word(at)? as usize;
                if (child == 0) != leaf {
                    return fail("child missing or in a leaf", at);
                }
                if child != 0 {
                    if level == MAX_HEIGHT {
                        return fail("tree higher than 9 walks", root);
                    }
                    level += 1;
                    path[level] = self.node(child)?;
                    if path[level].1 == 0 {
                        return fail("empty node below the root", child);
                    }
                }
            } else {
                let at = node + HASHES + index * 4;
                let hash = self.word(at)?;
                let entry = self.word(node + KV_OFS + index * 4)? as usize;
                if object {
                    if last.is_some_and(|last| last >= hash) {
                        return fail("hashes out of order", at);
                    }
                    let value = self.key(root, entry, hash)?;
                    self.value(value, depth)?;
                } else {
                    if hash as usize != seen {
                        return fail("indices out of order", at);
                    }
                    self.value(entry, depth)?;
                }
                last = Some(hash);
                seen += 1;
            }
        }
        if seen != count {
            return fail("wrong number of entries", root + SIZE_KC);
        }
        Ok(())
    }

    fn node(&mut self, node: usize) -> Result<(usize, usize, bool, usize)> {
        if !node.is_multiple_of(NODE_ALIGN) {
            return fail("misaligned node", node);
        }
        if node + NODE_SIZE > self.document.len() {
            return fail("node beyond the end", node);
        }
        self.spend(NODE_SIZE, node)?;
        let keys = key_count(self.word(node + SIZE_KC)?);
        if keys > NODE_KEYS {
            return fail("more than 7 keys in a node", node + SIZE_KC);
        }
        Ok((node, keys, self.word(node + CHILD_OFS)? == 0, 0))
    }

    /// Checks an object entry's key; gives the offset of its value.
    fn key(&mut self, object: usize, entry: usize, hash: u32) -> Result<usize> {
        let (tag_len, len) = read_key_tag(self.document, entry)?;
        let start = entry + tag_len;
        let Some(key) = self
            .document
            .get(start..)
            .and_then(|rest| rest.get(..len + 1))
        else {
            return fail("key beyond the end", entry);
        };
        self.spend(tag_len + len + 1, entry)?;
        if key[len] != 0 {
            return fail("key without its NUL", start + len);
        }
        let key = &key[..len];
        if key.contains(&0) {
            return fail("NUL inside a key", start);
        }
        if !key.is_ascii() && std::str::from_utf8(key).is_err() {
            return fail("key is not UTF-8", start);
        }
        let own = key_hash(key);
        if own != hash {
            let Some(attempt) = (1..MAX_ATTEMPTS).find(|&attempt| probe(own, attempt) == hash)
            else {
                return fail("hash of another key", entry);
            };
            // In a probed slot: a lookup must come to this entry and not to another with that key.
            self.probes = self
                .probes
                .checked_sub(attempt as usize)
                .ok_or_else(|| damaged("too many probed keys", entry))?;
            let found = Value::at_type_byte(self.document, object)?.get(key)?;
            if found.map(Value::offset) != Some(start + len + 1) {
                return fail("key that cannot be found, or comes twice", entry);
            }
        }
        Ok(start + len + 1)
    }

    /// Checks the value whose type byte is at `at`; containers are put off.
    fn value(&mut self, at: usize, depth: u32) -> Result<()> {
        let value = Value::at_type_byte(self.document, at)?;
        let end = match value.type_of() {
            Kind::Object | Kind::Array => {
                self.pending
                    .push((at as u32, value.type_of() == Kind::Object, depth + 1));
                return Ok(()); // its node is counted when it is visited
            }
            Kind::Null => at + 1,
            Kind::Bool => match value.as_bool() {
                Some(_) => at + 2,
                None => return fail("truth value that is neither 0 nor 1", at),
            },
            Kind::Int | Kind::Float => match value.as_f64() {
                Some(number) if number.is_finite() => at + 9,
                Some(_) => return fail("number that is not finite", at),
                None => return fail("number beyond the end", at),
            },
            Kind::Bytes => match value.string_range()? {
                Some((start, len)) => start + len,
                None => return fail("bytes beyond the end", at),
            },
            Kind::String => {
                let Some(text) = value.as_str()? else {
                    return fail("string beyond the end", at);
                };
                let end = at + 5 + text.len();
                if Source::u8(self.document, end) != Some(0) {
                    return fail("string without its NUL", end);
                }
                end + 1
            }
        };
        self.spend(end - at, at)
    }
}
