//! A client: a directory of pools, or a server that has some.
#![allow(unsafe_code)]

use crate::call::{c_text, call};
use crate::list::PoolList;
use crate::{
    raw, Buffer, ClientOptions, Doctor, Error, Migrated, OpenOptions, Pool, PoolOptions, Result,
    Salvaged,
};
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};

/// A directory of pools, or a server that has some. Making one touches no file and no network. Any thread may use it; pools
/// outlive it.
///
/// A pool reference is a name (`events`: the file `events.plasmite` in the directory), with a `/` in it the path of a
/// file, or the address of a pool of a server: `http://host:9700/events`. What a client brings along to servers, a token
/// for example, is in [`ClientOptions`].
#[doc(alias = "RemoteClient")]
#[derive(Debug)]
pub struct Client(NonNull<raw::plsm_client_t>);

// SAFETY: the library's handles may be used from any thread, by several at once.
unsafe impl Send for Client {}
// SAFETY: as above.
unsafe impl Sync for Client {}

/// Where pools are when no directory is named: `$HOME/.plasmite/pools`.
///
/// # Errors
/// Usage when HOME is unset or empty.
pub fn default_pool_dir() -> Result<PathBuf> {
    // SAFETY: both outputs are ours.
    let path = Buffer::fill(|buffer, error| unsafe { raw::plsm_default_pool_dir(buffer, error) })?;
    Ok(path.path())
}

impl Client {
    /// A client of this directory, which need not exist yet; `http://host:9700` means a server, and plain names then its
    /// pools.
    ///
    /// # Errors
    /// Usage for a path that is not UTF-8 or holds a NUL.
    pub fn new(directory: impl AsRef<Path>) -> Result<Client> {
        Client::with_options(&ClientOptions::new().pool_dir(directory)?)
    }

    /// A client with options.
    ///
    /// # Errors
    /// Usage for options that exclude each other, or a token or certificates that cannot be; NotFound, Permission or Io
    /// for a file of them that cannot be read.
    pub fn with_options(options: &ClientOptions) -> Result<Client> {
        options.with_raw(|options| {
            let mut client = ptr::null_mut();
            // SAFETY: options of the stated size, whose texts live through the call; the outputs are ours.
            call(|error| unsafe { raw::plsm_client_new_with(options, &mut client, error) })?;
            NonNull::new(client)
                .map(Client)
                .ok_or_else(|| Error::take(ptr::null_mut()))
        })
    }

    /// A client of [`default_pool_dir`].
    ///
    /// # Errors
    /// Usage when HOME is unset or empty.
    pub fn with_default_dir() -> Result<Client> {
        Client::with_options(&ClientOptions::new())
    }

    fn as_ptr(&self) -> *mut raw::plsm_client_t {
        self.0.as_ptr()
    }

