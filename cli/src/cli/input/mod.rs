//! Where the messages of `feed` come from.

mod source;

pub(super) use source::Source;
