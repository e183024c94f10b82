//! The bytes of a document: the caller's, or the library's, which writers may change at any time.

#![allow(unsafe_code)]

use plasmite_core::lite3::Source;
use plasmite_core::store::RacingBytes;

/// Bytes of either sort. The caller's are read as they are: a read by whole words, as for shared memory,
/// could touch bytes beside them.
#[derive(Clone, Copy)]
pub(crate) enum Memory<'a> {
    Own(&'a [u8]),
    Shared(RacingBytes<'a>),
}

impl Memory<'_> {
    /// # Safety
    /// `len` readable bytes; when `shared`, part of a view of the library, else unchanged during `'a`.
    pub(crate) unsafe fn new<'a>(data: *const u8, len: usize, shared: bool) -> Memory<'a> {
        // SAFETY: passed on.
        unsafe {
            if shared {
                Memory::Shared(RacingBytes::from_raw(data, len))
            } else {
                Memory::Own(std::slice::from_raw_parts(data, len))
            }
        }
    }
}

impl Source for Memory<'_> {
    #[inline]
    fn len(self) -> usize {
        match self {
            Memory::Own(bytes) => bytes.len(),
            Memory::Shared(bytes) => bytes.len(),
        }
    }

    #[inline]
    fn u8(self, at: usize) -> Option<u8> {
        match self {
            Memory::Own(bytes) => Source::u8(bytes, at),
            Memory::Shared(bytes) => bytes.u8(at),
        }
    }

    #[inline]
    fn u32(self, at: usize) -> Option<u32> {
        match self {
            Memory::Own(bytes) => Source::u32(bytes, at),
            Memory::Shared(bytes) => bytes.u32(at),
        }
    }

    #[inline]
    fn u64(self, at: usize) -> Option<u64> {
        match self {
            Memory::Own(bytes) => Source::u64(bytes, at),
            Memory::Shared(bytes) => bytes.u64(at),
        }
    }

    #[inline]
    fn equals(self, at: usize, wanted: &[u8]) -> bool {
        match self {
            Memory::Own(bytes) => Source::equals(bytes, at, wanted),
            Memory::Shared(bytes) => bytes.equals(at, wanted),
        }
    }

    #[inline]
    fn append_to(self, at: usize, len: usize, out: &mut Vec<u8>) -> bool {
        match self {
            Memory::Own(bytes) => Source::append_to(bytes, at, len, out),
            Memory::Shared(bytes) => bytes.append_to(at, len, out),
        }
    }
}
