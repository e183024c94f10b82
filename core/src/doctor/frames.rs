//! Frames as they lie in the file: read with plain reads into a private window, and checked as readers do.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::format::frame::{Header, Size, HEADER};
use crate::pool::Pool;
use crate::ring::mapped::Mapped;
use crate::ring::window::{Framed, Window};
use crate::ring::Ring;

/// Bytes read at a time; a longer frame is read whole.
const WINDOW: u64 = 256 * 1024;

/// How many times the ring's size may be spent on summing up what looks like a frame behind damage.
/// What a writer wrote costs at most once; only bytes made up for it cost more.
const SEARCH_LAPS: u64 = 4;

/// What lies at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// A good message: [`Frames::header`].
    Message,
    /// Filling of so many bytes.
    Padding(u64),
    /// Not what a writer wrote.
    Damaged,
    /// In a search: a frame that looks good so far, and there was enough of summing up.
    TooMuch,
    /// Overwritten meanwhile.
    Overtaken,
}

/// The retained frames of a pool.
pub(super) struct Frames {
    pub(super) pool: Pool,
    /// Whether the tail word can be believed.
    live: bool,
    /// Where the frames end.
    pub(super) head: u64,
    window: Window,
    /// Header of the message last found.
    pub(super) header: Header,
    search_left: u64,
}

impl Frames {
    pub(super) fn new(pool: Pool, live: bool, head: u64) -> Frames {
        let search_left = pool.shared().ring().size().saturating_mul(SEARCH_LAPS);
        Frames {
            pool,
            live,
            head,
            window: Window::default(),
            header: Header::default(),
            search_left,
        }
    }

    pub(super) fn ring(&self) -> &Ring<Mapped> {
        self.pool.shared().ring()
    }

    pub(super) fn file(&self) -> &File {
        self.pool.shared().file()
    }

    /// Whether what was read at `position` before this call was the committed bytes.
    pub(super) fn retained(&self, position: u64) -> bool {
        !self.live || self.ring().retained(position)
    }

    /// Where a position lies in the file.
    pub(super) fn offset(&self, position: u64) -> u64 {
        self.ring().geometry.ring_offset + self.ring().offset(position)
    }

    fn word_at(&self, position: u64) -> io::Result<u64> {
        let mut word = [0; 8];
        self.file()
            .read_exact_at(&mut word, self.offset(position))?;
        Ok(u64::from_le_bytes(word))
    }

    /// Payload and tag block of the message found at a position.
    pub(super) fn body(&self, position: u64) -> (&[u8], &[u8]) {
        self.window.body(position, &self.header)
    }

    /// Whether the bytes at a position claim to be filling.
    pub(super) fn claims_filling(&self, position: u64) -> bool {
        let size = self.word_at(position).map(|word| Size::parse(word as u32));
        matches!(size, Ok(Some(Size::Padding(_))))
    }

    /// What lies at a position before the head; in a search only good messages count, and what is none is
    /// told apart cheaply.
    pub(super) fn look(&mut self, at: u64, searching: bool) -> io::Result<Look> {
        let room = self.ring().room(at);
        let most = room.min(self.head - at);
        let needed = if searching { HEADER.min(most) - 8 } else { 0 };
        if !self.window.holds(at + needed) && !self.fill(at, WINDOW.min(most))? {
            return Ok(Look::Overtaken);
        }
        if searching {
            match self.candidate(at, most)? {
                None => return Ok(Look::Damaged),
                Some(len) if len > self.search_left => return Ok(Look::TooMuch),
                Some(len) => self.search_left -= len,
            }
        }
        let seed = self.ring().seed;
        let framed = self.window.frame(at, room, seed, &mut self.header);
        let framed = match framed {
            Framed::Cut(len) if len <= most => {
                if !self.fill(at, len)? {
                    return Ok(Look::Overtaken);
                }
                self.window.frame(at, room, seed, &mut self.header)
            }
            framed => framed,
        };
        match framed {
            Framed::Message => Ok(Look::Message),
            Framed::Padding if !searching => self.padding(at, most),
            _ => Ok(Look::Damaged),
        }
    }

    /// Reads on from a position; false when that was overtaken.
    fn fill(&mut self, at: u64, len: u64) -> io::Result<bool> {
        let (file, offset) = (self.pool.shared().file(), self.offset(at));
        self.window
            .fill_from(at, len, |bytes| file.read_exact_at(bytes, offset))?;
        Ok(self.retained(at))
    }

    /// Length of the good frame that can be at `at`, by what costs little: lengths, lap, and the size word
    /// at its end. Behind damage any bytes may claim to be a long frame, over and over.
    fn candidate(&self, at: u64, most: u64) -> io::Result<Option<u64>> {
        let lap = (at / self.ring().size()) as u32;
        let header = match self.window.header(at) {
            Some(header) if header.len <= most && header.lap == lap => header,
            _ => return Ok(None),
        };
        let end = at + header.len - 8;
        let trailer = if self.window.holds(end) {
            self.window.word(end)
        } else {
            self.word_at(end)?
        };
        let closed = (trailer >> 32) as u32 == self.window.word(at) as u32;
        Ok(closed.then_some(header.len))
    }

    /// Filling is of this lap, goes to the ring's end, and can be walked backwards.
    fn padding(&self, at: u64, most: u64) -> io::Result<Look> {
        let len = self.header.len;
        let first = self.window.word(at);
        let lap = (at / self.ring().size()) as u32;
        if len > most {
            return Ok(Look::Damaged);
        }
        let last = self.word_at(at + len - 8)?;
        if !self.retained(at) {
            return Ok(Look::Overtaken);
        }
        let of_this_lap = len == 8 || (first >> 32) as u32 == lap;
        let closed = (last >> 32) as u32 == first as u32;
        Ok(if of_this_lap && closed {
            Look::Padding(len)
        } else {
            Look::Damaged
        })
    }
}
