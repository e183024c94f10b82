//! Appends: from JSON or Lite3 to a draft, and into the pool.

use crate::error::{Error, Result};
use crate::format::frame;
use crate::limits;
use crate::lite3;
use crate::message::{document, tags, Encoding, Message};
use crate::pool::append::WriteOptions;
use crate::ring::publish::Draft;
use crate::store::scratch::{self, Scratch};
use crate::store::{AppendOptions, Pool, Receipt};

/// What is known of a body once it is encoded.
#[derive(Clone, Copy)]
struct Known {
    payload_len: usize,
    signature: u32,
    encoding: Encoding,
}

impl Known {
    #[inline]
    fn draft<'a>(&self, bytes: &'a [u8]) -> Result<Draft<'a>> {
        check_len(bytes)?;
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
pub(super) fn check_len(body: &[u8]) -> Result<()> {
    if body.len() as u64 <= limits::MAX_BODY {
        return Ok(());
    }
    Err(Error::usage(format!(
        "the message has {} bytes, and at most {} can be stored",
        body.len(),
        limits::MAX_BODY
    ))
    .with_hint("split the data")
    .with_too_large())
}

#[inline]
pub(super) fn write_options(options: &AppendOptions<'_>) -> WriteOptions {
    WriteOptions {
        lock_wait: options.lock_wait,
        expect_newest: options.expect_newest,
    }
}

/// Checks Lite3 data: its root, or with `full` all of it.
///
/// # Errors
/// Corrupt.
#[inline]
pub fn check_data(data: &[u8], full: bool) -> Result<()> {
    if full {
        lite3::check(data)
    } else {
        lite3::check_shallow(data)
    }
}

/// Refuses tags given beside a document.
///
/// # Errors
/// Usage.
pub fn no_tags_beside_document(tags: &[&[u8]]) -> Result<()> {
    if tags.is_empty() {
        return Ok(());
    }
    Err(
        Error::usage("tags given beside a message document, which carries its own")
            .with_hint("leave the tags out, or append the data alone"),
    )
}

impl Pool {
    #[inline]
    fn store(&self, body: Known, bytes: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
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
        after: impl FnOnce(&Known, &[u8], Receipt, &mut crate::message::TimeCache) -> Result<()>,
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
            let body = Known {
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
                Known {
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
                Known {
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
        no_tags_beside_document(options.tags)?;
        let parts = document::split(bytes)?;
        scratch::with(|scratch| {
            let buffer = &mut scratch.body;
            buffer.clear();
            buffer.extend_from_slice(bytes);
            let signature = tags::encode(parts.tags.iter().map(|tag| tag.as_bytes()), buffer)?;
            let body = Known {
                payload_len: bytes.len(),
                signature,
                encoding: Encoding::Lite3Document,
            };
            self.store(body, buffer, options)
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
