//! Which process of a line of forks this is, and what has to happen at a fork.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};

static GENERATION: AtomicU32 = AtomicU32::new(1);

/// Counts the forks between the loading of the library and this process. State that a fork makes
/// stale carries the number it was made under.
#[inline(always)]
pub fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Descriptors that a forked child must not keep: as long as any process has them open, the kernel
/// takes the parent for alive.
static PRIVATE_FDS: Mutex<Vec<libc::c_int>> = Mutex::new(Vec::new());

/// Something that the forking thread holds over the fork, so that the child does not find it
/// half-changed by a thread that it does not have.
pub trait HeldOverFork: Sync {
    /// Takes it.
    fn before_fork(&self);
    /// Gives it back, in the parent and in the child.
    fn after_fork(&self);
}

static HELD_OVER_FORK: Mutex<Vec<&'static dyn HeldOverFork>> = Mutex::new(Vec::new());

type Guards = (
    MutexGuard<'static, Vec<libc::c_int>>,
    MutexGuard<'static, Vec<&'static dyn HeldOverFork>>,
);

/// Held from before a fork to after it, so that the child finds the lists whole.
struct Held(std::cell::UnsafeCell<Option<Guards>>);

// SAFETY: only the thread that forks touches the cell, in `prepare` and then in `parent` or `child`,
// and while it does the guard inside keeps other threads out of `prepare`.
unsafe impl Sync for Held {}

static HELD: Held = Held(std::cell::UnsafeCell::new(None));

fn fds() -> MutexGuard<'static, Vec<libc::c_int>> {
    PRIVATE_FDS
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

extern "C" fn prepare() {
    let held = held();
    held.iter().for_each(|lock| lock.before_fork());
    let guards = (fds(), held);
    // SAFETY: see `Held`; the guards were just taken.
    unsafe { *HELD.0.get() = Some(guards) };
}

extern "C" fn parent() {
    // SAFETY: see `Held`; this thread put the guards there.
    if let Some((_fds, held)) = unsafe { (*HELD.0.get()).take() } {
        held.iter().for_each(|lock| lock.after_fork());
    }
}

extern "C" fn child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    // SAFETY: see `Held`; the child has this one thread only.
    if let Some((mut fds, held)) = unsafe { (*HELD.0.get()).take() } {
        held.iter().for_each(|lock| lock.after_fork());
        for fd in fds.drain(..) {
            // Closed, never unlocked: an unlock would drop the parent's lock with it.
            // SAFETY: the list holds descriptors this library opened and has not closed.
            unsafe { libc::close(fd) };
        }
    }
}

fn held() -> MutexGuard<'static, Vec<&'static dyn HeldOverFork>> {
    HELD_OVER_FORK
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Holds this over every fork from now on. It must not be taken by a thread that has a
/// [`PrivateFd`] in the making.
pub fn hold(lock: &'static dyn HeldOverFork) {
    install();
    held().push(lock);
}

static INSTALLED: OnceLock<()> = OnceLock::new();

/// Installs the handlers, once per process image.
pub fn install() {
    INSTALLED.get_or_init(|| {
        // SAFETY: the handlers are plain functions that live as long as the library.
        unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
    });
}

/// Whether the handlers are installed.
pub fn is_installed() -> bool {
    INSTALLED.get().is_some()
}

/// A descriptor that a forked child closes at once. Dropping it closes it.
#[derive(Debug)]
pub struct PrivateFd {
    fd: libc::c_int,
    generation: u32,
}

impl PrivateFd {
    /// Opens through `open`, which must return a fresh descriptor, or an error.
    pub fn open(open: impl FnOnce() -> std::io::Result<libc::c_int>) -> std::io::Result<PrivateFd> {
        install();
        // Under the lock, so that no fork falls between the opening and the listing.
        let mut list = fds();
        let fd = open()?;
        list.push(fd);
        Ok(PrivateFd {
            fd,
            generation: generation(),
        })
    }

    /// The descriptor's number; meaningless after a fork.
    pub fn raw(&self) -> libc::c_int {
        self.fd
    }

    /// Whether this process is the one that opened it.
    pub fn is_ours(&self) -> bool {
        self.generation == generation()
    }
}

impl Drop for PrivateFd {
    fn drop(&mut self) {
        let mut list = fds();
        if self.is_ours() {
            if let Some(at) = list.iter().position(|fd| *fd == self.fd) {
                list.swap_remove(at);
            }
            // SAFETY: ours, open, and no longer listed.
            unsafe { libc::close(self.fd) };
        }
    }
}
