//! Where a stream starts: from words to a position.

use crate::error::Result;
use crate::format::control::BROKEN_OFF;
use crate::ring::locate::Place;
use crate::ring::memory::Memory;
use crate::store::cursor::{Cursor, Step};
use crate::store::{token, Start};
use crate::sys::atomic::Ordering;

impl Cursor {
    /// Goes to a start.
    ///
    /// # Errors
    /// Usage (a bad token), RetentionGap (a token from before a recovery), Corrupt.
    pub(super) fn go_to(&mut self, start: &Start) -> Result<()> {
        self.generation = self.pool.pool.generation_in_file();
        if self.ring().tail() == BROKEN_OFF {
            // Nothing is retained, or so it looks.
            self.let_a_recovery_end();
        }
        loop {
            self.generation = self.pool.pool.generation_in_file();
            self.moved();
            self.expect = None;
            self.floor = 0;
            self.seek = None;
            self.since = 0;
            self.left = self.max;
            if self.backwards {
                self.go_to_backwards(start)?;
            } else {
                self.go_to_forwards(start)?;
            }
            // A place from before a recovery, in the generation after it, would be held against nothing.
            if self.pool.pool.generation_in_file() == self.generation {
                return Ok(());
            }
        }
    }

    fn go_to_forwards(&mut self, start: &Start) -> Result<()> {
        match start {
            Start::Oldest => self.go_to_oldest(),
            Start::Now | Start::Last(0) => self.go_to_now(),
            Start::Last(count) if self.wants_all() => self.go_to_last(*count),
            Start::Last(count) => self.go_to_last_matching(*count),
            Start::Seq(seq) => self.seek = Some((*seq).max(1)),
            Start::Time(ns) => {
                let sorted = !self.pool.pool.shared().superblock().times_unordered();
                self.at = self.pool.pool.shared().ring().since(*ns, sorted);
                self.expect = self.seq_at(self.at);
                self.since = *ns;
            }
            Start::Token(text) => self.seek = Some(token::seq_in(text, &self.pool)?),
        }
        Ok(())
    }

    /// No seq is expected: whatever comes first begins the stream, and what was lost before it is no gap.
    fn go_to_oldest(&mut self) {
        self.at = self.pool.pool.shared().ring().tail();
        self.expect = None;
    }

    fn go_to_now(&mut self) {
        self.at = self.pool.pool.shared().ring().head();
        self.expect = self.seq_at(self.at);
    }

    /// Seq of the message at a position, or of the next one to come at the head: a reader that knows
    /// it notices what it loses before its first step. `None` at damage, or overtaken.
    pub(super) fn seq_at(&self, at: u64) -> Option<u64> {
        let ring = self.pool.pool.shared().ring();
        loop {
            let (tail, head) = ring.bounds()?;
            if at < head {
                return ring.good_from(at, head).map(|(_, header)| header.seq);
            }
            let next = match ring.newest_before(head, tail) {
                Some((_, newest)) => newest.seq + 1,
                None => ring.memory.control().hot.next_seq.load(Ordering::Acquire),
            };
            if ring.head() == head && ring.retained(tail) {
                return Some(next);
            }
        }
    }

    fn go_to_last(&mut self, count: u64) {
        let ring = self.pool.pool.shared().ring();
        let Some(((first, oldest), (_, newest))) = ring.ends() else {
            return self.go_to_oldest();
        };
        let seq = newest.seq.saturating_sub(count - 1);
        if seq <= oldest.seq {
            (self.at, self.expect) = (first, Some(oldest.seq));
            return;
        }
        // Counted by the frames: a recovery may have left a hole in the seqs.
        if let Some(at) = ring.last(count) {
            self.at = at;
            self.expect = self.seq_at(at);
            return;
        }
        // Damage bars the way back. By the seqs then, so that it is told when it is among the last ones.
        self.at = match ring.locate(seq) {
            Place::At(at) => at,
            _ => ring.behind_older(seq),
        };
        self.expect = Some(seq);
    }

    fn go_to_backwards(&mut self, start: &Start) -> Result<()> {
        match start {
            Start::Seq(seq) => self.expect = Some(*seq),
            Start::Token(text) => self.expect = Some(token::seq_in(text, &self.pool)?),
            Start::Time(ns) => self.since = *ns,
            Start::Last(count) => self.left = Some(self.max.map_or(*count, |max| max.min(*count))),
            Start::Oldest | Start::Now => {}
        }
        self.go_below();
        Ok(())
    }

    /// Ends at what is now the newest message, or behind the damage where that was.
    pub(super) fn end_at_newest(&mut self) {
        let ring = self.pool.pool.shared().ring();
        let head = ring.head();
        let intact = ring.ends().map(|(_, newest)| newest);
        let newest = match intact {
            Some((at, newest)) if at + newest.len >= head => newest.seq,
            // Damage behind it, if anything: that is told as well.
            _ => {
                let next = ring.memory.control().hot.next_seq.load(Ordering::Acquire);
                let last = next.saturating_sub(1);
                intact.map_or(last, |(_, newest)| last.max(newest.seq))
            }
        };
        self.end_seq = Some(self.end_seq.map_or(newest, |end| end.min(newest)));
        self.end_is_committed = true;
        let is_empty = ring.bounds().is_none_or(|(tail, head)| tail == head);
        // Nothing retained, or a start behind it: there is nothing to come. A start by a time that no
        // message has reached stands at the head and knows no seq.
        let begins_behind = match self.seek.or(self.expect) {
            _ if self.rewind.is_some() => false,
            Some(first) => first > newest,
            None => self.at >= head,
        };
        if is_empty || begins_behind {
            self.done = true;
        }
    }

    /// The seq to look at behind that of a message.
    #[inline]
    pub(super) fn behind(&self, seq: u64) -> u64 {
        if self.backwards {
            seq.saturating_sub(1)
        } else {
            seq + 1
        }
    }

    /// The seq that comes next, as far as it is known; 0 going backwards when there is none.
    pub(super) fn next_seq(&mut self) -> u64 {
        match &self.pending {
            Some(Ok(Step::Message)) => return self.header.seq,
            Some(Ok(Step::Gap)) => return self.last_gap.map_or(0, |gap| gap.first),
            Some(Err(error)) if error.seq().is_some() => return error.seq().unwrap_or_default(),
            _ => {}
        }
        if self.backwards {
            return self.seq_below();
        }
        let ring = self.ring();
        self.seek.or(self.expect).unwrap_or_else(|| {
            ring.message_from(self.at, ring.head())
                .map(|(_, header)| header.seq)
                .unwrap_or_else(|| ring.memory.control().hot.next_seq.load(Ordering::Acquire))
        })
    }
}
