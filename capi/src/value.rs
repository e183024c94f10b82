//! Values: places in a Lite3 document, to look around in without decoding it.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};

use plasmite_core::json::write_lite3;
use plasmite_core::lite3::{self, Kind, Source};
use plasmite_core::{Error, Result};

use crate::bytes::{give_built, plsm_buf_t, plsm_bytes, plsm_bytes_t, slice_in, slice_or_empty};
use crate::error::plsm_error_t;
use crate::guard::{check_pointer, status, truth, Out};
use crate::memory::Memory;

/// The type of a value.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum plsm_value_type {
    /// null.
    PLSM_TYPE_NULL = 0,
    /// true or false.
    PLSM_TYPE_BOOL = 1,
    /// A signed 64-bit integer.
    PLSM_TYPE_I64 = 2,
    /// An IEEE double.
    PLSM_TYPE_F64 = 3,
    /// Raw bytes; base64 text in JSON.
    PLSM_TYPE_BYTES = 4,
    /// UTF-8 text.
    PLSM_TYPE_STRING = 5,
    /// Members with keys.
    PLSM_TYPE_OBJECT = 6,
    /// Elements with indices.
    PLSM_TYPE_ARRAY = 7,
}

/// The type of a value. See plsm_value_type.
pub type plsm_value_type_t = plsm_value_type;

/// A place in a Lite3 document, filled by the library. Read the type; change nothing. It may be copied, and
/// lives as long as the document. In a view read in place, what is read counts only if plsm_view_is_valid
/// says so afterwards.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_value {
    /// The document.
    pub document: *const u8,
    /// Its size in bytes.
    pub document_len: usize,
    /// Where in it the value is; of the library.
    pub offset: u32,
    /// A plsm_value_type_t.
    pub r#type: u32,
    /// Of the library.
    pub reserved: u64,
}

/// A place in a Lite3 document. See plsm_value.
pub type plsm_value_t = plsm_value;

/// A value in a document of either sort of memory.
type Place<'a> = lite3::Value<Memory<'a>>;

impl plsm_value {
    /// `place` is in the document of `(data, len)`, which is below 4 GiB as every document; `shared` tells
    /// whether that is memory of the library, which writers may change, or the caller's.
    #[inline(always)]
    pub(crate) fn new<S: Source>(
        (document, document_len): (*const u8, usize),
        shared: bool,
        place: lite3::Value<S>,
    ) -> plsm_value {
        plsm_value {
            document,
            document_len,
            offset: place.offset() as u32,
            r#type: place.type_of() as u32,
            reserved: u64::from(shared),
        }
    }

    /// Another place in the same document.
    fn beside(&self, place: Place) -> plsm_value {
        plsm_value::new(
            (self.document, self.document_len),
            self.reserved != 0,
            place,
        )
    }
}

/// What a message calls a type.
pub(crate) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "a boolean",
        Kind::Int => "an integer",
        Kind::Float => "a float",
        Kind::Bytes => "bytes",
        Kind::String => "a string",
        Kind::Object => "an object",
        Kind::Array => "an array",
    }
}

/// Reads a value back; its type is read from the document again.
///
/// # Safety
/// `value` is NULL or a value that a call filled, and its document is readable.
unsafe fn value_in<'a>(value: *const plsm_value) -> Result<(&'a plsm_value, Place<'a>)> {
    check_pointer(value, "value")?;
    // SAFETY: readable by the contract.
    let value = unsafe { &*value };
    if value.document.is_null() || value.offset as usize >= value.document_len {
        return Err(
            Error::usage("the value was not filled by a successful call")
                .with_hint("check the result of the call that fills it"),
        );
    }
    // SAFETY: readable by the contract, and `reserved` says whose memory it is.
    let memory = unsafe { Memory::new(value.document, value.document_len, value.reserved != 0) };
    Ok((value, Place::at_type_byte(memory, value.offset as usize)?))
}

