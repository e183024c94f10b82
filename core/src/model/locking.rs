//! The writer lock among the living: one holder at a time, everything the last one did visible to the
//! next, and no sleeper forgotten although no sleep ends by itself.

use loom::cell::UnsafeCell;
use loom::sync::Arc;

use super::lives::{Attempt, Lives};
use super::{beside, check};
use crate::ring::lock::{acquire, release, Taken, FREE};
use crate::sys::atomic::{AtomicU32, Ordering};

struct Shared {
    word: AtomicU32,
    lives: Lives,
    /// The checker reports two accesses that nothing orders.
    guarded: UnsafeCell<u32>,
}

fn once(shared: &Shared, id: u32) {
    let attempt = Attempt {
        lives: &shared.lives,
        id,
        slices: false,
    };
    let taken = acquire(&shared.word, &attempt).unwrap();
    assert_ne!(taken, Taken::FromDead);
    shared.guarded.with_mut(|value| add_one(value));
    release(&shared.word, |_| shared.lives.futex.wake_one());
}

#[allow(unsafe_code)]
fn add_one(value: *mut u32) {
    // SAFETY: the checker hands out a valid pointer and has seen that the access is exclusive.
    unsafe { *value += 1 }
}

fn compete(ids: &'static [u32], rounds: u32) {
    check(move || {
        let shared = Arc::new(Shared {
            word: AtomicU32::new(FREE),
            lives: Lives::of(ids),
            guarded: UnsafeCell::new(0),
        });
        let others: Vec<_> = ids[1..]
            .iter()
            .map(|id| {
                beside(&shared, move |shared| {
                    (0..rounds).for_each(|_| once(&shared, *id))
                })
            })
            .collect();
        (0..rounds).for_each(|_| once(&shared, ids[0]));
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(shared.word.load(Ordering::Relaxed), FREE);
        once(&shared, ids[0]);
        let total = ids.len() as u32 * rounds + 1;
        shared.guarded.with(|value| assert_eq!(read(value), total));
    });
}

#[allow(unsafe_code)]
fn read(value: *const u32) -> u32 {
    // SAFETY: as in `add_one`.
    unsafe { *value }
}

#[test]
fn two_processes_twice() {
    compete(&[1, 2], 2);
}

#[test]
fn three_processes_once() {
    compete(&[1, 2, 3], 1);
}

/// Threads of one process share its id.
#[test]
fn two_threads_of_one_process() {
    compete(&[1, 1, 2], 1);
}
