//! Tails in their three forms.

use super::messages::LITE3_STREAM;
use super::path::PoolName;
use super::Shared;
use crate::serve::error::Answer;
use crate::serve::pools::Meant;
use crate::serve::query::Query;
use crate::serve::tail::{Form, Tail, Wanted};
use axum::http::{header, HeaderMap, HeaderValue, Version};
use axum::response::Response;

/// What the query of a tail in frames may have.
pub(crate) const LITE3_QUERY: &[&str] = &[
    "since_seq",
    "tail",
    "since",
    "start",
    "resume",
    "max",
    "end_seq",
    "snapshot",
    "backwards",
    "timeout_ms",
    "tag",
    "where",
    "gap_policy",
    "heartbeat_ms",
    "control",
];

/// What the query of a tail may have.
pub(crate) const QUERY: &[&str] = match LITE3_QUERY {
    [others @ .., _control] => others,
    [] => &[],
};

async fn open(
    state: &Shared,
    pool: &Meant,
    query: &Query,
    headers: &HeaderMap,
    form: Form,
    media_type: &'static str,
) -> Answer {
    let wanted = Wanted::parse(query, headers, form, state.config.limits.tail_ms)?;
    let tail = Tail::open(&state.0, pool, form, wanted).await?;
    let mut response = Response::new(tail.into_body());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    // Proxies are not to collect what is to arrive at once.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    let caching = HeaderValue::from_static("no-cache, no-transform");
    headers.insert(header::CACHE_CONTROL, caching);
    Ok(response)
}

/// `GET /v0/pools/{pool}/tail`
pub(crate) async fn lines(
    state: Shared,
    PoolName(pool): PoolName,
    query: Query,
    headers: HeaderMap,
) -> Answer {
    const LINES: &str = "application/jsonl";
    open(&state, &pool, &query, &headers, Form::Lines, LINES).await
}

/// `GET /v0/pools/{pool}/tail_lite3`
pub(crate) async fn lite3(
    state: Shared,
    PoolName(pool): PoolName,
    query: Query,
    headers: HeaderMap,
) -> Answer {
    let form = match query.switch("control")? {
        true => Form::Control,
        false => Form::Lite3,
    };
    open(&state, &pool, &query, &headers, form, LITE3_STREAM).await
}

/// `GET /v0/ui/pools/{pool}/events`
pub(crate) async fn events(
    state: Shared,
    PoolName(pool): PoolName,
    query: Query,
    version: Version,
    headers: HeaderMap,
) -> Answer {
    const EVENTS: &str = "text/event-stream";
    let mut response = open(&state, &pool, &query, &headers, Form::Events, EVENTS).await?;
    if version <= Version::HTTP_11 {
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive"));
    }
    Ok(response)
}
