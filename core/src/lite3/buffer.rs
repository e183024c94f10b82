//! The growing bytes of a document under construction: always initialised, written by position.

use super::build::Refusal;
use crate::limits;

/// Largest document built, in bytes: what a message can carry.
const MAX_LEN: usize = limits::MAX_BODY as usize;

/// Room kept between uses, in bytes; a larger buffer is given back.
const KEEP: usize = 8 << 20;

/// Bytes up to `len` are the document; behind them is room with stale content, so that a write needs
/// one bounds check and neither zero-filling nor a length update per field.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    pub(crate) len: usize,
}

impl Buffer {
    pub(crate) fn new() -> Buffer {
        Buffer {
            bytes: Vec::new(),
            len: 0,
        }
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        if self.bytes.len() > KEEP {
            self.bytes = Vec::new();
        }
    }

    #[inline]
    pub(crate) fn document(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Makes sure that `more` bytes can be written behind `len`.
    #[inline]
    pub(crate) fn reserve(&mut self, more: usize) -> Result<(), Refusal> {
        if self.bytes.len() - self.len < more {
            return self.grow(more);
        }
        Ok(())
    }

    #[cold]
    fn grow(&mut self, more: usize) -> Result<(), Refusal> {
        let need = self
            .len
            .checked_add(more)
            .filter(|&need| need <= MAX_LEN)
            .ok_or(Refusal::CannotHold)?;
        let room = need.max(self.bytes.len() * 2).clamp(1024, MAX_LEN);
        let mut room = room;
        if self.bytes.try_reserve(room - self.bytes.len()).is_err() {
            room = need;
            let more = need - self.bytes.len();
            self.bytes
                .try_reserve_exact(more)
                .map_err(|_| Refusal::NoMemory)?;
        }
        self.bytes.resize(room, 0);
        Ok(())
    }

    /// The `N` bytes at `at`, to be written.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self, at: usize) -> &mut [u8; N] {
        self.bytes[at..]
            .first_chunk_mut()
            .expect("room was reserved")
    }

    /// Everything from `at` on, to be written.
    #[inline]
    pub(crate) fn slice(&mut self, at: usize) -> &mut [u8] {
        &mut self.bytes[at..]
    }

    /// Zeroes up to the next multiple of 4 after `ahead` further bytes; three bytes are reserved by the caller.
    #[inline]
    pub(crate) fn pad(&mut self, ahead: usize) {
        let pad = (self.len + ahead).wrapping_neg() % 4;
        self.slice(self.len)[..3].fill(0);
        self.len += pad;
    }
}
