//! The engine behind `libplasmite`: pools (bounded ring-buffer files), Lite3 and JSON.

pub mod error;
pub mod limits;

pub use error::{Error, ErrorKind, Result};
