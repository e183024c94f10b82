//! From intact frames to a new pool, and the proof that it holds them.

use std::path::Path;

use super::search::{Found, Frame, Source};
use crate::error::{Error, ErrorKind, Result};
use crate::format::frame::{self, Header, FLAG_MORE};
use crate::format::superblock::FLAG_TIMES_UNORDERED;
use crate::pool::blank::Blank;
use crate::pool::create::CreateOptions;
use crate::ring::mapped::Mapped;
use crate::ring::memory::Memory;
use crate::ring::publish::{Draft, NothingRetired};
use crate::ring::window::{Framed, Window};
use crate::ring::Ring;
use crate::sys::atomic::Ordering;

/// Makes a pool of the size asked for, or of the old one's, or of a larger one if that is too small. Gives its size too.
pub(super) fn copy(
    source: &mut Source<'_>,
    found: &Found,
    path: &Path,
    options: &CreateOptions,
) -> Result<(Blank, u64)> {
    let old = source.geometry;
    let options = CreateOptions {
        index_capacity: options
            .index_capacity
            .or((old.index_slots == 0).then_some(0)),
        ..*options
    };
    // Not more than the file has: a damaged superblock may claim any size.
    let first = options.inheriting(old.file_size.min(source.file_len));
    if let Some(blank) = fill(source, found, path, &first)? {
        return Ok((blank, first.size));
    }
    let larger = options.enlarged(least_size(source, found, &first)?)?;
    match fill(source, found, path, &larger)? {
        Some(blank) => Ok((blank, larger.size)),
        None => Err(Error::new(
            ErrorKind::Internal,
            "a pool's size was computed too small",
        )),
    }
}

/// Fills and proves a new pool; `None` when the messages do not fit its size.
fn fill(
    source: &mut Source<'_>,
    found: &Found,
    path: &Path,
    options: &CreateOptions,
) -> Result<Option<Blank>> {
    let first = found
        .frames
        .first()
        .map_or(found.next_seq, |frame| frame.seq);
    let mut blank = Blank::make(path, options, first)?;
    let ring = blank.ring()?;
    let (mut end, mut last_time, mut falls) = (0, 0, false);
    for (index, frame) in found.frames.iter().enumerate() {
        let next = found.frames.get(index + 1);
        let (header, body) = source.message(frame)?;
        let draft = Draft {
            body,
            body_crc: frame::body_crc(body),
            payload_len: header.payload_len,
            signature: header.signature,
            flags: flags(&header, frame, next),
        };
        if draft.frame_len() > ring.size() - end {
            return Ok(None);
        }
        end = ring.append(&draft, header.seq, header.time_ns, &mut NothingRetired)?;
        falls |= header.time_ns < last_time;
        last_time = header.time_ns;
    }
    if falls || source.flags & FLAG_TIMES_UNORDERED != 0 {
        blank.set_flags(options.flags | FLAG_TIMES_UNORDERED)?;
    }
    // Seqs of messages that were lost are not given again.
    let next_seq = &ring.memory.control().hot.next_seq;
    next_seq.store(found.next_seq, Ordering::Relaxed);
    blank.flush(&ring)?;
    prove(source, found, &ring)?;
    Ok(Some(blank))
}

/// A batch of which a part is lost is one no more.
fn flags(header: &Header, frame: &Frame, next: Option<&Frame>) -> u8 {
    match next {
        Some(next) if next.seq == frame.seq + 1 => header.flags,
        _ => header.flags & !FLAG_MORE,
    }
}

/// Reads both again, the new pool as its readers will, and compares.
fn prove(source: &mut Source<'_>, found: &Found, ring: &Ring<Mapped>) -> Result<()> {
    let mut window = Window::default();
    let mut header = Header::default();
    let (mut at, head) = (ring.tail(), ring.head());
    for frame in &found.frames {
        let (old, body) = source.message(frame)?;
        let same = at < head
            && window.fill_one(ring, at, head)
            && window.frame(at, ring.room(at), ring.seed, &mut header) == Framed::Message
            && (header.seq, header.time_ns, header.signature)
                == (old.seq, old.time_ns, old.signature)
            && header.encoding() == old.encoding()
            && {
                let (payload, tags) = window.body(at, &header);
                body.len() == payload.len() + tags.len()
                    && body.starts_with(payload)
                    && body.ends_with(tags)
            };
        if !same {
            let text = format!("message {} came out different", frame.seq);
            return Err(Error::new(ErrorKind::Internal, text).with_seq(frame.seq));
        }
        at += header.len;
    }
    if at != head {
        let text = "the new pool has more than was salvaged";
        return Err(Error::new(ErrorKind::Internal, text));
    }
    Ok(())
}

/// The smallest size, in whole pages, of a pool that the messages fit.
fn least_size(source: &mut Source<'_>, found: &Found, options: &CreateOptions) -> Result<u64> {
    let mut needed = 0;
    for frame in &found.frames {
        needed += source.message(frame)?.0.len;
    }
    options.least_size(needed)
}
