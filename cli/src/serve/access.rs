//! Who may use a route: the token first, then the access mode. Nothing of the body is used by then.

use super::error::Refusal;
use super::route::{Need, RouteId};
use super::state::State;
use crate::ErrorKind;
use axum::extract::Request;
use axum::http::{header, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Lets a request through to its route, or not; marks both with the route.
pub(crate) async fn guard(
    axum::extract::State((state, route, need)): axum::extract::State<(Arc<State>, RouteId, Need)>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(route);
    let mut response = match check(&state, need, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    response.extensions_mut().insert(route);
    response
}

fn check(state: &State, need: Need, request: &Request) -> Result<(), Refusal> {
    if need == Need::Nothing {
        return Ok(());
    }
    if let Some(token) = &state.config.token {
        let header = request.headers().get(header::AUTHORIZATION);
        if !header.is_some_and(|header| token.is_in(header.as_bytes())) {
            let message = match header {
                Some(_) => "the token is wrong",
                None => "this server needs a token",
            };
            return Err(
                Refusal::new(StatusCode::UNAUTHORIZED, ErrorKind::Permission, message).with_hint(
                    "send the header `authorization: Bearer TOKEN`; the commands take --token-file",
                ),
            );
        }
    }
    let access = state.config.access;
    let (allowed, what) = match need {
        Need::Read => (access.reads(), "reading"),
        Need::Write => (access.writes(), "writing"),
        Need::Nothing | Need::Token => return Ok(()),
    };
    match allowed {
        true => Ok(()),
        false => Err(Refusal::forbidden(format!(
            "this server is {}, and {what} is not allowed",
            access.name()
        ))
        .with_hint("start the server with another --access")),
    }
}
