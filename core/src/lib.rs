//! The engine behind `libplasmite`: pools (bounded ring-buffer files), Lite3 and JSON.
//!
//! Layers, each importing only what stands to its right or below it:
//!
//! ```text
//! store -> pool -> ring -> format -> limits, error
//!   |        '----> sys -> error
//!   |----> message -> json -> lite3
//!   '----> ingest ----'
//!   '----> filter -> message, sys
//!   '----> doctor, migrate -> pool, message
//!   '----> salvage -> pool
//!
//! replay -> sys
//! ```

#[cfg(not(loom))]
pub mod doctor;
pub mod error;
#[cfg(not(loom))]
pub mod filter;
pub mod format;
#[cfg(not(loom))]
pub mod ingest;
#[cfg(not(loom))]
pub mod json;
pub mod limits;
#[cfg(not(loom))]
pub mod lite3;
#[cfg(not(loom))]
pub mod message;
#[cfg(not(loom))]
pub mod migrate;
#[cfg(all(test, loom))]
mod model;
#[cfg(not(loom))]
pub mod pool;
#[cfg(not(loom))]
pub mod replay;
pub mod ring;
pub mod room;
#[cfg(not(loom))]
pub mod salvage;
#[cfg(not(loom))]
pub mod store;
pub mod sys;

pub use error::{Error, ErrorKind, Result};

/// The pool format this build reads and writes.
pub const POOL_FORMAT: u32 = format::superblock::VERSION;
