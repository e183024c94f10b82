//! Orders to a helper thread: the newest one counts, and none is missed.

use crate::sys::atomic::{AtomicU32, Ordering};
#[cfg(not(loom))]
use crate::sys::fork_lock::ForkLock as Lock;
use crate::sys::fork_word::Sleep;
#[cfg(loom)]
use crate::sys::stand_ins::Lock;

/// What the helper is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order<T> {
    /// Nothing, until the next order.
    Rest,
    /// This.
    Do(T),
    /// End. No order comes after it.
    Stop,
}

/// Which order the helper knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known(u32);

/// Where orders are left.
#[derive(Debug)]
pub struct Orders<T> {
    newest: Lock<Order<T>>,
    /// Changes with each order; the helper sleeps on it.
    count: AtomicU32,
}

impl<T> Orders<T> {
    /// None yet.
    pub fn new() -> Orders<T> {
        Orders {
            newest: Lock::new(Order::Rest),
            count: AtomicU32::new(0),
        }
    }

    /// Gives an order in place of earlier ones, and wakes the helper if it rests. Whatever else it sleeps on, the
    /// caller has to wake it there afterwards.
    pub fn give(&self, order: Order<T>, sleep: &impl Sleep) {
        {
            // Counted under the lock, so that the helper never takes an order whose count it has not seen: it would
            // drop that as an outdated one.
            let mut newest = self.newest.lock();
            if !matches!(*newest, Order::Stop) {
                *newest = order;
            }
            self.count.fetch_add(1, Ordering::AcqRel);
        }
        sleep.wake_one(&self.count);
    }

    /// The order to carry out now: each is taken once, but the last one.
    pub fn take(&self) -> (Order<T>, Known) {
        let mut newest = self.newest.lock();
        let order = match *newest {
            Order::Stop => Order::Stop,
            _ => std::mem::replace(&mut *newest, Order::Rest),
        };
        (order, Known(self.count.load(Ordering::Acquire)))
    }

    /// Whether there is a newer order than the one that is known.
    pub fn is_outdated(&self, known: Known) -> bool {
        self.count.load(Ordering::Acquire) != known.0
    }

    /// Sleeps until there may be a newer order.
    pub fn rest(&self, known: Known, sleep: &impl Sleep) {
        sleep.wait(&self.count, known.0);
    }
}

impl<T> Default for Orders<T> {
    fn default() -> Orders<T> {
        Orders::new()
    }
}
