//! Ingest: input of any common form, pushed in pieces, cut into records; and their way into a pool.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::sync::{Mutex, MutexGuard, PoisonError};

use plasmite_core::ingest::{Fault, FaultKind, Ingest, Place, Step};
use plasmite_core::Result;

use crate::append::{plsm_append_options_t, plsm_receipt_t, with_options};
use crate::bytes::{plsm_bytes, plsm_bytes_t, slice_or_empty};
use crate::error::{plsm_error_t, ErrorObject};
use crate::guard::{outcome, plain, status, Out};
use crate::handle::{self, Opaque};
use crate::ingest_options::{self, plsm_ingest_options_t};
use crate::pool::{plsm_pool_t, pool_in};

/// What an ingest has to say.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum plsm_ingest_step {
    /// More input is needed (plsm_ingest_push), or its end (plsm_ingest_finish).
    PLSM_INGEST_MORE = 0,
    /// A record.
    PLSM_INGEST_RECORD = 1,
    /// A bad record.
    PLSM_INGEST_FAULT = 2,
    /// The input has ended, or the reading after a fault. Stays so.
    PLSM_INGEST_END = 3,
}

/// What an ingest has to say. See plsm_ingest_step.
pub type plsm_ingest_step_t = plsm_ingest_step;

/// Why a record is a bad one.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum plsm_ingest_fault {
    /// It is not JSON, or nests too deep, or has a number that no double can hold.
    PLSM_INGEST_PARSE = 1,
    /// It is larger than the options allow, or than the pool can hold.
    PLSM_INGEST_OVERSIZE = 2,
}

/// Why a record is a bad one. See plsm_ingest_fault.
pub type plsm_ingest_fault_t = plsm_ingest_fault;

/// A record or a bad record. What it points to is borrowed from the ingest until the next call on it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_ingest_item {
    /// Its number from 1; bad records count.
    pub index: u64,
    /// The line on which it starts, from 1.
    pub line: u64,
    /// The byte of the input at which it starts, from 0.
    pub offset: u64,
    /// The JSON text of a record, without white space around it. Of a bad one its first bytes, at most 200 and in
    /// UTF-8, `...` at their end when there are more.
    pub text: plsm_bytes_t,
    /// What is wrong with a bad record, in words; its offset is a byte of the input. NULL for a record.
    pub error: *const plsm_error_t,
    /// A plsm_ingest_fault_t; 0 for a record.
    pub fault: u32,
    /// A plsm_ingest_mode_t: what the input looks like, never PLSM_INGEST_AUTO.
    pub mode: u32,
    /// Of a message that plsm_ingest_append has copied: its tags, a JSON array. Otherwise empty.
    pub copied_tags: plsm_bytes_t,
}

/// A record or a bad record. See plsm_ingest_item.
pub type plsm_ingest_item_t = plsm_ingest_item;

/// How many records an ingest has given.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_ingest_counts {
    /// Good ones.
    pub records: u64,
    /// Bad ones.
    pub faults: u64,
}

/// How many records an ingest has given. See plsm_ingest_counts.
pub type plsm_ingest_counts_t = plsm_ingest_counts;

/// An input being read.
pub struct plsm_ingest {
    _opaque: [u8; 0],
}

/// An input being read. See plsm_ingest.
pub type plsm_ingest_t = plsm_ingest;

/// What an ingest handle owns.
pub struct Reader {
    ingest: Ingest,
    copied_tags: Vec<u8>,
    /// What the last item borrows, if it was a bad record.
    fault: Option<(String, Box<ErrorObject>)>,
}

impl Opaque for plsm_ingest {
    type Inner = Mutex<Reader>;
    const MAGIC: u64 = 0x706c_736d_0009_1e57;
    const NAME: &'static str = "ingest";
}

/// # Safety
/// NULL or an ingest that lives for `'a`.
#[inline]
unsafe fn reader_in<'a>(ingest: *mut plsm_ingest_t) -> Result<MutexGuard<'a, Reader>> {
    // SAFETY: passed on.
    let reader = unsafe { handle::get(ingest) }?;
    // A call that unwound left a reader that is in order, if not where it should be.
    Ok(reader.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Begins to read an input that has yet to come. NULL options mean: the mode is found out, the first bad record
/// ends the reading, records of up to 256 MiB. Free with plsm_ingest_free. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_ingest_new(
    options: *const plsm_ingest_options_t,
    out_ingest: *mut *mut plsm_ingest_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or options of the size they say, and a place for a pointer.
        let (out, options) = unsafe {
            (
                Out::new(out_ingest, "out_ingest")?,
                ingest_options::read(options)?,
            )
        };
        out.set(handle::into_raw(Mutex::new(Reader {
            ingest: Ingest::new(options),
            copied_tags: Vec::new(),
            fault: None,
        })));
        Ok(())
    })
}

/// Gives the ingest a piece of the input, of any size; it is copied. Ask for every record in it
/// (plsm_ingest_next or plsm_ingest_append, until PLSM_INGEST_MORE) before the next piece, so that no more
/// is kept than one record. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_ingest_push(
    ingest: *mut plsm_ingest_t,
    data: *const u8,
    len: usize,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or an ingest, and readable bytes.
        let (mut reader, input) =
            unsafe { (reader_in(ingest)?, slice_or_empty(data, len, "data")?) };
        reader.ingest.push(input);
        Ok(())
    })
}

