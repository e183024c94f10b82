//! The reader's check of one frame in place: lengths, checksum, and the second look at the tail.

use crate::format::frame::{checksum_of, Header, Size, HEADER, HEADER_WORDS};
use crate::ring::memory::Memory;
use crate::ring::Ring;
use crate::sys::atomic::{prefetch_for_read, Ordering};
use crate::sys::crc;

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

/// As [`Check`], with the header elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A committed message.
    Good,
    /// Filling; only the length in the header counts.
    Padding,
    /// Overwritten before or while it was read.
    Overtaken,
    /// Retained, and not what a writer wrote.
    Damaged,
}

impl<M: Memory> Ring<M> {
    /// Checks the frame at `position`, which must be below `head`, a value [`Ring::head`] returned.
    #[inline]
    pub fn check(&self, position: u64, head: u64) -> Check {
        let mut header = Header::default();
        with_header(self.check_into(position, head, &mut header), header)
    }

    /// As [`Ring::check`], with the header put where the caller keeps it.
    #[inline]
    pub fn check_into(&self, position: u64, head: u64, header: &mut Header) -> Found {
        let found = self.verify_into(position, head, header);
        if self.retained(position) {
            found
        } else {
            Found::Overtaken
        }
    }

    /// The check without the look at the tail, for whoever holds the writer lock.
    #[inline]
    pub fn verify(&self, position: u64, head: u64) -> Check {
        let mut header = Header::default();
        with_header(self.verify_into(position, head, &mut header), header)
    }

    #[inline]
    fn verify_into(&self, position: u64, head: u64, header: &mut Header) -> Found {
        // No frame begins between two words, whatever control words, index and tails of others say; places would be rounded
        // down here and not in views.
        if !position.is_multiple_of(8) {
            return Found::Damaged;
        }
        let room = &self.memory.ring()[(self.offset(position) / 8) as usize..];
        let Some(size) = Size::parse(room[0].load(Ordering::Relaxed) as u32) else {
            return Found::Damaged;
        };
        let len = size.len();
        if len > room.len() as u64 * 8 || len > head.saturating_sub(position) {
            return Found::Damaged;
        }
        if let Size::Padding(_) = size {
            header.len = len;
            let lap = (room[0].load(Ordering::Relaxed) >> 32) as u32;
            let of_this_lap = len == 8 || lap == self.places.lap(position) as u32;
            return if len == room.len() as u64 * 8 && of_this_lap {
                Found::Padding
            } else {
                Found::Damaged
            };
        }
        let frame = &room[..(len / 8) as usize];
        // Never beyond the head: those lines are the writer's.
        if head.saturating_sub(position) > FAR {
            for line in 0..len.min(1024) / 64 + 1 {
                if let Some(word) = room.get(AHEAD + line as usize * 8) {
                    prefetch_for_read(word);
                }
            }
        }
        let mut words = [0; HEADER_WORDS];
        for (word, place) in words.iter_mut().zip(frame) {
            *word = place.load(Ordering::Relaxed);
        }
        match Header::parse(words) {
            Some(parsed) if parsed.len == len => *header = parsed,
            _ => return Found::Damaged,
        }
        let body = &frame[HEADER_WORDS..];
        let crc = checksum_of(words, body, header.body_len(), position, self.seed);
        let trailer = (frame[frame.len() - 1].load(Ordering::Relaxed) >> 32) as u32;
        if header.crc == crc && trailer == size.word() {
            Found::Good
        } else {
            Found::Damaged
        }
    }

    /// Checksum of the body of the frame at `position`.
    pub fn body_crc(&self, position: u64, body_len: u64) -> u32 {
        let start = (self.offset(position) / 8) as usize + HEADER_WORDS;
        crc::of_words(&self.memory.ring()[start..], body_len as usize)
    }

    /// Where the body of the frame at `position` begins in the ring, in bytes.
    #[inline]
    pub fn body_offset(&self, position: u64) -> u64 {
        self.offset(position) + HEADER
    }
}

#[inline]
fn with_header(found: Found, header: Header) -> Check {
    match found {
        Found::Good => Check::Good(header),
        Found::Padding => Check::Padding(header.len),
        Found::Overtaken => Check::Overtaken,
        Found::Damaged => Check::Damaged,
    }
}

/// Bytes before the head from which on a reader asks for no lines ahead: a writer is at work there.
const FAR: u64 = 16 << 10;

/// How far ahead of a frame lines are asked for, in words: the frames that are read next.
const AHEAD: usize = 256;
