//! Threads of the library itself. It is a guest in its process: signals of the process are handled by threads of the
//! host, on their stacks.

#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::thread::{Builder, JoinHandle};

/// What a thread does itself: blocked, these would end the process instead of being handled (the guard's SIGBUS).
const OWN: [libc::c_int; 7] = [
    libc::SIGABRT,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGSEGV,
    libc::SIGSYS,
    libc::SIGTRAP,
];

/// Starts a thread that gets no signals but those of its own doing. `stack` is in bytes; `None` for std's default.
///
/// # Errors
/// What the system says when it has no thread left.
pub fn spawn<T: Send + 'static>(
    name: &str,
    stack: Option<usize>,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let mut builder = Builder::new().name(name.to_owned());
    if let Some(stack) = stack {
        builder = builder.stack_size(stack);
    }
    // Inherited: blocked from its first instruction on.
    let _blocked = Blocked::new();
    builder.spawn(work)
}

/// Blocks the calling thread's signals until it is dropped.
struct Blocked(libc::sigset_t);

impl Blocked {
    fn new() -> Blocked {
        let mut set = MaybeUninit::uninit();
        let mut before = MaybeUninit::uninit();
        // SAFETY: `sigfillset` fills the set, whose members are then valid signals; the call with it fills the other
        // one. None of them fails with such arguments.
        unsafe {
            libc::sigfillset(set.as_mut_ptr());
            for signal in OWN {
                libc::sigdelset(set.as_mut_ptr(), signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), before.as_mut_ptr());
            Blocked(before.assume_init())
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: a set that the system filled.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the calling thread blocks a signal.
    fn blocks(signal: libc::c_int) -> bool {
        let mut set = MaybeUninit::uninit();
        // SAFETY: the call fills the set.
        unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), set.as_mut_ptr());
            libc::sigismember(set.as_ptr(), signal) == 1
        }
    }

    #[test]
    fn signals_of_the_process_are_for_others() {
        let of_process = [libc::SIGINT, libc::SIGTERM, libc::SIGCHLD, libc::SIGPROF];
        let before = of_process.map(blocks);
        let thread = spawn("guest", Some(64 << 10), move || {
            let name = std::thread::current().name().map(str::to_owned);
            (name, of_process.map(blocks), OWN.map(blocks))
        });
        let (name, blocked, own) = thread.unwrap().join().unwrap();
        assert_eq!(name.as_deref(), Some("guest"));
        assert_eq!((blocked, own), ([true; 4], [false; 7]));
        assert_eq!(of_process.map(blocks), before, "the caller's own");
    }
}
