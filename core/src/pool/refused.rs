//! After a sync that the disk refused.
//!
//! The kernel takes the pages of a failed sync for clean: no later sync writes them by itself, and it may
//! drop them and read the old ones from the disk again. So a failure is remembered in the pool, for all
//! processes, until a sync that every page was made dirty for has succeeded and every message that may have been
//! lost has been found good behind it. No flush succeeds before that.

use std::os::fd::AsRawFd;

use crate::error::{Error, Result};
use crate::pool::Pool;
use crate::ring::memory::Memory;
use crate::ring::position::is_sound;
use crate::ring::snapshot::Check;
use crate::sys::atomic::{AtomicU64, Ordering};
use crate::sys::file;

/// The count of failed syncs that a new one starts from; 0: all have been made up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failures(u64);

impl Pool {
    fn failures(&self) -> &AtomicU64 {
        let control = self.shared().ring().memory.control();
        &control.recovery.sync_failed
    }

    /// Whether a sync failed, and none has made up for it.
    pub(crate) fn sync_failed(&self) -> bool {
        self.failures().load(Ordering::Acquire) != 0
    }

    /// What to do before a sync: makes it write everything if an earlier one failed.
    pub(crate) fn before_sync(&self) -> Failures {
        let failures = self.failures().load(Ordering::Acquire);
        if failures != 0 {
            self.shared().ring().memory.mapping().dirty();
        }
        Failures(failures)
    }

    /// Remembers that a sync failed.
    pub(crate) fn sync_refused(&self) {
        count(self.failures());
    }

    /// What to do after a sync that succeeded, before anybody is told: proves that what an earlier failure may
    /// have lost, from position `from` on and before `head`, is still there.
    ///
    /// # Errors
    /// Io when another sync failed meanwhile; Corrupt when a message was lost.
    pub(crate) fn after_sync(&self, before: Failures, from: u64, head: u64) -> Result<()> {
        if before.0 != 0 {
            self.prove(from, head)?;
        }
        if self.forgive(before) {
            return Ok(());
        }
        // Whoever failed meanwhile may have been told of pages that this sync was to write.
        let error = std::io::Error::from_raw_os_error(libc::EIO);
        Err(Error::from_io(&error, "write the pool to the disk"))
    }

    /// Forgets the failures before a sync that has made up for them; false when there was another one
    /// meanwhile.
    pub(crate) fn forgive(&self, before: Failures) -> bool {
        self.failures()
            .compare_exchange(before.0, 0, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    fn prove(&self, from: u64, head: u64) -> Result<()> {
        let ring = self.shared().ring();
        let mut at = ring.tail();
        if from > at && is_sound(from, head, ring.size()) {
            at = from;
        }
        while at < head {
            match ring.check(at, head) {
                Check::Good(header) => at += header.len,
                Check::Padding(len) => at += len,
                Check::Overtaken => at = ring.tail().max(at + 8),
                Check::Damaged => {
                    return Err(Error::corrupt(
                        "the disk refused an earlier sync, and a message that was not yet on it is lost",
                    )
                    .with_offset(ring.geometry.ring_offset + ring.offset(at))
                    .with_hint("flushes fail until newer messages have taken its place; check the disk, and copy what is intact into a new pool (doctor --salvage)"));
                }
            }
        }
        Ok(())
    }

    /// Syncs the whole file on behalf of a recovery.
    ///
    /// # Errors
    /// Io.
    pub(crate) fn sync_file(&self) -> Result<()> {
        self.before_sync();
        file::sync_data(self.shared().file().as_raw_fd()).map_err(|error| {
            self.sync_refused();
            Error::from_io(&error, "write the pool to the disk").with_path(self.path())
        })
    }
}

/// Counts one more failed sync. Not just a mark: a failure during a sync that succeeds has to stay.
pub(crate) fn count(failures: &AtomicU64) {
    let mut now = failures.load(Ordering::Relaxed);
    loop {
        let next = now.wrapping_add(1).max(1);
        match failures.compare_exchange(now, next, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => return,
            Err(other) => now = other,
        }
    }
}
