//! Pools of format 3, as other builds made them: read, never written.
//!
//! A header page, an index that is not needed, and a ring of frames that are followed from the tail to the
//! newest seq. Nothing that the file says is believed before it was checked.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::error::{Error, Result};
use crate::format::superblock::MAGIC;
use crate::limits;

/// The format.
pub(super) const VERSION: u32 = 3;

const HEADER_PAGE: usize = 4096;
const FRAME_HEADER: u64 = 64;
const FRAME_MAGIC: [u8; 4] = *b"FRM1";
const MARKER: [u8; 8] = *b"PLSMCMIT";
const COMMITTED: u32 = 2;
const WRAP: u32 = 3;

/// A pool of format 3, its header checked.
pub(super) struct OldPool<'a> {
    file: &'a File,
    ring_offset: u64,
    ring_size: u64,
    tail: u64,
    oldest: u64,
    newest: u64,
    /// Whether it has an index.
    pub(super) has_index: bool,
}

/// A message of format 3; its payload is with the reader.
#[derive(Clone, Copy)]
pub(super) struct OldMessage {
    pub(super) seq: u64,
    pub(super) time_ns: u64,
    /// Where its frame begins in the file, for errors.
    pub(super) offset: u64,
}

/// Walks from the oldest message to the newest.
pub(super) struct OldMessages<'a> {
    pool: &'a OldPool<'a>,
    at: u64,
    next: u64,
    /// Bytes of the ring passed; a walk of more than a lap goes in a circle.
    passed: u64,
    payload: Vec<u8>,
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap_or_default())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap_or_default())
}

/// The version in a pool's first bytes; `None` for what is no pool.
pub(super) fn version_of(file: &File) -> Result<Option<u32>> {
    let mut start = [0; 8];
    match file.read_exact_at(&mut start, 0) {
        Ok(()) => Ok((start[..4] == MAGIC).then(|| u32_at(&start, 4))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(Error::from_io(&error, "read the pool")),
    }
}

fn damaged(what: impl Into<String>, offset: u64) -> Error {
    Error::corrupt(what)
        .with_offset(offset)
        .with_hint("nothing was converted: restore the pool from a copy, or read what is left of it with the build that wrote it")
}

fn unreadable(error: &io::Error, offset: u64) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("the pool's file is cut short", offset),
        _ => Error::from_io(error, "read the pool").with_offset(offset),
    }
}

