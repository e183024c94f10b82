//! What a framer finds in the window.

use std::ops::Range;

/// The text of a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Its place in the window; without white space around it.
    pub(super) text: Range<usize>,
    /// How much of the window it uses up.
    pub(super) taken: usize,
    /// Whether lines may end in what is taken.
    pub(super) lines: bool,
    /// Whether the framer knows where the record ends. If not, that is so only if the text is a value.
    pub(super) certain: bool,
}

/// Why a text is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    /// It is not JSON; the parser says why.
    NotJson,
    /// In a sequence: a number or word with no line end behind it, which may be cut short.
    MaybeCut,
    /// In a sequence: text with no record separator before it.
    NoSeparator,
}

/// What a framer finds at the start of the window.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing yet: more input is needed, or none is left.
    More,
    /// A record.
    Record(Record),
    /// A record whose text the framer has joined from several places; nothing more of the window is its.
    Joined,
    /// No record: what the first bytes of the window hold instead; they show what is wrong with it.
    Broken(usize, Break),
    /// A record larger than the largest that is wanted.
    Oversize,
    /// A record separator where values were read: the input is a sequence.
    Sequence,
}

/// The text without white space at its end. What else ASCII calls white space is none in JSON.
#[inline]
pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    let mut text = text;
    while let [rest @ .., b' ' | b'\n' | b'\t' | b'\r'] = text {
        text = rest;
    }
    text
}

/// Bytes of a bad record that are kept to show it.
pub(super) const SNIPPET: usize = 200;

/// How much of the text shows a fault at `at`: up to the end of its line, and no more than it takes. Not yet known
/// when that has not come.
pub(super) fn excerpt(text: &[u8], at: usize, ended: bool) -> Option<usize> {
    // What is said about a bad record must not depend on how much came with it. A character has four bytes.
    let most = (at + 4).max(SNIPPET + 4);
    let shown = &text[at.min(text.len())..most.min(text.len())];
    match memchr::memchr(b'\n', shown) {
        Some(end) => Some(at + end),
        None if text.len() >= most => Some(most),
        None => ended.then_some(text.len()),
    }
}
