//! Whole messages as Lite3: the frame struct, and reading one.

#![allow(unsafe_code)]

use std::ffi::c_int;

use plasmite_core::store::View;
use plasmite_core::Result;

use crate::bytes::{give_built, plsm_buf_t, release};
use crate::error::plsm_error_t;
use crate::guard::{plain, status, Out};
use crate::pool::{plsm_pool_t, pool_in};
use crate::view::document_into;

/// A message as Lite3. Free what it holds with plsm_lite3_frame_free.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_lite3_frame {
    /// The message's seq.
    pub seq: u64,
    /// The message's time, in ns since 1970.
    pub timestamp_ns: u64,
    /// 0 for an ordinary message.
    pub flags: u32,
    /// The message document, `{"meta":{"tags":[...]},"data":...}`: for one that was appended as such, byte
    /// for byte what was given.
    pub payload: plsm_buf_t,
}

/// A message as Lite3. See plsm_lite3_frame.
pub type plsm_lite3_frame_t = plsm_lite3_frame;

/// The frame of a message. Usage with the seq: Lite3 cannot hold it.
pub(crate) fn frame_of(view: &View) -> Result<plsm_lite3_frame> {
    Ok(plsm_lite3_frame {
        seq: view.seq,
        timestamp_ns: view.time_ns,
        flags: 0,
        payload: give_built(|document| document_into(view, document))?,
    })
}

/// Reads a message by its seq as a Lite3 message document. NotFound with the seq: never written, or
/// overwritten. Usage with the seq: Lite3 cannot hold it (an integer above 2^63-1, a key with a NUL); the
/// JSON calls can. Free with plsm_lite3_frame_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_get_lite3(
    pool: *mut plsm_pool_t,
    seq: u64,
    out_frame: *mut plsm_lite3_frame_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a frame, and a pool handle.
        let (out, pool) = unsafe { (Out::new(out_frame, "out_frame")?, pool_in(pool)?) };
        let message = pool.get(seq)?;
        out.set(frame_of(&message.view())?);
        Ok(())
    })
}

/// Frees what a frame holds and zeroes the struct. NULL and zeroed structs are fine.
#[no_mangle]
pub unsafe extern "C" fn plsm_lite3_frame_free(frame: *mut plsm_lite3_frame_t) {
    plain((), || {
        if frame.is_null() || !frame.is_aligned() {
            return;
        }
        // SAFETY: the caller passes a frame that a call filled, or a zeroed one; all-zero is a valid frame.
        unsafe {
            release(&raw mut (*frame).payload);
            frame.write(std::mem::zeroed());
        }
    });
}
