//! A pool, here or there.

use std::path::Path;

use plasmite_core::ingest::{Ingest, Step};
use plasmite_core::store::{
    append_next, AppendOptions, BatchItem, Bounds, Info, OwnedMessage, Receipt, TailOptions,
};
use plasmite_core::{store, Result};
use plasmite_remote as remote;

use super::client::not_here;
use super::Stream;

/// A pool of this machine or of a server. Each call is that of the same name there.
pub(crate) enum Pool {
    Local(store::Pool),
    Remote(remote::Pool),
}

use Pool::{Local, Remote};

impl Pool {
    /// For calls that need the file or its memory.
    #[inline]
    pub(crate) fn local(&self) -> Result<&store::Pool> {
        match self {
            Local(pool) => Ok(pool),
            Remote(pool) => Err(not_here(&pool.url().to_string_lossy())),
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Local(pool) => pool.name(),
            Remote(pool) => pool.name(),
        }
    }

    /// The path of its file, or its address.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Local(pool) => pool.path(),
            Remote(pool) => pool.url(),
        }
    }

    pub(crate) fn id(&self) -> Result<[u8; 16]> {
        match self {
            Local(pool) => Ok(pool.id()),
            Remote(pool) => pool.id(),
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        match self {
            Local(pool) => pool.generation(),
            Remote(pool) => pool.generation(),
        }
    }

    pub(crate) fn is_read_only(&self) -> bool {
        match self {
            Local(pool) => pool.is_read_only(),
            Remote(pool) => pool.is_read_only(),
        }
    }

    pub(crate) fn is_current(&self) -> Result<bool> {
        match self {
            Local(pool) => pool.is_current(),
            Remote(pool) => pool.is_current(),
        }
    }

    pub(crate) fn info(&self) -> Result<Info> {
        match self {
            Local(pool) => pool.info(),
            Remote(pool) => pool.info(),
        }
    }

    pub(crate) fn write_info_json(&self, out: &mut Vec<u8>) -> Result<()> {
        match self {
            Local(pool) => pool.write_info_json(out),
            Remote(pool) => pool.write_info_json(out),
        }
    }

    pub(crate) fn bounds(&self) -> Result<Bounds> {
        match self {
            Local(pool) => pool.bounds(),
            Remote(pool) => pool.bounds(),
        }
    }

    pub(crate) fn writers(&self) -> Result<u32> {
        match self {
            Local(pool) => pool.writers(),
            Remote(pool) => pool.writers(),
        }
    }

    pub(crate) fn warnings(&self) -> Result<Vec<String>> {
        match self {
            Local(pool) => Ok(pool.warnings()),
            Remote(pool) => pool.warnings(),
        }
    }

    #[inline]
    pub(crate) fn append_json(&self, json: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
        match self {
            Local(pool) => pool.append_json(json, options),
            Remote(pool) => pool.append_json(json, options),
        }
    }

    #[inline]
    pub(crate) fn append_json_envelope(
        &self,
        json: &[u8],
        options: &AppendOptions<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Receipt> {
        match self {
            Local(pool) => pool.append_json_envelope(json, options, out),
            Remote(pool) => pool.append_json_envelope(json, options, out),
        }
    }

    #[inline]
    pub(crate) fn append_data(&self, data: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
        match self {
            Local(pool) => pool.append_data(data, options),
            Remote(pool) => pool.append_data(data, options),
        }
    }

    pub(crate) fn append_document(
        &self,
        document: &[u8],
        options: &AppendOptions<'_>,
    ) -> Result<Receipt> {
        match self {
            Local(pool) => pool.append_document(document, options),
            Remote(pool) => pool.append_document(document, options),
        }
    }

    #[inline]
    pub(crate) fn append_batch<'a>(
        &self,
        items: impl ExactSizeIterator<Item = Result<BatchItem<'a>>>,
        options: &AppendOptions<'_>,
        receipt: impl FnMut(Receipt),
    ) -> Result<()> {
        match self {
            Local(pool) => pool.append_batch(items, options, receipt),
            Remote(pool) => pool.append_batch(items, options, receipt),
        }
    }

    #[inline]
    pub(crate) fn append_next(
        &self,
        input: &mut Ingest,
        options: &AppendOptions<'_>,
        copied_tags: &mut Vec<u8>,
    ) -> Result<Step<Receipt>> {
        match self {
            Local(pool) => pool.append_next(input, options, copied_tags),
            Remote(pool) => append_next(input, options, copied_tags, |text, options| {
                pool.append_json(text, options)
            }),
        }
    }

    pub(crate) fn flush(&self) -> Result<()> {
        match self {
            Local(pool) => pool.flush(),
            Remote(pool) => pool.flush(),
        }
    }

    #[inline]
    pub(crate) fn get(&self, seq: u64) -> Result<OwnedMessage> {
        match self {
            Local(pool) => pool.get(seq),
            Remote(pool) => pool.get(seq),
        }
    }

    #[inline]
    pub(crate) fn get_envelope(&self, seq: u64, out: &mut Vec<u8>) -> Result<()> {
        match self {
            Local(pool) => pool.get_envelope(seq, out),
            Remote(pool) => pool.get_envelope(seq, out),
        }
    }

    pub(crate) fn tail(&self, options: &TailOptions<'_>) -> Result<Stream> {
        match self {
            Local(pool) => pool.tail(options).map(Stream::Local),
            Remote(pool) => pool.tail(options).map(Stream::Remote),
        }
    }
}
