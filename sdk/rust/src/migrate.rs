//! Converting pools of an older format.
#![allow(unsafe_code)]

use crate::call::c_text;
use crate::{raw, Bounds, Buffer, PoolOptions, Result};
use std::path::PathBuf;
use std::ptr;

/// What a conversion made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migrated {
    /// The messages, all converted.
    pub bounds: Bounds,
    /// Size of the old file in bytes.
    pub old_size: u64,
    /// Size of the new file in bytes.
    pub size: u64,
    /// Whether times fall from one message to the next: a start by time then looks at every message.
    pub times_unordered: bool,
    /// Where the old file was kept, when the new pool took its place.
    pub backup: Option<PathBuf>,
}

impl Migrated {
    pub(crate) fn make(
        client: *mut raw::plsm_client_t,
        reference: &str,
        new: Option<&str>,
        options: &PoolOptions,
    ) -> Result<Migrated> {
        let reference = c_text(reference, "the pool reference")?;
        let new = new
            .map(|new| c_text(new, "the new pool's reference"))
            .transpose()?;
        let new = new.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        let options = options.raw();
        let mut made = raw::plsm_migrated_t {
            struct_size: size_of::<raw::plsm_migrated_t>() as u32,
            ..Default::default()
        };
        let backup = Buffer::fill(|backup, error| {
            // SAFETY: the caller's live handle, NUL-terminated texts or NULL, structs of the stated sizes; the
            // outputs are ours.
            unsafe {
                raw::plsm_pool_migrate(
                    client,
                    reference.as_ptr(),
                    new,
                    &options,
                    &mut made,
                    backup,
                    error,
                )
            }
        })?;
        Ok(Migrated {
            bounds: made.bounds.into(),
            old_size: made.old_size,
            size: made.size,
            times_unordered: made.times_unordered != 0,
            backup: (!backup.is_empty()).then(|| backup.path()),
        })
    }
}
