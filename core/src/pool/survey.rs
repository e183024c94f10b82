//! What a pool's ring really holds, found by looking at the frames: the base of recovery.
//!
//! After a power cut the control words and the ring's pages are from different moments. A frame
//! is believed by its checksum, which knows the position, so nothing older passes. The survey
//! starts at an anchor, goes back over good frames to find the tail and forward over good
//! consecutive frames to find the head, and cuts a batch that is not whole.

use crate::format::control::{Control, Recovery, BROKEN_OFF};
use crate::format::frame::{Header, Size};
use crate::limits;
use crate::ring::memory::Memory;
use crate::ring::position::{is_sound, nearest_lap};
use crate::ring::search::Budget;
use crate::ring::snapshot::Check;
use crate::ring::Ring;
use crate::sys::atomic::Ordering;
use crate::sys::log::{self, Level};

/// The retained part of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Position of the oldest message.
    pub tail: u64,
    /// Position after the newest message.
    pub head: u64,
    /// Seq of the next message.
    pub next_seq: u64,
    /// Time of the newest message, ns.
    pub last_time: u64,
}

/// A next-seq word this far ahead of the frames is damage, not a memory of lost messages.
pub(crate) const MAX_SEQ_JUMP: u64 = 1 << 40;

/// How many times the ring's size may be summed up in a search for runs, or for what was cut off. What writers wrote costs
/// less: a run is summed once forwards and once backwards, the one that goes round the ring's end is found in both its
/// parts, and each damaged frame is tried from the run before it, from the one behind it, and by itself: eight times at
/// most. Bytes made up for it would be summed from every place where they claim that a message begins.
pub(super) const SEARCH_LAPS: u64 = 16;

/// Looks at the whole ring. The caller holds the writer lock or knows that no writer lives.
/// `sorted` says that times do not fall in this pool.
pub fn survey<M: Memory>(ring: &Ring<M>, sorted: bool) -> Survey {
    let control = ring.memory.control();
    let hot = &control.hot;
    let synced = control.recovery.synced.load(Ordering::Acquire);
    let synced_seq = control.recovery.synced_seq.load(Ordering::Relaxed);
    let (tail, head) = (
        hot.tail.load(Ordering::Acquire),
        hot.head.load(Ordering::Acquire),
    );
    let plausible = |position: u64| is_sound(position, position, ring.size());
    let mut found = None;
    // Past the tail: a flush had gone on from older frames than any that were left. Its own are all
    // there from the tail on, since the tail moves only after the new `synced` is on the disk.
    // A recovery that was broken off had written `synced` before.
    let anchors = if tail <= synced || tail == BROKEN_OFF {
        [synced, head, tail]
    } else {
        [tail, head, synced]
    };
    // A run that was flushed reaches what was flushed. Its seqs need not: after messages were lost the next seq is further
    // on, and what is left of those messages must not be taken for the run.
    let reaches = |run: &Run| run.head >= synced || !plausible(synced);
    for anchor in anchors {
        if found.is_none() && plausible(anchor) {
            found = around(ring, anchor, sorted, &mut 0).filter(reaches);
        }
    }
    // The first message of a pool lies at 0; an anchor there proves nothing when it is not good.
    // Rather too little than nothing: a synced position that no frame reaches may be the damage itself.
    let found = found.or_else(|| search(ring, sorted));
    let word = hot.next_seq.load(Ordering::Relaxed);
    match found {
        Some(run) => {
            let jump = synced_seq.saturating_sub(run.newest);
            let next = run.newest + 1 + if jump < MAX_SEQ_JUMP { jump } else { 0 };
            let remembered = if word >= next && word - next < MAX_SEQ_JUMP {
                word
            } else {
                next
            };
            Survey {
                tail: run.tail,
                head: run.head,
                next_seq: remembered,
                last_time: run.last_time,
            }
        }
        None => {
            // Nothing is left. Positions go on where no frame can have been, on a new lap.
            let known = [synced, head]
                .into_iter()
                .filter(|position| plausible(*position))
                .max()
                .unwrap_or(0);
            let fresh = if is_blank(ring) {
                known
            } else {
                known.next_multiple_of(ring.size()) + ring.size()
            };
            let sane = if (1..=limits::SEQ_LIMIT).contains(&word) {
                word
            } else {
                1
            };
            let known_seq = if synced_seq < limits::SEQ_LIMIT {
                synced_seq
            } else {
                0
            };
            Survey {
                tail: fresh,
                head: fresh,
                next_seq: sane.max(known_seq + 1),
                last_time: hot.last_time.load(Ordering::Relaxed),
            }
        }
    }
}

