//! What a recovery, or the successor of a dead writer, cuts off.
//!
//! Behind the head that recovery finds there may be good messages of before the power cut, with others before them lost.
//! They stay until they are overwritten, for a salvage, at positions that will be given again. After a second power cut,
//! which loses the newest messages in turn, one of them may come to stand just behind the messages of now, as if it
//! were the next. Their seqs tell them apart: seqs of now go on behind theirs, and a survey passes over those that are
//! behind what was on the disk with a seq of before the recovery. Filling has no seq and would lead on past a lost
//! message; it is wiped. So is the beginning of a message whose end was lost: the end of a new one in the same place could
//! make it whole.

use std::ops::Range;

use crate::error::Result;
use crate::format::frame::Size;
use crate::pool::survey::{claimed, Survey, MAX_SEQ_JUMP, SEARCH_LAPS};
use crate::pool::Pool;
use crate::ring::memory::Memory;
use crate::ring::search::Budget;
use crate::ring::snapshot::Check;
use crate::sys::atomic::Ordering;
use crate::sys::file;
use crate::sys::log::{self, Level};

impl Pool {
    /// Wipes whole messages that an owner had written when it died, and not committed: a newer one as long as the first of
    /// them would make the others look like what follows it. The caller holds the writer lock; readers do not look behind
    /// the head.
    pub(super) fn wipe_uncommitted(&self) -> Result<()> {
        let ring = self.shared().ring();
        let (_, head) = ring.bounds_locked()?;
        let next_seq = ring.memory.control().hot.next_seq.load(Ordering::Relaxed);
        let mut written = Vec::new();
        let mut at = head;
        while at - head < ring.size() {
            at += match ring.verify(at, at + ring.size()) {
                Check::Padding(len) => len,
                // What a recovery has cut off has seqs of before, and stays for a salvage.
                Check::Good(header) if header.seq >= next_seq => {
                    written.push(at);
                    header.len
                }
                _ => break,
            };
        }
        // The last one first: as long as there are any, the first is there to find them by.
        for at in written.into_iter().rev() {
            let word = (ring.offset(at) / 8) as usize;
            ring.memory.ring()[word].store(0, Ordering::Release);
        }
        Ok(())
    }

    /// Moves the next seq behind those of messages that were cut off, and wipes filling and halves of messages outside of
    /// what is retained. The caller holds the writer lock, and syncs before anything is appended.
    pub(super) fn part_from_cut_off(&self, found: &mut Survey) {
        let ring = self.shared().ring();
        let (tail, head) = (ring.offset(found.tail), ring.offset(found.head));
        let free = match head < tail || found.head == found.tail + ring.size() {
            true => [head..tail, 0..0],
            false => [head..ring.size(), 0..tail],
        };
        let mut budget = Budget::new(SEARCH_LAPS, ring.size());
        for mut piece in free {
            while let Some(written) = self.written(&piece) {
                piece.start = written.end;
                for offset in written.step_by(8) {
                    self.part_from_frame(offset, found, &mut budget);
                }
            }
        }
        if budget.is_spent() {
            log::emit(Level::Warn, || {
                let path = self.path().display();
                format!(
                    "{path}: messages that were cut off were wiped with what only looks like them"
                )
            });
        }
    }

    /// The first part of a range of the ring that was ever written, as far as the file system tells: in a pool that was
    /// never full that is not much.
    fn written(&self, range: &Range<u64>) -> Option<Range<u64>> {
        let in_file = self.shared().ring().geometry.ring_offset;
        let (start, end) = file::written_from(self.shared().file(), in_file + range.start)?;
        let start = (start.saturating_sub(in_file) / 8 * 8).max(range.start);
        let end = end
            .saturating_sub(in_file)
            .min(range.end)
            .next_multiple_of(8);
        (start < end).then_some(start..end)
    }

    fn part_from_frame(&self, offset: u64, found: &mut Survey, budget: &mut Budget) {
        let ring = self.shared().ring();
        let word = &ring.memory.ring()[(offset / 8) as usize];
        match Size::parse(word.load(Ordering::Relaxed) as u32) {
            Some(Size::Message(_)) => self.part_from_message(offset, found, budget),
            // At the ring's last word there can be nothing else.
            Some(Size::Padding(len)) if len == ring.room(offset) && len > 8 => {
                word.store(0, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    fn part_from_message(&self, offset: u64, found: &mut Survey, budget: &mut Budget) {
        let ring = self.shared().ring();
        let claimed =
            claimed(ring, offset, found.head / ring.size()).filter(|(at, _)| *at >= found.head);
        let Some((at, header)) = claimed else { return };
        // Good ones count as well: one can be made up in the other. What the budget does not reach is wiped like halves,
        // and then as little in the way.
        let is_good = |end| {
            ring.is_closed(offset, header.len)
                && budget.take(header.len)
                && matches!(ring.verify(at, end), Check::Good(_))
        };
        match at.checked_add(header.len).map(is_good) {
            Some(true) => {
                if header.seq.saturating_sub(found.next_seq) < MAX_SEQ_JUMP {
                    found.next_seq = found.next_seq.max(header.seq + 1);
                }
            }
            _ => ring.memory.ring()[(offset / 8) as usize].store(0, Ordering::Relaxed),
        }
    }
}
