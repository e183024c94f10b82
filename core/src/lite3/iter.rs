//! The entries of one container, in written order.

use super::source::Source;
use super::stack::InlineStack;
use super::types::{
    damaged, fail, key_count, Kind, CHILD_OFS, HASHES, KV_OFS, MAX_HEIGHT, NODE_ALIGN, NODE_KEYS,
    NODE_SIZE, SIZE_KC,
};
use super::view::{read_key_tag, Value};
use crate::error::Result;
use crate::limits::MAX_DEPTH;

/// One member of an object or element of an array.
#[derive(Clone, Copy, Debug)]
pub struct Entry<S> {
    /// Where the key lies in the document (offset, length without NUL); `None` in an array.
    pub key: Option<(usize, usize)>,
    /// The value.
    pub value: Value<S>,
}

/// Iterator over the entries of one container; see [`Value::entries`].
pub struct Entries<S> {
    source: S,
    object: bool,
    offsets: InlineStack<u32, NODE_KEYS>,
}

impl<S: Source> Entries<S> {
    pub(crate) fn of(value: Value<S>) -> Result<Entries<S>> {
        let mut offsets = InlineStack::new();
        let object = value.type_of() == Kind::Object;
        if value.type_of().is_container() {
            let mut budget = value.source().len();
            collect_entries(
                value.source(),
                value.offset(),
                object,
                &mut offsets,
                &mut budget,
            )?;
        }
        Ok(Entries {
            source: value.source(),
            object,
            offsets,
        })
    }

    fn entry(&self, at: usize) -> Result<Entry<S>> {
        if !self.object {
            return Ok(Entry {
                key: None,
                value: Value::at_type_byte(self.source, at)?,
            });
        }
        let (tag_len, len) = read_key_tag(self.source, at)?;
        let start = at + tag_len;
        let value = Value::at_type_byte(self.source, start + len + 1)?;
        Ok(Entry {
            key: Some((start, len)),
            value,
        })
    }
}

impl<S: Source> Iterator for Entries<S> {
    type Item = Result<Entry<S>>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.offsets.pop()?;
        Some(self.entry(at as usize))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.offsets.len(), Some(self.offsets.len()))
    }

    /// Without a look at the entries passed over.
    fn nth(&mut self, count: usize) -> Option<Self::Item> {
        let left = self.offsets.len().saturating_sub(count);
        self.offsets.truncate(left);
        self.next()
    }
}

impl<S: Source> Entries<S> {
    /// The entry that comes after `index` others, which stays to be told.
    pub fn peek(&self, index: usize) -> Option<Result<Entry<S>>> {
        let at = self.offsets.len().checked_sub(index + 1)?;
        let at = self.offsets.as_slice()[at];
        Some(self.entry(at as usize))
    }
}

/// Pushes the entry offsets of the container at `container` on `offsets`, last entry first, so that
/// popping yields them in written order (objects) or by index (arrays).
///
/// Takes the size of each node from `budget` and fails when that runs out: nodes of a sound document
/// do not overlap, so a budget of the document's length ends every walk of a cyclic one.
#[inline]
pub(crate) fn collect_entries<S: Source, const N: usize>(
    source: S,
    container: usize,
    object: bool,
    offsets: &mut InlineStack<u32, N>,
    budget: &mut usize,
) -> Result<()> {
    let size_kc = source
        .u32(container + SIZE_KC)
        .ok_or_else(|| damaged("node beyond the end", container))?;
    let keys = key_count(size_kc);
    let first_child = source
        .u32(container + CHILD_OFS)
        .ok_or_else(|| damaged("node beyond the end", container))?;
    if keys > NODE_KEYS || first_child != 0 {
        return collect_tree(source, container, object, offsets, budget);
    }
    spend(budget, container)?;
    let base = offsets.len();
    let entries: [u32; NODE_KEYS] = source
        .words(container + KV_OFS)
        .ok_or_else(|| damaged("node beyond the end", container))?;
    for &entry in entries[..keys].iter().rev() {
        offsets.push(entry);
    }
    if object {
        // Insertion sort, descending: at most seven.
        let items = &mut offsets.as_mut_slice()[base..];
        for i in 1..items.len() {
            let item = items[i];
            let mut j = i;
            while j > 0 && items[j - 1] < item {
                items[j] = items[j - 1];
                j -= 1;
            }
            items[j] = item;
        }
    }
    Ok(())
}

#[inline]
fn spend(budget: &mut usize, node: usize) -> Result<()> {
    match budget.checked_sub(NODE_SIZE) {
        Some(rest) => {
            *budget = rest;
            Ok(())
        }
        None => fail("nodes that meet again", node),
    }
}

/// The general case of [`collect_entries`]: a tree of several nodes.
#[inline(never)]
fn collect_tree<S: Source, const N: usize>(
    source: S,
    container: usize,
    object: bool,
    offsets: &mut InlineStack<u32, N>,
    budget: &mut usize,
) -> Result<()> {
    let base = offsets.len();
    // Right to left, so that the highest index is pushed first: (node, places left in it).
    let mut path = [(0usize, 0usize); MAX_HEIGHT + 1];
    let mut depth = 0;
    path[0] = open(source, container, budget)?;
    loop {
        let (node, places) = path[depth];
        if places == 0 {
            if depth == 0 {
                break;
            }
            depth -= 1;
            continue;
        }
        // Places count down: child k, key k-1, child k-1, ... key 0, child 0.
        path[depth].1 = places - 1;
        let index = (places - 1) / 2;
        if places % 2 == 1 {
            let at = node + CHILD_OFS + index * 4;
            let child = source
                .u32(at)
                .ok_or_else(|| damaged("node beyond the end", node))?
                as usize;
            if child != 0 {
                if depth == MAX_HEIGHT {
                    return fail("tree higher than 9 walks", container);
                }
                depth += 1;
                path[depth] = open(source, child, budget)?;
            }
        } else {
            let at = node + KV_OFS + index * 4;
            // Also for the small containers that may be open above these.
            offsets.reserve(1 + NODE_KEYS * (MAX_DEPTH + 1))?;
            offsets.push(
                source
                    .u32(at)
                    .ok_or_else(|| damaged("node beyond the end", node))?,
            );
        }
    }
    if object {
        offsets.as_mut_slice()[base..].sort_unstable_by(|a, b| b.cmp(a));
    }
    Ok(())
}

/// Checks the node's place and key count: (node, places in it).
fn open<S: Source>(source: S, node: usize, budget: &mut usize) -> Result<(usize, usize)> {
    spend(budget, node)?;
    if !node.is_multiple_of(NODE_ALIGN) {
        return fail("misaligned node", node);
    }
    let [_hashes @ .., size_kc]: [u32; NODE_KEYS + 1] = source
        .words(node + HASHES)
        .ok_or_else(|| damaged("node beyond the end", node))?;
    let keys = key_count(size_kc);
    if keys > NODE_KEYS {
        return fail("more than 7 keys in a node", node + SIZE_KC);
    }
    Ok((node, 2 * keys + 1))
}
