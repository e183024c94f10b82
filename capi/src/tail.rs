//! Opening streams with every option, and moving them.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};
use std::time::Duration;

use plasmite_core::store::{GapPolicy, Start, TailOptions};
use plasmite_core::{Error, Result};

use crate::bytes::{give, plsm_buf_t, plsm_bytes_t};
use crate::error::plsm_error_t;
use crate::filter::{filters_in, plsm_filter_t};
use crate::guard::{status, Out};
use crate::options::{self, unknown_number, Versioned};
use crate::pool::plsm_pool_t;
use crate::stream::{open, plsm_stream_t, stream_in};
use crate::tags::with_ranges;
use crate::text::{str_in, utf8};

/// Where a stream starts.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum plsm_start {
    /// At the oldest message.
    PLSM_START_OLDEST = 0,
    /// Behind the newest message: only what comes from now on.
    PLSM_START_NOW = 1,
    /// At the last N messages that pass tags and filters; the value is N.
    PLSM_START_LAST = 2,
    /// At a seq, which is the value; one in the future is waited for.
    PLSM_START_SEQ = 3,
    /// At the first message not older than a time, which is the value, in ns since 1970.
    PLSM_START_TIME = 4,
    /// Where another stream stood when plsm_stream_token was called on it.
    PLSM_START_TOKEN = 5,
}

/// Where a stream starts. See plsm_start.
pub type plsm_start_t = plsm_start;

/// End at the newest message as of opening instead of waiting for more.
pub const PLSM_TAIL_SNAPSHOT: u32 = 1;
/// Deliver views into the pool's memory rather than copies: faster, but a message can be overwritten while
/// it is read. See plsm_view_is_valid. Usage for a pool of a server, whose memory is not here. As long as a
/// handle that may only read waits for somebody to recover the pool, after the machine went down or the file
/// was copied, these are copies that stay until the stream and all handles of the pool are freed.
pub const PLSM_TAIL_IN_PLACE: u32 = 2;
/// Deliver in descending seq and never wait. PLSM_START_SEQ and PLSM_START_TOKEN tell the seq to begin at: at
/// 0, where a stream stands behind the first message, nothing is left. The others begin at the newest message,
/// and PLSM_START_LAST and PLSM_START_TIME tell where to end. The end is also at end_seq, then the lowest.
pub const PLSM_TAIL_BACKWARDS: u32 = 4;
/// Never be woken by writers: look again and again, with pauses.
pub const PLSM_TAIL_POLL: u32 = 8;

const TAIL_FLAGS: u32 =
    PLSM_TAIL_SNAPSHOT | PLSM_TAIL_IN_PLACE | PLSM_TAIL_BACKWARDS | PLSM_TAIL_POLL;

/// How a stream is opened by plsm_pool_tail. Zero it and set struct_size, or start from
/// PLSM_TAIL_OPTIONS_INIT: the oldest message first, then wait for more, without end.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_tail_options {
    /// sizeof(plsm_tail_options_t).
    pub struct_size: u32,
    /// A plsm_start_t.
    pub start: u32,
    /// What the start asks for: a number of messages, a seq, or a time.
    pub start_value: u64,
    /// The last seq wanted (the lowest one when going backwards). Only when has_end is set.
    pub end_seq: u64,
    /// End after so many messages, counted after tags and filters, and anew after a seek. Only when has_max
    /// is set.
    pub max_messages: u64,
    /// End (PLSM_NEXT_DEADLINE) so many ms after opening, even when messages are waiting. Only when
    /// has_timeout is set.
    pub timeout_ms: u64,
    /// Whether end_seq counts.
    pub has_end: u32,
    /// Whether max_messages counts.
    pub has_max: u32,
    /// Whether timeout_ms counts.
    pub has_timeout: u32,
    /// A plsm_gap_policy_t. Gaps are seen before tags and filters.
    pub gap_policy: u32,
    /// Deliver only messages that have all these tags. NULL is fine for none.
    pub tags: *const plsm_bytes_t,
    /// How many tags.
    pub tags_len: usize,
    /// A text of plsm_stream_token; for PLSM_START_TOKEN only, else NULL.
    pub token: *const c_char,
    /// How long to look again and again before sleeping, in microseconds: wakes sooner, at the cost of a
    /// busy CPU. 0 to 1000000.
    pub spin_us: u32,
    /// PLSM_TAIL_ flags.
    pub flags: u32,
    /// Deliver only messages that match all these filters, which are asked behind the tags. The stream keeps what
    /// it needs of them, so they may be freed. When one fails on a message (PLSM_ERROR_USAGE with its seq), the
    /// next call goes on with the message behind it. NULL is fine for none.
    pub filters: *const *const plsm_filter_t,
    /// How many filters.
    pub filters_len: usize,
}

/// How a stream is opened by plsm_pool_tail. See plsm_tail_options.
pub type plsm_tail_options_t = plsm_tail_options;

