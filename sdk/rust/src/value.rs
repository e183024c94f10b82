//! Values inside a Lite3 document, read where they lie.
#![allow(unsafe_code)]

use crate::call::call;
use crate::{bytes, raw, Buffer, Error, ErrorKind, Result};
use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU8, Ordering};

/// The type of a [`Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// An integer
    I64,
    /// A double
    F64,
    /// Bytes, which JSON cannot express
    Bytes,
    /// A text
    String,
    /// An object
    Object,
    /// An array
    Array,
}

/// A value inside a document: it costs a few words, whatever it holds.
///
/// ```
/// let document = plasmite_sdk::json_to_lite3(br#"{"a":[1,2.5,"x"]}"#)?;
/// let root = plasmite_sdk::Value::from_lite3(&document)?;
/// let list = root.get("a")?.unwrap();
/// assert_eq!(list.len()?, 3);
/// assert_eq!(list.at(2)?.unwrap().string()?, "x");
/// # Ok::<(), plasmite_sdk::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    raw: raw::plsm_value_t,
    in_place: bool,
    document: PhantomData<&'a [u8]>,
}

// SAFETY: plain data that points to memory readable from any thread as long as `'a` lasts.
unsafe impl Send for Value<'_> {}
// SAFETY: as above.
unsafe impl Sync for Value<'_> {}

/// The text of a range: borrowed from memory that does not change, else copied first.
///
/// # Safety
/// The range is readable as long as `'a` lasts, and unchanged unless `in_place`.
pub(crate) unsafe fn text<'a>(range: raw::plsm_bytes_t, in_place: bool) -> Result<Cow<'a, str>> {
    let changed = || {
        Error::new(
            ErrorKind::RetentionGap,
            "the message was overwritten while it was read",
        )
    };
    // SAFETY: the caller's promise.
    match unsafe { raw_bytes(range, in_place) }? {
        Cow::Owned(copy) => String::from_utf8(copy)
            .map(Cow::Owned)
            .map_err(|_| changed()),
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| {
            Error::new(
                ErrorKind::Corrupt,
                "a text of the message is not valid UTF-8",
            )
        }),
    }
}

/// The bytes of a range: borrowed from memory that does not change, else copied.
///
/// # Safety
/// As for [`text`].
unsafe fn raw_bytes<'a>(range: raw::plsm_bytes_t, in_place: bool) -> Result<Cow<'a, [u8]>> {
    if !in_place {
        // SAFETY: the caller's promise.
        return Ok(Cow::Borrowed(unsafe { bytes::slice(range) }));
    }
    let mut copy = Vec::new();
    copy.try_reserve_exact(range.len)
        .map_err(|_| Error::out_of_memory(range.len))?;
    for index in 0..range.len {
        // SAFETY: within the range. Another process may write there: hence atomic loads.
        copy.push(unsafe {
            AtomicU8::from_ptr(range.data.add(index).cast_mut()).load(Ordering::Relaxed)
        });
    }
    Ok(Cow::Owned(copy))
}

