//! Input of any common form, cut into records of JSON text.
//!
//! Bytes are pushed in pieces of any size; a record comes out the moment its last byte is there, so that
//! nothing waits for a slow producer's next record. What comes out does not depend on the pieces. Memory is
//! that of the largest record.
//!
//! A record is checked once, by whoever takes it: [`Ingest::next_with`] hands its text to a function that
//! parses it and says what it thinks of it. What is no record is a [`Fault`], and reading goes on behind it:
//!
//! - [`Mode::JsonLines`]: with the next line. [`Mode::Sequence`]: with the next record separator.
//!   [`Mode::Events`]: with the next event.
//! - [`Mode::Values`]: with the line behind the one that closes the broken value's brackets, or with a line that
//!   starts with a bracket where no value can follow. No part of a broken value becomes a record.

mod detect;
mod events;
mod fault;
mod found;
mod framer;
mod lines;
mod recovery;
mod sequence;
mod structure;
mod values;
mod whole;
mod window;

pub use fault::{Fault, FaultKind, Place, Verdict};

use crate::error::Result;
use crate::json::validate;
use found::Found;
use framer::Framer;
use std::ops::Range;
use window::Window;

/// What the input looks like. The numbers are the C ABI's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Mode {
    /// Decided by the first bytes: a record separator begins a sequence, a line that starts as an event
    /// stream's does (`data:`, `event:`, `id:`, `retry:` or `:`) begins events, everything else is values.
    /// A record separator between values makes them a sequence from there.
    #[default]
    Auto = 0,
    /// A record is a line.
    JsonLines = 1,
    /// The whole input is one record.
    Json = 2,
    /// Record separators before records, line ends behind them: RFC 7464.
    Sequence = 3,
    /// Values one after another, with white space or nothing between them, over any number of lines.
    Values = 4,
    /// Server-sent events: a record is the data of an event.
    Events = 5,
}

impl Mode {
    /// The mode with this number, if there is one.
    pub fn from_number(number: u32) -> Option<Mode> {
        use Mode::*;
        [Auto, JsonLines, Json, Sequence, Values, Events]
            .into_iter()
            .find(|mode| *mode as u32 == number)
    }
}

/// What a fault does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnFault {
    /// It ends the reading.
    #[default]
    Stop,
    /// Reading goes on behind it.
    Skip,
}

/// How to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// What the input looks like.
    pub mode: Mode,
    /// What a fault does.
    pub on_fault: OnFault,
    /// The largest record, in bytes of text; `None` for
    /// [`DEFAULT_LONGEST_RECORD`](crate::limits::DEFAULT_LONGEST_RECORD).
    pub longest: Option<usize>,
    /// For appends: a record that is a complete message stands for its data and tags.
    pub copy: bool,
}

/// How many records there were so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Good ones.
    pub records: u64,
    /// Bad ones.
    pub faults: u64,
}

/// What comes next.
#[derive(Debug)]
pub enum Step<T> {
    /// More input is needed, or its end.
    More,
    /// A record, and what was made of it.
    Record(Place, T),
    /// A bad record.
    Fault(Fault),
    /// The end of the input, or of the reading after a fault. Stays so.
    End,
}

/// A reader of records; see the module.
#[derive(Debug)]
pub struct Ingest {
    window: Window,
    framer: Framer,
    options: Options,
    longest: usize,
    counts: Counts,
    stopped: bool,
    /// What the record given last used up, kept until it is done with.
    lent: Option<Lent>,
}

/// A record that is lent and still in the window.
#[derive(Debug)]
struct Lent {
    text: Range<usize>,
    taken: usize,
    lines: bool,
}

impl Ingest {
    /// A reader of an input that has yet to come.
    pub fn new(options: Options) -> Ingest {
        Ingest {
            window: Window::new(),
            framer: Framer::new(),
            longest: options
                .longest
                .unwrap_or(crate::limits::DEFAULT_LONGEST_RECORD),
            options,
            counts: Counts::default(),
            stopped: false,
            lent: None,
        }
    }

    /// Takes more input. Ask for all records in it before pushing more, or it is kept.
    pub fn push(&mut self, input: &[u8]) {
        self.settle();
        if !self.window.ended && !self.stopped {
            self.window.push(input);
        }
    }

    /// Tells that nothing more comes.
    pub fn finish(&mut self) {
        self.window.ended = true;
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The mode, once it is known: never [`Mode::Auto`].
    pub fn mode(&self) -> Option<Mode> {
        self.framer.mode()
    }

    /// How many records there were.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The next record, checked. Its text is [`Ingest::text`].
    pub fn next_checked(&mut self) -> Step<()> {
        let step = self.next_with(|text| validate(text).map_err(Verdict::NotJson));
        step.unwrap_or(Step::End) // a check ends nothing
    }

    /// The text of the record that was given last, until the next call.
    pub fn text(&self) -> &[u8] {
        match &self.lent {
            Some(lent) => &self.window.rest()[lent.text.clone()],
            None => self.framer.joined(),
        }
    }

    /// The next record, whose text `take` gets and judges. It may be asked about a text more than once, but takes
    /// at most one of each record's.
    ///
    /// # Errors
    /// What `take` ends the reading with ([`Verdict::Abort`]); the next call asks it about the same record.
    #[inline]
    pub fn next_with<T>(
        &mut self,
        mut take: impl FnMut(&[u8]) -> std::result::Result<T, Verdict>,
    ) -> Result<Step<T>> {
        self.settle();
        loop {
            if self.stopped {
                return Ok(Step::End);
            }
            let (text, certain, lent) =
                match self
                    .framer
                    .find(&mut self.window, &self.options, self.longest)
                {
                    Found::Record(record) => (
                        &self.window.rest()[record.text.clone()],
                        record.certain,
                        Some(Lent {
                            text: record.text,
                            taken: record.taken,
                            lines: record.lines,
                        }),
                    ),
                    Found::Joined => (self.framer.joined(), true, None),
                    Found::More => {
                        return Ok(match self.window.ended {
                            true => Step::End,
                            false => Step::More,
                        })
                    }
                    other => return Ok(Step::Fault(self.broken(&other))),
                };
            let verdict = match take(text) {
                Ok(value) => {
                    self.counts.records += 1;
                    let place = self.place(lent.is_none());
                    self.lend(lent);
                    return Ok(Step::Record(place, value));
                }
                Err(verdict) => verdict,
            };
            match (verdict, &lent) {
                (Verdict::Abort(error), _) => {
                    if error.maybe_written() {
                        // Taken all the same, or the next call would take it twice.
                        self.counts.records += 1;
                        self.leave(lent);
                    }
                    return Err(error);
                }
                (Verdict::NotJson(_), Some(lent)) if !certain => {
                    self.framer.look_closer(&self.window, lent.text.end);
                }
                (verdict, _) => return Ok(Step::Fault(self.refused(verdict, lent))),
            }
        }
    }

    /// Keeps the record until the next call.
    #[inline]
    fn lend(&mut self, lent: Option<Lent>) {
        if lent.is_none() {
            self.framer.lend_joined();
        }
        self.lent = lent;
    }

    /// Leaves the record behind.
    fn leave(&mut self, lent: Option<Lent>) {
        self.lend(lent);
        self.settle();
    }

    /// Leaves the record behind that was lent.
    #[inline]
    fn settle(&mut self) {
        if let Some(lent) = self.lent.take() {
            match lent.lines {
                true => self.window.skip_lines(lent.taken),
                false => self.window.skip(lent.taken),
            }
            self.framer.accept();
        } else {
            self.framer.settle_joined();
        }
    }
}
