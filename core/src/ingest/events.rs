//! Event streams (server-sent events, `text/event-stream`): the data of an event is a record.

use super::found::Found;
use super::window::Window;
use memchr::memchr2;

/// The field whose values are an event's data.
const NAME: &[u8] = b"data";

/// Where an event's data starts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Origin {
    pub(super) offset: u64,
    pub(super) line: u64,
    pub(super) column: u64,
}

/// Joins the `data` lines of each event. Its other fields and comments are no part of a record, and an event
/// without data, or with nothing but blanks for it, is none.
#[derive(Debug, Default)]
pub(super) struct Events {
    data: Vec<u8>,
    has_data: bool,
    /// Whether the event is complete: its data is waiting to be taken.
    ready: bool,
    origin: Origin,
    /// Up to here the line is known to have no end.
    searched: usize,
    /// The line ended with a carriage return, and a line feed behind it belongs to it.
    after_return: bool,
    /// The line's beginning is gone: it is of no use.
    in_dropped_line: bool,
    /// The event is of no use.
    dropping: bool,
}

impl Events {
    /// The data of the event that was found.
    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    /// Where that data starts.
    pub(super) fn origin(&self) -> Origin {
        self.origin
    }

    pub(super) fn find(&mut self, window: &mut Window, longest: usize) -> Found {
        while !self.ready {
            if self.after_return && window.rest().first() == Some(&b'\n') {
                window.skip_uncounted(1);
                self.after_return = false;
            }
            let rest = window.rest();
            if rest.is_empty() {
                // The end of the input ends the event, too.
                self.ready = window.ended && self.end_event();
                match self.ready {
                    true => break,
                    false => return Found::More,
                }
            }
            self.after_return = false;
            let end = memchr2(b'\n', b'\r', &rest[self.searched..]).map(|end| self.searched + end);
            let line = &rest[..end.unwrap_or(rest.len())];
            let complete = end.is_some() || window.ended;
            let blank = line.is_empty() && !self.in_dropped_line;
            if self.is_useless(line, complete) {
                self.in_dropped_line = true;
            } else if let Some(value) = data_value(line) {
                // A line that is `data` so far may yet become one with another name.
                let is_data = complete || line != NAME;
                if is_data && self.data.len() + usize::from(self.has_data) + value.len() > longest {
                    self.start_data(window, line.len() - value.len());
                    return Found::Oversize;
                }
            }
            if !complete {
                self.searched = line.len();
                if self.in_dropped_line {
                    window.skip(self.searched);
                    self.searched = 0;
                }
                return Found::More;
            }
            self.end_line(window, end);
            if blank {
                self.ready = self.end_event();
            }
        }
        Found::Joined
    }

    /// Whether a line, or what is there of it, cannot become data.
    fn is_useless(&self, line: &[u8], complete: bool) -> bool {
        let may_be_data = match line.get(..NAME.len() + 1) {
            Some(start) => start == b"data:",
            None => NAME.starts_with(line) && (!complete || line == NAME),
        };
        self.in_dropped_line || self.dropping || !may_be_data
    }

    /// Takes the line that ends at `end` (or with the input) and leaves it behind.
    fn end_line(&mut self, window: &mut Window, end: Option<usize>) {
        let rest = window.rest();
        let line = &rest[..end.unwrap_or(rest.len())];
        self.after_return = end.is_some_and(|end| rest[end] == b'\r');
        if !self.in_dropped_line {
            if let Some(value) = data_value(line) {
                let skipped = line.len() - value.len();
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
                self.start_data(window, skipped);
            }
        }
        self.in_dropped_line = false;
        self.searched = 0;
        match end {
            Some(end) => window.skip_line(end + 1),
            None => window.skip(rest.len()),
        }
    }

    /// Notes where the event's data starts: `skipped` bytes into the line at the start of the window.
    fn start_data(&mut self, window: &Window, skipped: usize) {
        if !self.has_data {
            self.has_data = true;
            self.origin = Origin {
                offset: window.offset + skipped as u64,
                line: window.line,
                column: window.column() + skipped as u64,
            };
        }
    }

    /// An event ends; true when it is a record.
    fn end_event(&mut self) -> bool {
        self.dropping = false;
        let is_record = self.has_data && !self.data.trim_ascii().is_empty();
        if !is_record {
            self.accept();
        }
        is_record
    }

    /// The event found last is dealt with.
    pub(super) fn accept(&mut self) {
        self.ready = false;
        self.has_data = false;
        self.data.clear();
        if self.data.capacity() > 1 << 20 {
            self.data = Vec::new();
        }
    }

    /// The event found last is not wanted: drops the rest of it.
    pub(super) fn drop_oversize(&mut self) {
        self.accept();
        self.dropping = true;
        self.in_dropped_line = true;
    }

    /// What the event's data holds so far, to show it.
    pub(super) fn shown(&self, rest: &[u8]) -> Vec<u8> {
        let mut shown = self.data.clone();
        if let Some(value) = data_value(rest) {
            if !shown.is_empty() {
                shown.push(b'\n');
            }
            shown.extend_from_slice(value);
        }
        shown
    }
}

/// The value of a `data` line; one blank behind the colon does not count.
fn data_value(line: &[u8]) -> Option<&[u8]> {
    let value = match line.strip_prefix(b"data:") {
        Some(value) => value,
        None if line == NAME => b"",
        None => return None,
    };
    Some(value.strip_prefix(b" ").unwrap_or(value))
}
