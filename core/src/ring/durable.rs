//! What a power cut must find on the disk: the writers' and the flushers' half of the reclaim rule.
//!
//! `synced` is the head that the last finished sync covered. The disk may still have an older one, which is never
//! older than `synced_before`. Recovery goes from the one that it finds over the frames to what was flushed, so no frame
//! may be overwritten between the oldest that the disk may have and the newest:
//!
//! ```text
//! writer: store tail;   full fence; tail > before and synced > before? write the control page, before = synced
//! flush:  raise synced; full fence; before < end and tail > before?    write the control page, before = synced
//! ```
//!
//! The writer does so before it overwrites anything, the flush before it says that it is done: one of the two sees the
//! other. A writer may have passed `before` while the sync went on, when there was nothing that barred its way.

use crate::format::control::Control;
use crate::sys::atomic::{fence, Ordering};

/// Whether a writer whose tail is about to be this one, or is already, has to write the control page first.
#[inline]
pub fn is_barred(control: &Control, tail: u64) -> bool {
    let recovery = &control.recovery;
    let before = recovery.synced_before.load(Ordering::Relaxed);
    tail > before && recovery.synced.load(Ordering::Relaxed) > before
}

/// As [`is_barred`], of a tail that was stored: none that a flush did not see passes.
#[inline]
pub fn is_barred_after(control: &Control, tail: u64) -> bool {
    fence(Ordering::SeqCst);
    is_barred(control, tail)
}

/// Whether a sync has covered everything before `end`.
#[inline]
pub fn is_synced(control: &Control, end: u64) -> bool {
    control.recovery.synced.load(Ordering::Acquire) >= end
}

/// Of what [`is_synced`]: whether recovery will find it, whatever control page the disk has.
#[inline]
pub fn is_found(control: &Control, end: u64) -> bool {
    fence(Ordering::SeqCst);
    let before = control.recovery.synced_before.load(Ordering::Relaxed);
    before >= end || control.hot.tail.load(Ordering::Relaxed) <= before
}
