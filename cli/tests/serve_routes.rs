//! Routes of the server that describe, create and delete pools and read messages, with good and bad input.
#![cfg(feature = "serve")]

mod common;

use common::server::Server;
use common::Scratch;

#[test]
fn a_pool_from_creation_to_deletion() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    assert_eq!(server.get("/healthz").text(), r#"{"ok":true}"#);
    assert_eq!(
        server.get("/v0/pools").json()["pools"],
        serde_json::json!([])
    );
    let created = server
        .post(
            "/v0/pools",
            r#"{"pool":"lab","size_bytes":65536,"unknown":1}"#,
        )
        .json();
    assert_eq!(created["pool"]["name"], "lab");
    assert_eq!(created["pool"]["file_size"], 65_536);
    assert_eq!(created["pool"]["bounds"], serde_json::json!({}));
    server
        .post("/v0/pools", r#"{"pool":"lab"}"#)
        .error(409, "AlreadyExists");
    server.create("a b");
    server.append("lab", r#"{"t":21.5}"#);
    let opened = server.post("/v0/pools/open", r#"{"pool":"lab"}"#).json();
    assert_eq!(opened["pool"]["bounds"]["newest"], 1);
    let info = server.get("/v0/pools/lab/info").json();
    assert_eq!(info["pool"]["bounds"], opened["pool"]["bounds"]);
    assert_eq!(info["pool"]["id"], opened["pool"]["id"]);
    let names: Vec<_> = server.get("/v0/pools").json()["pools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pool| pool["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["a b", "lab"]);
    let for_pages = server.get("/v0/ui/pools").json();
    assert_eq!(for_pages["pools"][1]["id"], created["pool"]["id"]);
    let blank = server.get("/v0/ui/pools/a%20b/info").json();
    assert_eq!(blank["pool"]["name"], "a b");
    assert_eq!(
        server.get("/v0/pools/lab.plasmite/info").json()["pool"]["name"],
        "lab.plasmite"
    );
    let deleted = server.ask("DELETE", "/v0/pools/lab", &[], b"");
    assert_eq!(deleted.text(), r#"{"ok":true}"#);
    let again = server.ask("DELETE", "/v0/pools/lab", &[], b"");
    again.error(404, "NotFound");
    server.get("/v0/pools/lab/info").error(404, "NotFound");
    assert!(!scratch.pool("lab").exists());
}

#[test]
fn pools_made_and_replaced_beside_the_server_are_seen() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    scratch.feed("lab", &["1"]);
    let first = server.get("/v0/pools/lab/info").json()["pool"]["id"].clone();
    std::fs::remove_file(scratch.pool("lab")).unwrap();
    server.get("/v0/pools/lab/info").error(404, "NotFound");
    scratch.feed("lab", &["1", "2"]);
    let second = server.get("/v0/pools/lab/info").json()["pool"].clone();
    assert_ne!(first, second["id"]);
    assert_eq!(second["bounds"]["newest"], 2);
    assert_eq!(server.append("lab", "3")["seq"], 3);
}

#[test]
fn messages_by_seq() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    server.append("lab", r#"{"b":1,"a":18446744073709551615}"#);
    server.append("lab", r#"{"b":2}"#);
    let message = server.get("/v0/pools/lab/messages/1");
    assert!(
        message
            .text()
            .contains(r#""data":{"b":1,"a":18446744073709551615}"#),
        "numbers and the order of keys stay: {}",
        message.text()
    );
    assert_eq!(
        server.get("/v0/pools/lab/messages/2").json()["message"]["seq"],
        2
    );
    let missing = server
        .get("/v0/pools/lab/messages/3")
        .error(404, "NotFound");
    assert_eq!(missing["seq"], 3);
    for bad in ["x", "-1", "+1", "1.5", "99999999999999999999", "%20"] {
        server
            .get(&format!("/v0/pools/lab/messages/{bad}"))
            .error(400, "Usage");
    }
    server
        .get("/v0/pools/none/messages/1")
        .error(404, "NotFound");
    let document = server.get("/v0/pools/lab/messages/2/lite3");
    assert_eq!(
        document.header("content-type"),
        Some("application/x-plasmite-lite3")
    );
    assert_eq!(document.header("plasmite-seq"), Some("2"));
    let json = plasmite::lite3_to_json(&document.body).unwrap();
    assert_eq!(
        json.text().unwrap(),
        r#"{"meta":{"tags":[]},"data":{"b":2}}"#
    );
    let not_lite3 = server
        .get("/v0/pools/lab/messages/1/lite3")
        .error(406, "Usage");
    assert_eq!(not_lite3["seq"], 1);
    server
        .get("/v0/pools/lab/messages/9/lite3")
        .error(404, "NotFound");
}

#[test]
fn a_pool_without_an_index_is_read_too() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    let created = server
        .post("/v0/pools", r#"{"pool":"lab","index_capacity":0}"#)
        .json();
    assert_eq!(created["pool"]["index_capacity"], 0);
    server.append("lab", "1");
    server.append("lab", "2");
    assert_eq!(
        server.get("/v0/pools/lab/messages/1").json()["message"]["data"],
        1
    );
    server
        .get("/v0/pools/lab/messages/7")
        .error(404, "NotFound");
}

#[test]
fn bad_bodies_are_told_what_is_wrong() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &["--max-body-bytes", "1000"]);
    for path in ["/v0/pools", "/v0/pools/open"] {
        server.post(path, "").error(400, "Usage");
        server.post(path, "{").error(400, "Usage");
        server
            .post(path, "{\"pool\":\"\u{1}\"}")
            .error(400, "Usage");
        server.post(path, "{}").error(422, "Usage");
        server.post(path, "[]").error(422, "Usage");
        server.post(path, r#"["y"]"#).error(422, "Usage");
        server.post(path, r#"["y",65536,null]"#).error(422, "Usage");
        server.post(path, r#"{"pool":5}"#).error(422, "Usage");
        server.post(path, r#"{"pool":""}"#).error(400, "Usage");
        server.post(path, r#"{"pool":"a\nb"}"#).error(400, "Usage");
        server.post(path, r#"{"pool":"../x"}"#).error(400, "Usage");
        server
            .post(path, r#"{"pool":"http://h/x"}"#)
            .error(400, "Usage");
        let large = format!("{{\"pool\":\"{}\"}}", "x".repeat(2000));
        let error = server.post(path, &large).error(413, "Usage");
        assert!(error["message"].as_str().unwrap().contains("1000"));
        let plain = [("content-type", "text/plain")];
        server
            .ask("POST", path, &plain, b"{\"pool\":\"x\"}")
            .error(415, "Usage");
        server
            .ask("POST", path, &[], b"{\"pool\":\"x\"}")
            .error(415, "Usage");
        let typed = [("content-type", "Application/Vnd.x+JSON; charset=utf-8")];
        let answer = server.ask("POST", path, &typed, b"{\"pool\":\"x\"}");
        assert_ne!(answer.status, 415);
    }
    for size in ["0", "100", "18446744073709551615"] {
        let body = format!("{{\"pool\":\"y\",\"size_bytes\":{size}}}");
        server.post("/v0/pools", &body).error(400, "Usage");
    }
    for size in ["-1", "\"64K\"", "1.5"] {
        let body = format!("{{\"pool\":\"y\",\"size_bytes\":{size}}}");
        server.post("/v0/pools", &body).error(422, "Usage");
    }
    assert!(!scratch.pool("y").exists());
}

#[test]
fn methods_paths_and_heads() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    for path in [
        "/",
        "/v0",
        "/v0/pools/",
        "/v0/pools/lab",
        "/v0/pools/lab/nothing",
        "/v1/pools",
    ] {
        let answer = server.get(path);
        if path == "/v0/pools/lab" {
            answer.error(405, "Usage");
            continue;
        }
        assert_eq!((answer.status, answer.text()), (404, ""), "{path}");
        assert_eq!(answer.header("plasmite-version"), Some("0"));
    }
    let wrong = server.ask("PUT", "/v0/pools", &[], b"");
    wrong.error(405, "Usage");
    let allowed = wrong.header("allow").expect("allow");
    assert!(
        allowed.contains("GET") && allowed.contains("POST"),
        "{allowed}"
    );
    server
        .ask("OPTIONS", "/v0/pools", &[], b"")
        .error(405, "Usage");
    for path in [
        "/healthz",
        "/v0/pools",
        "/v0/pools/lab/info",
        "/v0/pools/lab/tail",
        "/v0/ui/pools/lab/events",
        "/metrics",
    ] {
        let head = server.ask("HEAD", path, &[], b"");
        assert_eq!(head.status, 200, "{path}");
        assert_eq!(head.header("plasmite-version"), Some("0"));
    }
    // A head of a tail is no tail: it holds no slot, and the connection goes on.
    let mut wire = server.wire();
    wire.request("HEAD", "/v0/pools/lab/tail", &[], b"");
    assert_eq!(wire.head().status, 200);
    wire.request("GET", "/healthz", &[], b"");
    assert_eq!(wire.answer().status, 200);
}

#[test]
fn names_stay_in_the_directory() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    std::fs::write(scratch.path().join("outside.plasmite"), b"secret").unwrap();
    for name in [
        "..%2Foutside",
        "..%2foutside.plasmite",
        "%2Fetc%2Fpasswd",
        "a%2Fb",
        ".%2Fa",
    ] {
        server
            .get(&format!("/v0/pools/{name}/info"))
            .error(400, "Usage");
    }
    for name in ["%00", "a%0Ab", "%ff", "%7F"] {
        server
            .get(&format!("/v0/pools/{name}/info"))
            .error(400, "Usage");
    }
    for name in ["..", "...", "."] {
        server
            .get(&format!("/v0/pools/{name}/info"))
            .error(404, "NotFound");
    }
    let long = "n".repeat(300);
    server
        .get(&format!("/v0/pools/{long}/info"))
        .error(400, "Usage");
    server.create("..");
    assert!(scratch.pools().join("...plasmite").exists());
}

#[test]
fn links_out_of_the_directory_are_not_followed() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    scratch.feed("other", &["2"]);
    let outside = scratch.path().join("elsewhere.plasmite");
    std::fs::rename(scratch.pool("other"), &outside).unwrap();
    std::os::unix::fs::symlink(&outside, scratch.pool("out")).unwrap();
    std::os::unix::fs::symlink(scratch.pool("lab"), scratch.pool("in")).unwrap();
    std::os::unix::fs::symlink("nowhere", scratch.pool("dangling")).unwrap();
    let server = Server::start(&scratch, &[]);
    assert_eq!(
        server.get("/v0/pools/in/messages/1").json()["message"]["data"],
        1
    );
    for name in ["out", "dangling", "out.plasmite"] {
        let path = format!("/v0/pools/{name}");
        server.get(&format!("{path}/info")).error(403, "Permission");
        server.get(&format!("{path}/tail")).error(403, "Permission");
        server
            .post(&format!("{path}/append"), r#"{"data":1}"#)
            .error(403, "Permission");
        server
            .ask("DELETE", &path, &[], b"")
            .error(403, "Permission");
        server
            .post("/v0/pools", &format!("{{\"pool\":\"{name}\"}}"))
            .error(403, "Permission");
    }
    let pools = server.get("/v0/pools").json()["pools"].clone();
    for pool in pools.as_array().unwrap() {
        let good = ["in", "lab"].contains(&pool["name"].as_str().unwrap());
        assert_eq!(pool["error"].is_null(), good, "{pool}");
    }
    assert!(outside.exists(), "nothing was deleted through the link");
    // A pool that becomes a link while it is open.
    std::fs::remove_file(scratch.pool("lab")).unwrap();
    std::os::unix::fs::symlink(&outside, scratch.pool("lab")).unwrap();
    server
        .get("/v0/pools/lab/messages/1")
        .error(403, "Permission");
}

#[test]
fn one_bad_file_does_not_hide_the_others() {
    let scratch = Scratch::new();
    scratch.feed("good", &["1"]);
    std::fs::write(scratch.pool("bad"), b"this is no pool").unwrap();
    std::fs::create_dir(scratch.pool("dir")).unwrap();
    let server = Server::start(&scratch, &[]);
    let pools = server.get("/v0/pools").json()["pools"].clone();
    let pools = pools.as_array().unwrap();
    assert_eq!(pools.len(), 3);
    for pool in pools {
        match pool["name"].as_str().unwrap() {
            "good" => assert_eq!(pool["bounds"]["newest"], 1),
            _ => assert!(pool["error"]["kind"].is_string(), "{pool}"),
        }
    }
    server.get("/v0/pools/bad/info").error(500, "Corrupt");
    server.get("/v0/pools/bad/tail").error(500, "Corrupt");
    server.get("/v0/pools/dir/info").error(500, "Io");
}

#[test]
fn paths_of_the_server_are_shown_only_when_asked_for() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    std::fs::write(scratch.pool("bad"), b"this is no pool").unwrap();
    let asked = [
        "/v0/pools",
        "/v0/pools/lab/info",
        "/v0/pools/none/info",
        "/v0/pools/bad/info",
        "/v0/pools/lab/messages/9",
    ];
    let directory = scratch.path().to_str().unwrap().to_owned();
    let server = Server::start(&scratch, &[]);
    for path in asked {
        let text = server.get(path).text().to_owned();
        assert!(!text.contains(&directory), "{path}: {text}");
    }
    assert_eq!(
        server.get("/v0/pools/lab/info").json()["pool"]["path"],
        "lab.plasmite"
    );
    drop(server);
    let server = Server::start(&scratch, &["--show-paths"]);
    let path = server.get("/v0/pools/lab/info").json()["pool"]["path"].clone();
    assert_eq!(path, scratch.pool("lab").to_str().unwrap());
}

/// The directory may be given as one word, which stands in many texts that are no paths.
#[test]
fn a_directory_of_one_word_is_not_told() {
    let scratch = Scratch::new();
    scratch.feed("lab", &["1"]);
    std::fs::write(scratch.pool("bad"), "no pool").unwrap();
    let server = Server::start_with(&scratch, &[], |command| {
        let mut relative = scratch.bare(env!("CARGO_BIN_EXE_plasmite"));
        relative.args(["--dir", "pools", "serve", "--bind", "127.0.0.1:0"]);
        *command = relative;
    });
    assert_eq!(server.get("/v0/pools/lab/messages/1").status, 200);
    for path in ["/v0/pools/none/info", "/v0/pools/bad/info", "/v0/pools"] {
        let answer = server.get(path);
        assert!(!answer.text().contains("pools/"), "{}", answer.text());
    }
}
