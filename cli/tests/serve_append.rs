//! Appending over HTTP: JSON, many messages as JSON Lines, Lite3.
#![cfg(feature = "serve")]

mod common;

use common::http::Answer;
use common::server::Server;
use common::Scratch;
use plasmite::json_to_lite3;

const LITE3: (&str, &str) = ("content-type", "application/x-plasmite-lite3");
const LINES: (&str, &str) = ("content-type", "application/jsonl");

fn lines(server: &Server, path: &str, body: &str) -> Answer {
    server.ask("POST", path, &[LINES], body.as_bytes())
}

#[test]
fn every_value_comes_back_as_it_was_stored() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    for (sent, stored) in [
        (
            r#"{ "b" : 1, "a" : [ true, null ] }"#,
            r#"{"b":1,"a":[true,null]}"#,
        ),
        ("null", "null"),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("123456789.123456789", "123456789.12345679"),
        (r#""é\u0000/""#, r#""é\u0000/""#),
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        ("[]", "[]"),
    ] {
        let body = format!("{{\"tags\":[\"x\",\" y \"],\"data\":{sent}}}");
        let answer = server.post("/v0/pools/lab/append", &body);
        let text = answer.text().to_owned();
        let expected = format!("\"meta\":{{\"tags\":[\"x\",\" y \"]}},\"data\":{stored}}}}}");
        assert!(text.ends_with(&expected), "{sent}: {text}");
        let seq = answer.json()["message"]["seq"].as_u64().unwrap();
        let read = server.get(&format!("/v0/pools/lab/messages/{seq}"));
        assert_eq!(read.text(), text, "the answer is what is read");
    }
}

