//! Ingest: input of any common form, pushed in pieces, cut into records; and their way into a pool.
#![allow(unsafe_code)]

use crate::call::call;
use crate::{bytes, raw, AppendOptions, Error, Pool, Receipt, Result};
use std::ffi::c_int;
use std::ptr::{self, NonNull};

/// What an input looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum IngestMode {
    /// Decided by the first bytes: a sequence, an event stream, or else values (which JSON Lines are, too).
    #[default]
    Auto = raw::PLSM_INGEST_AUTO,
    /// JSON Lines: a record is a line.
    JsonLines = raw::PLSM_INGEST_JSONL,
    /// The whole input is one record.
    Json = raw::PLSM_INGEST_JSON,
    /// JSON text sequences (RFC 7464): a record separator before each record and a line feed behind it.
    Sequence = raw::PLSM_INGEST_SEQ,
    /// Values one after another, with white space or nothing between them.
    Values = raw::PLSM_INGEST_VALUES,
    /// Server-sent events: a record is the data of an event.
    Events = raw::PLSM_INGEST_EVENTS,
}

impl IngestMode {
    fn from_number(number: u32) -> IngestMode {
        use IngestMode::*;
        [JsonLines, Json, Sequence, Values, Events]
            .into_iter()
            .find(|mode| *mode as u32 == number)
            .unwrap_or(Auto)
    }
}

/// How an input is read.
#[derive(Clone, Copy, Debug)]
pub struct IngestOptions(raw::plsm_ingest_options_t);

impl Default for IngestOptions {
    fn default() -> Self {
        IngestOptions(raw::plsm_ingest_options_t {
            struct_size: size_of::<raw::plsm_ingest_options_t>() as u32,
            ..Default::default()
        })
    }
}

impl IngestOptions {
    /// The mode is found out, the first bad record ends the reading, records have up to 256 MiB.
    pub fn new() -> IngestOptions {
        IngestOptions::default()
    }

    /// What the input looks like.
    pub fn mode(mut self, mode: IngestMode) -> IngestOptions {
        self.0.mode = mode as u32;
        self
    }

    /// Whether to go on behind a bad record.
    pub fn skip(self, skip: bool) -> IngestOptions {
        self.flag(raw::PLSM_INGEST_SKIP, skip)
    }

    /// Whether [`Ingest::append`] stores complete messages with their data and tags.
    pub fn copy(self, copy: bool) -> IngestOptions {
        self.flag(raw::PLSM_INGEST_COPY, copy)
    }

    /// The largest record, in bytes of its text; 0 means 256 MiB.
    pub fn max_record(mut self, bytes: u64) -> IngestOptions {
        self.0.max_record = bytes;
        self
    }

    fn flag(mut self, flag: u32, on: bool) -> IngestOptions {
        self.0.flags = if on {
            self.0.flags | flag
        } else {
            self.0.flags & !flag
        };
        self
    }
}

/// Where a record is in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// Its number from 1; bad records count.
    pub index: u64,
    /// The line on which it starts, from 1.
    pub line: u64,
    /// The byte at which it starts, from 0.
    pub offset: u64,
}

/// Why a record is a bad one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// It is not JSON that pools can keep.
    Parse,
    /// It is larger than the options allow, or than the pool can hold.
    Oversize,
}

impl FaultKind {
    /// The name that the commands use.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Parse => "Parse",
            FaultKind::Oversize => "Oversize",
        }
    }
}

/// A bad record.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fault {
    /// Where it is.
    pub place: Place,
    /// Why it is one.
    pub kind: FaultKind,
    /// What is wrong with it, in words; the offset is a byte of the input.
    pub error: Error,
    /// How it starts: at most 200 bytes, `...` at the end when there are more.
    pub snippet: String,
    /// What the input looks like.
    pub mode: IngestMode,
}

/// What an ingest has to say.
#[derive(Debug)]
pub enum IngestStep<T> {
    /// More input is needed, or its end.
    More,
    /// A record.
    Record(T),
    /// A bad record.
    Fault(Box<Fault>),
    /// The input has ended, or the reading after a fault. Stays so.
    End,
}

/// A record that was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Appended<'a> {
    /// Where it is in the input.
    pub place: Place,
    /// What the append gave its message.
    pub receipt: Receipt,
    /// The tags of a complete message that was copied, as a JSON array.
    pub copied_tags: Option<&'a str>,
}

/// How many records an ingest has given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IngestCounts {
    /// Good ones.
    pub records: u64,
    /// Bad ones.
    pub faults: u64,
}

/// An input being read: pushed in pieces, taken as records, each the moment its last byte was pushed.
///
/// ```
/// use plasmite_sdk::{Ingest, IngestOptions, IngestStep};
///
/// let mut ingest = Ingest::new(&IngestOptions::new())?;
/// let mut found = Vec::new();
/// for piece in ["{\"a\":1}\n{\"b\":", "2} 3"] {
///     ingest.push(piece.as_bytes())?;
///     while let IngestStep::Record((_, text)) = ingest.next()? {
///         found.push(text.to_owned());
///     }
/// }
/// ingest.finish()?;
/// assert!(matches!(ingest.next()?, IngestStep::Record((place, "3")) if place.index == 3));
/// assert_eq!(found, ["{\"a\":1}", "{\"b\":2}"]);
/// # Ok::<(), plasmite_sdk::Error>(())
/// ```
#[derive(Debug)]
pub struct Ingest(NonNull<raw::plsm_ingest_t>);

// SAFETY: the library's handles may be used from any thread, by several at once.
unsafe impl Send for Ingest {}
// SAFETY: as above.
unsafe impl Sync for Ingest {}

