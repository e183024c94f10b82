//! The opt-in guard: a pool file cut short by another program becomes an error instead of SIGBUS.
//!
//! A store or load beyond the end of a file's last page raises SIGBUS. With the guard installed,
//! a fault inside one of the library's mappings puts private zero pages under the whole mapping
//! and marks it truncated; the operation then ends, sees the mark and reports Corrupt. Faults
//! elsewhere go to the handler that was there before.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::atomic::{fence, AtomicBool, AtomicUsize, Ordering};

use crate::error::{Error, Result};
use crate::sys::fork_lock::ForkLock;

/// Mappings the handler can look up; more than that are simply not guarded.
const SLOTS: usize = 4096;

/// A mapping as the handler sees it. Lives for ever, so that a handler in another thread may look at
/// it while its mapping is dropped.
struct Entry {
    /// Odd while a mapping is registered here; changes with every change of the others.
    version: AtomicUsize,
    start: AtomicUsize,
    len: AtomicUsize,
    truncated: AtomicBool,
}

static ENTRIES: [Entry; SLOTS] = [const {
    Entry {
        version: AtomicUsize::new(0),
        start: AtomicUsize::new(0),
        len: AtomicUsize::new(0),
        truncated: AtomicBool::new(false),
    }
}; SLOTS];

impl Entry {
    /// Start and length of the mapping, if the address lies in it. An entry that changes meanwhile
    /// is of another mapping than the one that the caller is using.
    fn range_around(&self, address: usize) -> Option<(usize, usize)> {
        let version = self.version.load(Ordering::Acquire);
        let start = self.start.load(Ordering::Relaxed);
        let len = self.len.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        let steady = version % 2 == 1 && self.version.load(Ordering::Relaxed) == version;
        (steady && address >= start && address - start < len).then_some((start, len))
    }
}

/// One past the highest entry ever used, so that the handler looks at no more than needed.
static USED: AtomicUsize = AtomicUsize::new(0);

static FREE: ForkLock<Vec<usize>> = ForkLock::new(Vec::new());

static INSTALLED: ForkLock<bool> = ForkLock::new(false);

/// What handled SIGBUS before us; written once, before our handler is installed.
struct Previous(UnsafeCell<MaybeUninit<libc::sigaction>>);

// SAFETY: written once under `INSTALLED`, before anything that reads it can run.
unsafe impl Sync for Previous {}

static PREVIOUS: Previous = Previous(UnsafeCell::new(MaybeUninit::uninit()));

/// A mapping's place in the handler's table.
#[derive(Debug)]
pub struct Slot(usize);

impl Slot {
    /// Where the handler says that it covered the mapping, as long as the slot is registered.
    pub fn truncated(&self) -> &'static AtomicBool {
        &ENTRIES[self.0].truncated
    }
}

/// Makes a mapping known to the handler; `None` when the table is full.
pub fn register(start: usize, len: usize) -> Option<Slot> {
    let mut free = FREE.lock();
    let index = match free.pop() {
        Some(index) => index,
        None => {
            let next = USED.load(Ordering::Relaxed);
            if next == SLOTS {
                return None;
            }
            USED.store(next + 1, Ordering::Release);
            next
        }
    };
    let entry = &ENTRIES[index];
    let version = entry.version.load(Ordering::Relaxed);
    // Whoever sees one of the new words sees the version that ended the last registration.
    fence(Ordering::Release);
    entry.start.store(start, Ordering::Relaxed);
    entry.len.store(len, Ordering::Relaxed);
    entry.truncated.store(false, Ordering::Relaxed);
    entry
        .version
        .store(version.wrapping_add(1), Ordering::Release);
    Some(Slot(index))
}

/// Takes a mapping out of the table, before it is unmapped.
pub fn unregister(slot: Slot) {
    let mut free = FREE.lock();
    let version = &ENTRIES[slot.0].version;
    version.store(
        version.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Release,
    );
    free.push(slot.0);
}

/// Replaces the pages of the mapping that the address lies in. Only async-signal-safe calls.
fn cover(address: usize) -> bool {
    for entry in &ENTRIES[..USED.load(Ordering::Acquire)] {
        // The faulting thread is using its mapping, so that one's entry stays as it is; mappings do
        // not overlap, so no other one matches.
        let Some((start, len)) = entry.range_around(address) else {
            continue;
        };
        entry.truncated.store(true, Ordering::Relaxed);
        // SAFETY: replaces pages of a mapping that the library owns and never lends out as plain
        // references; all its users check the mark before they believe what they read.
        let covered = unsafe {
            libc::mmap(
                start as *mut libc::c_void,
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        return covered != libc::MAP_FAILED;
    }
    false
}

extern "C" fn on_sigbus(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the kernel passes a valid siginfo to a SA_SIGINFO handler.
    let address = unsafe { (*info).si_addr() } as usize;
    if cover(address) {
        return;
    }
    // SAFETY: written once, before this handler was installed.
    let previous = unsafe { (*PREVIOUS.0.get()).assume_init_ref() };
    match previous.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {
            // Also where it was ignored: the kernel does not let a fault's SIGBUS be ignored, but ends
            // the process.
            // SAFETY: back to the default; the faulting instruction runs again and ends the process
            // as it would have without us.
            unsafe {
                let mut default: libc::sigaction = std::mem::zeroed();
                default.sa_sigaction = libc::SIG_DFL;
                libc::sigaction(signal, &default, std::ptr::null_mut());
            }
        }
        handler if previous.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: with SA_SIGINFO the word is a function of this type.
            let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
                unsafe { std::mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: without SA_SIGINFO the word is a function of this type.
            let handler: extern "C" fn(libc::c_int) = unsafe { std::mem::transmute(handler) };
            handler(signal);
        }
    }
}

/// Installs the handler for the whole process; a second call does nothing.
///
/// # Errors
/// Internal when the system refuses.
pub fn install() -> Result<()> {
    let mut installed = INSTALLED.lock();
    if *installed {
        return Ok(());
    }
    // SAFETY: both structures are valid; the handler does only what a handler may. The previous
    // action is stored before ours can run.
    unsafe {
        let mut previous: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGBUS, std::ptr::null(), &mut previous);
        (*PREVIOUS.0.get()).write(previous);
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_sigbus as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
        libc::sigemptyset(&mut action.sa_mask);
        if libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut()) != 0 {
            let source = std::io::Error::last_os_error();
            return Err(Error::from_io(
                &source,
                "install the guard against truncated pools",
            ));
        }
    }
    *installed = true;
    Ok(())
}
