//! A line on a terminal that tells how far a long command has come; it changes in place and goes away.

use super::stderr::Stderr;
use std::time::{Duration, Instant};

/// Shorter commands show nothing.
const PATIENCE: Duration = Duration::from_millis(300);
/// Between two looks of the line.
const PAUSE: Duration = Duration::from_millis(100);
/// Removes the line that is shown.
const ERASE: &str = "\r\x1b[K";

/// The line, if there is one.
#[derive(Debug)]
pub(crate) struct StatusLine {
    wanted: bool,
    next: Instant,
    shown: bool,
}

impl StatusLine {
    /// Nothing is shown yet. Of what will surely take its time, `at_once`, it is shown from the beginning.
    pub(crate) fn new(err: &Stderr, at_once: bool) -> StatusLine {
        let patience = if at_once { Duration::ZERO } else { PATIENCE };
        StatusLine {
            wanted: err.is_terminal(),
            next: Instant::now() + patience,
            shown: false,
        }
    }

    /// Shows the line anew when it is time to.
    pub(crate) fn tick(&mut self, err: &Stderr, text: impl FnOnce() -> String) {
        let now = Instant::now();
        if !self.wanted || now < self.next {
            return;
        }
        self.next = now + PAUSE;
        self.shown = true;
        err.print(format!("{ERASE}{}", text()).as_bytes());
    }

    /// Takes the line away, because something else is printed or the command ends.
    pub(crate) fn hide(&mut self, err: &Stderr) {
        if std::mem::take(&mut self.shown) {
            err.print(ERASE.as_bytes());
        }
    }
}
