//! Starting at the last N matching messages, where filters decide: that takes time, so the first step does it
//! in pieces, and not the opening.

use crate::error::ErrorKind;
use crate::store::cursor::{Cursor, Step};

/// Where the counting stands.
#[derive(Debug)]
pub(super) struct Rewind {
    back: Cursor,
    left: u64,
}

impl Cursor {
    /// Starts at the last so many matching messages of what is there now. With filters the first steps find
    /// the place, without them it is found at once.
    pub(super) fn go_to_last_matching(&mut self, count: u64) {
        let mut back = Cursor::new(self.pool.clone());
        back.backwards = true;
        back.want_same(self);
        back.at = self.ring().head();
        self.at = back.at;
        self.expect = self.seq_at(self.at);
        self.rewind = Some(Box::new(Rewind { back, left: count }));
        if self.filters.is_empty() {
            self.rewind();
        }
    }

    /// Goes on counting; false when there is more to do.
    pub(super) fn rewind(&mut self) -> bool {
        let Some(mut rewind) = self.rewind.take() else {
            return true;
        };
        while rewind.left > 0 {
            let back = &mut rewind.back;
            match back.step() {
                Ok(Step::Message) => rewind.left -= 1,
                Ok(Step::Pause) => {
                    self.rewind = Some(rewind);
                    return false;
                }
                // A message that a filter cannot judge: it does not count, and is told when it is passed again.
                Err(error) if error.kind() == ErrorKind::Usage => {}
                // The end, or damage: what lies before it cannot be reached backwards.
                Ok(_) | Err(_) => break,
            }
            self.at = back.header_at;
            self.expect = Some(back.header.seq);
            if back.is_tired() {
                self.rewind = Some(rewind);
                return false;
            }
        }
        true
    }
}
