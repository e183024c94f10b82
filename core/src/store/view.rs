//! A message looked at where it lies: in the pool's shared memory, or in a private copy.

#![allow(unsafe_code)]

use crate::error::{Error, Result};
use crate::format::frame::Header;
use crate::lite3::{Source, Value};
use crate::message::{Encoding, Message};
use crate::ring::mapped::Mapped;
use crate::ring::memory::Memory;
use crate::ring::racing::RacingBytes;
use crate::ring::Ring;
use crate::room;
use crate::sys::atomic::{fence, AtomicU64, Ordering};

impl Source for RacingBytes<'_> {
    #[inline(always)]
    fn len(self) -> usize {
        RacingBytes::len(&self)
    }
    #[inline(always)]
    fn u8(self, at: usize) -> Option<u8> {
        RacingBytes::u8(&self, at)
    }
    #[inline(always)]
    fn u32(self, at: usize) -> Option<u32> {
        RacingBytes::u32(&self, at)
    }
    #[inline(always)]
    fn u64(self, at: usize) -> Option<u64> {
        RacingBytes::u64(&self, at)
    }
    #[inline(always)]
    fn equals(self, at: usize, bytes: &[u8]) -> bool {
        RacingBytes::equals(&self, at, bytes)
    }
    #[inline(always)]
    fn append_to(self, at: usize, len: usize, out: &mut Vec<u8>) -> bool {
        RacingBytes::append_to(&self, at, len, out)
    }
}

/// A message's parts by address. The memory lives as long as the pool, stream or owned message the
/// view came from; in place its bytes may be overwritten at any time, which
/// [`View::still_valid`] tells afterwards: look, ask, then use what was seen.
///
/// The layout is the C view's, so that a stream writes straight into the caller's.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct View {
    /// Seq of the message.
    pub seq: u64,
    /// Its time, ns since the epoch.
    pub time_ns: u64,
    /// The payload.
    pub payload: *const u8,
    /// Its length in bytes.
    pub payload_len: usize,
    /// The tag block: each tag's length (LEB128), then its bytes.
    pub tags: *const u8,
    /// Its length in bytes.
    pub tags_len: usize,
    /// Number of its [`Encoding`].
    pub encoding: u32,
    /// [`View::IN_PLACE`] or 0.
    pub flags: u32,
    /// The pool's tail word, or null for private bytes.
    pub guard: *const u64,
    /// Position of the frame; the view is valid while the tail has not passed it.
    pub position: u64,
    /// 0.
    pub reserved: [u64; 2],
}

// SAFETY: only addresses of memory that any thread may look at.
unsafe impl Send for View {}
// SAFETY: as above.
unsafe impl Sync for View {}

impl View {
    /// The bytes are the pool's and may be overwritten.
    pub const IN_PLACE: u32 = 1;

    /// A view of nothing, to be filled.
    pub const fn empty() -> View {
        View {
            seq: 0,
            time_ns: 0,
            payload: std::ptr::null(),
            payload_len: 0,
            tags: std::ptr::null(),
            tags_len: 0,
            encoding: 0,
            flags: 0,
            guard: std::ptr::null(),
            position: 0,
            reserved: [0; 2],
        }
    }

    #[inline]
    pub(super) fn in_place(ring: &Ring<Mapped>, position: u64, header: &Header) -> View {
        let mut view = View::empty();
        view.set_in_place(ring, position, header);
        view
    }

    #[inline]
    pub(super) fn set_in_place(&mut self, ring: &Ring<Mapped>, position: u64, header: &Header) {
        let start = ring.body_offset(position) as usize;
        // Payload and tags both lie within the ring, or this panics.
        let body = RacingBytes::new(ring.memory.ring(), start, header.body_len() as usize);
        self.seq = header.seq;
        self.time_ns = header.time_ns;
        self.payload = body.as_ptr();
        self.payload_len = header.payload_len as usize;
        self.tags = body.as_ptr().wrapping_add(header.payload_len as usize);
        self.tags_len = header.tags_len as usize;
        self.encoding = u32::from(header.encoding());
        self.flags = View::IN_PLACE;
        // The word that writers move, also if something stands in for it just now.
        self.guard = ring.memory.control_in_file().hot.tail.as_ptr();
        self.position = position;
    }

