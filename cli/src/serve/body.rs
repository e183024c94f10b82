//! Bodies of requests: their type, their size, the time they may take, and JSON out of them.

use super::error::{Answer, Refusal};
use super::state::State;
use crate::ErrorKind;
use axum::body::{Body, Bytes};
use axum::http::{header, HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde::Deserialize;
use std::time::Duration;
use tokio::time::{timeout, timeout_at, Instant};

/// Between two pieces of a body.
const PAUSE: Duration = Duration::from_secs(10);
/// For a body that is as large as one piece may be, and more for a larger one.
const WHOLE: Duration = Duration::from_secs(30);
/// The slowest client that may send a large body, in bytes a second.
const SLOWEST: u64 = 64 << 10;
/// For the rest of a body that is too large, so that the client reads why instead of losing the connection.
const REST: Duration = Duration::from_secs(1);

/// The media type of a request, in lower case and without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let media_type = text.split(';').next().unwrap_or("").trim();
    Some(media_type.to_ascii_lowercase())
}

/// Whether it is JSON.
pub(crate) fn is_json(media_type: &str) -> bool {
    let suffixed = media_type.starts_with("application/") && media_type.ends_with("+json");
    media_type == "application/json" || suffixed
}

/// 415, naming what is taken.
pub(crate) fn unsupported(media_type: Option<&str>, wanted: &str) -> Refusal {
    let message = match media_type {
        Some(other) => format!("content-type {other:?} is not taken here"),
        None => "the request has no content-type".to_owned(),
    };
    Refusal::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorKind::Usage,
        message,
    )
    .with_hint(format!("send it as {wanted}"))
}

/// Fails unless the request carries JSON. A page of another site cannot send that without being asked first.
pub(crate) fn require_json(headers: &HeaderMap) -> Answer<()> {
    match media_type(headers) {
        Some(media_type) if is_json(&media_type) => Ok(()),
        other => Err(unsupported(other.as_deref(), "application/json")),
    }
}

/// Reads a body.
pub(crate) async fn read(state: &State, headers: &HeaderMap, mut body: Body) -> Answer<Bytes> {
    let limit = state.config.limits.body;
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        // A client that asks before it sends is told at once: reading would tell it to send.
        return Err(match headers.contains_key(header::EXPECT) {
            true => refused(limit),
            false => too_large(body, limit).await,
        });
    }
    let most = WHOLE + Duration::from_secs(limit as u64 / SLOWEST);
    let deadline = Instant::now() + most;
    let mut whole = Pieces::default();
    loop {
        let piece = timeout_at(deadline, timeout(PAUSE, body.frame())).await;
        let Ok(Ok(piece)) = piece else {
            return Err(Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                ErrorKind::Io,
                "the body came too slowly",
            )
            .with_hint("try again over a better connection"));
        };
        match piece {
            None => return Ok(whole.joined()),
            Some(Err(error)) => {
                return Err(Refusal::usage(format!("the body cannot be read: {error}")))
            }
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    if whole.len + data.len() > limit {
                        return Err(too_large(body, limit).await);
                    }
                    whole.add(data);
                }
            }
        }
    }
}

/// A body in pieces; the usual single one is not copied.
#[derive(Default)]
struct Pieces {
    first: Bytes,
    more: Vec<u8>,
    len: usize,
}

impl Pieces {
    fn add(&mut self, data: Bytes) {
        if self.len == 0 {
            self.first = data;
        } else {
            if self.more.is_empty() {
                self.more = self.first.to_vec();
            }
            self.more.extend_from_slice(&data);
        }
        self.len = self.more.len().max(self.first.len());
    }

    fn joined(self) -> Bytes {
        match self.more.is_empty() {
            true => self.first,
            false => self.more.into(),
        }
    }
}

async fn too_large(mut body: Body, limit: usize) -> Refusal {
    // What is under way is read and thrown away, up to as much again: a client that sends first and reads then
    // would else see a broken connection.
    let mut left = limit.max(1 << 20);
    let _ = timeout(REST, async {
        while let Some(Ok(frame)) = body.frame().await {
            let read = frame.data_ref().map_or(0, Bytes::len);
            left = left.saturating_sub(read);
            if left == 0 {
                break;
            }
        }
    })
    .await;
    refused(limit)
}

fn refused(limit: usize) -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Usage,
        format!("the body has more than {limit} bytes"),
    )
    .with_hint("send less at once, or start the server with a larger --max-body-bytes")
}

/// A value of a known form out of JSON.
pub(crate) fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Answer<T> {
    serde_json::from_slice(json).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::Usage,
            format!("the body has the wrong form: {error}"),
        ),
        _ => Refusal::usage(format!("the body is not JSON: {error}")),
    })
}
