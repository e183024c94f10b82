//! Lite3 to compact JSON text, members in the order they were written.

use super::escape::{escaped_len, write_base64, write_piece};
use crate::error::{Error, Result};
use crate::limits::MAX_DEPTH;
use crate::lite3::{collect_entries, copy_of, key_tag, InlineStack, Kind, Piece, Source, Value};
use crate::room;

#[inline]
pub(super) fn write_int(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

#[inline]
pub(super) fn write_uint(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Shortest text that reads back as the same finite double, always with a fraction or an exponent;
/// from 1e16 on with an exponent, which has no plus sign.
#[inline]
pub(super) fn write_float(value: f64, out: &mut Vec<u8>) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    if value.abs() >= 1e16 {
        return write_large(text, out);
    }
    out.extend_from_slice(text.as_bytes());
}

#[cold]
fn write_large(text: &str, out: &mut Vec<u8>) {
    out.extend(text.bytes().filter(|&byte| byte != b'+'));
}

/// Appends the value as compact JSON.
///
/// The document is not trusted; what cannot be read is Corrupt, and `out` is then as before. The work
/// and the output are bounded by the document's length. A document in shared memory is copied first.
#[inline]
pub fn write_lite3<S: Source>(value: Value<S>, out: &mut Vec<u8>) -> Result<()> {
    let source = value.source();
    let Some(document) = source.as_slice() else {
        return write_copied(value, out);
    };
    let start = out.len();
    let result = if document.len() < room::LARGE {
        Writer::<false>::new(document, out).value(value.offset(), value.type_of())
    } else {
        write_large_document(document, value.offset(), value.type_of(), out)
    };
    if result.is_err() {
        out.truncate(start);
    }
    result
}

#[cold]
#[inline(never)]
fn write_large_document(document: &[u8], at: usize, kind: Kind, out: &mut Vec<u8>) -> Result<()> {
    // Text is seldom shorter than the document; what it is longer, room is made for on the way.
    room::make(out, document.len() / 2)?;
    Writer::<true>::new(document, out).value(at, kind)
}

#[inline(never)]
fn write_copied<S: Source>(value: Value<S>, out: &mut Vec<u8>) -> Result<()> {
    let mut copy = Vec::new();
    copy_of(value.source(), &mut copy)?;
    write_lite3(Value::at_type_byte(copy.as_slice(), value.offset())?, out)
}

/// `LARGE`: room is made before anything is written. For small documents that would cost more than it is worth.
struct Writer<'a, const LARGE: bool> {
    document: &'a [u8],
    /// Bytes not yet written out; parts of a sound document do not overlap.
    budget: usize,
    out: &'a mut Vec<u8>,
}

/// An open container: its entries still to be written lie above `base` on the stack.
#[derive(Clone, Copy, Default)]
struct Frame {
    base: usize,
    object: bool,
}

#[cold]
#[inline(never)]
fn damaged(what: &str, at: usize) -> Error {
    Error::corrupt(format!("damaged Lite3 document: {what} at byte {at}")).with_offset(at as u64)
}

/// More than a scalar but for texts, and all signs around it.
const SCALAR: usize = 64;

impl<'a, const LARGE: bool> Writer<'a, LARGE> {
    #[inline]
    fn new(document: &'a [u8], out: &'a mut Vec<u8>) -> Self {
        Writer {
            document,
            budget: document.len(),
            out,
        }
    }

    /// Makes room for so many bytes, and for a scalar behind them.
    #[inline]
    fn room(&mut self, bytes: impl FnOnce() -> usize) -> Result<()> {
        match LARGE {
            true => room::make(self.out, bytes() + SCALAR),
            false => Ok(()),
        }
    }

    fn value(&mut self, at: usize, kind: Kind) -> Result<()> {
        self.room(|| 0)?;
        if !kind.is_container() {
            return self.scalar(at, kind);
        }
        let mut entries = InlineStack::<u32, 32>::new();
        let mut frames = InlineStack::<Frame, 8>::new();
        let mut frame = Frame {
            base: 0,
            object: kind == Kind::Object,
        };
        collect_entries(
            self.document,
            at,
            frame.object,
            &mut entries,
            &mut self.budget,
        )?;
        self.out.push(if frame.object { b'{' } else { b'[' });
        let mut first = true;
        loop {
            self.room(|| 0)?;
            if entries.len() == frame.base {
                self.out.push(if frame.object { b'}' } else { b']' });
                match frames.pop() {
                    Some(outer) => frame = outer,
                    None => return Ok(()),
                }
                first = false;
                continue;
            }
            let Some(entry) = entries.pop() else {
                return Ok(());
            };
            if !first {
                self.out.push(b',');
            }
            let at = if frame.object {
                self.key(entry as usize)?
            } else {
                entry as usize
            };
            let Some(&code) = self.document.get(at) else {
                return Err(damaged("value beyond the end", at));
            };
            let Some(kind) = Kind::from_code(code) else {
                return Err(damaged("unknown type code", at));
            };
            if !kind.is_container() {
                self.scalar(at, kind)?;
                first = false;
                continue;
            }
            if frames.len() == MAX_DEPTH - 1 {
                return Err(damaged("nested too deeply", at));
            }
            if !at.is_multiple_of(4) {
                return Err(damaged("misaligned node", at));
            }
            frames.push(frame);
            frame = Frame {
                base: entries.len(),
                object: kind == Kind::Object,
            };
            collect_entries(
                self.document,
                at,
                frame.object,
                &mut entries,
                &mut self.budget,
            )?;
            self.out.push(if frame.object { b'{' } else { b'[' });
            first = true;
        }
    }

