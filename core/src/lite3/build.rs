//! Builds a document in one pass: entries are appended as they come, each container's tree when it ends.

use super::buffer::Buffer;
use super::hash::{short_hash, Piece};
use super::shape::Shape;
use super::tree;
use super::types::{key_tag_len, Kind, MAX_ENTRIES, NODE_SIZE};
use crate::error::Error;

/// Why a value cannot become (this) Lite3 document; never the fault of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The format cannot hold it exactly, or only in more bytes than a message may have.
    CannotHold,
    /// A key comes twice in one object; say it once and try again.
    DuplicateKey,
    /// There is no memory for it.
    NoMemory,
}

/// A container not yet ended: its node, and its first item in `Builder::items`. Two words that move
/// as one, so that pushing and popping never waits for a half-written copy.
#[derive(Clone, Copy, Default)]
struct Open {
    node: u32,
    first: u32,
}

/// Room reserved for one entry besides its key and text: padding, tag, NULs, type, and a node or the
/// surplus of a fixed copy.
const ENTRY_ROOM: usize = 3 + 4 + 1 + 1 + NODE_SIZE + 2 * 32;

/// Keys up to this size, NUL included, are copied in one fixed move; what it copies too much is
/// overwritten by what follows.
const SHORT: usize = 16;
/// Likewise for string values.
const SHORT_TEXT: usize = 32;

/// Builds one document from events in the order of the JSON text. Reused: no allocation in the steady state.
///
/// Order of calls: a root `begin`; then in an object `key` and one value, in an array `item` and one
/// value; `end` for each `begin`. `begin` is a value.
pub(crate) struct Builder {
    buffer: Buffer,
    /// Entries of all open containers: hash (0 in an array) in the upper half, offset in the lower.
    items: Vec<u64>,
    open: Vec<Open>,
    current: Open,
    shape: Shape,
}

impl Builder {
    pub(crate) fn new() -> Builder {
        Builder {
            buffer: Buffer::new(),
            items: Vec::new(),
            open: Vec::new(),
            current: Open::default(),
            shape: Shape::new(),
        }
    }

    /// Forgets everything; the next document starts.
    #[inline]
    pub(crate) fn clear(&mut self) -> Result<(), Refusal> {
        self.buffer.clear();
        if self.items.capacity() > 1 << 20 {
            self.items = Vec::new();
        }
        self.items.clear();
        self.open.clear();
        self.current = Open::default();
        self.shape.restart();
        self.buffer.reserve(ENTRY_ROOM)
    }

    /// The document, once its root has ended.
    #[inline]
    pub(crate) fn document(&self) -> &[u8] {
        self.buffer.document()
    }

    /// Starts a member; `container` says what its value will be.
    #[inline]
    pub(crate) fn key(&mut self, key: Piece<'_>, container: bool) -> Result<(), Refusal> {
        self.buffer.reserve(ENTRY_ROOM + key.len)?;
        let hash = key.hash();
        let size = key.len + 1;
        let at = match (size <= SHORT, key.ahead::<SHORT>()) {
            (true, Some(text)) => {
                if container {
                    self.buffer.pad(1 + size);
                }
                let at = self.buffer.len;
                let entry = self.buffer.array::<{ 2 * SHORT }>(at);
                entry[0] = (size as u8) << 2;
                entry[1..=SHORT].copy_from_slice(text);
                entry[size] = 0;
                self.buffer.len = at + 1 + size;
                at
            }
            _ => self.long_key(key, container),
        };
        self.shape.other();
        self.items.push((hash as u64) << 32 | at as u64);
        Ok(())
    }

    /// As [`key`](Self::key), for one of up to seven plain bytes: the lowest of `text`, the others being 0.
    #[inline(always)]
    pub(crate) fn short_key(
        &mut self,
        text: u64,
        len: usize,
        container: bool,
    ) -> Result<(), Refusal> {
        let hash = short_hash(text, len);
        self.shape.remember(text, len, hash);
        self.hashed_key(text, len, hash, container)
    }

    /// The short key that the last document had at this place, as `short_key` takes it.
    #[inline(always)]
    pub(crate) fn expected_key(&self) -> Option<(u64, usize)> {
        self.shape.expected()
    }

    /// As [`short_key`](Self::short_key), for the expected one.
    #[inline(always)]
    pub(crate) fn repeated_key(
        &mut self,
        text: u64,
        len: usize,
        container: bool,
    ) -> Result<(), Refusal> {
        let hash = self.shape.repeated();
        self.hashed_key(text, len, hash, container)
    }

    #[inline(always)]
    fn hashed_key(
        &mut self,
        text: u64,
        len: usize,
        hash: u32,
        container: bool,
    ) -> Result<(), Refusal> {
        self.buffer.reserve(ENTRY_ROOM)?;
        if container {
            self.buffer.pad(2 + len);
        }
        let at = self.buffer.len;
        let entry = self.buffer.array::<9>(at);
        entry[0] = ((len + 1) as u8) << 2;
        entry[1..].copy_from_slice(&text.to_le_bytes());
        self.buffer.len = at + 2 + len;
        self.items.push((hash as u64) << 32 | at as u64);
        Ok(())
    }

    /// The general case of [`key`](Self::key), room reserved: gives where the entry starts.
    #[inline(never)]
    fn long_key(&mut self, key: Piece<'_>, container: bool) -> usize {
        let size = key.len + 1;
        let tag_len = key_tag_len(size);
        if container {
            self.buffer.pad(tag_len + size);
        }
        let at = self.buffer.len;
        let tag = (size as u32) << 2 | (tag_len as u32 - 1);
        *self.buffer.array::<4>(at) = tag.to_le_bytes();
        let text = &mut self.buffer.slice(at + tag_len)[..size];
        text[..size - 1].copy_from_slice(key.bytes());
        text[size - 1] = 0;
        self.buffer.len = at + tag_len + size;
        at
    }

