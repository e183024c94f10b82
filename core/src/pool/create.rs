//! Creating a pool: filled completely without a name, then linked to its name without replacing.

use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::format::geometry::{Geometry, CONTROL_OFFSET};
use crate::format::superblock::{Superblock, LOCK_FUTEX_AND_BYTE};
use crate::format::PAGE;
use crate::limits;
use crate::pool::Pool;
use crate::sys::file::{self, NewFile};
use crate::sys::log::{self, Level};
use crate::sys::{boot, clock, random};

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
}

impl Pool {
    /// Creates a pool, and the directories above it, and opens it. Nothing is left of a failure.
    ///
    /// # Errors
    /// AlreadyExists, Usage (sizes), Permission, Io (full disk). All but those on sizes with the path.
    pub fn create(path: &Path, options: &CreateOptions) -> Result<Pool> {
        let geometry = options.geometry()?;
        let failed = |error: std::io::Error| {
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
        };
        match file::identity_of(path) {
            Ok(None) => {}
            Ok(Some(_)) => finish_deletion(path, || {
                failed(std::io::Error::from(std::io::ErrorKind::AlreadyExists))
            })?,
            Err(error) => return Err(failed(error)),
        }
        create_directories(file::parent_of(path))?;
        let new =
            NewFile::create(path, options.file_mode.unwrap_or(0o600) & 0o7777).map_err(failed)?;
        let reserved = file::reserve(&new.file, geometry.file_size).map_err(failed)?;
        let identity = file::status(&new.file).map_err(failed)?.identity;
        let mut id = [0; 16];
        random::fill(&mut id);
        let superblock = Superblock {
            geometry,
            lock: LOCK_FUTEX_AND_BYTE,
            flags: options.flags,
            id,
            created_ns: clock::wall_ns(),
        };
        new.file
            .write_all_at(&superblock.encode(), 0)
            .map_err(failed)?;
        new.file
            .write_all_at(&control_page(identity), CONTROL_OFFSET)
            .map_err(failed)?;
        new.file.sync_all().map_err(failed)?;
        new.publish(path).map_err(failed)?;
        if !reserved {
            log::emit(Level::Warn, || {
                format!(
                    "{}: this file system cannot reserve space; a full disk may end a writer",
                    path.display()
                )
            });
        }
        Pool::open(path, false)
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

fn create_directories(directory: &Path) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| {
            let text = match error.kind() {
                std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotADirectory => {
                    return Error::new(
                        ErrorKind::Io,
                        format!(
                            "cannot create the directory {}: a file is in the way",
                            directory.display()
                        ),
                    )
                    .with_path(directory)
                }
                _ => "create the pool's directory",
            };
            Error::from_io(&error, text).with_path(directory)
        })
}

fn control_page(identity: file::Identity) -> [u8; PAGE as usize] {
    let mut page = [0; PAGE as usize];
    let boot = boot::boot_id();
    let words = [
        (24, 1),
        (40, u64::MAX),
        (512 + 32, boot[0]),
        (512 + 40, boot[1]),
        (512 + 48, identity.device),
        (512 + 56, identity.inode),
    ];
    for (at, word) in words {
        page[at..at + 8].copy_from_slice(&u64::to_le_bytes(word));
    }
    page
}
