//! How an input is read: its mode, what a bad record does, how large a record may be.

#![allow(unsafe_code)]

use plasmite_core::ingest::{Mode, OnFault, Options};
use plasmite_core::Result;

use crate::options::{self, check_flags, unknown_number, Versioned};

/// What an input looks like.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum plsm_ingest_mode {
    /// Decided by the first bytes: a record separator (0x1e) begins a sequence, a line that starts with
    /// `data:`, `event:`, `id:`, `retry:` or `:` an event stream; everything else is PLSM_INGEST_VALUES, which
    /// includes JSON Lines, and becomes a sequence at a record separator.
    PLSM_INGEST_AUTO = 0,
    /// JSON Lines: a record is a line. Blank lines are none.
    PLSM_INGEST_JSONL = 1,
    /// The whole input is one record.
    PLSM_INGEST_JSON = 2,
    /// JSON text sequences, RFC 7464: a record stands between a record separator and a line feed, and is there
    /// with that.
    PLSM_INGEST_SEQ = 3,
    /// JSON values one after another, with white space or nothing between them, over any number of lines. A
    /// closing bracket or quote ends one at once.
    PLSM_INGEST_VALUES = 4,
    /// Server-sent events: a record is the joined data of an event that has any.
    PLSM_INGEST_EVENTS = 5,
}

/// What an input looks like. See plsm_ingest_mode.
pub type plsm_ingest_mode_t = plsm_ingest_mode;

/// Go on behind a bad record. Without it the first one ends the reading.
pub const PLSM_INGEST_SKIP: u32 = 1;

/// plsm_ingest_append stores a record that is a complete message (an object with exactly `seq`, `time`, `data`
/// and `meta` with exactly `tags`, as follow prints it) with its data and tags; other records are data.
pub const PLSM_INGEST_COPY: u32 = 2;

/// How an input is read. Zero it and set struct_size, or start from PLSM_INGEST_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_ingest_options {
    /// sizeof(plsm_ingest_options_t).
    pub struct_size: u32,
    /// A plsm_ingest_mode_t.
    pub mode: u32,
    /// PLSM_INGEST_SKIP, PLSM_INGEST_COPY, or 0.
    pub flags: u32,
    /// 0.
    pub reserved: u32,
    /// The largest record, in bytes of its text; 0 means 256 MiB. Larger ones are passed over without being
    /// kept.
    pub max_record: u64,
}

/// How an input is read. See plsm_ingest_options.
pub type plsm_ingest_options_t = plsm_ingest_options;

// SAFETY: repr(C), integers only, starts with struct_size.
unsafe impl Versioned for plsm_ingest_options {
    const FIRST_SIZE: usize = 24;
    const NAME: &'static str = "plsm_ingest_options_t";
}

/// Reads options.
///
/// # Safety
/// `options` is NULL or options of the size they say.
pub(crate) unsafe fn read(options: *const plsm_ingest_options) -> Result<Options> {
    // SAFETY: passed on.
    let options = unsafe { options::read(options) }?;
    check_flags(
        options.flags,
        PLSM_INGEST_SKIP | PLSM_INGEST_COPY,
        plsm_ingest_options::NAME,
    )?;
    check_flags(options.reserved, 0, "the reserved field")?;
    Ok(Options {
        mode: Mode::from_number(options.mode)
            .ok_or_else(|| unknown_number(u64::from(options.mode), "ingest modes"))?,
        on_fault: match options.flags & PLSM_INGEST_SKIP {
            0 => OnFault::Stop,
            _ => OnFault::Skip,
        },
        longest: (options.max_record != 0)
            .then(|| usize::try_from(options.max_record).unwrap_or(usize::MAX)),
        copy: options.flags & PLSM_INGEST_COPY != 0,
    })
}
