//! A directory of pools.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::doctor::Doctor;
use crate::error::{Error, ErrorKind, Result};
use crate::migrate::{self, Migrated};
use crate::pool;
use crate::salvage::{self, Salvaged};
use crate::store::reference::{name_of, resolve, EXTENSION};
use crate::store::{Info, OpenOptions, Pool, PoolOptions};
use crate::sys::retry::uninterrupted;
use crate::sys::{clock, file};

/// Finds pools by reference. Remembers a directory and touches no file by itself.
#[derive(Clone, Debug)]
pub struct Client {
    directory: PathBuf,
}

/// A pool in a list.
#[derive(Debug)]
pub struct ListEntry {
    /// File name without its extension.
    pub name: String,
    /// Path of the file.
    pub path: PathBuf,
    /// Last change, ns since the epoch: that of the file as the file system knows it, or the newest message.
    pub modified_ns: Option<u64>,
    /// What the pool is, or why it cannot be read.
    pub info: Result<Info>,
}

/// `$HOME/.plasmite/pools`.
///
/// # Errors
/// Usage when HOME is not set.
pub fn default_pool_dir() -> Result<PathBuf> {
    match std::env::var_os("HOME").filter(|home| !home.is_empty()) {
        Some(home) => Ok(Path::new(&home).join(".plasmite").join("pools")),
        None => Err(
            Error::usage("there is no default pool directory: HOME is not set")
                .with_hint("set HOME, or give a pool directory"),
        ),
    }
}

impl Client {
    /// A client of this directory, or of the default one. `""` is the working directory.
    ///
    /// # Errors
    /// Usage when the default is asked for and HOME is not set.
    pub fn new(directory: Option<&Path>) -> Result<Client> {
        let directory = match directory {
            Some(directory) if directory.as_os_str().is_empty() => PathBuf::from("."),
            Some(directory) => directory.to_path_buf(),
            None => default_pool_dir()?,
        };
        Ok(Client { directory })
    }

    /// The directory.
    pub fn pool_dir(&self) -> &Path {
        &self.directory
    }

    /// The path a reference means.
    ///
    /// # Errors
    /// Usage for an empty reference, a URL, or control characters.
    pub fn resolve(&self, reference: &str) -> Result<PathBuf> {
        resolve(&self.directory, reference)
    }

    /// Whether there is a file for a reference; it need not be a good pool.
    ///
    /// # Errors
    /// Usage (reference), Permission, Io.
    pub fn exists(&self, reference: &str) -> Result<bool> {
        let path = self.resolve(reference)?;
        file::identity_of(&path)
            .map(|found| found.is_some())
            .map_err(|error| Error::from_io(&error, "look for the pool").with_path(path))
    }

    /// Creates a pool and its directory.
    ///
    /// # Errors
    /// See [`pool::Pool::create`].
    pub fn create(&self, reference: &str, options: &PoolOptions) -> Result<Pool> {
        pool::Pool::create(&self.resolve(reference)?, options)
            .map(|pool| Pool::new(pool, reference))
    }

    /// Opens a pool, or creates it; true when it was created by this call.
    ///
    /// # Errors
    /// See [`pool::Pool::ensure`].
    pub fn ensure(&self, reference: &str, options: &PoolOptions) -> Result<(Pool, bool)> {
        let (pool, created) = pool::Pool::ensure(&self.resolve(reference)?, options)?;
        Ok((Pool::new(pool, reference), created))
    }

    /// Opens a pool.
    ///
    /// # Errors
    /// See [`pool::Pool::open`].
    pub fn open(&self, reference: &str, options: &OpenOptions) -> Result<Pool> {
        pool::Pool::open(&self.resolve(reference)?, options.read_only)
            .map(|pool| Pool::new(pool, reference))
    }

    /// Deletes a pool; whoever has it open gets NotFound from then on.
    ///
    /// # Errors
    /// See [`pool::Pool::delete`].
    pub fn delete(&self, reference: &str) -> Result<()> {
        pool::Pool::delete(&self.resolve(reference)?)
    }

    /// The pools of the directory by name. One that cannot be read is an entry with its error; a
    /// missing directory is an empty list.
    ///
    /// # Errors
    /// Permission or Io when the directory itself cannot be read.
    pub fn list(&self) -> Result<Vec<ListEntry>> {
        let mut list = Vec::new();
        for path in self.files()?.unwrap_or_default() {
            let name = name_of(&path);
            let info = pool::Pool::open(&path, true).and_then(|pool| Pool::new(pool, &name).info());
            if matches!(&info, Err(error) if error.kind() == ErrorKind::NotFound) {
                // Deleted while we looked.
                continue;
            }
            let modified_ns = uninterrupted(|| std::fs::metadata(&path))
                .and_then(|data| data.modified())
                .ok()
                .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
                .and_then(|age| u64::try_from(age.as_nanos()).ok());
            // File systems take note of writes through a mapping when they like.
            let newest_ns = info.as_ref().ok().and_then(|info| info.newest_time_ns);
            let modified_ns = modified_ns.max(newest_ns.map(|newest| newest.min(clock::wall_ns())));
            list.push(ListEntry {
                name,
                path,
                modified_ns,
                info,
            });
        }
        Ok(list)
    }

    /// The directory's entries with the extension of pools, by name; `None` when there is no directory.
    fn files(&self) -> Result<Option<Vec<PathBuf>>> {
        let failed = |error: std::io::Error| {
            Error::from_io(&error, "list the pool directory").with_path(&self.directory)
        };
        // From its beginning when a signal interrupts it: a listing that gave an error is at its end.
        let found = uninterrupted(|| {
            let mut files = Vec::new();
            for entry in std::fs::read_dir(&self.directory)? {
                let path = entry?.path();
                if path
                    .extension()
                    .is_some_and(|extension| extension == EXTENSION)
                {
                    files.push(path);
                }
            }
            Ok(files)
        });
        let mut files = match found {
            Ok(files) => files,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        files.sort_by_cached_key(|path| name_of(path));
        Ok(Some(files))
    }

    /// Begins to examine a pool, or with `None` every pool of the directory.
    ///
    /// # Errors
    /// NotFound (the pool, or the directory), Usage (reference), Permission, Io.
    pub fn doctor(&self, reference: Option<&str>) -> Result<Doctor> {
        if let Some(reference) = reference {
            return Doctor::of_one(reference, &self.resolve(reference)?);
        }
        match self.files()? {
            Some(files) => Ok(Doctor::of_all(files)),
            None => Err(
                Error::new(ErrorKind::NotFound, "the pool directory does not exist")
                    .with_path(&self.directory)
                    .with_hint("check the directory; it is made together with the first pool"),
            ),
        }
    }

    /// Copies what is intact of a damaged pool into a new one.
    ///
    /// # Errors
    /// See [`salvage::salvage`].
    pub fn salvage(&self, damaged: &str, new: &str, options: &PoolOptions) -> Result<Salvaged> {
        salvage::salvage(&self.resolve(damaged)?, &self.resolve(new)?, options)
    }

    /// Converts a pool of format 3: into the new pool, or with `None` in its place.
    ///
    /// # Errors
    /// See [`migrate::migrate`].
    pub fn migrate(&self, old: &str, new: Option<&str>, options: &PoolOptions) -> Result<Migrated> {
        let new = new.map(|new| self.resolve(new)).transpose()?;
        migrate::migrate(&self.resolve(old)?, new.as_deref(), options)
    }
}
