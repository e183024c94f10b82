//! A reader's private copy of a stretch of the ring.
//!
//! One look at `head`, one at `tail`, for many messages: a reader that keeps up takes the shared
//! cache line from the writers once a window, not twice a message.

#![allow(unsafe_code)]

use crate::format::frame::{self, Header, Size, HEADER, HEADER_WORDS};
use crate::ring::memory::Memory;
use crate::ring::Ring;
use crate::sys::atomic::Ordering;

/// Bytes copied at a time; a single longer frame is copied whole.
pub const WINDOW: u64 = 32 * 1024;

/// The same for readers that pass over most of it: what was copied stays in the nearest cache until it was looked at.
pub const NARROW: u64 = 4 * 1024;

/// Longer bodies are summed as bytes, in wide registers.
const LONG: u64 = 256;

/// What a window holds at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed {
    /// A good message.
    Message,
    /// Filling; only the length in the header counts.
    Padding,
    /// A frame of this length that goes on beyond the window.
    Cut(u64),
    /// Not what a writer wrote.
    Damaged,
}

/// The copy.
#[derive(Debug, Default)]
pub struct Window {
    words: Vec<u64>,
    start: u64,
    end: u64,
    /// Bytes that there was no memory for.
    refused: u64,
}

impl Window {
    /// Whether the copy has bytes from this position on.
    #[inline]
    pub fn holds(&self, position: u64) -> bool {
        position >= self.start && position < self.end
    }

    /// Whether the copy has a whole frame at this position, by its length.
    #[inline]
    pub fn holds_whole(&self, position: u64) -> bool {
        if !self.holds(position) {
            return false;
        }
        let words = self.words_from(position);
        let size = Size::parse(u64::from_le(words[0]) as u32);
        size.is_some_and(|size| size.len() <= words.len() as u64 * 8)
    }

    /// Forgets the copy.
    pub fn clear(&mut self) {
        self.start = self.end;
    }

    /// Copies from `position` on: at most `most` bytes, not beyond `head` or the ring's end. False
    /// when the position was overtaken before the copy was done, or there is no memory for the copy
    /// ([`Window::take_refused`]); nothing is held then.
    pub fn fill<M: Memory>(&mut self, ring: &Ring<M>, position: u64, head: u64, most: u64) -> bool {
        let ahead = head.saturating_sub(position);
        let len = ahead.min(ring.room(position)).min(most);
        let count = (len / 8) as usize;
        if count == 0 {
            // The head went back: recovered, or damaged.
            self.clear();
            return false;
        }
        let first = (ring.offset(position) / 8) as usize;
        if self.words.len() < count && !self.grow(count) {
            return false;
        }
        let words = &ring.memory.ring()[first..first + count];
        for (place, word) in self.words[..count].iter_mut().zip(words) {
            *place = u64::to_le(word.load(Ordering::Relaxed));
        }
        self.start = position;
        // Whole words: a damaged head need not be a multiple of 8.
        self.end = position + count as u64 * 8;
        if ring.retained(position) {
            return true;
        }
        self.clear();
        false
    }

    /// Makes room for so many words; false when there is no memory for them, and nothing is held then.
    #[cold]
    fn grow(&mut self, count: usize) -> bool {
        // What was held goes first: nobody needs it, and both would have to have room.
        self.clear();
        self.words = Vec::new();
        if self.words.try_reserve_exact(count).is_err() {
            self.refused = count as u64 * 8;
            return false;
        }
        self.words.resize(count, 0);
        true
    }

    /// How many bytes a copy that failed had no memory for, told once; `None` when that was not why.
    #[cold]
    pub fn take_refused(&mut self) -> Option<u64> {
        let refused = std::mem::take(&mut self.refused);
        (refused != 0).then_some(refused)
    }

    /// Gives the memory back if that is more than so many bytes.
    #[inline]
    pub fn keep_at_most(&mut self, bytes: usize) {
        if self.words.len() * 8 > bytes {
            *self = Window::default();
        }
    }

