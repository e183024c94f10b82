//! One pool file: created, opened, written, read and recovered. Frames in, frames out; what they
//! mean is the business of `message` and `store`.
//!
//! A [`Pool`] is one opening of a file; all openings of one file in a process share a
//! [`shared::Shared`]: one mapping, one lock descriptor, one owner id.

pub mod append;
pub mod batch;
pub(crate) mod blank;
mod copied_up;
pub mod create;
mod cut_off;
pub mod delete;
pub mod flush;
mod load;
pub mod notify;
pub mod open;
pub mod owner;
pub(crate) mod place;
pub mod recover;
mod refused;
pub mod reserve;
pub mod shared;
pub(crate) mod signs;
pub mod survey;
pub mod wait;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::format::control::STATE_DELETED;
use crate::limits;
use crate::ring::memory::Memory;
use crate::sys::atomic::{AtomicU64, Ordering};
use crate::sys::file;
use shared::Shared;

/// An open pool. Any thread may use it at any time; it stays usable over a fork.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    /// Absolute, so that a change of the working directory does not matter.
    path: PathBuf,
    /// Wall clock, ns, when the path was last seen to name this file.
    checked_at: AtomicU64,
}

impl Pool {
    pub(crate) fn new(shared: Arc<Shared>, path: PathBuf) -> Pool {
        Pool {
            shared,
            path,
            checked_at: AtomicU64::new(0),
        }
    }

    /// The state shared by all openings of this file in this process.
    #[inline]
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Absolute path under which the pool was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the path still names this pool.
    ///
    /// # Errors
    /// Permission or Io when that cannot be found out.
    pub fn is_current(&self) -> Result<bool> {
        self.follow_copy_up()?;
        if self.is_deleted() {
            return Ok(false);
        }
        let now = file::identity_of(&self.path)
            .map_err(|error| Error::from_io(&error, "look at the pool").with_path(&self.path))?;
        Ok(now == Some(self.shared.identity()))
    }

    /// Whether the pool was deleted through the library.
    #[inline]
    pub fn is_deleted(&self) -> bool {
        self.shared
            .ring()
            .memory
            .control()
            .hot
            .state
            .load(Ordering::Relaxed)
            == STATE_DELETED
    }

    /// The error of a pool that is gone.
    #[cold]
    pub fn gone(&self) -> Error {
        Error::new(ErrorKind::NotFound, "the pool was deleted or replaced; this handle's file is not found under its path any more")
            .with_path(&self.path)
            .with_hint("open the pool again, or create it")
    }

    /// NotFound when others removed or replaced the file. Looks at most every
    /// [`limits::PATH_CHECK_NS`], since a look costs more than an append.
    #[inline]
    pub(crate) fn check_path(&self, now_ns: u64) -> Result<()> {
        let checked = self.checked_at.load(Ordering::Relaxed);
        if now_ns.wrapping_sub(checked) < limits::PATH_CHECK_NS {
            return Ok(());
        }
        self.check_path_now(now_ns)
    }

    #[cold]
    fn check_path_now(&self, now_ns: u64) -> Result<()> {
        if !self.is_current()? {
            return Err(self.gone());
        }
        self.checked_at.store(now_ns, Ordering::Relaxed);
        Ok(())
    }

    /// Corrupt when another program cut the file (known with [`crate::sys::guard`] installed).
    #[inline]
    pub(crate) fn check_truncated(&self) -> Result<()> {
        if self.shared.ring().memory.mapping().is_truncated() {
            return Err(Error::corrupt(
                "the pool's file was cut short by another program while it was open",
            )
            .with_path(&self.path)
            .with_hint("delete the pool and create it anew"));
        }
        Ok(())
    }
}
