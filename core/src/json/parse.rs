//! The grammar: one loop over the text that feeds a sink, without recursion and without a tree.

use super::scan::Scanner;
use crate::error::Error;
use crate::limits::MAX_DEPTH;
use crate::lite3::{Piece, Refusal};

/// Why a parse ended early.
pub(crate) enum Stop {
    /// The text is not JSON, or beyond a limit.
    Fault(Error),
    /// The sink cannot take a value that is good JSON.
    Refused(Refusal),
}

impl From<Error> for Stop {
    #[inline]
    fn from(error: Error) -> Stop {
        Stop::Fault(error)
    }
}

impl From<Refusal> for Stop {
    #[inline]
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(refusal)
    }
}

/// Takes the values of a text in their order.
pub(super) trait Sink {
    /// How deep arrays and objects may nest.
    const DEPTH: usize = MAX_DEPTH;
    /// A member starts; its value follows and is a container or not. `escaped`: the key was written with escapes.
    fn key(&mut self, key: Piece<'_>, escaped: bool, container: bool) -> Result<(), Refusal>;
    /// As `key`, for a plain one of up to seven bytes: they are the lowest of `text`, the first lowest,
    /// and the others are 0.
    #[inline]
    fn short_key(&mut self, text: u64, len: usize, container: bool) -> Result<(), Refusal> {
        self.key(
            Piece {
                buffer: &text.to_le_bytes(),
                start: 0,
                len,
            },
            false,
            container,
        )
    }
    /// A short key, as above, that may well stand here.
    #[inline(always)]
    fn expected_key(&self) -> Option<(u64, usize)> {
        None
    }
    /// The expected key does: as `short_key`.
    #[inline(always)]
    fn repeated_key(&mut self, text: u64, len: usize, container: bool) -> Result<(), Refusal> {
        self.short_key(text, len, container)
    }
    /// An element starts; it follows and is a container or not.
    fn item(&mut self, container: bool) -> Result<(), Refusal>;
    /// A container starts.
    fn begin(&mut self, object: bool);
    /// The container begun last ends.
    fn end(&mut self, object: bool) -> Result<(), Refusal>;
    fn null(&mut self);
    fn boolean(&mut self, value: bool);
    fn int(&mut self, value: i64);
    /// An integer above `i64::MAX`.
    fn uint(&mut self, value: u64) -> Result<(), Refusal>;
    /// A finite double.
    fn float(&mut self, value: f64);
    fn string(&mut self, text: Piece<'_>) -> Result<(), Refusal>;
}

#[inline]
fn opens(byte: u8) -> bool {
    byte == b'{' || byte == b'['
}

/// How much deeper than a value of ours a text may nest that has such a value in it.
pub(super) const MAX_AROUND: usize = 8;

/// Whether each open container is an object: one bit per level.
struct Levels {
    bits: [u64; (MAX_DEPTH + MAX_AROUND).div_ceil(64)],
    depth: usize,
}

impl Levels {
    #[inline]
    fn push(&mut self, object: bool, most: usize) -> bool {
        if self.depth == most {
            return false;
        }
        let (word, bit) = (self.depth / 64, self.depth % 64);
        self.bits[word] = self.bits[word] & !(1 << bit) | (object as u64) << bit;
        self.depth += 1;
        true
    }

    #[inline]
    fn object(&self) -> bool {
        match self.depth.checked_sub(1) {
            Some(last) => self.bits[last / 64] >> (last % 64) & 1 == 1,
            None => false,
        }
    }
}

/// Parses the whole text and feeds its one value to the sink.
#[inline(always)]
pub(super) fn parse<K: Sink>(text: &[u8], scratch: &mut Vec<u8>, sink: &mut K) -> Result<(), Stop> {
    let mut scanner = Scanner::new(text);
    let mut levels = Levels {
        bits: [0; (MAX_DEPTH + MAX_AROUND).div_ceil(64)],
        depth: 0,
    };
    let mut object = false; // the innermost open container
    let mut byte = scanner.skip_space();
    'value: loop {
        'value_done: {
            match byte {
                b'"' => {
                    let token = scanner.string(scratch)?;
                    sink.string(token.piece(text, scratch))?;
                }
                b'0'..=b'9' | b'-' => {
                    scanner.number(sink)?;
                }
                b'{' => {
                    if !levels.push(true, K::DEPTH) {
                        return too_deep(scanner.at());
                    }
                    scanner.skip();
                    sink.begin(true);
                    object = true;
                    if scanner.skip_space() != b'}' {
                        break 'value_done;
                    }
                }
                b'[' => {
                    if !levels.push(false, K::DEPTH) {
                        return too_deep(scanner.at());
                    }
                    scanner.skip();
                    sink.begin(false);
                    object = false;
                    byte = scanner.skip_space();
                    if byte != b']' {
                        sink.item(opens(byte))?;
                        continue 'value;
                    }
                }
                b't' => {
                    scanner.word(b"true")?;
                    sink.boolean(true);
                }
                b'f' => {
                    scanner.word(b"false")?;
                    sink.boolean(false);
                }
                b'n' => {
                    scanner.word(b"null")?;
                    sink.null();
                }
                _ => return Ok(scanner.fault("expected a value")?),
            }
            // Behind a value, or in an empty container.
            loop {
                if let ([b',', rest @ ..], true) = (scanner.rest, object) {
                    scanner.rest = rest;
                    scanner.skip_space();
                    break 'value_done;
                }
                byte = scanner.skip_space();
                if levels.depth == 0 {
                    if !scanner.rest.is_empty() {
                        return Ok(scanner.fault("expected nothing more after the value")?);
                    }
                    return Ok(());
                }
                if byte == b',' {
                    scanner.skip();
                    byte = scanner.skip_space();
                    if object {
                        break 'value_done;
                    }
                    sink.item(opens(byte))?;
                    continue 'value;
                }
                if byte != if object { b'}' } else { b']' } {
                    return Ok(scanner.fault(match object {
                        true => "expected `,` or `}` after a member",
                        false => "expected `,` or `]` after an element",
                    })?);
                }
                scanner.skip();
                sink.end(object)?;
                levels.depth -= 1;
                object = levels.object();
            }
        }
        byte = member(&mut scanner, scratch, sink)?;
    }
}

