//! The library itself: versions, features, logging, the guard against truncated files.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_void, CStr, CString};

use plasmite_core::sys::{self, log::Level};

use crate::error::plsm_error_t;
use crate::guard::{plain, status};
use crate::options::unknown_number;
use crate::text::c_string;

const ABI_VERSION: u32 = 1;

/// The features that plsm_has_feature knows, as its documentation lists them.
const FEATURES: &[&CStr] = &[
    c"pools",
    c"lite3",
    c"views",
    c"values",
    c"batch",
    c"reserve",
    c"tags",
    c"gap-event",
    c"backwards",
    c"cancel",
    c"event-fd",
    c"wait-any",
    c"guard",
    c"log",
    c"ingest",
    c"doctor",
    c"migrate",
    c"salvage",
    c"jq",
    c"remote",
];

/// The version of the ABI that the library offers; see PLSM_ABI_VERSION.
#[no_mangle]
pub extern "C" fn plsm_abi_version() -> u32 {
    ABI_VERSION
}

/// The version of the library as text, for example "1.0.0". Lives for ever.
#[no_mangle]
pub extern "C" fn plsm_version() -> *const c_char {
    const TEXT: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    TEXT.as_ptr().cast()
}

/// The version of the library as one number: major * 1000000 + minor * 1000 + patch.
#[no_mangle]
pub extern "C" fn plsm_version_number() -> u32 {
    number(env!("CARGO_PKG_VERSION_MAJOR")) * 1_000_000
        + number(env!("CARGO_PKG_VERSION_MINOR")) * 1000
        + number(env!("CARGO_PKG_VERSION_PATCH"))
}

const fn number(text: &str) -> u32 {
    let mut value = 0;
    let mut at = 0;
    while at < text.len() {
        value = value * 10 + (text.as_bytes()[at] - b'0') as u32;
        at += 1;
    }
    value
}

/// What the library was built as, for a report: version, target, build kind. Not for parsing. Lives for
/// ever.
#[no_mangle]
pub extern "C" fn plsm_build_info() -> *const c_char {
    const KIND: &str = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    static TEXT: std::sync::OnceLock<CString> = std::sync::OnceLock::new();
    plain(std::ptr::null(), || {
        let text = TEXT.get_or_init(|| {
            let version = env!("CARGO_PKG_VERSION");
            let (arch, os) = (std::env::consts::ARCH, std::env::consts::OS);
            c_string(&format!("plasmite {version} ({arch}-{os}, {KIND})"))
        });
        text.as_ptr()
    })
}

/// Which pool file formats the library reads (from oldest to newest) and writes. Each output may be NULL.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_formats(
    oldest_read: *mut u32,
    newest_read: *mut u32,
    written: *mut u32,
) {
    let format = plasmite_core::POOL_FORMAT;
    for place in [oldest_read, newest_read, written] {
        if !place.is_null() && place.is_aligned() {
            // SAFETY: the caller passes NULL or a place for a number.
            unsafe { place.write(format) };
        }
    }
}

/// Whether the library has a feature: 1 or 0. Names: "pools", "lite3" (the codec), "views" (messages in
/// place), "values" (fields in place), "batch", "reserve", "tags" (filters), "gap-event", "backwards",
/// "cancel", "event-fd", "wait-any", "guard", "log", "ingest", "doctor", "migrate", "salvage", "jq" (filters), "remote"
/// (pools of servers). Later versions add names; an unknown one gives 0, and so does NULL.
#[no_mangle]
pub unsafe extern "C" fn plsm_has_feature(name: *const c_char) -> u32 {
    if name.is_null() {
        return 0;
    }
    // SAFETY: not NULL, so a NUL-terminated string by the call's contract.
    let name = unsafe { CStr::from_ptr(name) };
    u32::from(FEATURES.contains(&name))
}

/// How serious a log line is. plsm_log_set takes the highest number that is still wanted.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum plsm_log_level {
    /// Something failed that no call could report.
    PLSM_LOG_ERROR = 1,
    /// Something was repaired or worked around.
    PLSM_LOG_WARN = 2,
    /// Rare events that are worth knowing.
    PLSM_LOG_INFO = 3,
}

/// How serious a log line is. See plsm_log_level.
pub type plsm_log_level_t = plsm_log_level;

/// Receives one log line: the `user` pointer of plsm_log_set, a plsm_log_level_t, and a text that is valid
/// during the call. Called from whatever thread has something to say, possibly from several at once; it
/// must return and make no call of this library.
pub type plsm_log_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, level: u32, message: *const c_char)>;

struct Sink {
    call: unsafe extern "C" fn(*mut c_void, u32, *const c_char),
    user: *mut c_void,
}

// SAFETY: plsm_log_set's contract: function and pointer may be used from any thread at once.
unsafe impl Send for Sink {}
// SAFETY: as above.
unsafe impl Sync for Sink {}

/// Sends log lines up to `max_level` (a plsm_log_level_t) to `fn`, with `user` handed through. NULL, or
/// level 0, turns logging off, as it is at first; a level above the highest means everything. For the whole
/// process. The former function may still be running, or be called once more, while this call returns, so
/// do not free what its `user` points to.
#[no_mangle]
pub unsafe extern "C" fn plsm_log_set(r#fn: plsm_log_fn, user: *mut c_void, max_level: u32) {
    plain((), || {
        let level = match max_level {
            0 => None,
            1 => Some(Level::Error),
            2 => Some(Level::Warn),
            _ => Some(Level::Info),
        };
        let (Some(level), Some(call)) = (level, r#fn) else {
            return sys::log::set(Level::Error, None);
        };
        let sink = Sink { call, user };
        let forward = move |level: Level, text: &str| {
            let sink = &sink;
            let text = c_string(text);
            // SAFETY: the function is callable from any thread by plsm_log_set's contract; the text
            // outlives the call.
            unsafe { (sink.call)(sink.user, level as u32, text.as_ptr()) }
        };
        sys::log::set(level, Some(Box::new(forward)));
    });
}

/// Installs, once for the process, a SIGBUS handler that turns access to a pool file which somebody
/// truncated into PLSM_ERROR_CORRUPT. Without it that access kills the process, as with any mapped file.
/// Faults elsewhere go to the handler that was there before. Views read in place are covered only while a
/// call of this library reads them. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_guard_install(out_err: *mut *mut plsm_error_t) -> c_int {
    status(out_err, sys::guard::install)
}

/// The error for a number that is no durability.
#[cold]
pub(crate) fn unknown_durability(number: u32) -> plasmite_core::Error {
    unknown_number(u64::from(number), "durabilities (0 fast, 1 flush)")
}
