//! Appends: from JSON or Lite3 to a draft, and into the pool.

use crate::error::{Error, Result};
use crate::format::frame;
use crate::json::Encoder;
use crate::limits;
use crate::lite3;
use crate::message::{document, tags, Encoding, Message};
use crate::pool::append::{Stored, WriteOptions};
use crate::ring::publish::Draft;
use crate::store::scratch::{self, Scratch};
use crate::store::{AppendOptions, BatchItem, ItemEncoding, Pool, Receipt};

/// What is known of a body once it is encoded.
#[derive(Clone, Copy)]
struct Body {
    payload_len: usize,
    signature: u32,
    encoding: Encoding,
}

impl Body {
    #[inline]
    fn draft<'a>(&self, bytes: &'a [u8]) -> Result<Draft<'a>> {
        if bytes.len() as u64 > limits::MAX_BODY {
            return Err(Error::usage(format!(
                "the message has {} bytes, and at most {} can be stored",
                bytes.len(),
                limits::MAX_BODY
            ))
            .with_hint("split the data")
            .with_too_large());
        }
        Ok(Draft {
            body: bytes,
            body_crc: frame::body_crc(bytes),
            payload_len: self.payload_len as u32,
            signature: self.signature,
            flags: self.encoding as u8,
        })
    }
}

#[inline]
fn write_options(options: &AppendOptions<'_>) -> WriteOptions {
    WriteOptions {
        lock_wait: options.lock_wait,
        expect_newest: options.expect_newest,
    }
}

/// Encodes the payload behind what `out` holds.
#[inline]
fn encode(
    encoder: &mut Encoder,
    bytes: &[u8],
    encoding: ItemEncoding,
    full: bool,
    out: &mut Vec<u8>,
) -> Result<Encoding> {
    match encoding {
        ItemEncoding::Json => Ok(encoder.encode(bytes, out)?.into()),
        ItemEncoding::Lite3Data => {
            check_data(bytes, full)?;
            out.extend_from_slice(bytes);
            Ok(Encoding::Lite3Data)
        }
        ItemEncoding::Lite3Document => {
            document::split(bytes)?;
            out.extend_from_slice(bytes);
            Ok(Encoding::Lite3Document)
        }
    }
}

#[inline]
fn check_data(data: &[u8], full: bool) -> Result<()> {
    if full {
        lite3::check(data)
    } else {
        lite3::check_shallow(data)
    }
}

fn no_tags_beside_document(options: &AppendOptions<'_>) -> Result<()> {
    if options.tags.is_empty() {
        return Ok(());
    }
    Err(
        Error::usage("tags given beside a message document, which carries its own")
            .with_hint("leave the tags out, or append the data alone"),
    )
}

impl Pool {
    #[inline]
    fn store(&self, body: Body, bytes: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
        let stored = self.pool.append(
            &body.draft(bytes)?,
            options.timestamp_ns,
            &write_options(options),
        )?;
        if options.flush {
            self.pool.flush(stored.end)?;
        }
        Ok(Receipt {
            seq: stored.seq,
            time_ns: stored.time_ns,
        })
    }

    /// Encodes JSON and stores it; `after` sees the body that was stored.
    #[inline]
    fn append_json_then(
        &self,
        json: &[u8],
        options: &AppendOptions<'_>,
        after: impl FnOnce(&Body, &[u8], Receipt, &mut crate::message::TimeCache) -> Result<()>,
    ) -> Result<Receipt> {
        scratch::with(|scratch| {
            let Scratch {
                encoder,
                body: buffer,
                times,
                ..
            } = scratch;
            let (encoded, payload) = encoder.encode_inside(json)?;
            let payload_len = payload.len();
            let (bytes, signature) = if options.tags.is_empty() {
                (payload, 0)
            } else {
                buffer.clear();
                buffer.extend_from_slice(payload);
                let signature = tags::encode(options.tags.iter().copied(), buffer)?;
                (buffer.as_slice(), signature)
            };
            let body = Body {
                payload_len,
                signature,
                encoding: encoded.into(),
            };
            let receipt = self.store(body, bytes, options)?;
            after(&body, bytes, receipt, times)?;
            Ok(receipt)
        })
    }

    /// Appends one JSON value of any type.
    ///
    /// # Errors
    /// Usage (not JSON, bad tags, too large, time falls), Busy, NotFound (deleted or replaced),
    /// AlreadyExists (not the expected newest), Permission, Corrupt, Io.
    #[inline]
    pub fn append_json(&self, json: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
        self.append_json_then(json, options, |_, _, _, _| Ok(()))
    }

