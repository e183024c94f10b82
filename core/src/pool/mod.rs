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
mod left_out;
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
use crate::format::superblock::Superblock;
use crate::format::PAGE;
use crate::limits;
use crate::ring::memory::Memory;
use crate::sys::atomic::{AtomicU64, Ordering};
use crate::sys::{clock, file};
use shared::Shared;

/// When the path was last seen to name the file. On a cache line of its own, since every append stores to it.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Looks {
    /// By the wall clock, ns.
    wall: AtomicU64,
    /// By the monotonic clock, ns; 0 for never.
    steady: AtomicU64,
    /// What the wall clock said when somebody last asked whether to look.
    asked: AtomicU64,
}

/// An open pool. Any thread may use it at any time; it stays usable over a fork.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    /// Absolute, so that a change of the working directory does not matter.
    path: PathBuf,
    looks: Looks,
}

impl Pool {
    pub(crate) fn new(shared: Arc<Shared>, path: PathBuf) -> Pool {
        Pool {
            shared,
            path,
            looks: Looks::default(),
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

    /// The file has another pool now, or none.
    #[cold]
    fn overwritten(&self) -> Error {
        let geometry = &self.shared.superblock().geometry;
        let words = self
            .shared
            .ring()
            .memory
            .mapping()
            .words(0, PAGE as usize / 8);
        let page: Vec<u8> = words
            .iter()
            .flat_map(|word| word.load(Ordering::Relaxed).to_ne_bytes())
            .collect();
        match Superblock::parse(&page, geometry.file_size) {
            Err(error) if error.kind() == ErrorKind::Corrupt => error.with_path(&self.path),
            // One of another format, which opening it again tells, is another pool too.
            _ => self.gone(),
        }
    }

    /// NotFound when others removed or replaced the file. Looks at most every
    /// [`limits::PATH_CHECK_NS`], since a look costs more than an append.
    #[inline]
    pub(crate) fn check_path(&self, now_ns: u64) -> Result<()> {
        // An append has the wall clock's time anyway, and another look at a clock would cost it a tenth. A clock that
        // goes back makes the time that passed very long; one that says the same twice may stand still.
        let passed = now_ns.wrapping_sub(self.looks.wall.load(Ordering::Relaxed));
        let moves = self.looks.asked.load(Ordering::Relaxed) != now_ns;
        self.looks.asked.store(now_ns, Ordering::Relaxed);
        if moves && passed < limits::PATH_CHECK_NS {
            return Ok(());
        }
        self.check_path_now(now_ns)
    }

    #[cold]
    fn check_path_now(&self, now_ns: u64) -> Result<()> {
        let steady = clock::monotonic_ns();
        let last = self.looks.steady.load(Ordering::Relaxed);
        if last == 0 || steady.wrapping_sub(last) >= limits::PATH_CHECK_NS {
            if !self.is_current()? {
                return Err(self.gone());
            }
            if self.shared.is_overwritten() {
                // What is not there any more reads as zeros.
                self.check_truncated()?;
                return Err(self.overwritten());
            }
            self.looks.steady.store(steady, Ordering::Relaxed);
        }
        self.looks.wall.store(now_ns, Ordering::Relaxed);
        Ok(())
    }

    /// Corrupt when memory of the mapping could not be had (known with [`crate::sys::guard`] installed): another program cut
    /// the file, or the disk cannot read a part of it.
    #[inline]
    pub(crate) fn check_truncated(&self) -> Result<()> {
        if self.shared.ring().memory.mapping().is_truncated() {
            return Err(self.unmapped());
        }
        Ok(())
    }

    #[cold]
    fn unmapped(&self) -> Error {
        let shared = &self.shared;
        let is_whole = file::status(shared.file())
            .is_ok_and(|status| status.len >= shared.superblock().geometry.file_size);
        let error = if is_whole {
            Error::corrupt("a part of the pool's file could not be read or written while it was open: the disk has an error there, or no room for a file with holes")
                .with_hint("check the disk, and examine the pool with the doctor (pls doctor): a salvage copies what is intact into a new one")
        } else {
            Error::corrupt("the pool's file was cut short by another program while it was open")
                .with_hint("examine the pool with the doctor (pls doctor): a salvage copies what is intact into a new one")
        };
        error.with_path(&self.path)
    }
}
