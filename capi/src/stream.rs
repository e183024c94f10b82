//! Streams: the handle, and the calls for JSON messages that every build of the library has.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::time::Duration;

use plasmite_core::store::{GapPolicy, Next, Start, TailOptions, Wait};
use plasmite_core::{Error, Result};

use crate::backend::Stream;
use crate::bytes::{give, plsm_buf, plsm_buf_t, with_scratch};
use crate::error::plsm_error_t;
use crate::guard::{check_pointer, status, truth, Out};
use crate::handle::{self, Opaque};
use crate::options::unknown_number;
use crate::pool::{plsm_pool_t, pool_in};

/// A reader's place in a pool. Used by one reader; several threads may share it: each message goes to one of
/// them, and none waits longer than it said because another one sleeps. What a call has lent, but for views in
/// place, is then good until a call of any thread finds something, also one that waits already;
/// plsm_stream_next gives messages that are the caller's.
pub struct plsm_stream {
    _opaque: [u8; 0],
}

/// A reader's place in a pool. See plsm_stream.
pub type plsm_stream_t = plsm_stream;

impl Opaque for plsm_stream {
    type Inner = OpenStream;
    const MAGIC: u64 = 0x706c_736d_0005_57e3;
    const NAME: &'static str = "stream handle";
}

/// A stream, the text it has lent out last, and the gap it has told last.
pub struct OpenStream {
    pub(crate) stream: Stream,
    /// The text lent by plsm_stream_next_json: from a `Box`, NULL while a call has taken it.
    text: AtomicPtr<Lent>,
    pub(crate) gap_first: AtomicU64,
    pub(crate) gap_last: AtomicU64,
}

/// A text that C may be reading.
#[derive(Default)]
pub(crate) struct Lent(pub(crate) Vec<u8>);

impl OpenStream {
    pub(crate) fn new(stream: Stream) -> OpenStream {
        OpenStream {
            stream,
            text: AtomicPtr::new(std::ptr::null_mut()),
            gap_first: AtomicU64::new(0),
            gap_last: AtomicU64::new(0),
        }
    }

    /// Takes the text buffer; a fresh one when another thread is using it. One exchange instead of a lock's
    /// two, because this is once per message.
    #[inline]
    pub(crate) fn take_text(&self) -> Box<Lent> {
        let taken = self.text.swap(std::ptr::null_mut(), Ordering::Acquire);
        if taken.is_null() {
            return Box::default();
        }
        // SAFETY: only `put_text` stores pointers, made from boxes; the exchange gives each to one taker.
        unsafe { Box::from_raw(taken) }
    }

    /// Puts the buffer back, with what was lent from it still in place.
    #[inline]
    pub(crate) fn put_text(&self, text: Box<Lent>) {
        let other = self.text.swap(Box::into_raw(text), Ordering::AcqRel);
        if !other.is_null() {
            // Another thread put its own back meanwhile. Ours was lent last, so theirs ends.
            // SAFETY: as in `take_text`.
            drop(unsafe { Box::from_raw(other) });
        }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        drop(self.take_text());
    }
}

/// Borrows a stream.
///
/// # Safety
/// As for [`handle::get`].
#[inline(always)]
pub(crate) unsafe fn stream_in<'a>(stream: *const plsm_stream) -> Result<&'a OpenStream> {
    // SAFETY: passed on.
    unsafe { handle::get(stream) }
}

/// What a stream does when messages it was to deliver next have been overwritten.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum plsm_gap_policy {
    /// Go on with the oldest message that is still there.
    PLSM_GAP_CONTINUE = 0,
    /// Fail with RetentionGap, seq telling the first missing message; then the stream is finished.
    PLSM_GAP_ERROR = 1,
    /// Tell it as an event of its own (PLSM_NEXT_GAP), then go on. For plsm_pool_tail only.
    PLSM_GAP_EVENT = 2,
}

/// What a stream does about missing messages. See plsm_gap_policy.
pub type plsm_gap_policy_t = plsm_gap_policy;

/// How a stream is opened by plsm_stream_open_ex and plsm_lite3_stream_open_ex. Zero it and set
/// struct_size, or start from PLSM_STREAM_OPTIONS_INIT. Its size is 48 for ever; plsm_tail_options_t has
/// more.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_stream_options {
    /// sizeof(plsm_stream_options_t). Larger is accepted, and what is behind ignored.
    pub struct_size: u32,
    /// PLSM_GAP_CONTINUE or PLSM_GAP_ERROR.
    pub gap_policy: u32,
    /// The first seq wanted; one in the future is waited for. Only when has_since is set, else the oldest
    /// message.
    pub since_seq: u64,
    /// End after so many messages. Only when has_max is set.
    pub max_messages: u64,
    /// End so many ms after opening, even when messages are waiting. Only when has_timeout is set.
    pub timeout_ms: u64,
    /// Whether since_seq counts.
    pub has_since: u32,
    /// Whether max_messages counts.
    pub has_max: u32,
    /// Whether timeout_ms counts.
    pub has_timeout: u32,
    /// 0.
    pub reserved: u32,
}

/// How a stream is opened. See plsm_stream_options.
pub type plsm_stream_options_t = plsm_stream_options;