#[test]
fn options_of_an_append() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    let post = |body: &str| server.post("/v0/pools/lab/append", body);
    let timed = post(
        r#"{"data":1,"time":"2026-01-02T03:04:05.000000006Z","tags":null,"durability":"flush"}"#,
    );
    assert_eq!(
        timed.json()["message"]["time"],
        "2026-01-02T03:04:05.000000006Z"
    );
    let earlier = post(r#"{"data":1,"time":"2026-01-02T03:04:05Z"}"#);
    earlier.error(400, "Usage");
    assert_eq!(
        post(r#"{"data":2,"expect_newest":1}"#).json()["message"]["seq"],
        2
    );
    post(r#"{"data":3,"expect_newest":1}"#).error(409, "AlreadyExists");
    assert_eq!(
        post(r#"{"data":3,"durability":"fast"}"#).json()["message"]["seq"],
        3
    );
    for (body, status) in [
        ("", 400),
        ("{\"data\":", 400),
        ("{\"data\":1}x", 400),
        ("{\"data\":\"\\ud800\"}", 400),
        ("{\"data\":1e400}", 400),
        ("{\"data\":1,\"durability\":\"slow\"}", 400),
        ("{\"data\":1,\"tags\":[\"\"]}", 400),
        ("{\"data\":1,\"time\":\"yesterday\"}", 400),
        ("{}", 422),
        ("1", 422),
        ("[{\"a\":1},[\"t\"],null,null,null,null]", 422),
        ("[1]", 422),
        ("{\"data\":1,\"data\":2}", 422),
        ("{\"data\":1,\"tags\":\"x\"}", 422),
        ("{\"data\":1,\"tags\":[1]}", 422),
        ("{\"data\":1,\"durability\":1}", 422),
    ] {
        post(body).error(status, "Usage");
    }
    let deep = format!("{{\"data\":{}{}}}", "[".repeat(600), "]".repeat(600));
    post(&deep).error(400, "Usage");
    let wide = format!("{{\"data\":\"{}\"}}", "x".repeat(1_048_000));
    post(&wide).error(400, "Usage");
    server
        .post("/v0/pools/none/append", "{\"data\":1}")
        .error(404, "NotFound");
    assert!(!scratch.pool("none").exists(), "appending creates nothing");
    let info = server.get("/v0/pools/lab/info").json();
    assert_eq!(info["pool"]["bounds"]["newest"], 3, "failures left nothing");
}

#[test]
fn many_messages_at_once() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    let body = "{\"data\":1}\n\r\n{\"data\":{\"a\":2},\"tags\":[\"own\"]}\r\n{\"data\":null}";
    let answer = lines(
        &server,
        "/v0/pools/lab/append?tag=all&tag=b%20c&durability=flush",
        body,
    );
    let receipts = answer.json()["receipts"].clone();
    let seqs: Vec<_> = receipts
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["seq"].clone())
        .collect();
    assert_eq!(seqs, [1, 2, 3]);
    let stored = server.tail("lab", "snapshot").rest();
    assert_eq!(stored[1]["data"], serde_json::json!({"a":2}));
    let tags = stored[1]["meta"]["tags"].as_array().unwrap();
    for tag in ["all", "b c", "own"] {
        assert!(tags.iter().any(|other| other == tag), "{tags:?}");
    }
    for (receipt, message) in receipts.as_array().unwrap().iter().zip(&stored) {
        assert_eq!(receipt["time"], message["time"]);
    }
    for (body, status) in [
        ("", 400),
        ("\n\n", 400),
        ("{\"data\":1}\n{\"data\":", 400),
        ("{\"data\":1}\n{}", 422),
        ("{\"data\":1}\n[5,[\"t\"],null,null,null,null]", 422),
        ("{\"data\":1}\n{\"data\":1,\"time\":\"x\"}", 400),
        (
            "{\"data\":1}\n{\"data\":1,\"time\":\"1969-01-01T00:00:00Z\"}",
            400,
        ),
        ("{\"data\":1}\n{\"data\":1,\"durability\":\"flush\"}", 400),
        ("{\"data\":1}\n{\"data\":1e999}", 400),
        ("{\"data\":1}\n{\"data\":1,\"tags\":[\"\"]}", 400),
    ] {
        let error = lines(&server, "/v0/pools/lab/append", body).error(status, "Usage");
        let message = error["message"].as_str().unwrap();
        if body.len() > 12 {
            assert!(message.starts_with("line 2:"), "{message}");
        }
        for ours in ["struct", "Sent", "item"] {
            assert!(!message.contains(ours), "{message}");
        }
    }
    let body = "\n{\"data\":1}\n \r\n\n{\"data\":1e999}\n{\"data\":";
    let cut = body.rsplit_once('\n').unwrap().0;
    for (body, line) in [(body, "line 6:"), (cut, "line 5:")] {
        let error = lines(&server, "/v0/pools/lab/append", body).error(400, "Usage");
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with(line), "{message}");
    }
    for query in ["durability=slow", "expect_newest=x", "tag="] {
        lines(
            &server,
            &format!("/v0/pools/lab/append?{query}"),
            "{\"data\":1}",
        )
        .error(400, "Usage");
    }
    let info = server.get("/v0/pools/lab/info").json();
    assert_eq!(
        info["pool"]["bounds"]["newest"], 3,
        "all of a batch or none"
    );
    lines(
        &server,
        "/v0/pools/lab/append?expect_newest=3",
        "{\"data\":1}",
    )
    .json();
    let many: String = (0..5_000).map(|n| format!("{{\"data\":{n}}}\n")).collect();
    let receipts = lines(&server, "/v0/pools/lab/append", &many).json()["receipts"].clone();
    assert_eq!(receipts.as_array().unwrap().len(), 5_000);
    assert_eq!(receipts[4_999]["seq"], 5_004);
}

