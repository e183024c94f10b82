//! This process's owner id in a pool's writer lock, and the byte lock that shows that it lives.
//!
//! The byte numbered by the id is locked through a description of its own: never mapped (a mapping
//! keeps a description open) and closed at once in a forked child, so that the kernel drops it
//! exactly when this process ends.

use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::pool::shared::Shared;
use crate::ring::lock::{Lifeline, ID_MASK, NOBODY};
use crate::ring::memory::Memory;
use crate::sys::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};
use crate::sys::clock::Deadline;
use crate::sys::fork::PrivateFd;
use crate::sys::fork_lock::ForkLock;
use crate::sys::{byte_lock, fork, futex, random};

/// The liveness byte of an id lies this far beyond any file's end, plus the id.
const LIFE_BYTES: i64 = 1 << 62;
/// The byte that the leader of a flush holds, so that one sync serves many processes.
const FLUSH_BYTE: i64 = LIFE_BYTES - 1;

/// Ids that are tried at random. With a million processes at work one is taken with a chance of 1 in 2000: when so many
/// are, somebody locks bytes that are no id of theirs.
const CLAIMS: u32 = 128;

/// Claimed on first use, and again after a fork.
#[derive(Debug)]
pub(crate) struct Owner {
    /// Fork generation (high half) and id (low half) of the current claim; 0 for none.
    claimed: AtomicU64,
    fd: AtomicI32,
    claim: ForkLock<Option<PrivateFd>>,
}

impl Owner {
    pub(crate) fn new() -> Owner {
        Owner {
            claimed: AtomicU64::new(0),
            fd: AtomicI32::new(-1),
            claim: ForkLock::new(None),
        }
    }

    /// Id and lock descriptor of this process.
    #[inline]
    pub(crate) fn get(&self, shared: &Shared) -> Result<(u32, RawFd)> {
        let claimed = self.claimed.load(Ordering::Acquire);
        if (claimed >> 32) as u32 == fork::generation() {
            return Ok((claimed as u32, self.fd.load(Ordering::Relaxed)));
        }
        self.claim(shared)
    }

    #[cold]
    fn claim(&self, shared: &Shared) -> Result<(u32, RawFd)> {
        let mut claim = self.claim.lock();
        let generation = fork::generation();
        let claimed = self.claimed.load(Ordering::Acquire);
        if (claimed >> 32) as u32 == generation {
            return Ok((claimed as u32, self.fd.load(Ordering::Relaxed)));
        }
        // A claim from before a fork: its descriptor is closed here already.
        *claim = None;
        let refused =
            |error: &std::io::Error| Error::from_io(error, "take part in the pool's writer lock");
        let fd = PrivateFd::open(|| shared.reopen()).map_err(|error| refused(&error))?;
        let word = &shared.ring().memory.control().hot.lock;
        let mut tries = 0..CLAIMS;
        let id = loop {
            if tries.next().is_none() {
                return Err(held(shared));
            }
            let id = (random::word() as u32) & ID_MASK;
            if id == 0
                || id == NOBODY
                || !byte_lock::try_write(fd.raw(), LIFE_BYTES + i64::from(id))
                    .map_err(|error| refused(&error))?
            {
                continue;
            }
            // Only with the byte in hand is it known that nobody else can come to own this id; a
            // dead owner's id in the word must not come to life with us.
            if word.load(Ordering::SeqCst) & ID_MASK != id {
                break id;
            }
            byte_lock::unlock(fd.raw(), LIFE_BYTES + i64::from(id))
                .map_err(|error| refused(&error))?;
        };
        let raw = fd.raw();
        *claim = Some(fd);
        self.fd.store(raw, Ordering::Relaxed);
        self.claimed.store(
            u64::from(generation) << 32 | u64::from(id),
            Ordering::Release,
        );
        Ok((id, raw))
    }
}

#[cold]
fn held(shared: &Shared) -> Error {
    Error::new(
        ErrorKind::Busy,
        "another process holds locks on the bytes of the pool's file by which writers show that they live; nothing was written",
    )
    .with_path(shared.path())
    .with_hint("no writer of this library does that, and who may read the file can: find the process (the inode in /proc/locks) and end it")
}

/// How many processes have a part in the pool's writer lock: they have written to it since they opened it, or tried to.
/// Counted up to `most`.
pub(crate) fn count_writers(shared: &Shared, most: u32) -> Result<u32> {
    let ids = LIFE_BYTES..LIFE_BYTES + i64::from(ID_MASK) + 1;
    // No lock is ever taken through this description, so that all are seen.
    byte_lock::count_write_locks(shared.file().as_raw_fd(), ids, most).map_err(|error| {
        Error::from_io(&error, "count the pool's writers").with_path(shared.path())
    })
}

/// Takes the flush leader's byte; false when another process leads.
pub(crate) fn try_lead_flush(fd: RawFd) -> bool {
    byte_lock::try_write(fd, FLUSH_BYTE).unwrap_or(false)
}

/// Gives the flush leader's byte back.
pub(crate) fn end_lead_flush(fd: RawFd) {
    // Fails only if the lock is not ours, and then nothing is lost.
    let _ = byte_lock::unlock(fd, FLUSH_BYTE);
}

/// How long to wait for the writer lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockWait {
    /// Not at all.
    Try,
    /// At most this long.
    For(Duration),
    /// As long as it takes.
    Forever,
}

/// One attempt to take the writer lock.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) id: u32,
    pub(crate) fd: RawFd,
    pub(crate) wait: LockWait,
    /// Set at the first look at the time left: a free lock costs no clock.
    pub(crate) deadline: std::cell::Cell<Option<Deadline>>,
}

impl Lifeline for Attempt {
    #[inline]
    fn id(&self) -> u32 {
        self.id
    }

    fn is_alive(&self, id: u32) -> bool {
        // When the kernel will not say, nothing is taken from anybody.
        byte_lock::is_write_locked(self.fd, LIFE_BYTES + i64::from(id)).unwrap_or(true)
    }

    fn bury(&self, id: u32, replace: impl FnOnce() -> bool) -> bool {
        let byte = LIFE_BYTES + i64::from(id);
        if !byte_lock::try_read(self.fd, byte).unwrap_or(false) {
            return false;
        }
        let replaced = replace();
        let _ = byte_lock::unlock(self.fd, byte);
        replaced
    }

    fn sleep(&self, word: &AtomicU32, value: u32, most: Duration) {
        futex::wait(word, value, most);
    }

    fn time_left(&self) -> Option<Duration> {
        let deadline = self.deadline.get().unwrap_or_else(|| {
            let deadline = match self.wait {
                LockWait::Try => Deadline::after(Duration::ZERO),
                LockWait::For(wait) => Deadline::after(wait),
                LockWait::Forever => Deadline::NEVER,
            };
            self.deadline.set(Some(deadline));
            deadline
        });
        deadline.left()
    }
}
