//! Appending many messages under one lock, with one flush, all or none.

#![allow(unsafe_code)]

use std::ffi::c_int;

use plasmite_core::store::{BatchItem, ItemEncoding, Receipt};
use plasmite_core::Result;

use crate::append::{plsm_append_options_t, plsm_receipt_t, with_options};
use crate::bytes::{array_in, plsm_bytes_t, slice_in, slice_or_empty};
use crate::error::plsm_error_t;
use crate::guard::{check_pointer, status};
use crate::options::unknown_number;
use crate::pool::{plsm_pool_t, pool_in};

/// What the bytes of a batch item are.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum plsm_item_encoding {
    /// A JSON value, as for plsm_pool_append.
    PLSM_ITEM_JSON = 0,
    /// `data` as Lite3, as for plsm_pool_append_data.
    PLSM_ITEM_LITE3_DATA = 1,
    /// A whole Lite3 message document, as for plsm_pool_append_document; its tags and the item's are not
    /// mixed: give none.
    PLSM_ITEM_LITE3_DOCUMENT = 2,
}

/// What the bytes of a batch item are. See plsm_item_encoding.
pub type plsm_item_encoding_t = plsm_item_encoding;

/// One message of a batch. Zero it first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_batch_item {
    /// The message's bytes.
    pub data: *const u8,
    /// How many.
    pub len: usize,
    /// Tags of this message, after those of the options.
    pub tags: *const plsm_bytes_t,
    /// How many tags.
    pub tags_len: usize,
    /// The message's time in ns since 1970; only when has_timestamp is set.
    pub timestamp_ns: u64,
    /// Whether timestamp_ns counts.
    pub has_timestamp: u32,
    /// A plsm_item_encoding_t.
    pub encoding: u32,
}

/// One message of a batch. See plsm_batch_item.
pub type plsm_batch_item_t = plsm_batch_item;

/// Appends messages in order, with consecutive seqs, all or none: readers see either every one or none. The
/// options' tags go to every message, their durability and lock wait count for the batch, and their
/// timestamp for items without one. `out_receipts` may be NULL, else it has room for `items_len`. The whole
/// batch must fit the pool. Errors as for plsm_pool_append; the message names the item. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_pool_append_batch(
    pool: *mut plsm_pool_t,
    items: *const plsm_batch_item_t,
    items_len: usize,
    options: *const plsm_append_options_t,
    out_receipts: *mut plsm_receipt_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL, or a pool handle and that many items.
        let (pool, items) = unsafe { (pool_in(pool)?, array_in(items, items_len, "items")?) };
        if !out_receipts.is_null() {
            check_pointer(out_receipts, "out_receipts")?;
        }
        // One list for the tags of all items, so that a batch without tags allocates nothing for them.
        let mut tags: Vec<&[u8]> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            // SAFETY: an item's tags obey the call's contract.
            unsafe { collect_tags(item, &mut tags) }
                .map_err(|error| error.within(&format!("item {index} of the batch (from 0)")))?;
        }
        let mut rest = tags.as_slice();
        let list = items.iter().map(|item| {
            let (own, others) = rest.split_at(item.tags_len);
            rest = others;
            // SAFETY: an item's bytes obey the call's contract.
            unsafe { to_core(item, own) }
        });
        let mut place = out_receipts;
        let receipt = |receipt: Receipt| {
            if !place.is_null() {
                // SAFETY: one for each item, and there is room for that many by the call's contract.
                unsafe {
                    place.write(receipt.into());
                    place = place.add(1);
                }
            }
        };
        // SAFETY: the caller passes NULL or options of the size they say.
        unsafe { with_options(options, |options| pool.append_batch(list, options, receipt)) }
    })
}

unsafe fn collect_tags(item: &plsm_batch_item, tags: &mut Vec<&[u8]>) -> Result<()> {
    // SAFETY: passed on.
    for tag in unsafe { array_in(item.tags, item.tags_len, "tags") }? {
        // SAFETY: passed on.
        tags.push(unsafe { slice_or_empty(tag.data, tag.len, "tags") }?);
    }
    Ok(())
}

unsafe fn to_core<'a>(item: &plsm_batch_item, tags: &'a [&'a [u8]]) -> Result<BatchItem<'a>> {
    // SAFETY: passed on.
    let bytes = unsafe { slice_in(item.data, item.len, "data") }?;
    let encoding = match item.encoding {
        0 => ItemEncoding::Json,
        1 => ItemEncoding::Lite3Data,
        2 => ItemEncoding::Lite3Document,
        other => return Err(unknown_number(u64::from(other), "item encodings")),
    };
    let timestamp_ns = (item.has_timestamp != 0).then_some(item.timestamp_ns);
    Ok(BatchItem {
        bytes,
        encoding,
        tags,
        timestamp_ns,
    })
}
