//! Structs that start with `struct_size`: reading options of any version, writing answers of any version.

#![allow(unsafe_code)]

use plasmite_core::{Error, Result};

use crate::guard::check_pointer;

/// A `repr(C)` struct whose first field is `struct_size: u32`, and for which all-zero bytes are a valid
/// value: the defaults.
///
/// # Safety
/// The implementor is exactly that, and holds only integers and pointers.
pub(crate) unsafe trait Versioned: Copy {
    /// Its size in the first version that had it; no caller can have a smaller one.
    const FIRST_SIZE: usize;
    /// Its name in the header.
    const NAME: &'static str;
}

/// No struct of ours will ever be this large: a `struct_size` beyond it is an uninitialised one.
const LARGEST: usize = 4096;

/// Reads options; NULL means the defaults. Fields this version does not know must be 0.
///
/// # Safety
/// `options` is NULL or as many readable bytes as its `struct_size` says.
#[inline(always)]
pub(crate) unsafe fn read<T: Versioned>(options: *const T) -> Result<T> {
    if options.is_null() {
        // SAFETY: all-zero bytes are a valid value by the trait's contract.
        return Ok(unsafe { std::mem::zeroed() });
    }
    // SAFETY: passed on.
    let size = unsafe { struct_size(options) }?;
    if size == size_of::<T>() {
        // SAFETY: all of it is readable.
        return Ok(unsafe { options.read() });
    }
    // SAFETY: passed on.
    unsafe { read_other_version(options, size) }
}

#[cold]
unsafe fn read_other_version<T: Versioned>(options: *const T, size: usize) -> Result<T> {
    let known = size.min(size_of::<T>());
    // SAFETY: as in `read`; then the first `known` bytes, which both sides have, are copied in.
    let value = unsafe {
        let mut value: T = std::mem::zeroed();
        std::ptr::copy_nonoverlapping(
            options.cast::<u8>(),
            std::ptr::from_mut(&mut value).cast(),
            known,
        );
        value
    };
    // SAFETY: `size` bytes are readable by the contract.
    let unknown =
        unsafe { std::slice::from_raw_parts(options.cast::<u8>().add(known), size - known) };
    if let Some(at) = unknown.iter().position(|byte| *byte != 0) {
        return Err(Error::usage(format!(
            "{} sets a field at offset {} that this version of the library does not know",
            T::NAME,
            known + at
        ))
        .with_hint("use a library at least as new as the header, or leave that field 0"));
    }
    Ok(value)
}

/// Checks where an answer goes and how much of it the caller's version has room for.
///
/// # Safety
/// `place` is NULL or as many writable bytes as its `struct_size` says.
pub(crate) unsafe fn answer_in<T: Versioned>(place: *mut T, name: &str) -> Result<Answer<T>> {
    check_pointer(place, name)?;
    // SAFETY: passed on.
    let size = unsafe { struct_size(place) }?;
    Ok(Answer { place, size })
}

/// A checked place for an answer that may be of another version.
pub(crate) struct Answer<T> {
    place: *mut T,
    size: usize,
}

impl<T: Versioned> Answer<T> {
    /// Writes as much as the caller knows of; keeps the caller's `struct_size`, and leaves fields that only
    /// the caller knows as they were.
    pub(crate) fn set(self, value: &T) {
        let start = size_of::<u32>();
        let end = self.size.min(size_of::<T>());
        // SAFETY: `answer_in` checked the place and that `end` is at least FIRST_SIZE; both sides have the
        // bytes from `start` to `end`.
        unsafe {
            let from = std::ptr::from_ref(value).cast::<u8>().add(start);
            std::ptr::copy_nonoverlapping(from, self.place.cast::<u8>().add(start), end - start);
        }
    }
}

#[inline(always)]
unsafe fn struct_size<T: Versioned>(place: *const T) -> Result<usize> {
    check_pointer(place, T::NAME)?;
    // SAFETY: the first field, readable by the callers' contract.
    let size = unsafe { place.cast::<u32>().read() } as usize;
    if size < T::FIRST_SIZE || size > LARGEST {
        return Err(bad_size(size, T::NAME, T::FIRST_SIZE));
    }
    Ok(size)
}

#[cold]
fn bad_size(size: usize, name: &str, least: usize) -> Error {
    Error::usage(format!(
        "struct_size of {name} is {size}, expected at least {least}"
    ))
    .with_hint(format!(
        "zero the struct and set struct_size to sizeof({name}), or use its INIT macro"
    ))
}

/// Refuses flag bits that are not in `known`.
#[inline(always)]
pub(crate) fn check_flags(flags: u32, known: u32, name: &str) -> Result<()> {
    if flags & !known != 0 {
        return Err(unknown_number(
            u64::from(flags & !known),
            &format!("flags of {name}"),
        ));
    }
    Ok(())
}

/// The error for a number that is none of an enum's.
#[cold]
pub(crate) fn unknown_number(number: u64, what: &str) -> Error {
    Error::usage(format!("{number} is not among the known {what}"))
        .with_hint("use the constants of plasmite.h; a newer header needs a newer library")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Sample {
        struct_size: u32,
        first: u32,
        second: u64,
    }
    // SAFETY: repr(C), integers only, starts with struct_size.
    unsafe impl Versioned for Sample {
        const FIRST_SIZE: usize = 8;
        const NAME: &'static str = "sample_t";
    }

    #[repr(C)]
    struct Newer {
        known: Sample,
        added: u64,
    }

    fn newer(size: u32, added: u64) -> Newer {
        Newer {
            known: Sample {
                struct_size: size,
                first: 1,
                second: 2,
            },
            added,
        }
    }

    #[test]
    fn options_of_every_version_are_read() {
        // SAFETY: every struct_size below is at most the bytes that are there, or refused.
        unsafe {
            let same = newer(16, 9);
            assert_eq!(read(&same.known).unwrap().second, 2);
            let older = newer(8, 9);
            let value = read(&older.known).unwrap();
            assert_eq!((value.first, value.second), (1, 0));
            let later = newer(24, 0);
            assert_eq!(read::<Sample>((&raw const later).cast()).unwrap().second, 2);
            let unknown = newer(24, 1 << 8);
            let error = read::<Sample>((&raw const unknown).cast()).err().unwrap();
            assert!(error.message().contains("offset 17"), "{error}");
            for bad in [0, 7, 4097, u32::MAX] {
                assert!(read(&newer(bad, 0).known).is_err());
            }
            assert_eq!(read::<Sample>(std::ptr::null()).unwrap().struct_size, 0);
        }
    }

    #[test]
    fn answers_fit_the_caller() {
        let value = Sample {
            struct_size: 16,
            first: 5,
            second: 6,
        };
        let mut older = newer(8, 0);
        // SAFETY: as above.
        unsafe { answer_in(&mut older.known, "out").unwrap().set(&value) };
        assert_eq!(
            (
                older.known.struct_size,
                older.known.first,
                older.known.second
            ),
            (8, 5, 2)
        );
        let mut later = newer(24, 7);
        // SAFETY: as above.
        unsafe {
            answer_in::<Sample>((&raw mut later).cast(), "out")
                .unwrap()
                .set(&value)
        };
        assert_eq!(
            (later.known.struct_size, later.known.second, later.added),
            (24, 6, 7)
        );
    }
}
