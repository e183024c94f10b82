//! The page, and what it asks for about itself.

use super::{json, Shared};
use axum::extract::rejection::PathRejection;
use axum::extract::Path;
use axum::http::{header, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};

/// Everything comes from this server, nothing stands in the HTML itself, and no other site may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// A file of the page: its name, its content type, its text.
macro_rules! asset {
    ($name:literal, $media_type:expr) => {
        ($name, $media_type, include_str!(concat!("../web/", $name)))
    };
}

const INDEX: (&str, &str, &str) = asset!("index.html", HTML);

/// What the page loads from `/ui/assets/`.
const ASSETS: &[(&str, &str, &str)] = &[
    asset!("api.js", SCRIPT),
    asset!("detail.js", SCRIPT),
    asset!("dom.js", SCRIPT),
    asset!("facts.js", SCRIPT),
    asset!("feed.js", SCRIPT),
    asset!("filters.js", SCRIPT),
    asset!("format.js", SCRIPT),
    asset!("icon.svg", SVG),
    asset!("json.js", SCRIPT),
    asset!("keys.js", SCRIPT),
    asset!("main.js", SCRIPT),
    asset!("message.js", SCRIPT),
    asset!("page.css", CSS),
    asset!("pool.css", CSS),
    asset!("pool.js", SCRIPT),
    asset!("pools.js", SCRIPT),
    asset!("rate.js", SCRIPT),
    asset!("rows.js", SCRIPT),
    asset!("session.js", SCRIPT),
    asset!("stream.js", SCRIPT),
    asset!("tags.js", SCRIPT),
    asset!("timer.js", SCRIPT),
    asset!("tree.js", SCRIPT),
];

fn file(media_type: &'static str, text: &'static str) -> Response {
    const REFERRER: HeaderName = HeaderName::from_static("referrer-policy");
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER, "no-referrer"),
        // A new server brings a new page.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

/// `GET /ui` and `GET /ui/pools/{pool}`: the page finds out from its address which it is.
pub(crate) async fn page() -> Response {
    file(INDEX.1, INDEX.2)
}

/// `GET /ui/assets/{name}`
pub(crate) async fn asset(name: Result<Path<String>, PathRejection>) -> Response {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    match ASSETS.iter().find(|asset| asset.0 == name) {
        Some((_, media_type, text)) => file(media_type, text),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /v0/ui/access`: what the server allows whoever has come as far as this.
pub(crate) async fn access(state: Shared) -> Response {
    let access = state.config.access;
    json(
        format!(
            r#"{{"read":{},"write":{}}}"#,
            access.reads(),
            access.writes()
        )
        .into_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use super::ASSETS;

    #[test]
    fn every_file_of_the_page_is_served() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/serve/web");
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .expect("the directory")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("UTF-8")
            })
            .filter(|name| name != "index.html")
            .collect();
        files.sort();
        let served: Vec<&str> = ASSETS.iter().map(|asset| asset.0).collect();
        assert_eq!(files, served);
    }
}
