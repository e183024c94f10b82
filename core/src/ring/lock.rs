//! The writer lock: one word, taken with one compare-and-swap, and taken over from the dead.
//!
//! The word holds the owner's id and a bit "someone sleeps on this word". Whether an owner lives is
//! asked of a [`Lifeline`]: in a real pool a byte lock that the kernel drops when the owner's process
//! ends. A takeover happens under the lifeline's [`Lifeline::bury`], which excludes that a live
//! process uses the id, and by compare-and-swap, so that exactly one of many wins.

use std::time::Duration;

use crate::sys::atomic::{pause, AtomicU32, Ordering};

/// The lock is free.
pub const FREE: u32 = 0;
/// Someone sleeps on the word.
pub const WAITERS: u32 = 1 << 31;
/// The bits of the owner's id, which is not 0.
pub const ID_MASK: u32 = WAITERS - 1;
/// An owner that is dead: no process has this id.
pub const NOBODY: u32 = ID_MASK;

/// Tries for the lock while it is held elsewhere, before sleeping; a holder needs it for well under a
/// microsecond.
const SPINS: u32 = if cfg!(loom) { 1 } else { 100 };
/// Pauses before each of these tries.
const PAUSES: u32 = 12;
/// Longest sleep between two looks whether the owner still lives: nobody wakes us when it dies.
const SLICE: Duration = Duration::from_millis(1);

/// What the lock has to know about owners, and how it sleeps.
pub trait Lifeline {
    /// This process's id.
    fn id(&self) -> u32;
    /// Whether the owner with this id, another one than ours, may still be alive.
    fn is_alive(&self, id: u32) -> bool;
    /// Runs `replace` while no live process has the id or can claim it, and passes its result on;
    /// false when that cannot be had.
    fn bury(&self, id: u32, replace: impl FnOnce() -> bool) -> bool;
    /// Sleeps while the word has this value, at most so long.
    fn sleep(&self, word: &AtomicU32, value: u32, most: Duration);
    /// Time left to wait for the lock: `None` for no limit, zero when it is up. First asked when the
    /// lock was not free.
    fn time_left(&self) -> Option<Duration>;
}

/// How the lock was had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was free.
    Clean,
    /// After a wait: what was known before it may be old.
    Waited,
    /// From an owner that died: the pool must be repaired before anything else.
    FromDead,
}

/// The lock could not be had in time; it is held by this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldBy(pub u32);

/// Takes the lock.
#[inline]
pub fn acquire(word: &AtomicU32, lifeline: &impl Lifeline) -> Result<Taken, HeldBy> {
    if word
        .compare_exchange(FREE, lifeline.id(), Ordering::Acquire, Ordering::Relaxed)
        .is_ok()
    {
        return Ok(Taken::Clean);
    }
    acquire_slowly(word, lifeline)
}

#[cold]
fn acquire_slowly(word: &AtomicU32, lifeline: &impl Lifeline) -> Result<Taken, HeldBy> {
    let mine = lifeline.id();
    for _ in 0..SPINS {
        // Seldom: each look takes the line from the holder, who needs it to finish, and who does best
        // to store several messages while it has the ring's lines at hand.
        for _ in 0..PAUSES {
            pause();
        }
        // Not a load first: that would fetch the line twice.
        if word
            .compare_exchange(FREE, mine, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
        {
            return Ok(Taken::Clean);
        }
    }
    loop {
        let seen = word.load(Ordering::Relaxed);
        if seen == FREE {
            // With the bit: others may be asleep on the word as well.
            if word
                .compare_exchange(FREE, mine | WAITERS, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
            {
                return Ok(Taken::Waited);
            }
            continue;
        }
        let owner = seen & ID_MASK;
        // Our own id is another thread of this process, which is alive if we are.
        if owner != mine && !lifeline.is_alive(owner) {
            let replace = || {
                word.compare_exchange(seen, mine | WAITERS, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
            };
            if lifeline.bury(owner, replace) {
                return Ok(Taken::FromDead);
            }
        }
        let left = lifeline.time_left();
        if left.is_some_and(|left| left.is_zero()) {
            return Err(HeldBy(owner));
        }
        let marked = seen | WAITERS;
        if seen == marked
            || word
                .compare_exchange(seen, marked, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            lifeline.sleep(word, marked, left.map_or(SLICE, |left| left.min(SLICE)));
        }
    }
}

/// Gives the lock back; `wake_one` is to wake one sleeper of the word. A sequentially consistent swap: [`super::wake::must_wake`] relies on it.
#[inline]
pub fn release(word: &AtomicU32, wake_one: impl FnOnce(&AtomicU32)) {
    if word.swap(FREE, Ordering::SeqCst) & WAITERS != 0 {
        wake_one(word);
    }
}

/// Leaves the lock as a dead owner does: what it guards is not in order, and whoever takes it next is told so. Wakes as [`release`]
/// does.
#[cold]
pub fn abandon(word: &AtomicU32, wake_one: impl FnOnce(&AtomicU32)) {
    if word.swap(NOBODY, Ordering::SeqCst) & WAITERS != 0 {
        wake_one(word);
    }
}
