//! Lite3: a JSON-compatible binary document in which a field is found without decoding the rest.
//!
//! A document is one contiguous buffer of little-endian integers. Every object and array is a small
//! B-tree of 96-byte nodes; a node names its entries (and its child nodes) by offset from the start of
//! the document, and the root container's node is at offset 0.
//!
//! ```text
//! node   0 type (low 8 bits) and set counter   4 hashes [7]   32 keys here (6 bits), entries in all (26)
//!       36 entry offsets [7]   64 child offsets [8], all 0 in a leaf
//! entry  key tag, key, NUL (objects only); type byte; payload
//! ```
//!
//! An object's tree is ordered by the DJB2 hash of the key, an array's by the index. Entries lie in
//! the order in which they were written, so ascending entry offsets are the order of the members.
//!
//! Three things read a document: [`Value`] looks fields up and trusts nothing, [`check`] proves a whole
//! document, and [`Entries`] walks one container. One thing writes it: the builder behind
//! [`crate::json::Encoder`].
//!
//! ```
//! use plasmite_core::{json::Encoder, lite3::Value};
//! let mut document = Vec::new();
//! Encoder::new().encode(br#"{"id":7,"name":"pump"}"#, &mut document)?;
//! let root = Value::root(document.as_slice())?;
//! assert_eq!(root.get(b"id")?.unwrap().as_i64(), Some(7));
//! # Ok::<(), plasmite_core::Error>(())
//! ```

mod buffer;
mod build;
mod check;
mod hash;
mod iter;
mod quick;
mod rebase;
mod shape;
mod source;
mod stack;
mod tree;
mod types;
mod view;
mod word;

pub(crate) use build::{Builder, Refusal};
pub(crate) use check::check_with_depth;
pub use check::{check, check_shallow};
pub use hash::key_hash;
pub(crate) use hash::Piece;
pub(crate) use iter::collect_entries;
pub use iter::{Entries, Entry};
pub(crate) use source::copy_of;
pub use source::Source;
pub(crate) use stack::InlineStack;
pub(crate) use types::key_tag;
pub use types::Kind;
pub use view::Value;
pub(crate) use word::word_at;
