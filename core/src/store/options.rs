//! Options and results of the operations.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::filter::Filter;
use crate::limits;
use crate::pool::owner::LockWait;

pub use crate::pool::create::CreateOptions as PoolOptions;

/// How to open a pool.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenOptions {
    /// Never write, not even to say that a reader sleeps. A pool that may not be written to is opened
    /// like this in any case.
    pub read_only: bool,
}

/// How to append.
#[derive(Clone, Copy, Debug)]
pub struct AppendOptions<'a> {
    /// Tags, UTF-8, kept in order.
    pub tags: &'a [&'a [u8]],
    /// Return only when the message is on the disk.
    pub flush: bool,
    /// Own time, ns since the epoch, not before the newest message's; `None` for the clock's.
    pub timestamp_ns: Option<u64>,
    /// How long to wait for other writers.
    pub lock_wait: LockWait,
    /// Append only if this is the newest seq.
    pub expect_newest: Option<u64>,
    /// Prove a Lite3 document wholly before it is stored, not just its root.
    pub check_fully: bool,
}

impl Default for AppendOptions<'_> {
    fn default() -> Self {
        AppendOptions {
            tags: &[],
            flush: false,
            timestamp_ns: None,
            lock_wait: LockWait::For(Duration::from_millis(limits::DEFAULT_LOCK_WAIT_MS)),
            expect_newest: None,
            check_fully: false,
        }
    }
}

/// What an append made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Seq of the message.
    pub seq: u64,
    /// Its time, ns since the epoch.
    pub time_ns: u64,
}

/// What the bytes of a batch item are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemEncoding {
    /// JSON text of the data.
    Json,
    /// The data as Lite3.
    Lite3Data,
    /// A whole message document as Lite3.
    Lite3Document,
}

/// One message of a batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchItem<'a> {
    /// The data or document.
    pub bytes: &'a [u8],
    /// What `bytes` are.
    pub encoding: ItemEncoding,
    /// Tags, behind those of the batch.
    pub tags: &'a [&'a [u8]],
    /// Own time, ns since the epoch.
    pub timestamp_ns: Option<u64>,
}

/// Where a stream starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the oldest retained message.
    Oldest,
    /// Behind the newest message.
    Now,
    /// At the last so many matching messages.
    Last(u64),
    /// At this seq, or the oldest retained after it; 0 is 1. One in the future is waited for.
    Seq(u64),
    /// At the first message of this time (ns since the epoch) or later.
    Time(u64),
    /// Where the stream that made this token was.
    Token(String),
}

/// What a stream does about messages that were overwritten before it read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum GapPolicy {
    /// Go on with the oldest retained one, counting the loss.
    #[default]
    Continue,
    /// Fail with RetentionGap and end.
    Error,
    /// Report the gap as an event of its own, then go on.
    Event,
}

/// How to read a stream of messages.
#[derive(Clone, Debug)]
pub struct TailOptions<'a> {
    /// Where to start.
    pub start: Start,
    /// Last seq to deliver (the lowest one when going backwards).
    pub end_seq: Option<u64>,
    /// From newer to older; never waits.
    pub backwards: bool,
    /// Most messages to deliver, counted after filters, and anew after a seek.
    pub max: Option<u64>,
    /// End this long after opening.
    pub timeout: Option<Duration>,
    /// What to do about lost messages.
    pub gap: GapPolicy,
    /// Deliver only messages that have all of these tags.
    pub tags: &'a [&'a [u8]],
    /// Deliver only messages that match all of these; looked at after the tags.
    pub filters: &'a [Arc<Filter>],
    /// End at what was the newest message at opening.
    pub snapshot: bool,
    /// Views into the pool's memory instead of into a private copy; before somebody has recovered the pool, into copies that
    /// stay as long as the stream.
    pub in_place: bool,
    /// Look without sleeping for so long before each sleep.
    pub spin: Duration,
    /// Never sleep until woken; look again with growing pauses (at most 5 ms).
    pub poll: bool,
}

impl Default for TailOptions<'_> {
    fn default() -> Self {
        TailOptions {
            start: Start::Oldest,
            end_seq: None,
            backwards: false,
            max: None,
            timeout: None,
            gap: GapPolicy::Continue,
            tags: &[],
            filters: &[],
            snapshot: false,
            in_place: false,
            spin: Duration::ZERO,
            poll: false,
        }
    }
}

/// How long one call may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Until something comes.
    Forever,
    /// At most this long.
    For(Duration),
    /// Not at all.
    Try,
}

/// Messages that were overwritten, or lost to damage, before they were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gap {
    /// First missing seq.
    pub first: u64,
    /// Last missing seq.
    pub last: u64,
}

impl Gap {
    /// The error that tells it, where gaps are errors.
    #[cold]
    pub fn into_error(self) -> Error {
        let Gap { first, last } = self;
        let next = last.saturating_add(1);
        Error::new(
            ErrorKind::RetentionGap,
            format!(
                "messages {first} to {last} were overwritten before they were read; the next available one is {next}"
            ),
        )
        .with_seq(first)
        .with_hint("read faster, make the pool larger, or accept gaps")
    }
}

/// Totals of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Stats {
    /// Messages delivered.
    pub delivered: u64,
    /// Messages missed.
    pub dropped: u64,
}

/// What the next step of a stream brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A message with this seq.
    Message(u64),
    /// Messages are missing before the next one.
    Gap(Gap),
    /// Nothing will come any more.
    End,
    /// The stream's time is up; nothing will come any more.
    Deadline,
    /// Nothing came within this call's time.
    Timeout,
    /// The stream was cancelled.
    Cancelled,
}
