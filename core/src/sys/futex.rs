//! Sleeping on a word of shared memory, and waking who sleeps there.

#![allow(unsafe_code)]

use std::time::Duration;

use crate::sys::atomic::AtomicU32;

/// Most words one [`wait_any`] can sleep on (the kernel's FUTEX_WAITV_MAX).
pub const WAIT_ANY_MAX: usize = 128;

fn timespec(wait: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: wait.as_secs().min(i64::MAX as u64) as libc::time_t,
        tv_nsec: wait.subsec_nanos() as libc::c_long,
    }
}

/// Sleeps while the word holds `expected`, at most `wait`. May return early for any reason; look
/// again after it.
pub fn wait(word: &AtomicU32, expected: u32, wait: Duration) {
    let timeout = timespec(wait);
    // SAFETY: the word and the timeout outlive the call; the kernel only reads the word. Shared, not
    // private: the word may lie in a mapping that other processes have.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT,
            expected,
            &timeout,
            0,
            0,
        );
    }
}

/// Wakes up to `count` sleepers of the word, in all processes.
pub fn wake(word: &AtomicU32, count: u32) {
    // SAFETY: as above; the kernel only uses the address.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAKE,
            count.min(i32::MAX as u32),
            0,
            0,
            0,
        );
    }
}

#[repr(C)]
struct Waiter {
    expected: u64,
    address: u64,
    flags: u32,
    reserved: u32,
}

/// Sleeps while every word holds its expected value, at most `wait`. False when the system cannot
/// do that (an old kernel, a sandbox, too many words): the caller then has to poll.
pub fn wait_any(words: &[(&AtomicU32, u32)], wait: Duration) -> bool {
    const FUTEX_32: u32 = 2;
    if words.len() > WAIT_ANY_MAX {
        return false;
    }
    let waiters: Vec<Waiter> = words
        .iter()
        .map(|(word, expected)| Waiter {
            expected: u64::from(*expected),
            address: word.as_ptr() as u64,
            flags: FUTEX_32,
            reserved: 0,
        })
        .collect();
    let mut until = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: a valid place for the result.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut until) };
    let sum = Duration::new(until.tv_sec as u64, until.tv_nsec as u32).saturating_add(wait);
    until = timespec(sum);
    // SAFETY: the array and the timeout live through the call; futex_waitv takes an absolute
    // monotonic timeout.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex_waitv,
            waiters.as_ptr(),
            waiters.len(),
            0,
            &until,
            libc::CLOCK_MONOTONIC,
        )
    };
    if result >= 0 {
        return true;
    }
    let code = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
    matches!(code, libc::EAGAIN | libc::EINTR | libc::ETIMEDOUT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;
    use std::sync::Arc;

    #[test]
    fn wait_returns_at_once_when_the_word_differs() {
        let word = AtomicU32::new(1);
        wait(&word, 0, Duration::from_secs(60));
        assert!(wait_any(&[(&word, 0)], Duration::from_secs(60)));
    }

    #[test]
    fn wake_reaches_a_sleeper_of_many_words() {
        let words = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
        let waker = {
            let words = Arc::clone(&words);
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                words[1].store(1, Ordering::SeqCst);
                wake(&words[1], 1);
            })
        };
        while words[1].load(Ordering::SeqCst) == 0 {
            assert!(wait_any(
                &[(&words[0], 0), (&words[1], 0)],
                Duration::from_secs(10)
            ));
        }
        waker.join().unwrap();
    }
}
