//! What a process has at most once, for as long as somebody uses it.

use std::collections::BTreeMap;

#[cfg(not(loom))]
use crate::sys::fork_lock::ForkLock as Lock;
#[cfg(loom)]
use crate::sys::stand_ins::{Arc, Lock, Weak};
#[cfg(not(loom))]
use std::sync::{Arc, Weak};

/// Values by key. A value's drop must call [`Registry::leave`].
#[derive(Debug)]
pub(crate) struct Registry<K, T> {
    table: Lock<BTreeMap<K, Weak<T>>>,
}

impl<K: Ord, T> Registry<K, T> {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Registry<K, T> {
        Registry {
            table: Lock::new(BTreeMap::new()),
        }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Registry<K, T> {
        Registry {
            table: Lock::new(BTreeMap::new()),
        }
    }

    /// The value that is in use under a key.
    pub(crate) fn find(&self, key: &K) -> Option<Arc<T>> {
        self.table.lock().get(key).and_then(Weak::upgrade)
    }

    /// Enters a value, or returns the one that another thread entered first.
    pub(crate) fn enter(&self, key: K, value: T) -> Arc<T> {
        let mut table = self.table.lock();
        if let Some(first) = table.get(&key).and_then(Weak::upgrade) {
            // `value` must be dropped without the lock: dropping takes it.
            drop(table);
            return first;
        }
        let entered = Arc::new(value);
        table.insert(key, Arc::downgrade(&entered));
        entered
    }

    /// A value with this key is being dropped, whether it was entered or not.
    pub(crate) fn leave(&self, key: &K) {
        let mut table = self.table.lock();
        // A newer value may have taken the place since the last user of this one went.
        if table.get(key).is_some_and(|weak| weak.strong_count() == 0) {
            table.remove(key);
        }
    }

    #[cfg(all(test, loom))]
    pub(crate) fn is_empty(&self) -> bool {
        self.table.lock().is_empty()
    }
}

#[cfg(not(loom))]
impl<K: Send, T: Send + Sync> crate::sys::fork::HeldOverFork for Registry<K, T> {
    fn before_fork(&self) {
        self.table.before_fork();
    }

    fn after_fork(&self) {
        self.table.after_fork();
    }
}
