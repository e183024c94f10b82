//! From old messages to frames, and the proof that they are the same.

use std::path::Path;

use super::v3::{OldMessage, OldPool};
use crate::error::{Error, ErrorKind, Result};
use crate::format::frame::{self, Header};
use crate::format::superblock::FLAG_TIMES_UNORDERED;
use crate::json::{write_lite3, Encoder};
use crate::limits;
use crate::lite3::{Kind, Value};
use crate::message::document::{self, Parts};
use crate::message::{tags, Encoding, Message};
use crate::pool::blank::Blank;
use crate::pool::create::CreateOptions;
use crate::ring::mapped::Mapped;
use crate::ring::publish::{Draft, NothingRetired};
use crate::ring::window::{Framed, Window};
use crate::ring::Ring;

/// A new pool, filled and proven.
pub(super) struct Converted {
    pub(super) blank: Blank,
    pub(super) size: u64,
    pub(super) messages: u64,
    pub(super) times_unordered: bool,
}

/// Translates messages, one after another, in the same buffers.
struct Translator {
    encoder: Encoder,
    json: Vec<u8>,
    body: Vec<u8>,
}

/// What is known of the body that the translator holds.
struct Body {
    payload_len: usize,
    signature: u32,
    encoding: Encoding,
}

impl Translator {
    fn new() -> Translator {
        Translator {
            encoder: Encoder::new(),
            json: Vec::new(),
            body: Vec::new(),
        }
    }

    /// The body of a message: its data as an append of that data would store it, which is a third of the old
    /// document for small messages. The old document as it stands where JSON cannot say all that is in it.
    fn translate(&mut self, old: &OldMessage, payload: &[u8]) -> Result<Body> {
        let parts = split(old, payload)?;
        self.body.clear();
        let encoding = if holds_bytes(parts.data)? {
            self.body.extend_from_slice(payload);
            Encoding::Lite3Document
        } else {
            self.json.clear();
            write_lite3(parts.data, &mut self.json).map_err(|error| in_old(error, old))?;
            let (encoded, bytes) = self.encoder.encode_inside(&self.json)?;
            self.body.extend_from_slice(bytes);
            encoded.into()
        };
        let payload_len = self.body.len();
        let block = parts.tags.iter().map(|tag| tag.as_bytes());
        let signature = tags::encode(block, &mut self.body).map_err(|error| in_old(error, old))?;
        if self.body.len() as u64 > limits::MAX_BODY {
            let text = format!(
                "message {} has {} bytes, and at most {} can be stored",
                old.seq,
                self.body.len(),
                limits::MAX_BODY
            );
            return Err(Error::usage(text).with_seq(old.seq));
        }
        Ok(Body {
            payload_len,
            signature,
            encoding,
        })
    }

    fn draft(&self, body: &Body) -> Draft<'_> {
        Draft {
            body: &self.body,
            body_crc: frame::body_crc(&self.body),
            payload_len: body.payload_len as u32,
            signature: body.signature,
            flags: body.encoding as u8,
        }
    }
}

/// An error found in an old message, with its place.
fn in_old(error: Error, old: &OldMessage) -> Error {
    Error::new(
        error.kind(),
        format!("message {} is damaged: {}", old.seq, error.message()),
    )
    .with_seq(old.seq)
    .with_offset(old.offset)
    .with_hint("nothing was converted: restore the pool from a copy")
}

fn split<'a>(old: &OldMessage, payload: &'a [u8]) -> Result<Parts<'a>> {
    document::split(payload).map_err(|error| in_old(error, old))
}

/// Whether there are raw bytes, which JSON shows as text. The document was proven, which bounds its depth.
fn holds_bytes(value: Value<&[u8]>) -> Result<bool> {
    if !value.type_of().is_container() {
        return Ok(value.type_of() == Kind::Bytes);
    }
    for entry in value.entries()? {
        if holds_bytes(entry?.value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes a pool with all the messages and proves it; `None` when they do not fit its size.
pub(super) fn fill(
    old: &OldPool<'_>,
    path: &Path,
    options: &CreateOptions,
) -> Result<Option<Converted>> {
    let mut blank = Blank::make(path, options, old.first_seq())?;
    let ring = blank.ring()?;
    let mut translator = Translator::new();
    let (mut messages, mut last_time, mut falls) = (0, 0, false);
    let mut walk = old.messages();
    let mut end = 0;
    while let Some((message, payload)) = walk.next()? {
        let body = translator.translate(&message, payload)?;
        let draft = translator.draft(&body);
        if draft.frame_len() > ring.size() - end {
            return Ok(None);
        }
        end = ring.append(&draft, message.seq, message.time_ns, &mut NothingRetired)?;
        falls |= message.time_ns < last_time;
        last_time = message.time_ns;
        messages += 1;
    }
    if falls {
        blank.set_flags(options.flags | FLAG_TIMES_UNORDERED)?;
    }
    blank.flush(&ring)?;
    prove(old, &ring, messages)?;
    Ok(Some(Converted {
        blank,
        size: ring.geometry.file_size,
        messages,
        times_unordered: falls,
    }))
}

/// Reads both pools again, the new one as its readers will, and compares what they show.
fn prove(old: &OldPool<'_>, ring: &Ring<Mapped>, messages: u64) -> Result<()> {
    let mut window = Window::default();
    let mut header = Header::default();
    let (mut shown, mut expected) = (Vec::new(), Vec::new());
    let head = ring.head();
    let mut at = ring.tail();
    let mut walk = old.messages();
    let mut proven = 0;
    while let Some((message, payload)) = walk.next()? {
        let differs = || {
            let text = format!("message {} came out different", message.seq);
            Error::new(ErrorKind::Internal, text)
                .with_seq(message.seq)
                .with_hint("nothing was converted; please report this with a copy of the pool")
        };
        if at >= head || !window.fill_one(ring, at, head) {
            return Err(differs());
        }
        let framed = window.frame(at, ring.room(at), ring.seed, &mut header);
        let encoding = Encoding::from_number(header.encoding()).ok_or_else(differs)?;
        if framed != Framed::Message
            || header.seq != message.seq
            || header.time_ns != message.time_ns
        {
            return Err(differs());
        }
        let (new, block) = window.body(at, &header);
        let parts = split(&message, payload)?;
        shown.clear();
        Message {
            seq: header.seq,
            time_ns: header.time_ns,
            encoding,
            payload: new,
            tags: block,
        }
        .write_data(&mut shown)?;
        expected.clear();
        write_lite3(parts.data, &mut expected)?;
        let kept = encoding != Encoding::Lite3Document || new == payload;
        let same_tags = tags::iter(block).collect::<Result<Vec<_>>>()? == parts.tags;
        if shown != expected || !kept || !same_tags {
            return Err(differs());
        }
        at += header.len;
        proven += 1;
    }
    if proven != messages || at != head {
        let text = "the new pool does not end where the old one does";
        return Err(Error::new(ErrorKind::Internal, text));
    }
    Ok(())
}

/// The smallest size, in whole pages, of a pool that the messages fit.
pub(super) fn least_size(old: &OldPool<'_>, options: &CreateOptions) -> Result<u64> {
    let mut translator = Translator::new();
    let mut needed = 0;
    let mut walk = old.messages();
    while let Some((message, payload)) = walk.next()? {
        let body = translator.translate(&message, payload)?;
        needed += translator.draft(&body).frame_len();
    }
    options.least_size(needed)
}
