//! What a reader does about messages that are not there, or not what they should be.

use crate::error::{Error, Result};
use crate::store::cursor::{Cursor, Step};
use crate::store::{Gap, GapPolicy};

impl Cursor {
    /// A message with another seq than the one that was to come: what [`Cursor::take`] is to give, if it is not to be taken.
    #[cold]
    pub(super) fn unexpected(&mut self, seq: u64, len: u64) -> Result<Option<Option<Step>>> {
        if self.is_elsewhere() {
            return Ok(Some(None));
        }
        if seq < self.expect.unwrap_or(self.floor) {
            self.at += len;
            return Ok(Some(None));
        }
        let Some(first) = self.expect else {
            return Ok(None);
        };
        let last = (seq - 1).min(self.end_seq.unwrap_or(u64::MAX));
        let step = self.lost(Gap { first, last }, last + 1)?;
        Ok(Some((step != Step::Wait).then_some(step)))
    }

    /// Accounts for lost seqs; `next` is the one to go on with. `Wait` means: just go on.
    #[cold]
    pub(super) fn lost(&mut self, gap: Gap, next: u64) -> Result<Step> {
        self.dropped += gap.last - gap.first + 1;
        self.last_gap = Some(gap);
        self.expect = Some(next);
        match self.policy {
            GapPolicy::Continue => {
                if self.is_past_end() {
                    self.done = true;
                    return Ok(Step::End);
                }
                Ok(Step::Wait)
            }
            GapPolicy::Event => Ok(Step::Gap),
            GapPolicy::Error => {
                self.done = true;
                Err(gap.into_error())
            }
        }
    }

    /// Goes on behind what is damaged, and tells it.
    #[cold]
    pub(super) fn skip_damage(&mut self) -> Error {
        let ring = self.pool.pool.shared().ring();
        let error = self.pool.damaged(self.at, self.expect);
        // Control words that no writer left: there is no end to what they would make of the ring.
        self.done = ring.bounds().is_none();
        let head = ring.within_reach(self.at, self.head);
        let mut budget = match &self.search {
            Some((last, from)) => ring.budget_after(last, self.at.saturating_sub(*from)),
            None => ring.budget(),
        };
        let next = ring.next_good_within(self.at.saturating_add(8), head, &mut budget);
        let error = if budget.is_spent() {
            error.with_hint("what follows only looks like messages: the search for intact ones was given up, and everything up to the newest counts as damaged")
        } else {
            error
        };
        self.at = next.unwrap_or(head);
        self.search = Some((budget, self.at));
        self.floor = self.expect.take().unwrap_or(self.floor);
        self.window.clear();
        error
    }
}
