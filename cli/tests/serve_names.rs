//! Names that mean something else elsewhere: in paths, and to a shell.
#![cfg(feature = "serve")]

mod common;

use common::server::Server;
use common::Scratch;

#[test]
fn a_pool_may_have_the_name_of_a_route() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    let delete = |headers: &[(&str, &str)]| server.ask("DELETE", "/v0/pools/open", headers, b"");
    delete(&[]).error(404, "NotFound");
    server.create("open");
    let info = server.get("/v0/pools/open/info").json();
    assert_eq!(info["pool"]["name"], "open");
    server.append("open", "1");
    server.get("/v0/pools/open/messages/1").json();
    assert_eq!(server.tail("open", "snapshot").rest().len(), 1);
    let other = [("plasmite-pool-id", "00000000000000000000000000000000")];
    delete(&other).error(404, "NotFound");
    let own = info["pool"]["id"].as_str().unwrap();
    assert_eq!(delete(&[("plasmite-pool-id", own)]).json()["ok"], true);
    assert!(!scratch.pool("open").exists());
    server.create("open");
    delete(&[]).json();
    assert!(!scratch.pool("open").exists());
}

#[test]
fn a_reader_may_not_delete_it() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--access", "read-only"]);
    let answer = server.ask("DELETE", "/v0/pools/open", &[], b"");
    answer.error(403, "Permission");
}

#[test]
fn hints_can_be_pasted_into_a_shell() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    for (path, command) in [
        ("lab-1", "`pls pool create lab-1`"),
        ("$(touch%20x)", "`pls pool create '$(touch x)'`"),
        ("it's;.plasmite", r"`pls pool create 'it'\''s;'`"),
        ("-x", "`pls pool create -- -x`"),
    ] {
        let answer = server.get(&format!("/v0/pools/{path}/info"));
        let error = answer.error(404, "NotFound");
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains(command), "{hint}");
    }
}
