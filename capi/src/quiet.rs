//! Keeps the library from printing: a panic inside it goes to the log instead of standard error.
//!
//! Rust's default hook prints every panic, also one that is caught at the boundary. The hook belongs to a copy of
//! Rust's standard library, so it is replaced only where that copy is the library's own (`standalone`, set by the
//! Makefile for libplasmite.so and libplasmite.a), never in a Rust program that links this crate.

#![allow(unsafe_code)]

use plasmite_core::sys::log::{self, Level};

/// Sends panics of this copy of the standard library to the log.
pub fn install() {
    std::panic::set_hook(Box::new(|panic| {
        log::emit(Level::Error, || {
            format!("the library failed inside: {panic}")
        });
    }));
}

#[cfg(standalone)]
extern "C" fn install_when_loaded() {
    crate::guard::plain((), install);
}

// SAFETY: the loader calls what this section lists, once, before any call of the library can be made.
#[cfg(standalone)]
#[used]
#[link_section = ".init_array"]
static INSTALL: extern "C" fn() = install_when_loaded;
