//! Appending many messages at once: encoded one after another, stored under one lock.

use crate::error::Result;
use crate::format::frame;
use crate::json::Encoder;
use crate::message::{document, tags, Encoding};
use crate::pool::batch::{Body, Entry};
use crate::store::append::{check_data, check_len, no_tags_beside_document, write_options};
use crate::store::scratch::{self, Scratch};
use crate::store::{AppendOptions, BatchItem, ItemEncoding, Pool, Receipt};

impl Pool {
    /// Appends all items or none, one after another with nothing in between, under one lock and,
    /// with `flush`, one sync. A reader sees none of them before all are there. `receipt` is called
    /// for each, in order, once all are stored.
    ///
    /// # Errors
    /// As the single appends, or an item's own, the message naming the item; Usage also when the
    /// batch does not fit the ring.
    pub fn append_batch<'a>(
        &self,
        items: impl ExactSizeIterator<Item = Result<BatchItem<'a>>>,
        options: &AppendOptions<'_>,
        mut receipt: impl FnMut(Receipt),
    ) -> Result<()> {
        if items.len() == 0 {
            return Ok(());
        }
        scratch::with(|scratch| {
            let Scratch {
                encoder,
                body: common,
                ..
            } = scratch;
            common.clear();
            let ring = self.pool.shared().ring();
            let mut ahead = 0;
            let mut entries: Vec<Entry<'_>> = Vec::with_capacity(items.len());
            for (index, item) in items.enumerate() {
                let entry = item
                    .and_then(|item| encode(&item, options, encoder, common))
                    .map_err(|error| {
                        error.within(&format!("item {index} of the batch (from 0)"))
                    })?;
                // While the others are encoded, the lines that this one will be written to arrive.
                let len = frame::len_for(entry.body_len());
                ring.prefetch_behind_head(ahead, len);
                ahead += len;
                entries.push(entry);
            }
            // Not while encoding: what was just written byte by byte is read slowly as words.
            for entry in &mut entries {
                entry.body_crc = frame::body_crc(entry.bytes(common));
            }
            let stored = self
                .pool
                .append_batch(&mut entries, common, &write_options(options))?;
            if options.flush {
                self.pool.flush(stored.end)?;
            }
            for (entry, seq) in entries.iter().zip(stored.first..) {
                receipt(Receipt {
                    seq,
                    time_ns: entry.time_ns.unwrap_or(stored.time_ns),
                });
            }
            Ok(())
        })
    }
}

/// Encodes an item, without its checksum. What it needs besides the caller's bytes goes behind what
/// `common` holds.
#[inline]
fn encode<'a>(
    item: &BatchItem<'a>,
    options: &AppendOptions<'_>,
    encoder: &mut Encoder,
    common: &mut Vec<u8>,
) -> Result<Entry<'a>> {
    let start = common.len();
    let (encoding, payload) = match item.encoding {
        ItemEncoding::Json => {
            let (encoded, payload) = encoder.encode_inside(item.bytes)?;
            (encoded.into(), payload)
        }
        ItemEncoding::Lite3Data => {
            check_data(item.bytes, options.check_fully)?;
            (Encoding::Lite3Data, item.bytes)
        }
        ItemEncoding::Lite3Document => (Encoding::Lite3Document, item.bytes),
    };
    let untagged = options.tags.is_empty() && item.tags.is_empty();
    let (body, signature) = if untagged && item.encoding == ItemEncoding::Lite3Data {
        check_len(item.bytes)?;
        (Body::Borrowed(item.bytes), 0)
    } else {
        common.extend_from_slice(payload);
        let signature = if untagged && item.encoding == ItemEncoding::Json {
            0
        } else if encoding == Encoding::Lite3Document {
            no_tags_beside_document(options.tags)?;
            no_tags_beside_document(item.tags)?;
            let parts = document::split(item.bytes)?;
            tags::encode(parts.tags.iter().map(|tag| tag.as_bytes()), common)?
        } else {
            tags::encode(options.tags.iter().chain(item.tags).copied(), common)?
        };
        check_len(&common[start..])?;
        (Body::Common(start, common.len() - start), signature)
    };
    Ok(Entry {
        body,
        body_crc: 0,
        payload_len: payload.len() as u32,
        signature,
        flags: encoding as u8,
        time_ns: item.timestamp_ns.or(options.timestamp_ns),
    })
}
