//! The handlers of the routes.

pub(crate) mod append;
pub(crate) mod health;
pub(crate) mod mcp;
pub(crate) mod messages;
pub(crate) mod openapi;
mod path;
pub(crate) mod pools;
pub(crate) mod tail;
pub(crate) mod ui;

use super::gate::JSON;
use super::state::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// What all requests share, as handlers get it.
type Shared = axum::extract::State<Arc<State>>;

/// An answer of JSON.
fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, JSON)], body).into_response()
}

/// An answer with one member, whose value is JSON already.
fn member(name: &str, value: &[u8]) -> Response {
    let mut body = Vec::with_capacity(value.len() + name.len() + 5);
    body.extend_from_slice(b"{\"");
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(b"\":");
    body.extend_from_slice(value);
    body.push(b'}');
    json(body)
}
