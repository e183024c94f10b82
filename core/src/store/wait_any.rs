//! Waiting on many streams at once.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::limits;
use crate::pool::wait::BackOff;
use crate::ring::memory::Memory;
use crate::store::{Stream, Wait};
use crate::sys::clock::Deadline;
use crate::sys::futex;

/// Index of a stream whose next step would not wait; `None` when the time is up first. Streams of up
/// to 128 pools are slept on together; with more of them, or where the system cannot do that, it looks
/// again and again with pauses of at most 5 ms.
///
/// # Errors
/// Usage for no streams at all: nothing could ever end that wait. A stream whose pool is gone counts as
/// ready, and its step says so.
pub fn wait_any(streams: &[&Stream], wait: Wait) -> Result<Option<usize>> {
    if streams.is_empty() {
        return Err(Error::usage("there are no streams to wait for"));
    }
    let until = match wait {
        Wait::Forever => Deadline::NEVER,
        Wait::For(wait) => Deadline::after(wait),
        Wait::Try => Deadline::after(Duration::ZERO),
    };
    let mut back_off = BackOff::new();
    loop {
        let mut sleeps = Vec::with_capacity(streams.len());
        let mut can_sleep = true;
        let mut soonest = until;
        for (index, stream) in streams.iter().enumerate() {
            let Some(target) = stream.would_wait() else {
                return Ok(Some(index));
            };
            let pool = &stream.pool().pool;
            soonest = soonest.sooner(stream.deadline());
            if pool.can_sleep() && !stream.polls() {
                let epoch = pool.before_sleep(&target);
                sleeps.push((&pool.shared().ring().memory.control().hot.epoch, epoch));
            } else {
                can_sleep = false;
            }
            if pool.has_news(&target) {
                return Ok(Some(index));
            }
            if !matches!(pool.is_current(), Ok(true)) {
                return Ok(Some(index));
            }
        }
        if until.passed() {
            return Ok(None);
        }
        let slice = Duration::from_millis(limits::WAIT_SLICE_MS);
        let most = soonest.left().map_or(slice, |left| left.min(slice));
        if !can_sleep || !futex::wait_any(&sleeps, most) {
            back_off.pause(most);
        }
    }
}
