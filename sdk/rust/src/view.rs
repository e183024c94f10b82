//! A message shown without copying it.
#![allow(unsafe_code)]

use crate::call::call;
use crate::time::from_ns;
use crate::{bytes, raw, value, Buffer, Error, ErrorKind, Message, Result, Value};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::SystemTime;

/// A part of a message as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum Part {
    /// All of it: `{"seq":…,"time":…,"meta":{"tags":[…]},"data":…}`.
    Envelope = raw::PLSM_PART_ENVELOPE,
    /// The value of `data` alone.
    Data = raw::PLSM_PART_DATA,
    /// The list of tags alone.
    Tags = raw::PLSM_PART_TAGS,
    /// Everything but `data`: `{"seq":…,"time":…,"meta":{"tags":[…]}}`.
    Head = raw::PLSM_PART_HEAD,
}

/// A message as it lies in the pool (*in place*) or in a private copy.
///
/// In place the writers may overwrite it at any moment: read, then ask [`View::is_valid`], then use what was read.
/// A view of a private copy is always valid.
pub struct View<'a> {
    raw: raw::plsm_view_t,
    source: PhantomData<&'a ()>,
}

// SAFETY: a view is plain data that points to memory readable from any thread as long as `'a` lasts.
unsafe impl Send for View<'_> {}
// SAFETY: as above; shared access only reads.
unsafe impl Sync for View<'_> {}

