//! Making messages durable: one sync for all writers that wait for one, in all processes.
//!
//! A flush is done when a sync has covered it and recovery will find it from whatever control page the disk has: see
//! [`durable`], whose rule [`ControlOnDisk`] keeps for writers. At most once a lap that costs a sync of the control page.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::format::control::Recovery;
use crate::format::geometry::CONTROL_OFFSET;
use crate::format::PAGE;
use crate::pool::shared::Shared;
use crate::pool::Pool;
use crate::pool::{owner, refused};
use crate::ring::durable;
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

    /// Writes the control page.
    #[cold]
    pub(super) fn sync(&self) -> std::io::Result<()> {
        let memory = &self.0.ring().memory;
        let recovery = &memory.control().recovery;
        let synced = recovery.synced.load(Ordering::Acquire);
        if let Err(error) = memory
            .mapping()
            .sync(CONTROL_OFFSET as usize, PAGE as usize)
        {
            refused::count(&recovery.sync_failed);
            return Err(error);
        }
        // Not what was from before a recovery, which may have come meanwhile if this is no writer's.
        if recovery.synced.load(Ordering::Acquire) >= synced {
            raise(&recovery.synced_before, synced);
        }
        Ok(())
    }

    #[cold]
    fn make_way(&self) -> Result<()> {
        self.sync().map_err(|error| {
            Error::from_io(&error, "write the pool's control page to the disk")
                .with_hint("nothing was appended; check the disk")
        })
    }
}

impl BeforeTail for ControlOnDisk<'_> {
    #[inline]
    fn before_tail(&mut self, tail: u64) -> Result<()> {
        if durable::is_barred(self.0.ring().memory.control(), tail) {
            return self.make_way();
        }
        Ok(())
    }

    #[inline]
    fn after_tail(&mut self, tail: u64) -> Result<()> {
        if durable::is_barred_after(self.0.ring().memory.control(), tail) {
            return self.make_way();
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
            if self.is_synced(end) {
                return self.settle(end);
            }
            if let Some(leader) = shared.flushing.try_lock() {
                if owner::try_lead_flush(fd) {
                    let result = if self.is_synced(end) {
                        Ok(())
                    } else {
                        self.lead(end, fd)
                    };
                    owner::end_lead_flush(fd);
                    hot.sync_epoch.fetch_add(1, Ordering::AcqRel);
                    drop(leader);
                    futex::wake(&hot.sync_epoch, u32::MAX);
                    return result.and_then(|()| self.settle(end));
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
                self.sync(end, own.raw())?;
                return self.settle(end);
            }
            futex::wait(&hot.sync_epoch, epoch, SLICE);
        }
    }

    fn is_synced(&self, end: u64) -> bool {
        durable::is_synced(self.shared().ring().memory.control(), end) && !self.sync_failed()
    }

    /// What was synced is done when recovery will find it.
    fn settle(&self, end: u64) -> Result<()> {
        let shared = self.shared();
        if durable::is_found(shared.ring().memory.control(), end) {
            return Ok(());
        }
        ControlOnDisk::new(shared)
            .sync()
            .map_err(|error| self.not_written(&error))
    }

    fn not_written(&self, error: &std::io::Error) -> Error {
        Error::from_io(error, "write the pool to the disk")
            .with_path(self.path())
            .with_maybe_written()
            .with_hint(MAY_BE_LOST)
    }

    /// Positions are others after a recovery, which syncs what it finds.
    #[cold]
    fn recovered_meanwhile(&self) -> Error {
        let error = std::io::Error::from_raw_os_error(libc::EIO);
        Error::from_io(
            &error,
            "write the pool to the disk: it was recovered meanwhile",
        )
        .with_path(self.path())
        .with_maybe_written()
        .with_hint("look whether the message is there: if it is, it is on the disk")
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
        let since = (
            recovery.generation.load(Ordering::Acquire),
            recovery.boot[0].load(Ordering::Acquire),
        );
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
        if let Err(error) = file::sync_data(fd) {
            self.sync_refused();
            return Err(self.not_written(&error));
        }
        self.after_sync(failures, before, head).map_err(|error| {
            let error = error.with_path(self.path()).with_maybe_written();
            match error.hint() {
                Some(_) => error,
                None => error.with_hint(MAY_BE_LOST),
            }
        })?;
        // Not whether it is at home: others who share the pool may see another boot than this process.
        let now = (
            recovery.generation.load(Ordering::Acquire),
            recovery.boot[0].load(Ordering::Acquire),
        );
        if now != since || head < end {
            return Err(self.recovered_meanwhile());
        }
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
