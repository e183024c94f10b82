//! A pool's file before it has its name: filled completely, then linked to its name without replacing, or
//! put in the place of an older file.

use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::format::geometry::CONTROL_OFFSET;
use crate::format::superblock::{Superblock, LOCK_FUTEX_AND_BYTE};
use crate::format::PAGE;
use crate::pool::create::{failed, CreateOptions};
use crate::pool::open::absolute;
use crate::pool::shared::Shared;
use crate::pool::{place, signs, Pool};
use crate::ring::mapped::Mapped;
use crate::ring::memory::Memory;
use crate::ring::Ring;
use crate::sys::atomic::Ordering;
use crate::sys::file::{self, NewFile};
use crate::sys::log::{self, Level};
use crate::sys::map::Mapping;
use crate::sys::retry::uninterrupted;
use crate::sys::{boot, clock, random};

/// A pool that nobody else can see yet. Dropped, nothing is left of it.
#[derive(Debug)]
pub(crate) struct Blank {
    /// The file.
    pub(crate) new: NewFile,
    superblock: Superblock,
    /// Where it will be.
    path: PathBuf,
}

impl Blank {
    /// An empty pool that will be at `path`, whose directories are made; its first message gets `first_seq`.
    ///
    /// # Errors
    /// Usage (sizes), Permission, Io (full disk).
    pub(crate) fn make(path: &Path, options: &CreateOptions, first_seq: u64) -> Result<Blank> {
        let geometry = options.geometry()?;
        let failed = |error| failed(error, path);
        create_directories(file::parent_of(path))?;
        let new =
            NewFile::create(path, options.file_mode.unwrap_or(0o600) & 0o7777).map_err(failed)?;
        place::check(&new.file, path)?;
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
            .write_all_at(&control_page(identity, first_seq), CONTROL_OFFSET)
            .map_err(failed)?;
        if let Some(exposed) = signs::exposed(path) {
            log::emit(Level::Warn, || format!("{}: {exposed}", path.display()));
        }
        if !reserved {
            log::emit(Level::Warn, || {
                format!(
                    "{}: this file system cannot reserve space; a full disk may end a writer",
                    path.display()
                )
            });
        }
        Ok(Blank {
            new,
            superblock,
            path: path.to_path_buf(),
        })
    }

    /// The pool that it will be, open.
    ///
    /// # Errors
    /// As [`Blank::ring`].
    pub(crate) fn open(&self) -> Result<Pool> {
        let failed = |error| failed(error, &self.path);
        let memory = self.map()?;
        let file = self.new.file.try_clone().map_err(failed)?;
        let identity = file::status(&file).map_err(failed)?.identity;
        let superblock = self.superblock.clone();
        let shared = Shared::new(file, &self.path, identity, superblock, memory, false);
        Ok(Pool::new(shared.enter(), absolute(&self.path)?))
    }

    /// Its ring, to be filled without a lock: nobody else can have the file.
    ///
    /// # Errors
    /// Usage (too large for this machine), Io.
    pub(crate) fn ring(&self) -> Result<Ring<Mapped>> {
        let seed = self.superblock.seed();
        Ok(Ring::new(self.map()?, self.superblock.geometry, seed))
    }

    fn map(&self) -> Result<Mapped> {
        let geometry = self.superblock.geometry;
        let len = usize::try_from(geometry.file_size).map_err(|_| {
            self.failed(Error::usage(
                "the pool is too large for this machine's address space",
            ))
        })?;
        let mapping = Mapping::new(&self.new.file, len, true)
            .map_err(|error| self.failed(Error::from_io(&error, "map the pool")))?;
        Ok(Mapped::new(mapping, &geometry))
    }

    /// Sets `FLAG_` bits.
    ///
    /// # Errors
    /// Io.
    pub(crate) fn set_flags(&mut self, flags: u32) -> Result<()> {
        self.superblock.flags = flags;
        let written = self.new.file.write_all_at(&self.superblock.encode(), 0);
        written.map_err(|error| self.failed(Error::from_io(&error, "write the pool")))
    }

    /// Puts everything on the disk, and says in the control page that it is there.
    ///
    /// # Errors
    /// Io.
    pub(crate) fn flush(&self, ring: &Ring<Mapped>) -> Result<()> {
        let control = ring.memory.control();
        let (hot, recovery) = (&control.hot, &control.recovery);
        let head = hot.head.load(Ordering::Relaxed);
        let next_seq = hot.next_seq.load(Ordering::Relaxed);
        recovery.synced_before.store(head, Ordering::Relaxed);
        recovery.synced_seq.store(next_seq - 1, Ordering::Relaxed);
        recovery.synced.store(head, Ordering::Release);
        self.new
            .file
            .sync_all()
            .map_err(|error| self.failed(Error::from_io(&error, "write the pool to the disk")))
    }

    /// Gives the file its name, for all to see.
    ///
    /// # Errors
    /// AlreadyExists, Permission, Io.
    pub(crate) fn publish(self) -> Result<()> {
        let failed = |error| failed(error, &self.path);
        self.new.file.sync_all().map_err(failed)?;
        self.new.publish(&self.path).map_err(failed)
    }

    fn failed(&self, error: Error) -> Error {
        error.with_path(&self.path)
    }
}

/// Makes a directory and those it lies in; the names of the new ones are on the disk afterwards, as the pool's will be.
fn create_directories(directory: &Path) -> Result<()> {
    let mut new = Vec::new();
    for above in directory.ancestors() {
        match uninterrupted(|| std::fs::metadata(named(above))) {
            Ok(found) if found.is_dir() => break,
            Ok(_) => return Err(in_the_way(above)),
            Err(error) => match error.kind() {
                // Told by the look at what lies above it.
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => new.push(above),
                _ => return Err(not_made(&error, directory)),
            },
        }
    }
    for made in new.iter().rev() {
        make_directory(made)?;
    }
    for made in new {
        file::sync_directory(file::parent_of(made)).map_err(|error| {
            Error::from_io(&error, "put the pool's directory on the disk").with_path(made)
        })?;
    }
    Ok(())
}

/// The directory before the first word of a relative path has no name.
fn named(directory: &Path) -> &Path {
    match directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => directory,
    }
}

fn make_directory(directory: &Path) -> Result<()> {
    let make = || std::fs::DirBuilder::new().mode(0o700).create(directory);
    let error = match uninterrupted(make) {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    if error.kind() != io::ErrorKind::AlreadyExists {
        return Err(not_made(&error, directory));
    }
    // Somebody else has made it meanwhile, or something else, or a link that leads nowhere.
    match uninterrupted(|| std::fs::metadata(directory)) {
        Ok(found) if found.is_dir() => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(not_made(&error, directory)),
        _ => Err(in_the_way(directory)),
    }
}

fn not_made(error: &io::Error, directory: &Path) -> Error {
    Error::from_io(error, "create the pool's directory").with_path(directory)
}

fn in_the_way(directory: &Path) -> Error {
    Error::new(
        ErrorKind::Io,
        format!(
            "cannot create the directory {}: a file is in the way",
            directory.display()
        ),
    )
    .with_path(directory)
}

fn control_page(identity: file::Identity, first_seq: u64) -> [u8; PAGE as usize] {
    let mut page = [0; PAGE as usize];
    let boot = boot::boot_id();
    let words = [
        (24, first_seq),
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
