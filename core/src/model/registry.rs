//! Opening against closing: however they interleave, all users of a key at a moment have one value, and nothing stays
//! behind when the last of them has gone.

use std::sync::Mutex;

use loom::thread;

use super::check;
use crate::sys::registry::Registry;
use crate::sys::stand_ins::Arc;

/// A process with one file, opened by several threads.
struct Process {
    registry: Registry<u8, Opening>,
    /// Numbers of the openings that threads have in use.
    used: Mutex<Vec<usize>>,
}

/// The value: which thread made it.
struct Opening {
    maker: usize,
    process: std::sync::Weak<Process>,
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(process) = self.process.upgrade() {
            process.registry.leave(&1);
        }
    }
}

impl Process {
    fn new() -> std::sync::Arc<Process> {
        std::sync::Arc::new(Process {
            registry: Registry::new(),
            used: Mutex::new(Vec::new()),
        })
    }

    /// What `Pool::open` does.
    fn open(self: &std::sync::Arc<Process>, maker: usize) -> Arc<Opening> {
        self.registry.find(&1).unwrap_or_else(|| {
            let made = Opening {
                maker,
                process: std::sync::Arc::downgrade(self),
            };
            self.registry.enter(1, made)
        })
    }

    /// Opens, uses and closes.
    fn use_it(self: &std::sync::Arc<Process>, maker: usize) {
        let opening = self.open(maker);
        let mine = opening.with(|opening| opening.maker);
        {
            let mut used = self.used.lock().unwrap();
            used.push(mine);
            assert!(
                used.iter().all(|other| *other == mine),
                "two openings of one file: {used:?}"
            );
        }
        thread::yield_now();
        let mut used = self.used.lock().unwrap();
        let at = used.iter().position(|used| *used == mine).unwrap();
        used.swap_remove(at);
        drop(used);
        drop(opening);
    }
}

fn users(threads: usize, times: usize) {
    check(move || {
        let process = Process::new();
        let others: Vec<_> = (1..threads)
            .map(|thread| {
                let process = std::sync::Arc::clone(&process);
                thread::spawn(move || {
                    for time in 0..times {
                        process.use_it(thread * 10 + time);
                    }
                })
            })
            .collect();
        process.use_it(0);
        for other in others {
            other.join().unwrap();
        }
        assert!(process.registry.is_empty(), "an opening was left behind");
        process.use_it(99);
        assert!(process.registry.is_empty());
    });
}

#[test]
fn two_threads_open_and_close() {
    users(2, 2);
}

#[test]
fn three_threads_open_and_close() {
    users(3, 1);
}