    /// Holds the `len` bytes from `position` on that `read` gives: for whoever reads the file and not a
    /// mapping. The range must not go beyond the ring's end; whether it was overtaken is the caller's to ask.
    ///
    /// # Errors
    /// Those of `read`; OutOfMemory; nothing is held then.
    pub fn fill_from<E: From<std::io::ErrorKind>>(
        &mut self,
        position: u64,
        len: u64,
        read: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let count = (len / 8) as usize;
        if self.words.len() < count && !self.grow(count) {
            return Err(std::io::ErrorKind::OutOfMemory.into());
        }
        self.clear();
        // SAFETY: plain words seen as the bytes they are; they are kept little-endian.
        let bytes = unsafe {
            std::slice::from_raw_parts_mut(self.words.as_mut_ptr().cast::<u8>(), count * 8)
        };
        read(bytes)?;
        self.start = position;
        self.end = position + count as u64 * 8;
        Ok(())
    }

    /// The word at a held position.
    #[inline]
    pub fn word(&self, position: u64) -> u64 {
        u64::from_le(self.words_from(position)[0])
    }

    /// Header of the message frame at a held position, by its lengths; `None` also when the copy ends
    /// within it.
    pub fn header(&self, position: u64) -> Option<Header> {
        let words = self.words_from(position).get(..HEADER_WORDS)?;
        let mut head = [0; HEADER_WORDS];
        for (place, word) in head.iter_mut().zip(words) {
            *place = u64::from_le(*word);
        }
        Header::parse(head)
    }

    #[inline]
    fn words_from(&self, position: u64) -> &[u64] {
        let at = |position: u64| ((position - self.start) / 8) as usize;
        &self.words[at(position)..at(self.end)]
    }

    /// The copy from a held position on.
    #[inline]
    fn bytes_from(&self, position: u64) -> &[u8] {
        let words = self.words_from(position);
        // SAFETY: plain words seen as the bytes they are; the words were stored little-endian.
        unsafe { std::slice::from_raw_parts(words.as_ptr().cast::<u8>(), words.len() * 8) }
    }

    /// The frame at a held position, checked; its header goes where the caller keeps it.
    #[inline]
    pub fn frame(&self, position: u64, room: u64, seed: u64, header: &mut Header) -> Framed {
        let words = self.words_from(position);
        let Some(size) = Size::parse(u64::from_le(words[0]) as u32) else {
            return Framed::Damaged;
        };
        let len = size.len();
        if len > room {
            return Framed::Damaged;
        }
        if let Size::Padding(_) = size {
            // Filling goes to the ring's end, and nothing but its first word matters.
            header.len = len;
            return if len == room {
                Framed::Padding
            } else {
                Framed::Damaged
            };
        }
        if len > words.len() as u64 * 8 {
            return Framed::Cut(len);
        }
        let mut head = [0; HEADER_WORDS];
        for (place, word) in head.iter_mut().zip(words) {
            *place = u64::from_le(*word);
        }
        match Header::parse(head) {
            Some(parsed) => *header = parsed,
            None => return Framed::Damaged,
        }
        let body_len = header.body_len();
        let crc = if body_len <= LONG {
            frame::checksum_of(head, &words[HEADER_WORDS..], body_len, position, seed)
        } else {
            let body = &self.bytes_from(position)[HEADER as usize..(HEADER + body_len) as usize];
            frame::checksum(head, frame::body_crc(body), position, seed)
        };
        let trailer = (u64::from_le(words[(len / 8) as usize - 1]) >> 32) as u32;
        if header.crc == crc && trailer == size.word() {
            Framed::Message
        } else {
            Framed::Damaged
        }
    }

    /// Payload and tag block of a message that [`Window::frame`] found good.
    #[inline]
    pub fn body(&self, position: u64, header: &Header) -> (&[u8], &[u8]) {
        let body =
            &self.bytes_from(position)[HEADER as usize..(HEADER + header.body_len()) as usize];
        body.split_at(header.payload_len as usize)
    }

    /// Copies one whole message, so that the window holds it alone. See [`Window::fill`].
    pub fn fill_one<M: Memory>(&mut self, ring: &Ring<M>, position: u64, head: u64) -> bool {
        let len = ring.size_at(position, head).map_or(8, Size::len);
        self.fill(ring, position, head, len)
    }
}
