//! Values one after another, with anything or nothing between them: JSON Lines, pretty-printed values, `jq` streams.

use super::found::{excerpt, trimmed, Break, Found, Record};
use super::recovery::Recovery;
use super::structure::{Scan, Structure, SEPARATOR};
use super::window::Window;
use memchr::memchr;

/// Finds the end of each value the moment it is there.
///
/// Most streams have a value a line. So a whole line is first taken for one, which costs no look at its inside
/// but the parser's; only when it is none, its structure is followed.
#[derive(Debug)]
pub(super) struct Values {
    structure: Structure,
    /// Whether the structure of the value at the start of the window is being followed.
    following: bool,
    /// Values that start before this place of the input are followed at once.
    follow_until: u64,
    recovery: Option<Recovery>,
    /// A record separator between values makes the input a sequence.
    separators: bool,
}

impl Values {
    pub(super) fn new(separators: bool) -> Values {
        Values {
            structure: Structure::new(),
            following: false,
            follow_until: 0,
            recovery: None,
            separators,
        }
    }

    #[inline]
    pub(super) fn find(&mut self, window: &mut Window, longest: usize) -> Found {
        if self.recovery.is_some() && !self.recovered(window) {
            return Found::More;
        }
        if !self.following {
            match window.skip_blanks() {
                None => return Found::More,
                Some(SEPARATOR) if self.separators => return Found::Sequence,
                Some(first) => {
                    if window.offset >= self.follow_until {
                        if let Some(found) = self.guess(first, window, longest) {
                            return found;
                        }
                    }
                }
            }
            self.structure.start();
            self.following = true;
        }
        self.follow(window, longest)
    }

    /// The rest of the line, if it looks like a value.
    #[inline]
    fn guess(&mut self, first: u8, window: &Window, longest: usize) -> Option<Found> {
        let rest = window.rest();
        let end = match memchr(b'\n', rest) {
            Some(end) => end,
            None => {
                // All of it would be looked through again for each value in it.
                self.follow_until = window.offset + rest.len() as u64;
                match window.ended {
                    true => rest.len(),
                    false => return None,
                }
            }
        };
        let text = trimmed(&rest[..end]);
        let last = text.last()?;
        let closes = match first {
            b'{' => *last == b'}',
            b'[' => *last == b']',
            b'"' => *last == b'"',
            _ => true,
        };
        if !closes || text.len() > longest {
            self.follow_until = window.offset + end as u64;
            return None;
        }
        // The line end is left: it is a blank in front of the next record.
        Some(Found::Record(Record {
            text: 0..text.len(),
            taken: text.len(),
            lines: false,
            certain: false,
        }))
    }

    fn follow(&mut self, window: &Window, longest: usize) -> Found {
        let rest = window.rest();
        match self.structure.scan(rest, window.ended) {
            Scan::Complete(end) if end <= longest => Found::Record(Record {
                text: 0..end,
                taken: end,
                lines: true,
                certain: true,
            }),
            Scan::Fault(at) if at <= longest => match excerpt(rest, at, window.ended) {
                Some(end) => Found::Broken(end, Break::NotJson),
                None => Found::More,
            },
            Scan::More if rest.len() <= longest => match window.ended {
                true => Found::Broken(rest.len(), Break::NotJson),
                false => Found::More,
            },
            _ => Found::Oversize,
        }
    }

    /// The text found last is no value by itself.
    pub(super) fn look_closer(&mut self, window: &Window, end: usize) {
        self.follow_until = window.offset + end as u64;
    }

    /// The record found last is dealt with.
    #[inline]
    pub(super) fn accept(&mut self) {
        self.following = false;
    }

    /// The broken value found last is dealt with.
    pub(super) fn drop_broken(&mut self, window: &mut Window) {
        let rest = window.rest();
        let at = match self.structure.scan(rest, window.ended) {
            Scan::Fault(at) => at,
            // Cut short by the end of the input.
            _ => rest.len(),
        };
        self.recovery = Some(Recovery::after_fault(
            &self.structure,
            rest,
            at,
            self.separators,
        ));
        self.following = false;
        window.skip_lines(at);
    }

    /// The record found last is not wanted.
    pub(super) fn drop_oversize(&mut self, window: &mut Window) {
        let rest = window.rest();
        let at = self.structure.at();
        self.recovery = Some(Recovery::of_oversize(
            &self.structure,
            rest,
            self.separators,
        ));
        self.following = false;
        window.skip_lines(at);
    }

    /// Leaves behind what belongs to a dropped value; false when more of it may come.
    fn recovered(&mut self, window: &mut Window) -> bool {
        let Some(recovery) = &mut self.recovery else {
            return true;
        };
        let (count, done) = recovery.scan(window.rest());
        window.skip_lines(count);
        if done {
            self.recovery = None;
        }
        done
    }
}
