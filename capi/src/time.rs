//! Times and durations as text.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};

use plasmite_core::message::time;
use plasmite_core::{Error, Result};

use crate::bytes::{give, plsm_buf_t, slice_in};
use crate::error::plsm_error_t;
use crate::guard::{status, Out};
use crate::text::utf8;

/// Writes a time as messages carry it: RFC 3339 in UTC, for example "2026-01-31T08:05:09.12Z". Free with
/// plsm_buf_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_time_format(
    timestamp_ns: u64,
    out_text: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a buffer.
        let out = unsafe { Out::new(out_text, "out_text") }?;
        out.set(give(time::format(timestamp_ns).as_bytes())?);
        Ok(())
    })
}

/// Reads a time in RFC 3339, with any offset from UTC. A time before 1970 gives 0, one after 2554 the
/// largest number. Usage: it is none. `text` needs no NUL. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_time_parse(
    text: *const c_char,
    text_len: usize,
    out_timestamp_ns: *mut u64,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    // SAFETY: the caller passes what `parse` wants.
    status(out_err, || unsafe {
        parse(
            (text, text_len),
            out_timestamp_ns,
            "out_timestamp_ns",
            time::parse,
        )
    })
}

/// Reads a duration, for example "500ms", "5s", "30m" or "2h", in ns. Usage: it is none. `text` needs no
/// NUL. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_duration_parse(
    text: *const c_char,
    text_len: usize,
    out_ns: *mut u64,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    let read = |text: &str| {
        let duration = time::parse_duration(text)?;
        u64::try_from(duration.as_nanos())
            .map_err(|_| Error::usage(format!("the duration {text:?} is too long")))
    };
    // SAFETY: the caller passes what `parse` wants.
    status(out_err, || unsafe {
        parse((text, text_len), out_ns, "out_ns", read)
    })
}

/// # Safety
/// A readable text and a place for a number; or NULL.
unsafe fn parse(
    (text, len): (*const c_char, usize),
    place: *mut u64,
    name: &str,
    read: impl FnOnce(&str) -> Result<u64>,
) -> Result<()> {
    // SAFETY: passed on.
    let (out, bytes) = unsafe { (Out::new(place, name)?, slice_in(text.cast(), len, "text")?) };
    out.set(read(utf8(bytes, "text")?)?);
    Ok(())
}
