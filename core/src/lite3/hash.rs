//! DJB2 over keys, eight bytes a step, and the probing rule for keys with equal hashes.

use super::word::{short_word, word_at};

/// Attempts to place or find a key, the first included.
pub(crate) const MAX_ATTEMPTS: u32 = 128;

const SEED: u32 = 5381;

/// 33^n modulo 2^32 for n = 0..=8.
const POWERS: [u32; 9] = {
    let mut powers = [1u32; 9];
    let mut n = 1;
    while n < 9 {
        powers[n] = powers[n - 1].wrapping_mul(33);
        n += 1;
    }
    powers
};

/// The seed times 33^n for n = 0..=7.
const SHORT_SEEDS: [u32; 8] = {
    let mut seeds = [SEED; 8];
    let mut n = 0;
    while n < 8 {
        seeds[n] = SEED.wrapping_mul(POWERS[n]);
        n += 1;
    }
    seeds
};

/// 33^-(8 - n) modulo 2^32 for n = 0..=7.
const SHORT_INVERSES: [u32; 8] = {
    // Newton's iteration doubles the number of right bits: 5, 10, 20, 40.
    let mut inverse = 33u32;
    let mut step = 0;
    while step < 4 {
        inverse = inverse.wrapping_mul(2u32.wrapping_sub(33u32.wrapping_mul(inverse)));
        step += 1;
    }
    let mut powers = [inverse; 8];
    let mut n = 7;
    while n > 0 {
        powers[n - 1] = powers[n].wrapping_mul(inverse);
        n -= 1;
    }
    powers
};

/// The slot of a key with this hash at this attempt.
#[inline]
pub(crate) fn probe(hash: u32, attempt: u32) -> u32 {
    hash.wrapping_add(attempt.wrapping_mul(attempt))
}

/// Sum of the eight bytes of `word`, first byte lowest, each times 33^(7 - position).
#[inline]
fn weigh(word: u64) -> u32 {
    let even = word & 0x00ff_00ff_00ff_00ff;
    let odd = (word >> 8) & 0x00ff_00ff_00ff_00ff;
    let pairs = even * 33 + odd; // four sums below 2^14 in 16 bits each
    let first = pairs & 0x0000_ffff_0000_ffff;
    let second = (pairs >> 16) & 0x0000_ffff_0000_ffff;
    let quads = first * POWERS[2] as u64 + second; // two sums below 2^25 in 32 bits each
    (quads as u32)
        .wrapping_mul(POWERS[4])
        .wrapping_add((quads >> 32) as u32)
}

/// A run of bytes inside a larger buffer: what lies behind it may be read ahead, but is not part of it.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a> {
    pub(crate) buffer: &'a [u8],
    pub(crate) start: usize,
    pub(crate) len: usize,
}

impl<'a> Piece<'a> {
    #[inline]
    pub(crate) fn bytes(self) -> &'a [u8] {
        &self.buffer[self.start..self.start + self.len]
    }

    /// `N` bytes from the start of the piece, if the buffer goes that far.
    #[inline]
    pub(crate) fn ahead<const N: usize>(self) -> Option<&'a [u8; N]> {
        self.buffer.get(self.start..)?.first_chunk()
    }

    /// DJB2 of the piece.
    #[inline]
    pub(crate) fn hash(self) -> u32 {
        let mut hash = SEED;
        let mut at = self.start;
        let mut rest = self.len;
        while rest >= 8 {
            hash = hash
                .wrapping_mul(POWERS[8])
                .wrapping_add(weigh(word_at(self.buffer, at)));
            at += 8;
            rest -= 8;
        }
        if rest == 0 {
            return hash;
        }
        // Shifted to the end of the word, the bytes get the weights of the last `rest` places.
        let word = word_at(self.buffer, at) << (64 - 8 * rest as u32);
        hash.wrapping_mul(POWERS[rest]).wrapping_add(weigh(word))
    }
}

/// DJB2 of a key of up to seven bytes, the lowest of `text`, the first lowest; the others are 0.
#[inline]
pub(crate) fn short_hash(text: u64, len: usize) -> u32 {
    // Weighed in front, the bytes have 33^(8 - len) too much; 33 is odd, so that can be divided off.
    SHORT_SEEDS[len & 7].wrapping_add(weigh(text).wrapping_mul(SHORT_INVERSES[len & 7]))
}

/// DJB2 of a key: `5381`, then `hash * 33 + byte` modulo 2^32 for each byte.
#[inline]
pub fn key_hash(key: &[u8]) -> u32 {
    let mut hash = SEED;
    let mut rest = key;
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        hash = hash
            .wrapping_mul(POWERS[8])
            .wrapping_add(weigh(u64::from_le_bytes(*chunk)));
        rest = tail;
    }
    let len = rest.len();
    // In two steps, because a shift by 64 is none.
    let word = short_word(rest) << (8 * (7 - len as u32)) << 8;
    hash.wrapping_mul(POWERS[len]).wrapping_add(weigh(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_bytes(seed: u32, bytes: &[u8]) -> u32 {
        bytes.iter().fold(seed, |hash, &byte| {
            hash.wrapping_mul(33).wrapping_add(byte as u32)
        })
    }

    #[test]
    fn wide_hash_equals_the_plain_one() {
        let text: Vec<u8> = (0..64u32).map(|i| (i * 37 + 201) as u8).collect();
        for start in 0..8 {
            for len in 0..48 {
                let bytes = &text[start..start + len];
                let plain = hash_bytes(SEED, bytes);
                assert_eq!(key_hash(bytes), plain, "{start} {len}");
                if len < 8 {
                    assert_eq!(short_hash(word_at(bytes, 0), len), plain, "{start} {len}");
                }
                assert_eq!(
                    Piece {
                        buffer: &text,
                        start,
                        len
                    }
                    .hash(),
                    plain,
                    "{start} {len}"
                );
                assert_eq!(
                    Piece {
                        buffer: bytes,
                        start: 0,
                        len
                    }
                    .hash(),
                    plain,
                    "{start} {len}"
                );
            }
        }
        assert_eq!(key_hash(&[255; 24]), hash_bytes(SEED, &[255; 24]));
        assert_eq!(key_hash(b"meta"), 0x7c9a_91cc);
        assert_eq!(key_hash(b"data"), 0x7c95_915f);
    }
}
