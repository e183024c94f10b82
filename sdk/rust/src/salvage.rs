//! Copying what is intact of a damaged pool.
#![allow(unsafe_code)]

use crate::call::{c_text, call};
use crate::{raw, Bounds, Gap, PoolOptions, Result};

/// Most stretches of lost messages that are told one by one.
const LISTED: usize = 256;

/// What a salvage brought.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvaged {
    /// The messages that were copied; the count says how many there are between oldest and newest.
    pub bounds: Bounds,
    /// How many messages are known to be lost: between the oldest that is intact and the newest that ever was.
    pub lost: u64,
    /// In how many stretches they stood.
    pub lost_ranges: u64,
    /// The first of these stretches, at most 256.
    pub ranges: Vec<Gap>,
    /// Size of the new file in bytes.
    pub size: u64,
}

impl Salvaged {
    pub(crate) fn make(
        client: *mut raw::plsm_client_t,
        reference: &str,
        new: &str,
        options: &PoolOptions,
    ) -> Result<Salvaged> {
        let reference = c_text(reference, "the pool reference")?;
        let new = c_text(new, "the new pool's reference")?;
        let options = options.raw();
        let mut made = raw::plsm_salvaged_t {
            struct_size: size_of::<raw::plsm_salvaged_t>() as u32,
            ..Default::default()
        };
        let mut lost = [raw::plsm_gap_t::default(); LISTED];
        call(|error| {
            // SAFETY: the caller's live handle, NUL-terminated texts, structs of the stated sizes; the outputs are
            // ours, with as many places as is said.
            unsafe {
                raw::plsm_pool_salvage(
                    client,
                    reference.as_ptr(),
                    new.as_ptr(),
                    &options,
                    &mut made,
                    lost.as_mut_ptr(),
                    LISTED,
                    error,
                )
            }
        })?;
        Ok(Salvaged {
            bounds: made.bounds.into(),
            lost: made.lost,
            lost_ranges: made.lost_ranges,
            ranges: lost
                .iter()
                .take_while(|gap| gap.count > 0)
                .map(|gap| Gap {
                    first: gap.first,
                    last: gap.last,
                    count: gap.count,
                })
                .collect(),
            size: made.size,
        })
    }
}
