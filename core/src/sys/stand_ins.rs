//! What the protocols use of the standard library, as the model checker knows it.

use std::sync::Mutex;

use crate::sys::atomic::{fence, AtomicU32, Ordering};

/// A lock that excludes, by whatever means.
#[derive(Debug)]
pub(crate) struct Lock<T>(loom::sync::Mutex<T>);

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Lock<T> {
        Lock(loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }
}

/// Counted as the standard library counts: a use that has come to its end cannot begin again, and the value is
/// dropped after that, when others can see it already.
#[derive(Debug)]
pub(crate) struct Arc<T>(loom::sync::Arc<Counted<T>>);

/// See [`Arc`].
#[derive(Debug)]
pub(crate) struct Weak<T>(loom::sync::Arc<Counted<T>>);

#[derive(Debug)]
struct Counted<T> {
    strong: AtomicU32,
    value: Mutex<Option<T>>,
}

impl<T> Arc<T> {
    pub(crate) fn new(value: T) -> Arc<T> {
        Arc(loom::sync::Arc::new(Counted {
            strong: AtomicU32::new(1),
            value: Mutex::new(Some(value)),
        }))
    }

    pub(crate) fn downgrade(this: &Arc<T>) -> Weak<T> {
        Weak(loom::sync::Arc::clone(&this.0))
    }

    pub(crate) fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(self.0.value.lock().unwrap().as_ref().unwrap())
    }
}

impl<T> Drop for Arc<T> {
    fn drop(&mut self) {
        if self.0.strong.fetch_sub(1, Ordering::Release) == 1 {
            fence(Ordering::Acquire);
            let value = self.0.value.lock().unwrap().take();
            drop(value);
        }
    }
}

impl<T> Weak<T> {
    pub(crate) fn upgrade(&self) -> Option<Arc<T>> {
        let mut strong = self.0.strong.load(Ordering::Relaxed);
        while strong != 0 {
            match self.0.strong.compare_exchange(
                strong,
                strong + 1,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some(Arc(loom::sync::Arc::clone(&self.0))),
                Err(now) => strong = now,
            }
        }
        None
    }

    pub(crate) fn strong_count(&self) -> usize {
        self.0.strong.load(Ordering::SeqCst) as usize
    }
}
