//! Replaying messages with the gaps they once had.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::time::Duration;

use plasmite_core::replay::{Paced, Pacer};
use plasmite_core::store::Wait;
use plasmite_core::sys::clock::Deadline;
use plasmite_core::Result;

use crate::error::plsm_error_t;
use crate::guard::{outcome, plain, status, Out};
use crate::handle::{self, Opaque};
use crate::next::plsm_next;
use crate::wait::wait_in;

/// The clock of one replay: tells when each message of a stream is due, so that the gaps between them are
/// those between their times, divided by a speed. It takes times only, so it serves every stream, and the
/// caller may sleep with plsm_replay_wait or in its own way. Each due time counts from the first message:
/// what is late is caught up, and nothing drifts.
pub struct plsm_replay {
    _opaque: [u8; 0],
}

/// The clock of one replay. See plsm_replay.
pub type plsm_replay_t = plsm_replay;

impl Opaque for plsm_replay {
    type Inner = Pacer;
    const MAGIC: u64 = 0x706c_736d_0009_e91a;
    const NAME: &'static str = "replay handle";
}

/// # Safety
/// As for [`handle::get`].
unsafe fn replay_in<'a>(replay: *const plsm_replay) -> Result<&'a Pacer> {
    // SAFETY: passed on.
    unsafe { handle::get(replay) }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Makes the clock of a replay. `speed` divides the gaps: 1 keeps them, 10 makes them a tenth, 0 leaves them
/// out. Usage: it is negative, infinite or not a number. Free with plsm_replay_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_replay_new(
    speed: f64,
    out_replay: *mut *mut plsm_replay_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a pointer.
        let out = unsafe { Out::new(out_replay, "out_replay") }?;
        out.set(handle::into_raw(Pacer::new(speed)?));
        Ok(())
    })
}

/// Takes the time of the next message (a view's timestamp_ns), once for each message and in their order, and
/// tells in `out_wait_ns`, unless that is NULL, in how many ns it is due: 0 for now. The first is due at once
/// and starts the clock; one whose time is before that of the message before it is due with that. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_replay_schedule(
    replay: *mut plsm_replay_t,
    timestamp_ns: u64,
    out_wait_ns: *mut u64,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a number, and a replay handle.
        let (out, pacer) = unsafe {
            (
                Out::optional(out_wait_ns, "out_wait_ns")?,
                replay_in(replay)?,
            )
        };
        let left = pacer.schedule(timestamp_ns);
        if let Some(out) = out {
            out.set(nanoseconds(left));
        }
        Ok(())
    })
}

/// Tells in how many ns the message scheduled last is due: 0 when it is, or when there was none. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_replay_left(
    replay: *mut plsm_replay_t,
    out_wait_ns: *mut u64,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a number, and a replay handle.
        let (out, pacer) = unsafe { (Out::new(out_wait_ns, "out_wait_ns")?, replay_in(replay)?) };
        out.set(nanoseconds(pacer.left()));
        Ok(())
    })
}

/// Sleeps until the message scheduled last is due, at most `wait_ms` (0 does not sleep, PLSM_WAIT_FOREVER has
/// no limit). PLSM_NEXT_MESSAGE: it is due. PLSM_NEXT_TIMEOUT: not yet. PLSM_NEXT_CANCELLED:
/// plsm_replay_cancel was called. A view borrowed from a stream stays as good as it was meanwhile. A
/// plsm_next_t.
#[no_mangle]
pub unsafe extern "C" fn plsm_replay_wait(
    replay: *mut plsm_replay_t,
    wait_ms: u64,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    outcome(out_err, || {
        // SAFETY: the caller passes NULL or a replay handle.
        let pacer = unsafe { replay_in(replay) }?;
        let until = match wait_in(wait_ms) {
            Wait::Forever => Deadline::NEVER,
            Wait::For(wait) => Deadline::after(wait),
            Wait::Try => Deadline::after(Duration::ZERO),
        };
        Ok(match pacer.wait(until) {
            Paced::Due => plsm_next::PLSM_NEXT_MESSAGE,
            Paced::Timeout => plsm_next::PLSM_NEXT_TIMEOUT,
            Paced::Cancelled => plsm_next::PLSM_NEXT_CANCELLED,
        } as c_int)
    })
}

/// Cancels a replay, from any thread, without waiting: a plsm_replay_wait that sleeps returns at once, and so
/// does every later one, until plsm_replay_reset_cancel. NULL does nothing. May be called from a signal
/// handler.
#[no_mangle]
pub unsafe extern "C" fn plsm_replay_cancel(replay: *mut plsm_replay_t) {
    plain((), || {
        // SAFETY: the caller passes NULL or a replay handle.
        if let Ok(pacer) = unsafe { replay_in(replay) } {
            pacer.cancel();
        }
    });
}

/// Takes a cancel back; due times stay as they were. NULL does nothing.
#[no_mangle]
pub unsafe extern "C" fn plsm_replay_reset_cancel(replay: *mut plsm_replay_t) {
    plain((), || {
        // SAFETY: the caller passes NULL or a replay handle.
        if let Ok(pacer) = unsafe { replay_in(replay) } {
            pacer.reset_cancel();
        }
    });
}

/// Frees the clock of a replay. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plsm_replay_free(replay: *mut plsm_replay_t) {
    // SAFETY: the caller passes NULL or a handle that no call uses.
    unsafe { handle::free(replay) }
}
