//! The engine behind `libplasmite`: pools (bounded ring-buffer files), Lite3 and JSON.

pub mod error;
pub mod json;
pub mod limits;
pub mod lite3;
pub mod message;

pub use error::{Error, ErrorKind, Result};
