//! Moves a document: every offset in its nodes grows by the distance.

use super::source::Source;
use super::types::{
    damaged, fail, key_count, Kind, CHILD_OFS, KV_OFS, MAX_HEIGHT, NODE_ALIGN, NODE_KEYS,
    NODE_SIZE, SIZE_KC,
};
use super::view::read_key_tag;
use crate::error::Result;

/// `copy` holds the bytes of `document` and is going to stand `distance` bytes further on; adjusts the
/// offsets of all its nodes. Offsets are read from the untouched `document`, so nodes that a damaged
/// document shares are not moved twice; a budget of its length ends the walk of a cyclic one.
pub(super) fn rebase(document: &[u8], copy: &mut [u8], distance: u32) -> Result<()> {
    let mut budget = document.len();
    // (node, whether it is a container's object tree, walks from the container's root)
    let mut pending = vec![(
        0usize,
        Source::u8(document, 0) == Some(Kind::Object as u8),
        0usize,
    )];
    while let Some((node, object, height)) = pending.pop() {
        budget = budget
            .checked_sub(NODE_SIZE)
            .ok_or_else(|| damaged("nodes that meet again", node))?;
        if !node.is_multiple_of(NODE_ALIGN) || height > MAX_HEIGHT {
            return fail("misplaced node", node);
        }
        let size_kc = document
            .u32(node + SIZE_KC)
            .ok_or_else(|| damaged("node beyond the end", node))?;
        let keys = key_count(size_kc);
        if keys > NODE_KEYS {
            return fail("more than 7 keys in a node", node + SIZE_KC);
        }
        for index in 0..keys {
            let entry = shift(document, copy, node + KV_OFS + index * 4, distance)?;
            let value = if object {
                let (tag_len, len) = read_key_tag(document, entry)?;
                entry + tag_len + len + 1
            } else {
                entry
            };
            match Source::u8(document, value).and_then(Kind::from_code) {
                Some(Kind::Object) => pending.push((value, true, 0)),
                Some(Kind::Array) => pending.push((value, false, 0)),
                Some(_) => {}
                None => return fail("bad value", value),
            }
        }
        if document
            .u32(node + CHILD_OFS)
            .ok_or_else(|| damaged("node beyond the end", node))?
            != 0
        {
            for index in 0..=keys {
                let child = shift(document, copy, node + CHILD_OFS + index * 4, distance)?;
                pending.push((child, object, height + 1));
            }
        }
    }
    Ok(())
}

/// Moves the offset stored at `at`; gives the old one.
fn shift(document: &[u8], copy: &mut [u8], at: usize, distance: u32) -> Result<usize> {
    let old = document
        .u32(at)
        .ok_or_else(|| damaged("node beyond the end", at))?;
    let new = old
        .checked_add(distance)
        .ok_or_else(|| damaged("offset beyond 4 GiB", at))?;
    copy[at..at + 4].copy_from_slice(&new.to_le_bytes());
    Ok(old as usize)
}
