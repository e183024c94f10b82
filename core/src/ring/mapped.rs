//! The shared words in a mapped pool file.

#![allow(unsafe_code)]

use crate::format::control::Control;
use crate::format::geometry::{Geometry, CONTROL_OFFSET, INDEX_OFFSET};
use crate::ring::before::Before;
use crate::ring::memory::Memory;
use crate::sys::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sys::map::Mapping;
use crate::sys::set_once::SetOnce;

/// A mapping, with the places of its words worked out once.
#[derive(Debug)]
pub struct Mapped {
    control: *const Control,
    ring: *const [AtomicU64],
    index: *const [AtomicU64],
    /// Set by a reader that came before recovery.
    before: SetOnce<Before>,
    /// A reader found the pool recovered. It stays so while it is mapped, whatever others make of its identity.
    settled: AtomicBool,
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
            before: SetOnce::new(),
            settled: AtomicBool::new(false),
            mapping,
        }
    }

    /// The control page in the file, whatever stands in for it.
    #[inline]
    pub fn control_in_file(&self) -> &Control {
        // SAFETY: points into the mapping, which lives as long as `self`.
        unsafe { &*self.control }
    }

    /// A reader came before recovery: the first such look counts.
    pub fn come_before(&self, look: impl FnOnce() -> Before) -> &Before {
        match self.before.get() {
            Some(before) => before,
            None => self.before.set(look()),
        }
    }

    /// A reader found the pool recovered: no later one can have come before that.
    pub fn settle(&self) {
        self.settled.store(true, Ordering::Relaxed);
    }

    /// Whether a reader found the pool recovered, or has seen it done.
    pub fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Relaxed) || (self.before.get().is_some() && self.lends())
    }

    /// Whether messages may be shown where they lie: the tail in the file passes them before they are overwritten.
    #[inline]
    pub fn lends(&self) -> bool {
        let before = self.before.get();
        before.is_none_or(|before| before.is_over(self.control_in_file()))
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
        match self.before.get() {
            None => self.control_in_file(),
            Some(before) => before.control(self.control_in_file()),
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
