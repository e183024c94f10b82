//! Taking messages from a stream, with every outcome told apart.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::sync::atomic::Ordering;

use plasmite_core::store::{Gap, Next};

use crate::bytes::{plsm_bytes, plsm_bytes_t};
use crate::error::plsm_error_t;
use crate::guard::{outcome, plain, status, Out};
use crate::stream::{plsm_stream_t, stream_in, OpenStream};
use crate::view::{plsm_view_t, view_out, views_out};
use crate::wait::wait_in;

/// What plsm_stream_next_view and plsm_stream_next_json answer.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum plsm_next {
    /// An error. After RetentionGap the stream is at its end; after one of a filter the next call goes on behind
    /// the message, after any other it tries again.
    PLSM_NEXT_ERROR = -1,
    /// No more: the maximum, the end seq, the snapshot's newest message, or a gap error was reached.
    PLSM_NEXT_END = 0,
    /// A message, in the output.
    PLSM_NEXT_MESSAGE = 1,
    /// No message within the call's `wait_ms`.
    PLSM_NEXT_TIMEOUT = 2,
    /// Messages are missing: plsm_stream_gap tells which. The next call goes on behind them.
    PLSM_NEXT_GAP = 3,
    /// plsm_stream_cancel was called, and plsm_stream_reset_cancel was not.
    PLSM_NEXT_CANCELLED = 4,
    /// No more: the stream's timeout_ms has passed.
    PLSM_NEXT_DEADLINE = 5,
}

/// What plsm_stream_next_view and plsm_stream_next_json answer. See plsm_next.
pub type plsm_next_t = plsm_next;

/// The number of an outcome that is no message; a gap is remembered for plsm_stream_gap.
#[inline]
fn number(open: &OpenStream, next: &Next) -> c_int {
    use plsm_next::*;
    let code = match next {
        Next::Message(_) => PLSM_NEXT_MESSAGE,
        Next::Gap(Gap { first, last }) => {
            open.gap_first.store(*first, Ordering::Relaxed);
            open.gap_last.store(*last, Ordering::Relaxed);
            PLSM_NEXT_GAP
        }
        Next::End => PLSM_NEXT_END,
        Next::Timeout => PLSM_NEXT_TIMEOUT,
        Next::Cancelled => PLSM_NEXT_CANCELLED,
        Next::Deadline => PLSM_NEXT_DEADLINE,
    };
    code as c_int
}

/// Takes the next message as a view, waiting at most `wait_ms` (0 does not wait, PLSM_WAIT_FOREVER has no
/// limit). The view is borrowed: from the stream until the next call on it, or, with PLSM_TAIL_IN_PLACE,
/// from the pool's memory until the stream is freed, though it can be overwritten by writers
/// (plsm_view_is_valid tells). Allocates nothing, but for pools of a server, and where
/// PLSM_TAIL_IN_PLACE gives copies. A plsm_next_t.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_next_view(
    stream: *mut plsm_stream_t,
    wait_ms: u64,
    out_view: *mut plsm_view_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    outcome(out_err, || {
        // SAFETY: the caller passes NULL or a place for a view, and a stream handle.
        let (out, open) = unsafe { (view_out(out_view)?, stream_in(stream)?) };
        let next = open.stream.next(wait_in(wait_ms), out)?;
        Ok(number(open, &next))
    })
}

/// As plsm_stream_next_view for many messages in one call: fills up to `capacity` views and tells in
/// `out_count` how many. Only the first is waited for; fewer come when no more are there just now, and before
/// anything that is no message, which the next call then answers. All views are borrowed until the next call
/// on the stream. PLSM_NEXT_MESSAGE when at least one view was filled; for any other answer `out_count` is not
/// written. Usage for a `capacity` of 0. A plsm_next_t.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_next_views(
    stream: *mut plsm_stream_t,
    wait_ms: u64,
    out_views: *mut plsm_view_t,
    capacity: usize,
    out_count: *mut usize,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    outcome(out_err, || {
        // SAFETY: the caller passes NULL or `capacity` places for views, a place for the count, and a stream
        // handle.
        let (out, views, open) = unsafe {
            (
                Out::new(out_count, "out_count")?,
                views_out(out_views, capacity)?,
                stream_in(stream)?,
            )
        };
        let (next, count) = open.stream.next_many(wait_in(wait_ms), views)?;
        if count > 0 {
            out.set(count);
        }
        Ok(number(open, &next))
    })
}

