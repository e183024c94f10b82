//! Deleting a pool: flagged under the lock first, so that every open handle learns of it.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::format::control::STATE_DELETED;
use crate::limits;
use crate::pool::owner::LockWait;
use crate::pool::Pool;
use crate::ring::lock::Taken;
use crate::ring::memory::Memory;
use crate::ring::wake;
use crate::sys::atomic::Ordering;
use crate::sys::log::{self, Level};
use crate::sys::{file, futex};

impl Pool {
    /// Deletes the pool at `path`. Streams on it end and writers get NotFound, in every process.
    /// A plain file that is not a readable pool (damaged, another format) is just removed.
    ///
    /// # Errors
    /// NotFound, Permission, Busy (a stopped writer holds the lock), Io. All with the path.
    pub fn delete(path: &Path) -> Result<()> {
        match Pool::open_even_deleted(path) {
            Ok(pool) => pool.unlink()?,
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Usage) => {
                std::fs::remove_file(path)
                    .map_err(|error| Error::from_io(&error, "delete the pool").with_path(path))?;
            }
            Err(error) => return Err(error),
        }
        if let Err(error) = file::sync_directory(file::parent_of(path)) {
            log::emit(Level::Warn, || {
                let path = path.display();
                format!(
                    "{path}: was deleted, and may be there again after a power failure: {error}"
                )
            });
        }
        Ok(())
    }

    /// Flags and unlinks under the writer lock. Everybody who unlinks this pool holds that lock and
    /// has compared the path's file with the pool's, so nobody unlinks a successor of it.
    pub(crate) fn unlink(&self) -> Result<()> {
        self.may_unlink(self.path())?;
        let wait = LockWait::For(std::time::Duration::from_millis(
            limits::DEFAULT_LOCK_WAIT_MS,
        ));
        let (locked, taken) = self.lock_as_it_is(wait)?;
        if taken == Taken::FromDead {
            // The pool lives on if it cannot be unlinked. A damaged one may go all the same.
            let _ = self.repair_after_death();
        }
        let named = file::identity_of(self.path())
            .map_err(|error| Error::from_io(&error, "delete the pool").with_path(self.path()))?;
        if named != Some(self.shared().identity()) {
            return Err(self.gone());
        }
        let failed = |error| Error::from_io(&error, "delete the pool").with_path(self.path());
        // The file itself, and then the link to it, if the name is one.
        let file = std::fs::canonicalize(self.path()).map_err(failed)?;
        let is_link = std::fs::symlink_metadata(self.path())
            .map_err(failed)?
            .is_symlink();
        self.may_unlink(&file)?;
        let hot = &self.shared().ring().memory.control().hot;
        let before = hot.state.swap(STATE_DELETED, Ordering::Release);
        let mut removed = std::fs::remove_file(&file);
        if removed.is_ok() && is_link {
            removed = std::fs::remove_file(self.path());
        } else if removed.is_err() {
            // Only a flag that was set here is taken back.
            hot.state.store(before, Ordering::Release);
        }
        drop(locked);
        wake::disturb(hot);
        futex::wake(&hot.epoch, u32::MAX);
        removed.map_err(failed)
    }

    fn may_unlink(&self, path: &Path) -> Result<()> {
        let refused = |what: &str| {
            Err(Error::new(
                ErrorKind::Permission,
                format!("cannot delete the pool: its {what} may not be written"),
            )
            .with_path(self.path())
            .with_hint("check the owner and the mode of the file and of its directory"))
        };
        if !self.shared().is_writable() {
            return refused("file");
        }
        if !file::is_writable_directory(file::parent_of(path)) {
            return refused("directory");
        }
        Ok(())
    }
}