impl<'a> View<'a> {
    /// # Safety
    /// The library filled `raw`, and what it points to stays mapped as long as `'a` lasts.
    #[inline]
    pub(crate) unsafe fn new(raw: raw::plsm_view_t) -> View<'a> {
        View {
            raw,
            source: PhantomData,
        }
    }

    /// The library's form.
    pub(crate) fn raw(&self) -> &raw::plsm_view_t {
        &self.raw
    }

    /// The sequence number.
    #[inline]
    pub fn seq(&self) -> u64 {
        self.raw.seq
    }

    /// The time in nanoseconds since 1970.
    #[inline]
    pub fn time_ns(&self) -> u64 {
        self.raw.timestamp_ns
    }

    /// The time.
    pub fn time(&self) -> SystemTime {
        from_ns(self.time_ns())
    }

    /// Whether it is shown in place.
    #[inline]
    pub fn is_in_place(&self) -> bool {
        !self.raw.guard.is_null()
    }

    /// Whether everything read from it so far was the message.
    #[inline]
    pub fn is_valid(&self) -> bool {
        // SAFETY: the view was filled by the library and its memory is still mapped.
        unsafe { raw::plsm_view_is_valid(&self.raw) != 0 }
    }

    /// The error of a view in place whose message is gone.
    #[cold]
    pub(crate) fn overwritten(&self) -> Error {
        Error::new(
            ErrorKind::RetentionGap,
            format!("message {} was overwritten while it was read", self.seq()),
        )
    }

    /// A part of it as JSON.
    ///
    /// # Errors
    /// RetentionGap when it was overwritten meanwhile, Corrupt when it is damaged.
    pub fn json(&self, part: Part) -> Result<Buffer> {
        // SAFETY: as above; the outputs are ours.
        Buffer::fill(|buffer, error| unsafe {
            raw::plsm_view_json(&self.raw, part as u32, buffer, error)
        })
    }

    /// Appends a part of it as JSON to `out`, without an allocation once `out` is large enough.
    ///
    /// # Errors
    /// As [`View::json`]; `out` is then as it was.
    pub fn write_json(&self, part: Part, out: &mut Vec<u8>) -> Result<()> {
        // A first guess that fits nearly always: text is little longer than the stored bytes.
        let mut room = self.raw.payload_len * 2 + self.raw.tags_len * 2 + 128;
        let mut is_guess = true;
        loop {
            if out.try_reserve(room).is_err() && !is_guess {
                // What the vector would add for later is not needed.
                out.try_reserve_exact(room)
                    .map_err(|_| Error::out_of_memory(room))?;
            }
            let space = out.spare_capacity_mut();
            let mut length = 0;
            // SAFETY: as above; the library writes at most `space.len()` bytes there.
            let written = call(|error| unsafe {
                let (start, capacity) = (space.as_mut_ptr().cast(), space.len());
                raw::plsm_view_write_json(
                    &self.raw,
                    part as u32,
                    start,
                    capacity,
                    &mut length,
                    error,
                )
            })?;
            if written == 1 {
                // SAFETY: the library wrote `length` bytes after the old end, within the capacity.
                unsafe { out.set_len(out.len() + length) };
                return Ok(());
            }
            (room, is_guess) = (length, false);
        }
    }

    /// The whole message as a Lite3 document, `{"meta":{"tags":[…]},"data":…}`.
    ///
    /// # Errors
    /// As [`View::json`]; Usage when Lite3 cannot hold the data.
    pub fn lite3(&self) -> Result<Buffer> {
        // SAFETY: as above; the outputs are ours.
        Buffer::fill(|buffer, error| unsafe { raw::plsm_view_lite3(&self.raw, buffer, error) })
    }

    /// The tags, in the writer's order.
    ///
    /// # Errors
    /// As [`View::json`].
    pub fn tags(&self) -> Result<Vec<String>> {
        let mut tags = Vec::new();
        while let Some(tag) = self.tag(tags.len())? {
            tags.push(tag.into_owned());
        }
        Ok(tags)
    }

    /// How many tags there are.
    pub fn tag_count(&self) -> usize {
        // SAFETY: as above.
        unsafe { raw::plsm_view_tag_count(&self.raw) }
    }

    /// The tag at this place, from 0; borrowed, unless the view is in place.
    ///
    /// # Errors
    /// As [`View::json`].
    pub fn tag(&self, index: usize) -> Result<Option<Cow<'_, str>>> {
        let mut tag = raw::plsm_bytes_t::default();
        // SAFETY: as above; the output is ours.
        let found = call(|error| unsafe { raw::plsm_view_tag(&self.raw, index, &mut tag, error) })?;
        if found == 0 {
            return Ok(None);
        }
        // SAFETY: the range lies in the view's memory, which is mapped as long as the view lives.
        unsafe { value::text(tag, self.is_in_place()) }.map(Some)
    }

    /// A top-level integer of `data`, read in place; `None` when there is no such key.
    ///
    /// # Errors
    /// Usage when it has another type.
    #[inline]
    pub fn i64(&self, key: &str) -> Result<Option<i64>> {
        let mut value = 0;
        // SAFETY: as above; the key is readable for the call, the outputs are ours.
        let found = call(|error| unsafe {
            raw::plsm_view_i64(&self.raw, key.as_ptr().cast(), key.len(), &mut value, error)
        })?;
        Ok((found == 1).then_some(value))
    }

    /// A top-level number of `data`, as [`View::i64`].
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn f64(&self, key: &str) -> Result<Option<f64>> {
        let mut value = 0.0;
        // SAFETY: as above.
        let found = call(|error| unsafe {
            raw::plsm_view_f64(&self.raw, key.as_ptr().cast(), key.len(), &mut value, error)
        })?;
        Ok((found == 1).then_some(value))
    }

    /// A top-level boolean of `data`, as [`View::i64`].
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn bool(&self, key: &str) -> Result<Option<bool>> {
        let mut value = 0;
        // SAFETY: as above.
        let found = call(|error| unsafe {
            raw::plsm_view_bool(&self.raw, key.as_ptr().cast(), key.len(), &mut value, error)
        })?;
        Ok((found == 1).then_some(value != 0))
    }

    /// A top-level string of `data`, as [`View::i64`]; borrowed, unless the view is in place.
    ///
    /// # Errors
    /// As there; RetentionGap when the bytes changed while they were read.
    pub fn string(&self, key: &str) -> Result<Option<Cow<'_, str>>> {
        let mut range = raw::plsm_bytes_t::default();
        // SAFETY: as above.
        let found = call(|error| unsafe {
            raw::plsm_view_string(&self.raw, key.as_ptr().cast(), key.len(), &mut range, error)
        })?;
        if found == 0 {
            return Ok(None);
        }
        // SAFETY: the range lies in the view's memory, which is mapped as long as the view lives.
        unsafe { value::text(range, self.is_in_place()) }.map(Some)
    }

    /// `data` as a value to walk through; `None` when it is stored as JSON text, because Lite3 cannot hold it.
    ///
    /// # Errors
    /// As [`View::json`].
    pub fn root(&self) -> Result<Option<Value<'_>>> {
        let mut root = raw::plsm_value_t::default();
        // SAFETY: as above; the output is ours.
        let found = call(|error| unsafe { raw::plsm_view_root(&self.raw, &mut root, error) })?;
        // SAFETY: the library filled it; its bytes live as long as the view.
        Ok((found == 1).then(|| unsafe { Value::new(root, self.is_in_place()) }))
    }

    /// The payload's bytes as stored; `None` in place, where they may change while they are looked at.
    pub fn payload(&self) -> Option<&[u8]> {
        let range = raw::plsm_bytes_t {
            data: self.raw.payload,
            len: self.raw.payload_len,
        };
        // SAFETY: a private copy does not change as long as the view lives.
        (!self.is_in_place()).then(|| unsafe { bytes::slice(range) })
    }

    /// A copy to keep.
    ///
    /// # Errors
    /// As [`Message::copy`].
    pub fn to_message(&self) -> Result<Message> {
        Message::copy(self)
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("seq", &self.seq())
            .field("time_ns", &self.time_ns())
            .finish_non_exhaustive()
    }
}
