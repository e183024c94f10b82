//! Waiting for messages: asleep on the pool's epoch, or looking again and again where that cannot be.

use std::time::Duration;

use crate::error::Result;
use crate::limits;
use crate::pool::Pool;
use crate::ring::lock;
use crate::ring::memory::Memory;
use crate::ring::wake;
use crate::sys::atomic::{pause, Ordering};
use crate::sys::clock::Deadline;
use crate::sys::futex;

/// What a reader that has seen everything waits for.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The head it has seen.
    pub head: u64,
    /// The lowest seq of interest.
    pub seq: u64,
    /// Whether messages before `seq` are still to come and do not interest.
    pub future: bool,
    /// The [generation](Pool::generation_in_file) that all this is of.
    pub generation: u64,
}

/// How to wait.
#[derive(Clone, Copy, Debug)]
pub struct WaitPlan {
    /// When to give up.
    pub deadline: Deadline,
    /// How long to look without sleeping first.
    pub spin: Duration,
    /// Never sleep until woken; look again with growing pauses.
    pub poll: bool,
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// There is something new.
    News,
    /// The deadline passed.
    Timeout,
    /// The caller wanted no more.
    Called,
}

/// Pauses of a reader that cannot be woken: short at first, then up to [`limits::POLL_CAP_US`].
#[derive(Debug)]
pub struct BackOff(u64);

impl BackOff {
    /// From the shortest pause.
    pub fn new() -> BackOff {
        BackOff(50)
    }

    /// The next pause, not longer than `most`.
    pub fn pause(&mut self, most: Duration) {
        std::thread::sleep(Duration::from_micros(self.0).min(most));
        self.0 = (self.0 * 2).min(limits::POLL_CAP_US);
    }
}

impl Default for BackOff {
    fn default() -> BackOff {
        BackOff::new()
    }
}

impl Pool {
    /// How often recovery may have taken anything back, whatever stands in for the control page.
    #[inline]
    pub fn generation_in_file(&self) -> u64 {
        let control = self.shared().ring().memory.control_in_file();
        control.recovery.generation.load(Ordering::Acquire)
    }

    /// Whether there is something for this target. That the pool was recovered is news as well: the head may be where it was,
    /// with other messages before it.
    #[inline]
    pub fn has_news(&self, target: &Target) -> bool {
        self.has_messages(target) || self.generation_in_file() != target.generation
    }

    /// As [`Pool::has_news`], from nothing but the line that writers store to: flushes store beside the generation, and
    /// should find that line theirs while somebody looks all the time.
    #[inline]
    fn has_messages(&self, target: &Target) -> bool {
        let hot = &self.shared().ring().memory.control().hot;
        let head = hot.head.load(Ordering::Acquire);
        head != target.head && (!target.future || self.has_come(target.seq))
    }

    /// Whether a seq, or a later one, was committed before the head that the caller has just loaded.
    fn has_come(&self, seq: u64) -> bool {
        let ring = self.shared().ring();
        let hot = &ring.memory.control().hot;
        // In this order: the next seq is stored between the head and the unlock, so whoever sees the lock free after
        // this head sees the next seq that belongs to it.
        let in_between = hot.lock.load(Ordering::Acquire) != lock::FREE;
        if hot.next_seq.load(Ordering::Acquire) > seq {
            return true;
        }
        // A writer may have died in between, and nobody need come to repair that: the frames tell. A header that is
        // damaged makes one look in vain, after which the target has this head.
        let newest = || ring.newest_claimed(ring.bounds()?);
        in_between && newest().is_some_and(|newest| newest.seq >= seq)
    }

    /// Whether sleepers of this opening can be woken: they must be able to say that they sleep.
    pub fn can_sleep(&self) -> bool {
        self.shared().is_writable()
    }

    /// First half of a sleep: says what is waited for, and returns the epoch to sleep on. Look for
    /// news after it, then sleep.
    #[inline]
    pub fn before_sleep(&self, target: &Target) -> u32 {
        let hot = &self.shared().ring().memory.control().hot;
        let epoch = wake::epoch(hot);
        wake::want(hot, target.seq);
        epoch
    }

    /// Sleeps while the epoch is this one. Returns early for any reason.
    #[inline]
    pub fn sleep(&self, epoch: u32, most: Duration) {
        futex::wait(
            &self.shared().ring().memory.control().hot.epoch,
            epoch,
            most,
        );
    }

    /// Wakes every reader that sleeps on this pool, so that it looks at its cancel flag.
    pub fn disturb(&self) {
        if self.shared().is_writable() {
            let hot = &self.shared().ring().memory.control().hot;
            wake::disturb(hot);
            futex::wake(&hot.epoch, u32::MAX);
        }
    }

    /// Waits until there is news. Who makes `is_called` true calls [`Pool::disturb`] after.
    ///
    /// # Errors
    /// NotFound when the pool was deleted or replaced meanwhile.
    pub fn wait_news(
        &self,
        target: &Target,
        plan: &WaitPlan,
        is_called: impl Fn() -> bool,
    ) -> Result<Woken> {
        if !plan.spin.is_zero() && self.spin(target, plan, &is_called) {
            return Ok(Woken::News);
        }
        let asleep = self.can_sleep() && !plan.poll;
        let mut back_off = BackOff::new();
        loop {
            let epoch = if asleep { self.before_sleep(target) } else { 0 };
            if self.has_news(target) {
                return Ok(Woken::News);
            }
            if is_called() {
                return Ok(Woken::Called);
            }
            if self.is_deleted() {
                return Err(self.gone());
            }
            self.check_truncated()?;
            let slice = Duration::from_millis(limits::WAIT_SLICE_MS);
            let most = match plan.deadline.left() {
                Some(left) if left.is_zero() => return Ok(Woken::Timeout),
                Some(left) => left.min(slice),
                None => slice,
            };
            if asleep {
                self.sleep(epoch, most);
            } else {
                back_off.pause(most);
            }
            if !self.has_news(target) {
                self.check_path(crate::sys::clock::wall_ns())?;
            }
        }
    }

    /// Looks again for a short while, seldom enough to leave the shared cache line to the writer.
    pub fn linger(&self, target: &Target) -> bool {
        /// Some microseconds: how long a pause takes differs from processor to processor.
        const PAUSES: u32 = 256;
        let until = Deadline::after(Duration::from_micros(limits::LINGER_US));
        while !until.passed() {
            for _ in 0..PAUSES {
                pause();
            }
            if self.has_messages(target) {
                return true;
            }
        }
        false
    }

    fn spin(&self, target: &Target, plan: &WaitPlan, is_called: impl Fn() -> bool) -> bool {
        let until = Deadline::after(plan.spin).sooner(plan.deadline);
        loop {
            for _ in 0..64 {
                if self.has_messages(target) {
                    return true;
                }
                pause();
            }
            if until.passed() || is_called() {
                return false;
            }
        }
    }
}