    /// The directory, or the server's address.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn pool_dir(&self) -> Result<PathBuf> {
        // SAFETY: a live handle; the outputs are ours.
        let path = Buffer::fill(|buffer, error| unsafe {
            raw::plsm_client_pool_dir(self.as_ptr(), buffer, error)
        })?;
        Ok(path.path())
    }

    /// The path of the file a reference means, which need not exist.
    ///
    /// # Errors
    /// Usage for a name no pool can have, and for URLs.
    pub fn resolve(&self, reference: &str) -> Result<PathBuf> {
        let reference = c_text(reference, "the pool reference")?;
        let path = Buffer::fill(|buffer, error| {
            // SAFETY: a live handle, a NUL-terminated text; the outputs are ours.
            unsafe { raw::plsm_pool_resolve(self.as_ptr(), reference.as_ptr(), buffer, error) }
        })?;
        Ok(path.path())
    }

    /// Whether there is such a pool.
    ///
    /// # Errors
    /// As [`Client::resolve`], and Permission or Io when that cannot be told.
    pub fn exists(&self, reference: &str) -> Result<bool> {
        let reference = c_text(reference, "the pool reference")?;
        // SAFETY: a live handle, a NUL-terminated text.
        Ok(call(|error| unsafe {
            raw::plsm_pool_exists(self.as_ptr(), reference.as_ptr(), error)
        })? == 1)
    }

    /// Creates a pool, and its directories as needed.
    ///
    /// ```
    /// # use plasmite_sdk::*;
    /// # let directory = tempfile::tempdir().unwrap();
    /// let client = Client::new(directory.path())?;
    /// let pool = client.create("events", &PoolOptions::new().size(8 << 20))?;
    /// assert_eq!(client.create("events", &PoolOptions::new()).unwrap_err().kind(), ErrorKind::AlreadyExists);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// AlreadyExists; Usage for a bad name or size; Permission; Io, for example a full disk.
    pub fn create(&self, reference: &str, options: &PoolOptions) -> Result<Pool> {
        let reference = c_text(reference, "the pool reference")?;
        let options = options.raw();
        Pool::adopt(|pool, error| {
            // SAFETY: a live handle, a NUL-terminated text, options of the stated size; the outputs are ours.
            unsafe {
                raw::plsm_pool_create_with(self.as_ptr(), reference.as_ptr(), &options, pool, error)
            }
        })
    }

    /// Opens a pool, or creates it when there is none, in one step; says whether it was created.
    ///
    /// # Errors
    /// As [`Client::create`] and [`Client::open_pool`].
    pub fn ensure(&self, reference: &str, options: &PoolOptions) -> Result<(Pool, bool)> {
        let reference = c_text(reference, "the pool reference")?;
        let options = options.raw();
        let mut created = 0;
        let pool = Pool::adopt(|pool, error| {
            // SAFETY: as above.
            unsafe {
                raw::plsm_pool_ensure(
                    self.as_ptr(),
                    reference.as_ptr(),
                    &options,
                    pool,
                    &mut created,
                    error,
                )
            }
        })?;
        Ok((pool, created != 0))
    }

    /// Opens a pool for reading and writing; where writing is not permitted, for reading.
    ///
    /// # Errors
    /// NotFound; Permission; Corrupt for a damaged or foreign file; Usage for a bad name or another format.
    pub fn open_pool(&self, reference: &str) -> Result<Pool> {
        self.open_pool_with(reference, &OpenOptions::new())
    }

    /// Opens a pool with options.
    ///
    /// # Errors
    /// As [`Client::open_pool`].
    pub fn open_pool_with(&self, reference: &str, options: &OpenOptions) -> Result<Pool> {
        let reference = c_text(reference, "the pool reference")?;
        let options = options.raw();
        Pool::adopt(|pool, error| {
            // SAFETY: as above.
            unsafe {
                raw::plsm_pool_open_with(self.as_ptr(), reference.as_ptr(), &options, pool, error)
            }
        })
    }

    /// Deletes a pool, also one in use: its readers and writers then get NotFound.
    ///
    /// # Errors
    /// NotFound; Permission; Usage for a bad name.
    pub fn delete(&self, reference: &str) -> Result<()> {
        let reference = c_text(reference, "the pool reference")?;
        // SAFETY: a live handle, a NUL-terminated text.
        call(|error| unsafe { raw::plsm_pool_delete(self.as_ptr(), reference.as_ptr(), error) })?;
        Ok(())
    }

    /// The pools of the directory, sorted by name. A missing directory has none; one that cannot be read is in
    /// the list with its error.
    ///
    /// # Errors
    /// Permission or Io when the directory itself cannot be read.
    pub fn list(&self) -> Result<PoolList> {
        PoolList::open(self.as_ptr())
    }

    /// The same list as JSON: `{"pools":[…]}`.
    ///
    /// # Errors
    /// As [`Client::list`].
    pub fn list_json(&self) -> Result<Buffer> {
        // SAFETY: a live handle; the outputs are ours.
        Buffer::fill(|buffer, error| unsafe {
            raw::plsm_pool_list_json(self.as_ptr(), buffer, error)
        })
    }

    /// Begins to examine a pool.
    ///
    /// # Errors
    /// NotFound; Permission; Io for what is no plain file; Usage for a bad name.
    pub fn doctor(&self, reference: &str) -> Result<Doctor> {
        Doctor::open(self.as_ptr(), Some(reference))
    }

    /// Begins to examine every pool of the directory, by name. One that cannot be looked at has a report that says so.
    ///
    /// # Errors
    /// NotFound when there is no such directory; Permission or Io when it cannot be read.
    pub fn doctor_all(&self) -> Result<Doctor> {
        Doctor::open(self.as_ptr(), None)
    }

    /// Converts a pool of format 3, which builds up to version 1.2 made, with every message, seq, time and tag:
    /// into the new pool `new`, or, without that, in its place; the old file is then kept beside it with `.bak`
    /// behind its name. Stop the programs that use the pool first.
    ///
    /// Options that are left at their defaults are as in the old pool; its size grows if the messages need that.
    ///
    /// # Errors
    /// NotFound; Usage for another format, a bad name, or a size too small; Busy when a writer holds the old
    /// pool; AlreadyExists for the new pool or the `.bak` file; Corrupt when the old pool is damaged; Permission; Io.
    pub fn migrate(
        &self,
        reference: &str,
        new: Option<&str>,
        options: &PoolOptions,
    ) -> Result<Migrated> {
        Migrated::make(self.as_ptr(), reference, new, options)
    }

    /// Copies every intact message of a damaged pool into the new pool `new`, with its seq, time and tags, and tells what is
    /// lost. The damaged file is left as it is; stop the programs that use it first.
    ///
    /// # Errors
    /// NotFound; AlreadyExists for the new pool; Usage for another format, a bad name, or a size too small; Corrupt for
    /// no pool, or when too little of it is left to find or check a message; Permission; Io.
    pub fn salvage(&self, reference: &str, new: &str, options: &PoolOptions) -> Result<Salvaged> {
        Salvaged::make(self.as_ptr(), reference, new, options)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, no call is running on it, and it is freed once.
        unsafe { raw::plsm_client_free(self.as_ptr()) }
    }
}
