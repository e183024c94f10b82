//! Sizes and offsets of the parts of a pool file, from one set of parameters.

use crate::error::{Error, Result};
use crate::format::{frame, PAGE};
use crate::limits;

/// Offset of the control page.
pub const CONTROL_OFFSET: u64 = PAGE;
/// Offset of the index, right after the control page.
pub const INDEX_OFFSET: u64 = 2 * PAGE;
/// Bytes of one index slot.
pub const SLOT: u64 = 8;
/// The ring starts on a cache line.
const RING_ALIGN: u64 = 64;
/// The smallest file that can be a pool, in bytes: two pages and the smallest ring.
pub const MIN_POOL_SIZE: u64 = INDEX_OFFSET + limits::MIN_RING_SIZE;

/// Where the parts lie. All in bytes, but for the two counts of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Length of the file.
    pub file_size: u64,
    /// Index slots; 0 for no index.
    pub index_slots: u64,
    /// Every how many-th seq has a slot; a power of two.
    pub index_stride: u64,
    /// Offset of the ring.
    pub ring_offset: u64,
    /// Size of the ring, a multiple of 8.
    pub ring_size: u64,
}

impl Geometry {
    /// Divides a file of `file_size` bytes. Without `slots` the index is as large as it takes for
    /// every retained seq to be found in a few hops; 0 slots mean none.
    ///
    /// # Errors
    /// Usage when the parts do not fit.
    pub fn plan(file_size: u64, slots: Option<u32>) -> Result<Geometry> {
        if file_size < MIN_POOL_SIZE {
            return Err(Error::usage(format!(
                "a pool of {file_size} bytes is too small: the smallest is {MIN_POOL_SIZE} bytes"
            ))
            .with_hint(format!(
                "ask for {MIN_POOL_SIZE} bytes or more; the default is 1M"
            )));
        }
        if file_size > limits::MAX_POOL_SIZE {
            return Err(Error::usage(format!(
                "a pool of {file_size} bytes is too large: the largest is {} bytes",
                limits::MAX_POOL_SIZE
            )));
        }
        let room = file_size - INDEX_OFFSET;
        let (slots, stride) = match slots {
            None => {
                let wanted = (room / frame::MIN_LEN).div_ceil(limits::DEFAULT_INDEX_STRIDE);
                let spare = (room - limits::MIN_RING_SIZE).saturating_sub(RING_ALIGN) / SLOT;
                (wanted.min(spare), limits::DEFAULT_INDEX_STRIDE)
            }
            Some(slots) => {
                let slots = u64::from(slots);
                if slots * SLOT > file_size / 2 {
                    return Err(Error::usage(format!(
                        "an index of {slots} slots takes {} bytes, more than half of a pool of {file_size} bytes",
                        slots * SLOT
                    ))
                    .with_hint(format!("ask for at most {} slots, or for a larger pool", file_size / 2 / SLOT)));
                }
                (slots, 1)
            }
        };
        let ring_offset = (INDEX_OFFSET + slots * SLOT).next_multiple_of(RING_ALIGN);
        let ring_size = file_size.saturating_sub(ring_offset) & !7;
        if ring_size < limits::MIN_RING_SIZE {
            return Err(Error::usage(format!(
                "an index of {slots} slots leaves {ring_size} bytes for messages, fewer than {}",
                limits::MIN_RING_SIZE
            ))
            .with_hint("ask for fewer slots or for a larger pool"));
        }
        let stride = Geometry::stride(ring_size, slots, stride);
        Ok(Geometry {
            file_size,
            index_slots: slots,
            index_stride: stride,
            ring_offset,
            ring_size,
        })
    }

    /// The stride of an index, `least` or more. A retained seq never loses its slot to a newer one: slots times stride
    /// covers the most frames a full ring can hold.
    fn stride(ring_size: u64, slots: u64, least: u64) -> u64 {
        match slots {
            0 => 1,
            _ => least
                .max((ring_size / frame::MIN_LEN + 1).div_ceil(slots))
                .next_power_of_two(),
        }
    }

