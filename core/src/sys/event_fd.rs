//! A descriptor that event loops can wait on.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use crate::sys::clock::Deadline;

/// A counter behind a descriptor: readable while it is not zero, and, if there is a deadline, from then on.
#[derive(Debug)]
pub struct EventFd {
    counter: OwnedFd,
    timed: Option<Timed>,
}

/// A set of the counter and a timer, readable when one of them is. (A timer by itself could not be made readable at
/// once: an alarm of the past goes off a moment later.)
#[derive(Debug)]
struct Timed {
    set: OwnedFd,
    /// Readable for ever once it has gone off, since nobody reads it.
    _timer: OwnedFd,
}

/// What a call gave that makes a descriptor, or an error number.
fn owned(fd: libc::c_int) -> io::Result<OwnedFd> {
    match fd {
        // SAFETY: just opened, owned by nobody else.
        0.. => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}

impl EventFd {
    /// A quiet one; closed on exec, never blocks.
    ///
    /// # Errors
    /// What the system says when it has no descriptors left.
    pub fn new() -> io::Result<EventFd> {
        Ok(EventFd {
            // SAFETY: no pointers.
            counter: owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?,
            timed: None,
        })
    }

    /// One that is readable from the deadline on, whoever clears it.
    ///
    /// # Errors
    /// As [`EventFd::new`].
    pub fn with_deadline(deadline: Deadline) -> io::Result<EventFd> {
        let mut new = EventFd::new()?;
        if let Some(left) = deadline.left() {
            new.timed = Some(Timed::new(&new.counter, left)?);
        }
        Ok(new)
    }

    /// The number of the descriptor to wait on.
    pub fn raw(&self) -> RawFd {
        match &self.timed {
            Some(timed) => timed.set.as_raw_fd(),
            None => self.counter.as_raw_fd(),
        }
    }

    /// Makes it readable.
    pub fn raise(&self) {
        let one: u64 = 1;
        // SAFETY: eight valid bytes. A full counter (EAGAIN) is readable already.
        unsafe { libc::write(self.counter.as_raw_fd(), (&raw const one).cast(), 8) };
    }

    /// Makes it quiet.
    pub fn clear(&self) {
        let mut count: u64 = 0;
        // SAFETY: eight valid bytes for the result; EAGAIN means that it is quiet.
        unsafe { libc::read(self.counter.as_raw_fd(), (&raw mut count).cast(), 8) };
    }
}

impl Timed {
    fn new(counter: &OwnedFd, left: Duration) -> io::Result<Timed> {
        let flags = libc::TFD_CLOEXEC | libc::TFD_NONBLOCK;
        // SAFETY: no pointers.
        let timer = owned(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) })?;
        // Zero would be no alarm.
        let left = left.max(Duration::from_nanos(1));
        let never = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let alarm = libc::itimerspec {
            it_interval: never,
            it_value: libc::timespec {
                tv_sec: left.as_secs().min(i64::MAX as u64) as libc::time_t,
                tv_nsec: left.subsec_nanos() as libc::c_long,
            },
        };
        // SAFETY: the timer is open, and the alarm outlives the call.
        done(unsafe {
            libc::timerfd_settime(timer.as_raw_fd(), 0, &raw const alarm, ptr::null_mut())
        })?;
        // SAFETY: no pointers.
        let set = owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        for member in [counter, &timer] {
            let mut event = libc::epoll_event {
                events: libc::EPOLLIN as u32,
                u64: 0,
            };
            let (set, member) = (set.as_raw_fd(), member.as_raw_fd());
            // SAFETY: both are open, and the event outlives the call.
            done(unsafe { libc::epoll_ctl(set, libc::EPOLL_CTL_ADD, member, &raw mut event) })?;
        }
        Ok(Timed { set, _timer: timer })
    }
}

fn done(result: libc::c_int) -> io::Result<()> {
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sleeps until one of them is readable, at most `wait`; `None` for no limit. May return early for any reason.
pub fn wait_any(descriptors: &[&EventFd], wait: Option<Duration>) {
    let mut list: Vec<libc::pollfd> = descriptors
        .iter()
        .map(|descriptor| libc::pollfd {
            fd: descriptor.raw(),
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    // Rounded up, so that what is left of a millisecond is not spent in a loop.
    let ms = wait.map_or(-1, |wait| {
        i32::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
    });
    // SAFETY: the list lives through the call and is as long as is said.
    unsafe { libc::poll(list.as_mut_ptr(), list.len() as libc::nfds_t, ms) };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_readable(descriptor: &EventFd, wait: libc::c_int) -> bool {
        let mut poll = libc::pollfd {
            fd: descriptor.raw(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one valid place.
        unsafe { libc::poll(&raw mut poll, 1, wait) == 1 }
    }

    #[test]
    fn raised_cleared_and_at_the_deadline() {
        let plain = EventFd::with_deadline(Deadline::NEVER).unwrap();
        let later = EventFd::with_deadline(Deadline::after(Duration::from_secs(3600))).unwrap();
        for descriptor in [&plain, &later] {
            assert!(!is_readable(descriptor, 0));
            descriptor.raise();
            descriptor.raise();
            assert!(is_readable(descriptor, 0));
            descriptor.clear();
            assert!(!is_readable(descriptor, 0));
        }
        for wait in [0, 20] {
            let soon =
                EventFd::with_deadline(Deadline::after(Duration::from_millis(wait))).unwrap();
            assert!(is_readable(&soon, -1));
            soon.clear();
            assert!(is_readable(&soon, 0), "it stays over");
        }
    }
}
