//! How a writer learns whether anyone sleeps, at the price of one load per append.
//!
//! ```text
//! writer                                   reader that has seen all up to head
//!   head.store(..)                           c = epoch.load
//!   full fence                               lower `wanted` to the seq it waits for
//!   wanted.load <= seq ?                     full fence
//!     wanted.swap(none)                      anything new at head? then do not sleep
//!     epoch + 1, wake all                    sleep while epoch == c
//! ```
//!
//! Either the writer sees the lowered word or the reader sees the new head: the two fences forbid
//! that neither happens. A writer that erases a reader's wish with its swap changes the epoch
//! afterwards, so that this reader does not fall asleep, or is woken, and wishes again. A thousand
//! sleepers that wait for a later seq cost a writer nothing. Sleeps are bounded all the same: a
//! writer can die between the commit and the wake-up.

use crate::format::control::{Hot, WANTED_NONE};
use crate::sys::atomic::{fence, full_fence_after_rmw, Ordering};

/// After a commit and the unlock that followed it (a sequentially consistent read-modify-write):
/// whether sleepers must be woken. The epoch has then changed; the caller wakes all who sleep on it.
#[inline]
pub fn must_wake(hot: &Hot, newest_seq: u64) -> bool {
    full_fence_after_rmw();
    if hot.wanted.load(Ordering::Relaxed) > newest_seq {
        return false;
    }
    hot.wanted.swap(WANTED_NONE, Ordering::SeqCst);
    hot.epoch.fetch_add(1, Ordering::SeqCst);
    true
}

/// Makes everybody look again, whatever they wait for; the caller wakes all who sleep on the epoch.
pub fn disturb(hot: &Hot) {
    hot.epoch.fetch_add(1, Ordering::SeqCst);
}

/// First step of a sleep: the epoch to sleep on.
#[inline]
pub fn epoch(hot: &Hot) -> u32 {
    hot.epoch.load(Ordering::SeqCst)
}

/// Second step: says that `seq` and later are waited for. Then look for news, then sleep.
#[inline]
pub fn want(hot: &Hot, seq: u64) {
    let mut wanted = hot.wanted.load(Ordering::Relaxed);
    while wanted > seq {
        match hot
            .wanted
            .compare_exchange(wanted, seq, Ordering::SeqCst, Ordering::Relaxed)
        {
            Ok(_) => break,
            Err(now) => wanted = now,
        }
    }
    fence(Ordering::SeqCst);
}
