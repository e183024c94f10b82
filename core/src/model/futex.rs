//! The kernel's futex as far as the protocols rely on it: the look at the word and the falling asleep
//! are one step against a wake-up. Nothing is said about memory order beyond that.

use loom::sync::{Condvar, Mutex};

use crate::sys::atomic::{AtomicU32, Ordering};
use crate::sys::fork_word::Sleep;
use crate::sys::mortal;

pub(super) struct Futex {
    bucket: Mutex<()>,
    sleepers: Condvar,
}

impl Futex {
    pub(super) fn new() -> Futex {
        Futex {
            bucket: Mutex::new(()),
            sleepers: Condvar::new(),
        }
    }

    /// Sleeps while the word has this value, without end if nobody wakes it.
    pub(super) fn wait(&self, word: &AtomicU32, value: u32) {
        let bucket = self.bucket.lock().unwrap();
        if word.load(Ordering::Relaxed) == value {
            drop(self.sleepers.wait(bucket).unwrap());
        }
    }

    pub(super) fn wake_one(&self) {
        mortal::step();
        let _bucket = self.bucket.lock().unwrap();
        self.sleepers.notify_one();
    }

    pub(super) fn wake_all(&self) {
        mortal::step();
        let _bucket = self.bucket.lock().unwrap();
        self.sleepers.notify_all();
    }
}

impl Sleep for Futex {
    fn wait(&self, word: &AtomicU32, value: u32) {
        Futex::wait(self, word, value);
    }

    fn wake_one(&self, _: &AtomicU32) {
        Futex::wake_one(self);
    }
}
