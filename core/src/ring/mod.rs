//! The ring and its protocols: pure logic over a few shared words, no system calls.
//!
//! Positions count bytes since the pool's creation and never wrap; a position's place in the ring
//! is `position % size`. The retained frames are exactly those in `[tail, head)`.
//!
//! ```text
//! writer (holds the lock)                    reader (holds nothing)
//!   tail.store(past the victims)               head.load                      acquire (A)
//!   fence                       release (B)    copy the frame, word by word   relaxed
//!   frame, index slot           relaxed        fence                          acquire (B)
//!   head.store(past the frame)  release (A)    tail.load: passed? then void   relaxed
//! ```
//!
//! (A) makes a frame's bytes visible before the head that names them. (B) makes a new tail visible
//! to whoever sees any byte that overwrote an old frame. The reader believes nothing of what it
//! copied, lengths included, until the second look at the tail.
//!
//! [`lock`] is how writers exclude each other and survive each other's death, [`wake`] how a writer
//! learns whether anyone sleeps. All of it is generic over [`memory::Memory`], so that a model
//! checker can run it (`model/`).

#[cfg(not(loom))]
pub mod before;
pub mod durable;
pub mod locate;
pub mod lock;
#[cfg(not(loom))]
pub mod mapped;
pub mod memory;
pub mod position;
pub mod publish;
#[cfg(not(loom))]
pub mod racing;
pub mod search;
pub mod snapshot;
pub mod wake;
pub mod walk;
#[cfg(not(loom))]
pub mod window;

use crate::format::geometry::Geometry;
use memory::Memory;
use position::Places;

/// A pool's ring: shared words, sizes, and the seed of its checksums.
#[derive(Debug)]
pub struct Ring<M> {
    /// The shared words.
    pub memory: M,
    /// The sizes.
    pub geometry: Geometry,
    /// Goes into every checksum.
    pub seed: u64,
    places: Places,
}

impl<M: Memory> Ring<M> {
    /// A ring over shared words that the geometry describes.
    pub fn new(memory: M, geometry: Geometry, seed: u64) -> Ring<M> {
        debug_assert_eq!(memory.ring().len() as u64 * 8, geometry.ring_size);
        Ring {
            memory,
            geometry,
            seed,
            places: Places::new(geometry.ring_size),
        }
    }

    /// Size in bytes.
    #[inline]
    pub fn size(&self) -> u64 {
        self.geometry.ring_size
    }

    /// Byte offset of a position in the ring.
    #[inline]
    pub fn offset(&self, position: u64) -> u64 {
        self.places.offset(position)
    }

    /// Bytes from a position to the ring's end.
    #[inline]
    pub fn room(&self, position: u64) -> u64 {
        self.size() - self.offset(position)
    }
}
