//! How many inputs were refused: the library found at least one thing wrong with them, and said so.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Once;

/// Of the input at hand, which may be looked at by several threads.
static IS_REFUSED: AtomicBool = AtomicBool::new(false);
static REFUSED: AtomicU64 = AtomicU64::new(0);

/// Does what `run` does with an input, and counts it if it was refused. When the process ends well, the number stands
/// in the last line of its standard error.
pub fn counted(run: impl FnOnce()) {
    static AT_EXIT: Once = Once::new();
    // SAFETY: the handler only writes a line.
    AT_EXIT.call_once(|| unsafe {
        libc::atexit(tell);
    });
    run();
    if IS_REFUSED.swap(false, Ordering::Relaxed) {
        REFUSED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Something of the input at hand was refused.
pub fn refused() {
    IS_REFUSED.store(true, Ordering::Relaxed);
}

extern "C" fn tell() {
    eprintln!("inputs refused: {}", REFUSED.load(Ordering::Relaxed));
}
