//! A descriptor that becomes readable when there is news: a helper thread sleeps on the pool in place
//! of the event loop.
//!
//! The thread exists from the first use to the drop. It is not in a forked child; there the
//! descriptor stays as it was at the fork, and [`Notifier::is_ours`] says so.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::pool::wait::{Target, WaitPlan, Woken};
use crate::pool::Pool;
use crate::sys::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::sys::clock::Deadline;
use crate::sys::event_fd::EventFd;
use crate::sys::fork_lock::ForkLock;
use crate::sys::{fork, futex};

/// The descriptor and its thread.
#[derive(Debug)]
pub struct Notifier {
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
    generation: u32,
}

#[derive(Debug)]
struct State {
    fd: EventFd,
    pool: Pool,
    /// What to wait for next; taken by the thread.
    armed: ForkLock<Option<Target>>,
    /// Changes when `armed` or `stop` does.
    orders: AtomicU32,
    stop: AtomicBool,
    poll: bool,
    /// News by itself: from then on the reader is told that its time is up.
    deadline: Deadline,
}

impl Notifier {
    /// Starts the thread, quiet until [`Notifier::arm`].
    ///
    /// # Errors
    /// Io when the descriptor or the thread cannot be had.
    pub fn start(pool: Pool, poll: bool, deadline: Deadline) -> Result<Notifier> {
        let path = pool.path().to_path_buf();
        let failed = |error: &std::io::Error| {
            Error::from_io(error, "make a descriptor for event loops").with_path(&path)
        };
        let state = Arc::new(State {
            fd: EventFd::new().map_err(|error| failed(&error))?,
            pool,
            armed: ForkLock::new(None),
            orders: AtomicU32::new(0),
            stop: AtomicBool::new(false),
            poll,
            deadline,
        });
        let of_thread = Arc::clone(&state);
        let thread = std::thread::Builder::new()
            .name("plasmite-notify".to_string())
            .stack_size(128 * 1024)
            .spawn(move || of_thread.run())
            .map_err(|error| failed(&error))?;
        Ok(Notifier {
            state,
            thread: Some(thread),
            generation: fork::generation(),
        })
    }

    /// The descriptor's number.
    pub fn fd(&self) -> i32 {
        self.state.fd.raw()
    }

    /// Whether the thread runs in this process.
    pub fn is_ours(&self) -> bool {
        self.generation == fork::generation()
    }

    /// Quiet until there is news for the target.
    pub fn arm(&self, target: Target) {
        if !self.is_ours() {
            // The descriptor is one with the parent's, who still waits on it.
            return;
        }
        self.state.fd.clear();
        self.state.order(Some(target));
    }

    /// Readable at once: the reader should look.
    pub fn raise(&self) {
        if self.is_ours() {
            self.state.fd.raise();
        }
    }
}

impl State {
    fn order(&self, target: Option<Target>) {
        {
            // Counted under the lock, so that the thread never takes a target whose order it has not seen: it would
            // drop that as an outdated one.
            let mut armed = self.armed.lock();
            *armed = target;
            self.orders.fetch_add(1, Ordering::AcqRel);
        }
        futex::wake(&self.orders, 1);
        // It may be asleep on the pool for an earlier target.
        self.pool.disturb();
    }

    fn run(&self) {
        loop {
            let (target, orders) = {
                let mut armed = self.armed.lock();
                (armed.take(), self.orders.load(Ordering::Acquire))
            };
            // Asked after the orders were read: the one that stops it then ends the sleep, or is seen here.
            if self.stop.load(Ordering::Acquire) {
                return;
            }
            match target {
                Some(target) => self.watch(target, orders),
                None => futex::wait(&self.orders, orders, Duration::from_secs(3600)),
            }
        }
    }

    fn watch(&self, target: Target, orders: u32) {
        // In slices, since a new order must be seen: `disturb` ends the sleep at once.
        loop {
            if self.stop.load(Ordering::Acquire) || self.orders.load(Ordering::Acquire) != orders {
                return;
            }
            let epoch = if self.pool.can_sleep() && !self.poll {
                self.pool.before_sleep(&target)
            } else {
                0
            };
            if self.pool.has_news(&target) || self.pool.is_deleted() || self.deadline.passed() {
                self.fd.raise();
                return;
            }
            if self.orders.load(Ordering::Acquire) != orders {
                return;
            }
            let slice = Duration::from_millis(crate::limits::WAIT_SLICE_MS);
            let most = self.deadline.left().map_or(slice, |left| left.min(slice));
            if self.pool.can_sleep() && !self.poll {
                self.pool.sleep(epoch, most);
            } else {
                let plan = WaitPlan {
                    deadline: Deadline::after(most),
                    spin: Duration::ZERO,
                    poll: true,
                };
                if !matches!(
                    self.pool.wait_news(&target, &plan, &self.stop),
                    Ok(Woken::Timeout)
                ) {
                    self.fd.raise();
                    return;
                }
            }
            if self.pool.check_path(crate::sys::clock::wall_ns()).is_err() {
                self.fd.raise();
                return;
            }
        }
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::Release);
        if self.is_ours() {
            self.state.order(None);
            if let Some(thread) = self.thread.take() {
                let _ = thread.join();
            }
        }
    }
}
