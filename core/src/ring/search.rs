//! The search for the next good message behind damage, and what it may cost.
//!
//! Bytes can be made up so that one looks like the beginning of a long message at every place, and each would be summed
//! over all the others. So what a search sums in vain is paid from a [`Budget`]; what lies behind the place where it is
//! spent counts as damaged, up to the head.
//!
//! What writers wrote never spends it. Summed is only what says that it is a message of this lap, and says at both ends
//! how long it is. Between tail and head there is one such frame over each byte, however much of it is damaged, and the
//! one search or pass that a budget is for comes by each frame's beginning once: each byte is summed in vain at most
//! once. Messages that hold copies of the ring's own bytes of the same lap add as many times as they are nested.

use crate::format::frame::{Header, Size};
use crate::ring::memory::Memory;
use crate::ring::snapshot::Check;
use crate::ring::Ring;

/// How many times the ring's size may be summed in vain.
const LAPS: u64 = 4;

/// What a search may still sum in vain.
#[derive(Debug)]
pub struct Budget {
    left: u64,
    spent: bool,
}

impl Budget {
    /// `laps` times the ring of so many bytes.
    pub fn new(laps: u64, ring: u64) -> Budget {
        Budget {
            left: laps.saturating_mul(ring),
            spent: false,
        }
    }

    /// Takes so many bytes; false, from then on for ever, when there are not so many.
    pub fn take(&mut self, bytes: u64) -> bool {
        self.spent |= bytes > self.left;
        self.left = self.left.saturating_sub(bytes);
        !self.spent
    }

    /// Whether there was not enough: what is behind the place of the search was not looked at.
    pub fn is_spent(&self) -> bool {
        self.spent
    }

    fn give_back(&mut self, bytes: u64) {
        self.left = self.left.saturating_add(bytes);
    }
}

impl<M: Memory> Ring<M> {
    /// For one search, or one pass over what is retained.
    pub fn budget(&self) -> Budget {
        Budget::new(LAPS, self.size())
    }

    /// What a reader has left that has gone on by so many bytes since its last search: what it comes by pays for it.
    pub fn budget_after(&self, last: &Budget, progress: u64) -> Budget {
        let earned = LAPS.saturating_mul(progress.min(self.size()));
        Budget {
            left: last.left.saturating_add(earned).min(self.budget().left),
            spent: false,
        }
    }

    /// Length of the message that the bytes at `position` claim to be, by what costs little: lengths, the size word at
    /// both ends, and the lap.
    fn claim(&self, position: u64, head: u64) -> Option<u64> {
        let header = self.header_at(position, head)?;
        let of_this_lap = header.lap == self.places.lap(position) as u32;
        (of_this_lap && self.is_closed(position, header.len)).then_some(header.len)
    }

    /// Whether the message frame of this length at `position`, which must not go beyond the ring's end, says its size at
    /// its end as well.
    pub fn is_closed(&self, position: u64, len: u64) -> bool {
        let trailer = (self.load(position + len - 8) >> 32) as u32;
        trailer == Size::Message(len).word()
    }

    /// The first good message frame at or after `position`, by checksum, in one search.
    pub fn next_good(&self, position: u64, head: u64) -> Option<u64> {
        self.next_good_within(position, head, &mut self.budget())
    }

    /// As [`Ring::next_good`], in a search that goes on: `None` also when its budget is spent.
    pub fn next_good_within(&self, position: u64, head: u64, budget: &mut Budget) -> Option<u64> {
        self.seek(position, head, budget, Ring::check)
            .map(|(position, _)| position)
    }

    /// The same of messages that need not be retained, with the header.
    pub fn next_intact(
        &self,
        position: u64,
        end: u64,
        budget: &mut Budget,
    ) -> Option<(u64, Header)> {
        self.seek(position, end, budget, Ring::verify)
    }

    fn seek(
        &self,
        position: u64,
        end: u64,
        budget: &mut Budget,
        check: impl Fn(&Self, u64, u64) -> Check,
    ) -> Option<(u64, Header)> {
        let end = self.within_reach(position, end);
        let mut position = position;
        while position < end {
            if let Some(len) = self.claim(position, end) {
                if !budget.take(len) {
                    return None;
                }
                if let Check::Good(header) = check(self, position, end) {
                    budget.give_back(len);
                    return Some((position, header));
                }
            }
            position = position.saturating_add(8);
        }
        None
    }
}
