//! Bodies of requests: their type, their size, the time they may take, and JSON out of them.

use super::error::{Answer, Refusal};
use super::state::State;
use crate::ErrorKind;
use axum::body::{Body, Bytes};
use axum::http::{header, HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;
use tokio::time::{timeout, timeout_at, Instant};

/// Between two pieces of a body.
const PAUSE: Duration = Duration::from_secs(10);
/// For a body that is as large as one piece may be, and more for a larger one.
const WHOLE: Duration = Duration::from_secs(30);
/// The slowest client that may send a large body, in bytes a second.
const SLOWEST: u64 = 64 << 10;

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
        return Err(too_large(limit));
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
                        return Err(too_large(limit));
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

fn too_large(limit: usize) -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Usage,
        format!("the body has more than {limit} bytes"),
    )
    .with_hint("send less at once, or start the server with a larger --max-body-bytes")
}

/// An object of a known form, out of JSON.
pub(crate) fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Answer<T> {
    match serde_json::from_slice(json) {
        Ok(Object(value)) => Ok(value),
        Err(error) => Err(match error.classify() {
            serde_json::error::Category::Data => Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                ErrorKind::Usage,
                format!("the body has the wrong form: {error}"),
            ),
            _ => Refusal::usage(format!("the body is not JSON: {error}")),
        }),
    }
}

/// What is read from an object alone: structs that serde derives also take an array, their members by position.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Object<T>;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}
