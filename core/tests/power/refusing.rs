//! A disk that refuses syncs, and what the kernel makes of that: the pages of a failed sync count as clean, and
//! none of them is written before somebody stores to it again.
//!
//! `fdatasync` and `msync` of this test program are the ones below. After a failure the pool's mapping is write-protected,
//! so that the first store to each page is seen, as the kernel sees it.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::sync::OnceLock;

const PAGE: usize = 4096;

struct Watched {
    base: usize,
    /// For each page whether it is clean although the disk does not have it.
    unwritten: Vec<bool>,
}

thread_local! {
    static DURING: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
    static CONTROL_SYNCS: Cell<u64> = const { Cell::new(0) };
    static REFUSING: Cell<bool> = const { Cell::new(false) };
    static SYNCS: Cell<u64> = const { Cell::new(0) };
    static WATCHED: RefCell<Option<Watched>> = const { RefCell::new(None) };
}

/// Watches the mapping that starts at `base`; of this thread alone.
pub(crate) fn watch(base: *const u8, len: usize) {
    static HANDLER: OnceLock<()> = OnceLock::new();
    HANDLER.get_or_init(|| {
        // SAFETY: a valid action, whose handler does what a handler may: the page it unprotects is its thread's own.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_store as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            assert_eq!(
                libc::sigaction(libc::SIGSEGV, &action, std::ptr::null_mut()),
                0
            );
        }
    });
    let watched = Watched {
        base: base as usize,
        unwritten: vec![false; len.div_ceil(PAGE)],
    };
    WATCHED.with(|place| *place.borrow_mut() = Some(watched));
    refuse(false);
}

/// Ends the watch; before the mapping goes.
pub(crate) fn unwatch() {
    WATCHED.with(|place| *place.borrow_mut() = None);
    refuse(false);
}

/// Lets syncs of this thread fail from now on, or succeed.
pub(crate) fn refuse(refusing: bool) {
    REFUSING.with(|place| place.set(refusing));
}

/// Whether syncs fail.
pub(crate) fn refuses() -> bool {
    REFUSING.with(Cell::get)
}

/// How many syncs of whole files by this thread have succeeded.
pub(crate) fn syncs() -> u64 {
    SYNCS.with(Cell::get)
}

/// How many syncs of the control page by this thread have succeeded.
pub(crate) fn control_syncs() -> u64 {
    CONTROL_SYNCS.with(Cell::get)
}

/// What others do while the next sync of a whole file goes on, if there is one; nothing for `None`.
pub(crate) fn during_next_sync(work: Option<Box<dyn FnOnce()>>) {
    DURING.with(|place| *place.borrow_mut() = work);
}

/// Whether a page is clean although the disk does not have it.
pub(crate) fn is_unwritten(page: usize) -> bool {
    WATCHED.with(|place| place.borrow().as_ref().is_some_and(|it| it.unwritten[page]))
}

fn protect(address: usize, len: usize, access: libc::c_int) {
    // SAFETY: pages of the watched mapping; what its owner may do with them is changed only for moments.
    assert_eq!(unsafe { libc::mprotect(address as *mut _, len, access) }, 0);
}

extern "C" fn on_store(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid siginfo.
    let address = unsafe { (*info).si_addr() } as usize;
    let ours = WATCHED.with(|place| {
        let Ok(mut place) = place.try_borrow_mut() else {
            return false;
        };
        let Some(watched) = place.as_mut() else {
            return false;
        };
        let page = address.wrapping_sub(watched.base) / PAGE;
        let Some(unwritten) = watched.unwritten.get_mut(page) else {
            return false;
        };
        *unwritten = false;
        protect(
            watched.base + page * PAGE,
            PAGE,
            libc::PROT_READ | libc::PROT_WRITE,
        );
        true
    });
    if !ours {
        // SAFETY: the fault happens again, and ends the process.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Fails as the disk does; `false` when it does not refuse.
fn fails(range: Option<(usize, usize)>) -> bool {
    if !refuses() {
        return false;
    }
    WATCHED.with(|place| {
        let mut place = place.borrow_mut();
        let watched = place.as_mut().expect("a pool that is watched");
        let pages = match range {
            Some((start, len)) => {
                let first = (start - watched.base) / PAGE;
                first..first + len.div_ceil(PAGE)
            }
            None => 0..watched.unwritten.len(),
        };
        let (start, count) = (watched.base + pages.start * PAGE, pages.len());
        watched.unwritten[pages].fill(true);
        protect(start, count * PAGE, libc::PROT_READ);
    });
    // SAFETY: the thread's own place for it.
    unsafe { *libc::__errno_location() = libc::EIO };
    true
}

#[no_mangle]
extern "C" fn fdatasync(fd: libc::c_int) -> libc::c_int {
    if fails(None) {
        return -1;
    }
    if let Some(work) = DURING.with(|place| place.borrow_mut().take()) {
        work();
    }
    SYNCS.with(|count| count.set(count.get() + 1));
    // SAFETY: the caller's arguments, passed on.
    unsafe { libc::syscall(libc::SYS_fdatasync, fd) as libc::c_int }
}

#[no_mangle]
extern "C" fn msync(address: *mut libc::c_void, len: usize, flags: libc::c_int) -> libc::c_int {
    if fails(Some((address as usize, len))) {
        return -1;
    }
    CONTROL_SYNCS.with(|count| count.set(count.get() + 1));
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_msync, address, len, flags) as libc::c_int }
}
