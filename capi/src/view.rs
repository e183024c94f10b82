//! Views: a message borrowed where it lies, turned into JSON or Lite3, in whole or in part.

#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};

use plasmite_core::message::{Message, TimeCache};
use plasmite_core::store::{RacingBytes, View};
use plasmite_core::{Error, ErrorKind, Result};

use crate::bytes::{give_built, plsm_buf_t, with_scratch};
use crate::error::plsm_error_t;
use crate::guard::{check_pointer, plain, status, truth, Out};
use crate::options::unknown_number;

/// The view looks into the pool's memory, which writers may overwrite; see plsm_view_is_valid.
pub const PLSM_VIEW_IN_PLACE: u32 = 1;

/// A borrowed message, filled by the library. Read the fields; change none. It may be copied, and lives as
/// long as what it was borrowed from.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_view {
    /// The message's seq.
    pub seq: u64,
    /// The message's time, in ns since 1970.
    pub timestamp_ns: u64,
    /// The payload as stored; read it with the plsm_view_ calls.
    pub payload: *const u8,
    /// Size of the payload.
    pub payload_len: usize,
    /// The tags as stored; read them with plsm_view_tag.
    pub tags: *const u8,
    /// Size of the tags.
    pub tags_len: usize,
    /// How the payload is stored; of the library.
    pub encoding: u32,
    /// PLSM_VIEW_IN_PLACE or 0.
    pub flags: u32,
    /// Of the library.
    pub guard: *const c_void,
    /// Of the library.
    pub position: u64,
    /// Of the library.
    pub reserved: [u64; 2],
}

/// A borrowed message. See plsm_view.
pub type plsm_view_t = plsm_view;

// The two are one struct, so that core writes straight into the caller's.
const _: () = {
    use std::mem::{align_of, offset_of, size_of};
    assert!(
        size_of::<View>() == size_of::<plsm_view>()
            && align_of::<View>() == align_of::<plsm_view>()
    );
    assert!(offset_of!(View, time_ns) == offset_of!(plsm_view, timestamp_ns));
    assert!(offset_of!(View, payload) == offset_of!(plsm_view, payload));
    assert!(offset_of!(View, payload_len) == offset_of!(plsm_view, payload_len));
    assert!(offset_of!(View, tags) == offset_of!(plsm_view, tags));
    assert!(offset_of!(View, tags_len) == offset_of!(plsm_view, tags_len));
    assert!(offset_of!(View, encoding) == offset_of!(plsm_view, encoding));
    assert!(offset_of!(View, flags) == offset_of!(plsm_view, flags));
    assert!(offset_of!(View, guard) == offset_of!(plsm_view, guard));
    assert!(offset_of!(View, position) == offset_of!(plsm_view, position));
    assert!(View::IN_PLACE == PLSM_VIEW_IN_PLACE);
};

/// The caller's view as core knows it.
///
/// # Safety
/// `view` is NULL or a place for a view, for as long as the reference is used.
#[inline(always)]
pub(crate) unsafe fn view_out<'a>(view: *mut plsm_view) -> Result<&'a mut View> {
    check_pointer(view, "out_view")?;
    // SAFETY: writable by the contract, of the same layout (asserted above); any bytes are a view.
    Ok(unsafe { &mut *view.cast::<View>() })
}

/// As [`view_out`], for many.
///
/// # Safety
/// `views` is NULL or `count` places for views, for as long as the reference is used.
pub(crate) unsafe fn views_out<'a>(views: *mut plsm_view, count: usize) -> Result<&'a mut [View]> {
    check_pointer(views, "out_views")?;
    if count == 0 {
        return Err(Error::usage("capacity is 0: there is no place for a view"));
    }
    let count = count.min(isize::MAX as usize / std::mem::size_of::<View>());
    // SAFETY: writable by the contract, of the same layout (asserted above); any bytes are a view.
    Ok(unsafe { std::slice::from_raw_parts_mut(views.cast::<View>(), count) })
}

/// Reads a view back.
///
/// # Safety
/// `view` is NULL or a view that a call filled, and what it was borrowed from lives.
#[inline(always)]
pub(crate) unsafe fn view_in<'a>(view: *const plsm_view) -> Result<&'a View> {
    check_pointer(view, "view")?;
    // SAFETY: readable by the contract, of the same layout (asserted above).
    let view = unsafe { &*view.cast::<View>() };
    if view.seq == 0 || view.payload.is_null() || view.encoding > 2 {
        return Err(not_a_view());
    }
    Ok(view)
}

