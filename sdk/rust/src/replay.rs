//! Replaying messages with the gaps they once had.
#![allow(unsafe_code)]

use crate::call::call;
use crate::{raw, Error, Result, Wait};
use std::ptr::{self, NonNull};
use std::time::Duration;

/// The clock of one replay: tells when each message is due, so that the gaps between messages are those between
/// their times, divided by a speed. It takes times only, so it serves every stream. Due times count from the first
/// message: what is late is caught up, and nothing drifts.
///
/// ```
/// # use plasmite_sdk::*;
/// # let directory = tempfile::tempdir().unwrap();
/// # let client = Client::new(directory.path())?;
/// # let pool = client.create("events", &PoolOptions::new())?;
/// # pool.append(b"1", &AppendOptions::new())?;
/// let mut history = pool.tail(&TailOptions::new().snapshot(true))?;
/// let replay = Replay::new(10.0)?;
/// while let Next::Message(view) = history.next(Wait::Forever)? {
///     replay.schedule(view.time_ns())?;
///     replay.wait(Wait::Forever)?;
///     println!("{}", view.seq());
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Replay(NonNull<raw::plsm_replay_t>);

// SAFETY: the library's handles may be used from any thread, by several at once.
unsafe impl Send for Replay {}
// SAFETY: as above.
unsafe impl Sync for Replay {}

/// How a wait for a due time ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Paced {
    /// The message is due.
    Due,
    /// The wait ran out before.
    TimedOut,
    /// The replay was cancelled.
    Cancelled,
}

impl Replay {
    /// A clock that divides gaps by `speed`: 1 keeps them, 10 makes them a tenth, 0 leaves them out.
    ///
    /// # Errors
    /// Usage when the speed is negative, infinite or not a number.
    pub fn new(speed: f64) -> Result<Replay> {
        let mut replay = ptr::null_mut();
        // SAFETY: the outputs are ours.
        call(|error| unsafe { raw::plsm_replay_new(speed, &mut replay, error) })?;
        let handle = NonNull::new(replay).ok_or_else(|| Error::take(ptr::null_mut()))?;
        Ok(Replay(handle))
    }

    /// Takes the time of the next message (ns since 1970), once for each in their order; gives how long it is until
    /// that one is due. The first is due at once and starts the clock.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn schedule(&self, time_ns: u64) -> Result<Duration> {
        let mut wait_ns = 0;
        // SAFETY: a live handle; the outputs are ours.
        call(|error| unsafe {
            raw::plsm_replay_schedule(self.0.as_ptr(), time_ns, &mut wait_ns, error)
        })?;
        Ok(Duration::from_nanos(wait_ns))
    }

    /// How long until the message scheduled last is due: zero when it is, or when there was none.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn left(&self) -> Result<Duration> {
        let mut wait_ns = 0;
        // SAFETY: as above.
        call(|error| unsafe { raw::plsm_replay_left(self.0.as_ptr(), &mut wait_ns, error) })?;
        Ok(Duration::from_nanos(wait_ns))
    }

    /// Sleeps until the message scheduled last is due.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn wait(&self, wait: Wait) -> Result<Paced> {
        // SAFETY: as above.
        let outcome = call(|error| unsafe {
            raw::plsm_replay_wait(self.0.as_ptr(), wait.milliseconds(), error)
        })?;
        Ok(match outcome {
            raw::PLSM_NEXT_MESSAGE => Paced::Due,
            raw::PLSM_NEXT_CANCELLED => Paced::Cancelled,
            _ => Paced::TimedOut,
        })
    }

    /// Ends a wait of another thread at once, and each later one until [`Replay::reset_cancel`]. Never waits itself.
    pub fn cancel(&self) {
        // SAFETY: a live handle; cancelling is allowed beside any other call.
        unsafe { raw::plsm_replay_cancel(self.0.as_ptr()) }
    }

    /// Takes a cancel back; due times stay as they were.
    pub fn reset_cancel(&self) {
        // SAFETY: a live handle.
        unsafe { raw::plsm_replay_reset_cancel(self.0.as_ptr()) }
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, no call is running on it, and it is freed once.
        unsafe { raw::plsm_replay_free(self.0.as_ptr()) }
    }
}
