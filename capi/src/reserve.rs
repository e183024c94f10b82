//! Writing a message in place: reserve room in the pool, fill it, commit or abort.

#![allow(unsafe_code)]

use std::ffi::c_int;

use plasmite_core::store::Reservation;

use crate::append::{plsm_append_options_t, plsm_receipt_t, with_options};
use crate::error::plsm_error_t;
use crate::guard::{status, Out};
use crate::handle::{self, Opaque};
use crate::pool::{plsm_pool_t, pool_in};

/// Room reserved in a pool. Holds the pool's writer lock.
pub struct plsm_reservation {
    _opaque: [u8; 0],
}

/// Room reserved in a pool. See plsm_reservation.
pub type plsm_reservation_t = plsm_reservation;

impl Opaque for plsm_reservation {
    type Inner = Reservation;
    const MAGIC: u64 = 0x706c_736d_0004_4e5e;
    const NAME: &'static str = "reservation";
}

/// Reserves `payload_len` bytes in the pool for `data` as Lite3, to be written straight into the file.
/// `out_payload` gets their place, which may be written until commit or abort. The writer lock is held from
/// here until then: other writers, also other calls of this thread, wait. Errors as for plsm_pool_append; Usage: a
/// pool of a server.
/// End it with plsm_reservation_commit or plsm_reservation_abort. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_reserve(
    pool: *mut plsm_pool_t,
    payload_len: usize,
    options: *const plsm_append_options_t,
    out_reservation: *mut *mut plsm_reservation_t,
    out_payload: *mut *mut u8,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or places for two pointers, and a pool handle.
        let (out, payload, pool) = unsafe {
            (
                Out::new(out_reservation, "out_reservation")?,
                Out::new(out_payload, "out_payload")?,
                pool_in(pool)?.local()?,
            )
        };
        // SAFETY: the caller passes NULL or options of the size they say.
        let mut reservation =
            unsafe { with_options(options, |options| pool.reserve(payload_len, options)) }?;
        payload.set(reservation.payload_mut());
        out.set(handle::into_raw(reservation));
        Ok(())
    })
}

/// Publishes what was written into a reservation, checked as plsm_pool_append_data checks it. Uses the
/// reservation up, also when it fails. `out_receipt` may be NULL. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_reservation_commit(
    reservation: *mut plsm_reservation_t,
    out_receipt: *mut plsm_receipt_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a reservation that no call uses.
        let reservation = unsafe { handle::take(reservation) }?;
        // SAFETY: the caller passes NULL or a place for the receipt.
        let out = unsafe { Out::optional(out_receipt, "out_receipt") }?;
        let receipt = reservation.commit()?;
        if let Some(out) = out {
            out.set(receipt.into());
        }
        Ok(())
    })
}

/// Gives a reservation up; nothing was written. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plsm_reservation_abort(reservation: *mut plsm_reservation_t) {
    // SAFETY: the caller passes NULL or a reservation that no call uses. Dropping it aborts.
    unsafe { handle::free(reservation) }
}