#[test]
fn lite3_documents() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    let document = json_to_lite3(br#"{"meta":{"tags":["x"]},"data":{"b":[1,2],"a":"y"}}"#).unwrap();
    let path = "/v0/pools/lab/append_lite3";
    let answer = server.ask("POST", path, &[LITE3], &document).json();
    assert_eq!(answer["message"]["seq"], 1);
    let read = server.get("/v0/pools/lab/messages/1").json();
    assert_eq!(answer, read, "the answer is what is read");
    let raw = server.get("/v0/pools/lab/messages/1/lite3");
    assert_eq!(raw.body, *document, "byte for byte");
    let flushed = format!("{path}?durability=flush&expect_newest=1");
    server.ask("POST", &flushed, &[LITE3], &document).json();
    server
        .ask("POST", &flushed, &[LITE3], &document)
        .error(409, "AlreadyExists");
    // A page of another site can send these without being asked first.
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "application/json")],
    ] {
        server
            .ask("POST", path, headers, &document)
            .error(400, "Usage");
    }
    server.ask("POST", path, &[LITE3], b"").error(400, "Usage");
    let slow = format!("{path}?durability=slow");
    server
        .ask("POST", &slow, &[LITE3], &document)
        .error(400, "Usage");
    let no_message = json_to_lite3(br#"{"data":1}"#).unwrap();
    server
        .ask("POST", path, &[LITE3], &no_message)
        .error(400, "Corrupt");
    for array in [
        &br#"[{"tags":[]},1]"#[..],
        br#"{"meta":[["x"]],"data":1}"#,
        br#"{"meta":[],"data":1}"#,
    ] {
        let array = json_to_lite3(array).unwrap();
        server
            .ask("POST", path, &[LITE3], &array)
            .error(400, "Corrupt");
    }
    let empty_tag = json_to_lite3(br#"{"meta":{"tags":[""]},"data":{}}"#).unwrap();
    server
        .ask("POST", path, &[LITE3], &empty_tag)
        .error(400, "Usage");
    for place in 0..document.len() {
        let mut broken = document.to_vec();
        broken[place] ^= 0xff;
        let answer = server.ask("POST", path, &[LITE3], &broken);
        assert!([200, 400].contains(&answer.status), "{place}: {answer:?}");
    }
    server
        .ask("POST", path, &[LITE3], b"garbage")
        .error(400, "Corrupt");
    let (code, log) = server.stop(rustix::process::Signal::TERM);
    assert_eq!(code, Some(0));
    assert!(
        !log.contains("ERROR"),
        "what clients send is no error of the server: {log}"
    );
}

#[test]
fn many_lite3_documents_and_a_flush() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    const STREAM: (&str, &str) = ("content-type", "application/x-plasmite-lite3-stream");
    let path = "/v0/pools/lab/append_lite3";
    let document = |number: u64| {
        let json = format!("{{\"meta\":{{\"tags\":[\"x\"]}},\"data\":{{\"n\":{number}}}}}");
        json_to_lite3(json.as_bytes()).unwrap()
    };
    let frame = |time: u64, document: &[u8]| {
        let mut frame = [0u64.to_be_bytes(), time.to_be_bytes()].concat();
        frame.extend_from_slice(&(document.len() as u32).to_be_bytes());
        frame.extend_from_slice(document);
        frame
    };
    let body = [frame(5_000_000_000, &document(1)), frame(0, &document(2))].concat();
    let answer = server.ask("POST", path, &[STREAM], &body).json();
    assert_eq!(
        answer["receipts"][0],
        serde_json::json!({"seq": 1, "time": "1970-01-01T00:00:05Z"})
    );
    assert_eq!(answer["receipts"][1]["seq"], 2);
    let raw = server.get("/v0/pools/lab/messages/1/lite3");
    assert_eq!(raw.body, *document(1), "byte for byte");
    assert_eq!(raw.header("plasmite-time-ns"), Some("5000000000"));
    // All or none.
    for bad in [
        [body.clone(), frame(0, b"garbage")].concat(),
        body[..body.len() - 1].to_vec(),
        [body.clone(), vec![0; 19]].concat(),
    ] {
        assert_eq!(server.ask("POST", path, &[STREAM], &bad).status, 400);
    }
    assert_eq!(server.get("/v0/pools/lab/messages/3").status, 404);
    server.ask("POST", path, &[STREAM], b"").error(400, "Usage");
    let late = format!("{path}?time=1970-01-01T00:00:01Z");
    server
        .ask("POST", &late, &[LITE3], &document(3))
        .error(400, "Usage");

    let flush = server.ask("POST", "/v0/pools/lab/flush", &[], b"").json();
    assert_eq!(flush["ok"], true);
    server
        .ask("POST", "/v0/pools/none/flush", &[], b"")
        .error(404, "NotFound");
}

