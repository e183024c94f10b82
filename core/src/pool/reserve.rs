//! Writing without a copy: room in the ring that the caller fills in place.

use crate::error::{Error, Result};
use crate::format::frame;
use crate::pool::append::{Locked, Stored, WriteOptions};
use crate::pool::flush::ControlOnDisk;
use crate::pool::Pool;
use crate::ring::memory::Memory;
use crate::ring::publish::Draft;
use crate::sys::atomic::{AtomicU64, Ordering};
use crate::sys::fork;

/// Room for one message's payload, and the writer lock that guards it.
///
/// No other process or thread can append before it is committed or dropped, so it should be held
/// briefly; a process that dies with it leaves nothing behind. A forked child's copy is void: it
/// commits nothing, and dropping it leaves the parent's lock alone.
pub struct Room<'a> {
    /// `None` only while it is being dropped.
    locked: Option<Locked<'a>>,
    /// Fork generation of the process whose lock it is.
    generation: u32,
    pool: &'a Pool,
    at: u64,
    seq: u64,
    time_ns: u64,
    payload_len: usize,
    tags: Vec<u8>,
    signature: u32,
}

impl std::fmt::Debug for Room<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Room {{ seq: {}, payload_len: {} }}",
            self.seq, self.payload_len
        )
    }
}

impl Pool {
    /// Makes room for a payload of `payload_len` bytes with this tag block.
    ///
    /// # Errors
    /// As [`Pool::append`].
    pub fn reserve(
        &self,
        payload_len: usize,
        tags: Vec<u8>,
        signature: u32,
        own_time: Option<u64>,
        options: &WriteOptions,
    ) -> Result<Room<'_>> {
        let ring = self.shared().ring();
        let len = frame::len_for(payload_len as u64 + tags.len() as u64);
        if len > ring.size() {
            return Err(Error::usage(format!(
                "the message takes {len} bytes, and the ring has {}",
                ring.size()
            ))
            .with_hint("create a larger pool, or split the data"));
        }
        let (locked, now) = self.lock(options.lock_wait)?;
        let seq = locked.next_seq(1, options)?;
        let time_ns = locked.time(
            own_time,
            now,
            locked.hot().last_time.load(Ordering::Relaxed),
        )?;
        let mut before = ControlOnDisk::new(self.shared());
        let (_, head) = ring
            .bounds_locked()
            .map_err(|error| error.with_path(self.path()))?;
        let at = if len > ring.room(head) {
            ring.pad(head, &mut before)?
        } else {
            head
        };
        ring.reclaim(at + len, &mut before)?;
        Ok(Room {
            locked: Some(locked),
            generation: fork::generation(),
            pool: self,
            at,
            seq,
            time_ns,
            payload_len,
            tags,
            signature,
        })
    }
}

impl Room<'_> {
    fn words(&self) -> &[AtomicU64] {
        let ring = self.pool.shared().ring();
        let start = (ring.body_offset(self.at) / 8) as usize;
        let body = self.payload_len + self.tags.len();
        &ring.memory.ring()[start..start + body.div_ceil(8)]
    }

    /// The payload's place: `payload_len` bytes of shared memory, 8-byte aligned, valid until the
    /// room is committed or dropped. No reader sees them before the commit.
    pub fn payload(&self) -> *mut u8 {
        self.words().as_ptr().cast_mut().cast()
    }

    /// Bytes of the payload.
    pub fn payload_len(&self) -> usize {
        self.payload_len
    }

    fn is_ours(&self) -> bool {
        self.generation == fork::generation()
    }

    /// That this process made the room.
    ///
    /// # Errors
    /// Usage in a forked child.
    pub fn check_ours(&self) -> Result<()> {
        if self.is_ours() {
            return Ok(());
        }
        Err(Error::usage(
            "the reservation was made before a fork and belongs to the parent process",
        )
        .with_path(self.pool.path())
        .with_hint("reserve anew in the child; only the process that reserved may commit"))
    }

    /// Puts the tags behind the payload and commits the message with this encoding.
    ///
    /// # Errors
    /// Usage in a forked child (nothing is written), Corrupt when another program cut the file.
    pub fn commit(mut self, encoding: u8) -> Result<Stored> {
        self.check_ours()?;
        let ring = self.pool.shared().ring();
        for (index, byte) in self.tags.iter().enumerate() {
            let at = self.payload_len + index;
            let word = &self.words()[at / 8];
            let shift = at % 8 * 8;
            let kept = word.load(Ordering::Relaxed) & !(0xff << shift);
            word.store(kept | u64::from(*byte) << shift, Ordering::Relaxed);
        }
        let body_len = (self.payload_len + self.tags.len()) as u64;
        let draft = Draft {
            body: &[],
            body_crc: ring.body_crc(self.at, body_len),
            payload_len: self.payload_len as u32,
            signature: self.signature,
            flags: encoding,
        };
        ring.put_around(self.at, self.seq, self.time_ns, &draft, body_len);
        let end = self.at + frame::len_for(body_len);
        ring.commit(end, self.seq, self.time_ns);
        if let Some(locked) = &mut self.locked {
            locked.committed(self.seq);
        }
        self.pool.check_truncated()?;
        Ok(Stored {
            seq: self.seq,
            time_ns: self.time_ns,
            end,
        })
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if !self.is_ours() {
            // The lock in the shared word is the parent's, and it may be writing under it.
            std::mem::forget(self.locked.take());
        }
    }
}
