//! The pools of a directory.
#![allow(unsafe_code)]

use crate::call::call;
use crate::error::{borrowed_path, borrowed_text};
use crate::{raw, Error, Info, Result};
use std::path::Path;
use std::ptr::{self, NonNull};

/// A pool of a list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ListEntry<'a> {
    /// Its name.
    pub name: &'a str,
    /// The path of its file.
    pub path: &'a Path,
    /// When the pool was last changed, in nanoseconds since 1970.
    pub modified_ns: Option<u64>,
    /// What is known about it, or why it cannot be read.
    pub info: Result<Info>,
}

/// The pools of a directory at one moment, sorted by name.
#[derive(Debug)]
pub struct PoolList(NonNull<raw::plsm_pool_list_t>);

// SAFETY: a list does not change, and the library frees it from any thread.
unsafe impl Send for PoolList {}
// SAFETY: as above.
unsafe impl Sync for PoolList {}

impl PoolList {
    pub(crate) fn open(client: *mut raw::plsm_client_t) -> Result<PoolList> {
        let mut list = ptr::null_mut();
        // SAFETY: the caller's live handle; the outputs are ours.
        call(|error| unsafe { raw::plsm_pool_list_open(client, &mut list, error) })?;
        NonNull::new(list)
            .map(PoolList)
            .ok_or_else(|| Error::take(ptr::null_mut()))
    }

    /// How many pools there are.
    pub fn len(&self) -> usize {
        // SAFETY: a live list.
        unsafe { raw::plsm_pool_list_count(self.0.as_ptr()) }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry at this place, from 0.
    ///
    /// # Errors
    /// Usage beyond the end.
    pub fn entry(&self, index: usize) -> Result<ListEntry<'_>> {
        let mut entry = raw::plsm_list_entry_t {
            struct_size: size_of::<raw::plsm_list_entry_t>() as u32,
            ..Default::default()
        };
        // SAFETY: a live list; a struct of the stated size, which is ours.
        call(|error| unsafe {
            raw::plsm_pool_list_entry(self.0.as_ptr(), index, &mut entry, error)
        })?;
        // SAFETY: the library filled it; all it points to lives as long as the list, which the result borrows.
        unsafe {
            let info = match (entry.info.as_ref(), entry.error.is_null()) {
                (Some(info), _) => Ok(Info::from(info)),
                (None, false) => Err(Error::copied(entry.error)),
                (None, true) => Err(Error::take(ptr::null_mut())),
            };
            Ok(ListEntry {
                name: borrowed_text(entry.name),
                path: borrowed_path(entry.path),
                modified_ns: (entry.has_mtime != 0).then_some(entry.mtime_ns),
                info,
            })
        }
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = Result<ListEntry<'_>>> {
        (0..self.len()).map(|index| self.entry(index))
    }
}

impl Drop for PoolList {
    fn drop(&mut self) {
        // SAFETY: the list is ours, no call is running on it, and it is freed once.
        unsafe { raw::plsm_pool_list_free(self.0.as_ptr()) }
    }
}
