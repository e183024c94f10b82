//! A reader's step towards older messages.

use crate::error::Result;
use crate::format::frame::Size;
use crate::ring::window::Framed;
use crate::store::cursor::{Cursor, Step};

impl Cursor {
    /// One step towards older messages.
    pub(super) fn step_back(&mut self) -> Result<Step> {
        loop {
            let ring = self.pool.pool.shared().ring();
            let tail = ring.tail();
            if self.at <= tail {
                break;
            }
            let end = self.at;
            // Further back than one ring: the control words changed as no writer changes them.
            let size = ring.size_before(end, tail);
            let Some(size) = size.filter(|_| end - tail <= ring.size()) else {
                let last_word = end.saturating_sub(8);
                if !ring.retained(last_word) {
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
                break;
            }
            self.pool.pool.check_truncated()?;
            self.header_at = start;
            let framed = self
                .window
                .frame(start, ring.room(start), ring.seed, &mut self.header);
            if framed != Framed::Message {
                return Err(self.pool.damaged(start, None));
            }
            if self.end_seq.is_some_and(|end| self.header.seq < end) {
                break;
            }
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
}
