//! The engine behind `libplasmite`: pools (bounded ring-buffer files), Lite3 and JSON.
//!
//! Layers, each importing only what stands to its right or below it:
//!
//! ```text
//! store -> pool -> ring -> format -> limits, error
//!   |        '----> sys -> error
//!   '----> message -> json -> lite3
//! ```

pub mod error;
pub mod format;
pub mod limits;
#[cfg(not(loom))]
pub mod pool;
pub mod ring;
pub mod sys;

pub use error::{Error, ErrorKind, Result};
