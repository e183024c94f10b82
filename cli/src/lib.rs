//! Plasmite: JSON messages between processes through *pools*, bounded ring-buffer files on disk.
//!
//! As a library this crate is [`plasmite_sdk`], which it re-exports; as a program it is the commands `plasmite`
//! and `pls` (feature `cli`).
//!
//! ```
//! use plasmite::{AppendOptions, Client, PoolOptions};
//!
//! # fn main() -> plasmite::Result<()> {
//! # let directory = tempfile::tempdir().unwrap();
//! # let directory = directory.path();
//! let pool = Client::new(directory)?.create("events", &PoolOptions::new())?;
//! let receipt = pool.append(br#"{"sensor":"temp","value":23.5}"#, &AppendOptions::new())?;
//! assert_eq!(pool.get(receipt.seq)?.data_json(), r#"{"sensor":"temp","value":23.5}"#);
//! # Ok(())
//! # }
//! ```

pub use plasmite_sdk::*;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "cli")]
mod json;
#[cfg(feature = "serve")]
mod serve;
#[cfg(feature = "cli")]
mod shell;