#[cold]
fn not_a_view() -> Error {
    Error::usage("the view was not filled by a successful call")
        .with_hint("check the result of the call that fills it")
}

/// Runs `read` on the message. In place, what it read counts only if the message was still there
/// afterwards.
pub(crate) fn read_whole<T>(
    view: &View,
    read: impl FnOnce(&Message<RacingBytes<'_>>) -> Result<T>,
) -> Result<T> {
    let result = view.message().and_then(|message| read(&message));
    if view.still_valid() {
        result
    } else {
        Err(overtaken(view.seq))
    }
}

#[cold]
pub(crate) fn overtaken(seq: u64) -> Error {
    Error::new(
        ErrorKind::RetentionGap,
        format!("message {seq} was overwritten while it was read in place"),
    )
    .with_seq(seq)
    .with_hint("go on with the next message; read sooner, copy, or use a larger pool")
}

/// Appends the whole-message document.
pub(crate) fn document_into(view: &View, document: &mut Vec<u8>) -> Result<()> {
    read_whole(view, |message| message.to_lite3_document(document)).map_err(|error| {
        match error.seq() {
            Some(_) => error,
            None => error.with_seq(view.seq),
        }
    })
}

/// A part of a message.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum plsm_part {
    /// All of it: `{"seq":...,"time":"...","meta":{"tags":[...]},"data":...}`.
    PLSM_PART_ENVELOPE = 0,
    /// The data alone.
    PLSM_PART_DATA = 1,
    /// The tags alone, as an array.
    PLSM_PART_TAGS = 2,
    /// All but the data: `{"seq":...,"time":"...","meta":{"tags":[...]}}`.
    PLSM_PART_HEAD = 3,
}

/// A part of a message. See plsm_part.
pub type plsm_part_t = plsm_part;

fn part_into(view: &View, part: u32, json: &mut Vec<u8>) -> Result<()> {
    if part > plsm_part::PLSM_PART_HEAD as u32 {
        return Err(unknown_number(u64::from(part), "parts of a message"));
    }
    read_whole(view, |message| match part {
        0 => message.write_envelope(json, &mut TimeCache::new()),
        1 => message.write_data(json),
        2 => message.write_tags(json),
        _ => message.write_receipt(json, &mut TimeCache::new()),
    })
}

/// Whether the message is still there, so that what was read of it before this call counts: 1 or 0. Always
/// 1 for a private copy.
#[no_mangle]
pub unsafe extern "C" fn plsm_view_is_valid(view: *const plsm_view_t) -> u32 {
    plain(0, || {
        // SAFETY: the caller passes NULL or a filled view.
        unsafe { view_in(view) }.map_or(0, |view| u32::from(view.still_valid()))
    })
}

/// Gives a part of the message (a plsm_part_t) as compact JSON. RetentionGap: it was overwritten meanwhile.
/// Corrupt: it is damaged. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_view_json(
    view: *const plsm_view_t,
    part: u32,
    out_json: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a buffer, and a filled view.
        let (out, view) = unsafe { (Out::new(out_json, "out_json")?, view_in(view)?) };
        out.set(give_built(|json| part_into(view, part, json))?);
        Ok(())
    })
}

/// As plsm_view_json, into `cap` bytes of the caller's at `buf`; `out_len` gets the length. 1: written. 0:
/// too small; nothing was written, and `out_len` is what it takes. `buf` may be NULL when `cap` is 0. 1, 0
/// or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_view_write_json(
    view: *const plsm_view_t,
    part: u32,
    buf: *mut u8,
    cap: usize,
    out_len: *mut usize,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    truth(out_err, || {
        // SAFETY: the caller passes NULL or a place for a number, and a filled view.
        let (out, view) = unsafe { (Out::new(out_len, "out_len")?, view_in(view)?) };
        if cap != 0 {
            check_pointer(buf, "buf")?;
        }
        with_scratch(|json| {
            part_into(view, part, json)?;
            let fits = json.len() <= cap;
            if fits {
                // SAFETY: `cap` bytes are writable by the call's contract; the scratch buffer is our own.
                unsafe { std::ptr::copy_nonoverlapping(json.as_ptr(), buf, json.len()) };
            }
            out.set(json.len());
            Ok(fits)
        })
    })
}

/// Gives the message as a Lite3 message document, as plsm_pool_get_lite3 would. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_view_lite3(
    view: *const plsm_view_t,
    out_document: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a buffer, and a filled view.
        let (out, view) = unsafe { (Out::new(out_document, "out_document")?, view_in(view)?) };
        out.set(give_built(|document| document_into(view, document))?);
        Ok(())
    })
}
