//! Bytes that cross the boundary: borrowed ranges and buffers of the library.
#![allow(unsafe_code)]

use crate::{raw, Error, ErrorKind, Result};
use std::ffi::OsStr;
use std::fmt;
use std::ops::Deref;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr;

/// A borrowed range for the library.
#[inline]
pub(crate) fn range(bytes: &[u8]) -> raw::plsm_bytes_t {
    raw::plsm_bytes_t {
        data: bytes.as_ptr(),
        len: bytes.len(),
    }
}

/// The slice behind a range of the library.
///
/// # Safety
/// The range is empty, or its bytes are readable and unchanged as long as `'a` lasts.
#[inline]
pub(crate) unsafe fn slice<'a>(range: raw::plsm_bytes_t) -> &'a [u8] {
    if range.data.is_null() || range.len == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(range.data, range.len) }
}

/// Bytes that the library allocated, given back to it when dropped. JSON is compact UTF-8 without a newline.
pub struct Buffer(raw::plsm_buf_t);

// SAFETY: the bytes belong to this value alone, and the library frees them from any thread.
unsafe impl Send for Buffer {}
// SAFETY: shared access only reads.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// Runs a call that fills a buffer.
    #[inline]
    pub(crate) fn fill(
        function: impl FnOnce(*mut raw::plsm_buf_t, *mut *mut raw::plsm_error_t) -> std::ffi::c_int,
    ) -> Result<Buffer> {
        let mut buffer = raw::plsm_buf_t {
            data: ptr::null_mut(),
            len: 0,
        };
        crate::call::call(|error| function(&mut buffer, error))?;
        Ok(Buffer(buffer))
    }

    /// Takes over a buffer that the library has filled.
    pub(crate) fn adopt(buffer: raw::plsm_buf_t) -> Buffer {
        Buffer(buffer)
    }

    /// The bytes as text. An error (Internal) only for bytes that are not UTF-8; JSON of the library always is.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(self).map_err(|_| {
            Error::new(
                ErrorKind::Internal,
                "the library gave bytes that are not UTF-8",
            )
        })
    }
}

impl Buffer {
    /// The bytes as a path.
    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from(OsStr::from_bytes(self))
    }
}

impl Deref for Buffer {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: the buffer is ours, unchanged until it is dropped.
        unsafe {
            slice(raw::plsm_bytes_t {
                data: self.0.data,
                len: self.0.len,
            })
        }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({:?})", String::from_utf8_lossy(self))
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: filled by the library, or empty; freed once.
        unsafe { raw::plsm_buf_free(&mut self.0) }
    }
}
