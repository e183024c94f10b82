//! What is made ready while the library is loaded, because a fork must not fall into it.
//!
//! A value that one thread is making for the first time stays in the making for ever in a child that
//! another thread forks meanwhile, and whoever needs it there waits for ever. At load time no
//! thread uses the library yet.

#![allow(unsafe_code)]

use crate::format::frame;
use crate::pool::shared;
use crate::sys::{boot, clock, fork};

extern "C" fn make_ready() {
    fork::install();
    shared::hold_table_over_forks();
    boot::boot_id();
    clock::processors();
    // The checksum's choice of instructions.
    frame::body_crc(&[]);
}

// SAFETY: the loader calls each pointer in it once, and the function takes no arguments,
// needs nothing of the Rust runtime and does not unwind.
#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
static MAKE_READY: extern "C" fn() = make_ready;

#[cfg(test)]
mod tests {
    #[test]
    fn ran_before_main() {
        assert!(crate::sys::fork::is_installed());
    }
}
