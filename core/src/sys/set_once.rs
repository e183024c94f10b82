//! A value that is set once and read without waiting: from signal handlers too, and in a child that was forked at any
//! moment, where a lock of the standard library can stay half-set for ever.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ptr::null_mut;
use std::sync::atomic::AtomicPtr;

use crate::sys::atomic::Ordering;

/// Nothing at first, later one value until the end.
#[derive(Debug)]
pub struct SetOnce<T> {
    /// Of a box.
    value: AtomicPtr<T>,
    owned: PhantomData<T>,
}

// SAFETY: one thread gives the value and all get shared references, perhaps the last of which drops it.
unsafe impl<T: Send + Sync> Sync for SetOnce<T> {}
// SAFETY: owning this is owning the value.
unsafe impl<T: Send> Send for SetOnce<T> {}

impl<T> SetOnce<T> {
    /// Without a value.
    pub const fn new() -> SetOnce<T> {
        SetOnce {
            value: AtomicPtr::new(null_mut()),
            owned: PhantomData,
        }
    }

    /// The value, if it was set.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        // SAFETY: what is there came from a box with all that it holds (release, acquire), and stays until the drop.
        unsafe { self.value.load(Ordering::Acquire).as_ref() }
    }

    /// Sets the value, unless there is one already; gives the one that is there now.
    pub fn set(&self, value: T) -> &T {
        let new = Box::into_raw(Box::new(value));
        let order = (Ordering::AcqRel, Ordering::Acquire);
        let there = match self
            .value
            .compare_exchange(null_mut(), new, order.0, order.1)
        {
            Ok(_) => new,
            Err(there) => {
                // SAFETY: nobody else has seen it.
                drop(unsafe { Box::from_raw(new) });
                there
            }
        };
        // SAFETY: as in `get`.
        unsafe { &*there }
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> SetOnce<T> {
        SetOnce::new()
    }
}

impl<T> Drop for SetOnce<T> {
    fn drop(&mut self) {
        let value = *self.value.get_mut();
        if !value.is_null() {
            // SAFETY: from a box, and no reference outlives this.
            drop(unsafe { Box::from_raw(value) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_first_value_stays_and_is_dropped_once() {
        let (first, second) = (Arc::new(1), Arc::new(2));
        let once = SetOnce::new();
        assert!(once.get().is_none());
        assert_eq!(**once.set(Arc::clone(&first)), 1);
        assert_eq!(**once.set(Arc::clone(&second)), 1);
        assert_eq!(once.get().map(|value| **value), Some(1));
        assert_eq!(
            (Arc::strong_count(&first), Arc::strong_count(&second)),
            (2, 1)
        );
        drop(once);
        assert_eq!(Arc::strong_count(&first), 1);
    }

    #[test]
    fn one_of_many_threads_sets_it() {
        let once = SetOnce::new();
        std::thread::scope(|scope| {
            let once = &once;
            let all: Vec<_> = (0..4)
                .map(|number| scope.spawn(move || *once.set(number)))
                .collect();
            let mut seen = all.into_iter().map(|thread| thread.join().unwrap());
            let first = seen.next();
            assert!(seen.all(|value| Some(value) == first));
        });
    }
}
