//! The byte locks that show which owners live: a write lock for each claimed id, a read lock for
//! whoever buries one.

use std::time::Duration;

use loom::sync::Mutex;

use super::futex::Futex;
use crate::ring::lock::Lifeline;
use crate::sys::atomic::AtomicU32;

/// Bytes 1 to 3.
pub(super) struct Lives {
    bytes: Mutex<[Byte; 4]>,
    pub(super) futex: Futex,
}

#[derive(Clone, Copy, Default)]
struct Byte {
    written: bool,
    readers: u32,
}

impl Lives {
    /// Owners with these ids live.
    pub(super) fn of(ids: &[u32]) -> Lives {
        let mut bytes = [Byte::default(); 4];
        for id in ids {
            bytes[*id as usize].written = true;
        }
        Lives {
            bytes: Mutex::new(bytes),
            futex: Futex::new(),
        }
    }

    /// The write lock on an id's byte, if nobody has it in any way.
    pub(super) fn claim(&self, id: u32) -> bool {
        let byte = &mut self.bytes.lock().unwrap()[id as usize];
        let free = !byte.written && byte.readers == 0;
        byte.written |= free;
        free
    }

    /// Gives the write lock back; what the kernel does for an owner that died.
    pub(super) fn end(&self, id: u32) {
        self.bytes.lock().unwrap()[id as usize].written = false;
    }
}

/// One owner's attempt at the lock.
pub(super) struct Attempt<'a> {
    pub(super) lives: &'a Lives,
    pub(super) id: u32,
    /// Whether sleeps end by themselves, as the slices of a real wait do; a death wakes nobody.
    pub(super) slices: bool,
}

impl Lifeline for Attempt<'_> {
    fn id(&self) -> u32 {
        self.id
    }

    fn is_alive(&self, id: u32) -> bool {
        self.lives.bytes.lock().unwrap()[id as usize].written
    }

    fn bury(&self, id: u32, replace: impl FnOnce() -> bool) -> bool {
        {
            let byte = &mut self.lives.bytes.lock().unwrap()[id as usize];
            if byte.written {
                return false;
            }
            byte.readers += 1;
        }
        let replaced = replace();
        self.lives.bytes.lock().unwrap()[id as usize].readers -= 1;
        replaced
    }

    fn sleep(&self, word: &AtomicU32, value: u32, _: Duration) {
        if self.slices {
            loom::thread::yield_now();
        } else {
            self.lives.futex.wait(word, value);
        }
    }

    fn time_left(&self) -> Option<Duration> {
        None
    }
}
