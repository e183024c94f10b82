//! The Model Context Protocol over HTTP: one message a request, no sessions.

use super::{json, Shared};
use crate::serve::body;
use crate::serve::error::{Answer, Refusal};
use crate::serve::mcp::{self, Incoming, VERSIONS};
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::sync::Notify;

/// `POST /mcp`
pub(crate) async fn post(state: Shared, headers: HeaderMap, body: Body) -> Answer {
    body::require_json(&headers)?;
    check_version(&headers)?;
    let bytes = body::read(&state, &headers, body).await?;
    match Incoming::parse(&bytes) {
        Incoming::Request(request) => Ok(json(mcp::answer(&state, &request, &Notify::new()).await)),
        // A wait is cancelled by closing its connection.
        Incoming::Notification { .. } | Incoming::Response => Ok(accepted()),
        Incoming::Garbage(answer) => {
            let mut response = json(answer);
            *response.status_mut() = StatusCode::BAD_REQUEST;
            Ok(response)
        }
        Incoming::Invalid(answer) => Ok(json(answer)),
    }
}

fn accepted() -> Response {
    StatusCode::ACCEPTED.into_response()
}

/// The header is optional; a version in it must be one that is spoken.
fn check_version(headers: &HeaderMap) -> Answer<()> {
    match headers.get("mcp-protocol-version") {
        Some(version) if !VERSIONS.iter().any(|known| version == known) => {
            Err(Refusal::usage(format!(
                "mcp-protocol-version {:?} is not spoken here",
                String::from_utf8_lossy(version.as_bytes())
            ))
            .with_hint(format!("use one of {}", VERSIONS.join(", "))))
        }
        _ => Ok(()),
    }
}