    /// As [`Pool::append_json`]; appends the stored message's JSON envelope to `out`.
    ///
    /// # Errors
    /// As [`Pool::append_json`].
    #[inline]
    pub fn append_json_envelope(
        &self,
        json: &[u8],
        options: &AppendOptions<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Receipt> {
        self.append_json_then(json, options, |body, bytes, receipt, times| {
            let (payload, tags) = bytes.split_at(body.payload_len);
            let (seq, time_ns) = (receipt.seq, receipt.time_ns);
            Message {
                seq,
                time_ns,
                encoding: body.encoding,
                payload,
                tags,
            }
            .write_envelope(out, times)
        })
    }

    /// Appends data that is Lite3 already. Its root is checked, and all of it with `check_fully`;
    /// readers check whatever they touch, so a bad document harms nobody but its own message.
    ///
    /// # Errors
    /// Corrupt for a bad document; else as [`Pool::append_json`].
    #[inline]
    pub fn append_data(&self, data: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
        check_data(data, options.check_fully)?;
        let encoding = Encoding::Lite3Data;
        if options.tags.is_empty() {
            return self.store(
                Body {
                    payload_len: data.len(),
                    signature: 0,
                    encoding,
                },
                data,
                options,
            );
        }
        scratch::with(|scratch| {
            let buffer = &mut scratch.body;
            buffer.clear();
            buffer.extend_from_slice(data);
            let signature = tags::encode(options.tags.iter().copied(), buffer)?;
            self.store(
                Body {
                    payload_len: data.len(),
                    signature,
                    encoding,
                },
                buffer,
                options,
            )
        })
    }

    /// Appends a whole message document, `{"meta":{"tags":[…]},"data":…}` as Lite3, checked wholly and
    /// kept byte for byte.
    ///
    /// # Errors
    /// Corrupt for a bad document, Usage for tags in the options; else as [`Pool::append_json`].
    pub fn append_document(&self, bytes: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
        no_tags_beside_document(options)?;
        let parts = document::split(bytes)?;
        scratch::with(|scratch| {
            let buffer = &mut scratch.body;
            buffer.clear();
            buffer.extend_from_slice(bytes);
            let signature = tags::encode(parts.tags.iter().map(|tag| tag.as_bytes()), buffer)?;
            let body = Body {
                payload_len: bytes.len(),
                signature,
                encoding: Encoding::Lite3Document,
            };
            self.store(body, buffer, options)
        })
    }

    /// Appends all items or none, one after another with nothing in between, under one lock and,
    /// with `flush`, one sync. A reader sees none of them before all are there.
    ///
    /// # Errors
    /// As the single appends, the message naming the item; Usage also when the batch does not fit
    /// the ring.
    pub fn append_batch(
        &self,
        items: &[BatchItem<'_>],
        options: &AppendOptions<'_>,
        receipts: &mut Vec<Receipt>,
    ) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        scratch::with(|scratch| {
            let Scratch {
                encoder,
                body: buffer,
                ..
            } = scratch;
            buffer.clear();
            let ring = self.pool.shared().ring();
            let mut ahead = 0;
            let mut bodies = Vec::with_capacity(items.len());
            let mut times = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                let start = buffer.len();
                let body = self
                    .encode_item(item, options, encoder, buffer)
                    .map_err(|error| {
                        error.within(&format!("item {index} of the batch (from 0)"))
                    })?;
                let len = frame::len_for((buffer.len() - start) as u64);
                ring.prefetch_behind_head(ahead, len);
                ahead += len;
                bodies.push((body, buffer.len()));
                times.push(item.timestamp_ns.or(options.timestamp_ns));
            }
            let mut drafts = Vec::with_capacity(items.len());
            let mut start = 0;
            for (body, end) in &bodies {
                let mut draft = body.draft(&buffer[start..*end])?;
                if drafts.len() + 1 < bodies.len() {
                    draft.flags |= frame::FLAG_MORE;
                }
                drafts.push(draft);
                start = *end;
            }
            let mut stored: Vec<Stored> = Vec::with_capacity(items.len());
            self.pool
                .append_batch(&drafts, &times, &write_options(options), &mut stored)?;
            if options.flush {
                if let Some(last) = stored.last() {
                    self.pool.flush(last.end)?;
                }
            }
            receipts.extend(stored.iter().map(|stored| Receipt {
                seq: stored.seq,
                time_ns: stored.time_ns,
            }));
            Ok(())
        })
    }

    #[inline]
    fn encode_item(
        &self,
        item: &BatchItem<'_>,
        options: &AppendOptions<'_>,
        encoder: &mut Encoder,
        out: &mut Vec<u8>,
    ) -> Result<Body> {
        let start = out.len();
        let encoding = encode(encoder, item.bytes, item.encoding, options.check_fully, out)?;
        let payload_len = out.len() - start;
        let signature = if encoding == Encoding::Lite3Document {
            no_tags_beside_document(&AppendOptions {
                tags: item.tags,
                ..*options
            })?;
            no_tags_beside_document(options)?;
            let parts = document::split(item.bytes)?;
            tags::encode(parts.tags.iter().map(|tag| tag.as_bytes()), out)?
        } else {
            tags::encode(options.tags.iter().chain(item.tags).copied(), out)?
        };
        Ok(Body {
            payload_len,
            signature,
            encoding,
        })
    }

    /// Makes everything appended so far durable.
    ///
    /// # Errors
    /// Io, Permission (read-only).
    pub fn flush(&self) -> Result<()> {
        self.pool.flush_all()
    }
}