/// Takes a key and its colon; gives the first byte of the value, which is here then.
#[inline(always)]
fn member<K: Sink>(
    scanner: &mut Scanner<'_>,
    scratch: &mut Vec<u8>,
    sink: &mut K,
) -> Result<u8, Stop> {
    if scanner.peek() != b'"' {
        return Ok(scanner.fault("expected a key in double quotes")?);
    }
    if let Some((text, len)) = sink.expected_key() {
        if let Some(ahead) = scanner.this_string(text, len) {
            let byte = match scanner.close_colon(ahead) {
                Some(byte) => byte,
                None => colon(scanner)?,
            };
            sink.repeated_key(text, len, opens(byte))?;
            return Ok(byte);
        }
    }
    if let Some((text, len, ahead)) = scanner.short_string() {
        let byte = match scanner.close_colon(ahead) {
            Some(byte) => byte,
            None => colon(scanner)?,
        };
        sink.short_key(text, len, opens(byte))?;
        return Ok(byte);
    }
    let token = scanner.string(scratch)?;
    let byte = colon(scanner)?;
    sink.key(
        token.piece(scanner.text, scratch),
        token.escaped,
        opens(byte),
    )?;
    Ok(byte)
}

/// Takes the colon behind a key; gives the first byte of the value, which is here then.
#[inline(always)]
fn colon(scanner: &mut Scanner<'_>) -> Result<u8, Stop> {
    if scanner.skip_space() != b':' {
        return Ok(scanner.fault("expected `:` after the key")?);
    }
    scanner.skip();
    Ok(scanner.skip_space())
}

#[cold]
fn too_deep(at: usize) -> Result<(), Stop> {
    let error = Error::usage(format!(
        "JSON nested too deeply: more than {MAX_DEPTH} arrays and objects inside each other at byte {}",
        at
    ));
    Err(Stop::Fault(error.with_offset(at as u64).with_hint(
        "flatten the value, or send the inner part as a string",
    )))
}
