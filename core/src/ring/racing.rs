//! Bytes in the ring, looked at in place: every access is checked and atomic, and none of what they
//! say may be believed before the tail was looked at again.

#![allow(unsafe_code)]

use std::marker::PhantomData;

use crate::sys::atomic::{AtomicU64, Ordering};

/// A range of bytes in words that may change at any time. Never a `&[u8]`.
#[derive(Clone, Copy, Debug)]
pub struct RacingBytes<'a> {
    words: *const AtomicU64,
    /// Bytes before the range in its first word.
    skip: usize,
    len: usize,
    alive: PhantomData<&'a [AtomicU64]>,
}

// SAFETY: no more than a shared slice of atomics.
unsafe impl Send for RacingBytes<'_> {}
// SAFETY: as above.
unsafe impl Sync for RacingBytes<'_> {}

impl<'a> RacingBytes<'a> {
    /// `len` bytes from byte `start` of the words on.
    ///
    /// # Panics
    /// If the range leaves the words.
    #[inline]
    pub fn new(words: &'a [AtomicU64], start: usize, len: usize) -> RacingBytes<'a> {
        assert!(start
            .checked_add(len)
            .is_some_and(|end| end <= words.len() * 8));
        let first = start / 8;
        RacingBytes {
            words: words[first..].as_ptr(),
            skip: start % 8,
            len,
            alive: PhantomData,
        }
    }

    /// The bytes from `data` on.
    ///
    /// # Safety
    /// The aligned words that the range touches must be readable for `'a`, and must not be changed
    /// during it but by atomic stores.
    #[inline]
    pub unsafe fn from_raw(data: *const u8, len: usize) -> RacingBytes<'a> {
        let skip = data as usize % 8;
        RacingBytes {
            words: data.wrapping_sub(skip).cast(),
            skip,
            len,
            alive: PhantomData,
        }
    }

    /// Length in bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Address of the first byte, for views that cross the C boundary.
    #[inline]
    pub fn as_ptr(&self) -> *const u8 {
        self.words.cast::<u8>().wrapping_add(self.skip)
    }

    #[inline(always)]
    fn word(&self, index: usize) -> u64 {
        debug_assert!(index * 8 < self.skip + self.len);
        // SAFETY: callers have checked that the word holds a byte of the range.
        unsafe { &*self.words.add(index) }.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn fits(&self, at: usize, len: usize) -> bool {
        at.checked_add(len).is_some_and(|end| end <= self.len)
    }

    /// The byte at `at`.
    #[inline(always)]
    pub fn u8(&self, at: usize) -> Option<u8> {
        if !self.fits(at, 1) {
            return None;
        }
        let byte = self.skip + at;
        Some((self.word(byte / 8) >> (byte % 8 * 8)) as u8)
    }

    /// `len` (1 to 8) bytes from `at` on as a little-endian number.
    #[inline(always)]
    fn number(&self, at: usize, len: usize) -> Option<u64> {
        if !self.fits(at, len) {
            return None;
        }
        let byte = self.skip + at;
        let shift = byte % 8 * 8;
        let low = self.word(byte / 8) >> shift;
        if byte % 8 + len <= 8 {
            return Some(low);
        }
        Some(low | self.word(byte / 8 + 1) << (64 - shift))
    }

    /// The little-endian word at `at`, whatever its alignment.
    #[inline(always)]
    pub fn u32(&self, at: usize) -> Option<u32> {
        self.number(at, 4).map(|number| number as u32)
    }

    /// The little-endian double word at `at`, whatever its alignment.
    #[inline(always)]
    pub fn u64(&self, at: usize) -> Option<u64> {
        self.number(at, 8)
    }

    /// Whether the bytes from `at` on are `bytes`.
    #[inline(always)]
    pub fn equals(&self, at: usize, bytes: &[u8]) -> bool {
        if !self.fits(at, bytes.len()) {
            return false;
        }
        let mut at = at;
        let chunks = bytes.chunks_exact(8);
        let rest = chunks.remainder();
        for chunk in chunks {
            if self.u64(at) != Some(u64::from_le_bytes(chunk.try_into().unwrap_or_default())) {
                return false;
            }
            at += 8;
        }
        if rest.is_empty() {
            return true;
        }
        let mut wanted = [0; 8];
        wanted[..rest.len()].copy_from_slice(rest);
        let mask = u64::MAX >> (64 - rest.len() * 8);
        self.number(at, rest.len()).map(|found| found & mask) == Some(u64::from_le_bytes(wanted))
    }

    /// Appends `len` bytes from `at` on to `out`.
    #[inline]
    pub fn append_to(&self, at: usize, len: usize, out: &mut Vec<u8>) -> bool {
        if !self.fits(at, len) {
            return false;
        }
        out.reserve(len + 8);
        let mut at = at;
        let end = at + len;
        while at + 8 <= end {
            out.extend_from_slice(&self.number(at, 8).unwrap_or_default().to_le_bytes());
            at += 8;
        }
        if at < end {
            let rest = self.number(at, end - at).unwrap_or_default().to_le_bytes();
            out.extend_from_slice(&rest[..end - at]);
        }
        true
    }

    /// A part of the range.
    #[inline]
    pub fn slice(&self, at: usize, len: usize) -> Option<RacingBytes<'a>> {
        if !self.fits(at, len) {
            return None;
        }
        let byte = self.skip + at;
        Some(RacingBytes {
            words: self.words.wrapping_add(byte / 8),
            skip: byte % 8,
            len,
            alive: PhantomData,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_as_a_slice_does(
            bytes in proptest::collection::vec(any::<u8>(), 8..100),
            start in 0usize..40, len in 0usize..60, at in 0usize..70, count in 0usize..40,
        ) {
            let mut padded = bytes.clone();
            padded.resize(bytes.len().next_multiple_of(8), 0);
            let words: Vec<AtomicU64> = padded.chunks_exact(8)
                .map(|chunk| AtomicU64::new(u64::from_le_bytes(chunk.try_into().unwrap()))).collect();
            prop_assume!(start + len <= padded.len());
            let slice = &padded[start..start + len];
            let racing = RacingBytes::new(&words, start, len);
            prop_assert_eq!(racing.u8(at), slice.get(at).copied());
            let part = slice.get(at..).and_then(|rest| rest.get(..count));
            let mut out = vec![1];
            prop_assert_eq!(racing.append_to(at, count, &mut out), part.is_some());
            prop_assert_eq!(&out[1..], part.unwrap_or_default());
            prop_assert_eq!(racing.u32(at), slice.get(at..at + 4).map(|part| u32::from_le_bytes(part.try_into().unwrap())));
            prop_assert_eq!(racing.u64(at), slice.get(at..at + 8).map(|part| u64::from_le_bytes(part.try_into().unwrap())));
            if let Some(part) = part {
                prop_assert!(racing.equals(at, part));
                let mut other = part.to_vec();
                if let Some(last) = other.last_mut() { *last ^= 1; prop_assert!(!racing.equals(at, &other)); }
                let inner = racing.slice(at, count).unwrap();
                prop_assert!(inner.equals(0, part));
            } else {
                prop_assert!(racing.slice(at, count).is_none());
            }
        }
    }
}