/// Gives the root of a Lite3 document in the caller's memory. Only its root is looked at; the plsm_value_
/// calls check what they read and answer Corrupt for damage. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_value_from_lite3(
    lite3: *const u8,
    lite3_len: usize,
    out_value: *mut plsm_value_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL, or a place for a value and readable bytes.
        let (out, document) = unsafe {
            (
                Out::new(out_value, "out_value")?,
                slice_in(lite3, lite3_len, "lite3")?,
            )
        };
        let root = lite3::Value::root(document)?;
        out.set(plsm_value::new((lite3, lite3_len), false, root));
        Ok(())
    })
}

/// Finds a member of an object by its key, which needs no NUL. 1: there, in `out_member`. 0: no such
/// member, or no object. 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_value_get(
    value: *const plsm_value_t,
    key: *const c_char,
    key_len: usize,
    out_member: *mut plsm_value_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    truth(out_err, || {
        // SAFETY: the caller passes NULL, or a place for a value, a filled value, and a readable key.
        let (out, (value, place), key) = unsafe {
            (
                Out::new(out_member, "out_member")?,
                value_in(value)?,
                slice_or_empty(key.cast(), key_len, "key")?,
            )
        };
        let found = place.get(key)?;
        if let Some(member) = found {
            out.set(value.beside(member));
        }
        Ok(found.is_some())
    })
}

/// Finds an element of an array, counted from 0. 1: there, in `out_element`. 0: no such element, or no
/// array. 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_value_at(
    value: *const plsm_value_t,
    index: usize,
    out_element: *mut plsm_value_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    truth(out_err, || {
        // SAFETY: the caller passes NULL, or a place for a value and a filled value.
        let (out, (value, place)) =
            unsafe { (Out::new(out_element, "out_element")?, value_in(value)?) };
        let found = place.at(index)?;
        if let Some(element) = found {
            out.set(value.beside(element));
        }
        Ok(found.is_some())
    })
}

/// How many members or elements a container has; 0 for any other value. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_value_count(
    value: *const plsm_value_t,
    out_count: *mut usize,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL, or a place for a number and a filled value.
        let (out, (_, place)) = unsafe { (Out::new(out_count, "out_count")?, value_in(value)?) };
        out.set(place.len()?);
        Ok(())
    })
}

/// Tells the members of an object in the order they were written, or the elements of an array: up to `cap`
/// keys to `out_keys` (borrowed from the document; NULL when not wanted; empty for elements) and as many
/// values to `out_values` (likewise), skipping the first `skip`. `out_count` gets how many were told. 0 or
/// -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_value_entries(
    value: *const plsm_value_t,
    skip: usize,
    out_keys: *mut plsm_bytes_t,
    out_values: *mut plsm_value_t,
    cap: usize,
    out_count: *mut usize,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL, or a place for a number and a filled value.
        let (out, (value, place)) =
            unsafe { (Out::new(out_count, "out_count")?, value_in(value)?) };
        for pointer in [out_keys.cast::<u64>(), out_values.cast()] {
            if !pointer.is_null() {
                check_pointer(pointer, "out_keys or out_values")?;
            }
        }
        let entries = place.entries()?;
        let count = entries.size_hint().0.saturating_sub(skip).min(cap);
        let told = || (skip..skip + count).map_while(|index| entries.peek(index));
        // All of them are looked at before the first is written: a failed call writes nothing. Twice, since a list of
        // them would cost more.
        for entry in told() {
            entry?;
        }
        for (index, entry) in told().enumerate() {
            let entry = entry?;
            if !out_keys.is_null() {
                let (at, len) = entry.key.unwrap_or((0, 0));
                let key = plsm_bytes {
                    data: value.document.wrapping_add(at),
                    len,
                };
                // SAFETY: `index` is below `cap`, for which the caller has made room.
                unsafe { out_keys.add(index).write(key) };
            }
            if !out_values.is_null() {
                // SAFETY: as above.
                unsafe { out_values.add(index).write(value.beside(entry.value)) };
            }
        }
        out.set(count);
        Ok(())
    })
}

