//! Where messages come from.

mod source;

pub(super) use source::{Source, CHUNK};
