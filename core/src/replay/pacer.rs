//! A schedule against the clock: how long until a message is due, and a sleep that can be cancelled.

use std::time::{Duration, Instant};

use crate::error::Result;
use crate::replay::Schedule;
use crate::sys::atomic::{AtomicU32, Ordering};
use crate::sys::clock::Deadline;
use crate::sys::fork_lock::ForkLock;
use crate::sys::futex;

/// How a wait for a due time ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paced {
    /// The message is due.
    Due,
    /// The call's own time ran out before.
    Timeout,
    /// The pacer was cancelled.
    Cancelled,
}

/// Paces one replay. Its clock starts with the first message. Any thread may use it; [`Pacer::cancel`] never waits.
#[derive(Debug)]
pub struct Pacer {
    state: ForkLock<State>,
    /// The word that waits sleep on: 1 once cancelled.
    cancelled: AtomicU32,
}

#[derive(Debug)]
struct State {
    schedule: Schedule,
    /// When the first message was scheduled.
    start: Option<Instant>,
    /// When the one scheduled last is due, in ns after the start.
    due_ns: u64,
}

impl Pacer {
    /// A pacer of this speed, as [`Schedule::new`] takes it.
    ///
    /// # Errors
    /// Usage, as there.
    pub fn new(speed: f64) -> Result<Pacer> {
        Ok(Pacer {
            state: ForkLock::new(State {
                schedule: Schedule::new(speed)?,
                start: None,
                due_ns: 0,
            }),
            cancelled: AtomicU32::new(0),
        })
    }

    /// Takes the time of the next message (ns since the epoch); gives how long it is until that one is due.
    pub fn schedule(&self, time_ns: u64) -> Duration {
        let mut state = self.state.lock();
        state.due_ns = state.schedule.due(time_ns);
        state.start.get_or_insert_with(Instant::now);
        state.left()
    }

    /// How long until the message scheduled last is due; zero when it is, or when there was none.
    pub fn left(&self) -> Duration {
        self.state.lock().left()
    }

    /// Waits until the message scheduled last is due, but not past `until`.
    pub fn wait(&self, until: Deadline) -> Paced {
        loop {
            if self.cancelled.load(Ordering::Acquire) != 0 {
                return Paced::Cancelled;
            }
            let left = self.left();
            if left.is_zero() {
                return Paced::Due;
            }
            let most = until.left().unwrap_or(Duration::MAX);
            if most.is_zero() {
                return Paced::Timeout;
            }
            futex::wait(&self.cancelled, 0, left.min(most));
        }
    }

    /// Ends every wait at once, and each later one, until [`Pacer::reset_cancel`].
    pub fn cancel(&self) {
        self.cancelled.store(1, Ordering::Release);
        futex::wake(&self.cancelled, u32::MAX);
    }

    /// Takes a cancel back: due times are as they were.
    pub fn reset_cancel(&self) {
        self.cancelled.store(0, Ordering::Release);
    }
}

impl State {
    fn left(&self) -> Duration {
        let due = Duration::from_nanos(self.due_ns);
        self.start
            .map_or(Duration::ZERO, |start| due.saturating_sub(start.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const MS: u64 = 1_000_000;

    #[test]
    fn messages_are_due_after_their_gaps() {
        let start = Instant::now();
        let pacer = Pacer::new(2.0).unwrap();
        assert_eq!(pacer.left(), Duration::ZERO, "nothing to wait for yet");
        assert_eq!(pacer.schedule(70 * MS), Duration::ZERO);
        assert_eq!(pacer.wait(Deadline::NEVER), Paced::Due);
        assert!(pacer.schedule(130 * MS) <= Duration::from_millis(30));
        assert_eq!(pacer.wait(Deadline::NEVER), Paced::Due);
        assert!(start.elapsed() >= Duration::from_millis(30));
        assert_eq!(pacer.left(), Duration::ZERO);
    }

    #[test]
    fn a_late_reader_catches_up() {
        let pacer = Pacer::new(1.0).unwrap();
        pacer.schedule(0);
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(pacer.schedule(10 * MS), Duration::ZERO);
    }

    #[test]
    fn waits_have_limits_of_their_own() {
        let pacer = Pacer::new(1.0).unwrap();
        pacer.schedule(0);
        pacer.schedule(u64::MAX);
        assert_eq!(pacer.wait(Deadline::after(Duration::ZERO)), Paced::Timeout);
        let start = Instant::now();
        assert_eq!(
            pacer.wait(Deadline::after(Duration::from_millis(20))),
            Paced::Timeout
        );
        assert!(start.elapsed() >= Duration::from_millis(20));
        assert!(pacer.left() > Duration::from_secs(1 << 32));
    }

    #[test]
    fn cancel_ends_waits_of_now_and_later() {
        let pacer = Arc::new(Pacer::new(1.0).unwrap());
        pacer.schedule(0);
        pacer.schedule(u64::MAX);
        let waiting = {
            let pacer = Arc::clone(&pacer);
            std::thread::spawn(move || pacer.wait(Deadline::NEVER))
        };
        std::thread::sleep(Duration::from_millis(20));
        pacer.cancel();
        assert_eq!(waiting.join().unwrap(), Paced::Cancelled);
        assert_eq!(pacer.wait(Deadline::NEVER), Paced::Cancelled);
        pacer.reset_cancel();
        assert_eq!(pacer.wait(Deadline::after(Duration::ZERO)), Paced::Timeout);
    }
}
