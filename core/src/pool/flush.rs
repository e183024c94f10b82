//! Making messages durable: one sync for all writers that wait for one, in all processes.
//!
//! `synced` is the head that the last finished sync covered. `synced_before` is the value `synced`
//! had before that sync began, which the sync itself has therefore put on the disk. Recovery
//! starts from the `synced` it finds there, which is one of the two.
//!
//! Reclaim rule: the tail must not pass `synced_before` while `synced` is ahead of it, or a power
//! cut could leave a `synced` on the disk whose frames are overwritten while later flushed ones,
//! though intact, hang on nothing. [`ControlOnDisk`] syncs the control page first, at most once a lap.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::format::control::Recovery;
use crate::format::geometry::CONTROL_OFFSET;
use crate::format::PAGE;
use crate::pool::shared::Shared;
use crate::pool::Pool;
use crate::pool::{owner, refused};
use crate::ring::memory::Memory;
use crate::ring::publish::BeforeTail;
use crate::sys::atomic::{AtomicU64, Ordering};
use crate::sys::clock::Deadline;
use crate::sys::fork::PrivateFd;
use crate::sys::{file, futex};

/// How long a writer waits for another's sync before it makes its own: a leader may be stopped.
const PATIENCE: Duration = Duration::from_millis(200);
/// A follower's sleep between two looks.
const SLICE: Duration = Duration::from_millis(5);
/// How long a leader lets others join when the last sync served several.
const GATHER: Duration = Duration::from_micros(30);
const MAY_BE_LOST: &str =
    "the message is in the pool but may not survive a power failure; check the disk";

fn raise(word: &AtomicU64, value: u64) {
    word.fetch_max(value, Ordering::AcqRel);
}

/// Keeps the reclaim rule.
pub(crate) struct ControlOnDisk<'a>(&'a Shared);

impl<'a> ControlOnDisk<'a> {
    #[inline]
    pub(crate) fn new(shared: &'a Shared) -> ControlOnDisk<'a> {
        ControlOnDisk(shared)
    }

    #[cold]
    fn sync(&self) -> Result<()> {
        let memory = &self.0.ring().memory;
        let recovery = &memory.control().recovery;
        let synced = recovery.synced.load(Ordering::Acquire);
        if let Err(error) = memory
            .mapping()
            .sync(CONTROL_OFFSET as usize, PAGE as usize)
        {
            refused::count(&recovery.sync_failed);
            return Err(
                Error::from_io(&error, "write the pool's control page to the disk")
                    .with_hint("nothing was appended; check the disk"),
            );
        }
        raise(&recovery.synced_before, synced);
        Ok(())
    }
}

impl BeforeTail for ControlOnDisk<'_> {
    #[inline]
    fn before_tail(&mut self, tail: u64) -> Result<()> {
        let recovery = &self.0.ring().memory.control().recovery;
        let before = recovery.synced_before.load(Ordering::Relaxed);
        if tail > before && recovery.synced.load(Ordering::Relaxed) > before {
            return self.sync();
        }
        Ok(())
    }
}

impl Pool {
    fn recovery(&self) -> &Recovery {
        &self.shared().ring().memory.control().recovery
    }

    /// Returns when everything before position `end` is on the disk.
    ///
    /// # Errors
    /// Io when the disk refuses; the messages stay in the pool but may not be durable.
    pub fn flush(&self, end: u64) -> Result<()> {
        let shared = self.shared();
        shared.ring().memory.mapping().cache_by_page();
        let (_, fd) = shared
            .owner()
            .get(shared)
            .map_err(|error| error.with_path(self.path()))?;
        let hot = &shared.ring().memory.control().hot;
        let patience = Deadline::after(PATIENCE);
        loop {
            let epoch = hot.sync_epoch.load(Ordering::Acquire);
            if self.is_durable(end) {
                return Ok(());
            }
            if let Some(leader) = shared.flushing.try_lock() {
                if owner::try_lead_flush(fd) {
                    let result = if self.is_durable(end) {
                        Ok(())
                    } else {
                        self.lead(end, fd)
                    };
                    owner::end_lead_flush(fd);
                    hot.sync_epoch.fetch_add(1, Ordering::AcqRel);
                    drop(leader);
                    futex::wake(&hot.sync_epoch, u32::MAX);
                    return result;
                }
            }
            if patience.passed() {
                // By a description of its own: the kernel tells each of them once that the disk refused, and what it
                // told one must not be missed by another that syncs at the same time.
                let own = PrivateFd::open(|| shared.reopen()).map_err(|error| {
                    Error::from_io(&error, "write the pool to the disk")
                        .with_path(self.path())
                        .with_maybe_written()
                })?;
                return self.sync(end, own.raw());
            }
            futex::wait(&hot.sync_epoch, epoch, SLICE);
        }
    }

    fn is_durable(&self, end: u64) -> bool {
        let recovery = self.recovery();
        recovery.synced.load(Ordering::Acquire) >= end && !self.sync_failed()
    }

    fn lead(&self, end: u64, fd: i32) -> Result<()> {
        if self.recovery().sync_group.load(Ordering::Relaxed) > 1 {
            let until = Deadline::after(GATHER);
            while !until.passed() {
                std::thread::yield_now();
            }
        }
        self.sync(end, fd)
    }

    fn sync(&self, end: u64, fd: i32) -> Result<()> {
        let ring = self.shared().ring();
        let recovery = self.recovery();
        let failures = self.before_sync();
        let before = recovery.synced.load(Ordering::Acquire);
        let seq_before = recovery.synced_seq.load(Ordering::Relaxed);
        // Before head: a writer stores them the other way round, so this seq is surely before head.
        let newest = ring
            .memory
            .control()
            .hot
            .next_seq
            .load(Ordering::Acquire)
            .wrapping_sub(1);
        let head = ring.head();
        debug_assert!(head >= end);
        if let Err(error) = file::sync_data(fd) {
            self.sync_refused();
            return Err(Error::from_io(&error, "write the pool to the disk")
                .with_path(self.path())
                .with_maybe_written()
                .with_hint(MAY_BE_LOST));
        }
        self.after_sync(failures, before, head).map_err(|error| {
            let error = error.with_path(self.path()).with_maybe_written();
            match error.hint() {
                Some(_) => error,
                None => error.with_hint(MAY_BE_LOST),
            }
        })?;
        raise(&recovery.synced_before, before);
        raise(&recovery.synced_seq, newest);
        raise(&recovery.synced, head);
        recovery
            .sync_group
            .store(newest.saturating_sub(seq_before), Ordering::Relaxed);
        Ok(())
    }

    /// Makes everything appended so far durable.
    ///
    /// # Errors
    /// As [`Pool::flush`]; Permission when the pool is open for reading only.
    pub fn flush_all(&self) -> Result<()> {
        if !self.shared().is_writable() {
            return Err(
                Error::new(ErrorKind::Permission, "the pool is open for reading only")
                    .with_path(self.path()),
            );
        }
        self.flush(self.shared().ring().head())?;
        self.check_truncated()
    }
}
