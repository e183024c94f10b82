//! C strings: UTF-8 in, NUL-terminated out.

#![allow(unsafe_code)]

use std::ffi::{c_char, CStr, CString};

use plasmite_core::{Error, Result};

use crate::guard::check_pointer;

/// Borrows a NUL-terminated UTF-8 string; `name` is the argument's.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string that stays as it is for `'a`.
pub(crate) unsafe fn str_in<'a>(text: *const c_char, name: &str) -> Result<&'a str> {
    check_pointer(text, name)?;
    // SAFETY: the caller's contract.
    let bytes = unsafe { CStr::from_ptr(text) }.to_bytes();
    utf8(bytes, name)
}

/// Checks that bytes are UTF-8; `name` is the argument's.
pub(crate) fn utf8<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Error::usage(format!("{name} is not UTF-8: bad byte at offset {at}"))
            .with_offset(at as u64)
            .with_hint("convert the text to UTF-8 first")
    })
}

/// A string for C. A NUL inside, which C could not see past, becomes U+2400 (the picture of a NUL).
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| {
        let shown = text.replace('\0', "\u{2400}");
        CString::new(shown).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_inside_is_shown() {
        assert_eq!(c_string("a\0b").to_str().unwrap(), "a\u{2400}b");
    }

    #[test]
    fn bad_utf8_names_argument_and_offset() {
        let error = utf8(b"ab\xffc", "pool_ref").unwrap_err();
        assert_eq!(
            error.message(),
            "pool_ref is not UTF-8: bad byte at offset 2"
        );
        assert_eq!(error.offset(), Some(2));
    }
}
