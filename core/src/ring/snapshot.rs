//! The reader's check of one frame in place: lengths, checksum, and the second look at the tail.

use crate::format::frame::{Header, Size, HEADER, HEADER_WORDS};
use crate::ring::memory::Memory;
use crate::ring::Ring;
use crate::sys::atomic::Ordering;

/// What a frame turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// A committed message, its checksum right.
    Good(Header),
    /// Filling of this many bytes up to the ring's end.
    Padding(u64),
    /// Overwritten before or while it was read.
    Overtaken,
    /// Retained, and not what a writer wrote.
    Damaged,
}

impl<M: Memory> Ring<M> {
    /// Checks the frame at `position`, which must be below `head`, a value [`Ring::head`] returned.
    #[inline]
    pub fn check(&self, position: u64, head: u64) -> Check {
        let found = self.verify(position, head);
        if self.retained(position) {
            found
        } else {
            Check::Overtaken
        }
    }

    /// The check without the look at the tail, for whoever holds the writer lock.
    #[inline]
    pub fn verify(&self, position: u64, head: u64) -> Check {
        match self.size_at(position, head) {
            Some(Size::Padding(len)) => Check::Padding(len),
            Some(Size::Message(len)) => match self.header_at(position, head) {
                Some(header)
                    if header.crc
                        == header.checksum(
                            self.body_crc(position, header.body_len()),
                            position,
                            self.seed,
                        )
                        && (self.load(position + len - 8) >> 32) as u32
                            == Size::Message(len).word() =>
                {
                    Check::Good(header)
                }
                _ => Check::Damaged,
            },
            None => Check::Damaged,
        }
    }

    /// Checksum of the body of the frame at `position`, through a small private copy.
    #[inline]
    pub fn body_crc(&self, position: u64, body_len: u64) -> u32 {
        const CHUNK: usize = 64;
        let start = (self.offset(position) / 8) as usize + HEADER_WORDS;
        let words = &self.memory.ring()[start..start + body_len.div_ceil(8) as usize];
        let mut left = body_len as usize;
        let mut crc = 0;
        let mut copy = [0u8; CHUNK * 8];
        for chunk in words.chunks(CHUNK) {
            for (place, word) in copy.chunks_exact_mut(8).zip(chunk) {
                place.copy_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
            }
            let count = left.min(chunk.len() * 8);
            crc = crc32c::crc32c_append(crc, &copy[..count]);
            left -= count;
        }
        crc
    }

    /// Where the body of the frame at `position` begins in the ring, in bytes.
    #[inline]
    pub fn body_offset(&self, position: u64) -> u64 {
        self.offset(position) + HEADER
    }
}
