//! Tags, prepared once for any number of calls.

use crate::{bytes, raw};
use std::marker::PhantomData;

/// A list of tags in the form the library takes: build it once, use it for many appends. Tags are any text, kept
/// in order, never trimmed.
#[derive(Clone, Debug, Default)]
pub struct Tags<'a> {
    ranges: Vec<raw::plsm_bytes_t>,
    texts: PhantomData<&'a str>,
}

// SAFETY: the pointers inside borrow texts that may be read from any thread.
#[allow(unsafe_code)]
unsafe impl Send for Tags<'_> {}
// SAFETY: as above; shared access only reads.
#[allow(unsafe_code)]
unsafe impl Sync for Tags<'_> {}

impl<'a> Tags<'a> {
    /// No tags.
    pub fn new() -> Tags<'a> {
        Tags::default()
    }

    /// Adds one.
    pub fn push(&mut self, tag: &'a str) {
        self.ranges.push(bytes::range(tag.as_bytes()));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    pub(crate) fn as_ptr(&self) -> *const raw::plsm_bytes_t {
        self.ranges.as_ptr()
    }
}

impl<'a, T: AsRef<str> + ?Sized + 'a> FromIterator<&'a T> for Tags<'a> {
    fn from_iter<I: IntoIterator<Item = &'a T>>(tags: I) -> Tags<'a> {
        Tags {
            ranges: tags
                .into_iter()
                .map(|tag| bytes::range(tag.as_ref().as_bytes()))
                .collect(),
            texts: PhantomData,
        }
    }
}
