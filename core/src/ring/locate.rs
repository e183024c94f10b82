//! From a seq, or a time, to a position.

use crate::format::frame::{Header, Size};
use crate::ring::memory::Memory;
use crate::ring::snapshot::Check;
use crate::ring::Ring;
use crate::sys::atomic::{prefetch_for_read, Ordering};

/// Where a seq is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Retained, at this position.
    At(u64),
    /// Older than everything retained.
    Gone,
    /// Newer than everything committed.
    Future,
    /// It should be there and is not: damage.
    Missing,
}

/// Frames on average longer than this lie on pages of their own, and asking for them all helps little.
const MOST_APART: u64 = 4096;

/// Frames asked for ahead: an index of a single slot has a stride as long as the ring.
const MOST_HOPS: u64 = 64;

impl<M: Memory> Ring<M> {
    /// Finds a seq. What is found is a good frame.
    pub fn locate(&self, seq: u64) -> Place {
        loop {
            let place = self.guess(seq);
            let Place::At(at) = place else {
                return place;
            };
            match self.check(at, self.head()) {
                Check::Good(header) if header.seq == seq => return place,
                Check::Overtaken => {}
                _ => return self.search(seq),
            }
        }
    }

    /// Finds a seq by headers whose checksums nobody has looked at: one jump through the index, then
    /// at most `index_stride - 1` hops. When the frame turns out not to be good, [`Ring::locate`] knows
    /// better: a damaged header may claim any seq.
    pub fn guess(&self, seq: u64) -> Place {
        // Each round is void only if the writer moved the tail past what it looked at, so it ends
        // as soon as the reader is faster than a whole lap.
        loop {
            let Some((tail, head)) = self.bounds() else {
                return Place::Missing;
            };
            let found = self.locate_between(seq, tail, head);
            if self.retained(tail) || matches!(found, Place::At(at) if self.retained(at)) {
                return found;
            }
        }
    }

    #[cold]
    fn search(&self, seq: u64) -> Place {
        loop {
            let Some((tail, head)) = self.bounds() else {
                return Place::Missing;
            };
            let found = self.scan(seq, tail, head);
            if self.retained(tail) || matches!(found, Place::At(at) if self.retained(at)) {
                return found;
            }
        }
    }

    fn locate_between(&self, seq: u64, tail: u64, head: u64) -> Place {
        if let Some(at) = self.slot_position(seq, tail, head) {
            if let Some(at) = self.hop(at, seq, head, self.geometry.index_stride) {
                return Place::At(at);
            }
        }
        let Some((_, newest)) = self.newest_before(head, tail) else {
            return if tail == head {
                self.place_in_empty(seq)
            } else {
                self.scan(seq, tail, head)
            };
        };
        if seq > newest.seq {
            return Place::Future;
        }
        let Some((first, oldest)) = self.good_from(tail, head) else {
            return self.scan(seq, tail, head);
        };
        if seq < oldest.seq {
            return Place::Gone;
        }
        // The seq lies before the first slot that is still retained, or there is no index.
        let found = if seq - oldest.seq <= newest.seq - seq {
            self.hop(first, seq, head, u64::MAX)
        } else {
            self.hop_back(head, seq, tail)
        };
        found.map_or_else(|| self.scan(seq, tail, head), Place::At)
    }

    fn place_in_empty(&self, seq: u64) -> Place {
        if seq < self.memory.control().hot.next_seq.load(Ordering::Relaxed) {
            Place::Gone
        } else {
            Place::Future
        }
    }

    /// Position of the newest seq at or before `seq` that has a slot, if it is retained.
    fn slot_position(&self, seq: u64, tail: u64, head: u64) -> Option<u64> {
        let base = seq - seq % self.geometry.index_stride;
        let slot = self.geometry.slot_of(base)?;
        let at = self.memory.index()[slot as usize].load(Ordering::Relaxed);
        let inside = at.is_multiple_of(8) && at >= tail && at < head;
        if inside {
            self.ask_ahead(at, base, seq, head);
        }
        (inside && self.header_at(at, head)?.seq == base).then_some(at)
    }

    /// Whether the index knows where a retained seq is; true for one that has no slot.
    #[cfg(not(loom))]
    pub(crate) fn index_knows(&self, seq: u64) -> bool {
        let (tail, head) = (self.tail(), self.head());
        self.geometry.slot_of(seq).is_none() || self.slot_position(seq, tail, head).is_some()
    }

    /// Asks for the cache lines that a walk from the slot's frame to `seq` will probably look at, all at once: the walk
    /// by itself would wait for one after the other.
    fn ask_ahead(&self, at: u64, base: u64, seq: u64, head: u64) {
        let stride = self.geometry.index_stride;
        let next = self
            .geometry
            .slot_of(base.saturating_add(stride))
            .map_or(0, |slot| {
                self.memory.index()[slot as usize].load(Ordering::Relaxed)
            });
        let end = if next > at && next <= head {
            next
        } else {
            head
        };
        let each = (end - at) / stride;
        if each > MOST_APART {
            return;
        }
        let words = self.memory.ring();
        let first = (self.offset(at) / 8) as usize;
        for hop in 0..=(seq - base).min(MOST_HOPS) {
            let guess = first + (hop * each / 8) as usize;
            let lines = if hop == seq - base { 4 } else { 2 };
            // Half a line earlier: frames differ a little in length.
            for line in 0..lines {
                if let Some(word) = words.get((guess + line * 8).saturating_sub(4)) {
                    prefetch_for_read(word);
                }
            }
        }
    }

