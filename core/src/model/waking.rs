//! Sleep against wake-up: without deaths no reader oversleeps, although no sleep ends by itself.
//!
//! Proves the two full fences of [`crate::ring::wake`], the order of its steps on both sides, and
//! that a wish erased by another reader's wake-up is made again.

use loom::sync::Arc;

use super::futex::Futex;
use super::lives::{Attempt, Lives};
use super::{beside, check, ring, HeapRing, FRAME};
use crate::ring::lock::{acquire, release};
use crate::ring::memory::Memory;
use crate::ring::wake::{disturb, epoch, must_wake, want};
use crate::sys::atomic::{AtomicU32, Ordering};

struct Pool {
    ring: Arc<HeapRing>,
    lives: Lives,
    news: Futex,
    cancelled: AtomicU32,
}

impl Pool {
    fn new() -> Arc<Pool> {
        Arc::new(Pool {
            ring: ring(4 * FRAME, 0),
            lives: Lives::of(&[1, 2]),
            news: Futex::new(),
            cancelled: AtomicU32::new(0),
        })
    }

    /// One commit, its frame left out, and the wake-up.
    fn commit(&self, id: u32) {
        let attempt = Attempt {
            lives: &self.lives,
            id,
            slices: false,
        };
        let hot = &self.ring.memory.control().hot;
        acquire(&hot.lock, &attempt).unwrap();
        let seq = hot.next_seq.load(Ordering::Relaxed);
        self.ring.commit(seq * FRAME, seq, seq);
        release(&hot.lock, |_| self.lives.futex.wake_one());
        if must_wake(hot, seq) {
            self.news.wake_all();
        }
    }

    fn cancel(&self) {
        self.cancelled.store(1, Ordering::Release);
        disturb(&self.ring.memory.control().hot);
        self.news.wake_all();
    }

    /// Sleeps until there is a message with this seq, or a cancellation: what `pool::wait` does.
    fn await_seq(&self, seq: u64) -> bool {
        let hot = &self.ring.memory.control().hot;
        loop {
            let slept_on = epoch(hot);
            want(hot, seq);
            if self.ring.head() >= seq * FRAME && hot.next_seq.load(Ordering::Acquire) > seq {
                return true;
            }
            if self.cancelled.load(Ordering::Acquire) == 1 {
                return false;
            }
            self.news.wait(&hot.epoch, slept_on);
        }
    }
}

#[test]
fn one_reader_one_writer() {
    check(|| {
        let pool = Pool::new();
        let writer = beside(&pool, move |pool| pool.commit(1));
        assert!(pool.await_seq(1));
        writer.join().unwrap();
    });
}

#[test]
fn one_reader_of_two_messages() {
    check(|| {
        let pool = Pool::new();
        let writer = beside(&pool, move |pool| {
            pool.commit(1);
            pool.commit(1);
        });
        assert!(pool.await_seq(1));
        assert!(pool.await_seq(2));
        writer.join().unwrap();
    });
}

#[test]
fn two_readers_of_different_messages() {
    check(|| {
        let pool = Pool::new();
        let reader = beside(&pool, move |pool| assert!(pool.await_seq(2)));
        let writer = beside(&pool, move |pool| {
            pool.commit(1);
            pool.commit(1);
        });
        assert!(pool.await_seq(1));
        reader.join().unwrap();
        writer.join().unwrap();
    });
}

#[test]
fn one_reader_two_writers() {
    check(|| {
        let pool = Pool::new();
        let writers = [1, 2].map(|id| beside(&pool, move |pool| pool.commit(id)));
        assert!(pool.await_seq(2));
        for writer in writers {
            writer.join().unwrap();
        }
    });
}

#[test]
fn a_cancelled_reader_wakes_up() {
    check(|| {
        let pool = Pool::new();
        let canceller = beside(&pool, move |pool| pool.cancel());
        let writer = beside(&pool, move |pool| pool.commit(1));
        assert!(!pool.await_seq(2));
        canceller.join().unwrap();
        writer.join().unwrap();
    });
}
