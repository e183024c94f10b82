//! Looking into a view without decoding it: tags, and top-level fields of the data.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};

use plasmite_core::lite3::Value;
use plasmite_core::message::{tags, Encoding};
use plasmite_core::store::{RacingBytes, View};
use plasmite_core::{Error, Result};

use crate::bytes::{plsm_bytes, plsm_bytes_t, slice_or_empty};
use crate::error::plsm_error_t;
use crate::guard::{plain, truth, Out};
use crate::value::{kind_name, plsm_value, plsm_value_t};
use crate::view::{overtaken, plsm_view_t, view_in};

/// A value in a view's memory.
type Place<'a> = Value<RacingBytes<'a>>;

/// How many tags the message has; 0 for a bad view. Borrows nothing.
#[no_mangle]
pub unsafe extern "C" fn plsm_view_tag_count(view: *const plsm_view_t) -> usize {
    plain(0, || {
        // SAFETY: the caller passes NULL or a filled view.
        let Ok(view) = (unsafe { view_in(view) }) else {
            return 0;
        };
        let Ok(message) = view.message() else {
            return 0;
        };
        tags::ranges(message.tags).filter(Result::is_ok).count()
    })
}

/// Tells one tag, counted from 0, borrowed from what the view was borrowed from. 1: there is one. 0: there
/// is none. 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_view_tag(
    view: *const plsm_view_t,
    index: usize,
    out_tag: *mut plsm_bytes_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    truth(out_err, || {
        // SAFETY: the caller passes NULL or a place for a range, and a filled view.
        let (out, view) = unsafe { (Out::new(out_tag, "out_tag")?, view_in(view)?) };
        match tags::ranges(view.message()?.tags).nth(index) {
            None => Ok(false),
            Some(Ok((at, len))) => {
                // `ranges` gives places inside the block only.
                out.set(plsm_bytes {
                    data: view.tags.wrapping_add(at),
                    len,
                });
                Ok(true)
            }
            Some(Err(error)) => Err(in_place_error(view, error)),
        }
    })
}

/// Tells an integer member of the data, found without decoding the rest. 1: there, in `out_value`. 0: the
/// data is no object or has no such member. Usage: it is of another type, or the data is stored as JSON
/// text (see plsm_view_root). `key` needs no NUL. 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_view_i64(
    view: *const plsm_view_t,
    key: *const c_char,
    key_len: usize,
    out_value: *mut i64,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    // SAFETY: the caller passes what `field` wants.
    truth(out_err, || unsafe {
        field(view, (key, key_len), out_value, "an integer", |place| {
            Ok(place.as_i64())
        })
    })
}

/// As plsm_view_i64, for a number: a float as it is, an integer rounded to the nearest. 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_view_f64(
    view: *const plsm_view_t,
    key: *const c_char,
    key_len: usize,
    out_value: *mut f64,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    // SAFETY: the caller passes what `field` wants.
    truth(out_err, || unsafe {
        field(view, (key, key_len), out_value, "a number", |place| {
            Ok(place.as_f64())
        })
    })
}

/// As plsm_view_i64, for true (1) and false (0). 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_view_bool(
    view: *const plsm_view_t,
    key: *const c_char,
    key_len: usize,
    out_value: *mut u32,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    let read = |place: Place<'_>| Ok(place.as_bool().map(u32::from));
    // SAFETY: the caller passes what `field` wants.
    truth(out_err, || unsafe {
        field(view, (key, key_len), out_value, "a boolean", read)
    })
}

/// As plsm_view_i64, for a string: UTF-8 without quotes or escapes, borrowed from what the view was
/// borrowed from. 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_view_string(
    view: *const plsm_view_t,
    key: *const c_char,
    key_len: usize,
    out_value: *mut plsm_bytes_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    truth(out_err, || {
        // SAFETY: the caller passes NULL or a filled view.
        let document = unsafe { view_in(view) }?.payload;
        let read = |place: Place<'_>| {
            Ok(place.string_range()?.map(|(at, len)| plsm_bytes {
                data: document.wrapping_add(at),
                len,
            }))
        };
        // SAFETY: the caller passes what `field` wants.
        unsafe { field(view, (key, key_len), out_value, "a string", read) }
    })
}

/// Finds a member of the data and reads it.
///
/// # Safety
/// A filled view, a readable key, a place for the output; or NULL.
#[inline(always)]
unsafe fn field<T>(
    view: *const plsm_view_t,
    (key, key_len): (*const c_char, usize),
    out_value: *mut T,
    wanted: &'static str,
    read: impl Fn(Place<'_>) -> Result<Option<T>>,
) -> Result<bool> {
    // SAFETY: passed on.
    let (out, view, key) = unsafe {
        (
            Out::new(out_value, "out_value")?,
            view_in(view)?,
            slice_or_empty(key.cast(), key_len, "key")?,
        )
    };
    if let Some(place) = view.quick_member(key) {
        if let Ok(Some(value)) = read(place) {
            out.set(value);
            return Ok(true);
        }
    }
    match read_field(view, key, wanted, read) {
        Ok(Some(value)) => {
            out.set(value);
            Ok(true)
        }
        Ok(None) => Ok(false),
        Err(error) => Err(in_place_error(view, error)),
    }
}

#[cold]
fn read_field<T>(
    view: &View,
    key: &[u8],
    wanted: &'static str,
    read: impl Fn(Place<'_>) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let data = if view.encoding == Encoding::Lite3Data as u32 {
        // Nearly every message: straight to its root, without making the rest of the message.
        // SAFETY: readable while what the view was borrowed from lives, as for every call on views.
        Value::root(unsafe { RacingBytes::from_raw(view.payload, view.payload_len) })?
    } else {
        match view.message()?.data_value()? {
            Some(data) => data,
            None => return Err(stored_as_text(view.seq)),
        }
    };
    let Some(place) = data.get(key)? else {
        return Ok(None);
    };
    match read(place)? {
        Some(value) => Ok(Some(value)),
        None => Err(wrong_type(key, kind_name(place.type_of()), wanted)),
    }
}

#[cold]
fn wrong_type(key: &[u8], found: &str, wanted: &str) -> Error {
    Error::usage(format!(
        "member {:?} of the data is {found}, not {wanted}",
        String::from_utf8_lossy(key)
    ))
}

#[cold]
fn stored_as_text(seq: u64) -> Error {
    Error::usage(format!(
        "the data of message {seq} is stored as JSON text, in which no field can be found in place"
    ))
    .with_seq(seq)
    .with_hint("take it as JSON with plsm_view_json and parse that")
}

/// What looks like damage in place is most often a writer that came along.
#[cold]
fn in_place_error(view: &View, error: Error) -> Error {
    if view.still_valid() {
        error.with_seq(view.seq)
    } else {
        overtaken(view.seq)
    }
}

/// Gives the data as a value to look into with the plsm_value_ calls. 1: there, in `out_value`. 0: the data
/// is stored as JSON text, because Lite3 cannot hold it in place (a scalar, an integer above 2^63-1, a key
/// with a NUL): take it with plsm_view_json. 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_view_root(
    view: *const plsm_view_t,
    out_value: *mut plsm_value_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    truth(out_err, || {
        // SAFETY: the caller passes NULL or a place for a value, and a filled view.
        let (out, view) = unsafe { (Out::new(out_value, "out_value")?, view_in(view)?) };
        match view.message()?.data_value() {
            Ok(Some(data)) => {
                out.set(plsm_value::new(
                    (view.payload, view.payload_len),
                    true,
                    data,
                ));
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(error) => Err(in_place_error(view, error)),
        }
    })
}
