//! JSON Lines: a record is a line.

use super::found::{trimmed, Found, Record};
use super::window::Window;
use memchr::memchr;

/// Cuts lines. Blank ones are no records, and blanks around a value do not belong to it.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Up to here the line is known to have no end.
    searched: usize,
    /// The rest of the line is dropped.
    dropping: bool,
}

impl Lines {
    #[inline]
    pub(super) fn find(&mut self, window: &mut Window, longest: usize) -> Found {
        if self.dropping {
            let rest = window.rest();
            match memchr(b'\n', rest) {
                Some(end) => window.skip_line(end + 1),
                None => {
                    window.skip(rest.len());
                    return Found::More;
                }
            }
            self.dropping = false;
        }
        if window.skip_blanks().is_none() {
            return Found::More;
        }
        let rest = window.rest();
        let end = match memchr(b'\n', &rest[self.searched..]) {
            Some(distance) => self.searched + distance,
            None if window.ended => rest.len(),
            None => {
                self.searched = rest.len();
                match rest.len() > longest {
                    true => return Found::Oversize,
                    false => return Found::More,
                }
            }
        };
        if end > longest {
            return Found::Oversize;
        }
        // The line end is left: it is a blank in front of the next record.
        Found::Record(Record {
            text: 0..trimmed(&rest[..end]).len(),
            taken: end,
            lines: false,
            certain: true,
        })
    }

    /// The record found last is dealt with.
    #[inline]
    pub(super) fn accept(&mut self) {
        self.searched = 0;
    }

    /// The record found last is not wanted.
    pub(super) fn drop_oversize(&mut self) {
        self.searched = 0;
        self.dropping = true;
    }
}
