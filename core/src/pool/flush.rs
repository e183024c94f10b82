//! Making messages durable: one sync for all writers that wait for one, in all processes.
//!
//! `synced` is the head that the last finished sync covered. `synced_before` is the value `synced`
//! had before that sync began, which the sync itself has therefore put on the disk. Recovery
//! starts from the `synced` it finds there, which is one of the two.
//!
//! Reclaim rule: the tail must not pass `synced_before` while `synced` is ahead of it, or a power
//! cut could leave a `synced` on the disk whose frames are overwritten while later flushed ones,
//! though intact, hang on nothing. [`ControlOnDisk`] syncs the control page first, at most once a lap.

use std::os::fd::AsRawFd;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::format::control::Recovery;
use crate::format::geometry::CONTROL_OFFSET;
use crate::format::PAGE;
use crate::pool::owner;
use crate::pool::shared::Shared;
use crate::pool::Pool;
use crate::ring::memory::Memory;
use crate::ring::publish::BeforeTail;
use crate::sys::atomic::{AtomicU64, Ordering};
use crate::sys::clock::Deadline;
use crate::sys::{file, futex};

/// How long a writer waits for another's sync before it makes its own: a leader may be stopped.
const PATIENCE: Duration = Duration::from_millis(200);
/// A follower's sleep between two looks.
const SLICE: Duration = Duration::from_millis(5);
/// How long a leader lets others join when the last sync served several.
const GATHER: Duration = Duration::from_micros(30);

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
            recovery.sync_failed.store(1, Ordering::Release);
            return Err(Error::from_io(
                &error,
                "write the pool's control page to the disk",
            ));
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
                return self.sync(end, fd);
            }
            futex::wait(&hot.sync_epoch, epoch, SLICE);
        }
    }

    fn is_durable(&self, end: u64) -> bool {
        let recovery = self.recovery();
        recovery.synced.load(Ordering::Acquire) >= end
            && recovery.sync_failed.load(Ordering::Acquire) == 0
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
        if recovery.sync_failed.load(Ordering::Acquire) != 0 {
            // The kernel took the pages of the failed sync for clean: nothing would write them again.
            self.dirty_all();
        }
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
            recovery.sync_failed.store(1, Ordering::Release);
            return Err(Error::from_io(&error, "write the pool to the disk")
                .with_path(self.path())
                .with_maybe_written()
                .with_hint("the message is in the pool but may not survive a power failure; check the disk"));
        }
        recovery.sync_failed.store(0, Ordering::Release);
        raise(&recovery.synced_before, before);
        raise(&recovery.synced_seq, newest);
        raise(&recovery.synced, head);
        recovery
            .sync_group
            .store(newest.saturating_sub(seq_before), Ordering::Relaxed);
        Ok(())
    }

    /// Touches every page that a failed sync may have lost.
    fn dirty_all(&self) {
        let memory = &self.shared().ring().memory;
        let step = (PAGE / 8) as usize;
        let control = memory.control();
        control.recovery.sync_group.fetch_add(0, Ordering::Relaxed);
        for word in memory
            .ring()
            .iter()
            .step_by(step)
            .chain(memory.index().iter().step_by(step))
        {
            word.fetch_add(0, Ordering::Relaxed);
        }
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

    pub(crate) fn sync_file(&self) -> Result<()> {
        file::sync_data(self.shared().file().as_raw_fd()).map_err(|error| {
            Error::from_io(&error, "write the pool to the disk").with_path(self.path())
        })
    }
}