impl Ingest {
    /// Begins to read an input that has yet to come.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn new(options: &IngestOptions) -> Result<Ingest> {
        let mut ingest = ptr::null_mut();
        // SAFETY: the options are readable, the output is ours.
        call(|error| unsafe { raw::plsm_ingest_new(&options.0, &mut ingest, error) })?;
        NonNull::new(ingest)
            .map(Ingest)
            .ok_or_else(|| Error::take(ptr::null_mut()))
    }

    /// Gives it a piece of the input. Take every record before the next piece, or it is kept.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn push(&mut self, input: &[u8]) -> Result<()> {
        // SAFETY: a live handle, readable bytes.
        call(|error| unsafe {
            raw::plsm_ingest_push(self.0.as_ptr(), input.as_ptr(), input.len(), error)
        })?;
        Ok(())
    }

    /// Tells it that the input has ended.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn finish(&mut self) -> Result<()> {
        // SAFETY: a live handle.
        call(|error| unsafe { raw::plsm_ingest_finish(self.0.as_ptr(), error) })?;
        Ok(())
    }

    /// The next record: its place and JSON text, checked to be a value that pools can keep.
    ///
    /// # Errors
    /// None that can be expected.
    #[allow(clippy::should_implement_trait)] // it lends its text, and can fail
    pub fn next(&mut self) -> Result<IngestStep<(Place, &str)>> {
        let mut item = raw::plsm_ingest_item_t::default();
        // SAFETY: a live handle; the output is ours.
        let step =
            call(|error| unsafe { raw::plsm_ingest_next(self.0.as_ptr(), &mut item, error) })?;
        // SAFETY: the step says that the item was filled; it lives until the next call, for which the ingest is
        // borrowed.
        Ok(unsafe { step_of(step, &item) }.map(|place| {
            // SAFETY: as above, and a checked JSON text is UTF-8.
            (place, unsafe {
                std::str::from_utf8_unchecked(bytes::slice(item.text))
            })
        }))
    }

    /// Appends the next record to a pool; its text is parsed once, by the append.
    ///
    /// # Errors
    /// As [`Pool::append`], but not for what is wrong with the record itself: that is a fault. The next call tries the
    /// same record again, unless [`Error::maybe_written`] says that it may be stored.
    #[inline]
    pub fn append(
        &mut self,
        pool: &Pool,
        options: &AppendOptions<'_>,
    ) -> Result<IngestStep<Appended<'_>>> {
        let options = options.raw()?;
        let mut item = raw::plsm_ingest_item_t::default();
        let mut receipt = raw::plsm_receipt_t::default();
        // SAFETY: live handles, options that live for the call; the outputs are ours.
        let step = call(|error| unsafe {
            raw::plsm_ingest_append(
                self.0.as_ptr(),
                pool.as_ptr(),
                &options,
                &mut item,
                &mut receipt,
                error,
            )
        })?;
        // SAFETY: the step says that the item was filled; it lives until the next call, for which the ingest is
        // borrowed.
        Ok(unsafe { step_of(step, &item) }.map(|place| Appended {
            place,
            receipt: receipt.into(),
            copied_tags: (item.copied_tags.len > 0).then(|| {
                // SAFETY: as above, and JSON of the library is UTF-8.
                unsafe { std::str::from_utf8_unchecked(bytes::slice(item.copied_tags)) }
            }),
        }))
    }

    /// How many records it has given so far.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn counts(&self) -> Result<IngestCounts> {
        let mut counts = raw::plsm_ingest_counts_t::default();
        // SAFETY: a live handle; the output is ours.
        call(|error| unsafe { raw::plsm_ingest_count(self.0.as_ptr(), &mut counts, error) })?;
        Ok(IngestCounts {
            records: counts.records,
            faults: counts.faults,
        })
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and freed once.
        unsafe { raw::plsm_ingest_free(self.0.as_ptr()) }
    }
}

impl<T> IngestStep<T> {
    /// The same about something made from the record.
    #[inline]
    pub fn map<U>(self, record: impl FnOnce(T) -> U) -> IngestStep<U> {
        match self {
            IngestStep::More => IngestStep::More,
            IngestStep::Record(value) => IngestStep::Record(record(value)),
            IngestStep::Fault(fault) => IngestStep::Fault(fault),
            IngestStep::End => IngestStep::End,
        }
    }
}

/// # Safety
/// The library answered `step` and filled `item` with it just now.
#[inline]
unsafe fn step_of(step: c_int, item: &raw::plsm_ingest_item_t) -> IngestStep<Place> {
    match step as u32 {
        raw::PLSM_INGEST_RECORD => IngestStep::Record(place(item)),
        // SAFETY: passed on.
        raw::PLSM_INGEST_FAULT => IngestStep::Fault(Box::new(unsafe { fault(item) })),
        raw::PLSM_INGEST_END => IngestStep::End,
        _ => IngestStep::More,
    }
}

#[inline]
fn place(item: &raw::plsm_ingest_item_t) -> Place {
    Place {
        index: item.index,
        line: item.line,
        offset: item.offset,
    }
}

/// # Safety
/// As for [`step_of`], and the step is a fault.
#[cold]
unsafe fn fault(item: &raw::plsm_ingest_item_t) -> Fault {
    Fault {
        place: place(item),
        kind: match item.fault {
            raw::PLSM_INGEST_OVERSIZE => FaultKind::Oversize,
            _ => FaultKind::Parse,
        },
        // SAFETY: a fault has an error that lives until the next call.
        error: unsafe { Error::copied(item.error) },
        // SAFETY: its first bytes live as long.
        snippet: String::from_utf8_lossy(unsafe { bytes::slice(item.text) }).into_owned(),
        mode: IngestMode::from_number(item.mode),
    }
}
