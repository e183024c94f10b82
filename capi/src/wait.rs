//! Waiting times, and waiting on many streams at once.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::time::Duration;

use plasmite_core::store::Wait;
use plasmite_core::Error;

use crate::backend::wait_any;
use crate::bytes::array_in;
use crate::error::plsm_error_t;
use crate::guard::{truth, Out};
use crate::stream::{plsm_stream_t, stream_in};

/// As a waiting time in ms: without limit.
pub const PLSM_WAIT_FOREVER: u64 = 0xffff_ffff_ffff_ffff;

/// Reads a waiting time in ms.
#[inline(always)]
pub(crate) fn wait_in(ms: u64) -> Wait {
    match ms {
        0 => Wait::Try,
        PLSM_WAIT_FOREVER => Wait::Forever,
        ms => Wait::For(Duration::from_millis(ms)),
    }
}

/// Waits until the next call on one of the streams would not wait (a message, the end, a cancel), at most
/// `wait_ms` (0 looks once; PLSM_WAIT_FOREVER has no limit). 1: `out_index` tells which stream. 0: time is
/// up. Takes nothing from any stream. Usage: no streams. 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_wait_any(
    streams: *const *mut plsm_stream_t,
    streams_len: usize,
    wait_ms: u64,
    out_index: *mut usize,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    truth(out_err, || {
        // SAFETY: the caller passes NULL, or a place for a number and that many stream handles.
        let (out, handles) = unsafe {
            (
                Out::new(out_index, "out_index")?,
                array_in(streams, streams_len, "streams")?,
            )
        };
        if handles.is_empty() {
            return Err(Error::usage("there are no streams to wait on")
                .with_hint("pass at least one stream"));
        }
        let mut list = Vec::with_capacity(handles.len());
        for handle in handles {
            // SAFETY: the caller passes stream handles.
            list.push(&unsafe { stream_in(*handle) }?.stream);
        }
        let ready = wait_any(&list, wait_in(wait_ms))?;
        if let Some(index) = ready {
            out.set(index);
        }
        Ok(ready.is_some())
    })
}
