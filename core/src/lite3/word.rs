//! Eight bytes at a time, near the end of a buffer too.

/// The eight bytes at `at` as a little-endian word; bytes beyond the end are 0.
#[inline(always)]
pub(crate) fn word_at(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => word_at_end(bytes, at),
    }
}

#[cold]
#[inline(never)]
fn word_at_end(bytes: &[u8], at: usize) -> u64 {
    let missing = (at + 8).saturating_sub(bytes.len());
    match bytes.last_chunk::<8>() {
        _ if missing >= 8 => 0,
        Some(chunk) => u64::from_le_bytes(*chunk) >> (8 * missing),
        None => bytes[at..]
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | byte as u64),
    }
}

/// Up to seven bytes as a little-endian word, zeros behind them; put together from reads that overlap.
#[inline(always)]
pub(crate) fn short_word(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    debug_assert!(len < 8);
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let last = u32::from_le_bytes(*last) as u64;
            u32::from_le_bytes(*first) as u64 | last << (8 * (len - 4))
        }
        _ if len == 0 => 0,
        _ => {
            bytes[0] as u64
                | (bytes[len / 2] as u64) << (8 * (len / 2))
                | (bytes[len - 1] as u64) << (8 * (len - 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_padded_with_zeros() {
        let text: Vec<u8> = (1..=20).collect();
        for len in 0..=20 {
            for at in 0..25 {
                let mut expected = [0; 8];
                for (index, byte) in expected.iter_mut().enumerate() {
                    *byte = text[..len].get(at + index).copied().unwrap_or(0);
                }
                assert_eq!(
                    word_at(&text[..len], at),
                    u64::from_le_bytes(expected),
                    "{len} {at}"
                );
            }
        }
    }
}
