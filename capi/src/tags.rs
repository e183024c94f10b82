//! Lists of byte ranges from C (tags) as slices of slices, without allocating for a few.

#![allow(unsafe_code)]

use std::ffi::{c_char, CStr};

use plasmite_core::{Error, Result};

use crate::bytes::{array_in, plsm_bytes, slice_or_empty};

/// So many ranges need no allocation.
const INLINE: usize = 8;

/// Calls `body` with the ranges of a C array; `name` is the argument's.
///
/// # Safety
/// `ranges` is NULL or `len` ranges, each NULL or as many bytes as it says, unchanged during the call.
#[inline(always)]
pub(crate) unsafe fn with_ranges<T>(
    ranges: *const plsm_bytes,
    len: usize,
    name: &str,
    body: impl FnOnce(&[&[u8]]) -> Result<T>,
) -> Result<T> {
    if len == 0 {
        return body(&[]);
    }
    // SAFETY: passed on.
    let ranges = unsafe { array_in(ranges, len, name) }?;
    // SAFETY: each range obeys the caller's contract.
    let range =
        |index: usize| unsafe { slice_or_empty(ranges[index].data, ranges[index].len, name) };
    collect(len, range, body)
}

/// Calls `body` with the bytes of an array of C strings. NULL means none, whatever `len` says.
///
/// # Safety
/// `strings` is NULL or `len` pointers, each NULL or to a NUL-terminated string, unchanged during the call.
#[inline(always)]
pub(crate) unsafe fn with_strings<T>(
    strings: *const *const c_char,
    len: usize,
    body: impl FnOnce(&[&[u8]]) -> Result<T>,
) -> Result<T> {
    if len == 0 || strings.is_null() {
        return body(&[]);
    }
    // SAFETY: passed on.
    let strings = unsafe { array_in(strings, len, "tags") }?;
    let string = |index: usize| {
        let text = strings[index];
        if text.is_null() {
            return Err(null_tag(index));
        }
        // SAFETY: not NULL, so a string by the caller's contract.
        Ok(unsafe { CStr::from_ptr(text) }.to_bytes())
    };
    collect(len, string, body)
}

#[inline(always)]
fn collect<'a, T>(
    len: usize,
    mut item: impl FnMut(usize) -> Result<&'a [u8]>,
    body: impl FnOnce(&[&[u8]]) -> Result<T>,
) -> Result<T> {
    if len <= INLINE {
        let mut inline: [&[u8]; INLINE] = [&[]; INLINE];
        for (index, place) in inline[..len].iter_mut().enumerate() {
            *place = item(index)?;
        }
        body(&inline[..len])
    } else {
        let list = (0..len).map(item).collect::<Result<Vec<_>>>()?;
        body(&list)
    }
}

#[cold]
fn null_tag(index: usize) -> Error {
    Error::usage(format!("tags[{index}] is NULL"))
        .with_hint("pass NUL-terminated strings, and their number as tags_len")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_ranges_arrive_in_order() {
        for count in [0, 1, 7, 8, 9, 100] {
            let texts: Vec<String> = (0..count).map(|n| format!("tag{n}")).collect();
            let ranges: Vec<plsm_bytes> = texts
                .iter()
                .map(|text| plsm_bytes {
                    data: text.as_ptr(),
                    len: text.len(),
                })
                .collect();
            // SAFETY: the ranges are those of living strings.
            let got =
                unsafe { with_ranges(ranges.as_ptr(), count, "tags", |all| Ok(all.concat())) };
            assert_eq!(got.unwrap(), texts.concat().into_bytes());
        }
    }

    #[test]
    fn a_null_range_with_a_length_is_refused() {
        let bad = [plsm_bytes {
            data: std::ptr::null(),
            len: 3,
        }];
        // SAFETY: one range, NULL.
        let error = unsafe { with_ranges(bad.as_ptr(), 1, "tags", |_| Ok(())) }.unwrap_err();
        assert!(error.message().contains("tags is NULL"), "{error}");
        // SAFETY: NULL means none.
        let count = unsafe { with_strings(std::ptr::null(), 5, |all| Ok(all.len())) };
        assert_eq!(count.unwrap(), 0);
    }
}
