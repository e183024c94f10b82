//! Appending one message: JSON, Lite3 data, or a whole Lite3 document, with options.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::time::Duration;

use plasmite_core::store::{AppendOptions, LockWait, Receipt};
use plasmite_core::Result;

use crate::backend::Pool;
use crate::bytes::{give_built, plsm_buf_t, plsm_bytes_t, slice_in};
use crate::error::plsm_error_t;
use crate::guard::{status, Out};
use crate::library::unknown_durability;
use crate::options::{self, Versioned};
use crate::pool::{plsm_pool_t, pool_in};
use crate::tags::with_ranges;
use crate::wait::PLSM_WAIT_FOREVER;

/// When an append returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum plsm_durability {
    /// When other processes can read the message; it survives them all, but not a crash of the machine.
    PLSM_DURABILITY_FAST = 0,
    /// When the message, and all before it, are on the disk.
    PLSM_DURABILITY_FLUSH = 1,
}

/// When an append returns. See plsm_durability.
pub type plsm_durability_t = plsm_durability;

/// Check Lite3 data wholly before storing it, not just its root. See plsm_pool_append_data.
pub const PLSM_APPEND_CHECK_FULLY: u32 = 1;

/// How a message is appended. Zero it and set struct_size, or start from PLSM_APPEND_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_append_options {
    /// sizeof(plsm_append_options_t).
    pub struct_size: u32,
    /// A plsm_durability_t.
    pub durability: u32,
    /// The message's tags: UTF-8, kept in order, duplicates and empty ones too. NULL is fine for none.
    pub tags: *const plsm_bytes_t,
    /// How many tags.
    pub tags_len: usize,
    /// The message's time in ns since 1970; only when has_timestamp is set. Usage when it is below the
    /// newest message's.
    pub timestamp_ns: u64,
    /// How long to wait for the writer lock, in ms, before Busy; only when has_lock_wait is set. 0 tries
    /// once, and PLSM_WAIT_FOREVER waits without limit. Otherwise 10000.
    pub lock_wait_ms: u64,
    /// Append only when this is the newest seq (0: when no message was ever written), else AlreadyExists;
    /// only when has_expect_newest is set. When a power cut took the newest messages, the seq of the newest that is left
    /// counts, and so does that of the newest there was.
    pub expect_newest: u64,
    /// Whether timestamp_ns counts.
    pub has_timestamp: u32,
    /// Whether lock_wait_ms counts.
    pub has_lock_wait: u32,
    /// Whether expect_newest counts.
    pub has_expect_newest: u32,
    /// PLSM_APPEND_CHECK_FULLY or 0.
    pub flags: u32,
}

/// How a message is appended. See plsm_append_options.
pub type plsm_append_options_t = plsm_append_options;

// SAFETY: repr(C), integers and pointers only, starts with struct_size.
unsafe impl Versioned for plsm_append_options {
    const FIRST_SIZE: usize = std::mem::offset_of!(plsm_append_options, flags) + 4;
    const NAME: &'static str = "plsm_append_options_t";
}

/// What an append has stored.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_receipt {
    /// The message's seq.
    pub seq: u64,
    /// The message's time, in ns since 1970.
    pub timestamp_ns: u64,
}

/// What an append has stored. See plsm_receipt.
pub type plsm_receipt_t = plsm_receipt;

impl From<Receipt> for plsm_receipt {
    fn from(receipt: Receipt) -> plsm_receipt {
        plsm_receipt {
            seq: receipt.seq,
            timestamp_ns: receipt.time_ns,
        }
    }
}

/// Reads a durability number.
#[inline(always)]
pub(crate) fn is_flush(durability: u32) -> Result<bool> {
    match durability {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(unknown_durability(other)),
    }
}

/// Reads options and calls `body` with core's.
///
/// # Safety
/// `options` is NULL or options of the size they say, with tags as [`with_ranges`] wants.
#[inline(always)]
pub(crate) unsafe fn with_options<T>(
    options: *const plsm_append_options,
    body: impl FnOnce(&AppendOptions) -> Result<T>,
) -> Result<T> {
    if options.is_null() {
        return body(&AppendOptions::default());
    }
    // SAFETY: passed on.
    let options = unsafe { options::read(options) }?;
    options::check_flags(
        options.flags,
        PLSM_APPEND_CHECK_FULLY,
        plsm_append_options::NAME,
    )?;
    let flush = is_flush(options.durability)?;
    let lock_wait = match (options.has_lock_wait, options.lock_wait_ms) {
        (0, _) => AppendOptions::default().lock_wait,
        (_, 0) => LockWait::Try,
        (_, PLSM_WAIT_FOREVER) => LockWait::Forever,
        (_, ms) => LockWait::For(Duration::from_millis(ms)),
    };
    let with_tags = |tags: &[&[u8]]| {
        body(&AppendOptions {
            tags,
            flush,
            timestamp_ns: (options.has_timestamp != 0).then_some(options.timestamp_ns),
            lock_wait,
            expect_newest: (options.has_expect_newest != 0).then_some(options.expect_newest),
            check_fully: options.flags & PLSM_APPEND_CHECK_FULLY != 0,
        })
    };
    // SAFETY: passed on.
    unsafe { with_ranges(options.tags, options.tags_len, "tags", with_tags) }
}

