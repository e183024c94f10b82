//! Which hosts and pages the server answers for.
#![cfg(feature = "serve")]

mod common;

use common::http::Wire;
use common::server::Server;
use common::Scratch;
use std::io::Read;
use std::time::Duration;

const TOKEN: &str = "correct-horse-battery-staple";
const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn foreign_hosts_are_refused_on_loopback() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--allow-host", "Pools.Example"]);
    let port = server.address.port();
    for host in [
        "localhost",
        "LOCALHOST:1",
        "127.0.0.1",
        "[::1]:9",
        "127.0.0.9",
        "pools.example",
        "pools.example.:443",
        // An empty port is none, and one that a name does not have.
        "localhost:",
        "[::1]:",
        "pools.example:",
    ] {
        let answer = server.ask("GET", "/v0/pools", &[("host", host)], b"");
        assert_eq!(answer.status, 200, "{host}");
    }
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        "localhost.evil.example",
        "10.0.0.1",
    ] {
        for (method, path) in [
            ("GET", "/v0/pools"),
            ("GET", "/healthz"),
            ("POST", "/v0/pools"),
            ("GET", "/nowhere"),
            ("GET", "/v0/pools/lab/tail"),
        ] {
            server
                .ask(method, path, &[("host", host), JSON], b"")
                .error(403, "Permission");
        }
    }
    let mut wire = server.wire();
    wire.send(b"GET http://evil.example/v0/pools HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(wire.answer().status, 403);
    for head in ["", "host: localhost\r\nhost: localhost\r\n", "host: \r\n"] {
        let mut wire = server.wire();
        wire.send(format!("GET /v0/pools HTTP/1.1\r\n{head}\r\n").as_bytes());
        let status = wire.head().status;
        assert!([400, 403].contains(&status), "{head:?}: {status}");
    }
}

#[test]
fn pages_of_others_are_refused() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    let own = format!("http://localhost:{}", server.address.port());
    let host = format!("localhost:{}", server.address.port());
    let ask = |method: &str, origin: &str| {
        let headers = [("host", host.as_str()), ("origin", origin), JSON];
        server.ask(method, "/v0/pools", &headers, b"{\"pool\":\"x\"}")
    };
    assert_eq!(ask("GET", &own).status, 200);
    assert_eq!(ask("GET", &own).header("access-control-allow-origin"), None);
    for origin in [
        "http://evil.example",
        "null",
        "http://localhost:1",
        "https://localhost",
        "x",
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            ask(method, origin).error(403, "Permission");
        }
    }
    assert!(!scratch.pool("x").exists());
}

/// What a browser sends along for an image, a script or a link carries no origin, but says where the page is.
#[test]
fn what_pages_of_others_embed_is_refused() {
    let scratch = Scratch::new();
    let options = ["--cors-origin", "http://localhost:3000"];
    let server = Server::start(&scratch, &options);
    let ask = |path: &str, headers: &[(&str, &str)]| server.ask("GET", path, headers, b"");
    for site in ["cross-site", "same-site"] {
        let site = ("sec-fetch-site", site);
        for path in [
            "/v0/pools",
            "/metrics",
            "/healthz",
            "/ui/assets/app.js",
            "/ui",
        ] {
            ask(path, &[site]).error(403, "Permission");
        }
        let link = [
            site,
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        for path in ["/ui", "/ui/pools/lab"] {
            assert_eq!(ask(path, &link).status, 200, "{path}");
        }
        ask("/v0/pools", &link).error(403, "Permission");
        let frame = [
            site,
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "iframe"),
        ];
        ask("/ui", &frame).error(403, "Permission");
        let listed = [site, ("origin", "http://localhost:3000")];
        assert_eq!(ask("/v0/pools", &listed).status, 200);
    }
    for site in ["same-origin", "none"] {
        let answer = ask("/v0/pools", &[("sec-fetch-site", site)]);
        assert_eq!(answer.status, 200, "{site}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[test]
fn listed_pages_are_let_in() {
    let scratch = Scratch::new();
    let server = Server::start(
        &scratch,
        &[
            "--cors-origin",
            "HTTPS://App.Example:443",
            "--cors-origin",
            "http://localhost:3000",
            "--token",
            TOKEN,
        ],
    );
    let preflight = server.ask(
        "OPTIONS",
        "/v0/pools/lab/append",
        &[
            ("origin", "https://app.example"),
            ("access-control-request-method", "POST"),
        ],
        b"",
    );
    assert_eq!((preflight.status, preflight.text()), (200, ""));
    assert_eq!(
        preflight.header("access-control-allow-origin"),
        Some("https://app.example")
    );
    assert_eq!(
        preflight.header("access-control-allow-methods"),
        Some("GET,POST,DELETE,OPTIONS")
    );
    assert_eq!(
        preflight.header("access-control-allow-headers"),
        Some("authorization,content-type,last-event-id,mcp-protocol-version,plasmite-pool-id")
    );
    assert_eq!(
        preflight.header("access-control-expose-headers"),
        Some("plasmite-version,plasmite-seq,plasmite-time-ns")
    );
    assert_eq!(preflight.header("access-control-allow-credentials"), None);
    let vary = "origin, access-control-request-method, access-control-request-headers";
    assert_eq!(preflight.header("vary"), Some(vary));
    // Errors can be read by the page as well.
    let refused = server.ask(
        "GET",
        "/v0/pools",
        &[("origin", "http://localhost:3000")],
        b"",
    );
    refused.error(401, "Permission");
    assert_eq!(
        refused.header("access-control-allow-origin"),
        Some("http://localhost:3000")
    );
    assert_eq!(refused.header("plasmite-version"), Some("0"));
    let other = server.ask(
        "GET",
        "/v0/pools",
        &[("origin", "https://evil.example")],
        b"",
    );
    other.error(403, "Permission");
    assert_eq!(other.header("access-control-allow-origin"), None);
    let plain = server.get("/healthz");
    assert_eq!((plain.status, plain.header("vary")), (200, Some(vary)));
}

#[test]
fn names_of_the_hosts_file_mean_this_machine() {
    let scratch = Scratch::new();
    let hosts = scratch.path().join("hosts");
    std::fs::write(&hosts, "127.0.0.1 localhost server\n192.0.2.1 elsewhere\n").unwrap();
    let ready = scratch.path().join("ready");
    // In a mount namespace of its own, where that file is the machine's.
    let serve = format!(
        "mount --bind {} /etc/hosts && exec {} serve --bind 127.0.0.1:0",
        hosts.display(),
        env!("CARGO_BIN_EXE_plasmite")
    );
    let mut child = scratch
        .bare("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", &serve])
        .env("PLASMITE_SERVE_READY_FILE", &ready)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("unshare, of util-linux");
    while !ready.exists() {
        if child.try_wait().unwrap().is_some() {
            let mut text = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert!(text.starts_with("unshare:"), "{text}");
            common::left_out(&format!("this system allows no namespaces here: {text}"));
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let address = std::fs::read_to_string(&ready).unwrap().parse().unwrap();
    for (host, status) in [
        ("server:9700", 200),
        ("localhost", 200),
        ("elsewhere", 403),
        ("other", 403),
    ] {
        let mut wire = Wire::to(address);
        wire.request("GET", "/v0/pools", &[("host", host)], b"");
        assert_eq!(wire.answer().status, status, "{host}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
