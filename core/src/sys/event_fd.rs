//! A descriptor that event loops can wait on.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// A counter behind a descriptor: readable while it is not zero.
#[derive(Debug)]
pub struct EventFd(OwnedFd);

impl EventFd {
    /// A quiet one; closed on exec, never blocks.
    pub fn new() -> io::Result<EventFd> {
        // SAFETY: no pointers.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just opened, owned by nobody else.
        Ok(EventFd(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// The descriptor's number.
    pub fn raw(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Makes it readable.
    pub fn raise(&self) {
        let one: u64 = 1;
        // SAFETY: eight valid bytes. A full counter (EAGAIN) is readable already.
        unsafe { libc::write(self.raw(), (&raw const one).cast(), 8) };
    }

    /// Makes it quiet.
    pub fn clear(&self) {
        let mut count: u64 = 0;
        // SAFETY: eight valid bytes for the result; EAGAIN means that it is quiet.
        unsafe { libc::read(self.raw(), (&raw mut count).cast(), 8) };
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
