//! JSON to Lite3 and back, on bytes alone.

#![allow(unsafe_code)]

use std::ffi::c_int;

use plasmite_core::json::{write_lite3, Encoded, Encoder};
use plasmite_core::lite3::{self, Value};
use plasmite_core::Error;

use crate::bytes::{give_built, plsm_buf_t, slice_in};
use crate::error::plsm_error_t;
use crate::guard::{status, Out};

/// Encodes a JSON object or array as a Lite3 document, as plsm_pool_append_data takes it. Usage: not JSON
/// (offset tells where), or what Lite3 cannot hold (another root, an integer above 2^63-1, a key with a
/// NUL). Free with plsm_buf_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_lite3_from_json(
    json: *const u8,
    json_len: usize,
    out_lite3: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL, or a place for a buffer and readable bytes.
        let (out, json) = unsafe {
            (
                Out::new(out_lite3, "out_lite3")?,
                slice_in(json, json_len, "json")?,
            )
        };
        out.set(give_built(|document| match Encoder::new().encode(json, document)? {
            Encoded::Lite3 => Ok(()),
            Encoded::Text => Err(Error::usage(
                "Lite3 cannot hold this value: its root is no object or array, or it has an integer above \
                 9223372036854775807 or a key with U+0000",
            )
            .with_hint("append it as JSON with plsm_pool_append: pools keep every JSON value")),
        })?);
        Ok(())
    })
}

/// Checks that bytes are one JSON value that pools can keep, as plsm_pool_append does, without a pool. Usage:
/// they are not (offset tells where), or it nests too deep. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_json_check(
    json: *const u8,
    json_len: usize,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or readable bytes.
        let json = unsafe { slice_in(json, json_len, "json")? };
        Encoder::new().encode(json, &mut Vec::new())?;
        Ok(())
    })
}

/// Writes a Lite3 document as compact JSON, members in the order they were written. Corrupt: it is damaged.
/// Free with plsm_buf_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_lite3_to_json(
    lite3: *const u8,
    lite3_len: usize,
    out_json: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL, or a place for a buffer and readable bytes.
        let (out, document) = unsafe {
            (
                Out::new(out_json, "out_json")?,
                slice_in(lite3, lite3_len, "lite3")?,
            )
        };
        out.set(give_built(|json| {
            write_lite3(Value::root(document)?, json)
        })?);
        Ok(())
    })
}

/// Checks a whole Lite3 document: every offset, length, type, key and text, and how deep it nests. Corrupt,
/// with the offset: it is damaged. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_lite3_check(
    lite3: *const u8,
    lite3_len: usize,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or readable bytes.
        lite3::check(unsafe { slice_in(lite3, lite3_len, "lite3") }?)
    })
}