/// Takes the next message whole as JSON, as plsm_pool_get_json would give it, waiting like
/// plsm_stream_next_view. The text is borrowed from the stream until the next call on it. Allocates nothing
/// once the stream's buffer is large enough. A plsm_next_t.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_next_json(
    stream: *mut plsm_stream_t,
    wait_ms: u64,
    out_json: *mut plsm_bytes_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    outcome(out_err, || {
        // SAFETY: the caller passes NULL or a place for a range, and a stream handle.
        let (out, open) = unsafe { (Out::new(out_json, "out_json")?, stream_in(stream)?) };
        let mut text = open.take_text();
        text.0.clear();
        let next = open.stream.next_envelope(wait_in(wait_ms), &mut text.0);
        let lent = plsm_bytes {
            data: text.0.as_ptr(),
            len: text.0.len(),
        };
        open.put_text(text);
        let next = next?;
        if matches!(next, Next::Message(_)) {
            out.set(lent);
        }
        Ok(number(open, &next))
    })
}

/// Missing messages.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_gap {
    /// The first missing seq.
    pub first: u64,
    /// The last missing seq.
    pub last: u64,
    /// How many are missing.
    pub count: u64,
}

/// Missing messages. See plsm_gap.
pub type plsm_gap_t = plsm_gap;

/// Tells the last gap that the stream answered with PLSM_NEXT_GAP; all 0 when there was none. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_gap(
    stream: *mut plsm_stream_t,
    out_gap: *mut plsm_gap_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for the gap, and a stream handle.
        let (out, open) = unsafe { (Out::new(out_gap, "out_gap")?, stream_in(stream)?) };
        let first = open.gap_first.load(Ordering::Relaxed);
        let last = open.gap_last.load(Ordering::Relaxed);
        let count = if first == 0 {
            0
        } else {
            last.saturating_sub(first).saturating_add(1)
        };
        out.set(plsm_gap { first, last, count });
        Ok(())
    })
}

/// What a stream has done so far.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_stream_stats {
    /// How many messages it delivered.
    pub delivered: u64,
    /// How many it could not deliver because they had been overwritten, counted before tags and filters.
    pub dropped: u64,
    /// The seq it will look at next. Until the first call has found the last few that match (PLSM_START_LAST with tags or
    /// filters), the oldest of those found so far.
    pub next_seq: u64,
    /// 0.
    pub reserved: u64,
}

/// What a stream has done so far. See plsm_stream_stats.
pub type plsm_stream_stats_t = plsm_stream_stats;

/// Tells what a stream has done so far, and where it stands. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_stats(
    stream: *mut plsm_stream_t,
    out_stats: *mut plsm_stream_stats_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for the stats, and a stream handle.
        let (out, open) = unsafe { (Out::new(out_stats, "out_stats")?, stream_in(stream)?) };
        let stats = open.stream.stats();
        out.set(plsm_stream_stats {
            delivered: stats.delivered,
            dropped: stats.dropped,
            next_seq: open.stream.next_seq(),
            reserved: 0,
        });
        Ok(())
    })
}

/// Cancels a stream, from any thread, without waiting: a call that waits on it returns at once, and so does
/// every later one, until plsm_stream_reset_cancel. NULL does nothing. May be called from a signal handler.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_cancel(stream: *mut plsm_stream_t) {
    plain((), || {
        // SAFETY: the caller passes NULL or a stream handle.
        if let Ok(open) = unsafe { stream_in(stream) } {
            open.stream.cancel();
        }
    });
}

/// Takes a cancel back: the stream goes on where it stood. NULL does nothing.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_reset_cancel(stream: *mut plsm_stream_t) {
    plain((), || {
        // SAFETY: the caller passes NULL or a stream handle.
        if let Ok(open) = unsafe { stream_in(stream) } {
            open.stream.reset_cancel();
        }
    });
}

/// A file descriptor for event loops: readable when a call on the stream would not wait, as far as is known
/// (behind tags and filters there may be nothing), and at first. A call that finds nothing makes it quiet
/// again, so take messages until PLSM_NEXT_TIMEOUT before polling. It belongs to the stream: do not read or
/// close it. A helper thread serves it from the first call on, until the stream is freed; in a forked child
/// the call is Usage. 0 or
/// -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_fd(
    stream: *mut plsm_stream_t,
    out_fd: *mut c_int,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a number, and a stream handle.
        let (out, open) = unsafe { (Out::new(out_fd, "out_fd")?, stream_in(stream)?) };
        out.set(open.stream.event_fd()?);
        Ok(())
    })
}
