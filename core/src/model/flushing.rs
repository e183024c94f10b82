//! Flushes against writers that overwrite: what a flush said to be done must be found from any control page that the
//! disk may have.

use std::sync::Mutex;

use loom::sync::Arc;

use super::{beside, check};
use crate::format::control::Control;
use crate::ring::durable;
use crate::sys::atomic::Ordering;

/// Where the flush of the models ends.
const END: u64 = 20;

/// The words, and what is true: not seen by the model checker, so that it orders nothing.
struct Pool {
    control: Control,
    truth: Mutex<Truth>,
}

struct Truth {
    /// The least `synced` that the control page on the disk can have.
    on_disk: u64,
    /// Everything before this position is overwritten.
    overwritten: u64,
    promised: bool,
}

impl Pool {
    fn new(synced_before: u64, synced: u64, tail: u64) -> Arc<Pool> {
        let control = Control::new();
        control.hot.tail.store(tail, Ordering::Relaxed);
        let recovery = &control.recovery;
        recovery
            .synced_before
            .store(synced_before, Ordering::Relaxed);
        recovery.synced.store(synced, Ordering::Relaxed);
        Arc::new(Pool {
            control,
            truth: Mutex::new(Truth {
                on_disk: synced_before,
                overwritten: tail,
                promised: false,
            }),
        })
    }

    fn happens(&self, event: impl FnOnce(&mut Truth)) {
        let mut truth = self.truth.lock().unwrap();
        event(&mut truth);
        let found = truth.on_disk >= END || truth.overwritten <= truth.on_disk;
        assert!(found || !truth.promised, "a flushed message is lost");
    }

    /// The disk has a control page that is no older than now.
    fn write(&self) -> u64 {
        let synced = self.control.recovery.synced.load(Ordering::Acquire);
        self.happens(|truth| truth.on_disk = truth.on_disk.max(synced));
        synced
    }

    fn write_control(&self) {
        let synced = self.write();
        let before = &self.control.recovery.synced_before;
        before.fetch_max(synced, Ordering::AcqRel);
    }

    /// A writer, under its lock.
    fn overwrite(&self, tail: u64) {
        if durable::is_barred(&self.control, tail) {
            self.write_control();
        }
        self.control.hot.tail.store(tail, Ordering::Relaxed);
        if durable::is_barred_after(&self.control, tail) {
            self.write_control();
        }
        self.happens(|truth| truth.overwritten = tail);
    }

    /// One that syncs.
    fn lead(&self) {
        let recovery = &self.control.recovery;
        let before = self.write();
        recovery.synced_before.fetch_max(before, Ordering::AcqRel);
        recovery.synced.fetch_max(END, Ordering::AcqRel);
        self.settle();
    }

    /// One that comes when the sync is done.
    fn follow(&self) {
        if durable::is_synced(&self.control, END) {
            self.settle();
        }
    }

    fn settle(&self) {
        if !durable::is_found(&self.control, END) {
            self.write_control();
        }
        self.happens(|truth| truth.promised = true);
    }
}

/// A writer passes what the disk is known to have while a flush goes on.
#[test]
fn model_flush_beside_a_writer() {
    for (before, synced, tails) in [(10, 10, [8, 15]), (5, 10, [7, 15]), (10, 10, [15, 25])] {
        check(move || {
            let pool = Pool::new(before, synced, 0);
            let writer = beside(&pool, move |pool| {
                tails.iter().for_each(|tail| pool.overwrite(*tail));
            });
            pool.lead();
            writer.join().unwrap();
        });
    }
}

/// Another one that waits for the same sync.
#[test]
fn model_flush_of_two_beside_a_writer() {
    check(|| {
        let pool = Pool::new(10, 10, 0);
        let writer = beside(&pool, |pool| pool.overwrite(15));
        let leader = beside(&pool, Pool::lead);
        pool.follow();
        writer.join().unwrap();
        leader.join().unwrap();
    });
}
