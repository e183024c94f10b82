//! Storing messages: the writer lock, one message, and many under one lock.

use crate::error::{Error, ErrorKind, Result};
use crate::format::control::Hot;
use crate::limits::SEQ_LIMIT;
use crate::pool::flush::ControlOnDisk;
use crate::pool::owner::{Attempt, LockWait};
use crate::pool::Pool;
use crate::ring::lock::{self, Taken};
use crate::ring::memory::Memory;
use crate::ring::publish::Draft;
use crate::ring::wake;
use crate::sys::atomic::Ordering;
use crate::sys::log::{self, Level};
use crate::sys::{clock, futex};

/// How messages are to be stored.
#[derive(Clone, Copy, Debug)]
pub struct WriteOptions {
    /// How long to wait for the writer lock.
    pub lock_wait: LockWait,
    /// Store only if this is the newest seq, of those that can be read or of those ever given (0: only into a pool that
    /// never had a message).
    pub expect_newest: Option<u64>,
}

/// What became of a stored message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its seq.
    pub seq: u64,
    /// Its time, ns since the epoch.
    pub time_ns: u64,
    /// Position after its frame.
    pub end: u64,
}

/// The writer lock, held; given back when dropped.
pub(crate) struct Locked<'a> {
    pool: &'a Pool,
    /// Whether a writer may go on from here. A lock that is given back before that stays a dead owner's, for the next one
    /// to put the pool in order.
    pub(super) in_order: bool,
    /// Newest seq committed under this lock, so that its readers are woken after it; 0 for none.
    newest: u64,
}

impl Locked<'_> {
    #[inline]
    pub(crate) fn hot(&self) -> &Hot {
        &self.pool.shared().ring().memory.control().hot
    }

    /// Seq of the first of `count` messages that follow the newest.
    ///
    /// # Errors
    /// AlreadyExists when the newest is not the one that `options` expect; Corrupt when there are no such seqs.
    #[inline]
    pub(crate) fn next_seq(&self, count: u64, options: &WriteOptions) -> Result<u64> {
        let seq = self.hot().next_seq.load(Ordering::Relaxed);
        // All of them lie below the limit, the last one too.
        if seq == 0 || seq > SEQ_LIMIT.saturating_sub(count) {
            return Err(
                Error::corrupt("the pool's control page gives an impossible next seq")
                    .with_path(self.pool.path())
                    .with_offset(4096 + 24),
            );
        }
        match options.expect_newest {
            Some(expected) if expected != seq - 1 => self.expect_readable(expected, seq - 1)?,
            _ => {}
        }
        Ok(seq)
    }

    /// The newest message that can be read may be older than the newest that ever was: a power cut takes messages and
    /// their seqs are not given again. Whoever has read everything expects that one.
    #[cold]
    fn expect_readable(&self, expected: u64, last: u64) -> Result<()> {
        let ring = self.pool.shared().ring();
        let (tail, head) = ring
            .bounds_locked()
            .map_err(|error| error.with_path(self.pool.path()))?;
        let newest = ring
            .newest_before(head, tail)
            .map_or(last, |(_, header)| header.seq);
        if newest == expected {
            return Ok(());
        }
        Err(self.pool.unexpected_newest(newest, expected))
    }

    /// Time of the next message: an own one, which must not fall, or the clock's.
    #[inline]
    pub(crate) fn time(&self, own: Option<u64>, now: u64, last: u64) -> Result<u64> {
        match own {
            None => Ok(now.max(last)),
            Some(own) if own >= last || self.pool.shared().superblock().times_unordered() => {
                Ok(own)
            }
            Some(own) => Err(time_falls(own, last)),
        }
    }

    pub(crate) fn committed(&mut self, seq: u64) {
        self.newest = seq;
    }
}

#[cold]
fn time_falls(own: u64, last: u64) -> Error {
    Error::usage(format!(
        "the timestamp {own} ns is earlier than the newest message's, {last} ns"
    ))
    .with_hint(
        "times never fall within a pool: append in the order of time, or leave the timestamp out",
    )
}

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        let hot = &self.pool.shared().ring().memory.control().hot;
        let wake_one = |word: &_| futex::wake(word, 1);
        match self.in_order {
            true => lock::release(&hot.lock, wake_one),
            false => lock::abandon(&hot.lock, wake_one),
        }
        if self.newest != 0 && wake::must_wake(hot, self.newest) {
            futex::wake(&hot.epoch, u32::MAX);
        }
    }
}

