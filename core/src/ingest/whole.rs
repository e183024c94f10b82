//! The whole input as one record.

use super::found::{trimmed, Found, Record};
use super::window::Window;

/// Waits for the end of the input.
#[derive(Debug, Default)]
pub(super) struct Whole {
    dropping: bool,
}

impl Whole {
    pub(super) fn find(&mut self, window: &mut Window, longest: usize) -> Found {
        if self.dropping {
            window.skip(window.rest().len());
            return Found::More;
        }
        if window.skip_blanks().is_none() {
            return Found::More;
        }
        let rest = window.rest();
        if rest.len() > longest {
            return Found::Oversize;
        }
        if !window.ended {
            return Found::More;
        }
        Found::Record(Record {
            text: 0..trimmed(rest).len(),
            taken: rest.len(),
            lines: true,
            certain: true,
        })
    }

    pub(super) fn drop_oversize(&mut self) {
        self.dropping = true;
    }
}