#[test]
fn a_held_lock_blocks_no_other_request() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("held");
    server.create("free");
    let client = plasmite::Client::new(scratch.pools()).unwrap();
    let pool = client.open_pool("held").unwrap();
    let mut room = pool.reserve(64, &plasmite::AppendOptions::new()).unwrap();
    room.payload().fill(b' ');
    // More of them than there are async workers.
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let mut wire = server.wire();
            let json = [("content-type", "application/json")];
            wire.request("POST", "/v0/pools/held/append", &json, b"{\"data\":1}");
            wire
        })
        .collect();
    for _ in 0..20 {
        server.append("free", "1");
        assert_eq!(server.get("/healthz").status, 200);
    }
    server
        .post("/v0/pools/held/append", r#"{"data":1,"lock_wait_ms":0}"#)
        .error(423, "Busy");
    server
        .post("/v0/pools/held/append", r#"{"data":1,"lock_wait_ms":20}"#)
        .error(423, "Busy");
    drop(room);
    for mut wire in waiting {
        wire.answer().json();
    }
    assert_eq!(
        server.get("/v0/pools/held/info").json()["pool"]["bounds"]["newest"],
        8
    );
}

#[test]
fn a_kept_connection_takes_many_requests() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    let agent = ureq::Agent::new_with_defaults();
    let url = format!("http://{}/v0/pools/lab/append", server.address);
    for number in 1..=200 {
        let body = format!("{{\"data\":{number}}}");
        let mut answer = agent
            .post(&url)
            .header("content-type", "application/json")
            .send(&body)
            .expect("answered");
        let text = answer.body_mut().read_to_string().expect("a body");
        assert!(text.contains(&format!("\"seq\":{number},")), "{text}");
    }
    let metrics = server.get("/metrics").text().to_owned();
    assert!(
        metrics.contains("\nplasmite_appends_total 200\n"),
        "{metrics}"
    );
}

#[test]
fn times_that_no_message_can_have_are_refused() {
    let scratch = Scratch::new();
    let server = Server::start(&scratch, &[]);
    server.create("lab");
    let document = plasmite::json_to_lite3(br#"{"meta":{"tags":[]},"data":1}"#).unwrap();
    let append = |media_type: &str, route: &str, body: &[u8]| {
        let path = format!("/v0/pools/lab/{route}");
        server.ask("POST", &path, &[("content-type", media_type)], body)
    };
    for time in [
        "1969-12-31T23:59:59Z",
        "2554-07-21T23:34:34Z",
        "9999-12-31T23:59:59Z",
    ] {
        let body = format!("{{\"data\":1,\"time\":\"{time}\"}}");
        for media_type in ["application/json", "application/jsonl"] {
            append(media_type, "append", body.as_bytes()).error(400, "Usage");
        }
        let route = format!("append_lite3?time={time}");
        append("application/x-plasmite-lite3", &route, &document).error(400, "Usage");
    }
    let info = server.get("/v0/pools/lab/info").json();
    assert_eq!(info["pool"]["bounds"], serde_json::json!({}));
    let first = br#"{"data":1,"time":"1970-01-01T00:00:00Z"}"#;
    let message = append("application/json", "append", first).json();
    assert_eq!(message["message"]["time"], "1970-01-01T00:00:00Z");
}
