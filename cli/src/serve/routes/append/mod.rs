//! Appending: one message as JSON or Lite3, many as JSON Lines or as frames of Lite3; and flushing.

mod lines;
mod lite3;
mod own_time;

use super::messages::{LITE3, LITE3_STREAM};
use super::path::PoolName;
use super::{json as answer, member, Shared};
use crate::json;
use crate::serve::body;
use crate::serve::error::{Answer, Refusal};
use crate::serve::pools::{Meant, OpenPool};
use crate::serve::query::{one_of, Query};
use crate::{
    format_time, AppendOptions, Durability, Error, ErrorKind, LockWait, Pool, Receipt, Tags,
};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use own_time::own_time;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// A larger body is dealt with on a thread of its own: to read it takes longer than the hop there.
const LARGE: usize = 64 << 10;
/// How long an append may wait for other writers, in milliseconds.
const LOCK_WAIT_MS: u64 = 10_000;
/// Media types of many messages, one a line.
const LINES: [&str; 4] = [
    "application/jsonl",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonlines",
];
/// What the query of many messages may have.
pub(crate) const LINES_QUERY: &[&str] = &["durability", "expect_newest", "lock_wait_ms", "tag"];
/// What that of Lite3 may have.
pub(crate) const LITE3_QUERY: &[&str] = &["durability", "expect_newest", "lock_wait_ms", "time"];
const DURABILITIES: [(&str, Durability); 2] =
    [("fast", Durability::Fast), ("flush", Durability::Flush)];

/// A message to be appended, as it is sent.
#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(borrow)]
    tags: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    durability: Option<Cow<'a, str>>,
    expect_newest: Option<u64>,
    lock_wait_ms: Option<u64>,
}

/// How an append is to be done; in the body of one message, in the query otherwise.
#[derive(Clone, Copy, Debug, Default)]
struct How {
    durability: Durability,
    expect_newest: Option<u64>,
    lock_wait_ms: Option<u64>,
    time_ns: Option<u64>,
}

/// What is to be appended.
#[derive(Clone)]
enum Work {
    Json(Bytes),
    Lines(Bytes, How, Vec<String>),
    Lite3(Bytes, How),
    Frames(Bytes, How),
}

/// Whether an append may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    None,
    Some,
}

/// What became of it.
enum Outcome {
    Done {
        answer: Response,
        messages: u64,
        bytes: u64,
    },
    /// It would have had to wait; nothing was written.
    WouldWait,
}

/// `POST /v0/pools/{pool}/append`
pub(crate) async fn json(
    state: Shared,
    PoolName(pool): PoolName,
    query: Query,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let media_type = body::media_type(&headers);
    let lines = match media_type.as_deref() {
        Some(media_type) if body::is_json(media_type) => false,
        Some(media_type) if LINES.contains(&media_type) => true,
        other => {
            return Err(body::unsupported(
                other,
                "application/json, or application/jsonl for many messages",
            ))
        }
    };
    let bytes = body::read(&state, &headers, body).await?;
    let work = match lines {
        false => Work::Json(bytes),
        true => {
            let tags = query.all("tag").map(str::to_owned).collect();
            Work::Lines(bytes, How::of(&query)?, tags)
        }
    };
    append(state, &pool, work).await
}

/// `POST /v0/pools/{pool}/append_lite3`
pub(crate) async fn lite3(
    state: Shared,
    PoolName(pool): PoolName,
    query: Query,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let media_type = body::media_type(&headers);
    let work = match media_type.as_deref() {
        Some(LITE3) => Work::Lite3,
        Some(LITE3_STREAM) => Work::Frames,
        other => {
            return Err(Refusal {
                status: StatusCode::BAD_REQUEST,
                ..body::unsupported(other, LITE3)
            })
        }
    };
    let mut how = How::of(&query)?;
    how.time_ns = query.one("time")?.map(own_time).transpose()?;
    let bytes = body::read(&state, &headers, body).await?;
    if bytes.is_empty() {
        return Err(Refusal::usage(
            "the body is empty, and is to be a Lite3 document",
        ));
    }
    append(state, &pool, work(bytes, how)).await
}

/// `POST /v0/pools/{pool}/flush`
pub(crate) async fn flush(state: Shared, PoolName(pool): PoolName) -> Answer {
    let open = state.pools.meant(&state.storage, &pool).await?;
    state.storage.run(move || open.pool.flush()).await?;
    Ok(answer(b"{\"ok\":true}".to_vec()))
}

