//! The library itself: versions, features, the guard against truncated files, the log.
#![allow(unsafe_code)]

use crate::call::call;
use crate::error::borrowed_text;
use crate::{raw, Result};
use std::ffi::{c_char, c_void, CStr};

/// The version of the library's binary interface.
pub fn abi_version() -> u32 {
    // SAFETY: takes nothing.
    unsafe { raw::plsm_abi_version() }
}

/// The version of the linked library, for example `1.0.0`.
pub fn version() -> &'static str {
    // SAFETY: the text is the library's own and constant.
    unsafe { borrowed_text(raw::plsm_version()) }
}

/// The same as one number: `major * 1_000_000 + minor * 1_000 + patch`.
pub fn version_number() -> u32 {
    // SAFETY: takes nothing.
    unsafe { raw::plsm_version_number() }
}

/// How the library was built, for bug reports.
pub fn build_info() -> &'static str {
    // SAFETY: the text is the library's own and constant.
    unsafe { borrowed_text(raw::plsm_build_info()) }
}

/// The pool file formats the library knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolFormats {
    /// The oldest it reads.
    pub oldest_read: u32,
    /// The newest it reads.
    pub newest_read: u32,
    /// The one it writes.
    pub written: u32,
}

/// The pool file formats the library reads and writes.
pub fn pool_formats() -> PoolFormats {
    let mut formats = PoolFormats {
        oldest_read: 0,
        newest_read: 0,
        written: 0,
    };
    // SAFETY: three outputs of ours.
    unsafe {
        raw::plsm_pool_formats(
            &mut formats.oldest_read,
            &mut formats.newest_read,
            &mut formats.written,
        )
    };
    formats
}

/// Whether the library has a feature, by the names in its header; unknown names are simply not there.
pub fn has_feature(name: &str) -> bool {
    match crate::call::c_text(name, "the feature") {
        // SAFETY: a NUL-terminated text, live for the call.
        Ok(name) => unsafe { raw::plsm_has_feature(name.as_ptr()) != 0 },
        Err(_) => false,
    }
}

/// Turns the SIGBUS of a pool that someone truncates while it is mapped into a Corrupt error. Installs a signal
/// handler for the whole process, so programs call it once, libraries never.
///
/// # Errors
/// Io when the system refuses the handler.
pub fn install_guard() -> Result<()> {
    // SAFETY: the library chains to handlers that are there already.
    call(|error| unsafe { raw::plsm_guard_install(error) })?;
    Ok(())
}

/// Where log lines go: their level (1 error, 2 warning, 3 worth knowing) and text. Called from any thread.
pub type LogSink = fn(level: u32, message: &str);

/// Sends the library's log lines up to `max_level` to `sink`; `None` turns the log off, which it is at first.
pub fn set_log(sink: Option<LogSink>, max_level: u32) {
    match sink {
        // SAFETY: the function pointer travels as the user pointer and comes back unchanged.
        Some(sink) => unsafe { raw::plsm_log_set(Some(forward), sink as *mut c_void, max_level) },
        // SAFETY: no function, no user pointer.
        None => unsafe { raw::plsm_log_set(None, std::ptr::null_mut(), 0) },
    }
}

unsafe extern "C" fn forward(sink: *mut c_void, level: u32, message: *const c_char) {
    // A panic must not cross into the library.
    let _ = std::panic::catch_unwind(|| {
        // SAFETY: `sink` is the function given to `set_log`, `message` a NUL-terminated text during the call.
        let (sink, message) = unsafe {
            (
                std::mem::transmute::<*mut c_void, LogSink>(sink),
                CStr::from_ptr(message),
            )
        };
        sink(level, &message.to_string_lossy());
    });
}
