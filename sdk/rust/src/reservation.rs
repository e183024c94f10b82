//! Writing a message's bytes straight into the pool.
#![allow(unsafe_code)]

use crate::call::call;
use crate::{raw, Pool, Receipt, Result};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

/// Room for the payload of one message, inside the pool. It holds the writer lock: fill it, then commit or drop
/// it, soon.
#[derive(Debug)]
pub struct Reservation<'a> {
    handle: NonNull<raw::plsm_reservation_t>,
    payload: NonNull<u8>,
    len: usize,
    pool: PhantomData<&'a Pool>,
}

// SAFETY: the writer lock is an owner's mark in shared memory, not bound to a thread, and the library's handles may be
// used from any.
unsafe impl Send for Reservation<'_> {}
// SAFETY: shared access does nothing: filling it takes `&mut`, committing takes it whole.
unsafe impl Sync for Reservation<'_> {}

impl<'a> Reservation<'a> {
    /// # Safety
    /// The library made `handle`, and gave `payload` as its room of `len` bytes.
    pub(crate) unsafe fn new(
        handle: NonNull<raw::plsm_reservation_t>,
        payload: NonNull<u8>,
        len: usize,
    ) -> Reservation<'a> {
        Reservation {
            handle,
            payload,
            len,
            pool: PhantomData,
        }
    }

    /// The room: to be filled with `data` as a Lite3 document of exactly this length.
    pub fn payload(&mut self) -> &mut [u8] {
        // SAFETY: the room is this reservation's alone until it is committed: no reader looks beyond the last
        // committed message, and the writer lock is held.
        unsafe { std::slice::from_raw_parts_mut(self.payload.as_ptr(), self.len) }
    }

    /// Makes the message visible.
    ///
    /// # Errors
    /// As [`Pool::append_data`]; the reservation is over then, too, and nothing is appended.
    pub fn commit(self) -> Result<Receipt> {
        let this = ManuallyDrop::new(self);
        let mut receipt = raw::plsm_receipt_t::default();
        // SAFETY: a live reservation, consumed here; the output is ours.
        call(|error| unsafe {
            raw::plsm_reservation_commit(this.handle.as_ptr(), &mut receipt, error)
        })?;
        Ok(receipt.into())
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        // SAFETY: a live reservation that was not committed; consumed here.
        unsafe { raw::plsm_reservation_abort(self.handle.as_ptr()) }
    }
}