// SAFETY: repr(C), integers and pointers only, starts with struct_size.
unsafe impl Versioned for plsm_tail_options {
    const FIRST_SIZE: usize = std::mem::offset_of!(plsm_tail_options, flags) + 4;
    const NAME: &'static str = "plsm_tail_options_t";
}

/// Reads a start. The token is looked at for its kind only.
///
/// # Safety
/// `token` is NULL or a NUL-terminated string.
unsafe fn start_in(start: u32, value: u64, token: *const c_char) -> Result<Start> {
    if start != plsm_start::PLSM_START_TOKEN as u32 && !token.is_null() {
        return Err(Error::usage(
            "a token was given, but start is not PLSM_START_TOKEN",
        ));
    }
    Ok(match start {
        0 => Start::Oldest,
        1 => Start::Now,
        2 => Start::Last(value),
        3 => Start::Seq(value),
        4 => Start::Time(value),
        // SAFETY: passed on.
        5 => Start::Token(unsafe { str_in(token, "token") }?.to_owned()),
        other => return Err(unknown_number(u64::from(other), "starts")),
    })
}

/// Opens a stream of a pool's messages. NULL options mean those of PLSM_TAIL_OPTIONS_INIT. Usage: unknown
/// numbers or flags, a tag that is not UTF-8, a filter that is none, or a token that is none. A token of a pool that has lost
/// messages in a crash since, or of another pool, gives RetentionGap or Usage. The stream lives on when the
/// pool handle is freed. Free with plsm_stream_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_tail(
    pool: *mut plsm_pool_t,
    options: *const plsm_tail_options_t,
    out_stream: *mut *mut plsm_stream_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or options of the size they say.
        let given = unsafe { options::read(options) }?;
        options::check_flags(given.flags, TAIL_FLAGS, plsm_tail_options::NAME)?;
        if given.spin_us > 1_000_000 {
            return Err(Error::usage(format!(
                "spin_us is {}, expected at most 1000000",
                given.spin_us
            )));
        }
        let gap = match given.gap_policy {
            0 => GapPolicy::Continue,
            1 => GapPolicy::Error,
            2 => GapPolicy::Event,
            other => return Err(unknown_number(u64::from(other), "gap policies")),
        };
        // SAFETY: the caller passes NULL or a string as token.
        let start = unsafe { start_in(given.start, given.start_value, given.token) }?;
        // SAFETY: the caller passes NULL or that many filter handles.
        let filters = unsafe { filters_in(given.filters, given.filters_len) }?;
        let open_with = |tags: &[&[u8]]| {
            for tag in tags {
                utf8(tag, "a tag")?;
            }
            let options = TailOptions {
                start,
                end_seq: (given.has_end != 0).then_some(given.end_seq),
                backwards: given.flags & PLSM_TAIL_BACKWARDS != 0,
                max: (given.has_max != 0).then_some(given.max_messages),
                timeout: (given.has_timeout != 0).then(|| Duration::from_millis(given.timeout_ms)),
                gap,
                tags,
                filters: &filters,
                snapshot: given.flags & PLSM_TAIL_SNAPSHOT != 0,
                in_place: given.flags & PLSM_TAIL_IN_PLACE != 0,
                spin: Duration::from_micros(u64::from(given.spin_us)),
                poll: given.flags & PLSM_TAIL_POLL != 0,
            };
            // SAFETY: the caller passes a pool handle and a place for a pointer.
            unsafe { open(pool, &options, out_stream) }
        };
        // SAFETY: the caller passes NULL or that many tags.
        unsafe { with_ranges(given.tags, given.tags_len, "tags", open_with) }
    })
}

/// Moves a stream: its next message is the one that the start asks for (a plsm_start_t other than
/// PLSM_START_TOKEN, and its value). A stream that had ended, except by its deadline, goes on: max_messages
/// begin anew, and so does the number of a PLSM_START_LAST; its end (end_seq, the snapshot's newest message)
/// stays where it is. Threads that wait on the stream look at the new place. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_seek(
    stream: *mut plsm_stream_t,
    start: u32,
    value: u64,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a stream handle.
        let open = unsafe { stream_in(stream) }?;
        // SAFETY: NULL is no token.
        open.stream
            .seek(&unsafe { start_in(start, value, std::ptr::null()) }?)
    })
}

/// A short text that tells where the stream stands, for PLSM_START_TOKEN: in this program or another, now
/// or later. Before the first call of a stream that starts at the last few which pass a filter it looks for
/// them first, which may take long; plsm_stream_cancel and the stream's timeout end that, and the text is then
/// for the oldest of those found so far. A server that cannot be reached meanwhile is an error (Io), and a later
/// call tries again. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_token(
    stream: *mut plsm_stream_t,
    out_token: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a buffer, and a stream handle.
        let (out, open) = unsafe { (Out::new(out_token, "out_token")?, stream_in(stream)?) };
        out.set(give(open.stream.token()?.as_bytes())?);
        Ok(())
    })
}
