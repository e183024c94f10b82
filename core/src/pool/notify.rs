//! A descriptor that becomes readable when there is news: a helper thread sleeps on the pool in place
//! of the event loop.
//!
//! The thread exists from the first use to the drop. It is not in a forked child; there the
//! descriptor stays as it was at the fork, and [`Notifier::is_ours`] says so.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::pool::wait::{BackOff, Target};
use crate::pool::Pool;
use crate::sys::clock::{self, Deadline};
use crate::sys::event_fd::EventFd;
use crate::sys::fork;
use crate::sys::fork_lock::Kernel;
use crate::sys::orders::{Known, Order, Orders};
use crate::sys::thread;

/// Bytes of the thread's stack: it only sleeps and looks.
const STACK: usize = 128 << 10;

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
    /// What to wait for.
    orders: Orders<Target>,
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
            orders: Orders::new(),
            poll,
            deadline,
        });
        let of_thread = Arc::clone(&state);
        let thread = thread::spawn("plasmite-notify", Some(STACK), move || of_thread.run())
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
        self.state.order(Order::Do(target));
    }

    /// Readable at once: the reader should look.
    pub fn raise(&self) {
        if self.is_ours() {
            self.state.fd.raise();
        }
    }
}

impl State {
    fn order(&self, order: Order<Target>) {
        self.orders.give(order, &Kernel);
        // It may be asleep on the pool for an earlier target.
        self.pool.disturb();
    }

    fn run(&self) {
        loop {
            match self.orders.take() {
                (Order::Stop, _) => return,
                (Order::Do(target), known) => self.watch(target, known),
                (Order::Rest, known) => self.orders.rest(known, &Kernel),
            }
        }
    }

    fn watch(&self, target: Target, known: Known) {
        let asleep = self.pool.can_sleep() && !self.poll;
        let mut back_off = BackOff::new();
        // In slices, since a new order must be seen: `disturb` ends the sleep at once.
        while !self.orders.is_outdated(known) {
            let epoch = if asleep {
                self.pool.before_sleep(&target)
            } else {
                0
            };
            if self.pool.has_news(&target) || self.pool.is_deleted() || self.deadline.passed() {
                return self.fd.raise();
            }
            // Asked once more after the epoch was read: an order that comes now changes it.
            if self.orders.is_outdated(known) {
                return;
            }
            let slice = Duration::from_millis(crate::limits::WAIT_SLICE_MS);
            let most = self.deadline.left().map_or(slice, |left| left.min(slice));
            if asleep {
                self.pool.sleep(epoch, most);
            } else {
                back_off.pause(most);
            }
            let gone = self.pool.check_path(clock::wall_ns()).is_err();
            if gone || self.pool.check_truncated().is_err() {
                return self.fd.raise();
            }
        }
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        let thread = self.thread.take();
        if self.is_ours() {
            self.state.order(Order::Stop);
            let _ = thread.map(JoinHandle::join);
        } else {
            // A new thread of the child may have its name, and dropping the handle would detach that one.
            std::mem::forget(thread);
        }
    }
}
