//! The description that ships with the server: it and the server say the same, and requests made up from it do no harm.
#![cfg(feature = "serve")]

mod common;

use common::server::Server;
use common::Scratch;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[test]
fn the_server_serves_its_description() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--token", "secret"]);
    let served = server.get("/v0/openapi.json").json();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/openapi.json");
    let file: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(served, file);
    assert_eq!(served["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn every_described_method_is_there_and_no_other() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    let description = server.get("/v0/openapi.json").json();
    for (path, operations) in description["paths"].as_object().unwrap() {
        let mut described: Vec<String> = operations
            .as_object()
            .unwrap()
            .keys()
            .map(|method| method.to_uppercase())
            .collect();
        if described.contains(&"GET".to_owned()) {
            described.push("HEAD".to_owned());
        }
        described.sort();
        let path = path.replace("{pool}", "lab").replace("{seq}", "1");
        let refused = server.ask("PATCH", &path, &[], b"");
        refused.error(405, "Usage");
        let mut allowed: Vec<&str> = refused.header("allow").unwrap().split(',').collect();
        allowed.sort();
        assert_eq!(allowed, described, "{path}");
    }
}

/// Schemathesis, from PyPI, makes up requests from the description, good and bad ones, and compares the answers with
/// it. A few for each route; with PLASMITE_HTTP_EXAMPLES=N N of them, and every border of every parameter.
#[test]
fn made_up_requests_get_described_answers() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tool = tests.join("../target/venv/bin/st");
    assert!(
        tool.exists(),
        "schemathesis is missing: `make http-tools` installs it below target/venv"
    );
    let scratch = Scratch::with_patience(Duration::from_secs(600));
    let options = ["--max-tail-timeout-ms", "50", "--max-body-bytes", "65536"];
    let server = Server::start(&scratch, &options);
    server.create("lab");
    server.append("lab", "{\"n\":1}");
    let url = format!("http://{}", server.address);
    let wanted = std::env::var("PLASMITE_HTTP_EXAMPLES");
    let phases = match wanted {
        Ok(_) => "examples,coverage,fuzzing",
        Err(_) => "fuzzing",
    };
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    let output = Command::new(tool)
        .current_dir(scratch.path())
        .env("SCHEMATHESIS_HOOKS", tests.join("tests/http/hooks.py"))
        .args(["run", &format!("{url}/v0/openapi.json"), "--url", &url])
        .args(["--checks", checks, "--phases", phases, "--seed", "1"])
        .args(["--max-examples", wanted.as_deref().unwrap_or("6")])
        // Its answer to a message that Lite3 cannot hold is a connection cut short; `serve_tails` looks at that.
        .args(["--exclude-path", "/v0/pools/{pool}/tail_lite3"])
        .args(["--no-color", "--workers", "1"])
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{log}");
    assert_eq!(server.get("/healthz").status, 200);
}