    /// Walks forward from a frame to the seq; `None` when the chain breaks or `hops` run out.
    fn hop(&self, from: u64, seq: u64, head: u64, hops: u64) -> Option<u64> {
        let (mut at, mut header) = self.message_from(from, head)?;
        for _ in 0..=hops {
            if header.seq == seq {
                return Some(at);
            }
            let next = self.message_from(at + header.len, head)?;
            // Seqs rise by one from frame to frame (recovery may leave a jump upwards).
            if header.seq > seq || next.1.seq <= header.seq {
                return None;
            }
            (at, header) = next;
        }
        None
    }

    fn hop_back(&self, head: u64, seq: u64, tail: u64) -> Option<u64> {
        let mut end = head;
        loop {
            let size = self.size_before(end, tail)?;
            end -= size.len();
            if let Size::Message(_) = size {
                let found = self.header_at(end, head)?.seq;
                if found <= seq {
                    return (found == seq).then_some(end);
                }
            }
        }
    }

    /// The slow search behind damage: every good frame, by checksum.
    fn scan(&self, seq: u64, tail: u64, head: u64) -> Place {
        let mut position = tail;
        let mut newest = None;
        let mut budget = self.budget();
        while let Some(at) = self.next_good_within(position, head, &mut budget) {
            let Some(header) = self.header_at(at, head) else {
                break;
            };
            if header.seq == seq {
                return Place::At(at);
            }
            if header.seq > seq {
                // Nothing between this frame and the one before it: a recovery skipped the seq.
                let skipped = self
                    .message_from(position, head)
                    .is_some_and(|(next, _)| next == at);
                return if newest.is_none() || skipped {
                    Place::Gone
                } else {
                    Place::Missing
                };
            }
            newest = Some(header.seq);
            position = at + header.len;
        }
        match newest {
            _ if budget.is_spent() => Place::Missing,
            Some(newest) if seq > newest => Place::Future,
            Some(_) => Place::Missing,
            None => self.place_in_empty(seq),
        }
    }

    /// Oldest and newest retained message with their positions; `None` when there is none.
    pub fn ends(&self) -> Option<((u64, Header), (u64, Header))> {
        loop {
            let (tail, head) = self.bounds().filter(|(tail, head)| tail < head)?;
            let newest = self
                .newest_before(head, tail)
                .or_else(|| self.last_good(tail, head));
            let oldest = self.good_from(tail, head).or_else(|| {
                let at = self.next_good(tail, head)?;
                Some((at, self.header_at(at, head)?))
            });
            if self.retained(tail) {
                return oldest.zip(newest);
            }
        }
    }

    fn last_good(&self, tail: u64, head: u64) -> Option<(u64, Header)> {
        let mut last = None;
        let (mut position, mut budget) = (tail, self.budget());
        while let Some(at) = self.next_good_within(position, head, &mut budget) {
            let header = self.header_at(at, head)?;
            last = Some((at, header));
            position = at + header.len;
        }
        last
    }

    /// Position of the first retained message whose time is `time_ns` or later; `head` when there is
    /// none. With `sorted` the times rise and a binary search over the seqs finds it.
    pub fn since(&self, time_ns: u64, sorted: bool) -> u64 {
        loop {
            let Some((tail, head)) = self.bounds() else {
                return self.tail();
            };
            let found = self.since_between(time_ns, sorted, tail, head);
            if self.retained(tail) || (found > tail && self.retained(found)) {
                return found;
            }
        }
    }

    fn since_between(&self, time_ns: u64, sorted: bool, tail: u64, head: u64) -> u64 {
        let mut start = tail;
        if sorted && self.geometry.index_slots > 0 {
            if let (Some((_, oldest)), Some((_, newest))) =
                (self.good_from(tail, head), self.newest_before(head, tail))
            {
                // Invariant: messages up to `low` are older than `time_ns`, if any are.
                let (mut low, mut high) = (oldest.seq, newest.seq);
                while low + self.geometry.index_stride < high {
                    let middle = low + (high - low) / 2;
                    let Place::At(at) = self.locate_between(middle, tail, head) else {
                        break;
                    };
                    match self.check(at, head) {
                        Check::Good(header) if header.time_ns < time_ns => {
                            low = middle;
                            start = at;
                        }
                        Check::Good(_) => high = middle,
                        _ => break,
                    }
                }
            }
        }
        let (mut position, mut budget) = (start, self.budget());
        while position < head {
            match self.message_from(position, head) {
                Some((at, header)) if header.time_ns >= time_ns => return at,
                Some((at, header)) => position = at + header.len,
                None => match self.next_good_within(position + 8, head, &mut budget) {
                    Some(at) => position = at,
                    // Nobody knows what is there: the reader is told.
                    None if budget.is_spent() => return position,
                    None => return head,
                },
            }
        }
        head
    }
}