impl<'a> OldPool<'a> {
    /// Reads the header of a file of this length.
    ///
    /// # Errors
    /// Corrupt with the offset of what is wrong; Io.
    pub(super) fn open(file: &'a File, len: u64) -> Result<OldPool<'a>> {
        let mut page = [0; HEADER_PAGE];
        file.read_exact_at(&mut page, 0)
            .map_err(|error| unreadable(&error, len.min(HEADER_PAGE as u64)))?;
        if page[8] != 1 {
            return Err(damaged("the pool's header gives an unknown byte order", 8));
        }
        let file_size = u64_at(&page, 16);
        if file_size != len {
            return Err(damaged(
                format!("the pool's file is {len} bytes long, but was created with {file_size}"),
                16,
            ));
        }
        let capacity = u64::from(u32_at(&page, 32));
        let (index_offset, ring_offset) = (u64_at(&page, 24), u64_at(&page, 40));
        let ring_size = u64_at(&page, 48);
        let index_end = index_offset.checked_add(capacity * 16);
        let ring_end = ring_offset.checked_add(ring_size);
        let fits = index_offset >= HEADER_PAGE as u64
            && index_end.is_some_and(|end| end <= ring_offset)
            && ring_end.is_some_and(|end| end <= len)
            && ring_offset.is_multiple_of(8)
            && ring_size.is_multiple_of(8);
        if !fits {
            return Err(damaged("the pool's header gives impossible sizes", 24));
        }
        let (tail, oldest, newest) = (u64_at(&page, 72), u64_at(&page, 88), u64_at(&page, 96));
        // Every frame has a header and a marker, so that the count is bounded by the ring's size.
        let most = ring_size / (FRAME_HEADER + MARKER.len() as u64);
        let possible = oldest == 0 || (oldest <= newest && newest - oldest < most);
        if !possible
            || newest >= limits::SEQ_LIMIT - 1
            || tail > ring_size
            || !tail.is_multiple_of(8)
        {
            return Err(damaged("the pool's header gives impossible bounds", 72));
        }
        Ok(OldPool {
            file,
            ring_offset,
            ring_size,
            tail,
            oldest,
            newest,
            has_index: capacity > 0,
        })
    }

    /// Seq of the oldest message; of the next one in an empty pool.
    pub(super) fn first_seq(&self) -> u64 {
        if self.oldest == 0 {
            self.newest + 1
        } else {
            self.oldest
        }
    }

    /// The messages, oldest first.
    pub(super) fn messages(&'a self) -> OldMessages<'a> {
        OldMessages {
            pool: self,
            at: self.tail,
            next: self.first_seq(),
            passed: 0,
            payload: Vec::new(),
        }
    }
}

impl OldMessages<'_> {
    /// The next message and its payload; `None` behind the newest.
    ///
    /// # Errors
    /// Corrupt with seq and offset at the first frame that is not what a writer wrote; Io.
    pub(super) fn next(&mut self) -> Result<Option<(OldMessage, &[u8])>> {
        if self.pool.oldest == 0 || self.next > self.pool.newest {
            return Ok(None);
        }
        let (seq, pool) = (self.next, self.pool);
        let mut header = [0; FRAME_HEADER as usize];
        loop {
            let room = pool.ring_size - self.at;
            let wrap = room < FRAME_HEADER || {
                self.read(self.at, &mut header)?;
                header[..4] == FRAME_MAGIC && u32_at(&header, 4) == WRAP
            };
            if !wrap {
                break;
            }
            // A ring that begins with a wrap has nothing behind it either.
            if self.at == 0 {
                return Err(self.bad("the ring holds no frames"));
            }
            self.pass(room)?;
            self.at = 0;
        }
        let len = u64::from(u32_at(&header, 32));
        let wrong = if header[..4] != FRAME_MAGIC {
            "its frame has no mark"
        } else if u32_at(&header, 4) != COMMITTED {
            "its frame is not committed"
        } else if u32_at(&header, 32) ^ u32_at(&header, 36) != u32::MAX
            || u64::from(u32_at(&header, 12)) != FRAME_HEADER
        {
            "its lengths do not agree"
        } else if FRAME_HEADER + len + MARKER.len() as u64 > pool.ring_size - self.at {
            "its frame does not fit the ring"
        } else if u64_at(&header, 16) != seq {
            "another message is in its place"
        } else {
            ""
        };
        if !wrong.is_empty() {
            return Err(self.bad(wrong));
        }
        let mut payload = std::mem::take(&mut self.payload);
        payload.resize(len as usize + MARKER.len(), 0);
        let read = self.read(self.at + FRAME_HEADER, &mut payload);
        self.payload = payload;
        read?;
        let (payload, marker) = self.payload.split_at(len as usize);
        let crc = u32_at(&header, 40);
        if marker != MARKER {
            return Err(self.bad("its commit marker is missing"));
        }
        if crc != 0 && crc_fast::crc32_iscsi(payload) != crc {
            return Err(self.bad("its checksum is wrong"));
        }
        let message = OldMessage {
            seq,
            time_ns: u64_at(&header, 24),
            offset: pool.ring_offset + self.at,
        };
        let frame = (FRAME_HEADER + len + MARKER.len() as u64).next_multiple_of(8);
        self.pass(frame)?;
        self.at += frame;
        self.next += 1;
        Ok(Some((message, &self.payload[..len as usize])))
    }

    fn read(&self, at: u64, bytes: &mut [u8]) -> Result<()> {
        let offset = self.pool.ring_offset + at;
        let read = self.pool.file.read_exact_at(bytes, offset);
        read.map_err(|error| unreadable(&error, offset).with_seq(self.next))
    }

    fn pass(&mut self, bytes: u64) -> Result<()> {
        self.passed += bytes;
        if self.passed > self.pool.ring_size {
            return Err(self.bad("the frames before it go round in a circle"));
        }
        Ok(())
    }

    #[cold]
    fn bad(&self, what: &str) -> Error {
        let offset = self.pool.ring_offset + self.at;
        damaged(format!("message {} is damaged: {what}", self.next), offset).with_seq(self.next)
    }
}
