//! JSON text sequences (RFC 7464): each record between a record separator and a line end.

use super::found::{excerpt, trimmed, Break, Found, Record};
use super::structure::{Scan, Structure, SEPARATOR};
use super::window::Window;
use memchr::{memchr, memchr2};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the first separator, or behind a record.
    Outside,
    /// Behind a separator.
    Inside,
    /// In what is dropped up to the next separator.
    Dropping,
}

/// Finds records. One is there with its line end, not only when the next begins; without a line end it counts if its
/// brackets or quotes show that nothing is missing.
#[derive(Debug)]
pub(super) struct Sequence {
    place: Place,
    structure: Structure,
    following: bool,
}

impl Sequence {
    pub(super) fn new() -> Sequence {
        Sequence {
            place: Place::Outside,
            structure: Structure::new(),
            following: false,
        }
    }

    pub(super) fn find(&mut self, window: &mut Window, longest: usize) -> Found {
        loop {
            if self.place == Place::Dropping {
                let rest = window.rest();
                let separator = memchr(SEPARATOR, rest);
                window.skip_lines(separator.unwrap_or(rest.len()));
                if separator.is_none() {
                    return Found::More;
                }
                self.place = Place::Outside;
            }
            if !self.following {
                match window.skip_blanks() {
                    None => return Found::More,
                    Some(SEPARATOR) => {
                        window.skip(1);
                        self.place = Place::Inside;
                        continue;
                    }
                    Some(_) if self.place == Place::Outside => return self.outside(window),
                    Some(_) => {}
                }
                self.structure.start();
                self.following = true;
                if let Some(found) = line(window.rest(), longest) {
                    return found;
                }
            }
            return self.follow(window, longest);
        }
    }

    /// Text that no separator announced.
    fn outside(&self, window: &Window) -> Found {
        let rest = window.rest();
        let text = &rest[..memchr(SEPARATOR, rest).unwrap_or(rest.len())];
        match excerpt(text, 0, window.ended || text.len() < rest.len()) {
            Some(end) => Found::Broken(end, Break::NoSeparator),
            None => Found::More,
        }
    }

    fn follow(&mut self, window: &Window, longest: usize) -> Found {
        let rest = window.rest();
        let broken = |at: usize| {
            let behind = &rest[at.min(rest.len())..];
            let cut = memchr(SEPARATOR, behind).map_or(rest.len(), |distance| at + distance);
            match excerpt(&rest[..cut], at, window.ended || cut < rest.len()) {
                Some(end) => Found::Broken(end, Break::NotJson),
                None => Found::More,
            }
        };
        let end = match self.structure.scan(rest, window.ended) {
            Scan::Complete(end) => end,
            Scan::Fault(at) if at > longest => return Found::Oversize,
            // Cut short by the next record.
            Scan::Fault(at) => return broken(at),
            Scan::More if rest.len() > longest => return Found::Oversize,
            Scan::More if window.ended => return Found::Broken(rest.len(), Break::NotJson),
            Scan::More => return Found::More,
        };
        let behind = rest[end..]
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r'))
            .map(|distance| end + distance);
        if behind.unwrap_or(rest.len()) > longest {
            return Found::Oversize;
        }
        match behind.map(|at| rest[at]) {
            None if !window.ended => Found::More,
            // A number may go on where the text was cut; what has a closing bracket or quote is whole.
            None | Some(SEPARATOR) if self.structure.is_scalar() => {
                Found::Broken(end, Break::MaybeCut)
            }
            None | Some(SEPARATOR | b'\n') => Found::Record(Record {
                text: 0..end,
                taken: end,
                lines: true,
                certain: true,
            }),
            Some(_) => broken(behind.unwrap_or(end)),
        }
    }

    /// The record found last is dealt with.
    pub(super) fn accept(&mut self) {
        self.following = false;
        self.place = Place::Outside;
    }

    /// What was found last is dropped.
    pub(super) fn drop_record(&mut self) {
        self.following = false;
        self.place = Place::Dropping;
    }
}

/// The rest of the line, which is the record if it is a value.
fn line(rest: &[u8], longest: usize) -> Option<Found> {
    let end =
        memchr2(b'\n', SEPARATOR, rest).filter(|&end| rest[end] == b'\n' && end <= longest)?;
    Some(Found::Record(Record {
        text: 0..trimmed(&rest[..end]).len(),
        taken: end,
        lines: false,
        certain: false,
    }))
}
