//! Storing many messages under one lock, all or none.

use crate::error::Result;
use crate::format::frame;
use crate::pool::append::WriteOptions;
use crate::pool::flush::ControlOnDisk;
use crate::pool::Pool;
use crate::ring::publish::Draft;
use crate::sys::atomic::Ordering;

/// Where the body of a batch's message lies.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// So many bytes of the batch's common buffer, from this one on.
    Common(usize, usize),
    /// With somebody else.
    Borrowed(&'a [u8]),
}

/// One message of a batch: everything that could be worked out before the lock.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Payload, then tag block.
    pub body: Body<'a>,
    /// [`frame::body_crc`] of the body.
    pub body_crc: u32,
    /// Bytes of the payload.
    pub payload_len: u32,
    /// Signature of the tags.
    pub signature: u32,
    /// Encoding.
    pub flags: u8,
    /// Own time, ns since the epoch. Once any entry of a batch has one, all get theirs when they are stored.
    pub time_ns: Option<u64>,
}

impl Entry<'_> {
    /// Bytes of the body.
    #[inline]
    pub fn body_len(&self) -> u64 {
        match self.body {
            Body::Common(_, len) => len as u64,
            Body::Borrowed(bytes) => bytes.len() as u64,
        }
    }

    /// The body, with the batch's common buffer.
    #[inline]
    pub fn bytes<'a>(&'a self, common: &'a [u8]) -> &'a [u8] {
        match self.body {
            Body::Common(start, len) => &common[start..start + len],
            Body::Borrowed(bytes) => bytes,
        }
    }

    #[inline]
    fn frame_len(&self) -> u64 {
        frame::len_for(self.body_len())
    }

    #[inline]
    fn draft<'a>(&'a self, common: &'a [u8], more: bool) -> Draft<'a> {
        Draft {
            body: self.bytes(common),
            body_crc: self.body_crc,
            payload_len: self.payload_len,
            signature: self.signature,
            flags: if more {
                self.flags | frame::FLAG_MORE
            } else {
                self.flags
            },
        }
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredBatch {
    /// Seq of its first message; the others follow.
    pub first: u64,
    /// Position after its last frame.
    pub end: u64,
    /// Time of the messages whose entry has none, ns since the epoch.
    pub time_ns: u64,
}

impl Pool {
    /// Stores all entries (at least one) or none, one after another, under one lock; gives each its
    /// time. Bodies that say so lie in `common`.
    ///
    /// # Errors
    /// As [`Pool::append`]; Usage also when the batch does not fit the ring.
    pub fn append_batch(
        &self,
        entries: &mut [Entry<'_>],
        common: &[u8],
        options: &WriteOptions,
    ) -> Result<StoredBatch> {
        let ring = self.shared().ring();
        let (mut total, mut own_times) = (0, false);
        for entry in entries.iter() {
            total += entry.frame_len();
            own_times |= entry.time_ns.is_some();
        }
        if total > ring.size() {
            return Err(self.too_large(total, "the batch"));
        }
        let (mut locked, now) = self.lock(options.lock_wait)?;
        let first = locked.next_seq(entries.len() as u64, options)?;
        // Before anything is retired for it: a time that is refused must change nothing.
        let mut last = locked.hot().last_time.load(Ordering::Relaxed);
        if own_times {
            for entry in entries.iter_mut() {
                last = locked.time(entry.time_ns, now, last)?;
                entry.time_ns = Some(last);
            }
        } else {
            last = locked.time(None, now, last)?;
        }
        let end = self
            .place_batch(entries, total, common, first, last)
            .map_err(|error| error.with_path(self.path()))?;
        let newest = first + entries.len() as u64 - 1;
        ring.commit(end, newest, last);
        locked.committed(newest);
        drop(locked);
        self.check_truncated()?;
        Ok(StoredBatch {
            first,
            end,
            time_ns: last,
        })
    }

    /// Writes the frames, of `total` bytes without filling, without committing them; gives where the last one ends.
    fn place_batch(
        &self,
        entries: &[Entry<'_>],
        total: u64,
        common: &[u8],
        first: u64,
        time_ns: u64,
    ) -> Result<u64> {
        let ring = self.shared().ring();
        let mut before = ControlOnDisk::new(self.shared());
        let (_, head) = ring.bounds_locked()?;
        let span = |from: u64| {
            if total <= ring.room(from) {
                return total;
            }
            entries.iter().map(Entry::frame_len).fold(from, |at, len| {
                let room = ring.room(at);
                if len > room {
                    at + room + len
                } else {
                    at + len
                }
            }) - from
        };
        let (mut start, mut len) = (head, span(head));
        // With filling in its middle the batch may be longer than the ring; from the ring's start
        // it needs none.
        if len > ring.size() {
            start = ring.pad(head, &mut before)?;
            len = span(start);
        }
        ring.reclaim(start + len, &mut before)?;
        let mut at = start;
        let mut left = entries.len();
        for (entry, seq) in entries.iter().zip(first..) {
            left -= 1;
            let (len, room) = (entry.frame_len(), ring.room(at));
            if len > room {
                ring.put_padding(at, room);
                at += room;
            }
            let draft = entry.draft(common, left > 0);
            ring.put(at, seq, entry.time_ns.unwrap_or(time_ns), &draft);
            at += len;
        }
        Ok(at)
    }
}
