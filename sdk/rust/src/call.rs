//! The shape of every call into the library: a status, outputs only on success, an error to take over.

use crate::{raw, Error, ErrorKind, Result};
use std::ffi::{c_int, CString};
use std::ptr;

/// Runs a call; a negative status becomes the error it left behind.
#[inline]
pub(crate) fn call(function: impl FnOnce(*mut *mut raw::plsm_error_t) -> c_int) -> Result<c_int> {
    let mut error = ptr::null_mut();
    let status = function(&mut error);
    if status < 0 {
        return Err(Error::take(error));
    }
    Ok(status)
}

/// A text for the library, which takes it NUL-terminated.
pub(crate) fn c_text(text: &str, what: &str) -> Result<CString> {
    CString::new(text).map_err(|_| {
        Error::new(ErrorKind::Usage, format!("{what} contains a NUL character"))
            .with_hint("remove the character; names and paths cannot hold it")
    })
}
