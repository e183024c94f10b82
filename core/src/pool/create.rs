//! Creating a pool under a name that is free, or opening the one that has it.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::format::geometry::{Geometry, INDEX_OFFSET, MIN_POOL_SIZE};
use crate::format::PAGE;
use crate::limits;
use crate::pool::blank::Blank;
use crate::pool::Pool;
use crate::sys::file;

/// What a new pool is to be like.
#[derive(Clone, Copy, Debug, Default)]
pub struct CreateOptions {
    /// Length of the file in bytes; 0 for [`limits::DEFAULT_POOL_SIZE`].
    pub size: u64,
    /// Index slots; `None` for as many as every lookup needs, 0 for none.
    pub index_capacity: Option<u32>,
    /// Permission bits of the file, less the umask; `None` for 0600.
    pub file_mode: Option<u32>,
    /// `FLAG_` bits of the superblock.
    pub flags: u32,
}

impl CreateOptions {
    /// The parts of the file.
    ///
    /// # Errors
    /// Usage when they do not fit.
    pub fn geometry(&self) -> Result<Geometry> {
        let size = if self.size == 0 {
            limits::DEFAULT_POOL_SIZE
        } else {
            self.size
        };
        Geometry::plan(size, self.index_capacity)
    }

    /// For a pool that takes the messages of another one of this size: as large as that, unless a size was asked for.
    pub(crate) fn inheriting(&self, size: u64) -> CreateOptions {
        let size = if self.size == 0 {
            size.max(MIN_POOL_SIZE)
        } else {
            self.size
        };
        CreateOptions { size, ..*self }
    }

    /// When the messages need more than that.
    ///
    /// # Errors
    /// Usage when a size was asked for.
    pub(crate) fn enlarged(&self, least: u64) -> Result<CreateOptions> {
        if self.size != 0 {
            let size = self.size;
            return Err(Error::usage(format!(
                "the messages do not fit a pool of {size} bytes: they need one of {least}"
            ))
            .with_hint(format!(
                "ask for {least} bytes or more, or leave the size out"
            )));
        }
        Ok(CreateOptions {
            size: least,
            ..*self
        })
    }

    /// The smallest size, in whole pages, of such a pool with a ring of `ring` bytes.
    ///
    /// # Errors
    /// Usage when there is none.
    pub(crate) fn least_size(&self, ring: u64) -> Result<u64> {
        // What the index takes depends on the size: a little more until all fits.
        let mut size = (INDEX_OFFSET + ring).max(MIN_POOL_SIZE);
        loop {
            size = size.next_multiple_of(PAGE);
            let plan = CreateOptions { size, ..*self }.geometry()?;
            if plan.ring_size >= ring {
                return Ok(size);
            }
            size += (ring - plan.ring_size).max(PAGE);
        }
    }
}

impl Pool {
    /// Creates a pool, and the directories above it, and opens it. Nothing is left of a failure.
    ///
    /// # Errors
    /// AlreadyExists, Usage (sizes), Permission, Io (full disk). All but those on sizes with the path.
    pub fn create(path: &Path, options: &CreateOptions) -> Result<Pool> {
        options.geometry()?;
        let failed = |error| failed(error, path);
        match file::identity_of(path) {
            Ok(None) if path.is_symlink() => return Err(leads_nowhere(path)),
            Ok(None) => {}
            Ok(Some(_)) => finish_deletion(path, || {
                failed(std::io::Error::from(std::io::ErrorKind::AlreadyExists))
            })?,
            Err(error) => return Err(failed(error)),
        }
        let blank = Blank::make(path, options, 1)?;
        // Before it has its name: what can fail has not happened to a pool that is there.
        let pool = blank.open()?;
        blank.publish()?;
        Ok(pool)
    }

    /// Opens the pool, or creates it when there is none; the flag says that it was created here.
    ///
    /// # Errors
    /// As [`Pool::open`] and [`Pool::create`], but neither NotFound nor AlreadyExists.
    pub fn ensure(path: &Path, options: &CreateOptions) -> Result<(Pool, bool)> {
        // Each round lost means that another process deleted or created the pool in between.
        let mut last = None;
        for _ in 0..100 {
            match Pool::open(path, false) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                result => return result.map(|pool| (pool, false)),
            }
            match Pool::create(path, options) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => last = Some(error),
                result => return result.map(|pool| (pool, true)),
            }
        }
        Err(last
            .unwrap_or_else(|| {
                Error::new(ErrorKind::Io, "the pool appears and vanishes all the time")
            })
            .with_path(path))
    }
}

/// The error of a pool that could not be created.
pub(super) fn failed(error: std::io::Error, path: &Path) -> Error {
    let found = Error::from_io(&error, "create the pool").with_path(path);
    if found.kind() == ErrorKind::AlreadyExists {
        return Error::new(
            ErrorKind::AlreadyExists,
            format!("pool already exists: {}", path.display()),
        )
        .with_path(path)
        .with_hint("open it, or choose another name");
    }
    found
}

/// Opening follows a link, and finds nothing; a new name would not.
fn leads_nowhere(path: &Path) -> Error {
    Error::new(
        ErrorKind::Io,
        "cannot create the pool: its name is a symbolic link that leads nowhere",
    )
    .with_path(path)
    .with_hint("remove the link, or create the pool where it leads")
}

/// A name that is taken, but by a pool that was deleted and not unlinked because of a crash, is free.
fn finish_deletion(path: &Path, taken: impl Fn() -> Error) -> Result<()> {
    match Pool::open_even_deleted(path) {
        Ok(pool) if pool.is_deleted() => match pool.unlink() {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        _ => Err(taken()),
    }
}
