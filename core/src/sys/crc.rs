//! CRC-32C of words as readers have them: words that may change have no bytes to lend to a library, and a copy of them
//! would cost as much as the sum. Long private bodies, whatever writers sum, and processors without the instruction are
//! the library's.

#![allow(unsafe_code)]

use super::atomic::{AtomicU64, Ordering};

/// Eight bytes to be summed: private, or shared with writers.
pub trait Word {
    /// The bytes as a little-endian number.
    fn number(&self) -> u64;
}

impl Word for AtomicU64 {
    #[inline(always)]
    fn number(&self) -> u64 {
        self.load(Ordering::Relaxed)
    }
}

/// A private word holds the bytes in their order.
impl Word for u64 {
    #[inline(always)]
    fn number(&self) -> u64 {
        u64::from_le(*self)
    }
}

/// CRC-32C of the first `len` bytes of the words, each of which is read once.
///
/// # Panics
/// If there are not as many.
#[inline]
pub fn of_words<W: Word>(words: &[W], len: usize) -> u32 {
    let words = &words[..len.div_ceil(8)];
    #[cfg(target_arch = "x86_64")]
    if x86::is_there() {
        // SAFETY: the processor has the instructions.
        return unsafe { x86::of_words(words, len) };
    }
    copied(words, len)
}

/// What is summed of a body's CRC, together with other words. A CRC is linear: of the sum as it is, one bit that flips in the
/// body and another in those words, as far from their ends, would leave no trace. A product is not, and by an odd factor
/// (Knuth, The Art of Computer Programming 3, 6.4, for hashing) no two sums have the same one.
#[inline(always)]
pub fn mixed(body_crc: u32) -> u64 {
    u64::from(body_crc.wrapping_mul(0x9e37_79b1))
}

/// CRC-32C of eight words: the seven, and what is [`mixed`] of the CRC-32C of the first `len` bytes of `body`. The
/// processor works on both at once.
///
/// # Panics
/// If there are not as many.
#[inline]
pub fn with_body<W: Word>(first: [u64; 7], body: &[W], len: usize) -> u32 {
    let body = &body[..len.div_ceil(8)];
    #[cfg(target_arch = "x86_64")]
    if x86::is_there() {
        // SAFETY: the processor has the instructions.
        return unsafe { x86::with_body(first, body, len) };
    }
    let [a, b, c, d, e, f, g] = first;
    let all = [a, b, c, d, e, f, g, mixed(copied(body, len))];
    copied(&all.map(u64::to_le), 64)
}

/// Words copied at a time.
const CHUNK: usize = 32;

/// By way of a small private copy.
fn copied<W: Word>(words: &[W], len: usize) -> u32 {
    let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc32Iscsi);
    let mut left = len;
    for chunk in words.chunks(CHUNK) {
        let mut copy = [0; CHUNK * 8];
        for (place, word) in copy.chunks_exact_mut(8).zip(chunk) {
            place.copy_from_slice(&word.number().to_le_bytes());
        }
        let count = left.min(chunk.len() * 8);
        digest.update(&copy[..count]);
        left -= count;
    }
    digest.finalize() as u32
}

/// The instruction takes three cycles and can begin one each cycle. The sums of a frame and those of the frames around it
/// fill the gaps, so that cutting a body of some hundred bytes into stretches of its own gains nothing more.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::_mm_crc32_u64;

    use super::{mixed, Word};

    const START: u64 = u32::MAX as u64;

    #[inline(always)]
    pub(super) fn is_there() -> bool {
        is_x86_feature_detected!("sse4.2")
    }

    #[target_feature(enable = "sse4.2")]
    pub(super) fn of_words<W: Word>(words: &[W], len: usize) -> u32 {
        rest(START, words, len)
    }

    #[target_feature(enable = "sse4.2")]
    pub(super) fn with_body<W: Word>(first: [u64; 7], body: &[W], len: usize) -> u32 {
        let (mut outer, mut inner) = (START, START);
        let whole = &body[..len / 8];
        let sum = if let Some(begin) = whole.first_chunk::<7>() {
            for (first, word) in first.iter().zip(begin) {
                outer = _mm_crc32_u64(outer, *first);
                inner = _mm_crc32_u64(inner, word.number());
            }
            rest(inner, &body[7..], len - 7 * 8)
        } else {
            for first in first {
                outer = _mm_crc32_u64(outer, first);
            }
            rest(inner, body, len)
        };
        !(_mm_crc32_u64(outer, mixed(sum)) as u32)
    }

    /// The sum that is `state` before the first `len` bytes of the words.
    #[inline]
    #[target_feature(enable = "sse4.2")]
    fn rest<W: Word>(mut state: u64, words: &[W], len: usize) -> u32 {
        let (whole, last) = words.split_at(len / 8);
        for word in whole {
            state = _mm_crc32_u64(state, word.number());
        }
        if let Some(word) = last.first() {
            // The first bytes of a word as its last ones: zeros before them change nothing but what is put in there.
            let bits = len % 8 * 8;
            state = _mm_crc32_u64(0, (word.number() ^ state) << (64 - bits)) ^ (state >> bits);
        }
        !(state as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_the_librarys() {
        let mut state = 7u64;
        let bytes: Vec<u8> = (0..2400)
            .map(|_| {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                (state >> 33) as u8
            })
            .collect();
        let number = |chunk: &[u8]| u64::from_le_bytes(chunk.try_into().unwrap());
        let shared: Vec<AtomicU64> = bytes
            .chunks(8)
            .map(|chunk| AtomicU64::new(number(chunk)))
            .collect();
        let private: Vec<u64> = bytes.chunks(8).map(|chunk| number(chunk).to_le()).collect();
        for len in (0..=900).chain((901..=2400).step_by(37)) {
            let sum = crc_fast::crc32_iscsi(&bytes[..len]);
            assert_eq!(of_words(&shared, len), sum, "{len}");
            assert_eq!(of_words(&private, len), sum, "{len}");
            assert_eq!(copied(&private[..len.div_ceil(8)], len), sum, "{len}");
            let first = [1, 2, 3, u64::MAX, 5, sum.into(), 7];
            let mut all: Vec<u8> = first
                .iter()
                .flat_map(|word: &u64| word.to_le_bytes())
                .collect();
            all.extend_from_slice(&mixed(sum).to_le_bytes());
            let outer = crc_fast::crc32_iscsi(&all);
            assert_eq!(with_body(first, &shared, len), outer, "{len}");
            assert_eq!(with_body(first, &private, len), outer, "{len}");
        }
    }

    #[test]
    #[should_panic(expected = "range end index")]
    fn missing_words_are_not_read() {
        of_words(&[1u64, 2], 17);
    }
}
