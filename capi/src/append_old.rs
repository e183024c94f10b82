//! The two append calls that every build of the library has.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};

use plasmite_core::store::AppendOptions;

use crate::append::is_flush;
use crate::bytes::{give_built, plsm_buf_t, slice_in};
use crate::error::plsm_error_t;
use crate::guard::{status, Out};
use crate::pool::{plsm_pool_t, pool_in};
use crate::tags::with_strings;

/// Appends one JSON value (any, not only an object) and returns the whole stored message, as
/// plsm_pool_get_json would. `tags` are NUL-terminated UTF-8 strings; NULL means none whatever `tags_len`
/// says. `durability` is a plsm_durability_t. Errors as for plsm_pool_append. Free the message with
/// plsm_buf_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_append_json(
    pool: *mut plsm_pool_t,
    json_bytes: *const u8,
    json_len: usize,
    tags: *mut *const c_char,
    tags_len: usize,
    durability: u32,
    out_message: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL, or a place for a buffer, a pool handle, and readable bytes.
        let (out, pool, json) = unsafe {
            (
                Out::new(out_message, "out_message")?,
                pool_in(pool)?,
                slice_in(json_bytes, json_len, "json_bytes")?,
            )
        };
        let flush = is_flush(durability)?;
        let append = |tags: &[&[u8]]| {
            let options = AppendOptions {
                tags,
                flush,
                ..AppendOptions::default()
            };
            give_built(|message| {
                pool.append_json_envelope(json, &options, message)
                    .map(|_| ())
            })
        };
        // SAFETY: the caller passes NULL or that many strings.
        out.set(unsafe { with_strings(tags, tags_len, append) }?);
        Ok(())
    })
}

/// Appends a whole Lite3 message document, as plsm_pool_append_document does with default options, and
/// tells its seq. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_append_lite3(
    pool: *mut plsm_pool_t,
    payload: *const u8,
    payload_len: usize,
    durability: u32,
    out_seq: *mut u64,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL, or a place for a number, a pool handle, and readable bytes.
        let (out, pool, document) = unsafe {
            (
                Out::new(out_seq, "out_seq")?,
                pool_in(pool)?,
                slice_in(payload, payload_len, "payload")?,
            )
        };
        let options = AppendOptions {
            flush: is_flush(durability)?,
            ..AppendOptions::default()
        };
        out.set(pool.append_document(document, &options)?.seq);
        Ok(())
    })
}