    /// Whether these numbers describe a possible file: nothing overlaps, leaves the file or
    /// overflows. The numbers may come from a hostile superblock.
    pub fn is_sound(&self) -> bool {
        let index_end = self
            .index_slots
            .checked_mul(SLOT)
            .and_then(|len| len.checked_add(INDEX_OFFSET));
        let ring_end = self.ring_offset.checked_add(self.ring_size);
        // A larger ring than any file has would overflow the sum for the longest stride.
        let ring_size = self.ring_size.min(limits::MAX_POOL_SIZE);
        let longest = Geometry::stride(ring_size, self.index_slots, limits::DEFAULT_INDEX_STRIDE);
        self.file_size <= limits::MAX_POOL_SIZE
            && self.index_stride.is_power_of_two()
            && self.index_stride <= longest
            && self.ring_offset.is_multiple_of(RING_ALIGN)
            && self.ring_size.is_multiple_of(8)
            && self.ring_size >= limits::MIN_RING_SIZE
            && index_end.is_some_and(|end| end <= self.ring_offset)
            && ring_end.is_some_and(|end| end <= self.file_size)
    }

    /// The slot of a seq that has one.
    #[inline]
    pub fn slot_of(&self, seq: u64) -> Option<u64> {
        if seq & (self.index_stride - 1) != 0 || self.index_slots == 0 {
            return None;
        }
        Some((seq >> self.index_stride.trailing_zeros()) % self.index_slots)
    }

    /// Bytes of the index.
    pub fn index_bytes(&self) -> u64 {
        self.index_slots * SLOT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn smallest_pools() {
        assert!(Geometry::plan(MIN_POOL_SIZE - 1, None).is_err());
        let smallest = Geometry::plan(MIN_POOL_SIZE, None).unwrap();
        assert_eq!(
            (smallest.index_slots, smallest.ring_size),
            (0, limits::MIN_RING_SIZE)
        );
        assert!(Geometry::plan(MIN_POOL_SIZE, Some(1)).is_err());
        assert!(Geometry::plan(limits::MAX_POOL_SIZE + 1, None).is_err());
        assert!(Geometry::plan(1 << 20, Some(1 << 16)).is_ok());
        assert!(Geometry::plan(1 << 20, Some((1 << 16) + 1)).is_err());
    }

    /// A longer stride than any plan has would make each look into the index as long.
    #[test]
    fn strides_are_those_of_plans() {
        for slots in [None, Some(0), Some(1), Some(100)] {
            let mut plan = Geometry::plan(1 << 16, slots).unwrap();
            assert!(plan.is_sound());
            plan.index_stride = plan
                .index_stride
                .max(limits::DEFAULT_INDEX_STRIDE)
                .next_power_of_two();
            while plan.index_slots * plan.index_stride <= plan.ring_size / frame::MIN_LEN
                && plan.index_slots > 0
            {
                plan.index_stride *= 2;
            }
            plan.index_stride *= 2;
            assert!(!plan.is_sound(), "{plan:?}");
            for power in 14..64 {
                plan.index_stride = 1 << power;
                assert!(!plan.is_sound(), "{plan:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn plans_are_sound_and_cover_the_ring(size in MIN_POOL_SIZE..1 << 32, slots in proptest::option::of(0u32..100_000)) {
            if let Ok(plan) = Geometry::plan(size, slots) {
                prop_assert!(plan.is_sound());
                prop_assert!(plan.ring_offset + plan.ring_size > size - 8);
                if plan.index_slots > 0 {
                    prop_assert!(plan.index_slots * plan.index_stride > plan.ring_size / frame::MIN_LEN);
                }
                if slots.is_none() && size > 16384 {
                    prop_assert!(plan.index_stride <= 16);
                }
            }
        }
    }
}
