//! Deaths: an owner vanishes at any step of an append; the lock goes to exactly one successor, and the
//! ring afterwards holds every committed message once, in order, with the next seq to follow.

use loom::sync::Arc;

use super::lives::{Attempt, Lives};
use super::{append, beside, check, retained, ring, HeapRing, FRAME};
use crate::ring::lock::{acquire, release, Taken, FREE, ID_MASK};
use crate::ring::memory::Memory;
use crate::ring::wake::must_wake;
use crate::sys::atomic::Ordering;
use crate::sys::mortal::mortal;

/// Steps of a whole append with wake-up, and a few more: the last lives live on.
const STEPS: usize = 18;

struct Pool {
    ring: Arc<HeapRing>,
    lives: Lives,
}

impl Pool {
    fn new(size: u64, messages: u64, ids: &[u32]) -> Arc<Pool> {
        Arc::new(Pool {
            ring: ring(size, messages),
            lives: Lives::of(ids),
        })
    }

    /// What `pool::append` does, in its order.
    fn append(&self, id: u32) -> Taken {
        let attempt = Attempt {
            lives: &self.lives,
            id,
            slices: true,
        };
        let hot = &self.ring.memory.control().hot;
        let taken = acquire(&hot.lock, &attempt).unwrap();
        if taken == Taken::FromDead {
            self.ring.repair().unwrap();
        }
        let seq = hot.next_seq.load(Ordering::Relaxed);
        assert_eq!(hot.last_time.load(Ordering::Relaxed), (seq - 1) * 10);
        append(&self.ring, id as u8, seq);
        release(&hot.lock, |_| self.lives.futex.wake_one());
        if must_wake(hot, seq) {
            self.lives.futex.wake_all();
        }
        taken
    }

    /// An append by an owner that vanishes before a step; true if it lived to the end.
    fn append_and_die(&self, id: u32, step: usize) -> bool {
        let lived = mortal(step, || self.append(id)).is_some();
        self.lives.end(id);
        lived
    }

    /// Claims an id as `pool::owner` does, and appends under it if it could be had.
    fn claim_and_append(&self, id: u32) -> bool {
        if !self.lives.claim(id) {
            return false;
        }
        if self.holder() == id {
            self.lives.end(id);
            return false;
        }
        assert_ne!(self.append(id), Taken::FromDead);
        true
    }

    fn holder(&self) -> u32 {
        self.ring.memory.control().hot.lock.load(Ordering::Relaxed) & ID_MASK
    }

    /// The final state: these writers' messages are there once each, `maybe`'s at most once.
    fn assert_whole(&self, before: u64, surely: &[u8], maybe: u8, lived: bool) {
        let hot = &self.ring.memory.control().hot;
        assert_eq!(hot.lock.load(Ordering::Relaxed), FREE);
        let found = retained(&self.ring);
        let by = |writer: u8| found.iter().filter(|(_, by)| *by == writer).count();
        for writer in surely {
            assert_eq!(by(*writer), 1, "{found:?}");
        }
        assert!(by(maybe) == 1 || (by(maybe) == 0 && !lived), "{found:?}");
        let newest = found.last().map_or(0, |(seq, _)| *seq);
        assert_eq!(newest, before + surely.len() as u64 + by(maybe) as u64);
        assert_eq!(hot.next_seq.load(Ordering::Relaxed), newest + 1);
        assert_eq!(hot.last_time.load(Ordering::Relaxed), newest * 10);
    }
}

#[test]
fn one_successor_of_an_owner_that_dies_meanwhile() {
    for step in 0..STEPS {
        check(move || {
            // The third message replaces the first.
            let pool = Pool::new(3 * FRAME, 2, &[1, 2]);
            let owner = beside(&pool, move |pool| pool.append_and_die(1, step));
            pool.append(2);
            let lived = owner.join().unwrap();
            if pool.holder() != 0 {
                // It died after the successor was done.
                assert_eq!(pool.holder(), 1);
                assert_eq!(pool.append(2), Taken::FromDead);
                return assert!(retained(&pool.ring).len() >= 2);
            }
            pool.assert_whole(2, &[2], 1, lived);
        });
    }
}

#[test]
fn two_successors_of_a_dead_owner() {
    for step in 1..STEPS {
        check(move || {
            let pool = Pool::new(3 * FRAME + 8, 2, &[1, 2, 3]);
            let lived = pool.append_and_die(1, step);
            let died_with_it = pool.holder() == 1;
            let other = beside(&pool, move |pool| pool.append(3));
            let taken = [pool.append(2), other.join().unwrap()];
            let heirs = taken.iter().filter(|taken| **taken == Taken::FromDead);
            assert_eq!(heirs.count(), usize::from(died_with_it), "{taken:?}");
            pool.assert_whole(2, &[2, 3], 1, lived);
        });
    }
}

/// The successor dies too, at any step of its takeover and append.
#[test]
fn a_successor_that_dies_as_well() {
    for step in 0..STEPS + 4 {
        check(move || {
            let pool = Pool::new(3 * FRAME, 2, &[1, 2, 3]);
            // Dead between the commit and the next seq, the worst place.
            assert!(!pool.append_and_die(1, 9));
            assert_eq!(pool.holder(), 1);
            let second = beside(&pool, move |pool| pool.append_and_die(2, step));
            pool.append(3);
            let lived = second.join().unwrap();
            if pool.holder() == 0 {
                let before = if retained(&pool.ring).iter().any(|(seq, _)| *seq == 3) {
                    3
                } else {
                    2
                };
                assert_eq!(before, 3, "the first owner's message was committed");
                pool.assert_whole(3, &[3], 2, lived);
            }
        });
    }
}

/// A new process picks the dead owner's id by chance, while a successor buries it: never do both
/// believe that they hold the lock.
#[test]
fn the_dead_ones_id_comes_to_life_only_after_the_burial() {
    check(|| {
        let pool = Pool::new(4 * FRAME, 1, &[1, 2]);
        assert!(!pool.append_and_die(1, 4));
        let successor = beside(&pool, move |pool| pool.append(2));
        let claimed = pool.claim_and_append(1);
        assert_eq!(successor.join().unwrap(), Taken::FromDead);
        pool.assert_whole(1, &[2], 1, claimed);
    });
}

/// The same after another successor's whole reign: one that was about to take over from the dead
/// owner must not take over from the living one with that id.
#[test]
fn a_late_successor_does_not_rob_the_new_bearer_of_the_id() {
    check(|| {
        let pool = Pool::new(4 * FRAME, 1, &[1, 2, 3]);
        assert!(!pool.append_and_die(1, 4));
        let others = beside(&pool, move |pool| {
            (pool.append(3), pool.claim_and_append(1))
        });
        // Runs first, so that the two switches it takes are within the bound.
        let late = pool.append(2);
        let (early, claimed) = others.join().unwrap();
        let heirs = [early, late]
            .into_iter()
            .filter(|taken| *taken == Taken::FromDead);
        assert_eq!(heirs.count(), 1);
        pool.assert_whole(1, &[2, 3], 1, claimed);
    });
}
