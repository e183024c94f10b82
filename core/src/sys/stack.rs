//! How much of the thread's stack is left, for code that recurses as deep as its input says.

#![allow(unsafe_code)]

use std::cell::Cell;

thread_local! {
    /// Lowest address of the thread's stack; 0 while unknown.
    static LOWEST: Cell<usize> = const { Cell::new(0) };
}

/// So much is taken to be left where the system does not tell, or on a stack that is not the thread's own.
const UNKNOWN: usize = 128 << 10;

/// An address in the caller's frame. Stacks grow downwards.
#[inline(always)]
pub fn here() -> usize {
    let mark = 0u8;
    std::ptr::from_ref(std::hint::black_box(&mark)).addr()
}

/// Bytes of stack between here and its end.
pub fn left() -> usize {
    let here = here();
    let mut lowest = LOWEST.get();
    if lowest == 0 {
        lowest = lowest_address()
            .unwrap_or(here.saturating_sub(UNKNOWN))
            .max(1);
        LOWEST.set(lowest);
    }
    match here.checked_sub(lowest) {
        Some(left) if left < 1 << 32 => left,
        _ => UNKNOWN,
    }
}

fn lowest_address() -> Option<usize> {
    // SAFETY: the attributes are initialised by pthread_getattr_np, which fails or fills them whole, and are
    // destroyed once; both outputs are places for one value.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return None;
        }
        let mut lowest = std::ptr::null_mut();
        let mut size = 0;
        let found = libc::pthread_attr_getstack(&attributes, &mut lowest, &mut size) == 0;
        libc::pthread_attr_destroy(&mut attributes);
        found.then(|| lowest.addr())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_less_than_the_stack() {
        let size = 256 << 10;
        let thread = std::thread::Builder::new().stack_size(size);
        let left = thread.spawn(left).unwrap().join().unwrap();
        assert!(left > size / 2 && left < 2 * size, "{left}");
    }
}
