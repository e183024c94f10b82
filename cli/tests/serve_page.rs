//! The page as it is served. cli/tests/page clicks through it in a browser.
#![cfg(feature = "serve")]

mod common;

use common::http::Answer;
use common::server::Server;
use common::Scratch;
use std::collections::BTreeSet;

const TOKEN: &str = "correct-horse-battery-staple";

/// The texts between `before` and the quote behind it.
fn quoted(text: &str, before: &str) -> BTreeSet<String> {
    let parts = text.split(before).skip(1);
    parts
        .map(|part| part.split('"').next().unwrap_or_default().to_owned())
        .collect()
}

/// What every file of the page must say.
fn check_headers(answer: &Answer, path: &str) {
    assert_eq!(answer.status, 200, "{path}");
    assert_eq!(answer.header("plasmite-version"), Some("0"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    for part in policy.split(';') {
        let mut words = part.split_whitespace();
        let directive = words.next().expect("a directive");
        for source in words {
            assert!(
                ["'none'", "'self'"].contains(&source),
                "{directive} {source}"
            );
        }
    }
    for closed in ["base-uri", "form-action", "frame-ancestors"] {
        assert!(policy.contains(&format!("{closed} 'none'")), "{closed}");
    }
}

#[test]
fn both_routes_have_the_page_for_everybody() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--token", TOKEN, "--access", "write-only"]);
    let page = server.get("/ui");
    for path in [
        "/ui",
        "/ui/pools/lab",
        "/ui/pools/none%20such",
        "/ui?n=3&token=x",
    ] {
        let answer = server.get(path);
        check_headers(&answer, path);
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(answer.body, page.body, "{path}");
        let head = server.ask("HEAD", path, &[], b"");
        check_headers(&head, path);
        assert_eq!(
            head.header("content-length"),
            Some(page.body.len().to_string().as_str())
        );
        server.ask("POST", path, &[], b"").error(405, "Usage");
    }
}

#[test]
fn the_page_has_nothing_inline_and_nothing_foreign() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    let page = server.get("/ui");
    let html = page.text();
    assert_eq!(
        html.matches("<script").count(),
        html.matches("<script type=\"module\" src=\"/ui/assets/")
            .count()
    );
    for inline in [
        "<style",
        " style=",
        " onclick=",
        " onload=",
        "javascript:",
        "http://",
        "https://",
        "//cdn",
    ] {
        assert!(!html.contains(inline), "{inline}");
    }
    let mut wanted = quoted(html, "src=\"");
    wanted.extend(quoted(html, "href=\""));
    wanted.remove("/ui");
    assert!(wanted.len() >= 3, "{wanted:?}");
    // Scripts name others: follow them all.
    let mut seen = BTreeSet::new();
    while let Some(path) = wanted.pop_first() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let file = server.get(&path);
        check_headers(&file, &path);
        let media_type = file.header("content-type").expect("a type");
        match path.rsplit('.').next() {
            Some("js") => {
                assert_eq!(media_type, "text/javascript; charset=utf-8");
                let script = file.text();
                for name in quoted(script, " from \"") {
                    let name = name.strip_prefix("./").expect("a file beside it");
                    wanted.insert(format!("/ui/assets/{name}"));
                }
                for unsafe_way in [
                    "innerHTML",
                    "outerHTML",
                    "insertAdjacentHTML",
                    "document.write",
                    "eval(",
                    "http://",
                    "https://",
                ] {
                    assert!(!script.contains(unsafe_way), "{path}: {unsafe_way}");
                }
            }
            Some("css") => {
                assert_eq!(media_type, "text/css; charset=utf-8");
                assert!(!file.text().contains("url("), "{path}");
            }
            _ => assert_eq!(media_type, "image/svg+xml", "{path}"),
        }
    }
    assert!(seen.contains("/ui/assets/session.js"), "{seen:?}");
    for path in [
        "/ui/assets/none.js",
        "/ui/assets/index.html",
        "/ui/assets/..%2fui.rs",
        "/ui/assets/%ff",
        "/ui/assets/",
    ] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}

#[test]
fn the_page_can_ask_what_is_allowed() {
    for (access, read, write) in [("read-write", true, true), ("read-only", true, false)] {
        let scratch = Scratch::new();
        let server = Server::start(&scratch, &["--token", TOKEN, "--access", access]);
        server.get("/v0/ui/access").error(401, "Permission");
        let token = format!("Bearer {TOKEN}");
        let answer = server.ask("GET", "/v0/ui/access", &[("authorization", &token)], b"");
        let expected = serde_json::json!({ "read": read, "write": write });
        assert_eq!(answer.json(), expected);
    }
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--access", "write-only"]);
    server.get("/v0/ui/access").error(403, "Permission");
}

#[test]
fn strangers_do_not_get_the_page() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    for header in [("host", "evil.example"), ("origin", "http://evil.example")] {
        for path in [
            "/ui",
            "/ui/pools/lab",
            "/ui/assets/main.js",
            "/v0/ui/access",
        ] {
            server
                .ask("GET", path, &[header], b"")
                .error(403, "Permission");
        }
    }
}
