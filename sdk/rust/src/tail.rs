//! Where a stream starts, what it shows and when it ends.

use crate::call::c_text;
use crate::time::to_nearest_ns;
use crate::wait::milliseconds;
use crate::{raw, Filter, Result, Tags};
use std::ffi::CString;
use std::time::{Duration, SystemTime};

/// Where a stream starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start<'a> {
    /// At the oldest retained message.
    #[default]
    Oldest,
    /// After the newest message: only what is appended from now on.
    Now,
    /// At the last `n` retained messages that match tags and filters.
    Last(u64),
    /// At this seq, inclusive; one in the future is waited for.
    Seq(u64),
    /// At the first message at or after this time, in nanoseconds since 1970.
    Time(u64),
    /// Where the stream stood that gave this [token](crate::Stream::token).
    Token(&'a str),
}

impl Start<'_> {
    /// At the first message at or after this time; one before 1970 stands for 1970, one after 2554 for the end of that
    /// range.
    pub fn at(time: SystemTime) -> Start<'static> {
        Start::Time(to_nearest_ns(time))
    }

    /// The library's number of the start and its value.
    pub(crate) fn raw(&self) -> (u32, u64) {
        match *self {
            Start::Oldest => (raw::PLSM_START_OLDEST, 0),
            Start::Now => (raw::PLSM_START_NOW, 0),
            Start::Last(count) => (raw::PLSM_START_LAST, count),
            Start::Seq(seq) => (raw::PLSM_START_SEQ, seq),
            Start::Time(time_ns) => (raw::PLSM_START_TIME, time_ns),
            Start::Token(_) => (raw::PLSM_START_TOKEN, 0),
        }
    }
}

/// What a stream does when messages were overwritten before it read them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum GapPolicy {
    /// Goes on at the oldest retained message.
    #[default]
    Continue = 0,
    /// Fails with RetentionGap and is over.
    Error = 1,
    /// Reports [`Next::Gap`](crate::Next::Gap) and goes on.
    Event = 2,
}

/// Options of a stream.
#[derive(Clone, Debug, Default)]
pub struct TailOptions<'a> {
    start: Start<'a>,
    end_seq: Option<u64>,
    max: Option<u64>,
    timeout: Option<Duration>,
    gap: GapPolicy,
    tags: Tags<'a>,
    filters: Vec<&'a Filter>,
    spin: Duration,
    flags: u32,
}

impl<'a> TailOptions<'a> {
    /// From the oldest retained message on, every message, for ever.
    pub fn new() -> TailOptions<'a> {
        TailOptions::default()
    }

    /// Where to start.
    pub fn start(mut self, start: Start<'a>) -> TailOptions<'a> {
        self.start = start;
        self
    }

    /// Ends after this seq.
    pub fn end_seq(mut self, seq: u64) -> TailOptions<'a> {
        self.end_seq = Some(seq);
        self
    }

    /// Ends after this many messages, counted after tags and filters.
    pub fn max(mut self, messages: u64) -> TailOptions<'a> {
        self.max = Some(messages);
        self
    }

    /// Ends this long after opening, in whole milliseconds (rounded up).
    pub fn timeout(mut self, timeout: Duration) -> TailOptions<'a> {
        self.timeout = Some(timeout);
        self
    }

    /// What happens when messages were lost.
    pub fn gap(mut self, policy: GapPolicy) -> TailOptions<'a> {
        self.gap = policy;
        self
    }

    /// Shows only messages with all of these tags.
    pub fn tags(mut self, tags: Tags<'a>) -> TailOptions<'a> {
        self.tags = tags;
        self
    }

    /// Adds a tag that every shown message must have.
    pub fn tag(mut self, tag: &'a str) -> TailOptions<'a> {
        self.tags.push(tag);
        self
    }

    /// Adds a filter that every shown message must match; asked after the tags. When it gives a number, a string, an
    /// array or an object for a message, or goes beyond a limit, the stream gives Usage with the message's seq, and
    /// goes on behind it.
    pub fn filter(mut self, filter: &'a Filter) -> TailOptions<'a> {
        self.filters.push(filter);
        self
    }

    /// Ends at the newest message as of opening.
    pub fn snapshot(self, snapshot: bool) -> TailOptions<'a> {
        self.flag(raw::PLSM_TAIL_SNAPSHOT, snapshot)
    }

    /// Shows messages in place instead of a private copy: faster, and [`View::is_valid`](crate::View::is_valid)
    /// must be asked after reading.
    pub fn in_place(self, in_place: bool) -> TailOptions<'a> {
        self.flag(raw::PLSM_TAIL_IN_PLACE, in_place)
    }

    /// Newest first; ends at the oldest.
    pub fn backwards(self, backwards: bool) -> TailOptions<'a> {
        self.flag(raw::PLSM_TAIL_BACKWARDS, backwards)
    }

    /// Looks for messages at intervals instead of being woken.
    pub fn poll(self, poll: bool) -> TailOptions<'a> {
        self.flag(raw::PLSM_TAIL_POLL, poll)
    }

    /// Spins this long, in whole microseconds, before a wait sleeps: lower latency for a busy processor.
    pub fn spin(mut self, spin: Duration) -> TailOptions<'a> {
        self.spin = spin;
        self
    }

    fn flag(mut self, flag: u32, on: bool) -> TailOptions<'a> {
        self.flags = if on {
            self.flags | flag
        } else {
            self.flags & !flag
        };
        self
    }

    /// The library's form, valid while `self` is.
    pub(crate) fn raw(&self) -> Result<RawTail> {
        let token = match self.start {
            Start::Token(token) => Some(c_text(token, "the token")?),
            _ => None,
        };
        let (start, start_value) = self.start.raw();
        let filters: Vec<_> = self.filters.iter().map(|filter| filter.handle()).collect();
        let raw = raw::plsm_tail_options_t {
            struct_size: size_of::<raw::plsm_tail_options_t>() as u32,
            start,
            start_value,
            end_seq: self.end_seq.unwrap_or(0),
            has_end: self.end_seq.is_some().into(),
            max_messages: self.max.unwrap_or(0),
            has_max: self.max.is_some().into(),
            timeout_ms: self.timeout.map_or(0, milliseconds),
            has_timeout: self.timeout.is_some().into(),
            gap_policy: self.gap as u32,
            tags: self.tags.as_ptr(),
            tags_len: self.tags.len(),
            token: token
                .as_ref()
                .map_or(std::ptr::null(), |token| token.as_ptr()),
            spin_us: u32::try_from(self.spin.as_micros()).unwrap_or(u32::MAX),
            flags: self.flags,
            filters: filters.as_ptr(),
            filters_len: filters.len(),
        };
        Ok(RawTail {
            raw,
            _token: token,
            _filters: filters,
        })
    }
}

/// The library's form of the options, with what it points to.
pub(crate) struct RawTail {
    pub(crate) raw: raw::plsm_tail_options_t,
    _token: Option<CString>,
    _filters: Vec<*const raw::plsm_filter_t>,
}
