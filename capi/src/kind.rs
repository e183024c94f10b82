//! Error kinds by number: their names, exit codes and HTTP statuses.

#![allow(unsafe_code)]

use std::ffi::{c_char, CStr};

use plasmite_core::ErrorKind;

const fn c_name(kind: ErrorKind) -> &'static CStr {
    match kind {
        ErrorKind::Internal => c"Internal",
        ErrorKind::Usage => c"Usage",
        ErrorKind::NotFound => c"NotFound",
        ErrorKind::AlreadyExists => c"AlreadyExists",
        ErrorKind::Busy => c"Busy",
        ErrorKind::Permission => c"Permission",
        ErrorKind::Corrupt => c"Corrupt",
        ErrorKind::Io => c"Io",
        ErrorKind::RetentionGap => c"RetentionGap",
    }
}

/// The name of an error kind on the wire and in other languages, for example "NotFound"; NULL for a number
/// that is no kind. Lives for ever.
#[no_mangle]
pub extern "C" fn plsm_error_kind_name(kind: i32) -> *const c_char {
    ErrorKind::from_number(kind).map_or(std::ptr::null(), |kind| c_name(kind).as_ptr())
}

/// The exit code with which a program should report an error kind; that of Internal for a number that is no
/// kind.
#[no_mangle]
pub extern "C" fn plsm_error_kind_exit_code(kind: i32) -> i32 {
    ErrorKind::from_number(kind).unwrap_or(ErrorKind::Internal) as i32
}

/// The HTTP status that carries an error kind, for example 404; 500 for a number that is no kind.
#[no_mangle]
pub extern "C" fn plsm_error_kind_http_status(kind: i32) -> i32 {
    i32::from(
        ErrorKind::from_number(kind)
            .unwrap_or(ErrorKind::Internal)
            .http_status(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::plsm_error_kind::{self, *};

    #[test]
    fn numbers_and_names_are_those_of_the_core() {
        let numbers: [plsm_error_kind; 9] = [
            PLSM_ERROR_INTERNAL,
            PLSM_ERROR_USAGE,
            PLSM_ERROR_NOT_FOUND,
            PLSM_ERROR_ALREADY_EXISTS,
            PLSM_ERROR_BUSY,
            PLSM_ERROR_PERMISSION,
            PLSM_ERROR_CORRUPT,
            PLSM_ERROR_IO,
            PLSM_ERROR_RETENTION_GAP,
        ];
        for (kind, number) in ErrorKind::ALL.into_iter().zip(numbers) {
            assert_eq!(kind as i32, number as i32);
            assert_eq!(c_name(kind).to_str().unwrap(), kind.name());
        }
        assert!(plsm_error_kind_name(0).is_null());
        assert_eq!(plsm_error_kind_http_status(3), 404);
        assert_eq!(plsm_error_kind_exit_code(77), 1);
    }
}
