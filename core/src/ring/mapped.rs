//! The shared words in a mapped pool file.

#![allow(unsafe_code)]

use std::sync::OnceLock;

use crate::format::control::{Control, Home};
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
    /// Stands in for the control page until somebody recovers the pool.
    stand_in: OnceLock<Box<StandIn>>,
    /// Owns what the pointers point into; unmapped after them.
    mapping: Mapping,
}

/// Control words of a reader that came before recovery and may not write them to the file.
#[derive(Debug)]
struct StandIn {
    control: Control,
    /// What recovery, done elsewhere, will store in the real page.
    home: Home,
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
            stand_in: OnceLock::new(),
            mapping,
        }
    }

    /// The control page in the file, whatever stands in for it.
    #[inline]
    pub fn control_in_file(&self) -> &Control {
        // SAFETY: points into the mapping, which lives as long as `self`.
        unsafe { &*self.control }
    }

    /// Lets these words stand in for the control page until the one in the file is at home. Only
    /// the first call counts.
    pub fn stand_in(&self, control: Control, home: Home) {
        let _ = self.stand_in.set(Box::new(StandIn { control, home }));
    }

    /// Everything a successor writes comes after the identity in the file: a reader that sees any of
    /// it and passes an acquire fence goes by the real tail from then on.
    #[cold]
    fn control_before_recovery<'a>(&'a self, stand_in: &'a StandIn) -> &'a Control {
        let real = self.control_in_file();
        if real.recovery.is_at_home(&stand_in.home) {
            real
        } else {
            &stand_in.control
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
        match self.stand_in.get() {
            None => self.control_in_file(),
            Some(stand_in) => self.control_before_recovery(stand_in),
        }
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
