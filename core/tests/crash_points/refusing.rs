//! A system that refuses: `fdatasync` and `unlinkat` of this test program are the ones below, and fail in a process that says so.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

static SYNCS: AtomicBool = AtomicBool::new(false);
/// Syncs that still succeed, below 0 those that were refused.
static ALLOWED: AtomicI64 = AtomicI64::new(0);
static UNLINKS: AtomicBool = AtomicBool::new(false);

/// Lets syncs of files fail from now on, or succeed.
pub(crate) fn refuse_syncs(refusing: bool) {
    ALLOWED.store(0, Ordering::SeqCst);
    SYNCS.store(refusing, Ordering::SeqCst);
}

/// Lets syncs of files fail but for so many that come first.
pub(crate) fn refuse_syncs_behind(allowed: i64) {
    refuse_syncs(true);
    ALLOWED.store(allowed, Ordering::SeqCst);
}

/// Lets no file be removed from now on.
pub(crate) fn refuse_unlinks() {
    UNLINKS.store(true, Ordering::SeqCst);
}

fn fail(number: libc::c_int) -> libc::c_int {
    // SAFETY: the thread's own place for it.
    unsafe { *libc::__errno_location() = number };
    -1
}

#[no_mangle]
extern "C" fn fdatasync(fd: libc::c_int) -> libc::c_int {
    if SYNCS.load(Ordering::SeqCst) && ALLOWED.fetch_sub(1, Ordering::SeqCst) <= 0 {
        return fail(libc::EIO);
    }
    // SAFETY: the caller's arguments, passed on.
    unsafe { libc::syscall(libc::SYS_fdatasync, fd) as libc::c_int }
}

#[no_mangle]
extern "C" fn unlinkat(
    directory: libc::c_int,
    name: *const libc::c_char,
    flags: libc::c_int,
) -> libc::c_int {
    if UNLINKS.load(Ordering::SeqCst) {
        return fail(libc::EBUSY);
    }
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_unlinkat, directory, name, flags) as libc::c_int }
}