    #[inline]
    fn spend(&mut self, bytes: usize, at: usize) -> Result<()> {
        match self.budget.checked_sub(bytes) {
            Some(rest) => {
                self.budget = rest;
                Ok(())
            }
            None => Err(damaged("parts that overlap", at)),
        }
    }

    /// Writes an entry's key and colon; gives where its value is.
    #[inline]
    fn key(&mut self, entry: usize) -> Result<usize> {
        let (tag_len, len) = match Source::u32(self.document, entry).and_then(key_tag) {
            Some(tag) => tag,
            None => self.last_key(entry)?,
        };
        let start = entry + tag_len;
        self.text(start, len)?;
        self.out.push(b':');
        Ok(start + len + 1)
    }

    /// The key tag of an entry in the last bytes of the document.
    #[cold]
    fn last_key(&mut self, entry: usize) -> Result<(usize, usize)> {
        let rest = self.document.get(entry..).unwrap_or_default();
        let mut word = [0; 4];
        let have = rest.len().min(4);
        word[..have].copy_from_slice(&rest[..have]);
        key_tag(u32::from_le_bytes(word)).ok_or_else(|| damaged("bad key", entry))
    }

    #[inline]
    fn text(&mut self, start: usize, len: usize) -> Result<()> {
        if start + len > self.document.len() {
            return Err(damaged("text beyond the end", start));
        }
        self.spend(len + 2, start)?;
        let piece = Piece {
            buffer: self.document,
            start,
            len,
        };
        self.room(|| escaped_len(piece.bytes()))?;
        write_piece(piece, self.out).map_err(|()| damaged("text is not UTF-8", start))
    }

    #[inline]
    fn scalar(&mut self, at: usize, kind: Kind) -> Result<()> {
        match kind {
            Kind::Int => {
                let bits = Source::u64(self.document, at + 1)
                    .ok_or_else(|| damaged("number beyond the end", at))?;
                self.spend(9, at)?;
                write_int(bits as i64, self.out);
            }
            Kind::Float => {
                let bits = Source::u64(self.document, at + 1)
                    .ok_or_else(|| damaged("number beyond the end", at))?;
                let value = f64::from_bits(bits);
                if !value.is_finite() {
                    return Err(damaged("number that is not finite", at));
                }
                self.spend(9, at)?;
                write_float(value, self.out);
            }
            Kind::Bool => {
                self.spend(2, at)?;
                match self.document.get(at + 1) {
                    Some(0) => self.out.extend_from_slice(b"false"),
                    Some(1) => self.out.extend_from_slice(b"true"),
                    _ => return Err(damaged("truth value that is neither 0 nor 1", at)),
                }
            }
            Kind::Null => {
                self.spend(1, at)?;
                self.out.extend_from_slice(b"null");
            }
            Kind::String | Kind::Bytes => return self.text_or_bytes(at, kind),
            Kind::Object | Kind::Array => return Err(damaged("container in a scalar's place", at)),
        }
        Ok(())
    }

    #[inline]
    fn text_or_bytes(&mut self, at: usize, kind: Kind) -> Result<()> {
        let size = Source::u32(self.document, at + 1)
            .ok_or_else(|| damaged("string beyond the end", at))? as usize;
        let start = at + 5;
        if kind == Kind::String {
            let len = size
                .checked_sub(1)
                .ok_or_else(|| damaged("string without its NUL", at))?;
            return self.text(start, len);
        }
        self.spend(size, at)?;
        let bytes = self
            .document
            .get(start..start + size)
            .ok_or_else(|| damaged("bytes beyond the end", at))?;
        self.room(|| size.div_ceil(3) * 4)?;
        write_base64(bytes, self.out);
        Ok(())
    }
}
