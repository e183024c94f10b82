//! The pool file, format 4: where everything lies and what its bytes mean. No I/O here.
//!
//! ```text
//! page 0    superblock   written once at creation
//! page 1    control      the words that change
//!           index        seq -> position, every `stride`-th seq
//!           ring         frames; positions count bytes since creation and never wrap
//! ```
//!
//! All integers are little-endian. `docs/pool-format.md` is the full description.

pub mod control;
pub mod frame;
pub mod geometry;
pub mod past;
pub mod superblock;

/// The pages the superblock and the control words have for themselves, in bytes.
pub const PAGE: u64 = 4096;
