//! Steps from frame to frame, forwards by length and backwards by trailer.
//!
//! What these functions read may be overwritten meanwhile: their results are hints until the caller
//! has looked at the tail again ([`Ring::retained`]).

use crate::format::frame::{Header, Size, HEADER_WORDS};
use crate::ring::memory::Memory;
use crate::ring::position::is_sound;
use crate::ring::snapshot::Check;
use crate::ring::Ring;
use crate::sys::atomic::{fence, Ordering};

impl<M: Memory> Ring<M> {
    /// The committed end. Everything before it that is retained can be read.
    #[inline]
    pub fn head(&self) -> u64 {
        self.memory.control().hot.head.load(Ordering::Acquire) // (A)
    }

    /// The oldest retained position, for a first look.
    #[inline]
    pub fn tail(&self) -> u64 {
        self.memory.control().hot.tail.load(Ordering::Acquire)
    }

    /// Tail and head as they were together at some moment, or with a later tail; `None` when no writer
    /// can have left them like that. Loaded one after the other they may be further apart than that:
    /// a tail at or past the head of an earlier moment says nothing.
    #[inline]
    pub fn bounds(&self) -> Option<(u64, u64)> {
        loop {
            let (head, tail) = (self.head(), self.tail());
            let sound = is_sound(tail, head, self.size());
            if (sound && tail < head) || self.head() == head {
                return sound.then_some((tail, head));
            }
        }
    }

    /// Whether everything read from `position` on before this call was the committed bytes.
    #[inline]
    pub fn retained(&self, position: u64) -> bool {
        fence(Ordering::Acquire); // (B)
        self.memory.control().hot.tail.load(Ordering::Relaxed) <= position
    }

    /// A ring word by the position of its first byte.
    #[inline]
    pub fn load(&self, position: u64) -> u64 {
        self.memory.ring()[(self.offset(position) / 8) as usize].load(Ordering::Relaxed)
    }

    /// Size of the frame at `position`, if it is one that can end at or before `head` and before the
    /// ring's end.
    #[inline]
    pub fn size_at(&self, position: u64, head: u64) -> Option<Size> {
        let size = Size::parse(self.load(position) as u32)?;
        let room = self.room(position);
        let fits = size.len() <= room && size.len() <= head.saturating_sub(position);
        let whole = !matches!(size, Size::Padding(len) if len != room);
        (fits && whole).then_some(size)
    }

    /// Size of the frame that ends at `position`, if one can.
    pub fn size_before(&self, position: u64, tail: u64) -> Option<Size> {
        let last_word = position.checked_sub(8).filter(|last| *last >= tail)?;
        let size = Size::parse((self.load(last_word) >> 32) as u32)?;
        let start = position
            .checked_sub(size.len())
            .filter(|start| *start >= tail)?;
        (self.load(start) as u32 == size.word() && size.len() <= self.room(start)).then_some(size)
    }

    /// Header of the message frame at `position`, lengths checked, checksum not.
    #[inline]
    pub fn header_at(&self, position: u64, head: u64) -> Option<Header> {
        let Some(Size::Message(_)) = self.size_at(position, head) else {
            return None;
        };
        let mut words = [0; HEADER_WORDS];
        for (index, word) in words.iter_mut().enumerate() {
            *word = self.load(position + index as u64 * 8);
        }
        Header::parse(words)
    }

    /// The newest message before `head`: its position and header. Checked by checksum.
    pub fn newest_before(&self, head: u64, tail: u64) -> Option<(u64, Header)> {
        let mut end = head;
        loop {
            match self.size_before(end, tail)? {
                Size::Padding(len) => end -= len,
                Size::Message(len) => {
                    return match self.check(end - len, head) {
                        Check::Good(header) => Some((end - len, header)),
                        _ => None,
                    }
                }
            }
        }
    }

    /// Header of the newest message between [`Ring::bounds`], its checksum not looked at.
    pub fn newest_claimed(&self, (tail, head): (u64, u64)) -> Option<Header> {
        let mut end = head;
        loop {
            let size = self.size_before(end, tail)?;
            end -= size.len();
            if let Size::Message(_) = size {
                return self.header_at(end, head);
            }
        }
    }

