//! Filters: jq programs compiled once, which tell whether a message is wanted.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};
use std::sync::Arc;

use plasmite_core::filter::{Filter, FilterOptions};
use plasmite_core::{Error, Result};

use crate::bytes::{array_in, slice_in};
use crate::error::plsm_error_t;
use crate::guard::{status, truth, Out};
use crate::handle::{self, Opaque};
use crate::options::{self, Versioned};
use crate::text::utf8;
use crate::view::{overtaken, plsm_view_t, view_in};

/// A compiled filter. Any number of threads and streams may use one at once.
pub struct plsm_filter {
    _opaque: [u8; 0],
}

/// A compiled filter. See plsm_filter.
pub type plsm_filter_t = plsm_filter;

impl Opaque for plsm_filter {
    type Inner = Arc<Filter>;
    const MAGIC: u64 = 0x706c_736d_000c_57e3;
    const NAME: &'static str = "filter handle";
}

/// Refuse definitions that call themselves: for expressions that come from strangers.
pub const PLSM_FILTER_NO_RECURSION: u32 = 1;

/// How a filter is compiled. Zero it and set struct_size, or start from PLSM_FILTER_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_filter_options {
    /// sizeof(plsm_filter_options_t).
    pub struct_size: u32,
    /// PLSM_FILTER_ flags.
    pub flags: u32,
    /// Most steps for one message (some for each byte of it are added); 0 for 4000000.
    pub max_steps: u64,
}

/// How a filter is compiled. See plsm_filter_options.
pub type plsm_filter_options_t = plsm_filter_options;

// SAFETY: repr(C), integers only, starts with struct_size.
unsafe impl Versioned for plsm_filter_options {
    const FIRST_SIZE: usize = 16;
    const NAME: &'static str = "plsm_filter_options_t";
}

/// Compiles a jq expression over whole messages, `{"seq":...,"time":"...","meta":{"tags":[...]},"data":...}`, such
/// as `.data.status == "green"`: `len` bytes of UTF-8. NULL options mean those of PLSM_FILTER_OPTIONS_INIT.
///
/// A message matches when the outputs are `true`, `false` and `null` only, at least one is `true`, and no error
/// comes up. A missing key is null; integers compare exactly. Environment, files, further input, printing, local
/// time and modules are not available. Steps, memory and nesting are limited, so that every evaluation ends.
///
/// Usage: the expression is not valid; message and offset tell what and where. Free with plsm_filter_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_filter_new(
    expression: *const c_char,
    len: usize,
    options: *const plsm_filter_options_t,
    out_filter: *mut *mut plsm_filter_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a pointer, `len` bytes, and NULL or options of the size
        // they say.
        let (out, expression, given) = unsafe {
            (
                Out::new(out_filter, "out_filter")?,
                slice_in(expression.cast(), len, "expression")?,
                options::read(options)?,
            )
        };
        options::check_flags(
            given.flags,
            PLSM_FILTER_NO_RECURSION,
            plsm_filter_options::NAME,
        )?;
        let options = FilterOptions {
            no_recursion: given.flags & PLSM_FILTER_NO_RECURSION != 0,
            steps: (given.max_steps != 0).then_some(given.max_steps),
        };
        let filter = Filter::new(utf8(expression, "expression")?, &options)?;
        out.set(handle::into_raw(Arc::new(filter)));
        Ok(())
    })
}

/// Whether a message matches: 1 or 0. Usage, with the message's seq: the filter gave a number, a string, an array
/// or an object, or went beyond a limit. RetentionGap: the message was overwritten meanwhile. 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_filter_matches(
    filter: *mut plsm_filter_t,
    view: *const plsm_view_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    truth(out_err, || {
        // SAFETY: the caller passes NULL or a filter handle, and a filled view.
        let (filter, view) = unsafe { (handle::get(filter)?, view_in(view)?) };
        let matches = view
            .message()
            .and_then(|message| filter.matches(&message, || view.still_valid(), &mut 0));
        match matches {
            Ok(Some(matches)) => Ok(matches),
            Err(error) if view.still_valid() => Err(error),
            Ok(None) | Err(_) => Err(overtaken(view.seq)),
        }
    })
}

/// Frees a filter. Streams that were opened with it go on using it. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plsm_filter_free(filter: *mut plsm_filter_t) {
    // SAFETY: the caller passes NULL or a filter that no call uses.
    unsafe { handle::free(filter) }
}

/// Reads an array of filters.
///
/// # Safety
/// `filters` is NULL or `len` pointers, each NULL or a filter handle.
pub(crate) unsafe fn filters_in(
    filters: *const *const plsm_filter_t,
    len: usize,
) -> Result<Vec<Arc<Filter>>> {
    if len == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: passed on.
    let filters = unsafe { array_in(filters, len, "filters") }?;
    let filter = |(index, filter): (usize, &*const plsm_filter_t)| {
        if filter.is_null() {
            return Err(Error::usage(format!("filter {} is NULL", index + 1))
                .with_hint("pass filters_len filter handles"));
        }
        // SAFETY: each is a filter handle by the contract.
        unsafe { handle::get(*filter) }.cloned()
    };
    filters.iter().enumerate().map(filter).collect()
}
