//! The shared words in a mapped pool file.

#![allow(unsafe_code)]

use crate::format::control::Control;
use crate::format::geometry::{Geometry, CONTROL_OFFSET, INDEX_OFFSET};
use crate::ring::memory::Memory;
use crate::sys::atomic::AtomicU64;
use crate::sys::map::Mapping;

/// A mapping, with the places of its words worked out once.
#[derive(Debug)]
pub struct Mapped {
    control: *const Control,
    ring: *const [AtomicU64],
    index: *const [AtomicU64],
    /// Owns what the pointers point into; unmapped after them.
    mapping: Mapping,
}

// SAFETY: the pointers lead to atomics in a mapping that `self` owns.
unsafe impl Send for Mapped {}
// SAFETY: as above.
unsafe impl Sync for Mapped {}

impl Mapped {
    /// Finds the words in a mapping of the whole file.
    ///
    /// # Panics
    /// If the geometry is not sound or the mapping shorter than the file it describes.
    pub fn new(mapping: Mapping, geometry: &Geometry) -> Mapped {
        assert!(geometry.is_sound());
        // SAFETY: `Control` is made of atomics and padding.
        let control: *const Control =
            unsafe { mapping.structure::<Control>(CONTROL_OFFSET as usize) };
        let ring: *const [AtomicU64] = mapping.words(
            geometry.ring_offset as usize,
            (geometry.ring_size / 8) as usize,
        );
        let index: *const [AtomicU64] =
            mapping.words(INDEX_OFFSET as usize, geometry.index_slots as usize);
        Mapped {
            control,
            ring,
            index,
            mapping,
        }
    }

    /// The mapping.
    #[inline]
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }
}

impl Memory for Mapped {
    #[inline]
    fn control(&self) -> &Control {
        // SAFETY: points into the mapping, which lives as long as `self`.
        unsafe { &*self.control }
    }
    #[inline]
    fn ring(&self) -> &[AtomicU64] {
        // SAFETY: as above.
        unsafe { &*self.ring }
    }
    #[inline]
    fn index(&self) -> &[AtomicU64] {
        // SAFETY: as above.
        unsafe { &*self.index }
    }
}
