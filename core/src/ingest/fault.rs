//! Bad records: where they are, what is wrong with them, and what they look like.

use super::found::{Break, Found, SNIPPET};
use super::{Ingest, Lent, OnFault};
use crate::error::Error;
use crate::json::{in_input, validate};

/// Where a record is in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number from 1; bad records count.
    pub index: u64,
    /// The line on which it starts, from 1.
    pub line: u64,
    /// The byte at which it starts, from 0.
    pub offset: u64,
}

/// Why a record is a bad one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// It is not JSON, or beyond a limit of JSON values that can be kept.
    Parse,
    /// It is too large.
    Oversize,
}

impl FaultKind {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Parse => "Parse",
            FaultKind::Oversize => "Oversize",
        }
    }
}

/// A bad record.
#[derive(Debug)]
pub struct Fault {
    /// Where it is.
    pub place: Place,
    /// Why it is one.
    pub kind: FaultKind,
    /// What is wrong and where, in words; its offset is a byte of the whole input.
    pub error: Error,
    /// How it starts: up to 200 bytes, `...` at the end when it is cut. What is not UTF-8 is replaced.
    pub snippet: String,
}

/// What is thought of a record's text that is not taken.
#[derive(Debug)]
pub enum Verdict {
    /// It is not JSON, or no value of the right form; the error's offset is in the text.
    NotJson(Error),
    /// It is JSON, and too large.
    TooLarge(Error),
    /// Nothing against the record: the reading ends with this error.
    Abort(Error),
}

/// Where a text starts.
#[derive(Clone, Copy)]
struct Start {
    place: Place,
    column: u64,
}

impl Ingest {
    #[inline]
    pub(super) fn place(&self, joined: bool) -> Place {
        let index = self.counts.records + self.counts.faults;
        match joined.then(|| self.framer.origin()).flatten() {
            Some(origin) => Place {
                index,
                line: origin.line,
                offset: origin.offset,
            },
            None => Place {
                index,
                line: self.window.line,
                offset: self.window.offset,
            },
        }
    }

    /// Where the bad record that is about to be counted starts.
    fn start(&self, joined: bool) -> Start {
        let place = Place {
            index: self.counts.records + self.counts.faults + 1,
            ..self.place(joined)
        };
        let origin = joined.then(|| self.framer.origin()).flatten();
        Start {
            place,
            column: origin.map_or_else(|| self.window.column(), |origin| origin.column),
        }
    }

    /// A record that the framer found to be none.
    #[cold]
    pub(super) fn broken(&mut self, found: &Found) -> Fault {
        let fault = match *found {
            Found::Broken(end, what) => {
                let text = &self.window.rest()[..end];
                let start = self.start(false);
                let fault = match what {
                    Break::NotJson => not_json(start, text, validate(text).err()),
                    Break::MaybeCut => Fault::new(
                        start,
                        FaultKind::Parse,
                        text,
                        Error::usage(
                            "a number or word without a line end behind it may be cut short",
                        )
                        .with_hint("end each record of a sequence with a line feed"),
                    ),
                    Break::NoSeparator => Fault::new(
                        start,
                        FaultKind::Parse,
                        text,
                        Error::usage("expected a record separator (byte 0x1e) before the text")
                            .with_hint(
                            "begin each record of a sequence with one, or read the input as values",
                        ),
                    ),
                };
                self.framer.drop_broken(&mut self.window);
                fault
            }
            _ => {
                let rest = self.window.rest();
                let joined = self.framer.joined_so_far(rest);
                let text = joined.as_deref().unwrap_or(rest);
                // No more than what surely has come.
                let text = &text[..text.len().min(self.longest)];
                let mut fault = Fault::new(
                    self.start(joined.is_some()),
                    FaultKind::Oversize,
                    text,
                    Error::usage(format!("it is larger than {} bytes", self.longest))
                        .with_hint("split the record, or use a larger pool"),
                );
                fault.snippet = snippet(text, true);
                self.framer.drop_oversize(&mut self.window);
                fault
            }
        };
        self.count(fault)
    }

    /// A record that was not taken.
    #[cold]
    pub(super) fn refused(&mut self, verdict: Verdict, lent: Option<Lent>) -> Fault {
        let joined = lent.is_none();
        let text = match &lent {
            Some(lent) => &self.window.rest()[lent.text.clone()],
            None => self.framer.joined(),
        };
        let start = self.start(joined);
        let fault = match verdict {
            Verdict::NotJson(error) => not_json(start, text, Some(error)),
            Verdict::TooLarge(error) | Verdict::Abort(error) => {
                Fault::new(start, FaultKind::Oversize, text, error)
            }
        };
        self.leave(lent);
        self.framer.refuse();
        self.count(fault)
    }

    fn count(&mut self, fault: Fault) -> Fault {
        self.counts.faults += 1;
        self.stopped = self.options.on_fault == OnFault::Stop;
        fault
    }
}

impl Fault {
    fn new(start: Start, kind: FaultKind, text: &[u8], error: Error) -> Fault {
        let place = start.place;
        Fault {
            place,
            kind,
            error: error.within(&format!("record {} on line {}", place.index, place.line)),
            snippet: snippet(text, false),
        }
    }
}

/// A text that is not JSON, as the parser says.
fn not_json(start: Start, text: &[u8], error: Option<Error>) -> Fault {
    let Start { place, column } = start;
    let error = match error {
        Some(error) if error.offset().is_some() => {
            in_input(&error, text, place.line, column, place.offset)
        }
        Some(error) => error,
        // What follows no value is no JSON either.
        None => Error::usage("expected a JSON value"),
    };
    Fault {
        place,
        kind: FaultKind::Parse,
        error: error.within(&format!("record {}", place.index)),
        snippet: snippet(text, false),
    }
}

/// How the text starts, in UTF-8.
fn snippet(text: &[u8], cut: bool) -> String {
    let shown = String::from_utf8_lossy(&text[..text.len().min(SNIPPET + 4)]);
    if shown.len() <= SNIPPET && text.len() <= SNIPPET && !cut {
        return shown.into_owned();
    }
    let mut end = shown.len().min(SNIPPET - 3);
    while !shown.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", &shown[..end])
}