impl<'a> Value<'a> {
    /// # Safety
    /// The library filled `raw`, and the document behind it stays readable as long as `'a` lasts, and
    /// unchanged unless `in_place`.
    pub(crate) unsafe fn new(raw: raw::plsm_value_t, in_place: bool) -> Value<'a> {
        Value {
            raw,
            in_place,
            document: PhantomData,
        }
    }

    /// The root of a Lite3 document.
    ///
    /// # Errors
    /// Corrupt for bytes that cannot be one.
    pub fn from_lite3(document: &'a [u8]) -> Result<Value<'a>> {
        let mut root = raw::plsm_value_t::default();
        // SAFETY: the bytes are readable as long as the value lives; the output is ours.
        call(|error| unsafe {
            raw::plsm_value_from_lite3(document.as_ptr(), document.len(), &mut root, error)
        })?;
        // SAFETY: borrowed bytes do not change.
        Ok(unsafe { Value::new(root, false) })
    }

    /// How many bytes the document has that it is in.
    #[cfg(feature = "serde")]
    pub(crate) fn document_len(&self) -> usize {
        self.raw.document_len
    }

    /// Its type.
    pub fn kind(&self) -> ValueKind {
        match self.raw.type_ {
            raw::PLSM_TYPE_BOOL => ValueKind::Bool,
            raw::PLSM_TYPE_I64 => ValueKind::I64,
            raw::PLSM_TYPE_F64 => ValueKind::F64,
            raw::PLSM_TYPE_BYTES => ValueKind::Bytes,
            raw::PLSM_TYPE_STRING => ValueKind::String,
            raw::PLSM_TYPE_OBJECT => ValueKind::Object,
            raw::PLSM_TYPE_ARRAY => ValueKind::Array,
            _ => ValueKind::Null,
        }
    }

    /// The member of an object with this key.
    ///
    /// # Errors
    /// Usage when it is no object, Corrupt for a damaged document.
    pub fn get(&self, key: &str) -> Result<Option<Value<'a>>> {
        let mut member = raw::plsm_value_t::default();
        // SAFETY: the library filled `self.raw`, whose document lives; the key is readable, the outputs ours.
        let found = call(|error| unsafe {
            raw::plsm_value_get(
                &self.raw,
                key.as_ptr().cast(),
                key.len(),
                &mut member,
                error,
            )
        })?;
        // SAFETY: of the same document.
        Ok((found == 1).then(|| unsafe { Value::new(member, self.in_place) }))
    }

    /// The element of an array at this place, from 0.
    ///
    /// # Errors
    /// Usage when it is no array, Corrupt for a damaged document.
    pub fn at(&self, index: usize) -> Result<Option<Value<'a>>> {
        let mut element = raw::plsm_value_t::default();
        // SAFETY: as above.
        let found =
            call(|error| unsafe { raw::plsm_value_at(&self.raw, index, &mut element, error) })?;
        // SAFETY: as above.
        Ok((found == 1).then(|| unsafe { Value::new(element, self.in_place) }))
    }

    /// The key and value of an object's member at this place, from 0, in the writer's order.
    ///
    /// # Errors
    /// As [`Value::get`].
    pub fn entry(&self, index: usize) -> Result<Option<(Cow<'a, str>, Value<'a>)>> {
        let mut key = raw::plsm_bytes_t::default();
        let mut member = raw::plsm_value_t::default();
        // SAFETY: as above.
        let found = call(|error| unsafe {
            raw::plsm_value_entry(&self.raw, index, &mut key, &mut member, error)
        })?;
        if found == 0 {
            return Ok(None);
        }
        // SAFETY: key and value lie in the same document.
        unsafe {
            Ok(Some((
                text(key, self.in_place)?,
                Value::new(member, self.in_place),
            )))
        }
    }

    /// The number of members or elements.
    ///
    /// # Errors
    /// Usage when it is neither object nor array.
    pub fn len(&self) -> Result<usize> {
        let mut count = 0;
        // SAFETY: as above.
        call(|error| unsafe { raw::plsm_value_count(&self.raw, &mut count, error) })?;
        Ok(count)
    }

    /// Whether an object or array has nothing in it.
    ///
    /// # Errors
    /// As [`Value::len`].
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// An integer.
    ///
    /// # Errors
    /// Usage when it has another type.
    pub fn i64(&self) -> Result<i64> {
        let mut value = 0;
        // SAFETY: as above.
        call(|error| unsafe { raw::plsm_value_i64(&self.raw, &mut value, error) })?;
        Ok(value)
    }

    /// A number.
    ///
    /// # Errors
    /// As [`Value::i64`].
    pub fn f64(&self) -> Result<f64> {
        let mut value = 0.0;
        // SAFETY: as above.
        call(|error| unsafe { raw::plsm_value_f64(&self.raw, &mut value, error) })?;
        Ok(value)
    }

    /// A boolean.
    ///
    /// # Errors
    /// As [`Value::i64`].
    pub fn bool(&self) -> Result<bool> {
        let mut value = 0;
        // SAFETY: as above.
        call(|error| unsafe { raw::plsm_value_bool(&self.raw, &mut value, error) })?;
        Ok(value != 0)
    }

    /// A text, borrowed from the document unless it lies in a pool that others write.
    ///
    /// # Errors
    /// As [`Value::i64`].
    pub fn string(&self) -> Result<Cow<'a, str>> {
        let mut range = raw::plsm_bytes_t::default();
        // SAFETY: as above.
        call(|error| unsafe { raw::plsm_value_string(&self.raw, &mut range, error) })?;
        // SAFETY: the range lies in the document.
        unsafe { text(range, self.in_place) }
    }

    /// Raw bytes, which JSON shows as base64, or those of a text; borrowed as [`Value::string`] is.
    ///
    /// # Errors
    /// As [`Value::i64`].
    pub fn bytes(&self) -> Result<Cow<'a, [u8]>> {
        let mut range = raw::plsm_bytes_t::default();
        // SAFETY: as above.
        call(|error| unsafe { raw::plsm_value_string(&self.raw, &mut range, error) })?;
        // SAFETY: the range lies in the document.
        unsafe { raw_bytes(range, self.in_place) }
    }

    /// The members of an object in the writer's order, or the elements of an array with empty keys; nothing for any
    /// other value. Reads several in one call of the library.
    pub fn entries(&self) -> Entries<'a> {
        Entries {
            container: *self,
            keys: [raw::plsm_bytes_t::default(); ENTRIES_AT_ONCE],
            values: [raw::plsm_value_t::default(); ENTRIES_AT_ONCE],
            seen: 0,
            at: 0,
            filled: 0,
            done: !matches!(self.kind(), ValueKind::Object | ValueKind::Array),
        }
    }

    /// It and all below it as compact JSON.
    ///
    /// # Errors
    /// Corrupt for a damaged document.
    pub fn json(&self) -> Result<Buffer> {
        // SAFETY: as above.
        Buffer::fill(|buffer, error| unsafe { raw::plsm_value_json(&self.raw, buffer, error) })
    }
}

