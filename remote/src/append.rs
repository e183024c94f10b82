//! Appending to a pool of a server.

use std::time::{Duration, Instant};

use plasmite_core::json::{object, validate, write_string, Members, Parts};
use plasmite_core::message::document::Assembler;
use plasmite_core::message::{tags, time};
use plasmite_core::store::{
    check_data, no_tags_beside_document, AppendOptions, BatchItem, ItemEncoding, LockWait, Receipt,
};
use plasmite_core::{Error, ErrorKind, Result};

use crate::address::encode;
use crate::info::{member, strange};
use crate::pool::receipt;
use crate::request::{Call, JSON, LITE3, LITE3_STREAM};
use crate::Pool;

/// The media type of JSON Lines.
const LINES: &str = "application/jsonl";
/// For how long a server waits for other writers, at most.
const SERVER_LOCK_WAIT: Duration = Duration::from_secs(10);

impl Pool {
    /// Appends one JSON value of any type.
    ///
    /// # Errors
    /// Usage (not JSON, bad tags, too large, time falls), Busy, NotFound, AlreadyExists (not the expected newest),
    /// Permission; those of requests, which may tell that the message could have been written.
    pub fn append_json(&self, json: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
        let answer = self.send_json(json, options)?;
        appended(&answer).map(|(_, receipt)| receipt)
    }

    /// As [`Pool::append_json`]; appends the stored message's JSON envelope to `out`.
    ///
    /// # Errors
    /// As [`Pool::append_json`].
    pub fn append_json_envelope(
        &self,
        json: &[u8],
        options: &AppendOptions<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Receipt> {
        let answer = self.send_json(json, options)?;
        let (message, receipt) = appended(&answer)?;
        out.extend_from_slice(message);
        Ok(receipt)
    }

    fn send_json(&self, json: &[u8], options: &AppendOptions<'_>) -> Result<Vec<u8>> {
        self.refuse_write()?;
        // It becomes a part of a larger text, so it has to be one value.
        validate(json)?;
        let tags = texts(options.tags)?;
        let route = self.route("/append");
        self.repeated(options.lock_wait, |lock_wait| {
            let mut body = Vec::with_capacity(json.len() + 64);
            object(&mut body, |members| {
                write_data(members, json, &tags, options.timestamp_ns);
                if options.flush {
                    members.text("durability", "flush");
                }
                if let Some(seq) = options.expect_newest {
                    members.number("expect_newest", seq);
                }
                if let Some(lock_wait) = lock_wait {
                    members.number("lock_wait_ms", lock_wait);
                }
            });
            self.post(&route, JSON, &body)
        })
    }

    /// Appends data that is Lite3 already; the server checks all of it.
    ///
    /// # Errors
    /// Corrupt for a bad document; else as [`Pool::append_json`].
    pub fn append_data(&self, data: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
        let document = document_of(data, options.tags, options.check_fully)?;
        self.send_document(&document, options)
    }

    /// Appends a whole message document.
    ///
    /// # Errors
    /// Corrupt for a bad document, Usage for tags in the options; else as [`Pool::append_json`].
    pub fn append_document(&self, document: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
        no_tags_beside_document(options.tags)?;
        plasmite_core::message::document::split(document)?;
        self.send_document(document, options)
    }

    fn send_document(&self, document: &[u8], options: &AppendOptions<'_>) -> Result<Receipt> {
        self.refuse_write()?;
        self.repeated(options.lock_wait, |lock_wait| {
            let mut query = Query::of(options, lock_wait);
            if let Some(ns) = options.timestamp_ns {
                query.add("time", &time::format(ns));
            }
            let route = self.route(&format!("/append_lite3{}", query.0));
            let answer = self.post(&route, LITE3, document)?;
            appended(&answer).map(|(_, receipt)| receipt)
        })
    }

    /// Appends all items or none.
    ///
    /// # Errors
    /// As the single appends, the message naming the item.
    pub fn append_batch<'a>(
        &self,
        items: impl ExactSizeIterator<Item = Result<BatchItem<'a>>>,
        options: &AppendOptions<'_>,
        mut each: impl FnMut(Receipt),
    ) -> Result<()> {
        if items.len() == 0 {
            return Ok(());
        }
        self.refuse_write()?;
        let at = |index: usize| format!("item {index} of the batch (from 0)");
        let items = items
            .enumerate()
            .map(|(index, item)| item.map_err(|error| error.within(&at(index))))
            .collect::<Result<Vec<_>>>()?;
        let plain = items.iter().all(|item| item.encoding == ItemEncoding::Json);
        let mut body = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let written = match plain {
                true => write_line(item, options, &mut body),
                false => write_frame(item, options, &mut body),
            };
            written.map_err(|error| error.within(&at(index)))?;
        }
        let (route, media_type) = match plain {
            true => ("/append", LINES),
            false => ("/append_lite3", LITE3_STREAM),
        };
        let answer = self.repeated(options.lock_wait, |lock_wait| {
            let query = Query::of(options, lock_wait);
            self.post(
                &self.route(&format!("{route}{}", query.0)),
                media_type,
                &body,
            )
        })?;
        let mut count = 0;
        for part in Parts::new(member(&answer, "receipts").map_err(Error::with_maybe_written)?) {
            each(receipt(part.value).map_err(Error::with_maybe_written)?);
            count += 1;
            if count > items.len() {
                break;
            }
        }
        match count == items.len() {
            true => Ok(()),
            false => {
                Err(strange("another number of receipts than of messages").with_maybe_written())
            }
        }
    }

    /// Makes everything appended so far durable.
    ///
    /// # Errors
    /// Those of requests.
    pub fn flush(&self) -> Result<()> {
        self.refuse_write()?;
        self.post(&self.route("/flush"), JSON, b"{}").map(|_| ())
    }

    fn post(&self, route: &str, media_type: &'static str, body: &[u8]) -> Result<Vec<u8>> {
        let call = Call {
            writes: true,
            ..self.call(Call::post(route, media_type, body))
        };
        self.link.call(&call)
    }

    /// Waits for other writers for as long as wanted, in pieces as long as a server waits.
    fn repeated<T>(&self, wait: LockWait, attempt: impl Fn(Option<u64>) -> Result<T>) -> Result<T> {
        let (until, most) = match wait {
            LockWait::Try => return attempt(Some(0)),
            LockWait::For(wait) => (Instant::now().checked_add(wait), wait),
            LockWait::Forever => (None, SERVER_LOCK_WAIT),
        };
        let mut left = most;
        loop {
            let piece = left.min(SERVER_LOCK_WAIT);
            // The server's own default needs no telling, which older ones would not understand.
            let told = (piece < SERVER_LOCK_WAIT).then_some(piece.as_millis() as u64);
            let started = Instant::now();
            let error = match attempt(told) {
                Err(error) if error.kind() == ErrorKind::Busy && !error.maybe_written() => error,
                other => return other,
            };
            left = match until {
                Some(until) => until.saturating_duration_since(Instant::now()),
                None => SERVER_LOCK_WAIT,
            };
            if left.is_zero() {
                return Err(error);
            }
            // Too many calls at once are refused without waiting.
            let pause = Duration::from_millis(50).saturating_sub(started.elapsed());
            std::thread::sleep(pause.min(left));
        }
    }
}