/// Appends one JSON value (any, not only an object) as a message. `options` NULL means: no tags, fast, the
/// clock's time, 10 seconds for the lock. `out_receipt` may be NULL. With up to 8 tags nothing is allocated.
///
/// Usage: not one JSON value in UTF-8 (offset tells where), too deep, a tag not UTF-8, or too large for the
/// pool. NotFound: the pool was deleted or replaced. Busy: the lock was not to be had in time. Permission:
/// open for reading only. Io with plsm_error_maybe_written: the message is stored but could not be flushed, or
/// a server may have stored it. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_append(
    pool: *mut plsm_pool_t,
    json: *const u8,
    json_len: usize,
    options: *const plsm_append_options_t,
    out_receipt: *mut plsm_receipt_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    let input = Input {
        bytes: json,
        len: json_len,
        name: "json",
    };
    // SAFETY: the caller passes what `append` wants.
    status(out_err, || unsafe {
        append(pool, input, options, out_receipt, Pool::append_json)
    })
}

/// As plsm_pool_append, and also gives the whole stored message, as plsm_pool_get_json would, made of what was
/// written and not read again. Free it with plsm_buf_free. 0 or -1; with Io and plsm_error_maybe_written there is
/// no message, though it may be stored.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_append_envelope(
    pool: *mut plsm_pool_t,
    json: *const u8,
    json_len: usize,
    options: *const plsm_append_options_t,
    out_receipt: *mut plsm_receipt_t,
    out_message: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    let input = Input {
        bytes: json,
        len: json_len,
        name: "json",
    };
    status(out_err, || {
        // SAFETY: the caller passes NULL, or a place for a buffer and one for a receipt.
        let (out, out_receipt) = unsafe {
            (
                Out::new(out_message, "out_message")?,
                Out::optional(out_receipt, "out_receipt")?,
            )
        };
        let mut receipt = None;
        let message = give_built(|message| {
            // SAFETY: the caller passes what `appended` wants.
            receipt = Some(unsafe {
                appended(pool, input, options, |pool, bytes, options| {
                    pool.append_json_envelope(bytes, options, message)
                })
            }?);
            Ok(())
        })?;
        if let (Some(out), Some(receipt)) = (out_receipt, receipt) {
            out.set(receipt.into());
        }
        out.set(message);
        Ok(())
    })
}

/// Appends `data` that is already encoded as Lite3 (root object or array), without its envelope. Checked
/// are the size, the root's type, and that the root's entries lie within the bytes; all of it with
/// PLSM_APPEND_CHECK_FULLY. Readers check whatever they read, so bad bytes give them Corrupt and nothing
/// worse. Otherwise as plsm_pool_append; Corrupt: not such a document. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_append_data(
    pool: *mut plsm_pool_t,
    lite3: *const u8,
    lite3_len: usize,
    options: *const plsm_append_options_t,
    out_receipt: *mut plsm_receipt_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    let input = Input {
        bytes: lite3,
        len: lite3_len,
        name: "lite3",
    };
    // SAFETY: the caller passes what `append` wants.
    status(out_err, || unsafe {
        append(pool, input, options, out_receipt, Pool::append_data)
    })
}

/// Appends a whole Lite3 message document, `{"meta":{"tags":[...]},"data":...}`, checked fully and kept
/// byte for byte. Tags stand in the document, so the options must have none. Otherwise as plsm_pool_append;
/// Corrupt: not such a document. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_append_document(
    pool: *mut plsm_pool_t,
    lite3: *const u8,
    lite3_len: usize,
    options: *const plsm_append_options_t,
    out_receipt: *mut plsm_receipt_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    let input = Input {
        bytes: lite3,
        len: lite3_len,
        name: "lite3",
    };
    // SAFETY: the caller passes what `append` wants.
    status(out_err, || unsafe {
        append(pool, input, options, out_receipt, Pool::append_document)
    })
}

struct Input {
    bytes: *const u8,
    len: usize,
    name: &'static str,
}

/// Checks every argument, then appends.
///
/// # Safety
/// A pool handle, `input` readable, options as [`with_options`] wants, a place for the receipt; or NULL.
#[inline(always)]
unsafe fn append(
    pool: *mut plsm_pool_t,
    input: Input,
    options: *const plsm_append_options_t,
    out_receipt: *mut plsm_receipt_t,
    call: impl FnOnce(&Pool, &[u8], &AppendOptions) -> Result<Receipt>,
) -> Result<()> {
    // SAFETY: passed on.
    unsafe {
        let out = Out::optional(out_receipt, "out_receipt")?;
        let receipt = appended(pool, input, options, call)?;
        if let Some(out) = out {
            out.set(receipt.into());
        }
        Ok(())
    }
}

/// # Safety
/// As [`append`], without the receipt.
#[inline(always)]
unsafe fn appended(
    pool: *mut plsm_pool_t,
    input: Input,
    options: *const plsm_append_options_t,
    call: impl FnOnce(&Pool, &[u8], &AppendOptions) -> Result<Receipt>,
) -> Result<Receipt> {
    // SAFETY: passed on.
    unsafe {
        let pool = pool_in(pool)?;
        let bytes = slice_in(input.bytes, input.len, input.name)?;
        with_options(options, |options| call(pool, bytes, options))
    }
}

/// Makes everything appended so far durable, by this process or others, as PLSM_DURABILITY_FLUSH does for
/// one message. Io: the disk refused; from then on no flush of the pool succeeds, in any process, before
/// everything was written again. Corrupt: a message that was not on the disk yet is lost. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_flush(
    pool: *mut plsm_pool_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    // SAFETY: the caller passes NULL or a pool handle.
    status(out_err, || unsafe { pool_in(pool) }?.flush())
}
