//! Conversion of pools of an older format.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};

use plasmite_core::migrate::Migrated;

use crate::bytes::{give, plsm_buf_t};
use crate::client::{give_path, plsm_client_t, target};
use crate::error::plsm_error_t;
use crate::guard::{status, Out};
use crate::info::plsm_bounds_t;
use crate::options::{self, Versioned};
use crate::pool::plsm_pool_options_t;
use crate::text::str_in;

/// What plsm_pool_migrate made. Set struct_size before the call, or start from PLSM_MIGRATED_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_migrated {
    /// sizeof(plsm_migrated_t), set by the caller.
    pub struct_size: u32,
    /// Whether times fall from one message to the next: 0 or 1. A start by time then looks at every message.
    pub times_unordered: u32,
    /// The messages, all converted.
    pub bounds: plsm_bounds_t,
    /// Size of the old file in bytes.
    pub old_size: u64,
    /// Size of the new file in bytes.
    pub size: u64,
}

/// What plsm_pool_migrate made. See plsm_migrated.
pub type plsm_migrated_t = plsm_migrated;

// SAFETY: repr(C), integers only, starts with struct_size.
unsafe impl Versioned for plsm_migrated {
    const FIRST_SIZE: usize = 48;
    const NAME: &'static str = "plsm_migrated_t";
}

impl From<&Migrated> for plsm_migrated {
    fn from(migrated: &Migrated) -> plsm_migrated {
        let (oldest, newest) = migrated.bounds.unwrap_or((0, 0));
        plsm_migrated {
            struct_size: 0,
            times_unordered: u32::from(migrated.times_unordered),
            bounds: plsm_bounds_t {
                oldest,
                newest,
                count: migrated.messages,
            },
            old_size: migrated.old_size,
            size: migrated.size,
        }
    }
}

/// Converts a pool of format 3, which builds up to version 1.2 made: with every message, its seq, time and
/// tags, proven by reading both again. With `new_ref` a new pool is made and the old one left as it is. With
/// NULL the new pool takes the old one's place at one moment, with its mode and owner, and the old file is
/// kept beside it with ".bak" behind its name; stop the programs that use it first, for those that go on
/// with it write into that file.
///
/// `options`, or NULL, says what the new pool is to be like: size_bytes 0 means the old one's size, or as
/// much more as the messages need; no index_capacity the default, or no index if the old pool had none;
/// file_mode 0 the old one's. `out_migrated` may be NULL. `out_backup` may be NULL; it gets the path of the
/// kept old file, or no bytes.
///
/// A failure leaves nothing behind. NotFound. Usage: of another format, or too large for the size asked for.
/// Busy: a writer holds the old pool. AlreadyExists: the new pool, or the ".bak" file. Corrupt: the old pool
/// is damaged; seq and offset tell where. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_migrate(
    client: *mut plsm_client_t,
    pool_ref: *const c_char,
    new_ref: *const c_char,
    options: *const plsm_pool_options_t,
    out_migrated: *mut plsm_migrated_t,
    out_backup: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes a client handle and a string, NULL or options of the size they say, and
        // NULL or a place for a buffer.
        let ((client, old), options, backup) = unsafe {
            (
                target(client, pool_ref)?,
                options::read(options)?,
                Out::optional(out_backup, "out_backup")?,
            )
        };
        let new = if new_ref.is_null() {
            None
        } else {
            // SAFETY: not NULL, so a string by the call's contract.
            Some(unsafe { str_in(new_ref, "new_ref") }?)
        };
        let out = if out_migrated.is_null() {
            None
        } else {
            // SAFETY: not NULL, so a struct of the size it says.
            Some(unsafe { options::answer_in(out_migrated, "out_migrated") }?)
        };
        let directory = client.local(old).and(client.local(new.unwrap_or(old)))?;
        let migrated = directory.migrate(old, new, &options.to_core())?;
        if let Some(backup) = backup {
            backup.set(match &migrated.backup {
                Some(path) => give_path(path)?,
                None => give(b"")?,
            });
        }
        if let Some(out) = out {
            out.set(&(&migrated).into());
        }
        Ok(())
    })
}
