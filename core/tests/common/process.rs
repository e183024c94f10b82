//! Forked processes, memory shared with them, and the watchdog.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{env, soak};

/// Words shared with forked processes.
pub(crate) struct Board(*mut AtomicU64);

// SAFETY: the words are atomics in a mapping that is never unmapped.
unsafe impl Send for Board {}
// SAFETY: as above.
unsafe impl Sync for Board {}

impl Board {
    pub(crate) fn new() -> &'static Board {
        // SAFETY: a fresh anonymous mapping of one page.
        let page = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                4096,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        assert_ne!(page, libc::MAP_FAILED);
        Box::leak(Box::new(Board(page.cast())))
    }
    pub(crate) fn word(&self, index: usize) -> &AtomicU64 {
        assert!(index < 512);
        // SAFETY: within the page, which is zeroed and never unmapped.
        unsafe { &*self.0.add(index) }
    }
    pub(crate) fn get(&self, index: usize) -> u64 {
        self.word(index).load(Ordering::SeqCst)
    }
    pub(crate) fn set(&self, index: usize, value: u64) {
        self.word(index).store(value, Ordering::SeqCst);
    }
    /// Waits until a word has at least this value.
    pub(crate) fn await_at_least(&self, index: usize, value: u64) {
        until(|| self.get(index) >= value);
    }
}

/// Runs the named test again in a program of its own: true there, false here once that has passed.
pub(crate) fn alone(test: &str) -> bool {
    if std::env::var_os("PLASMITE_TEST_ALONE").is_some() {
        return true;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("PLASMITE_TEST_ALONE", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
    false
}

/// Waits until something is so; the watchdog bounds it.
pub(crate) fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// A forked process, killed when dropped.
pub(crate) struct Process {
    pub(crate) pid: libc::pid_t,
    reaped: bool,
}

/// Runs `work` in a forked process, which then exits with 0, or with 101 after a panic.
pub(crate) fn fork(work: impl FnOnce()) -> Process {
    // SAFETY: the child runs only this thread, and leaves through _exit.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid > 0 {
        return Process { pid, reaped: false };
    }
    // SAFETY: plain calls; a child must not outlive a test that dies, nor a hang its watchdog.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::alarm(soak(Duration::ZERO).as_secs() as u32 + 60);
    }
    std::panic::set_hook(Box::new(|info| {
        say(&format!("in a child process: {info}\n"))
    }));
    let code = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        Ok(()) => 0,
        Err(_) => 101,
    };
    // SAFETY: ends the child without running the harness's exit code.
    unsafe { libc::_exit(code) }
}

/// Gives up root, if this process has it, for nobody.
pub(crate) fn become_nobody() {
    // SAFETY: plain calls.
    unsafe {
        libc::setgid(65534);
        libc::setuid(65534);
    }
}

/// Writes to standard error past the harness's capture, which a forked child cannot reach.
pub(crate) fn say(text: &str) {
    // SAFETY: a valid buffer.
    unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
}

impl Process {
    pub(crate) fn signal(&self, signal: libc::c_int) {
        // SAFETY: a child of ours that was not reaped.
        assert_eq!(unsafe { libc::kill(self.pid, signal) }, 0);
    }
    /// Waits for its end; the wait status.
    pub(crate) fn reap(&mut self) -> libc::c_int {
        let mut status = 0;
        // SAFETY: our child, a valid place.
        assert_eq!(unsafe { libc::waitpid(self.pid, &mut status, 0) }, self.pid);
        self.reaped = true;
        status
    }
    pub(crate) fn kill(mut self) {
        self.signal(libc::SIGKILL);
        self.reap();
    }
    /// Waits for its end, which must be a good one.
    pub(crate) fn join(mut self) {
        let status = self.reap();
        assert_eq!(status, 0, "a child process failed (status {status:#x})");
    }
    /// Stops it, and returns when it stands.
    pub(crate) fn stop(&self) {
        self.signal(libc::SIGSTOP);
        let mut status = 0;
        // SAFETY: our child, a valid place.
        unsafe { libc::waitpid(self.pid, &mut status, libc::WUNTRACED) };
        assert!(libc::WIFSTOPPED(status));
    }
    pub(crate) fn resume(&self) {
        self.signal(libc::SIGCONT);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.reaped {
            // SAFETY: our child.
            unsafe { libc::kill(self.pid, libc::SIGKILL) };
            self.reap();
        }
    }
}

/// Ends the whole test program when a test hangs: 30 s, more in a soak.
pub(crate) struct Watchdog(Arc<AtomicBool>);

pub(crate) fn watchdog() -> Watchdog {
    let extra =
        soak(Duration::ZERO) + Duration::from_millis(env("PLASMITE_KILLS").unwrap_or(0) * 100);
    watchdog_for(Duration::from_secs(30) + extra)
}

pub(crate) fn watchdog_for(limit: Duration) -> Watchdog {
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    let name = std::thread::current()
        .name()
        .unwrap_or("a test")
        .to_string();
    std::thread::spawn(move || {
        let start = Instant::now();
        while start.elapsed() < limit {
            if seen.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        say(&format!("{name} hangs: ended after {limit:?}\n"));
        std::process::abort();
    });
    Watchdog(done)
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
