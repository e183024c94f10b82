//! A pool of a server: what it is, and messages by seq.

use std::path::PathBuf;
use std::sync::Arc;

use plasmite_core::json::Parts;
use plasmite_core::message::{document, envelope, tags, time, Encoding, Message};
use plasmite_core::store::{Bounds, Info, OwnedMessage, Receipt};
use plasmite_core::{Error, ErrorKind, Result};

use crate::address::encode;
use crate::info::{self, member, parse, strange};
use crate::request::{Call, Link};

/// The header that tells the time of a Lite3 document's message, in ns since 1970.
const TIME: &str = "plasmite-time-ns";

/// A handle on a pool of a server; clones share it. Usable from any thread.
#[derive(Clone, Debug)]
pub struct Pool {
    pub(crate) link: Arc<Link>,
    inner: Arc<Known>,
}

/// What was learnt when it was opened.
#[derive(Debug)]
struct Known {
    name: String,
    /// `/v0/pools/NAME`, encoded.
    route: String,
    url: PathBuf,
    read_only: bool,
    id: Option<[u8; 16]>,
    generation: u64,
}

impl Pool {
    pub(crate) fn new(link: Arc<Link>, name: &str, read_only: bool, info: Option<Info>) -> Pool {
        let route = format!("/v0/pools/{}", encode(name));
        let url = format!("{}/{}", link.base(), encode(name)).into();
        let id = info.as_ref().map(|info| info.id);
        let inner = Known {
            name: name.to_owned(),
            route,
            url,
            read_only,
            id: id.filter(|id| *id != [0; 16]),
            generation: info.map_or(0, |info| info.generation),
        };
        Pool {
            link,
            inner: Arc::new(inner),
        }
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Its address.
    pub fn url(&self) -> &std::path::Path {
        &self.inner.url
    }

    /// Its random identity.
    ///
    /// # Errors
    /// Permission or Io: the server does not tell.
    pub fn id(&self) -> Result<[u8; 16]> {
        match self.inner.id {
            Some(id) => Ok(id),
            None => self.info().map(|info| info.id),
        }
    }

    /// How often recovery took something back, as of opening.
    pub fn generation(&self) -> u64 {
        self.inner.generation
    }

    /// Whether it was opened for reading only.
    pub fn is_read_only(&self) -> bool {
        self.inner.read_only
    }

    pub(crate) fn route(&self, rest: &str) -> String {
        format!("{}{rest}", self.inner.route)
    }

    /// The call as one for this very pool.
    pub(crate) fn call<'a>(&'a self, call: Call<'a>) -> Call<'a> {
        Call {
            pool: Some(self.name()),
            pool_id: self.inner.id,
            ..call
        }
    }

    pub(crate) fn get_route(&self, rest: &str) -> Result<Vec<u8>> {
        self.link.call(&self.call(Call::get(&self.route(rest))))
    }

    fn answer(&self) -> Result<Vec<u8>> {
        self.get_route("/info")
    }

    /// Settings and state.
    ///
    /// # Errors
    /// NotFound; those of requests.
    pub fn info(&self) -> Result<Info> {
        let answer = self.answer()?;
        info::info(&parse(member(&answer, "pool")?)?, self.inner.read_only)
    }

    /// Appends settings, state, writers and warnings as the server's JSON object.
    ///
    /// # Errors
    /// As [`Pool::info`].
    pub fn write_info_json(&self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(member(&self.answer()?, "pool")?);
        Ok(())
    }

    /// How many processes of the server's machine write to the pool.
    ///
    /// # Errors
    /// As [`Pool::info`].
    pub fn writers(&self) -> Result<u32> {
        let value = parse(member(&self.answer()?, "pool")?)?;
        let writers = value.get("writers").and_then(serde_json::Value::as_u64);
        Ok(u32::try_from(writers.unwrap_or(0)).unwrap_or(u32::MAX))
    }

    /// What is odd about the pool, a sentence each.
    ///
    /// # Errors
    /// As [`Pool::info`].
    pub fn warnings(&self) -> Result<Vec<String>> {
        let value = parse(member(&self.answer()?, "pool")?)?;
        let warnings = value.get("warnings").and_then(serde_json::Value::as_array);
        Ok(warnings
            .into_iter()
            .flatten()
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect())
    }

    /// The retained seqs.
    ///
    /// # Errors
    /// As [`Pool::info`].
    pub fn bounds(&self) -> Result<Bounds> {
        self.info().map(|info| info.bounds)
    }

    /// Whether the server still has this pool under this name.
    ///
    /// # Errors
    /// Those of requests.
    pub fn is_current(&self) -> Result<bool> {
        match self.info() {
            Ok(info) => Ok(self.inner.id.is_none_or(|id| id == info.id)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A message.
    ///
    /// # Errors
    /// NotFound with the seq; those of requests.
    pub fn get(&self, seq: u64) -> Result<OwnedMessage> {
        let route = self.route(&format!("/messages/{seq}/lite3"));
        let call = self.call(Call::get(&route));
        let (document, time) = match self.link.call_for(&call, TIME) {
            Ok(found) => found,
            // What Lite3 cannot hold.
            Err(error) if error.kind() == ErrorKind::Usage => (Vec::new(), None),
            Err(error) => return Err(error),
        };
        match time.and_then(|time| time.parse().ok()) {
            Some(time_ns) => from_document(seq, time_ns, &document),
            // Or a server that does not tell the time there.
            None => {
                let answer = self.get_route(&format!("/messages/{seq}"))?;
                from_envelope(member(&answer, "message")?)
            }
        }
    }

    /// Appends a message's JSON envelope to `out`.
    ///
    /// # Errors
    /// As [`Pool::get`].
    pub fn get_envelope(&self, seq: u64, out: &mut Vec<u8>) -> Result<()> {
        let answer = self.get_route(&format!("/messages/{seq}"))?;
        out.extend_from_slice(member(&answer, "message")?);
        Ok(())
    }

    #[cold]
    pub(crate) fn refuse_write(&self) -> Result<()> {
        match self.inner.read_only {
            true => Err(
                Error::new(ErrorKind::Permission, "the pool is open for reading only")
                    .with_path(self.name())
                    .with_hint("open it for writing"),
            ),
            false => Ok(()),
        }
    }
}

/// A message out of a Lite3 document, whose origin is not trusted.
pub(crate) fn from_document(seq: u64, time_ns: u64, document: &[u8]) -> Result<OwnedMessage> {
    let parts = document::split(document)?;
    let mut block = Vec::new();
    tags::encode(parts.tags.iter().map(|tag| tag.as_bytes()), &mut block)?;
    Ok(OwnedMessage::new(&Message {
        seq,
        time_ns,
        encoding: Encoding::Lite3Document,
        payload: document,
        tags: &block,
    }))
}

/// A message out of its envelope.
pub(crate) fn from_envelope(json: &[u8]) -> Result<OwnedMessage> {
    let Some(found) = envelope::split(json)? else {
        return Err(strange("a message without seq, time, meta and data"));
    };
    let receipt = receipt(json)?;
    let mut block = Vec::new();
    tags::encode(found.tags.iter().map(String::as_bytes), &mut block)?;
    Ok(OwnedMessage::new(&Message {
        seq: receipt.seq,
        time_ns: receipt.time_ns,
        encoding: Encoding::JsonText,
        payload: found.data,
        tags: &block,
    }))
}

/// Seq of an object that has one.
pub(crate) fn seq_of(json: &[u8]) -> Option<u64> {
    let part = Parts::new(json).find(|part| part.key == b"seq")?;
    std::str::from_utf8(part.value).ok()?.parse().ok()
}

/// Seq and time of an object that has them.
pub(crate) fn receipt(json: &[u8]) -> Result<Receipt> {
    let (mut seq, mut time_ns) = (None, None);
    for part in Parts::new(json) {
        let text = || std::str::from_utf8(part.value).unwrap_or_default();
        match part.key {
            b"seq" => seq = text().parse().ok(),
            b"time" => time_ns = time::parse(text().trim_matches('"')).ok(),
            _ => {}
        }
    }
    match (seq, time_ns) {
        (Some(seq), Some(time_ns)) => Ok(Receipt { seq, time_ns }),
        _ => Err(strange("a message without seq or time")),
    }
}
