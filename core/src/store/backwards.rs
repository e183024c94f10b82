//! A reader's step towards older messages.

use crate::error::Result;
use crate::format::frame::Size;
use crate::ring::window::Framed;
use crate::store::cursor::{Cursor, Step};

/// What comes next from places at or behind `from`, down to `until`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Below {
    from: u64,
    until: u64,
    /// The message's position and seq; `None` when there is none.
    message: Option<(u64, u64)>,
}

impl Cursor {
    /// One step towards older messages.
    pub(super) fn step_back(&mut self) -> Result<Step> {
        loop {
            let ring = self.pool.pool.shared().ring();
            let tail = ring.tail();
            if self.at <= tail {
                if self.is_elsewhere() {
                    continue;
                }
                break;
            }
            let end = self.at;
            // Further back than one ring: the control words changed as no writer changes them.
            let size = ring.size_before(end, tail);
            let Some(size) = size.filter(|_| end - tail <= ring.size()) else {
                let last_word = end.saturating_sub(8);
                let retained = ring.retained(last_word);
                if self.is_elsewhere() {
                    continue;
                }
                if !retained {
                    break;
                }
                self.done = true;
                return Err(self.pool.damaged(last_word, None));
            };
            let start = end - size.len();
            self.at = start;
            if let Size::Padding(_) = size {
                continue;
            }
            if !self.window.fill(ring, start, end, size.len()) {
                if let Err(error) = self.check_refused() {
                    // The next call tries again.
                    self.at = end;
                    return Err(error);
                }
                if self.is_elsewhere() {
                    continue;
                }
                break;
            }
            self.pool.pool.check_truncated()?;
            if !self.is_current() && self.is_elsewhere() {
                continue;
            }
            let ring = self.pool.pool.shared().ring();
            self.header_at = start;
            let framed = self
                .window
                .frame(start, ring.room(start), ring.seed, &mut self.header);
            if framed != Framed::Message {
                if self.is_elsewhere() {
                    continue;
                }
                return Err(self.pool.damaged(start, None));
            }
            let (seq, most) = (self.header.seq, self.expect.unwrap_or(u64::MAX));
            if seq > most && self.is_elsewhere() {
                continue;
            }
            if self.end_seq.is_some_and(|end| seq < end) {
                break;
            }
            self.expect = Some(most.min(seq.saturating_sub(1)));
            if self.header.time_ns < self.since || self.matches()? != Some(true) {
                if self.is_tired() {
                    return Ok(Step::Pause);
                }
                continue;
            }
            if let Some(left) = &mut self.left {
                *left -= 1;
            }
            return Ok(Step::Message);
        }
        self.done = true;
        Ok(Step::End)
    }

    /// Seq of the newest good message below the place; 0 when there is none. What is damaged before it is summed once,
    /// however often this is asked on the way there.
    pub(super) fn seq_below(&mut self) -> u64 {
        let ring = self.pool.pool.shared().ring();
        let at = self.at;
        let known = self
            .below
            .filter(|below| (below.until..=below.from).contains(&at));
        let below = known.unwrap_or_else(|| {
            let found = ring.good_before(at);
            Below {
                from: at,
                until: found.map_or(0, |(position, header)| position + header.len),
                message: found.map(|(position, header)| (position, header.seq)),
            }
        });
        // With it, all that is older was overwritten.
        let kept = below
            .message
            .filter(|(position, _)| ring.retained(*position));
        self.below = Some(below);
        kept.map_or(0, |(_, seq)| seq)
    }
}