const ENTRIES_AT_ONCE: usize = 8;

/// See [`Value::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    container: Value<'a>,
    keys: [raw::plsm_bytes_t; ENTRIES_AT_ONCE],
    values: [raw::plsm_value_t; ENTRIES_AT_ONCE],
    /// Entries in all the pages before this one.
    seen: usize,
    at: usize,
    filled: usize,
    done: bool,
}

// SAFETY: plain data that points to memory readable from any thread as long as `'a` lasts.
unsafe impl Send for Entries<'_> {}
// SAFETY: as above.
unsafe impl Sync for Entries<'_> {}

impl Entries<'_> {
    fn fill(&mut self) -> Result<()> {
        self.seen += self.filled;
        (self.at, self.filled) = (0, 0);
        // SAFETY: the library filled the container, whose document lives; there is room for so many entries.
        call(|error| unsafe {
            raw::plsm_value_entries(
                &self.container.raw,
                self.seen,
                self.keys.as_mut_ptr(),
                self.values.as_mut_ptr(),
                ENTRIES_AT_ONCE,
                &mut self.filled,
                error,
            )
        })?;
        Ok(())
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<(Cow<'a, str>, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        if self.at == self.filled {
            // A page that was not full was the last.
            if self.filled != 0 && self.filled < ENTRIES_AT_ONCE {
                self.done = true;
                return None;
            }
            let filled = self.fill();
            self.done = filled.is_err() || self.filled == 0;
            if let Err(error) = filled {
                return Some(Err(error));
            }
            if self.done {
                return None;
            }
        }
        let in_place = self.container.in_place;
        let (key, value) = (self.keys[self.at], self.values[self.at]);
        self.at += 1;
        // SAFETY: the library filled both; they lie in the container's document.
        Some(unsafe { text(key, in_place).map(|key| (key, Value::new(value, in_place))) })
    }
}

impl std::iter::FusedIterator for Entries<'_> {}
