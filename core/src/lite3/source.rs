//! Where a document's bytes come from: private memory, or shared memory that may change under the reader.

use crate::error::Result;
use crate::room;

/// Appends all bytes of a document.
///
/// # Errors
/// Io when there is no memory for a long one.
#[inline]
pub(crate) fn copy_of<S: Source>(source: S, out: &mut Vec<u8>) -> Result<()> {
    // Shared memory is copied by words.
    room::make(out, source.len() + 8)?;
    source.append_to(0, source.len(), out);
    Ok(())
}

/// The bytes of one document. Every access is checked; offsets may be any number.
///
/// An implementation over shared memory may return different bytes for the same offset at different
/// times; readers of this module read each field once and check what they read.
pub trait Source: Copy {
    /// Length of the document in bytes.
    fn len(self) -> usize;

    /// Whether the document has no bytes.
    #[inline]
    fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The byte at `at`; `None` beyond the end.
    fn u8(self, at: usize) -> Option<u8>;

    /// The little-endian word at `at`, whatever its alignment; `None` when it is not wholly inside.
    fn u32(self, at: usize) -> Option<u32>;

    /// The little-endian double word at `at`, whatever its alignment; `None` when it is not wholly inside.
    fn u64(self, at: usize) -> Option<u64>;

    /// `N` little-endian words from `at` on; `None` when they are not wholly inside.
    #[inline]
    fn words<const N: usize>(self, at: usize) -> Option<[u32; N]> {
        let mut words = [0; N];
        for (index, word) in words.iter_mut().enumerate() {
            *word = self.u32(at.checked_add(index * 4)?)?;
        }
        Some(words)
    }

    /// Whether the bytes from `at` on are `bytes`; false when they would go beyond the end.
    fn equals(self, at: usize, bytes: &[u8]) -> bool;

    /// Appends `len` bytes from `at` on to `out`; false, and nothing appended, when they go beyond the end.
    fn append_to(self, at: usize, len: usize, out: &mut Vec<u8>) -> bool;

    /// The whole document, when its bytes are private and so cannot change.
    #[inline]
    fn as_slice(&self) -> Option<&[u8]> {
        None
    }
}

impl Source for &[u8] {
    #[inline]
    fn len(self) -> usize {
        <[u8]>::len(self)
    }

    #[inline]
    fn u8(self, at: usize) -> Option<u8> {
        self.get(at).copied()
    }

    #[inline]
    fn u32(self, at: usize) -> Option<u32> {
        let bytes = self.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes))
    }

    #[inline]
    fn u64(self, at: usize) -> Option<u64> {
        let bytes = self.get(at..)?.first_chunk::<8>()?;
        Some(u64::from_le_bytes(*bytes))
    }

    #[inline]
    fn words<const N: usize>(self, at: usize) -> Option<[u32; N]> {
        let bytes = self.get(at..)?.get(..N * 4)?;
        let mut words = [0; N];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(4)) {
            *word = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        }
        Some(words)
    }

    #[inline]
    fn equals(self, at: usize, bytes: &[u8]) -> bool {
        self.get(at..).and_then(|rest| rest.get(..bytes.len())) == Some(bytes)
    }

    #[inline]
    fn append_to(self, at: usize, len: usize, out: &mut Vec<u8>) -> bool {
        match self.get(at..).and_then(|rest| rest.get(..len)) {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                true
            }
            None => false,
        }
    }

    #[inline]
    fn as_slice(&self) -> Option<&[u8]> {
        Some(self)
    }
}