impl plsm_stream_options {
    fn to_core(self) -> Result<TailOptions<'static>> {
        if self.reserved != 0 {
            return Err(Error::usage("reserved of plsm_stream_options_t is not 0")
                .with_hint("zero the struct first"));
        }
        let gap = match self.gap_policy {
            0 => GapPolicy::Continue,
            1 => GapPolicy::Error,
            2 => {
                return Err(
                    Error::usage("this call cannot tell a gap as an event (gap_policy 2)")
                        .with_hint("open the stream with plsm_pool_tail"),
                )
            }
            other => return Err(unknown_number(u64::from(other), "gap policies")),
        };
        Ok(TailOptions {
            // Seqs begin at 1: 0 asks for all there will ever be, and is no gap.
            start: if self.has_since != 0 {
                Start::Seq(self.since_seq.max(1))
            } else {
                Start::Oldest
            },
            max: (self.has_max != 0).then_some(self.max_messages),
            timeout: (self.has_timeout != 0).then(|| Duration::from_millis(self.timeout_ms)),
            gap,
            ..TailOptions::default()
        })
    }
}

/// Reads the options of an `_ex` call.
///
/// # Safety
/// `options` is NULL or as many readable bytes as its `struct_size` says.
pub(crate) unsafe fn old_options<'a>(
    options: *const plsm_stream_options,
) -> Result<TailOptions<'a>> {
    check_pointer(options, "options")?;
    // SAFETY: struct_size is readable by the contract.
    let size = unsafe { options.cast::<u32>().read() } as usize;
    if size < size_of::<plsm_stream_options>() {
        return Err(Error::usage(format!(
            "struct_size of plsm_stream_options_t is {size}, expected 48"
        ))
        .with_hint("set struct_size to sizeof(plsm_stream_options_t)"));
    }
    // SAFETY: at least as large as what is read.
    unsafe { options.read() }.to_core()
}

/// The arguments of the plain open calls as options.
pub(crate) fn plain_options<'a>(
    (has_since, since_seq): (u32, u64),
    (has_max, max_messages): (u32, u64),
    (has_timeout, timeout_ms): (u32, u64),
) -> Result<TailOptions<'a>> {
    plsm_stream_options {
        struct_size: size_of::<plsm_stream_options>() as u32,
        gap_policy: plsm_gap_policy::PLSM_GAP_CONTINUE as u32,
        since_seq,
        max_messages,
        timeout_ms,
        has_since,
        has_max,
        has_timeout,
        reserved: 0,
    }
    .to_core()
}

/// Opens a stream of a pool's messages as JSON, in ascending seq. It starts at `since_seq` when `has_since`
/// is set, else at the oldest message; ends after `max_messages` when `has_max` is set, and `timeout_ms`
/// after this call when `has_timeout` is set (0: at once). Missing messages are passed over. The stream
/// lives on when the pool handle is freed. Free with plsm_stream_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_open(
    pool: *mut plsm_pool_t,
    since_seq: u64,
    has_since: u32,
    max_messages: u64,
    has_max: u32,
    timeout_ms: u64,
    has_timeout: u32,
    out_stream: *mut *mut plsm_stream_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        let options = plain_options(
            (has_since, since_seq),
            (has_max, max_messages),
            (has_timeout, timeout_ms),
        )?;
        // SAFETY: the caller passes a pool handle and a place for a pointer.
        unsafe { open(pool, &options, out_stream) }
    })
}

/// As plsm_stream_open, with options, which add the gap policy. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_open_ex(
    pool: *mut plsm_pool_t,
    options: *const plsm_stream_options_t,
    out_stream: *mut *mut plsm_stream_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or options of the size they say.
        let options = unsafe { old_options(options) }?;
        // SAFETY: the caller passes a pool handle and a place for a pointer.
        unsafe { open(pool, &options, out_stream) }
    })
}

/// Opens a stream and hands it out as a handle of type `O`.
///
/// # Safety
/// A pool handle and a place for a pointer; or NULL.
pub(crate) unsafe fn open<O: Opaque<Inner = OpenStream>>(
    pool: *mut plsm_pool_t,
    options: &TailOptions,
    out_stream: *mut *mut O,
) -> Result<()> {
    // SAFETY: passed on.
    let (out, pool) = unsafe { (Out::new(out_stream, "out_stream")?, pool_in(pool)?) };
    out.set(handle::into_raw(OpenStream::new(pool.tail(options)?)));
    Ok(())
}

/// Waits for the next message and returns it whole, as plsm_pool_get_json would; free it with
/// plsm_buf_free. 1: a message. 0: no more (maximum or deadline reached, cancelled, or ended by a gap). -1:
/// an error; after RetentionGap the stream is finished, after any other the next call tries again. Works on
/// every stream; gap events are passed over. 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_next(
    stream: *mut plsm_stream_t,
    out_message: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    truth(out_err, || {
        // SAFETY: the caller passes NULL or a place for a buffer, and a stream handle.
        let (out, open) = unsafe { (Out::new(out_message, "out_message")?, stream_in(stream)?) };
        let next = next_message(open)?;
        let found = next.is_some();
        if let Some(message) = next {
            out.set(message);
        }
        Ok(found)
    })
}

/// The next message as text, or None at the end. Nothing is allocated for an end.
fn next_message(open: &OpenStream) -> Result<Option<plsm_buf>> {
    with_scratch(|text| loop {
        match open.stream.next_envelope(Wait::Forever, text)? {
            Next::Message(_) => return give(text).map(Some),
            Next::Gap(_) => continue,
            Next::End | Next::Deadline | Next::Timeout | Next::Cancelled => return Ok(None),
        }
    })
}

/// Frees a stream with everything borrowed from it. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plsm_stream_free(stream: *mut plsm_stream_t) {
    // SAFETY: the caller passes NULL or a stream that no call uses.
    unsafe { handle::free(stream) }
}