/// Tells the ingest that the input has ended: what is left of it becomes a last record or a bad one. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_ingest_finish(
    ingest: *mut plsm_ingest_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or an ingest.
        unsafe { reader_in(ingest) }?.ingest.finish();
        Ok(())
    })
}

/// The next record, checked to be a JSON value that pools can keep. It comes the moment its last byte was
/// pushed. Answers a plsm_ingest_step_t, or -1; out_item is written for a record and a bad record.
#[no_mangle]
pub unsafe extern "C" fn plsm_ingest_next(
    ingest: *mut plsm_ingest_t,
    out_item: *mut plsm_ingest_item_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    outcome(out_err, || {
        // SAFETY: the caller passes NULL or a place for an item, and an ingest.
        let (out, mut reader) = unsafe { (Out::new(out_item, "out_item")?, reader_in(ingest)?) };
        reader.copied_tags.clear();
        let step = reader.ingest.next_checked();
        Ok(answer(&mut reader, step, out, |()| {}))
    })
}

/// Appends the next record to a pool, as plsm_pool_append does, and tells its receipt; out_receipt may be
/// NULL. The text is parsed once, by the append. A record too large for the pool is a bad one. Errors are those
/// of plsm_pool_append that are not the record's fault (Busy, NotFound, Io, bad options, tags given beside
/// those of a copied message); unless plsm_error_maybe_written says otherwise, the next call tries the same
/// record again. Answers as plsm_ingest_next does.
#[no_mangle]
pub unsafe extern "C" fn plsm_ingest_append(
    ingest: *mut plsm_ingest_t,
    pool: *mut plsm_pool_t,
    options: *const plsm_append_options_t,
    out_item: *mut plsm_ingest_item_t,
    out_receipt: *mut plsm_receipt_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    outcome(out_err, || {
        // SAFETY: the caller passes NULL or places for an item and a receipt, an ingest and a pool handle.
        let (out, receipt, mut reader, pool) = unsafe {
            (
                Out::new(out_item, "out_item")?,
                Out::optional(out_receipt, "out_receipt")?,
                reader_in(ingest)?,
                pool_in(pool)?,
            )
        };
        // SAFETY: the caller passes NULL or options of the size they say.
        let step = unsafe {
            with_options(options, |options| {
                let Reader {
                    ingest,
                    copied_tags,
                    ..
                } = &mut *reader;
                pool.append_next(ingest, options, copied_tags)
            })
        }?;
        Ok(answer(&mut reader, step, out, |appended| {
            if let Some(receipt) = receipt {
                receipt.set(appended.into());
            }
        }))
    })
}

/// How many records and bad records the ingest has given so far. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_ingest_count(
    ingest: *mut plsm_ingest_t,
    out_counts: *mut plsm_ingest_counts_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for the counts, and an ingest.
        let (out, reader) = unsafe { (Out::new(out_counts, "out_counts")?, reader_in(ingest)?) };
        let counts = reader.ingest.counts();
        out.set(plsm_ingest_counts {
            records: counts.records,
            faults: counts.faults,
        });
        Ok(())
    })
}

/// Frees an ingest with everything borrowed from it. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plsm_ingest_free(ingest: *mut plsm_ingest_t) {
    // SAFETY: the caller passes NULL or an ingest that no call uses.
    plain((), || unsafe { handle::free(ingest) });
}

/// Turns a step into its number, and what it is about into an item.
#[inline]
fn answer<T>(
    reader: &mut Reader,
    step: Step<T>,
    out: Out<plsm_ingest_item>,
    taken: impl FnOnce(T),
) -> c_int {
    match step {
        Step::More => plsm_ingest_step::PLSM_INGEST_MORE as c_int,
        Step::End => plsm_ingest_step::PLSM_INGEST_END as c_int,
        Step::Record(place, value) => {
            taken(value);
            out.set(item(reader, place, reader.ingest.text(), None));
            plsm_ingest_step::PLSM_INGEST_RECORD as c_int
        }
        Step::Fault(fault) => {
            out.set(fault_item(reader, fault));
            plsm_ingest_step::PLSM_INGEST_FAULT as c_int
        }
    }
}

#[cold]
fn fault_item(reader: &mut Reader, fault: Fault) -> plsm_ingest_item {
    let object = ErrorObject::new(&fault.error, true);
    reader.fault = Some((fault.snippet, object));
    let kept = reader.fault.as_ref();
    let text = kept.map_or(&b""[..], |(snippet, _)| snippet.as_bytes());
    let error = kept.map(|(_, object)| object.as_public());
    let number = match fault.kind {
        FaultKind::Parse => plsm_ingest_fault::PLSM_INGEST_PARSE,
        FaultKind::Oversize => plsm_ingest_fault::PLSM_INGEST_OVERSIZE,
    };
    item(
        reader,
        fault.place,
        text,
        error.map(|error| (number, error)),
    )
}

#[inline]
fn item(
    reader: &Reader,
    place: Place,
    text: &[u8],
    fault: Option<(plsm_ingest_fault, *const plsm_error_t)>,
) -> plsm_ingest_item {
    plsm_ingest_item {
        index: place.index,
        line: place.line,
        offset: place.offset,
        text: plsm_bytes {
            data: text.as_ptr(),
            len: text.len(),
        },
        error: fault.map_or(std::ptr::null(), |(_, error)| error),
        fault: fault.map_or(0, |(fault, _)| fault as u32),
        mode: reader.ingest.mode().map_or(0, |mode| mode as u32),
        copied_tags: plsm_bytes {
            data: reader.copied_tags.as_ptr(),
            len: reader.copied_tags.len(),
        },
    }
}