impl Pool {
    /// Takes the writer lock of a pool in order. The second value is the time now, ns since the epoch.
    #[inline(always)]
    pub(crate) fn lock(&self, lock_wait: LockWait) -> Result<(Locked<'_>, u64)> {
        let mut now = clock::wall_ns();
        self.check_path(now)?;
        let (mut locked, taken) = self.lock_as_it_is(lock_wait)?;
        if taken != Taken::Clean {
            self.put_in_order(&mut locked)?;
            now = clock::wall_ns();
        }
        if self.is_deleted() {
            return Err(self.gone());
        }
        Ok((locked, now))
    }

    /// Takes the writer lock, whatever state the pool is in.
    #[inline(always)]
    pub(crate) fn lock_as_it_is(&self, lock_wait: LockWait) -> Result<(Locked<'_>, Taken)> {
        let shared = self.shared();
        if !shared.is_writable() {
            return Err(self.read_only());
        }
        let (id, fd) = shared
            .owner()
            .get(shared)
            .map_err(|error| error.with_path(self.path()))?;
        let attempt = Attempt {
            id,
            fd,
            wait: lock_wait,
            deadline: std::cell::Cell::new(None),
        };
        let hot = &shared.ring().memory.control().hot;
        match lock::acquire(&hot.lock, &attempt) {
            Ok(taken) => Ok((
                Locked {
                    pool: self,
                    in_order: taken != Taken::FromDead,
                    newest: 0,
                },
                taken,
            )),
            Err(_) => Err(self.busy(lock_wait)),
        }
    }

    /// Mends what a dead owner of the lock has left, if it is one's to mend.
    ///
    /// # Errors
    /// Corrupt, Io.
    #[cold]
    pub(super) fn put_in_order(&self, locked: &mut Locked<'_>) -> Result<()> {
        if locked.in_order {
            return Ok(());
        }
        if !self.is_at_home() {
            // The dead owner was recovering the pool: what it has left is not to be believed.
            return self.recover_locked(locked);
        }
        let ring = self.shared().ring();
        ring.repair()
            .and_then(|()| self.wipe_uncommitted())
            .map_err(|error| error.with_path(self.path()))?;
        locked.in_order = true;
        // The dead writer may have committed without waking anybody.
        let hot = &ring.memory.control().hot;
        wake::disturb(hot);
        futex::wake(&hot.epoch, u32::MAX);
        log::emit(Level::Info, || {
            format!(
                "{}: took the writer lock over from a process that died",
                self.path().display()
            )
        });
        Ok(())
    }

    #[cold]
    fn read_only(&self) -> Error {
        Error::new(ErrorKind::Permission, "the pool is open for reading only")
            .with_path(self.path())
            .with_hint("writing needs write permission on the pool's file, and an opening that is not read-only")
    }

    #[cold]
    fn busy(&self, wait: LockWait) -> Error {
        let time = match wait {
            LockWait::Try => "at once".to_string(),
            LockWait::For(wait) => format!("within {} ms", wait.as_millis()),
            LockWait::Forever => "ever".to_string(),
        };
        Error::new(ErrorKind::Busy, format!("another writer holds the pool; its lock could not be had {time}"))
            .with_path(self.path())
            .with_hint("nothing was written: try again; if it stays so, look for a stopped process that writes to this pool")
    }

    #[cold]
    pub(crate) fn too_large(&self, len: u64, what: &str) -> Error {
        let most = self.shared().ring().size();
        Error::usage(format!(
            "{what} takes {len} bytes in the pool, and its ring has {most}"
        ))
        .with_hint("create a larger pool, or split the data")
        .with_too_large()
    }

    #[cold]
    fn unexpected_newest(&self, newest: u64, expected: u64) -> Error {
        Error::new(
            ErrorKind::AlreadyExists,
            format!("the newest message has seq {newest}, not {expected} as expected; nothing was written"),
        )
        .with_seq(newest)
        .with_hint("read what came in between, then decide again")
    }

    /// Stores one message; `own_time` must not lie before the newest message's.
    ///
    /// # Errors
    /// Usage (too large, time falls), Busy, NotFound (deleted or replaced), Permission, Corrupt, Io.
    #[inline]
    pub fn append(
        &self,
        draft: &Draft<'_>,
        own_time: Option<u64>,
        options: &WriteOptions,
    ) -> Result<Stored> {
        let shared = self.shared();
        let ring = shared.ring();
        if draft.frame_len() > ring.size() {
            return Err(self.too_large(draft.frame_len(), "the message"));
        }
        let (mut locked, now) = self.lock(options.lock_wait)?;
        let hot = locked.hot();
        let seq = locked.next_seq(1, options)?;
        let time_ns = locked.time(own_time, now, hot.last_time.load(Ordering::Relaxed))?;
        let end = ring
            .append(draft, seq, time_ns, &mut ControlOnDisk::new(shared))
            .map_err(|error| error.with_path(self.path()))?;
        locked.committed(seq);
        drop(locked);
        self.check_truncated()?;
        Ok(Stored { seq, time_ns, end })
    }
}
