//! Type codes, node fields and key tags: the constants of the format.

use crate::error::{Error, Result};

/// The type of a value; the numbers are the format's type codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// JSON `null`.
    Null = 0,
    /// `true` or `false`.
    Bool = 1,
    /// A signed 64-bit integer.
    Int = 2,
    /// An IEEE double.
    Float = 3,
    /// Raw bytes, base64 text in JSON.
    Bytes = 4,
    /// UTF-8 text.
    String = 5,
    /// Members with keys.
    Object = 6,
    /// Elements with indices.
    Array = 7,
}

impl Kind {
    /// The type with this code, if there is one.
    #[inline]
    pub fn from_code(code: u8) -> Option<Kind> {
        const KINDS: [Kind; 8] = [
            Kind::Null,
            Kind::Bool,
            Kind::Int,
            Kind::Float,
            Kind::Bytes,
            Kind::String,
            Kind::Object,
            Kind::Array,
        ];
        KINDS.get(code as usize).copied()
    }

    /// Whether values of this type hold other values.
    #[inline]
    pub fn is_container(self) -> bool {
        matches!(self, Kind::Object | Kind::Array)
    }
}

/// Size of a node in bytes.
pub(crate) const NODE_SIZE: usize = 96;
/// Nodes start at multiples of this.
pub(crate) const NODE_ALIGN: usize = 4;
/// Keys a node can hold.
pub(crate) const NODE_KEYS: usize = 7;
/// Walks from a container's root to its deepest leaf, at most.
pub(crate) const MAX_HEIGHT: usize = 9;
/// Entries a container can count in its 26 bits.
pub(crate) const MAX_ENTRIES: usize = (1 << 26) - 1;

/// Where the fields of a node are, in bytes from its start.
pub(crate) const HASHES: usize = 4;
pub(crate) const SIZE_KC: usize = 32;
pub(crate) const KV_OFS: usize = 36;
pub(crate) const CHILD_OFS: usize = 64;

/// Keys in the node, from its `size_kc` word; above 7 means damage.
#[inline]
pub(crate) fn key_count(size_kc: u32) -> usize {
    (size_kc & 63) as usize
}

/// Entries in the whole container, from its root node's `size_kc` word.
#[inline]
pub(crate) fn entry_count(size_kc: u32) -> usize {
    (size_kc >> 6) as usize
}

/// Reads a key tag from the `word` found at an entry: (length of the tag, length of the key without
/// its NUL). `None` for a tag no writer makes.
#[inline]
pub(crate) fn key_tag(word: u32) -> Option<(usize, usize)> {
    let (tag_len, size) = match word & 3 {
        0 => (1, (word & 0xff) >> 2),
        1 => (2, (word & 0xffff) >> 2),
        3 => (4, word >> 2),
        _ => return None,
    };
    Some((tag_len, (size as usize).checked_sub(1)?))
}

/// Length of the tag for a key of this size (its NUL counted).
#[inline]
pub(crate) fn key_tag_len(size: usize) -> usize {
    match size {
        0..=63 => 1,
        64..=16383 => 2,
        _ => 4,
    }
}

/// A document that breaks a rule of the format.
#[cold]
#[inline(never)]
pub(crate) fn damaged(what: &str, at: usize) -> Error {
    Error::corrupt(format!("damaged Lite3 document: {what} at byte {at}")).with_offset(at as u64)
}

/// [`damaged`] as a result, for use behind `ok_or_else` and in tails.
#[cold]
pub(crate) fn fail<T>(what: &str, at: usize) -> Result<T> {
    Err(damaged(what, at))
}
