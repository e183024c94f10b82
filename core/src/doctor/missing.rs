//! What a pool should have and has not: as the control page tells that nobody has gone by since a reboot or a copy, and as the
//! seqs tell.

use super::{Finding, Issue, Report};
use crate::pool::survey::{claimed, survey, MAX_SEQ_JUMP};
use crate::pool::Pool;
use crate::ring::mapped::Mapped;
use crate::ring::position::is_sound;
use crate::ring::Ring;
use crate::sys::atomic::Ordering;

/// What the control page in the file says of a pool that is to be recovered: the messages must not be asked alone, since what
/// a reader takes for the pool then is what is left of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Promised {
    /// Everything before this position is on the disk.
    flushed: u64,
    tail: u64,
    head: u64,
}

impl Promised {
    /// None of a pool that is in use, whose control page is right or is damaged itself.
    pub(super) fn of(pool: &Pool) -> Option<Promised> {
        if pool.is_at_home() {
            return None;
        }
        let control = pool.shared().ring().memory.control_in_file();
        let promised = Promised {
            flushed: control.recovery.synced.load(Ordering::Acquire),
            tail: control.hot.tail.load(Ordering::Acquire),
            head: control.hot.head.load(Ordering::Acquire),
        };
        let size = pool.shared().ring().size();
        let believed = is_sound(promised.tail, promised.head, size)
            && is_sound(promised.flushed, promised.flushed, size);
        believed.then_some(promised)
    }

    /// Compares it with what recovery will find.
    pub(super) fn compare(&self, pool: &Pool, report: &mut Report) {
        // The survey looks at the file where it is mapped: at what plain reads could not read it would fault.
        let unreadable = |issue: &Issue| matches!(issue.finding, Finding::Read | Finding::Length);
        // Somebody for whom it is at home writes to it: then it is not what these words are about.
        if report.issues.iter().any(unreadable) || Promised::of(pool) != Some(*self) {
            return;
        }
        let ring = pool.shared().ring();
        let found = survey(ring, !pool.shared().superblock().times_unordered());
        let byte = |position| ring.geometry.ring_offset + ring.offset(position);
        let newest = ring.newest_before(found.head, found.tail);
        let is_gone = match newest {
            // An empty run lies where no message has been.
            None => self.tail < self.head && self.tail < self.flushed,
            Some(_) => found.head < self.flushed,
        };
        if is_gone {
            let (text, place) = match &newest {
                Some((_, newest)) => (format!("messages behind message {} were flushed to the disk and are not there", newest.seq), found.head),
                None => ("the pool had messages that were flushed to the disk, and none of them is there".to_string(), self.tail),
            };
            if self.is_older_than(ring) {
                report.warn("lost", format!("{text}: newer ones, which were lost when the machine went down, had begun to take their place"));
            } else {
                let seq = newest.map(|(_, newest)| newest.seq + 1);
                report.issue(Finding::Flushed, text, seq, Some(byte(place)));
            }
        }
        // Nobody has overwritten them: what is there ends before.
        if newest.is_some()
            && found.tail > self.tail
            && found.head <= self.tail.saturating_add(ring.size())
        {
            let text = format!(
                "the oldest messages, from byte {} of the file up to byte {}, are damaged or not there: the machine went down while they were \
                 overwritten, or the file was damaged",
                byte(self.tail),
                byte(found.tail),
            );
            report.warn("lost", text);
        }
    }

    /// Whether the ring has a message, or one that was begun, that was written after the control page.
    fn is_older_than(&self, ring: &Ring<Mapped>) -> bool {
        let newest = self.head.max(self.flushed);
        (0..ring.size()).step_by(8).any(|offset| {
            claimed(ring, offset, newest / ring.size()).is_some_and(|(at, _)| at >= newest)
        })
    }
}

/// Seqs that were given and are not there, behind the newest message.
pub(super) fn behind_newest(newest: u64, next_seq: u64, report: &mut Report) {
    let missing = next_seq.saturating_sub(newest + 1);
    // More than that is damage to the word, which the next writer corrects.
    if (1..MAX_SEQ_JUMP).contains(&missing) {
        let text = format!(
            "there are no messages {} to {} behind the newest one: they were lost when the machine went down, or to damage, and \
             cannot be had back; durability `flush` loses none when the machine goes down",
            newest + 1,
            next_seq - 1,
        );
        report.warn("lost", text);
    }
}
