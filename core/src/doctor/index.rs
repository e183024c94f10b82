//! The index: whether the slot of each retained message holds its position.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::format::geometry::{Geometry, INDEX_OFFSET, SLOT};

/// Slots read at a time: messages lie in the order of their slots.
const AT_ONCE: u64 = 4096;

/// A stretch of the index.
#[derive(Debug, Default)]
pub(super) struct Slots {
    bytes: Vec<u8>,
    first: u64,
    /// Slots compared.
    pub(super) compared: u64,
    /// The first message whose slot did not hold its position, and how many there are.
    pub(super) wrong: Option<(u64, u64)>,
}

impl Slots {
    /// Whether the slot of a message, if it has one, holds its position. The bytes may be older than the
    /// question: a slot changes only after its message was overtaken.
    pub(super) fn agrees(
        &mut self,
        file: &File,
        geometry: &Geometry,
        seq: u64,
        position: u64,
    ) -> io::Result<bool> {
        let Some(slot) = geometry.slot_of(seq) else {
            return Ok(true);
        };
        let held = self.first..self.first + self.bytes.len() as u64 / SLOT;
        if !held.contains(&slot) {
            let count = AT_ONCE.min(geometry.index_slots - slot);
            self.first = slot;
            self.bytes.resize((count * SLOT) as usize, 0);
            if let Err(error) = file.read_exact_at(&mut self.bytes, INDEX_OFFSET + slot * SLOT) {
                self.bytes.clear();
                return Err(error);
            }
        }
        self.compared += 1;
        let at = ((slot - self.first) * SLOT) as usize;
        let word: [u8; 8] = self.bytes[at..at + 8].try_into().unwrap_or_default();
        Ok(u64::from_le_bytes(word) == position)
    }

    /// Takes note of a slot that does not.
    pub(super) fn note(&mut self, seq: u64) {
        let (first, count) = self.wrong.unwrap_or((seq, 0));
        self.wrong = Some((first, count + 1));
    }
}
