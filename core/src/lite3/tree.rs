//! A container's tree from its sorted entries, and slots for keys whose hashes are equal.

use std::collections::HashMap;

use super::buffer::Buffer;
use super::build::Refusal;
use super::hash::{probe, MAX_ATTEMPTS};
use super::types::{key_tag, Kind, CHILD_OFS, HASHES, KV_OFS, NODE_KEYS, NODE_SIZE, SIZE_KC};

/// Writes a container of at most seven entries: its root is a leaf.
#[inline]
pub(super) fn fill_root_leaf(node: &mut [u8; NODE_SIZE], object: bool, items: &[u64]) {
    fill(node, object, items, items.len());
}

/// Writes a node without children: its type with the set counter, `items` as its keys, and `total`
/// entries in the container (0 unless the node is the container's root).
#[inline]
fn fill(node: &mut [u8; NODE_SIZE], object: bool, items: &[u64], total: usize) {
    *node = [0; NODE_SIZE];
    let kind = if object { Kind::Object } else { Kind::Array };
    put(node, 0, (total as u32) << 8 | kind as u32);
    put(node, SIZE_KC, (total as u32) << 6 | items.len() as u32);
    for (index, &item) in items.iter().take(NODE_KEYS).enumerate() {
        put(node, HASHES + index * 4, (item >> 32) as u32);
        put(node, KV_OFS + index * 4, item as u32);
    }
}

#[inline]
fn put(node: &mut [u8; NODE_SIZE], at: usize, word: u32) {
    node[at..at + 4].copy_from_slice(&word.to_le_bytes());
}

/// Entries a full subtree of this height holds: 7, 63, 511, ...
fn capacity(height: u32) -> usize {
    (1 << (3 * (height + 1))) - 1
}

/// Builds the tree of more than seven sorted entries: balanced, every leaf at the same height, new
/// nodes at the end of the buffer, the root in its reserved place.
pub(super) fn build(
    buffer: &mut Buffer,
    root: usize,
    object: bool,
    items: &[u64],
) -> Result<(), Refusal> {
    let mut height = 0;
    while capacity(height) < items.len() {
        height += 1;
    }
    subtree(buffer, root, object, items, items.len(), height)
}

/// Fills the node at `node` with its share of `items` and builds its children. At most 9 deep.
fn subtree(
    buffer: &mut Buffer,
    node: usize,
    object: bool,
    items: &[u64],
    total: usize,
    height: u32,
) -> Result<(), Refusal> {
    if height == 0 {
        fill(buffer.array(node), object, items, total);
        return Ok(());
    }
    // As few children as can hold the rest, filled evenly: at least half full, so their own height is exact.
    let children = (items.len() + 1).div_ceil(capacity(height - 1) + 1);
    let rest = items.len() - (children - 1);
    let mut keys = [0u64; NODE_KEYS];
    let mut offsets = [0u32; NODE_KEYS + 1];
    let mut from = 0;
    for (index, offset) in offsets.iter_mut().enumerate().take(children) {
        let share = rest / children + usize::from(index < rest % children);
        buffer.reserve(3 + NODE_SIZE)?;
        buffer.pad(0);
        let child = buffer.len;
        buffer.len += NODE_SIZE;
        subtree(
            buffer,
            child,
            object,
            &items[from..from + share],
            0,
            height - 1,
        )?;
        *offset = child as u32;
        from += share;
        if index + 1 < children {
            keys[index] = items[from];
            from += 1;
        }
    }
    let bytes = buffer.array(node);
    fill(bytes, object, &keys[..children - 1], total);
    for (index, &offset) in offsets.iter().enumerate() {
        put(bytes, CHILD_OFS + index * 4, offset);
    }
    Ok(())
}

/// Gives every entry of an object a hash of its own, in the order of insertion: the first free of
/// hash + attempt^2. Entries come back unsorted.
///
/// A key that comes twice, a key without a free slot, and more probing than an honest object needs
/// are refusals, so the time is linear in the number of keys.
#[cold]
pub(super) fn settle_collisions(document: &[u8], items: &mut [u64]) -> Result<(), Refusal> {
    items.sort_unstable_by_key(|&item| item as u32);
    let mut slots: HashMap<u32, u32> = HashMap::with_capacity(items.len());
    let mut budget = (128 * 128) + 8 * items.len();
    for item in items.iter_mut() {
        let (hash, offset) = ((*item >> 32) as u32, *item as u32);
        let key = key_at(document, offset);
        let mut free = None;
        for attempt in 0..MAX_ATTEMPTS {
            budget = budget.checked_sub(1).ok_or(Refusal::CannotHold)?;
            let slot = probe(hash, attempt);
            match slots.get(&slot) {
                None => {
                    free = Some(slot);
                    break;
                }
                Some(&other) if key_at(document, other) == key => {
                    return Err(Refusal::DuplicateKey)
                }
                Some(_) => {}
            }
        }
        let slot = free.ok_or(Refusal::CannotHold)?;
        slots.insert(slot, offset);
        *item = (slot as u64) << 32 | offset as u64;
    }
    Ok(())
}

/// The key of an entry this builder has written.
fn key_at(document: &[u8], entry: u32) -> &[u8] {
    let rest = &document[entry as usize..];
    let mut word = [0; 4];
    let have = rest.len().min(4);
    word[..have].copy_from_slice(&rest[..have]);
    match key_tag(u32::from_le_bytes(word)) {
        Some((tag_len, len)) => &rest[tag_len..tag_len + len],
        None => &[],
    }
}
