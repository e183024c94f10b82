//! The model checker's atomics, with threads that can vanish before any of their stores, as a killed
//! process does.

use std::cell::Cell;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

use loom::sync::atomic as model;
pub use loom::sync::atomic::{fence, Ordering};

loom::thread_local! {
    static STEPS_LEFT: Cell<usize> = Cell::new(usize::MAX);
}

loom::lazy_static! {
    static ref TURN: model::AtomicU32 = model::AtomicU32::new(0);
}

/// Makes every access a place where threads may switch.
///
/// The checker prunes interleavings by the last access to each word alone, and so misses the race of a
/// load with a later store when the storing thread has loaded the word before. Stores to a common
/// word that nobody loads depend on each other, and order nothing.
fn turn() {
    TURN.store(0, Ordering::Relaxed);
}

struct Vanished;

/// Runs `life` and lets the thread vanish before its step number `steps` (a store, a
/// read-modify-write, or a call of [`step`]): `None` then.
pub fn mortal<R>(steps: usize, life: impl FnOnce() -> R) -> Option<R> {
    STEPS_LEFT.with(|left| left.set(steps));
    let result = catch_unwind(AssertUnwindSafe(life));
    STEPS_LEFT.with(|left| left.set(usize::MAX));
    match result {
        Ok(value) => Some(value),
        Err(payload) if payload.is::<Vanished>() => None,
        Err(payload) => resume_unwind(payload),
    }
}

/// The thread vanishes here.
pub fn vanish() {
    resume_unwind(Box::new(Vanished));
}

/// A point at which the thread may vanish.
pub fn step() {
    let left = STEPS_LEFT.with(Cell::get);
    if left == 0 {
        vanish();
    }
    STEPS_LEFT.with(|steps| steps.set(left.saturating_sub(usize::from(left != usize::MAX))));
}

macro_rules! atomic {
    ($name:ident, $number:ty) => {
        /// A shared word of the model.
        #[derive(Debug)]
        pub struct $name(model::$name);

        #[allow(missing_docs)] // as in std
        impl $name {
            pub fn new(value: $number) -> $name {
                $name(model::$name::new(value))
            }

            pub fn load(&self, order: Ordering) -> $number {
                turn();
                self.0.load(order)
            }

            pub fn store(&self, value: $number, order: Ordering) {
                turn();
                step();
                self.0.store(value, order);
            }

            pub fn swap(&self, value: $number, order: Ordering) -> $number {
                turn();
                step();
                self.0.swap(value, order)
            }

            pub fn fetch_add(&self, value: $number, order: Ordering) -> $number {
                turn();
                step();
                self.0.fetch_add(value, order)
            }

            pub fn fetch_sub(&self, value: $number, order: Ordering) -> $number {
                turn();
                step();
                self.0.fetch_sub(value, order)
            }

            pub fn fetch_max(&self, value: $number, order: Ordering) -> $number {
                turn();
                step();
                self.0.fetch_max(value, order)
            }

            pub fn compare_exchange(
                &self,
                current: $number,
                new: $number,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$number, $number> {
                turn();
                step();
                self.0.compare_exchange(current, new, success, failure)
            }
        }
    };
}

atomic!(AtomicU32, u32);
atomic!(AtomicU64, u64);
