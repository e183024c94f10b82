//! How threads take turns at a stream, and wait beside it.

use crate::error::Result;
use crate::pool::wait::{Target, WaitPlan};
use crate::store::cursor::{Cursor, Step};
use crate::store::stream::{State, Stream};
use crate::sys::atomic::Ordering;
use crate::sys::clock::{self, Deadline};
use crate::sys::fork_lock::ForkGuard;

impl Stream {
    /// The state, in turn.
    #[inline]
    pub(super) fn lock(&self) -> ForkGuard<'_, State> {
        self.state.try_lock().unwrap_or_else(|| self.queue())
    }

    /// Who is in the queue comes before who has just had the state: locks are not fair by themselves.
    #[cold]
    pub(super) fn queue(&self) -> ForkGuard<'_, State> {
        let _turn = self.turn.lock();
        self.state.lock()
    }

    /// Nothing more would come for others who sleep.
    #[inline]
    pub(super) fn tell_if_last(&self, cursor: &Cursor) {
        if cursor.left == Some(0) {
            self.call_sleepers();
        }
    }

    /// Lets those who sleep look again. The caller has the state, as they had when they were counted. Others of the pool are
    /// woken as well, so not for nothing.
    #[cold]
    pub(super) fn call_sleepers(&self) {
        if self.sleepers.load(Ordering::Relaxed) > 0 {
            self.moves.fetch_add(1, Ordering::Release);
            self.pool.pool.disturb();
        }
    }

    /// Whether there is nothing for a target; then the descriptor says so until there is.
    pub(super) fn has_nothing(&self, target: &Target) -> Result<bool> {
        let pool = &self.pool.pool;
        // Whoever never waits here was perhaps told elsewhere that the file is gone, and asks for that.
        let gone = match pool.is_deleted() {
            true => Err(pool.gone()),
            false => pool.check_path(clock::wall_ns()),
        };
        if let Err(error) = gone {
            self.raise();
            return Err(error);
        }
        self.arm(target);
        Ok(!pool.has_news(target))
    }

    /// Sleeps until there is news, the time is up, or the stream is cancelled or moved.
    pub(super) fn sleep(&self, target: &Target, until: Deadline, moves: u64) -> Result<()> {
        let pool = &self.pool.pool;
        if pool.is_deleted() {
            self.raise();
            return Err(pool.gone());
        }
        let plan = WaitPlan {
            deadline: self.deadline.sooner(until),
            spin: self.spin,
            poll: self.poll,
        };
        pool.wait_news(target, &plan, || {
            self.cancelled.load(Ordering::Acquire) || self.moves.load(Ordering::Acquire) != moves
        })?;
        Ok(())
    }

    /// Looks ahead without waiting: `None` when a call of [`Stream::next`] would not wait.
    pub(super) fn would_wait(&self) -> Option<Target> {
        if self.cancelled.load(Ordering::Acquire) || self.deadline.passed() {
            return None;
        }
        let mut state = self.lock();
        state.cursor.follows = 0;
        let mut step = state.cursor.step();
        while matches!(step, Ok(Step::Pause)) && !self.cancelled.load(Ordering::Acquire) {
            drop(state);
            state = self.queue();
            step = state.cursor.step();
        }
        match step {
            Ok(Step::Wait) => (!self.pool.pool.is_deleted()).then_some(state.cursor.target),
            // An error as well: it belongs to the call that steps.
            step => {
                state.cursor.pending = Some(step);
                None
            }
        }
    }
}
