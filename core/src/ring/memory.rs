//! The shared words that the protocols need, whoever provides them.

use crate::format::control::Control;
use crate::sys::atomic::AtomicU64;

/// A pool's words: in a mapping ([`super::mapped`]) or on the heap ([`Heap`]).
pub trait Memory {
    /// The control page.
    fn control(&self) -> &Control;
    /// The ring.
    fn ring(&self) -> &[AtomicU64];
    /// The index.
    fn index(&self) -> &[AtomicU64];
}

/// Words on the heap, for models and unit tests.
#[derive(Debug)]
pub struct Heap {
    control: Control,
    ring: Vec<AtomicU64>,
    index: Vec<AtomicU64>,
}

impl Heap {
    /// Zeroed words of an empty pool.
    pub fn new(ring_words: usize, index_words: usize) -> Heap {
        let words = |count| (0..count).map(|_| AtomicU64::new(0)).collect();
        Heap {
            control: Control::new(),
            ring: words(ring_words),
            index: words(index_words),
        }
    }
}

impl Memory for Heap {
    fn control(&self) -> &Control {
        &self.control
    }
    fn ring(&self) -> &[AtomicU64] {
        &self.ring
    }
    fn index(&self) -> &[AtomicU64] {
        &self.index
    }
}

impl<M: Memory> Memory for std::sync::Arc<M> {
    fn control(&self) -> &Control {
        (**self).control()
    }
    fn ring(&self) -> &[AtomicU64] {
        (**self).ring()
    }
    fn index(&self) -> &[AtomicU64] {
        (**self).index()
    }
}
