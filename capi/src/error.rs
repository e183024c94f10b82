//! The error object: a frozen public prefix, and behind it what only calls may read.

#![allow(unsafe_code)]

use std::ffi::{c_char, CString};

use plasmite_core::Error;

use crate::guard::plain;
use crate::text::c_string;

/// What went wrong, in one word. The numbers are also the exit codes of the command line.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum plsm_error_kind {
    /// A fault of the library or of the machine that no caller can act on.
    PLSM_ERROR_INTERNAL = 1,
    /// A bad argument, bad JSON, or a request that cannot be met as asked.
    PLSM_ERROR_USAGE = 2,
    /// No such pool, or no such message.
    PLSM_ERROR_NOT_FOUND = 3,
    /// The pool (or the expected seq) is there already.
    PLSM_ERROR_ALREADY_EXISTS = 4,
    /// The writer lock could not be had in time.
    PLSM_ERROR_BUSY = 5,
    /// The system refused access.
    PLSM_ERROR_PERMISSION = 6,
    /// The pool's bytes, or a Lite3 document, are damaged.
    PLSM_ERROR_CORRUPT = 7,
    /// Any other failure of the system.
    PLSM_ERROR_IO = 8,
    /// Messages were overwritten before they were read.
    PLSM_ERROR_RETENTION_GAP = 9,
}

/// The kind of an error. It travels as a number (`kind` of plsm_error_t).
pub type plsm_error_kind_t = plsm_error_kind;

/// An error. Made by the library, read by the caller, freed whole with plsm_error_free. The library may
/// append fields in later versions; hint and causes are read with calls.
#[repr(C)]
pub struct plsm_error {
    /// One of plsm_error_kind_t. A newer library may know more kinds: treat an unknown one as Internal.
    pub kind: i32,
    /// What went wrong and where. Never NULL, never empty.
    pub message: *mut c_char,
    /// The file concerned, or NULL. Bytes that are not UTF-8 are replaced.
    pub path: *mut c_char,
    /// The message concerned; only when has_seq is 1.
    pub seq: u64,
    /// The byte concerned, in a file, document or text as the message says; only when has_offset is 1.
    pub offset: u64,
    /// Whether seq counts: 0 or 1.
    pub has_seq: u8,
    /// Whether offset counts: 0 or 1.
    pub has_offset: u8,
}

/// An error. See plsm_error.
pub type plsm_error_t = plsm_error;

/// The whole object; C sees its first field. Its strings are owned by the `CString`s, to which the prefix
/// points.
#[repr(C)]
pub(crate) struct ErrorObject {
    prefix: plsm_error,
    magic: u64,
    maybe_written: bool,
    too_large: bool,
    /// Part of something else (a list entry): plsm_error_free leaves it alone.
    borrowed: bool,
    hint: Option<CString>,
    causes: Vec<CString>,
    _message: CString,
    _path: Option<CString>,
}

const MAGIC: u64 = 0x6f72_7265_5f6d_7370;

impl ErrorObject {
    pub(crate) fn new(error: &Error, borrowed: bool) -> Box<ErrorObject> {
        let text = match error.message() {
            "" => "no details are known",
            text => text,
        };
        let message = c_string(text);
        let path = error.path().map(|path| c_string(&path.to_string_lossy()));
        Box::new(ErrorObject {
            prefix: plsm_error {
                kind: error.kind() as i32,
                message: message.as_ptr().cast_mut(),
                path: path
                    .as_ref()
                    .map_or(std::ptr::null_mut(), |path| path.as_ptr().cast_mut()),
                seq: error.seq().unwrap_or(0),
                offset: error.offset().unwrap_or(0),
                has_seq: u8::from(error.seq().is_some()),
                has_offset: u8::from(error.offset().is_some()),
            },
            magic: MAGIC,
            maybe_written: error.maybe_written(),
            too_large: error.is_too_large(),
            borrowed,
            hint: error.hint().map(c_string),
            causes: error.causes().iter().map(|cause| c_string(cause)).collect(),
            _message: message,
            _path: path,
        })
    }

    /// The part that C sees.
    pub(crate) fn as_public(&self) -> *const plsm_error {
        std::ptr::from_ref(self).cast()
    }
}

/// Makes the object that C gets.
pub(crate) fn into_raw(error: &Error) -> *mut plsm_error {
    Box::into_raw(ErrorObject::new(error, false)).cast()
}

/// The object behind a public pointer, if it can be one.
///
/// # Safety
/// `error` is NULL or an error of this library that was not freed, for `'a`.
unsafe fn object<'a>(error: *const plsm_error) -> Option<&'a ErrorObject> {
    let object: *const ErrorObject = error.cast();
    if object.is_null() || !object.is_aligned() {
        return None;
    }
    // SAFETY: errors are only made by `into_raw` and `ErrorObject::new`.
    let object = unsafe { &*object };
    (object.magic == MAGIC).then_some(object)
}

/// Frees an error with its strings. NULL is fine. An error that belongs to a list entry is left alone.
#[no_mangle]
pub unsafe extern "C" fn plsm_error_free(err: *mut plsm_error_t) {
    plain((), || {
        // SAFETY: the caller passes NULL or an error not yet freed.
        let owned = unsafe { object(err) }.is_some_and(|object| !object.borrowed);
        if owned {
            // SAFETY: made by `into_raw`; the caller gives it up.
            let mut object = unsafe { Box::from_raw(err.cast::<ErrorObject>()) };
            object.magic = 0;
        }
    });
}

/// What to do about the error, or NULL. Borrowed from the error.
#[no_mangle]
pub unsafe extern "C" fn plsm_error_hint(err: *const plsm_error_t) -> *const c_char {
    // SAFETY: the caller passes NULL or a living error.
    let object = unsafe { object(err) };
    object
        .and_then(|object| object.hint.as_ref())
        .map_or(std::ptr::null(), |hint| hint.as_ptr())
}

/// How many deeper causes the error has; 0 for NULL.
#[no_mangle]
pub unsafe extern "C" fn plsm_error_cause_count(err: *const plsm_error_t) -> usize {
    // SAFETY: the caller passes NULL or a living error.
    unsafe { object(err) }.map_or(0, |object| object.causes.len())
}

/// A deeper cause, the outermost at index 0; NULL beyond the last. Borrowed from the error.
#[no_mangle]
pub unsafe extern "C" fn plsm_error_cause(err: *const plsm_error_t, index: usize) -> *const c_char {
    // SAFETY: the caller passes NULL or a living error.
    let object = unsafe { object(err) };
    object
        .and_then(|object| object.causes.get(index))
        .map_or(std::ptr::null(), |cause| cause.as_ptr())
}

/// Whether a failed append may have stored its message all the same (a flush that failed, a server's answer
/// that was lost): then repeating it could store it twice. 0 means that surely nothing was stored.
#[no_mangle]
pub unsafe extern "C" fn plsm_error_maybe_written(err: *const plsm_error_t) -> u32 {
    // SAFETY: the caller passes NULL or a living error.
    unsafe { object(err) }.map_or(0, |object| u32::from(object.maybe_written))
}

/// Whether a message was refused for its size alone: it does not fit the pool, or is larger than any message
/// may be. 1 or 0.
#[no_mangle]
pub unsafe extern "C" fn plsm_error_too_large(err: *const plsm_error_t) -> u32 {
    // SAFETY: the caller passes NULL or a living error.
    unsafe { object(err) }.map_or(0, |object| u32::from(object.too_large))
}