/// The message of a good answer. One that is not understood comes behind an append that was carried out.
fn appended(answer: &[u8]) -> Result<(&[u8], Receipt)> {
    let message = member(answer, "message").map_err(Error::with_maybe_written)?;
    let receipt = receipt(message).map_err(Error::with_maybe_written)?;
    Ok((message, receipt))
}

/// The query of an append.
struct Query(String);

impl Query {
    fn of(options: &AppendOptions<'_>, lock_wait: Option<u64>) -> Query {
        let mut query = Query(String::new());
        if options.flush {
            query.add("durability", "flush");
        }
        if let Some(seq) = options.expect_newest {
            query.add("expect_newest", &seq.to_string());
        }
        if let Some(lock_wait) = lock_wait {
            query.add("lock_wait_ms", &lock_wait.to_string());
        }
        query
    }

    fn add(&mut self, name: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(name);
        self.0.push('=');
        self.0.push_str(&encode(value));
    }
}

fn texts<'a>(tags: &[&'a [u8]]) -> Result<Vec<&'a str>> {
    // Also says what is wrong with them.
    tags::encode(tags.iter().copied(), &mut Vec::new())?;
    Ok(tags
        .iter()
        .filter_map(|tag| std::str::from_utf8(tag).ok())
        .collect())
}

fn write_data(members: &mut Members<'_>, json: &[u8], tags: &[&str], time_ns: Option<u64>) {
    // Line ends can only stand between tokens; there a blank does as well, and the text stays one line.
    let one_line = json.iter().map(|byte| match byte {
        b'\n' | b'\r' => b' ',
        byte => *byte,
    });
    members.name("data").extend(one_line);
    if !tags.is_empty() {
        members.array("tags", tags, |tag, out| write_string(tag.as_bytes(), out));
    }
    if let Some(ns) = time_ns {
        members.text("time", &time::format(ns));
    }
}

fn write_line(item: &BatchItem<'_>, options: &AppendOptions<'_>, out: &mut Vec<u8>) -> Result<()> {
    validate(item.bytes)?;
    let tags = texts(&all_tags(item, options))?;
    object(out, |members| {
        write_data(
            members,
            item.bytes,
            &tags,
            item.timestamp_ns.or(options.timestamp_ns),
        );
    });
    out.push(b'\n');
    Ok(())
}

fn write_frame(item: &BatchItem<'_>, options: &AppendOptions<'_>, out: &mut Vec<u8>) -> Result<()> {
    let tags = all_tags(item, options);
    let document = match item.encoding {
        ItemEncoding::Json => {
            let mut block = Vec::new();
            tags::encode(tags.iter().copied(), &mut block)?;
            let mut document = Vec::new();
            Assembler::new().from_json(&block, item.bytes, &mut document)?;
            document
        }
        ItemEncoding::Lite3Data => document_of(item.bytes, &tags, options.check_fully)?,
        ItemEncoding::Lite3Document => {
            no_tags_beside_document(&tags)?;
            item.bytes.to_vec()
        }
    };
    let length = u32::try_from(document.len())
        .map_err(|_| Error::usage("the message is too large").with_too_large())?;
    out.extend_from_slice(&0u64.to_be_bytes());
    let time_ns = item.timestamp_ns.or(options.timestamp_ns).unwrap_or(0);
    out.extend_from_slice(&time_ns.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&document);
    Ok(())
}

fn all_tags<'a>(item: &BatchItem<'a>, options: &AppendOptions<'a>) -> Vec<&'a [u8]> {
    options.tags.iter().chain(item.tags).copied().collect()
}

/// The message document of Lite3 data and tags.
fn document_of(data: &[u8], tags: &[&[u8]], full: bool) -> Result<Vec<u8>> {
    check_data(data, full)?;
    let (mut block, mut document) = (Vec::new(), Vec::new());
    tags::encode(tags.iter().copied(), &mut block)?;
    Assembler::new().from_lite3(&block, data, &mut document)?;
    Ok(document)
}
