//! Byte ranges: borrowed from the caller, lent to the caller, and given away in buffers.

#![allow(unsafe_code)]

use std::cell::Cell;

use plasmite_core::{Error, Result};

use crate::guard::{check_pointer, plain};

/// A borrowed range of bytes: the caller's when passed in, the library's when handed out. `data` may be
/// NULL when `len` is 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_bytes {
    /// The first byte.
    pub data: *const u8,
    /// How many bytes.
    pub len: usize,
}

/// A borrowed range of bytes. See plsm_bytes.
pub type plsm_bytes_t = plsm_bytes;

/// Bytes that the caller owns; free them with plsm_buf_free. Not NUL-terminated. `data` is never NULL in a
/// buffer that a call has filled, even when `len` is 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_buf {
    /// The first byte.
    pub data: *mut u8,
    /// How many bytes.
    pub len: usize,
}

/// Bytes that the caller owns. See plsm_buf.
pub type plsm_buf_t = plsm_buf;

/// Frees the bytes of a buffer and zeroes the struct. NULL and zeroed structs are fine.
#[no_mangle]
pub unsafe extern "C" fn plsm_buf_free(buf: *mut plsm_buf_t) {
    // SAFETY: the caller passes NULL or a buffer that a call filled, or a zeroed one.
    plain((), || unsafe { release(buf) });
}

/// Frees and zeroes a buffer wherever it stands.
///
/// # Safety
/// `buf` is NULL, misaligned (then left alone), or a zeroed or filled buffer.
pub(crate) unsafe fn release(buf: *mut plsm_buf) {
    if buf.is_null() || !buf.is_aligned() {
        return;
    }
    // SAFETY: readable and writable by the contract.
    let old = unsafe {
        buf.replace(plsm_buf {
            data: std::ptr::null_mut(),
            len: 0,
        })
    };
    // SAFETY: `data` is NULL or came from malloc in `give`.
    unsafe { libc::free(old.data.cast()) };
}

/// Copies bytes into a buffer of exactly their size, for the caller to own. malloc'ed whatever the
/// program's Rust allocator is, because only the C side knows when it is freed, and not its capacity.
pub(crate) fn give(bytes: &[u8]) -> Result<plsm_buf> {
    // SAFETY: malloc takes any size; 0 is avoided because it may answer NULL.
    let data: *mut u8 = unsafe { libc::malloc(bytes.len().max(1)) }.cast();
    if data.is_null() {
        return Err(Error::out_of_memory(bytes.len()));
    }
    // SAFETY: `data` has room for all of them, and is new memory.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), data, bytes.len()) };
    Ok(plsm_buf {
        data,
        len: bytes.len(),
    })
}

/// Borrows a range that must be there; `name` is the argument's.
///
/// # Safety
/// `data` is NULL or `len` readable bytes that nobody changes during `'a`.
#[inline(always)]
pub(crate) unsafe fn slice_in<'a>(data: *const u8, len: usize, name: &str) -> Result<&'a [u8]> {
    check_pointer(data, name)?;
    if len > isize::MAX as usize {
        return Err(bad_length(len, name));
    }
    // SAFETY: the caller's contract, and a length that memory can have.
    Ok(unsafe { std::slice::from_raw_parts(data, len) })
}

/// As [`slice_in`]; NULL is fine for an empty range.
///
/// # Safety
/// As for [`slice_in`].
#[inline(always)]
pub(crate) unsafe fn slice_or_empty<'a>(
    data: *const u8,
    len: usize,
    name: &str,
) -> Result<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    // SAFETY: passed on.
    unsafe { slice_in(data, len, name) }
}

/// Borrows an array of structs; NULL is fine when it has no elements.
///
/// # Safety
/// As for [`slice_in`], counted in elements.
pub(crate) unsafe fn array_in<'a, T>(data: *const T, len: usize, name: &str) -> Result<&'a [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    check_pointer(data, name)?;
    if len > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(bad_length(len, name));
    }
    // SAFETY: the caller's contract, and a length that memory can have.
    Ok(unsafe { std::slice::from_raw_parts(data, len) })
}

#[cold]
fn bad_length(len: usize, name: &str) -> Error {
    Error::usage(format!(
        "the length of {name}, {len}, is more than memory can hold"
    ))
}

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A scratch buffer larger than this is not kept between calls.
const SCRATCH_KEPT: usize = 256 * 1024;

/// Lends this thread's scratch buffer, empty, so that building an answer allocates nothing once warm.
#[inline]
pub(crate) fn with_scratch<T>(body: impl FnOnce(&mut Vec<u8>) -> Result<T>) -> Result<T> {
    // Taken out rather than borrowed: a nested use, or one while the thread ends, gets a fresh one.
    let mut scratch = SCRATCH.try_with(Cell::take).unwrap_or_default();
    scratch.clear();
    let result = body(&mut scratch);
    if scratch.capacity() <= SCRATCH_KEPT {
        let _ = SCRATCH.try_with(|kept| kept.set(scratch));
    }
    result
}

/// Lets `body` write into the scratch buffer and gives the caller a copy of exact size.
#[inline]
pub(crate) fn give_built(body: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<plsm_buf> {
    with_scratch(|scratch| {
        body(scratch)?;
        give(scratch)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_zeroed_when_freed() {
        let mut buf = give(b"abc").unwrap();
        assert_eq!(buf.len, 3);
        let mut empty = give(b"").unwrap();
        assert!(!empty.data.is_null());
        // SAFETY: both were filled by `give`; freeing twice is part of the contract.
        unsafe {
            for _ in 0..2 {
                plsm_buf_free(&mut buf);
                plsm_buf_free(&mut empty);
                assert!(buf.data.is_null() && buf.len == 0);
            }
            plsm_buf_free(std::ptr::null_mut());
        }
    }

    #[test]
    fn impossible_lengths_are_refused() {
        let byte = 0u8;
        // SAFETY: refused before the memory is looked at.
        let error = unsafe { slice_in(&byte, usize::MAX, "json") }.unwrap_err();
        assert!(error.message().contains("json"), "{error}");
    }
}
