//! What goes with an append: tags, durability, times; and what comes back.

use crate::time::{from_ns, to_ns};
use crate::wait::milliseconds;
use crate::{bytes, raw, Error, ErrorKind, Result, Tags};
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

/// When an append counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum Durability {
    /// When every process can see it. It survives the death of every process, not that of the machine.
    #[default]
    Fast = 0,
    /// When it is on disk.
    Flush = 1,
}

/// How long an append waits for other writers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockWait {
    /// Not at all.
    Try,
    /// At most this long, in whole milliseconds (rounded up).
    For(Duration),
    /// Without limit.
    Forever,
}

/// What an append gave its message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Its sequence number.
    pub seq: u64,
    /// Its time, in nanoseconds since 1970.
    pub time_ns: u64,
}

impl Receipt {
    /// Its time.
    pub fn time(&self) -> SystemTime {
        from_ns(self.time_ns)
    }
}

impl From<raw::plsm_receipt_t> for Receipt {
    #[inline]
    fn from(receipt: raw::plsm_receipt_t) -> Receipt {
        Receipt {
            seq: receipt.seq,
            time_ns: receipt.timestamp_ns,
        }
    }
}

/// Options of an append. Build them once and use them for any number of appends: that costs nothing per append.
#[derive(Clone, Debug)]
pub struct AppendOptions<'a> {
    tags: Tags<'a>,
    raw: raw::plsm_append_options_t,
    /// An own time that the library has no number for.
    impossible_time: Option<SystemTime>,
}

// SAFETY: the pointer inside is NULL between calls, and `Tags` only borrows texts.
#[allow(unsafe_code)]
unsafe impl Send for AppendOptions<'_> {}
// SAFETY: as above; shared access only reads.
#[allow(unsafe_code)]
unsafe impl Sync for AppendOptions<'_> {}

impl Default for AppendOptions<'_> {
    fn default() -> Self {
        let raw = raw::plsm_append_options_t {
            struct_size: size_of::<raw::plsm_append_options_t>() as u32,
            ..Default::default()
        };
        AppendOptions {
            tags: Tags::new(),
            raw,
            impossible_time: None,
        }
    }
}

impl<'a> AppendOptions<'a> {
    /// No tags, fast, the library's lock wait of 10 s, the time of the append.
    pub fn new() -> AppendOptions<'a> {
        AppendOptions::default()
    }

    /// Adds a tag.
    pub fn tag(mut self, tag: &'a str) -> AppendOptions<'a> {
        self.tags.push(tag);
        self
    }

    /// Puts these tags in place of those so far.
    pub fn tags(mut self, tags: Tags<'a>) -> AppendOptions<'a> {
        self.tags = tags;
        self
    }

    /// When the append counts as done.
    pub fn durability(mut self, durability: Durability) -> AppendOptions<'a> {
        self.raw.durability = durability as u32;
        self
    }

    /// An own time. The append refuses one below the newest message's, and one that is not between 1970 and 2554
    /// (Usage).
    pub fn time(self, time: SystemTime) -> AppendOptions<'a> {
        match to_ns(time) {
            Some(time_ns) => self.time_ns(time_ns),
            None => AppendOptions {
                impossible_time: Some(time),
                ..self
            },
        }
    }

    /// An own time in nanoseconds since 1970. The append refuses one below the newest message's (Usage).
    pub fn time_ns(mut self, time_ns: u64) -> AppendOptions<'a> {
        self.raw.timestamp_ns = time_ns;
        self.raw.has_timestamp = 1;
        self.impossible_time = None;
        self
    }

    /// How long to wait for other writers before the append fails with Busy.
    pub fn lock_wait(mut self, wait: LockWait) -> AppendOptions<'a> {
        self.raw.has_lock_wait = 1;
        self.raw.lock_wait_ms = match wait {
            LockWait::Try => 0,
            LockWait::For(duration) => milliseconds(duration),
            LockWait::Forever => raw::PLSM_WAIT_FOREVER,
        };
        self
    }

    /// Appends only when the newest message has this seq (0: the pool never held one).
    pub fn expect_newest(mut self, seq: u64) -> AppendOptions<'a> {
        self.raw.expect_newest = seq;
        self.raw.has_expect_newest = 1;
        self
    }

    /// Checks Lite3 bytes wholly, not only their frame.
    pub fn check_fully(mut self, check: bool) -> AppendOptions<'a> {
        self.raw.flags = if check {
            raw::PLSM_APPEND_CHECK_FULLY
        } else {
            0
        };
        self
    }

    /// The library's form; valid while `self` is.
    ///
    /// # Errors
    /// Usage for a time that the library has no number for.
    #[inline]
    pub(crate) fn raw(&self) -> Result<raw::plsm_append_options_t> {
        match self.impossible_time {
            None => Ok(raw::plsm_append_options_t {
                tags: self.tags.as_ptr(),
                tags_len: self.tags.len(),
                ..self.raw
            }),
            Some(time) => Err(out_of_range(time)),
        }
    }
}

#[cold]
fn out_of_range(time: SystemTime) -> Error {
    let (distance, side) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => (after, "after"),
        Err(before) => (before.duration(), "before"),
    };
    Error::new(
        ErrorKind::Usage,
        format!("the time {distance:?} {side} the start of 1970 is not between 1970 and 2554"),
    )
}

/// One message of a batch.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct BatchItem<'a> {
    pub(crate) raw: raw::plsm_batch_item_t,
    borrowed: PhantomData<&'a [u8]>,
}

// SAFETY: the pointers inside borrow bytes and tags that may be read from any thread.
#[allow(unsafe_code)]
unsafe impl Send for BatchItem<'_> {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for BatchItem<'_> {}

impl<'a> BatchItem<'a> {
    fn new(data: &'a [u8], encoding: u32) -> BatchItem<'a> {
        let range = bytes::range(data);
        let raw = raw::plsm_batch_item_t {
            data: range.data,
            len: range.len,
            encoding,
            ..Default::default()
        };
        BatchItem {
            raw,
            borrowed: PhantomData,
        }
    }

    /// A JSON value as text.
    pub fn json(json: &'a [u8]) -> BatchItem<'a> {
        BatchItem::new(json, raw::PLSM_ITEM_JSON)
    }

    /// `data` as a Lite3 document.
    pub fn lite3_data(data: &'a [u8]) -> BatchItem<'a> {
        BatchItem::new(data, raw::PLSM_ITEM_LITE3_DATA)
    }

    /// A whole message as a Lite3 document, tags included.
    pub fn lite3_document(document: &'a [u8]) -> BatchItem<'a> {
        BatchItem::new(document, raw::PLSM_ITEM_LITE3_DOCUMENT)
    }

    /// Tags of this message alone.
    pub fn tags(mut self, tags: &'a Tags<'a>) -> BatchItem<'a> {
        self.raw.tags = tags.as_ptr();
        self.raw.tags_len = tags.len();
        self
    }

    /// An own time in nanoseconds since 1970.
    pub fn time_ns(mut self, time_ns: u64) -> BatchItem<'a> {
        self.raw.timestamp_ns = time_ns;
        self.raw.has_timestamp = 1;
        self
    }
}
