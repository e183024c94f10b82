//! The description of this protocol.

use super::json;
use axum::response::Response;

/// The description, as OpenAPI.
pub(crate) const TEXT: &str = include_str!("../openapi.json");

/// `GET /v0/openapi.json`
pub(crate) async fn get() -> Response {
    json(TEXT.as_bytes().to_vec())
}