/// Whether the ring was never written to.
fn is_blank<M: Memory>(ring: &Ring<M>) -> bool {
    ring.memory
        .ring()
        .iter()
        .all(|word| word.load(Ordering::Relaxed) == 0)
}

struct Run {
    tail: u64,
    head: u64,
    newest: u64,
    last_time: u64,
}

/// A good frame at this very position, whatever the control words say, that no recovery has cut off.
fn good<M: Memory>(ring: &Ring<M>, position: u64, cost: &mut u64) -> Option<Check> {
    let size = ring.size_at(position, position.checked_add(ring.size())?);
    *cost = cost.saturating_add(size.map_or(0, Size::len));
    match ring.verify(position, position.checked_add(ring.size())?) {
        Check::Damaged | Check::Overtaken => None,
        // Filling of which only the beginning came to the disk would bar the way back.
        Check::Padding(len) if ring.size_before(position + len, 0) != Some(Size::Padding(len)) => {
            None
        }
        Check::Good(header) if is_cut_off(ring.memory.control(), position, header.seq) => None,
        check => Some(check),
    }
}

/// Whether a message is one that the last recovery cut off; see [`Recovery::parted_from`].
pub(super) fn is_cut_off(control: &Control, position: u64, seq: u64) -> bool {
    let Recovery {
        synced,
        parted_from,
        parted_next,
        ..
    } = &control.recovery;
    let parted_next = parted_next.load(Ordering::Acquire);
    let kept = parted_from.load(Ordering::Acquire)..synced.load(Ordering::Acquire);
    seq < parted_next
        && !kept.contains(&position)
        // Else one of the words is damaged, and no reason to pass over anything.
        && parted_next <= control.hot.next_seq.load(Ordering::Relaxed)
}

/// The run of good frames that an anchor, a position between two frames, lies in.
fn around<M: Memory>(ring: &Ring<M>, anchor: u64, sorted: bool, cost: &mut u64) -> Option<Run> {
    let last = before(ring, anchor, 0, cost).map(|(_, header)| header);
    let forward = forward(ring, anchor, last, sorted, cost);
    let (mut head, mut newest) = forward.whole;
    let lowest = head.saturating_sub(ring.size());
    let mut tail = anchor;
    let mut next_seq = forward.first_seq;
    while let Some((at, header)) = before(ring, tail, lowest, cost) {
        if next_seq.is_some_and(|next| header.seq >= next) {
            break;
        }
        if newest.is_none() {
            // The anchor itself may lie within a batch: what is before it of that goes as well.
            if header.more() {
                head = at;
            } else {
                newest = Some(header);
            }
        }
        next_seq = Some(header.seq);
        tail = at;
    }
    let newest = newest?;
    Some(Run {
        tail,
        head,
        newest: newest.seq,
        last_time: newest.time_ns,
    })
}

struct Forward {
    /// End and header of the last frame that ends a whole batch; the start when there is none.
    whole: (u64, Option<Header>),
    first_seq: Option<u64>,
}

