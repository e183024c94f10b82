//! Reading one message by its seq: as JSON, as a private copy, or in place.

#![allow(unsafe_code)]

use std::ffi::c_int;

use plasmite_core::store::{OwnedMessage, View};

use crate::bytes::{give_built, plsm_buf_t};
use crate::error::plsm_error_t;
use crate::guard::{plain, status, Out};
use crate::handle::{self, Opaque};
use crate::pool::{plsm_pool_t, pool_in};
use crate::view::{plsm_view_t, view_out};

/// Reads a message by its seq as one compact JSON object,
/// `{"seq":...,"time":"...","meta":{"tags":[...]},"data":...}`: the same bytes from every call. NotFound
/// with the seq: never written, or overwritten. Free with plsm_buf_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_get_json(
    pool: *mut plsm_pool_t,
    seq: u64,
    out_message: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a buffer, and a pool handle.
        let (out, pool) = unsafe { (Out::new(out_message, "out_message")?, pool_in(pool)?) };
        out.set(give_built(|message| pool.get_envelope(seq, message))?);
        Ok(())
    })
}

/// A private copy of a message.
pub struct plsm_message {
    _opaque: [u8; 0],
}

/// A private copy of a message. See plsm_message.
pub type plsm_message_t = plsm_message;

impl Opaque for plsm_message {
    type Inner = OwnedMessage;
    const MAGIC: u64 = 0x706c_736d_0007_3e55;
    const NAME: &'static str = "message handle";
}

/// Reads a message by its seq as a private copy, which no writer can touch. Errors as for
/// plsm_pool_get_json. Free with plsm_message_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_get_message(
    pool: *mut plsm_pool_t,
    seq: u64,
    out_message: *mut *mut plsm_message_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a pointer, and a pool handle.
        let (out, pool) = unsafe { (Out::new(out_message, "out_message")?, pool_in(pool)?) };
        out.set(handle::into_raw(pool.get(seq)?));
        Ok(())
    })
}

/// A view of a private copy: always valid, borrowed until plsm_message_free. For a bad handle the view is
/// zeroed, which every call refuses.
#[no_mangle]
pub unsafe extern "C" fn plsm_message_view(
    message: *const plsm_message_t,
    out_view: *mut plsm_view_t,
) {
    plain((), || {
        // SAFETY: the caller passes NULL or a place for a view, and NULL or a message.
        let (out, message) = unsafe { (view_out(out_view), handle::get(message)) };
        if let Ok(out) = out {
            *out = message.map_or(View::empty(), |message| message.view());
        }
    });
}

/// Frees a message with everything borrowed from it. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plsm_message_free(message: *mut plsm_message_t) {
    // SAFETY: the caller passes NULL or a message that no call uses.
    unsafe { handle::free(message) }
}

/// Looks at a message in place, in the pool's memory: nothing is copied or allocated, but a writer may
/// overwrite it at any time. Read, then ask plsm_view_is_valid, and use what was read only if it still was.
/// (A handle that may only read gives a copy, which stays, as long as nobody has recovered the pool after
/// the machine went down or the file was copied: flags is then 0.)
/// Borrowed until plsm_pool_free. Errors as for plsm_pool_get_json; Usage: a pool of a server, whose messages
/// plsm_pool_get_message gives. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_get_view(
    pool: *mut plsm_pool_t,
    seq: u64,
    out_view: *mut plsm_view_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a view, and a pool handle.
        let (out, pool) = unsafe { (view_out(out_view)?, pool_in(pool)?.local()?) };
        *out = pool.view(seq)?;
        Ok(())
    })
}
