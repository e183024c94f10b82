//! The table of routes, and the router made of it.
//!
//! One line a route: its method, its path, what it needs, its handler. Metrics, the tests of the OpenAPI
//! description and the router all read this table. Parts with routes of their own (a page, MCP) add their lines.

use super::state::State;
use super::{access, gate, routes, unread};
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
    /// What its query may have.
    pub(crate) query: &'static [&'static str],
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
        query: &[],
    }
}

impl Route {
    const fn asked(self, query: &'static [&'static str]) -> Route {
        Route { query, ..self }
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
    // The line before hides a pool of this name from the route for all.
    route("DELETE", "/v0/pools/open", Need::Write, |on_method| on(on_method, routes::pools::delete_open)),
    route("GET", "/v0/pools/{pool}/info", Need::Read, |on_method| on(on_method, routes::pools::info)),
    route("DELETE", "/v0/pools/{pool}", Need::Write, |on_method| on(on_method, routes::pools::delete)),
    route("POST", "/v0/pools/{pool}/append", Need::Write, |on_method| on(on_method, routes::append::json)).asked(routes::append::LINES_QUERY),
    route("POST", "/v0/pools/{pool}/append_lite3", Need::Write, |on_method| on(on_method, routes::append::lite3)).asked(routes::append::LITE3_QUERY),
    route("POST", "/v0/pools/{pool}/flush", Need::Write, |on_method| on(on_method, routes::append::flush)),
    route("GET", "/v0/pools/{pool}/messages/{seq}", Need::Read, |on_method| on(on_method, routes::messages::json)),
    route("GET", "/v0/pools/{pool}/messages/{seq}/lite3", Need::Read, |on_method| on(on_method, routes::messages::lite3)),
    route("GET", "/v0/pools/{pool}/tail", Need::Read, |on_method| on(on_method, routes::tail::lines)).asked(routes::tail::QUERY),
    route("GET", "/v0/pools/{pool}/tail_lite3", Need::Read, |on_method| on(on_method, routes::tail::lite3)).asked(routes::tail::LITE3_QUERY),
    route("GET", "/v0/ui/pools", Need::Read, |on_method| on(on_method, routes::pools::list)),
    route("GET", "/v0/ui/pools/{pool}/info", Need::Read, |on_method| on(on_method, routes::pools::info)),
    route("GET", "/v0/ui/pools/{pool}/events", Need::Read, |on_method| on(on_method, routes::tail::events)).asked(routes::tail::QUERY),
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
        .layer(from_fn_with_state(
            (state.config.limits.body, state.stopping.clone()),
            unread::discard,
        ))
        .with_state(Arc::clone(state))
}

#[cfg(test)]
mod tests {
    use super::{Need, Route, ROUTES};
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn description() -> Value {
        serde_json::from_str(super::routes::openapi::TEXT).expect("JSON")
    }

    #[test]
    fn every_route_is_described() {
        let described = description();
        for route in ROUTES {
            let method = route.method.to_lowercase();
            let operation = &described["paths"][route.path][method.as_str()];
            assert!(operation.is_object(), "{method} {}", route.path);
            let open = operation["security"] == serde_json::json!([]);
            assert_eq!(open, route.need == Need::Nothing, "{}", route.path);
        }
    }

    /// Where each parameter stands, and its name.
    fn parameters(route: &Route) -> BTreeSet<(&str, &str)> {
        let in_path = route.path.split('/').filter_map(|part| {
            let name = part.strip_prefix('{')?.strip_suffix('}')?;
            Some(("path", name))
        });
        let in_query = route.query.iter().map(|name| ("query", *name));
        let mut all: BTreeSet<_> = in_path.chain(in_query).collect();
        let of_one_pool = all.contains(&("path", "pool")) && route.need != Need::Nothing;
        if of_one_pool || (route.method, route.path) == ("DELETE", "/v0/pools/open") {
            all.insert(("header", "plasmite-pool-id"));
        }
        match route.path {
            "/mcp" => all.insert(("header", "MCP-Protocol-Version")),
            "/v0/ui/pools/{pool}/events" => all.insert(("header", "last-event-id")),
            _ => false,
        };
        all
    }

    #[test]
    fn every_parameter_is_described() {
        let whole = description();
        for route in ROUTES {
            let method = route.method.to_lowercase();
            let operation = &whole["paths"][route.path][method.as_str()];
            let list = operation["parameters"].as_array().map(Vec::as_slice);
            let described: BTreeSet<_> = list
                .unwrap_or_default()
                .iter()
                .map(|parameter| match parameter["$ref"].as_str() {
                    Some(reference) => whole.pointer(&reference[1..]).expect("it is there"),
                    None => parameter,
                })
                .map(|parameter| {
                    let text = |member: &str| parameter[member].as_str().expect("a text");
                    (text("in"), text("name"))
                })
                .collect();
            assert_eq!(described, parameters(route), "{method} {}", route.path);
        }
    }
}