/// Tells one member of an object in the order they were written, or one element of an array, counted from
/// 0. `out_key` is borrowed from the document, and empty for an element; it may be NULL. To walk through
/// all, plsm_value_entries is faster. 1: there. 0: there is none. 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_value_entry(
    value: *const plsm_value_t,
    index: usize,
    out_key: *mut plsm_bytes_t,
    out_value: *mut plsm_value_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    truth(out_err, || {
        // SAFETY: the caller passes NULL, or places for a range and a value, and a filled value.
        let (key_out, out, (value, place)) = unsafe {
            (
                Out::optional(out_key, "out_key")?,
                Out::new(out_value, "out_value")?,
                value_in(value)?,
            )
        };
        let Some(entry) = place.entries()?.nth(index) else {
            return Ok(false);
        };
        let entry = entry?;
        if let Some(key_out) = key_out {
            let (at, len) = entry.key.unwrap_or((0, 0));
            key_out.set(plsm_bytes {
                data: value.document.wrapping_add(at),
                len,
            });
        }
        out.set(value.beside(entry.value));
        Ok(true)
    })
}

/// Reads a scalar of one type.
///
/// # Safety
/// A filled value and a place for the output; or NULL.
unsafe fn scalar<T>(
    value: *const plsm_value_t,
    out_scalar: *mut T,
    wanted: &str,
    read: impl FnOnce(&plsm_value, Place) -> Result<Option<T>>,
) -> Result<()> {
    // SAFETY: passed on.
    let (out, (value, place)) = unsafe { (Out::new(out_scalar, "out_scalar")?, value_in(value)?) };
    match read(value, place)? {
        Some(scalar) => {
            out.set(scalar);
            Ok(())
        }
        None => Err(Error::usage(format!(
            "the value is {}, not {wanted}",
            kind_name(place.type_of())
        ))),
    }
}

/// The value as an integer. Usage: it is none. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_value_i64(
    value: *const plsm_value_t,
    out_scalar: *mut i64,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    // SAFETY: the caller passes what `scalar` wants.
    status(out_err, || unsafe {
        scalar(value, out_scalar, "an integer", |_, place| {
            Ok(place.as_i64())
        })
    })
}

/// The value as a number: a float as it is, an integer rounded to the nearest. Usage: it is neither. 0 or
/// -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_value_f64(
    value: *const plsm_value_t,
    out_scalar: *mut f64,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    // SAFETY: the caller passes what `scalar` wants.
    status(out_err, || unsafe {
        scalar(value, out_scalar, "a number", |_, place| Ok(place.as_f64()))
    })
}

/// The value as true (1) or false (0). Usage: it is neither. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_value_bool(
    value: *const plsm_value_t,
    out_scalar: *mut u32,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    let read = |_: &plsm_value, place: Place| Ok(place.as_bool().map(u32::from));
    // SAFETY: the caller passes what `scalar` wants.
    status(out_err, || unsafe {
        scalar(value, out_scalar, "a boolean", read)
    })
}

/// The value's text, or its raw bytes (PLSM_TYPE_BYTES), borrowed from the document. Usage: it is neither.
/// 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_value_string(
    value: *const plsm_value_t,
    out_scalar: *mut plsm_bytes_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    let read = |value: &plsm_value, place: Place| {
        Ok(place.string_range()?.map(|(at, len)| plsm_bytes {
            data: value.document.wrapping_add(at),
            len,
        }))
    };
    // SAFETY: the caller passes what `scalar` wants.
    status(out_err, || unsafe {
        scalar(value, out_scalar, "a string", read)
    })
}

/// Gives the value, with all in it, as compact JSON. Free with plsm_buf_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_value_json(
    value: *const plsm_value_t,
    out_json: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL, or a place for a buffer and a filled value.
        let (out, (_, place)) = unsafe { (Out::new(out_json, "out_json")?, value_in(value)?) };
        out.set(give_built(|json| write_lite3(place, json))?);
        Ok(())
    })
}
