//! The boundary of every C call: stops panics, turns results into status numbers and errors into objects.

#![allow(unsafe_code)]

use std::any::Any;
use std::ffi::c_int;
use std::panic::{catch_unwind, AssertUnwindSafe};

use plasmite_core::{Error, ErrorKind, Result};

use crate::error::{self, plsm_error_t};

/// Runs a call that answers 0 or -1.
#[inline(always)]
pub(crate) fn status(out_err: *mut *mut plsm_error_t, body: impl FnOnce() -> Result<()>) -> c_int {
    outcome(out_err, || body().map(|()| 0))
}

/// Runs a call that answers 1 or 0 (yes or no), or -1.
#[inline(always)]
pub(crate) fn truth(out_err: *mut *mut plsm_error_t, body: impl FnOnce() -> Result<bool>) -> c_int {
    outcome(out_err, || body().map(c_int::from))
}

/// Runs a call with result numbers of its own, or -1.
#[inline(always)]
pub(crate) fn outcome(
    out_err: *mut *mut plsm_error_t,
    body: impl FnOnce() -> Result<c_int>,
) -> c_int {
    // Unwind safety: core's handles keep their invariants by themselves when a call unwinds.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(number)) => number,
        Ok(Err(error)) => fail(out_err, error),
        Err(panic) => fail(out_err, describe_panic(panic)),
    }
}

/// Runs a call that cannot report an error; a panic in it gives `fallback`.
#[inline(always)]
pub(crate) fn plain<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(panic) => {
            drop_quietly(panic);
            fallback
        }
    }
}

#[cold]
#[inline(never)]
fn fail(out_err: *mut *mut plsm_error_t, error: Error) -> c_int {
    if !out_err.is_null() && out_err.is_aligned() {
        // Building the object allocates and so could panic; then there is no object, only the -1.
        let object = plain(std::ptr::null_mut(), || error::into_raw(&error));
        if !object.is_null() {
            // SAFETY: the caller passes NULL or a place for one pointer.
            unsafe { out_err.write(object) };
        }
    }
    -1
}

#[cold]
fn describe_panic(panic: Box<dyn Any + Send>) -> Error {
    let text = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "no further details".to_owned(),
    };
    drop_quietly(panic);
    Error::new(
        ErrorKind::Internal,
        format!("the library failed inside: {text}"),
    )
    .with_hint("this is a defect of the library; please report it with what led to it")
}

/// A panic's payload may itself panic when dropped, which must not reach C either.
#[cold]
fn drop_quietly(panic: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(second);
    }
}

/// A checked place for one output. Nothing is written before [`Out::set`].
pub(crate) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// Checks that there is a place; `name` is the argument's.
    ///
    /// # Safety
    /// `place` is NULL or may be written to for the length of the call.
    #[inline(always)]
    pub(crate) unsafe fn new(place: *mut T, name: &str) -> Result<Out<T>> {
        check_pointer(place, name)?;
        Ok(Out(place))
    }

    /// As [`Out::new`], but NULL means that the output is not wanted.
    ///
    /// # Safety
    /// As for [`Out::new`].
    #[inline(always)]
    pub(crate) unsafe fn optional(place: *mut T, name: &str) -> Result<Option<Out<T>>> {
        if place.is_null() {
            return Ok(None);
        }
        // SAFETY: passed on.
        unsafe { Out::new(place, name) }.map(Some)
    }

    /// Writes the output. What was there before is not dropped: it is the caller's.
    #[inline(always)]
    pub(crate) fn set(self, value: T) {
        // SAFETY: the contract of `new`.
        unsafe { self.0.write(value) }
    }
}

/// Refuses NULL and misaligned pointers.
#[inline(always)]
pub(crate) fn check_pointer<T>(pointer: *const T, name: &str) -> Result<()> {
    if pointer.is_null() || !pointer.is_aligned() {
        return Err(bad_pointer(pointer.is_null(), name));
    }
    Ok(())
}

#[cold]
#[inline(never)]
fn bad_pointer(null: bool, name: &str) -> Error {
    if null {
        Error::usage(format!("{name} is NULL")).with_hint(format!("pass a valid pointer as {name}"))
    } else {
        Error::usage(format!("{name} is not aligned for its type")).with_hint(
            "pass the address of a variable of the right type, not a place inside packed bytes",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_internal() {
        let mut error = std::ptr::null_mut();
        let code = status(&mut error, || panic!("broke at {}", 7));
        assert_eq!(code, -1);
        // SAFETY: `status` failed with a place for the error, so there is one.
        unsafe {
            assert_eq!((*error).kind, ErrorKind::Internal as i32);
            let message = std::ffi::CStr::from_ptr((*error).message).to_str().unwrap();
            assert!(message.contains("broke at 7"), "{message}");
            error::plsm_error_free(error);
        }
        assert_eq!(plain(5, || panic!("again")), 5);
    }

    #[test]
    fn a_panic_whose_payload_panics_is_stopped() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("second");
            }
        }
        let code = status(std::ptr::null_mut(), || std::panic::panic_any(Bomb));
        assert_eq!(code, -1);
    }

    #[test]
    fn success_leaves_the_error_alone() {
        let mut error = std::ptr::without_provenance_mut(0x10);
        assert_eq!(truth(&mut error, || Ok(true)), 1);
        assert_eq!(error.addr(), 0x10);
    }
}
