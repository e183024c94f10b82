//! Pools that are deleted or replaced while the server has to do with them.
#![cfg(feature = "serve")]

mod common;

use common::server::Server;
use common::Scratch;
use plasmite::{json_to_lite3, Client, PoolOptions};
use std::time::Duration;

const ID: &str = "plasmite-pool-id";

fn id(server: &Server) -> String {
    let info = server.get("/v0/pools/lab/info").json();
    info["pool"]["id"].as_str().unwrap().to_owned()
}

/// Another pool takes the name, by way of another process.
fn replace(scratch: &Scratch) {
    let client = Client::new(scratch.pools()).unwrap();
    client.delete("lab").unwrap();
    client.create("lab", &PoolOptions::new()).unwrap();
}

#[test]
fn an_id_still_counts_when_the_body_has_come() {
    let document = json_to_lite3(br#"{"meta":{"tags":[]},"data":{"for":"the first"}}"#).unwrap();
    for (route, media_type, body) in [
        ("append", "application/json", &br#"{"data":{"for":1}}"#[..]),
        (
            "append",
            "application/jsonl",
            b"{\"data\":1}\n{\"data\":2}\n",
        ),
        ("append_lite3", "application/x-plasmite-lite3", &document),
    ] {
        let scratch = Scratch::new();
        let server = Server::start(&scratch, &[]);
        server.create("lab");
        let (first, length) = (id(&server), body.len());
        let mut wire = server.wire();
        let head = format!(
            "POST /v0/pools/lab/{route} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {media_type}\r\n\
             content-length: {length}\r\nexpect: 100-continue\r\n{ID}: {first}\r\n\r\n"
        );
        wire.send(head.as_bytes());
        // All that is asked of the head has been asked: the server wants the body.
        assert_eq!(wire.head().status, 100);
        let (half, rest) = body.split_at(length / 2);
        wire.send(half);
        replace(&scratch);
        wire.send(rest);
        wire.answer().error(404, "NotFound");
        assert_eq!(server.append("lab", "1")["seq"], 1, "nothing was stored");
    }
}

#[test]
fn an_id_counts_everywhere() {
    const ROUTES: [(&str, &str, &str); 8] = [
        ("GET", "/info", ""),
        ("POST", "/append", "{\"data\":2}"),
        ("POST", "/flush", ""),
        ("GET", "/messages/1", ""),
        ("GET", "/messages/1/lite3", ""),
        ("GET", "/tail?snapshot", ""),
        ("GET", "/tail_lite3?snapshot", ""),
        ("DELETE", "", ""),
    ];
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    let first = id(&server);
    replace(&scratch);
    assert_eq!(server.append("lab", "{}")["seq"], 1);
    let second = id(&server);
    let ask = |id: &str, (method, path, body): (&str, &str, &str)| {
        let headers = [("content-type", "application/json"), (ID, id)];
        let path = format!("/v0/pools/lab{path}");
        server.ask(method, &path, &headers, body.as_bytes())
    };
    for id in [&*first, "", "nonsense"] {
        for route in ROUTES {
            ask(id, route).error(404, "NotFound");
        }
    }
    for route in ROUTES {
        assert_eq!(ask(&second.to_uppercase(), route).status, 200, "{route:?}");
    }
    assert!(!scratch.pool("lab").exists());
}

#[test]
fn pools_that_others_deleted_are_let_go() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    let names: Vec<String> = (0..10).map(|number| format!("p{number}")).collect();
    for name in names.iter().map(String::as_str).chain(["kept"]) {
        server.create(name);
        server.append(name, "1");
    }
    let process = format!("/proc/{}", server.pid().as_raw_nonzero());
    // Its mappings and its open files.
    let held = || {
        let mut held = std::fs::read_to_string(format!("{process}/maps")).unwrap();
        for entry in std::fs::read_dir(format!("{process}/fd")).unwrap() {
            // One that is closed meanwhile leads nowhere.
            if let Ok(file) = std::fs::read_link(entry.unwrap().path()) {
                held.push_str(&format!("{}\n", file.display()));
            }
        }
        held
    };
    let before = held();
    assert!(names
        .iter()
        .all(|name| before.contains(&format!("/{name}.plasmite"))));
    let client = Client::new(scratch.pools()).unwrap();
    for (number, name) in names.iter().enumerate() {
        match number % 2 {
            0 => client.delete(name).unwrap(),
            _ => std::fs::remove_file(scratch.pool(name)).unwrap(),
        }
    }
    // Nobody asks the server for anything.
    while held().contains(".plasmite (deleted)") {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(held().contains("/kept.plasmite"), "this one is still open");
}
