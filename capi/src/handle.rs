//! Opaque handles: boxes behind C pointers, marked so that a wrong or freed one can be seen.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};

use plasmite_core::{Error, Result};

use crate::guard::check_pointer;

/// An opaque C type and what stands behind it.
pub(crate) trait Opaque {
    /// What the handle owns.
    type Inner;
    /// The mark of a living handle of this type; unlike every other type's.
    const MAGIC: u64;
    /// What a message calls it, for example "pool handle".
    const NAME: &'static str;
}

/// The mark of a freed handle, as long as its memory was not used again.
const FREED: u64 = 0x6465_6572_665f_6c70;

#[repr(C)]
struct Marked<T> {
    magic: AtomicU64,
    inner: T,
}

/// Hands an object out to C.
pub(crate) fn into_raw<O: Opaque>(inner: O::Inner) -> *mut O {
    Box::into_raw(Box::new(Marked {
        magic: AtomicU64::new(O::MAGIC),
        inner,
    }))
    .cast()
}

/// Borrows what a handle owns.
///
/// # Safety
/// `handle` is NULL or points to readable memory, and if it is a living handle it stays so for `'a`.
#[inline(always)]
pub(crate) unsafe fn get<'a, O: Opaque>(handle: *const O) -> Result<&'a O::Inner> {
    let marked: *const Marked<O::Inner> = handle.cast();
    check_pointer(marked, O::NAME)?;
    // SAFETY: readable by the caller's contract; the mark is the first field of every handle, and is
    // looked at before anything else is believed.
    let magic = unsafe { &(*marked).magic };
    let found = magic.load(Ordering::Relaxed);
    if found != O::MAGIC {
        return Err(wrong_mark::<O>(found));
    }
    // SAFETY: the mark says that `into_raw::<O>` made it.
    Ok(unsafe { &(*marked).inner })
}

/// Takes the object back from C. Of two calls with one handle at most one gets it.
///
/// # Safety
/// `handle` is NULL or points to readable memory, and no other call uses it now or later.
pub(crate) unsafe fn take<O: Opaque>(handle: *mut O) -> Result<O::Inner> {
    let marked: *mut Marked<O::Inner> = handle.cast();
    check_pointer(marked, O::NAME)?;
    // SAFETY: as in `get`.
    let magic = unsafe { &(*marked).magic };
    if let Err(found) = magic.compare_exchange(O::MAGIC, FREED, Ordering::AcqRel, Ordering::Relaxed)
    {
        return Err(wrong_mark::<O>(found));
    }
    // SAFETY: made by `into_raw::<O>`, and the exchange succeeds once only.
    let owned = unsafe { Box::from_raw(marked) };
    Ok(owned.inner)
}

/// Frees a handle. NULL is fine; a wrong or freed handle is left alone, for a free call cannot complain.
///
/// # Safety
/// As for [`take`].
pub(crate) unsafe fn free<O: Opaque>(handle: *mut O) {
    if handle.is_null() {
        return;
    }
    // SAFETY: passed on.
    crate::guard::plain((), || drop(unsafe { take(handle) }));
}

#[cold]
#[inline(never)]
fn wrong_mark<O: Opaque>(found: u64) -> Error {
    let name = O::NAME;
    if found == FREED {
        return Error::usage(format!("the {name} was freed before"))
            .with_hint("make no calls with a handle after its free call");
    }
    Error::usage(format!("this is not a {name}, or it was freed before"))
        .with_hint("pass a handle of the type that the call names, and none after its free call")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One;
    impl Opaque for One {
        type Inner = String;
        const MAGIC: u64 = 1;
        const NAME: &'static str = "one";
    }
    struct Two;
    impl Opaque for Two {
        type Inner = u64;
        const MAGIC: u64 = 2;
        const NAME: &'static str = "two";
    }

    #[test]
    fn marks_tell_types_apart() {
        let one = into_raw::<One>("x".to_owned());
        // SAFETY: `one` lives until it is taken; its memory is readable as any handle's.
        unsafe {
            assert_eq!(get(one).unwrap(), "x");
            let error = get(one.cast::<Two>()).unwrap_err();
            assert!(error.message().contains("not a two"), "{error}");
            assert!(take(one.cast::<Two>()).is_err());
            assert_eq!(take(one).unwrap(), "x");
            assert!(get(std::ptr::null::<One>())
                .unwrap_err()
                .message()
                .contains("NULL"));
            assert!(get(std::ptr::without_provenance::<One>(3))
                .unwrap_err()
                .message()
                .contains("aligned"));
            free::<One>(std::ptr::null_mut());
        }
    }
}
