//! A mutex that a fork cannot leave locked for ever: one held at the fork is free in the child.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use crate::sys::atomic::{AtomicU32, Ordering};
use crate::sys::{fork, futex};

const FREE: u32 = 0;
/// Others sleep on the word. The rest of a locked word is the fork generation of its owner.
const WAITERS: u32 = 1 << 31;

/// Mutual exclusion between the threads of one process.
///
/// The value inside may be half-changed in a child that was forked while another thread of its
/// parent held the lock; users of this type keep state that is safe to use then.
#[derive(Debug)]
pub struct ForkLock<T> {
    word: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the lock hands out one reference at a time, so sharing it needs only that the value may
// move between threads.
unsafe impl<T: Send> Sync for ForkLock<T> {}
// SAFETY: owning the lock is owning the value.
unsafe impl<T: Send> Send for ForkLock<T> {}

impl<T> ForkLock<T> {
    /// A free lock.
    pub const fn new(value: T) -> ForkLock<T> {
        ForkLock {
            word: AtomicU32::new(FREE),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits for the lock.
    #[inline]
    pub fn lock(&self) -> ForkGuard<'_, T> {
        let mine = fork::generation() & !WAITERS;
        if self
            .word
            .compare_exchange(FREE, mine, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            self.lock_slowly(mine);
        }
        ForkGuard { lock: self }
    }

    /// Takes the lock if it is free.
    pub fn try_lock(&self) -> Option<ForkGuard<'_, T>> {
        let mine = fork::generation() & !WAITERS;
        let seen = self.word.load(Ordering::Relaxed);
        if seen != FREE && seen & !WAITERS == mine {
            return None;
        }
        // Free, or held by a thread that exists only in the parent.
        self.word
            .compare_exchange(seen, mine, Ordering::Acquire, Ordering::Relaxed)
            .ok()
            .map(|_| ForkGuard { lock: self })
    }

    #[cold]
    fn lock_slowly(&self, mine: u32) {
        for _ in 0..100 {
            if self.word.load(Ordering::Relaxed) == FREE
                && self
                    .word
                    .compare_exchange(FREE, mine, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
            {
                return;
            }
            std::hint::spin_loop();
        }
        loop {
            let seen = self.word.load(Ordering::Relaxed);
            if seen == FREE || seen & !WAITERS != mine {
                let taken = mine | WAITERS;
                if self
                    .word
                    .compare_exchange(seen, taken, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
                {
                    return;
                }
                continue;
            }
            let marked = seen | WAITERS;
            if seen == marked
                || self
                    .word
                    .compare_exchange(seen, marked, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok()
            {
                futex::wait(&self.word, marked, Duration::from_secs(1));
            }
        }
    }
}

impl<T: Send> fork::HeldOverFork for ForkLock<T> {
    fn before_fork(&self) {
        std::mem::forget(self.lock());
    }

    fn after_fork(&self) {
        drop(ForkGuard { lock: self });
    }
}

/// The right to the value; given back when dropped.
#[derive(Debug)]
pub struct ForkGuard<'a, T> {
    lock: &'a ForkLock<T>,
}

impl<T> Deref for ForkGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard is the only one of its lock.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for ForkGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for ForkGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.lock.word.swap(FREE, Ordering::Release) & WAITERS != 0 {
            futex::wake(&self.lock.word, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn excludes() {
        let lock = Arc::new(ForkLock::new(0u64));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let lock = Arc::clone(&lock);
                std::thread::spawn(move || {
                    for _ in 0..20_000 {
                        *lock.lock() += 1;
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(*lock.lock(), 80_000);
        let held = lock.lock();
        assert!(lock.try_lock().is_none());
        drop(held);
        assert!(lock.try_lock().is_some());
    }

    #[test]
    fn held_in_another_generation_is_free() {
        let lock = ForkLock::new(());
        std::mem::forget(lock.lock());
        lock.word.store(fork::generation() + 7, Ordering::Relaxed);
        drop(lock.lock());
        assert_eq!(lock.word.load(Ordering::Relaxed), FREE);
    }
}