    /// The newest good message before a position, also beyond damaged ones whose lengths lead on: its position and header.
    /// Looked for as far back as one ring reaches, whatever the control words say.
    pub fn good_before(&self, position: u64) -> Option<(u64, Header)> {
        let (tail, _) = self.bounds()?;
        let (tail, mut end) = (tail.max(position.saturating_sub(self.size())), position);
        loop {
            let size = self.size_before(end, tail)?;
            end -= size.len();
            if let Check::Good(header) = self.check(end, position) {
                return Some((end, header));
            }
        }
    }

    /// Position of the last message but `count - 1`, damaged ones counted as well; of the oldest when there are fewer.
    /// `None` where damaged lengths bar the way back.
    pub fn last(&self, count: u64) -> Option<u64> {
        loop {
            let (tail, head) = self.bounds()?;
            let found = self.last_between(count, tail, head);
            if self.retained(tail) || found.is_some_and(|at| self.retained(at)) {
                return found;
            }
        }
    }

    fn last_between(&self, count: u64, tail: u64, head: u64) -> Option<u64> {
        let (mut end, mut left) = (head, count);
        while left > 0 && end > tail {
            let size = self.size_before(end, tail)?;
            end -= size.len();
            left -= u64::from(matches!(size, Size::Message(_)));
        }
        Some(end)
    }

    /// Where to go backwards from `seq`, which is not there: the end of the newest message below it, or of damage that
    /// bars the way to it.
    pub fn end_of(&self, seq: u64) -> u64 {
        loop {
            let Some((tail, head)) = self.bounds() else {
                return self.tail();
            };
            let oldest = self.message_from(tail, head);
            if oldest.is_some_and(|(_, header)| seq < header.seq) && self.retained(tail) {
                return tail;
            }
            let mut end = head;
            while let Some(size) = self.size_before(end, tail) {
                let start = end - size.len();
                let is_newer = |header: Header| header.seq > seq;
                if matches!(size, Size::Message(_))
                    && !self.header_at(start, head).is_some_and(is_newer)
                {
                    break;
                }
                end = start;
            }
            if self.retained(tail) || self.retained(end) {
                return end;
            }
        }
    }

    /// Where to go forwards to `seq`, which is not there: behind the newest good message below it.
    pub fn behind_older(&self, seq: u64) -> u64 {
        loop {
            let Some((tail, head)) = self.bounds() else {
                return self.tail();
            };
            let (mut end, mut budget) = (tail, self.budget());
            let mut next = |end| {
                let at = self.next_good_within(end, head, &mut budget)?;
                Some((at, self.header_at(at, head)?))
            };
            while let Some((at, header)) = next(end).filter(|(_, header)| header.seq < seq) {
                end = at + header.len;
            }
            if self.retained(tail) || self.retained(end) {
                return end;
            }
        }
    }

    /// The first message at or after `position`, filling skipped: its position and header. `None`
    /// at `head` or at a damaged frame.
    pub fn message_from(&self, mut position: u64, head: u64) -> Option<(u64, Header)> {
        let head = self.within_reach(position, head);
        while position < head {
            match self.size_at(position, head)? {
                Size::Padding(len) => position += len,
                Size::Message(_) => return Some((position, self.header_at(position, head)?)),
            }
        }
        None
    }

    /// As [`Ring::message_from`], and the message is good by its checksum.
    pub fn good_from(&self, position: u64, head: u64) -> Option<(u64, Header)> {
        let (at, _) = self.message_from(position, head)?;
        match self.check(at, head) {
            Check::Good(header) => Some((at, header)),
            _ => None,
        }
    }

    /// The head, or where the ring has gone round: nothing further on can be retained together with `position`, whatever
    /// a damaged head says.
    pub(crate) fn within_reach(&self, position: u64, head: u64) -> u64 {
        head.min(position.saturating_add(self.size()))
    }
}
