//! A mutex that a fork cannot leave locked for ever: one held at the fork is free in the child.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use crate::sys::atomic::AtomicU32;
use crate::sys::fork_word::{self, FREE};
use crate::sys::{fork, futex};

/// The kernel's sleep.
#[derive(Debug)]
pub struct Kernel;

impl fork_word::Sleep for Kernel {
    fn wait(&self, word: &AtomicU32, value: u32) {
        futex::wait(word, value, Duration::from_secs(1));
    }

    fn wake_one(&self, word: &AtomicU32) {
        futex::wake(word, 1);
    }
}

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
        fork_word::acquire(&self.word, fork::generation(), &Kernel);
        ForkGuard { lock: self }
    }

    /// Takes the lock if it is free.
    pub fn try_lock(&self) -> Option<ForkGuard<'_, T>> {
        fork_word::try_acquire(&self.word, fork::generation()).then(|| ForkGuard { lock: self })
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
        fork_word::release(&self.lock.word, &Kernel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::atomic::Ordering;
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