/// Messages that a writer had written when it died, and that others took for nothing, may still be on the disk behind newer
/// ones, in whose place the first of them stood: their times tell them apart.
fn forward<M: Memory>(
    ring: &Ring<M>,
    start: u64,
    before: Option<Header>,
    sorted: bool,
    cost: &mut u64,
) -> Forward {
    let mut at = start;
    let mut last = before;
    let follows = |header: &Header, last: &Header| {
        header.seq > last.seq && (!sorted || header.time_ns >= last.time_ns)
    };
    let mut result = Forward {
        whole: (start, None),
        first_seq: None,
    };
    // A lap is the most that can be there.
    while at - start < ring.size() {
        match good(ring, at, cost) {
            Some(Check::Padding(len)) => at += len,
            Some(Check::Good(header)) if last.is_none_or(|last| follows(&header, &last)) => {
                last = Some(header);
                result.first_seq = result.first_seq.or(Some(header.seq));
                at += header.len;
                if !header.more() {
                    result.whole = (at, Some(header));
                }
            }
            _ => break,
        }
    }
    result
}

/// The good message before a position, filling skipped.
fn before<M: Memory>(
    ring: &Ring<M>,
    position: u64,
    lowest: u64,
    cost: &mut u64,
) -> Option<(u64, Header)> {
    let mut end = position;
    loop {
        end -= ring.size_before(end, lowest)?.len();
        match good(ring, end, cost)? {
            Check::Good(header) => return Some((end, header)),
            Check::Padding(_) => {}
            Check::Damaged | Check::Overtaken => return None,
        }
    }
}

/// The run with the newest message, from any good frame in the ring; of those found until there was enough of summing up
/// what only looks like messages.
fn search<M: Memory>(ring: &Ring<M>, sorted: bool) -> Option<Run> {
    let mut best: Option<Run> = None;
    let mut offset = 0;
    let mut budget = Budget::new(SEARCH_LAPS, ring.size());
    let laps = laps_near(ring);
    while offset < ring.size() {
        let mut cost = 0;
        let found = header_by_lap(ring, offset, &laps, &mut cost)
            .and_then(|at| Some((at, around(ring, at, sorted, &mut cost)?)));
        if !budget.take(cost) {
            log::emit(Level::Warn, || {
                "a search for messages was given up: the pool is full of what only looks like them"
                    .to_string()
            });
            offset = ring.size();
        }
        match found {
            Some((at, run)) => {
                // On behind this run, or behind its part in this lap. It may end before the place: an unfinished batch.
                let lap_end = at - offset + ring.size();
                offset = match run.head {
                    head if head >= lap_end => ring.size(),
                    head => (offset + 8).max(offset + head.saturating_sub(at)),
                };
                if best.as_ref().is_none_or(|best| run.newest > best.newest) {
                    best = Some(run);
                }
            }
            None => offset += 8,
        }
    }
    best
}

/// Laps that the control words name, each once, and the first one: near one of them lies what is in the ring.
fn laps_near<M: Memory>(ring: &Ring<M>) -> Vec<u64> {
    let control = ring.memory.control();
    let words = [
        &control.hot.head,
        &control.hot.tail,
        &control.recovery.synced,
    ];
    let laps = words.map(|word| word.load(Ordering::Acquire) / ring.size());
    // Of the first 2^32 the header's own bits tell all.
    let mut high: Vec<u64> = laps.into_iter().filter(|lap| *lap >= 1 << 32).collect();
    high.dedup();
    high.push(0);
    high
}

/// The position of a good frame at a ring offset, by the lap in its header.
fn header_by_lap<M: Memory>(
    ring: &Ring<M>,
    offset: u64,
    laps: &[u64],
    cost: &mut u64,
) -> Option<u64> {
    let mut positions = laps.iter().filter_map(|near| {
        let (position, header) = claimed(ring, offset, *near)?;
        ring.is_closed(offset, header.len).then_some(position)
    });
    positions.find(|position| matches!(good(ring, *position, cost), Some(Check::Good(_))))
}

/// What the message frame at a ring offset says that it is: its position, by its lap, which is near that one, and its
/// header. Not checked.
pub(crate) fn claimed<M: Memory>(ring: &Ring<M>, offset: u64, near: u64) -> Option<(u64, Header)> {
    let header = ring.header_at(offset, ring.size())?;
    let position = nearest_lap(header.lap, near)
        .checked_mul(ring.size())?
        .checked_add(offset)?;
    Some((position, header))
}
