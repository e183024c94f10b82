//! Wall and monotonic time, and deadlines.

#![allow(unsafe_code)]

use std::time::{Duration, Instant};

/// Nanoseconds since 1970-01-01T00:00:00Z; 0 for a clock set before that.
#[inline]
pub fn wall_ns() -> u64 {
    ns_of(libc::CLOCK_REALTIME)
}

/// Nanoseconds since some moment, never 0; nobody sets this clock.
pub fn monotonic_ns() -> u64 {
    ns_of(libc::CLOCK_MONOTONIC).max(1)
}

#[inline]
fn ns_of(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid place for the result; both clocks always exist.
    unsafe { libc::clock_gettime(clock, &mut time) };
    if time.tv_sec < 0 {
        return 0;
    }
    (time.tv_sec as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(time.tv_nsec as u64)
}

/// How many processors are at work in the machine. Not how many this process may use: one that is bound to a single
/// processor talks to others elsewhere.
pub fn processors() -> usize {
    static COUNT: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *COUNT.get_or_init(|| {
        // SAFETY: a plain question; the answer is -1 where it is unknown.
        usize::try_from(unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) }).unwrap_or(1)
    })
}

/// A point in time after which a wait gives up; monotonic, so clock changes do not matter.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// Never.
    pub const NEVER: Deadline = Deadline(None);

    /// This long from now; a time too far to be named is never.
    pub fn after(wait: Duration) -> Deadline {
        Deadline(Instant::now().checked_add(wait))
    }

    /// Time left: `None` for never, zero when it has passed.
    pub fn left(&self) -> Option<Duration> {
        self.0
            .map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Whether it has passed.
    pub fn passed(&self) -> bool {
        self.0.is_some_and(|at| Instant::now() >= at)
    }

    /// The sooner of two.
    pub fn sooner(self, other: Deadline) -> Deadline {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Deadline(Some(a.min(b))),
            (a, b) => Deadline(a.or(b)),
        }
    }

    /// Whether it never passes.
    pub fn is_never(&self) -> bool {
        self.0.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_pass_and_combine() {
        assert!(Deadline::after(Duration::ZERO).passed());
        assert!(!Deadline::after(Duration::from_secs(60)).passed());
        assert!(!Deadline::NEVER.passed());
        assert!(Deadline::after(Duration::MAX).is_never());
        assert!(Deadline::NEVER
            .sooner(Deadline::after(Duration::ZERO))
            .passed());
        assert!(wall_ns() > 1_600_000_000_000_000_000);
    }
}
