//! The table of routes, and the router made of it.
//!
//! One line a route: its method, its path, what it needs, its handler. Metrics, the tests of the OpenAPI
//! description and the router all read this table. Parts with routes of their own (a page, MCP) add their lines.

use super::state::State;
use super::{access, gate, routes};
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{on, MethodFilter, MethodRouter};
use axum::Router;
use std::sync::Arc;

/// What a route needs of whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: it is open to all.
    Nothing,
    /// The token; what is allowed is judged inside.
    Token,
    /// The token, and that reading is allowed.
    Read,
    /// The token, and that writing is allowed.
    Write,
}

/// A route.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    need: Need,
    handler: fn(MethodFilter) -> MethodRouter<Arc<State>>,
}

/// The place of a route in the table, on its answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RouteId(pub(crate) usize);

const fn route(
    method: &'static str,
    path: &'static str,
    need: Need,
    handler: fn(MethodFilter) -> MethodRouter<Arc<State>>,
) -> Route {
    Route {
        method,
        path,
        need,
        handler,
    }
}

/// All routes.
#[rustfmt::skip]
pub(crate) const ROUTES: &[Route] = &[
    route("GET", "/healthz", Need::Nothing, |on_method| on(on_method, routes::health::get)),
    route("GET", "/metrics", Need::Read, |on_method| on(on_method, routes::health::metrics)),
    route("GET", "/v0/openapi.json", Need::Nothing, |on_method| on(on_method, routes::openapi::get)),
    route("GET", "/v0/pools", Need::Read, |on_method| on(on_method, routes::pools::list)),
    route("POST", "/v0/pools", Need::Write, |on_method| on(on_method, routes::pools::create)),
    route("POST", "/v0/pools/open", Need::Read, |on_method| on(on_method, routes::pools::open)),
    route("GET", "/v0/pools/{pool}/info", Need::Read, |on_method| on(on_method, routes::pools::info)),
    route("DELETE", "/v0/pools/{pool}", Need::Write, |on_method| on(on_method, routes::pools::delete)),
    route("POST", "/v0/pools/{pool}/append", Need::Write, |on_method| on(on_method, routes::append::json)),
    route("POST", "/v0/pools/{pool}/append_lite3", Need::Write, |on_method| on(on_method, routes::append::lite3)),
    route("POST", "/v0/pools/{pool}/flush", Need::Write, |on_method| on(on_method, routes::append::flush)),
    route("GET", "/v0/pools/{pool}/messages/{seq}", Need::Read, |on_method| on(on_method, routes::messages::json)),
    route("GET", "/v0/pools/{pool}/messages/{seq}/lite3", Need::Read, |on_method| on(on_method, routes::messages::lite3)),
    route("GET", "/v0/pools/{pool}/tail", Need::Read, |on_method| on(on_method, routes::tail::lines)),
    route("GET", "/v0/pools/{pool}/tail_lite3", Need::Read, |on_method| on(on_method, routes::tail::lite3)),
    route("GET", "/v0/ui/pools", Need::Read, |on_method| on(on_method, routes::pools::list)),
    route("GET", "/v0/ui/pools/{pool}/info", Need::Read, |on_method| on(on_method, routes::pools::info)),
    route("GET", "/v0/ui/pools/{pool}/events", Need::Read, |on_method| on(on_method, routes::tail::events)),
    route("POST", "/mcp", Need::Token, |on_method| on(on_method, routes::mcp::post)),
    route("GET", "/v0/ui/access", Need::Read, |on_method| on(on_method, routes::ui::access)),
    route("GET", "/ui", Need::Nothing, |on_method| on(on_method, routes::ui::page)),
    route("GET", "/ui/pools/{pool}", Need::Nothing, |on_method| on(on_method, routes::ui::page)),
    route("GET", "/ui/assets/{name}", Need::Nothing, |on_method| on(on_method, routes::ui::asset)),
];

/// The router of all routes, behind the gate.
pub(crate) fn router(state: &Arc<State>) -> Router {
    let mut router = Router::new();
    for (place, route) in ROUTES.iter().enumerate() {
        let method = Method::from_bytes(route.method.as_bytes()).unwrap_or_default();
        let filter = MethodFilter::try_from(method).unwrap_or(MethodFilter::GET);
        let guard = from_fn_with_state(
            (Arc::clone(state), RouteId(place), route.need),
            access::guard,
        );
        router = router.route(route.path, (route.handler)(filter).route_layer(guard));
    }
    router
        .fallback(routes::health::nowhere)
        .layer(from_fn_with_state(Arc::clone(state), gate::gate))
        .with_state(Arc::clone(state))
}

#[cfg(test)]
mod tests {
    use super::ROUTES;

    #[test]
    fn every_route_is_described() {
        let described: serde_json::Value =
            serde_json::from_str(super::routes::openapi::TEXT).expect("JSON");
        for route in ROUTES {
            let method = route.method.to_lowercase();
            let operation = &described["paths"][route.path][method.as_str()];
            assert!(operation.is_object(), "{method} {}", route.path);
            let open = operation["security"] == serde_json::json!([]);
            assert_eq!(open, route.need == super::Need::Nothing, "{}", route.path);
        }
    }
}
