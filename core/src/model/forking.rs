//! Forks: whatever the parent's threads were doing with a lock, the child's can take it, one at a time.
//!
//! The threads of the parent vanish, each before any of its steps, as they do for the child; what they had stored
//! stays. The child counts one generation on.

use loom::cell::UnsafeCell;
use loom::sync::Arc;

use super::futex::Futex;
use super::{beside, check};
use crate::sys::atomic::AtomicU32;
use crate::sys::fork_word::{acquire, release, try_acquire, Sleep, FREE};
use crate::sys::mortal::{self, mortal};

/// Steps of taking a lock with others about and giving it back, and one more: the last lives live on.
const STEPS: usize = 6;

/// Threads that are asleep at a fork: they are not in the child, and nobody hears whom they wake.
struct AsleepAtTheFork;

impl Sleep for AsleepAtTheFork {
    fn wait(&self, _: &AtomicU32, _: u32) {
        mortal::vanish();
    }

    fn wake_one(&self, _: &AtomicU32) {
        mortal::step();
    }
}

struct Locked {
    word: AtomicU32,
    /// Two accesses at once are reported.
    value: UnsafeCell<u32>,
    futex: Futex,
}

impl Locked {
    fn new() -> Arc<Locked> {
        Arc::new(Locked {
            word: AtomicU32::new(FREE),
            value: UnsafeCell::new(0),
            futex: Futex::new(),
        })
    }

    fn use_it(&self, generation: u32) {
        acquire(&self.word, generation, &self.futex);
        self.change();
        release(&self.word, &self.futex);
    }

    fn try_it(&self, generation: u32) -> bool {
        let taken = try_acquire(&self.word, generation);
        if taken {
            self.change();
            release(&self.word, &self.futex);
        }
        taken
    }

    fn change(&self) {
        // SAFETY: whoever has the lock is alone with the value, which is what the model checks.
        #[allow(unsafe_code)]
        self.value.with_mut(|value| unsafe { *value += 1 });
    }

    /// Uses it in the parent, and vanishes before a step, or while asleep.
    fn use_and_vanish(&self, steps: usize) {
        mortal(steps, || {
            acquire(&self.word, 1, &AsleepAtTheFork);
            self.change();
            release(&self.word, &AsleepAtTheFork);
        });
    }
}

#[test]
fn excludes() {
    check(|| {
        let locked = Locked::new();
        let others = [0, 1].map(|_| beside(&locked, move |locked| locked.use_it(1)));
        let tried = locked.try_it(1);
        for other in others {
            other.join().unwrap();
        }
        assert!(locked.try_it(1), "it is free at the end");
        locked
            .value
            .with(|value| assert_eq!(unsafe_read(value), 3 + u32::from(tried)));
    });
}

#[test]
fn a_child_takes_what_its_parent_held() {
    for (one, two) in (0..STEPS).flat_map(|one| (0..STEPS).map(move |two| (one, two))) {
        check(move || {
            let locked = Locked::new();
            let parents =
                [one, two].map(|steps| beside(&locked, move |locked| locked.use_and_vanish(steps)));
            for parent in parents {
                parent.join().unwrap();
            }
            let other = beside(&locked, move |locked| locked.use_it(2));
            locked.use_it(2);
            other.join().unwrap();
            assert!(locked.try_it(2), "it is free at the end");
        });
    }
}

#[allow(unsafe_code)]
fn unsafe_read(value: *const u32) -> u32 {
    // SAFETY: all threads but this one have ended.
    unsafe { *value }
}
