//! The short keys of the last document in their order. Messages of a stream mostly have the same ones: a reader that
//! knows which key to expect compares one word instead of looking for the key's end, and needs no hash.

/// Keys remembered, the first of a document.
const REMEMBERED: usize = 32;

/// As a length: the key at this place was none of up to seven plain bytes.
const OTHER: u32 = 8;

#[derive(Clone, Copy)]
struct Key {
    text: u64,
    len: u32,
    hash: u32,
}

/// See the module.
pub(super) struct Shape {
    keys: [Key; REMEMBERED],
    next: usize,
}

impl Shape {
    pub(super) fn new() -> Shape {
        let other = Key {
            text: 0,
            len: OTHER,
            hash: 0,
        };
        Shape {
            keys: [other; REMEMBERED],
            next: 0,
        }
    }

    /// A document starts.
    #[inline(always)]
    pub(super) fn restart(&mut self) {
        self.next = 0;
    }

    /// The key that stood here the last time: its bytes, zeros above them, and their number.
    #[inline(always)]
    pub(super) fn expected(&self) -> Option<(u64, usize)> {
        let key = self.keys.get(self.next)?;
        (key.len != OTHER).then_some((key.text, key.len as usize))
    }

    /// The expected key stands here again: gives its hash.
    #[inline(always)]
    pub(super) fn repeated(&mut self) -> u32 {
        let hash = self.keys.get(self.next).map_or(0, |key| key.hash);
        self.next += 1;
        hash
    }

    /// This key stands here, of up to seven plain bytes.
    #[inline(always)]
    pub(super) fn remember(&mut self, text: u64, len: usize, hash: u32) {
        self.put(text, len as u32, hash);
    }

    /// Another key stands here.
    #[inline(always)]
    pub(super) fn other(&mut self) {
        self.put(0, OTHER, 0);
    }

    #[inline(always)]
    fn put(&mut self, text: u64, len: u32, hash: u32) {
        if let Some(key) = self.keys.get_mut(self.next) {
            *key = Key { text, len, hash };
        }
        self.next += 1;
    }
}
