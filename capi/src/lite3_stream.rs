//! Streams of messages as Lite3: the calls that every build of the library has.

#![allow(unsafe_code)]

use std::ffi::c_int;

use plasmite_core::store::{Next, Wait};

use crate::error::plsm_error_t;
use crate::frame::{frame_of, plsm_lite3_frame_t};
use crate::guard::{status, truth, Out};
use crate::handle::{self, Opaque};
use crate::pool::plsm_pool_t;
use crate::stream::{old_options, open, plain_options, plsm_stream_options_t, OpenStream};

/// A reader's place in a pool, for messages as Lite3.
pub struct plsm_lite3_stream {
    _opaque: [u8; 0],
}

/// A reader's place in a pool, for messages as Lite3. See plsm_lite3_stream.
pub type plsm_lite3_stream_t = plsm_lite3_stream;

impl Opaque for plsm_lite3_stream {
    type Inner = OpenStream;
    const MAGIC: u64 = 0x706c_736d_0006_1173;
    const NAME: &'static str = "lite3 stream handle";
}

/// As plsm_stream_open, for messages as Lite3. Free with plsm_lite3_stream_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_lite3_stream_open(
    pool: *mut plsm_pool_t,
    since_seq: u64,
    has_since: u32,
    max_messages: u64,
    has_max: u32,
    timeout_ms: u64,
    has_timeout: u32,
    out_stream: *mut *mut plsm_lite3_stream_t,
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

/// As plsm_stream_open_ex, for messages as Lite3. Free with plsm_lite3_stream_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_lite3_stream_open_ex(
    pool: *mut plsm_pool_t,
    options: *const plsm_stream_options_t,
    out_stream: *mut *mut plsm_lite3_stream_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or options of the size they say.
        let options = unsafe { old_options(options) }?;
        // SAFETY: the caller passes a pool handle and a place for a pointer.
        unsafe { open(pool, &options, out_stream) }
    })
}

/// As plsm_stream_next, for messages as Lite3; free the frame with plsm_lite3_frame_free. Usage with the
/// seq: Lite3 cannot hold that message (see plsm_pool_get_lite3); the next call goes on with the one after.
/// 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_lite3_stream_next(
    stream: *mut plsm_lite3_stream_t,
    out_frame: *mut plsm_lite3_frame_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    truth(out_err, || {
        // SAFETY: the caller passes NULL or a place for a frame, and a stream handle.
        let (out, open) = unsafe { (Out::new(out_frame, "out_frame")?, handle::get(stream)?) };
        loop {
            // As one step: when threads share the stream, the next call ends what a view points at.
            match open.stream.next_then(Wait::Forever, frame_of)? {
                (Next::Message(_), Some(frame)) => {
                    out.set(frame);
                    return Ok(true);
                }
                (Next::Message(_) | Next::Gap(_), _) => continue,
                _ => return Ok(false),
            }
        }
    })
}

/// Frees a stream. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plsm_lite3_stream_free(stream: *mut plsm_lite3_stream_t) {
    // SAFETY: the caller passes NULL or a stream that no call uses.
    unsafe { handle::free(stream) }
}
