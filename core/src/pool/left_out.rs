//! Intact messages that recovery leaves out, since damage or a loss parts them from those that it keeps.
//!
//! They lie before those, or behind them. A power cut in the middle of overwriting, or of writing, leaves the same
//! picture: some messages, a stretch that the disk has only in part, and others. So they are not given to readers, who
//! would meet damage between them after each such cut. But it may be one bad sector among many good messages, and these
//! must not go without a word: the control page remembers where they lie, the doctor tells of them, and a salvage copies
//! them, until newer messages have taken their place.

use std::ops::Range;

use crate::format::control::BROKEN_OFF;
use crate::format::frame::Header;
use crate::pool::survey::{is_cut_off, Survey};
use crate::pool::Pool;
use crate::ring::mapped::Mapped;
use crate::ring::memory::Memory;
use crate::ring::Ring;
use crate::sys::atomic::Ordering;

/// What recoveries left out, as far as it is still intact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// How many.
    pub(crate) messages: u64,
    /// Seqs of the oldest and the newest.
    pub(crate) seqs: (u64, u64),
    /// Positions: from the first to behind the last, around what is retained if they lie on both sides.
    positions: Range<u64>,
}

/// What is retained, or will be.
struct Kept {
    positions: Range<u64>,
    oldest: u64,
    next_seq: u64,
}

impl Pool {
    /// What a recovery that found this leaves out, or would, and what others did before it. Nothing is stored yet.
    pub(super) fn leaves_out(&self, found: &Survey) -> Option<LeftOut> {
        let ring = self.shared().ring();
        let before = noted(ring);
        // What a tail that can be right had passed, writers had given up. A recovery that was broken off has noted everything.
        let control = ring.memory.control_in_file();
        let given_up = match control.hot.tail.load(Ordering::Acquire) {
            BROKEN_OFF => u64::MAX,
            tail if tail <= found.tail => tail,
            _ => 0,
        };
        let kept = Kept::new(ring, found.tail..found.head, found.next_seq);
        look(ring, &kept, 0..u64::MAX, |position, header| {
            before.contains(&position)
                || (position >= given_up && !is_cut_off(control, position, header.seq))
        })
    }

    /// What the next recovery of a pool that waits for one will leave out.
    pub(crate) fn would_leave_out(&self) -> Option<LeftOut> {
        let ring = self.shared().ring();
        let (tail, head) = ring.bounds()?;
        let hot = &ring.memory.control().hot;
        self.leaves_out(&Survey {
            tail,
            head,
            next_seq: hot.next_seq.load(Ordering::Acquire),
            last_time: hot.last_time.load(Ordering::Relaxed),
        })
    }

    /// What recoveries left out and is still intact.
    pub(crate) fn left_out(&self) -> Option<LeftOut> {
        let ring = self.shared().ring();
        let noted = noted(ring);
        if noted.is_empty() {
            return None;
        }
        let (tail, head) = ring.bounds()?;
        let next_seq = ring.memory.control().hot.next_seq.load(Ordering::Acquire);
        look(
            ring,
            &Kept::new(ring, tail..head, next_seq),
            noted,
            |_, _| true,
        )
    }
}

impl LeftOut {
    /// Takes note of it in the control page; of `None` as well.
    pub(super) fn note<M: Memory>(left_out: Option<&LeftOut>, ring: &Ring<M>) {
        let positions = left_out.map_or(0..0, |left_out| left_out.positions.clone());
        let recovery = &ring.memory.control().recovery;
        // A mixture does no harm: what is intact and not retained there is what it looks like.
        recovery
            .left_out_from
            .store(positions.start, Ordering::Release);
        recovery.left_out_to.store(positions.end, Ordering::Release);
    }
}

impl Kept {
    fn new<M: Memory>(ring: &Ring<M>, positions: Range<u64>, next_seq: u64) -> Kept {
        let oldest = ring.next_intact(positions.start, positions.end, &mut ring.budget());
        Kept {
            oldest: oldest.map_or(next_seq, |(_, header)| header.seq),
            positions,
            next_seq,
        }
    }
}

fn noted(ring: &Ring<Mapped>) -> Range<u64> {
    let recovery = &ring.memory.control_in_file().recovery;
    recovery.left_out_from.load(Ordering::Acquire)..recovery.left_out_to.load(Ordering::Acquire)
}

/// The intact messages in a range that are not kept, in their order.
fn look<M: Memory>(
    ring: &Ring<M>,
    kept: &Kept,
    range: Range<u64>,
    counts: impl Fn(u64, &Header) -> bool,
) -> Option<LeftOut> {
    let (tail, head) = (kept.positions.start, kept.positions.end);
    let within = |positions: Range<u64>| {
        let start = positions.start.max(range.start).checked_next_multiple_of(8);
        start.unwrap_or(u64::MAX)..positions.end.min(range.end)
    };
    let before = within(head.saturating_sub(ring.size())..tail);
    let behind = within(head..tail.saturating_add(ring.size()));
    let mut budget = ring.budget();
    let mut found: Option<LeftOut> = None;
    for (positions, seqs) in [
        (before, 0..kept.oldest),
        (behind, kept.oldest..kept.next_seq),
    ] {
        let mut at = positions.start;
        while let Some((position, header)) = ring.next_intact(at, positions.end, &mut budget) {
            at = position + header.len;
            let rises = found.as_ref().is_none_or(|found| header.seq > found.seqs.1);
            if !rises || !seqs.contains(&header.seq) || !counts(position, &header) {
                continue;
            }
            let found = found.get_or_insert(LeftOut {
                messages: 0,
                seqs: (header.seq, header.seq),
                positions: position..at,
            });
            found.messages += 1;
            found.seqs.1 = header.seq;
            found.positions.end = at;
        }
    }
    found
}