    #[inline]
    pub(super) fn set_private(&mut self, message: &Message<&[u8]>) {
        self.seq = message.seq;
        self.time_ns = message.time_ns;
        self.payload = message.payload.as_ptr();
        self.payload_len = message.payload.len();
        self.tags = message.tags.as_ptr();
        self.tags_len = message.tags.len();
        self.encoding = message.encoding as u32;
        self.flags = 0;
        self.guard = std::ptr::null();
        self.position = 0;
    }

    /// Whether everything seen through the view before this call was the message.
    #[inline]
    pub fn still_valid(&self) -> bool {
        if self.guard.is_null() {
            return true;
        }
        fence(Ordering::Acquire); // (B)
                                  // SAFETY: the tail word of a pool that is still open, as the type's contract demands.
        let tail = unsafe { AtomicU64::from_ptr(self.guard.cast_mut()) }.load(Ordering::Relaxed);
        tail <= self.position
    }

    /// A member of the data, on the quick way: see [`Value::quick_member`].
    #[inline(always)]
    pub fn quick_member(&self, key: &[u8]) -> Option<Value<RacingBytes<'_>>> {
        if self.encoding != Encoding::Lite3Data as u32 {
            return None;
        }
        // SAFETY: as in `message`.
        let payload = unsafe { RacingBytes::from_raw(self.payload, self.payload_len) };
        Value::quick_member(payload, key)
    }

    /// The message in place. Its bytes may be void until [`View::still_valid`] was asked after.
    ///
    /// # Errors
    /// Corrupt for an unknown encoding.
    #[inline]
    pub fn message(&self) -> Result<Message<RacingBytes<'_>>> {
        let encoding = u8::try_from(self.encoding)
            .ok()
            .and_then(Encoding::from_number)
            .ok_or_else(|| {
                Error::corrupt("damaged message: unknown encoding").with_seq(self.seq)
            })?;
        // SAFETY: readable while the view's origin lives (the type's contract). Private copies lie in
        // whole words as well, and are not changed while the view is in use.
        let (payload, tags) = unsafe {
            (
                RacingBytes::from_raw(self.payload, self.payload_len),
                RacingBytes::from_raw(self.tags, self.tags_len),
            )
        };
        Ok(Message {
            seq: self.seq,
            time_ns: self.time_ns,
            encoding,
            payload,
            tags,
        })
    }
}

/// A message in memory of its own.
#[derive(Clone, Debug)]
pub struct OwnedMessage {
    seq: u64,
    time_ns: u64,
    encoding: Encoding,
    /// Payload and tags, in whole words so that a view may read by words.
    words: Vec<u64>,
    payload_len: usize,
    tags_len: usize,
}

impl OwnedMessage {
    /// A copy of a message.
    ///
    /// # Errors
    /// Io when there is no memory for a long one.
    pub fn copy(message: &Message<&[u8]>) -> Result<OwnedMessage> {
        let (payload_len, tags_len) = (message.payload.len(), message.tags.len());
        let words = room::zeros((payload_len + tags_len).div_ceil(8))?;
        Ok(OwnedMessage::fill(message, words))
    }

    /// As [`OwnedMessage::copy`], of a message whose bytes are the caller's own.
    pub fn new(message: &Message<&[u8]>) -> OwnedMessage {
        let len = message.payload.len() + message.tags.len();
        OwnedMessage::fill(message, vec![0; len.div_ceil(8)])
    }

    fn fill(message: &Message<&[u8]>, mut words: Vec<u64>) -> OwnedMessage {
        let (payload_len, tags_len) = (message.payload.len(), message.tags.len());
        // SAFETY: plain words seen as bytes; the slice ends before `words` is used again.
        let bytes = unsafe {
            std::slice::from_raw_parts_mut(words.as_mut_ptr().cast::<u8>(), words.len() * 8)
        };
        bytes[..payload_len].copy_from_slice(message.payload);
        bytes[payload_len..payload_len + tags_len].copy_from_slice(message.tags);
        OwnedMessage {
            seq: message.seq,
            time_ns: message.time_ns,
            encoding: message.encoding,
            words,
            payload_len,
            tags_len,
        }
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: plain words seen as bytes.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr().cast(), self.words.len() * 8) }
    }

    /// The message.
    pub fn message(&self) -> Message<&[u8]> {
        let (payload, rest) = self.bytes().split_at(self.payload_len);
        let tags = &rest[..self.tags_len];
        Message {
            seq: self.seq,
            time_ns: self.time_ns,
            encoding: self.encoding,
            payload,
            tags,
        }
    }

    /// A view of it, valid as long as it lives.
    pub fn view(&self) -> View {
        let mut view = View::empty();
        view.set_private(&self.message());
        view
    }
}
