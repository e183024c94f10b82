//! Copying what is intact of a damaged pool.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};

use plasmite_core::salvage::Salvaged;

use crate::client::{plsm_client_t, target};
use crate::error::plsm_error_t;
use crate::guard::{check_pointer, status};
use crate::info::plsm_bounds_t;
use crate::next::plsm_gap_t;
use crate::options::{self, Versioned};
use crate::pool::plsm_pool_options_t;
use crate::text::str_in;

/// What plsm_pool_salvage brought. Set struct_size before the call, or start from PLSM_SALVAGED_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_salvaged {
    /// sizeof(plsm_salvaged_t), set by the caller.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// The messages that were copied; count says how many there are between oldest and newest.
    pub bounds: plsm_bounds_t,
    /// How many messages are known to be lost: between the oldest that is intact and the newest that ever was. What was
    /// there before the oldest intact one nobody can tell.
    pub lost: u64,
    /// In how many stretches they stood.
    pub lost_ranges: u64,
    /// Size of the new file in bytes.
    pub size: u64,
}

/// What plsm_pool_salvage brought. See plsm_salvaged.
pub type plsm_salvaged_t = plsm_salvaged;

// SAFETY: repr(C), integers only, starts with struct_size.
unsafe impl Versioned for plsm_salvaged {
    const FIRST_SIZE: usize = 56;
    const NAME: &'static str = "plsm_salvaged_t";
}

impl From<&Salvaged> for plsm_salvaged {
    fn from(salvaged: &Salvaged) -> plsm_salvaged {
        let (oldest, newest) = salvaged.bounds.unwrap_or((0, 0));
        plsm_salvaged {
            struct_size: 0,
            reserved: 0,
            bounds: plsm_bounds_t {
                oldest,
                newest,
                count: salvaged.messages,
            },
            lost: salvaged.lost,
            lost_ranges: salvaged.stretches,
            size: salvaged.size,
        }
    }
}

/// Copies every intact message of a damaged pool into a new one, each with its seq, time, tags and bytes, and proves the
/// copy by reading both again. Intact is a message whose checksum is right; it is found wherever it lies, also behind
/// damage, and whatever control page and index say. The damaged file is read and left as it is; stop the programs that
/// use it first. The new pool gives no seq that the old one had given.
///
/// `options`, or NULL, says what the new pool is to be like: size_bytes 0 means the old one's size, or as much more as
/// the messages need; file_mode 0 the old one's. `out_salvaged` may be NULL. `out_lost` may be NULL; else it has room for
/// `lost_capacity` stretches of lost messages and gets the first ones (the library tells at most 256), in rising order,
/// and zeros behind them.
///
/// A failure leaves nothing behind. NotFound. AlreadyExists: the new pool. Usage: of another format, or too large for
/// the size asked for. Corrupt: no pool, or too little is left of it to find or check a message. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_salvage(
    client: *mut plsm_client_t,
    pool_ref: *const c_char,
    new_ref: *const c_char,
    options: *const plsm_pool_options_t,
    out_salvaged: *mut plsm_salvaged_t,
    out_lost: *mut plsm_gap_t,
    lost_capacity: usize,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes a client handle and strings, and NULL or options of the size they say.
        let ((client, damaged), new, options) = unsafe {
            (
                target(client, pool_ref)?,
                str_in(new_ref, "new_ref")?,
                options::read(options)?,
            )
        };
        let out = if out_salvaged.is_null() {
            None
        } else {
            // SAFETY: not NULL, so a struct of the size it says.
            Some(unsafe { options::answer_in(out_salvaged, "out_salvaged") }?)
        };
        if !out_lost.is_null() {
            check_pointer(out_lost, "out_lost")?;
        }
        let directory = client.local(damaged).and(client.local(new))?;
        let salvaged = directory.salvage(damaged, new, &options.to_core())?;
        if !out_lost.is_null() {
            for place in 0..lost_capacity {
                let range = salvaged.lost_ranges.get(place);
                let gap = range.map_or(
                    plsm_gap_t {
                        first: 0,
                        last: 0,
                        count: 0,
                    },
                    |&(first, last)| plsm_gap_t {
                        first,
                        last,
                        count: last - first + 1,
                    },
                );
                // SAFETY: there is room for that many by the call's contract.
                unsafe { out_lost.add(place).write(gap) };
            }
        }
        if let Some(out) = out {
            out.set(&(&salvaged).into());
        }
        Ok(())
    })
}
