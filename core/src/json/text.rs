//! Canonical text: compact, each key once, numbers and escapes as they are written out.

use super::encode::Stop;
use super::escape::write_string;
use super::parse::{parse, Sink, MAX_AROUND};
use super::write::{write_float, write_int, write_uint};
use crate::error::Error;
use crate::limits::MAX_DEPTH;
use crate::lite3::{Piece, Refusal};
use crate::room;

/// Room kept between uses, in bytes; a larger buffer is given back.
const KEEP: usize = 8 << 20;

/// A member of an open object: where it and its value start in the output.
#[derive(Clone, Copy)]
struct Member {
    start: usize,
    value: usize,
}

/// Writes the canonical text of what it is fed.
pub(super) struct TextSink {
    out: Vec<u8>,
    members: Vec<Member>,
    /// Of each open container: its first member, and where its content starts.
    open: Vec<(usize, usize)>,
}

impl TextSink {
    pub(super) fn new() -> TextSink {
        TextSink {
            out: Vec::new(),
            members: Vec::new(),
            open: Vec::new(),
        }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.out
    }

    /// Reads a whole JSON text; afterwards [`text`](Self::text) is its canonical form.
    pub(super) fn convert(&mut self, json: &[u8], scratch: &mut Vec<u8>) -> Result<(), Error> {
        if self.out.capacity() > KEEP {
            self.out = Vec::new();
            self.members = Vec::new();
            *scratch = Vec::new();
        }
        self.out.clear();
        self.members.clear();
        self.open.clear();
        match parse(json, scratch, self) {
            Ok(()) => Ok(()),
            Err(Stop::Fault(error)) => Err(error),
            Err(Stop::Refused(_)) => Err(Error::usage("the value is too large").with_too_large()),
        }
    }

    fn comma(&mut self) {
        if self
            .open
            .last()
            .is_some_and(|&(_, content)| content < self.out.len())
        {
            self.out.push(b',');
        }
    }

    /// Gives each key of the object that is ending its first place and its last value.
    fn settle_duplicates(&mut self, first: usize, content: usize) {
        let members = &self.members[first..];
        let key = |index: usize| &self.out[members[index].start..members[index].value];
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by(|&a, &b| key(a).cmp(key(b))); // stable: equal keys stay in their order
        let mut last: Vec<usize> = vec![usize::MAX; members.len()];
        let mut repeated = false;
        for group in order.chunk_by(|&a, &b| key(a) == key(b)) {
            last[group[0]] = group[group.len() - 1];
            repeated |= group.len() > 1;
        }
        if !repeated {
            return;
        }
        let end = |index: usize| {
            members
                .get(index + 1)
                .map_or(self.out.len(), |next| next.start - 1)
        };
        let mut settled = Vec::new();
        for (index, &winner) in last
            .iter()
            .enumerate()
            .filter(|(_, &winner)| winner != usize::MAX)
        {
            if !settled.is_empty() {
                settled.push(b',');
            }
            settled.extend_from_slice(key(index));
            settled.extend_from_slice(&self.out[members[winner].value..end(winner)]);
        }
        self.out.truncate(content);
        self.out.extend_from_slice(&settled);
    }
}

impl Sink for TextSink {
    fn key(&mut self, key: Piece<'_>, _escaped: bool, _container: bool) -> Result<(), Refusal> {
        self.comma();
        let start = self.out.len();
        write_string(key.bytes(), &mut self.out);
        self.out.push(b':');
        self.members.push(Member {
            start,
            value: self.out.len(),
        });
        Ok(())
    }

    fn item(&mut self, _container: bool) -> Result<(), Refusal> {
        self.comma();
        Ok(())
    }

    fn begin(&mut self, object: bool) {
        self.out.push(if object { b'{' } else { b'[' });
        self.open.push((self.members.len(), self.out.len()));
    }

    fn end(&mut self, object: bool) -> Result<(), Refusal> {
        if let Some((first, content)) = self.open.pop() {
            if self.members.len() - first > 1 {
                self.settle_duplicates(first, content);
            }
            self.members.truncate(first);
        }
        self.out.push(if object { b'}' } else { b']' });
        Ok(())
    }

    fn null(&mut self) {
        self.out.extend_from_slice(b"null");
    }

    fn boolean(&mut self, value: bool) {
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
    }

    fn int(&mut self, value: i64) {
        write_int(value, &mut self.out);
    }

    fn uint(&mut self, value: u64) -> Result<(), Refusal> {
        write_uint(value, &mut self.out);
        Ok(())
    }

    fn float(&mut self, value: f64) {
        write_float(value, &mut self.out);
    }

    fn string(&mut self, text: Piece<'_>) -> Result<(), Refusal> {
        write_string(text.bytes(), &mut self.out);
        Ok(())
    }
}

/// Whether the text is one JSON value; the error says where it is not.
///
/// # Errors
/// Usage, with the offset; Io when there is no memory for a long one.
pub fn validate(json: &[u8]) -> Result<(), Error> {
    validate_around::<0>(json)
}

/// As [`validate`] for a text that has a value in it, below `BY` arrays and objects of its own: an envelope, say.
///
/// # Errors
/// As [`validate`].
pub fn validate_around<const BY: usize>(json: &[u8]) -> Result<(), Error> {
    const { assert!(BY <= MAX_AROUND) };
    let mut scratch = Vec::new();
    if json.len() >= room::LARGE {
        // For texts with escapes, the longest of which is all of it.
        room::make(&mut scratch, json.len())?;
    }
    match parse(json, &mut scratch, &mut Nothing::<BY>) {
        Ok(()) | Err(Stop::Refused(_)) => Ok(()),
        Err(Stop::Fault(error)) => Err(error),
    }
}

/// Takes everything and keeps nothing.
struct Nothing<const BY: usize>;

impl<const BY: usize> Sink for Nothing<BY> {
    const DEPTH: usize = MAX_DEPTH + BY;
    fn key(&mut self, _key: Piece<'_>, _escaped: bool, _container: bool) -> Result<(), Refusal> {
        Ok(())
    }
    fn item(&mut self, _container: bool) -> Result<(), Refusal> {
        Ok(())
    }
    fn begin(&mut self, _object: bool) {}
    fn end(&mut self, _object: bool) -> Result<(), Refusal> {
        Ok(())
    }
    fn null(&mut self) {}
    fn boolean(&mut self, _value: bool) {}
    fn int(&mut self, _value: i64) {}
    fn uint(&mut self, _value: u64) -> Result<(), Refusal> {
        Ok(())
    }
    fn float(&mut self, _value: f64) {}
    fn string(&mut self, _text: Piece<'_>) -> Result<(), Refusal> {
        Ok(())
    }
}
