//! The framer of the mode, chosen by the first bytes.

use super::detect::{detect, Detected};
use super::events::{Events, Origin};
use super::found::Found;
use super::lines::Lines;
use super::sequence::Sequence;
use super::values::Values;
use super::whole::Whole;
use super::window::Window;
use super::{Mode, Options};

/// Finds records in the window.
#[derive(Debug)]
pub(super) struct Framer {
    kind: Kind,
    /// The joined text was given and is not needed any more.
    joined_lent: bool,
}

#[derive(Debug)]
enum Kind {
    Undecided,
    Lines(Lines),
    Whole(Whole),
    Sequence(Sequence),
    Values(Values),
    Events(Events),
}

impl Framer {
    pub(super) fn new() -> Framer {
        Framer {
            kind: Kind::Undecided,
            joined_lent: false,
        }
    }

    pub(super) fn mode(&self) -> Option<Mode> {
        match &self.kind {
            Kind::Undecided => None,
            Kind::Lines(_) => Some(Mode::JsonLines),
            Kind::Whole(_) => Some(Mode::Json),
            Kind::Sequence(_) => Some(Mode::Sequence),
            Kind::Values(_) => Some(Mode::Values),
            Kind::Events(_) => Some(Mode::Events),
        }
    }

    #[inline]
    pub(super) fn find(&mut self, window: &mut Window, options: &Options, longest: usize) -> Found {
        loop {
            match &mut self.kind {
                Kind::Lines(lines) => return lines.find(window, longest),
                Kind::Values(values) => match values.find(window, longest) {
                    Found::Sequence => self.kind = Kind::Sequence(Sequence::new()),
                    found => return found,
                },
                Kind::Sequence(sequence) => return sequence.find(window, longest),
                Kind::Events(events) => return events.find(window, longest),
                Kind::Whole(whole) => return whole.find(window, longest),
                Kind::Undecided => {
                    let mode = match detect(window, options.mode) {
                        Detected::Mode(mode) => mode,
                        Detected::NotYet => return Found::More,
                    };
                    self.kind = match mode {
                        Mode::JsonLines => Kind::Lines(Lines::default()),
                        Mode::Json => Kind::Whole(Whole::default()),
                        Mode::Sequence => Kind::Sequence(Sequence::new()),
                        Mode::Events => Kind::Events(Events::default()),
                        Mode::Values | Mode::Auto => {
                            Kind::Values(Values::new(options.mode == Mode::Auto))
                        }
                    };
                }
            }
        }
    }

    /// The text joined from several places.
    pub(super) fn joined(&self) -> &[u8] {
        match &self.kind {
            Kind::Events(events) => events.data(),
            _ => &[],
        }
    }

    /// Where that text starts.
    pub(super) fn origin(&self) -> Option<Origin> {
        match &self.kind {
            Kind::Events(events) => Some(events.origin()),
            _ => None,
        }
    }

    /// What there is of a joined text that is too large.
    pub(super) fn joined_so_far(&self, rest: &[u8]) -> Option<Vec<u8>> {
        match &self.kind {
            Kind::Events(events) => Some(events.shown(rest)),
            _ => None,
        }
    }

    /// The joined text is given out, until [`Framer::settle_joined`].
    pub(super) fn lend_joined(&mut self) {
        self.joined_lent = true;
    }

    /// The joined text, if it was given out, is done with.
    #[inline]
    pub(super) fn settle_joined(&mut self) {
        if std::mem::take(&mut self.joined_lent) {
            self.accept();
        }
    }

    /// The text found last is no value, though it looked like one: where it ends is to be found out.
    pub(super) fn look_closer(&mut self, window: &Window, end: usize) {
        // A sequence follows the structure of every text that it has offered once.
        if let Kind::Values(values) = &mut self.kind {
            values.look_closer(window, end);
        }
    }

    /// The record found last is dealt with.
    #[inline]
    pub(super) fn accept(&mut self) {
        match &mut self.kind {
            Kind::Lines(lines) => lines.accept(),
            Kind::Values(values) => values.accept(),
            Kind::Sequence(sequence) => sequence.accept(),
            Kind::Events(events) => events.accept(),
            Kind::Whole(_) | Kind::Undecided => {}
        }
    }

    /// The record that was dealt with last was a bad one.
    pub(super) fn refuse(&mut self) {
        // One fault for each separator, whatever else stands behind the bad text.
        if let Kind::Sequence(sequence) = &mut self.kind {
            sequence.drop_record();
        }
    }

    /// The broken record found last is dealt with.
    pub(super) fn drop_broken(&mut self, window: &mut Window) {
        match &mut self.kind {
            Kind::Values(values) => values.drop_broken(window),
            Kind::Sequence(sequence) => sequence.drop_record(),
            // The others find records only, whatever is in them.
            Kind::Lines(_) | Kind::Events(_) | Kind::Whole(_) | Kind::Undecided => {}
        }
    }

    /// The record found last, which is too large, is dealt with.
    pub(super) fn drop_oversize(&mut self, window: &mut Window) {
        match &mut self.kind {
            Kind::Lines(lines) => lines.drop_oversize(),
            Kind::Values(values) => values.drop_oversize(window),
            Kind::Sequence(sequence) => sequence.drop_record(),
            Kind::Events(events) => events.drop_oversize(),
            Kind::Whole(whole) => whole.drop_oversize(),
            Kind::Undecided => {}
        }
    }
}