async fn append(state: Shared, pool: &Meant, work: Work) -> Answer {
    let open = state.pools.meant(&state.storage, pool).await?;
    let mut outcome = match work.len() <= LARGE {
        true => work.run(&open.pool, Patience::None)?,
        false => Outcome::WouldWait,
    };
    if matches!(outcome, Outcome::WouldWait) {
        let open: Arc<OpenPool> = Arc::clone(&open);
        outcome = state
            .storage
            .run(move || work.run(&open.pool, Patience::Some))
            .await?;
    }
    match outcome {
        Outcome::Done {
            answer,
            messages,
            bytes,
        } => {
            state.metrics.appended(messages, bytes);
            Ok(answer)
        }
        Outcome::WouldWait => Err(Refusal::from(Error::new(
            ErrorKind::Internal,
            "an append that may wait did not",
        ))),
    }
}

impl How {
    fn of(query: &Query) -> Answer<How> {
        Ok(How {
            durability: query.word("durability", &DURABILITIES)?.unwrap_or_default(),
            expect_newest: query.number("expect_newest")?,
            lock_wait_ms: query.number("lock_wait_ms")?,
            time_ns: None,
        })
    }

    /// Options of the library; `None` when that may mean to wait and there is no patience.
    fn options(&self, patience: Patience) -> Option<AppendOptions<'static>> {
        if patience == Patience::None && self.durability == Durability::Flush {
            return None;
        }
        let wait = match (patience, self.lock_wait_ms) {
            (Patience::None, _) | (_, Some(0)) => LockWait::Try,
            (_, ms) => {
                let ms = ms.map_or(LOCK_WAIT_MS, |ms| ms.min(LOCK_WAIT_MS));
                LockWait::For(Duration::from_millis(ms))
            }
        };
        let options = AppendOptions::new()
            .durability(self.durability)
            .lock_wait(wait);
        let options = match self.time_ns {
            Some(time_ns) => options.time_ns(time_ns),
            None => options,
        };
        Some(match self.expect_newest {
            Some(seq) => options.expect_newest(seq),
            None => options,
        })
    }

    /// Whether a failure means that it would have to wait.
    fn would_wait(&self, patience: Patience, error: &Error) -> bool {
        patience == Patience::None
            && error.kind() == ErrorKind::Busy
            && self.lock_wait_ms != Some(0)
    }
}

impl Work {
    fn len(&self) -> usize {
        match self {
            Work::Json(bytes)
            | Work::Lines(bytes, ..)
            | Work::Lite3(bytes, _)
            | Work::Frames(bytes, _) => bytes.len(),
        }
    }

    fn run(&self, pool: &Pool, patience: Patience) -> Answer<Outcome> {
        match self {
            Work::Json(body) => one(pool, body, patience),
            Work::Lines(body, how, tags) => lines::append(pool, body, how, tags, patience),
            Work::Lite3(body, how) => lite3::document(pool, body, how, patience),
            Work::Frames(body, how) => lite3::documents(pool, body, how, patience),
        }
    }
}

fn check_tags<T: AsRef<str>>(tags: &[T]) -> Answer<()> {
    match tags.iter().any(|tag| tag.as_ref().is_empty()) {
        true => Err(Refusal::usage("a tag cannot be empty")),
        false => Ok(()),
    }
}

fn one(pool: &Pool, body: &[u8], patience: Patience) -> Answer<Outcome> {
    let sent: Sent<'_> = body::parse(body)?;
    let tags = sent.tags.as_deref().unwrap_or_default();
    check_tags(tags)?;
    let how = How {
        durability: match &sent.durability {
            Some(text) => one_of("durability", text, &DURABILITIES)?,
            None => Durability::Fast,
        },
        expect_newest: sent.expect_newest,
        lock_wait_ms: sent.lock_wait_ms,
        time_ns: sent.time.as_deref().map(own_time).transpose()?,
    };
    let Some(mut options) = how.options(patience) else {
        return Ok(Outcome::WouldWait);
    };
    options = options.tags(Tags::from_iter(tags));
    let data = sent.data.get().as_bytes();
    match pool.append_envelope(data, &options) {
        Ok((_, message)) => Ok(Outcome::Done {
            answer: member("message", &message),
            messages: 1,
            bytes: data.len() as u64,
        }),
        Err(error) if how.would_wait(patience, &error) => Ok(Outcome::WouldWait),
        Err(error) => Err(error.into()),
    }
}

/// `{"receipts":[{"seq":…,"time":…},…]}`
fn receipts_json(receipts: &[Receipt]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(receipts.len() * 64 + 16);
    // Messages of one batch mostly have one time.
    let mut time = (0, format_time(0)?);
    for receipt in receipts {
        if receipt.time_ns != time.0 {
            time = (receipt.time_ns, format_time(receipt.time_ns)?);
        }
        out.extend_from_slice(match out.is_empty() {
            true => b"{\"receipts\":[",
            false => b",",
        });
        json::object(&mut out, |object| {
            object.number("seq", receipt.seq).text("time", &time.1);
        });
    }
    out.extend_from_slice(b"]}");
    Ok(out)
}