    /// Starts an element; `container` says what it will be.
    #[inline]
    pub(crate) fn item(&mut self, container: bool) -> Result<(), Refusal> {
        self.buffer.reserve(ENTRY_ROOM)?;
        if container {
            self.buffer.pad(0);
        }
        self.items.push(self.buffer.len as u64);
        Ok(())
    }

    #[inline]
    pub(crate) fn null(&mut self) {
        self.buffer.array::<1>(self.buffer.len)[0] = Kind::Null as u8;
        self.buffer.len += 1;
    }

    #[inline]
    pub(crate) fn boolean(&mut self, value: bool) {
        *self.buffer.array::<2>(self.buffer.len) = [Kind::Bool as u8, value as u8];
        self.buffer.len += 2;
    }

    #[inline]
    fn eight(&mut self, kind: Kind, bits: u64) {
        let slot = self.buffer.array::<9>(self.buffer.len);
        slot[0] = kind as u8;
        slot[1..].copy_from_slice(&bits.to_le_bytes());
        self.buffer.len += 9;
    }

    #[inline]
    pub(crate) fn int(&mut self, value: i64) {
        self.eight(Kind::Int, value as u64);
    }

    #[inline]
    pub(crate) fn float(&mut self, value: f64) {
        self.eight(Kind::Float, value.to_bits());
    }

    #[inline]
    pub(crate) fn string(&mut self, text: Piece<'_>) -> Result<(), Refusal> {
        self.buffer.reserve(ENTRY_ROOM + text.len)?;
        let at = self.buffer.len;
        let size = text.len + 1;
        match (size <= SHORT_TEXT, text.ahead::<SHORT_TEXT>()) {
            (true, Some(bytes)) => {
                let value = self.buffer.array::<{ 2 * SHORT_TEXT }>(at);
                value[0] = Kind::String as u8;
                value[1..5].copy_from_slice(&(size as u32).to_le_bytes());
                value[5..5 + SHORT_TEXT].copy_from_slice(bytes);
                value[4 + size] = 0;
            }
            _ => {
                let value = &mut self.buffer.slice(at)[..5 + size];
                value[0] = Kind::String as u8;
                value[1..5].copy_from_slice(&(size as u32).to_le_bytes());
                value[5..4 + size].copy_from_slice(text.bytes());
                value[4 + size] = 0;
            }
        }
        self.buffer.len = at + 5 + size;
        Ok(())
    }

    /// Starts an object or array at a place that `key` or `item` has aligned.
    #[inline]
    pub(crate) fn begin(&mut self) {
        self.open.push(self.current);
        self.current = Open {
            node: self.buffer.len as u32,
            first: self.items.len() as u32,
        };
        self.buffer.len += NODE_SIZE;
    }

    /// Ends the container begun last, an object or an array: fills its node, or builds its tree.
    #[inline]
    pub(crate) fn end(&mut self, object: bool) -> Result<(), Refusal> {
        let (node, first) = (self.current.node as usize, self.current.first as usize);
        let items = &mut self.items[first..];
        if items.len() <= super::types::NODE_KEYS {
            if object {
                sort_few(items);
                if items.windows(2).any(|pair| pair[0] >> 32 == pair[1] >> 32) {
                    tree::settle_collisions(self.buffer.document(), items)?;
                    sort_few(items);
                }
            } else {
                number(items);
            }
            tree::fill_root_leaf(self.buffer.array(node), object, items);
        } else {
            end_large(&mut self.buffer, node, object, items)?;
        }
        self.items.truncate(first);
        self.current = self.open.pop().unwrap_or_default();
        Ok(())
    }

    /// Puts a whole checked document in as the value of the entry that `key` or `item` has aligned.
    pub(crate) fn embed(&mut self, document: &[u8]) -> crate::error::Result<()> {
        let at = self.buffer.len;
        self.buffer
            .reserve(document.len() + ENTRY_ROOM)
            .map_err(|refusal| match refusal {
                Refusal::NoMemory => Error::out_of_memory(document.len()),
                _ => Error::usage("the message is too large for one Lite3 document")
                    .with_hint("read it as JSON"),
            })?;
        self.buffer.slice(at)[..document.len()].copy_from_slice(document);
        super::rebase::rebase(
            document,
            &mut self.buffer.slice(at)[..document.len()],
            at as u32,
        )?;
        self.buffer.len = at + document.len();
        Ok(())
    }
}

#[inline(never)]
fn end_large(
    buffer: &mut Buffer,
    node: usize,
    object: bool,
    items: &mut [u64],
) -> Result<(), Refusal> {
    if items.len() > MAX_ENTRIES {
        return Err(Refusal::CannotHold);
    }
    if object {
        items.sort_unstable();
        if items.windows(2).any(|pair| pair[0] >> 32 == pair[1] >> 32) {
            tree::settle_collisions(buffer.document(), items)?;
            items.sort_unstable();
        }
    } else {
        number(items);
    }
    tree::build(buffer, node, object, items)
}

/// Gives an array's items their indices as hashes.
#[inline]
fn number(items: &mut [u64]) {
    for (index, item) in items.iter_mut().enumerate() {
        *item |= (index as u64) << 32;
    }
}

/// Insertion sort: the fastest for up to seven.
#[inline]
fn sort_few(items: &mut [u64]) {
    for i in 1..items.len() {
        let item = items[i];
        let mut j = i;
        while j > 0 && items[j - 1] > item {
            items[j] = items[j - 1];
            j -= 1;
        }
        items[j] = item;
    }
}
