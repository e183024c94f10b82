//! Strings: ranges of shared bytes, a message's or their own.

use std::hash::{Hash, Hasher};
use std::rc::Rc;

use super::document::Bytes;
use crate::filter::meter::{self, Exceeded};

/// A string, UTF-8.
#[derive(Clone)]
pub(in crate::filter) struct Text {
    bytes: Bytes,
    start: u32,
    len: u32,
}

impl Text {
    /// Takes bytes that are UTF-8.
    pub(in crate::filter) fn own(bytes: Vec<u8>) -> Text {
        meter::memory(bytes.len());
        let Ok(len) = u32::try_from(bytes.len()) else {
            meter::exceed(Exceeded::Memory);
        };
        Text {
            bytes: Rc::new(bytes),
            start: 0,
            len,
        }
    }

    /// A range of a message; the caller has checked that it lies inside and is UTF-8.
    pub(super) fn range(bytes: &Bytes, start: usize, len: usize) -> Text {
        Text {
            bytes: bytes.clone(),
            start: start as u32,
            len: len as u32,
        }
    }

    #[inline]
    pub(in crate::filter) fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start as usize..][..self.len as usize]
    }

    pub(in crate::filter) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(in crate::filter) fn len(&self) -> usize {
        self.len as usize
    }

    pub(super) fn weight(&self) -> u64 {
        1 + u64::from(self.len) / 16
    }

    /// A part of it; `part` must lie in it.
    pub(in crate::filter) fn slice(&self, part: &[u8]) -> Text {
        let offset = part
            .as_ptr()
            .addr()
            .wrapping_sub(self.as_bytes().as_ptr().addr());
        assert!(offset <= self.len() && part.len() <= self.len() - offset);
        Text {
            bytes: self.bytes.clone(),
            start: self.start + offset as u32,
            len: part.len() as u32,
        }
    }

    /// The text with another behind it; in place if nobody else has it.
    pub(super) fn append(mut self, other: &Text) -> Text {
        meter::memory(other.len());
        meter::work(other.len() / 64);
        let ends_here = self.start as usize + self.len() == self.bytes.len();
        match Rc::get_mut(&mut self.bytes) {
            Some(bytes) if ends_here && u32::try_from(bytes.len() + other.len()).is_ok() => {
                bytes.extend_from_slice(other.as_bytes());
                self.len += other.len;
                self
            }
            _ => {
                meter::work(self.len() / 64);
                Text::own([self.as_bytes(), other.as_bytes()].concat())
            }
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        meter::work(self.len().min(other.len()) / 64);
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Text) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Text) -> std::cmp::Ordering {
        meter::work(self.len().min(other.len()) / 64);
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        meter::work(self.len() / 64);
        self.as_bytes().hash(state);
    }
}

/// So that a map is looked up by names of ours; what a program looks up is a text, whose hash is paid for.
impl std::borrow::Borrow<[u8]> for Text {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}
