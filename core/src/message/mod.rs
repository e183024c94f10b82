//! Messages: a payload, its tags, its seq and its time, and the texts and documents made of them.

pub mod document;
pub mod envelope;
pub mod tags;
pub mod time;

use crate::error::{Error, ErrorKind, Result};
use crate::json::{validate, write_lite3};
use crate::lite3::{copy_of, Source, Value};
pub use time::TimeCache;

/// How a frame's payload is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Encoding {
    /// `data` alone, as a Lite3 document.
    Lite3Data = 0,
    /// `data` alone, as canonical JSON text: what Lite3 cannot hold exactly.
    JsonText = 1,
    /// A whole-message document, `{"meta":{"tags":[…]},"data":…}`, kept byte for byte.
    Lite3Document = 2,
}

impl Encoding {
    /// The encoding with this number, if there is one.
    #[inline]
    pub fn from_number(number: u8) -> Option<Encoding> {
        match number {
            0 => Some(Encoding::Lite3Data),
            1 => Some(Encoding::JsonText),
            2 => Some(Encoding::Lite3Document),
            _ => None,
        }
    }
}

impl From<crate::json::Encoded> for Encoding {
    #[inline]
    fn from(encoded: crate::json::Encoded) -> Encoding {
        match encoded {
            crate::json::Encoded::Lite3 => Encoding::Lite3Data,
            crate::json::Encoded::Text => Encoding::JsonText,
        }
    }
}

/// A message as it is stored. `S` is where its bytes are: private, or shared with writers.
#[derive(Clone, Copy, Debug)]
pub struct Message<S> {
    /// Position in the pool's history, from 1.
    pub seq: u64,
    /// Nanoseconds since 1970-01-01 UTC.
    pub time_ns: u64,
    /// How `payload` is stored.
    pub encoding: Encoding,
    /// The data, or the whole document.
    pub payload: S,
    /// The tag block; see [`tags`].
    pub tags: S,
}

impl<S: Source> Message<S> {
    /// Appends the message as JSON: `{"seq":1,"time":"…","meta":{"tags":["a"]},"data":{"x":1}}`, compact,
    /// members always in this order.
    ///
    /// Corrupt when the payload or the tags cannot be read; `out` is then as before.
    #[inline]
    pub fn write_envelope(&self, out: &mut Vec<u8>, times: &mut TimeCache) -> Result<()> {
        let start = out.len();
        let result = self.write_head(out, times).and_then(|()| {
            out.extend_from_slice(b",\"data\":");
            self.write_data(out)?;
            out.push(b'}');
            Ok(())
        });
        self.undo_failed(result, start, out)
    }

    /// Appends the receipt, the message without its data: `{"seq":1,"time":"…","meta":{"tags":["a"]}}`.
    pub fn write_receipt(&self, out: &mut Vec<u8>, times: &mut TimeCache) -> Result<()> {
        let start = out.len();
        let result = self.write_head(out, times).map(|()| out.push(b'}'));
        self.undo_failed(result, start, out)
    }

    #[inline]
    fn write_head(&self, out: &mut Vec<u8>, times: &mut TimeCache) -> Result<()> {
        out.extend_from_slice(b"{\"seq\":");
        out.extend_from_slice(itoa::Buffer::new().format(self.seq).as_bytes());
        out.extend_from_slice(b",\"time\":\"");
        times.write(self.time_ns, out);
        out.extend_from_slice(b"\",\"meta\":{\"tags\":");
        self.write_tags(out)?;
        out.push(b'}');
        Ok(())
    }

    #[inline]
    fn undo_failed(&self, result: Result<()>, start: usize, out: &mut Vec<u8>) -> Result<()> {
        result.map_err(|error| {
            out.truncate(start);
            error.with_seq(self.seq)
        })
    }

    /// Appends the data as compact JSON. Corrupt when it cannot be read; `out` is then as before.
    #[inline]
    pub fn write_data(&self, out: &mut Vec<u8>) -> Result<()> {
        match self.data_value()? {
            Some(value) => write_lite3(value, out),
            None => self.write_text(out),
        }
    }

    #[cold]
    fn write_text(&self, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        copy_of(self.payload, out)?;
        // The file is not trusted: what goes out as JSON is JSON.
        validate(&out[start..]).map_err(|fault| {
            out.truncate(start);
            if fault.kind() == ErrorKind::Io {
                return fault;
            }
            Error::corrupt("damaged message: its text is not JSON").with_cause(fault.message())
        })
    }

    /// Appends the tags as a JSON array of strings.
    #[inline]
    pub fn write_tags(&self, out: &mut Vec<u8>) -> Result<()> {
        if self.tags.is_empty() {
            out.extend_from_slice(b"[]");
            return Ok(());
        }
        tags::write_json(self.tags, out)
    }

    /// The data in place, for looking fields up; `None` when it is stored as text.
    #[inline]
    pub fn data_value(&self) -> Result<Option<Value<S>>> {
        match self.encoding {
            Encoding::Lite3Data => Value::root(self.payload).map(Some),
            Encoding::JsonText => Ok(None),
            Encoding::Lite3Document => match Value::root(self.payload)?.get(b"data")? {
                Some(data) => Ok(Some(data)),
                None => Err(Error::corrupt("damaged message document: it has no `data`")),
            },
        }
    }

    /// Appends the message, without seq and time, as one Lite3 document:
    /// `{"meta":{"tags":[…]},"data":…}`. The same message always gives the same bytes, and one that came
    /// in as a document gives back that document.
    ///
    /// Usage when Lite3 cannot hold the data (integers above 2^63-1, keys with U+0000), Corrupt when
    /// payload or tags cannot be read; `out` is then as before.
    pub fn to_lite3_document(&self, out: &mut Vec<u8>) -> Result<()> {
        self.to_lite3_document_with(&mut document::Assembler::new(), out)
    }

    /// As [`to_lite3_document`](Self::to_lite3_document), with buffers that are used again.
    pub fn to_lite3_document_with(
        &self,
        assembler: &mut document::Assembler,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        if self.encoding == Encoding::Lite3Document {
            return copy_of(self.payload, out).map_err(|error| error.with_seq(self.seq));
        }
        let (mut payload, mut block) = (Vec::new(), Vec::new());
        let payload = match self.payload.as_slice() {
            Some(bytes) => bytes,
            None => {
                copy_of(self.payload, &mut payload).map_err(|error| error.with_seq(self.seq))?;
                &payload
            }
        };
        let block = match self.tags.as_slice() {
            Some(bytes) => bytes,
            None => {
                copy_of(self.tags, &mut block).map_err(|error| error.with_seq(self.seq))?;
                &block
            }
        };
        let result = match self.encoding {
            Encoding::JsonText => assembler.from_json(block, payload, out),
            _ => assembler.from_lite3(block, payload, out),
        };
        result.map_err(|error| error.with_seq(self.seq))
    }
}

#[cfg(test)]
mod tests;
