//! A lock in one word that a fork cannot leave held for ever.
//!
//! A locked word is the number of the process in its line of forks (see [`crate::sys::fork::generation`]), and a bit
//! "someone sleeps on this word". A child that finds its parent's number knows that the holder is a thread it does
//! not have, and takes the lock.

use crate::sys::atomic::{pause, AtomicU32, Ordering};

/// The lock is free.
pub const FREE: u32 = 0;
/// Others sleep on the word.
const WAITERS: u32 = 1 << 31;
/// Looks at a held lock before sleeping.
const SPINS: u32 = if cfg!(loom) { 1 } else { 100 };

/// How waiting threads sleep.
pub trait Sleep {
    /// Sleeps while the word has this value. May return early for any reason.
    fn wait(&self, word: &AtomicU32, value: u32);
    /// Wakes one thread that sleeps on the word.
    fn wake_one(&self, word: &AtomicU32);
}

/// Waits for the lock.
#[inline]
pub fn acquire(word: &AtomicU32, generation: u32, sleep: &impl Sleep) {
    let mine = generation & !WAITERS;
    if word
        .compare_exchange(FREE, mine, Ordering::Acquire, Ordering::Relaxed)
        .is_err()
    {
        acquire_slowly(word, mine, sleep);
    }
}

/// Takes the lock if it is free.
pub fn try_acquire(word: &AtomicU32, generation: u32) -> bool {
    let mine = generation & !WAITERS;
    let seen = word.load(Ordering::Relaxed);
    if seen != FREE && seen & !WAITERS == mine {
        return false;
    }
    // Free, or held by a thread that exists only in the parent.
    word.compare_exchange(seen, mine, Ordering::Acquire, Ordering::Relaxed)
        .is_ok()
}

/// Gives the lock back.
#[inline]
pub fn release(word: &AtomicU32, sleep: &impl Sleep) {
    if word.swap(FREE, Ordering::Release) & WAITERS != 0 {
        sleep.wake_one(word);
    }
}

#[cold]
fn acquire_slowly(word: &AtomicU32, mine: u32, sleep: &impl Sleep) {
    for _ in 0..SPINS {
        if word.load(Ordering::Relaxed) == FREE
            && word
                .compare_exchange(FREE, mine, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        {
            return;
        }
        pause();
    }
    loop {
        let seen = word.load(Ordering::Relaxed);
        if seen == FREE || seen & !WAITERS != mine {
            // Others may sleep, here or, as far as this word tells, in the parent: the next release wakes one.
            let taken = mine | WAITERS;
            if word
                .compare_exchange(seen, taken, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
            {
                return;
            }
            continue;
        }
        let marked = seen | WAITERS;
        if seen == marked
            || word
                .compare_exchange(seen, marked, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            sleep.wait(word, marked);
        }
    }
}
