//! What a reader does about messages that are not there, or not what they should be.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::pool::wait::BackOff;
use crate::ring::lock::FREE;
use crate::store::cursor::{Cursor, Step};
use crate::store::{Gap, GapPolicy};
use crate::sys::atomic::Ordering;
use crate::sys::clock::Deadline;

/// How long a recovery may take from its head to its generation, which are a few stores apart, before a reader goes by the head.
const RECOVERY_PATIENCE: Duration = Duration::from_secs(1);

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
        // Who makes seqs up, and recoveries after which they come once more, can lose more than there are numbers.
        self.dropped = self.dropped.saturating_add(gap.last - gap.first + 1);
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

    /// At the head with everything up to the end committed: what was not read is lost, also if the head went back. Behind damage
    /// that was told with it; and a stream without a beginning misses nothing. `None` to look again.
    pub(super) fn end_at_head(&mut self, end: u64) -> Result<Option<Step>> {
        let is_told = matches!(self.search, Some((_, from)) if from == self.at);
        let floor = (self.floor > 0 && !is_told).then_some(self.floor);
        let first = self.expect.or(floor).filter(|first| *first <= end);
        let is_elsewhere =
            |cursor: &Cursor| cursor.ring().head() != cursor.at || !cursor.is_current();
        if !is_elsewhere(self) && first.is_some() {
            self.let_a_recovery_end();
        }
        if is_elsewhere(self) {
            return Ok(None);
        }
        match first {
            Some(first) => self.lost(Gap { first, last: end }, end + 1).map(Some),
            None => {
                self.done = true;
                Ok(Some(Step::End))
            }
        }
    }

    /// A recovery stores a tail that passes everything, then its head, and its generation soon after. It holds the writer lock,
    /// and the pool is not at home meanwhile.
    pub(super) fn let_a_recovery_end(&self) {
        let is_about = || !self.pool.pool.is_at_home() && self.is_current();
        let lock = &self.ring().memory.control_in_file().hot.lock;
        let (patience, mut back_off) = (Deadline::after(RECOVERY_PATIENCE), BackOff::new());
        while lock.load(Ordering::Acquire) != FREE && is_about() && !patience.passed() {
            back_off.pause(Duration::from_millis(1));
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
