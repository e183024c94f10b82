//! Writing Lite3 data straight into the ring.

#![allow(unsafe_code)]

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::limits;
use crate::lite3;
use crate::message::{tags, Encoding};
use crate::pool;
use crate::pool::append::WriteOptions;
use crate::pool::reserve::Room;
use crate::store::{AppendOptions, Pool, RacingBytes, Receipt};

/// Room in the pool for one message's data, and the writer lock. Dropped uncommitted, nothing is stored.
/// It belongs to the process that made it: a forked child's copy cannot be committed, and dropping the
/// copy leaves the parent's lock alone.
#[derive(Debug)]
pub struct Reservation {
    /// Borrows from `pool`; `None` only while it is being committed.
    room: Option<Room<'static>>,
    flush: bool,
    pool: Arc<pool::Pool>,
}

// SAFETY: the lock is an owner id in shared memory, not bound to a thread; the room's pointers lead to
// atomics in a mapping that `pool` keeps.
unsafe impl Send for Reservation {}
// SAFETY: as above.
unsafe impl Sync for Reservation {}

impl Pool {
    /// Makes room for `payload_len` bytes of Lite3 data and keeps other writers out until the
    /// reservation is committed or dropped. Hold it briefly.
    ///
    /// # Errors
    /// As [`Pool::append_data`].
    pub fn reserve(&self, payload_len: usize, options: &AppendOptions<'_>) -> Result<Reservation> {
        let mut block = Vec::new();
        let signature = tags::encode(options.tags.iter().copied(), &mut block)?;
        if (payload_len as u64).saturating_add(block.len() as u64) > limits::MAX_BODY {
            return Err(Error::usage(format!(
                "the message has {payload_len} bytes, and at most {} can be stored",
                limits::MAX_BODY
            )));
        }
        let pool = Arc::clone(&self.pool);
        let write = WriteOptions {
            lock_wait: options.lock_wait,
            expect_newest: options.expect_newest,
        };
        let room = pool.reserve(payload_len, block, signature, options.timestamp_ns, &write)?;
        // SAFETY: the room borrows from what `pool` points to, which lives and stays where it is as
        // long as the reservation: `room` is declared, and so dropped, before `pool`.
        let room = unsafe { std::mem::transmute::<Room<'_>, Room<'static>>(room) };
        Ok(Reservation {
            room: Some(room),
            flush: options.flush,
            pool,
        })
    }
}

impl Reservation {
    /// The data's place: `len` bytes, 8-byte aligned, invisible to readers until the commit. A forked
    /// child must not write there: the bytes are shared with the parent.
    pub fn payload_mut(&mut self) -> *mut u8 {
        self.room
            .as_ref()
            .map_or(std::ptr::null_mut(), Room::payload)
    }

    /// Bytes of the data.
    pub fn len(&self) -> usize {
        self.room.as_ref().map_or(0, Room::payload_len)
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Commits the message. Its root is checked like [`Pool::append_data`]'s.
    ///
    /// # Errors
    /// Corrupt for bad data, Usage in a forked child (nothing is stored then), Io from a flush.
    pub fn commit(mut self) -> Result<Receipt> {
        let Some(room) = self.room.take() else {
            return Err(Error::usage("the reservation is committed already"));
        };
        room.check_ours()?;
        // SAFETY: the room's bytes, in whole words of the mapping.
        lite3::Value::root(unsafe { RacingBytes::from_raw(room.payload(), room.payload_len()) })?;
        let stored = room.commit(Encoding::Lite3Data as u8)?;
        if self.flush {
            self.pool.flush(stored.end)?;
        }
        Ok(Receipt {
            seq: stored.seq,
            time_ns: stored.time_ns,
        })
    }

    /// Gives the room back; nothing is stored.
    pub fn abort(self) {}
}
