//! A reader that was there before a recovery, and is still there after it.
//!
//! Recovery may move the head back behind what a reader has seen. What is appended then lies where other messages were, which
//! the tail does not pass. So positions count for the generation they are from, and seqs lead to those of the next one.
//!
//! Nothing is appended before the generation has risen. So whoever asks behind what was read, once a copy or once a message
//! in place, knows that all of it is of the generation that it has a place in; else it would tell messages of the next one,
//! and once more when it goes to where those begin. It asks as well when it finds anything unexpected, and before it
//! waits.

use crate::error::{Error, Result};
use crate::limits::SEQ_LIMIT;
use crate::ring::locate::Place;
use crate::ring::memory::Memory;
use crate::store::cursor::Cursor;
use crate::sys::atomic::Ordering;

/// How often one call follows others elsewhere: recoveries are rare, and whoever makes them up could keep it busy for ever.
const MOST_FOLLOWS: u32 = 64;

impl Cursor {
    /// Whether everything that was read before this call is of the generation that the place is of. To be asked behind an
    /// acquire of what was read, which [`retained`](crate::ring::Ring::retained) is.
    #[inline]
    pub(super) fn is_current(&self) -> bool {
        self.pool.pool.generation_in_file() == self.generation
    }

    /// Whether the place is another one now, to be looked at again: for a reader that has found what it did not expect. To be
    /// asked behind an acquire of what was found: a head, or the tail behind a frame.
    #[cold]
    pub(super) fn is_elsewhere(&mut self) -> bool {
        self.follows < MOST_FOLLOWS && (self.follow_recovery() || self.follow_head())
    }

    /// As [`Cursor::is_elsewhere`], of recoveries alone, for a reader that has seen everything.
    ///
    /// # Errors
    /// Corrupt when there is no end of them.
    pub(super) fn is_recovered(&mut self) -> Result<bool> {
        let is_recovered = self.follow_recovery();
        if is_recovered && self.follows >= MOST_FOLLOWS {
            self.follows = 0;
            return Err(
                Error::corrupt("the pool says again and again that it was recovered")
                    .with_path(self.pool.path())
                    .with_hint("some program writes into the pool's file; examine it with doctor"),
            );
        }
        Ok(is_recovered)
    }

    /// Goes to where the reader would be if there had been no other generation.
    fn follow_recovery(&mut self) -> bool {
        let generation = self.pool.pool.generation_in_file();
        if generation == self.generation {
            return false;
        }
        self.follows += 1;
        let control = self.ring().memory.control_in_file();
        let given_again = control.recovery.lowest_since(self.generation);
        self.generation = generation;
        self.window.clear();
        self.head = 0;
        self.search = None;
        self.below = None;
        if self.backwards {
            self.go_below();
        } else {
            self.go_on_from(given_again.unwrap_or(SEQ_LIMIT));
        }
        true
    }

    /// The head went back, and no recovery is done: it is about to be, or the head is damaged.
    fn follow_head(&mut self) -> bool {
        let head = self.ring().head();
        if self.backwards {
            let is_beyond = self.at > head;
            self.follows += u32::from(is_beyond);
            self.at = self.at.min(head);
            return is_beyond;
        }
        let went_back = head < self.head;
        if went_back {
            self.follows += 1;
            self.head = head;
            self.stand_at_head();
        }
        went_back
    }

    /// Comes back to the head if it is behind that. What comes there is new, whatever its seq is: no seq is expected, but what
    /// was seen is not shown again if the head returns.
    pub(super) fn stand_at_head(&mut self) {
        self.window.clear();
        if self.at > self.head {
            self.at = self.head;
            let next = &self.ring().memory.control().hot.next_seq;
            let next = next.load(Ordering::Acquire);
            let from = self.expect.take().unwrap_or(self.floor);
            self.floor = from.min(next);
        }
    }

    /// To the seq that was expected, or to those that were given again before it.
    fn go_on_from(&mut self, given_again: u64) {
        let expected = self.expect.or((self.floor > 0).then_some(self.floor));
        let seq = expected.map_or(given_again, |seq| seq.min(given_again));
        let ring = self.pool.pool.shared().ring();
        // Before the look: what is committed in between is not passed over.
        let head = ring.head();
        let at = match ring.locate(seq) {
            Place::At(at) => at,
            Place::Gone | Place::Missing => ring.behind_older(seq),
            Place::Future => head,
        };
        if expected.is_some() {
            (self.at, self.expect, self.floor) = (at, Some(seq), 0);
        } else {
            // The start was a place, and nothing was read there yet.
            self.at = self.at.min(at);
        }
    }

    /// Backwards: to the newest message of those that are still to come.
    pub(super) fn go_below(&mut self) {
        let ring = self.pool.pool.shared().ring();
        self.at = ring.bounds().map_or_else(|| ring.tail(), |(_, head)| head);
        let Some(seq) = self.expect else {
            return;
        };
        match ring.locate(seq) {
            Place::At(at) => {
                let len = ring.size_at(at, ring.head()).map_or(0, |size| size.len());
                self.at = at + len;
            }
            Place::Gone | Place::Missing => self.at = ring.end_of(seq),
            Place::Future => {}
        }
    }
}
