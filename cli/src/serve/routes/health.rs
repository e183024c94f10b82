//! Whether the server is well, and what it counts.

use super::{json, Shared};
use axum::http::{header, StatusCode};
use axum::response::{IntoResponse, Response};

/// `GET /healthz`
pub(crate) async fn get() -> Response {
    json(br#"{"ok":true}"#.to_vec())
}

/// `GET /metrics`
pub(crate) async fn metrics(state: Shared) -> Response {
    const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, TEXT)], state.metrics.text()).into_response()
}

/// Every path that is none.
pub(crate) async fn nowhere() -> StatusCode {
    StatusCode::NOT_FOUND
}
