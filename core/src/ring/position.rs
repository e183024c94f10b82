//! Arithmetic on positions. No memory involved.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits::SEQ_LIMIT;

/// Maps positions to places, without a division while they stay in one lap or the one before.
#[derive(Debug)]
pub struct Places {
    size: u64,
    /// Position at which the lap last seen began. Only a cache: any multiple of `size` is right that is neither 0 nor near
    /// 2^64, so that the lap before it and positions that no writer comes to are no neighbours.
    lap: AtomicU64,
}

impl Places {
    /// For a ring of this many bytes.
    pub fn new(size: u64) -> Places {
        Places {
            size,
            lap: AtomicU64::new(size),
        }
    }

    /// `position % size`.
    #[inline]
    pub fn offset(&self, position: u64) -> u64 {
        let into = position.wrapping_sub(self.lap.load(Ordering::Relaxed));
        if into < self.size {
            return into;
        }
        let into_previous = into.wrapping_add(self.size);
        if into_previous < self.size {
            return into_previous;
        }
        let offset = position % self.size;
        if position < SEQ_LIMIT {
            let lap = (position - offset).max(self.size);
            self.lap.store(lap, Ordering::Relaxed);
        }
        offset
    }

    /// Which lap a position lies in.
    #[inline]
    pub fn lap(&self, position: u64) -> u64 {
        (position - self.offset(position)) / self.size
    }
}

/// Whether `[tail, head)` can be the retained part of a ring of `size` bytes.
#[inline]
pub fn is_sound(tail: u64, head: u64, size: u64) -> bool {
    // A head within reach of 2^63 cannot come from a writer, and would overflow sums.
    (tail | head).is_multiple_of(8) && tail <= head && head - tail <= size && head < SEQ_LIMIT
}

/// The lap with these 32 low bits, all that a frame tells of it, that is nearest to `near`.
pub fn nearest_lap(low: u32, near: u64) -> u64 {
    const ALL: u64 = 1 << 32;
    let lap = near / ALL * ALL + u64::from(low);
    let others = [lap.checked_sub(ALL), lap.checked_add(ALL)];
    let nearest = others.into_iter().flatten().chain([lap]);
    nearest.min_by_key(|lap| lap.abs_diff(near)).unwrap_or(lap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn offsets_equal_the_remainder(
            size in 1u64..1 << 40,
            steps in proptest::collection::vec(prop_oneof![0u64..100, 0u64..1 << 50, u64::MAX - (1 << 41)..], 1..50),
        ) {
            let places = Places::new(size);
            for position in steps {
                prop_assert_eq!(places.offset(position), position % size);
                prop_assert_eq!(places.lap(position), position / size);
                let back = position.saturating_sub(size / 2);
                prop_assert_eq!(places.offset(back), back % size);
            }
        }
    }

    #[test]
    fn laps_whose_high_bits_nobody_wrote_down() {
        const ALL: u64 = 1 << 32;
        for near in [0, 1, 5, ALL - 1, ALL, ALL + 3, 7 * ALL - 2, 7 * ALL] {
            for lap in near.saturating_sub(2)..near + 3 {
                assert_eq!(nearest_lap(lap as u32, near), lap, "near {near}");
            }
        }
        assert_eq!(nearest_lap(u32::MAX, 0), ALL - 1);
        assert_eq!(nearest_lap(0, u64::MAX), u64::MAX - (ALL - 1));
    }

    #[test]
    fn soundness() {
        assert!(is_sound(0, 0, 64));
        assert!(is_sound(8, 72, 64));
        assert!(!is_sound(0, 72, 64));
        assert!(!is_sound(16, 8, 64));
        assert!(!is_sound(1, 8, 64));
        assert!(!is_sound(u64::MAX - 71, u64::MAX - 7, 64));
    }
}
