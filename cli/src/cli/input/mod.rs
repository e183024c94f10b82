//! Where the messages of `feed` come from.

mod lines;
mod source;

pub(super) use lines::{Line, LineReader};
pub(super) use source::Source;
