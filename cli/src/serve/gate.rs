//! What every request passes on its way in and every answer on its way out.

use super::error::Refusal;
use super::host::Origin;
use super::listen::Peer;
use super::log;
use super::route::RouteId;
use super::state::State;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{header, HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;

/// The protocol's version, on every answer.
const VERSION: (HeaderName, HeaderValue) = (
    HeaderName::from_static("plasmite-version"),
    HeaderValue::from_static("0"),
);
/// Browsers are to take an answer for what its content type says, and for nothing that they make of its bytes.
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const METHODS: HeaderValue = HeaderValue::from_static("GET,POST,DELETE,OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization,content-type,last-event-id,mcp-protocol-version,plasmite-pool-id",
);
/// What a page may read of an answer beyond what it may of all.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("plasmite-version,plasmite-seq,plasmite-time-ns");
const VARY: HeaderValue = HeaderValue::from_static(
    "origin, access-control-request-method, access-control-request-headers",
);

/// Checks host and origin, answers preflights, gives errors their body, and counts.
pub(crate) async fn gate(
    axum::extract::State(state): axum::extract::State<Arc<State>>,
    request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let peer = request.extensions().get::<Peer>().copied();
    let shown = log::debugs().then(|| (request.method().clone(), request.uri().path().to_owned()));
    let mut listed = None;
    let mut response = match admit(&state, peer, &request) {
        Ok(origin) => {
            listed = origin.cloned();
            match request.method() == Method::OPTIONS && !state.config.cors.is_empty() {
                true => StatusCode::OK.into_response(),
                false => next.run(request).await,
            }
        }
        Err(refusal) => refusal.into_response(),
    };
    explain(&state, &mut response);
    cors(&state, listed.as_ref(), response.headers_mut());
    response.headers_mut().insert(VERSION.0, VERSION.1);
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    let (status, took) = (response.status(), begun.elapsed());
    let route = response.extensions().get::<RouteId>().map(|route| route.0);
    state.metrics.request(route, status.as_u16(), took);
    if let Some((method, path)) = shown {
        // The path alone: a query may hold what is nobody's business.
        log::debug(format_args!(
            "{method} {path} {} {:.3}ms {}",
            status.as_u16(),
            took.as_secs_f64() * 1e3,
            peer.map_or_else(String::new, |peer| peer.remote.to_string())
        ));
    }
    response
}

/// Judges host and origin; gives the origin when it is on the CORS list.
fn admit<'a>(
    state: &'a State,
    peer: Option<Peer>,
    request: &Request,
) -> Result<Option<&'a Origin>, Refusal> {
    let headers = request.headers();
    if headers.get_all(header::HOST).iter().count() > 1 {
        return Err(Refusal::usage("the request has more than one host header"));
    }
    // HTTP/2 has the host in its :authority, and so has HTTP/1 when the whole URL is asked for.
    let host = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok()),
    };
    state
        .hosts
        .check(host, peer.is_none_or(|peer| peer.loopback))?;
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    let listed = state.hosts.check_origin(origin, host)?;
    match listed.is_none() && is_of_another_site(request) {
        true => Err(
            Refusal::forbidden("pages of other sites may not use this server")
                .with_hint("start the server with --cors-origin to let them"),
        ),
        false => Ok(listed),
    }
}

/// Whether a browser says that a page of another site made it ask. Requests for images, scripts and the like carry no
/// origin; what they get is not shown to that page, but that it came at all, and when, is. A link to our page is as
/// good as typing its address.
fn is_of_another_site(request: &Request) -> bool {
    let has = |name: &str, values: &[&[u8]]| {
        let header = request.headers().get(name);
        header.is_some_and(|value| values.contains(&value.as_bytes()))
    };
    let path = request.uri().path();
    let is_link = has("sec-fetch-mode", &[b"navigate"]) && has("sec-fetch-dest", &[b"document"]);
    let is_page = path == "/ui" || path.starts_with("/ui/");
    has("sec-fetch-site", &[b"cross-site", b"same-site"]) && !(is_link && is_page)
}

/// Writes the body of an error.
fn explain(state: &State, response: &mut Response) {
    let refusal = match response.extensions_mut().remove::<Refusal>() {
        Some(refusal) => refusal,
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            crate::ErrorKind::Usage,
            "this route does not take this method",
        )
        .with_hint("the allow header names those it takes"),
        None => return,
    };
    state.metrics.error(refusal.error.kind());
    if refusal.status.is_server_error() {
        log::error(format_args!("{}: {}", refusal.error.kind(), refusal.error));
    }
    let mut body = Vec::new();
    state.veil.write(&refusal.error, &mut body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.remove(header::CONTENT_LENGTH);
    if refusal.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    *response.body_mut() = Body::from(body);
}

/// The content type of JSON.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn cors(state: &State, listed: Option<&Origin>, headers: &mut HeaderMap) {
    if state.config.cors.is_empty() {
        return;
    }
    headers.insert(header::VARY, VARY);
    let Some(origin) = listed.and_then(|origin| HeaderValue::from_str(origin.as_str()).ok()) else {
        return;
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}
