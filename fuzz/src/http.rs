//! Requests of any kind to a server of this process: every route, odd headers, bodies of every form and none. Whatever
//! comes gets an answer of HTTP below 500, and the next request on a new connection is served.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use plasmite_core::store::PoolOptions;

use crate::{scratch, tally};

/// Long enough for a machine that does other things as well: an answer that takes longer is a hang.
const PATIENCE: Duration = Duration::from_secs(20);

const METHODS: [&str; 7] = ["GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH"];
const PATHS: [&str; 18] = [
    "/v0/pools",
    "/v0/pools/lab",
    "/v0/pools/lab/info",
    "/v0/pools/lab/append",
    "/v0/pools/lab/append_lite3",
    "/v0/pools/lab/messages/1",
    "/v0/pools/lab/messages/2/lite3",
    "/v0/pools/lab/tail",
    "/v0/pools/lab/tail_lite3",
    "/v0/pools/open",
    "/v0/ui/pools",
    "/v0/ui/pools/lab/events",
    "/v0/ui/access",
    "/mcp",
    "/healthz",
    "/metrics",
    "/ui/assets/main.js",
    "/",
];
const QUERIES: [&str; 10] = [
    "",
    "?since_seq=1&max=2&timeout_ms=1",
    "?max=1&timeout_ms=1",
    "?timeout_ms=1",
    "?tag=a&where=.data.n%3E1&timeout_ms=1",
    "?timeout_ms=1&where=",
    "?since=1h&timeout_ms=1",
    "?durability=flush",
    "?size_bytes=10000",
    "?tail=3&timeout_ms=1&format=",
];
const TYPES: [&str; 6] = [
    "application/json",
    "application/x-plasmite-lite3",
    "application/jsonl",
    "text/event-stream",
    "application/json-seq",
    "text/plain",
];

/// Starts the server, once.
fn server() -> SocketAddr {
    static SERVER: OnceLock<SocketAddr> = OnceLock::new();
    *SERVER.get_or_init(|| {
        scratch::remove_pool("lab");
        let options = PoolOptions {
            size: 65_536,
            ..PoolOptions::default()
        };
        scratch::client().create("lab", &options).expect("a pool");
        let ready = scratch::client().pool_dir().join("ready");
        std::env::set_var("PLASMITE_SERVE_READY_FILE", &ready);
        std::env::set_var("RUST_LOG", "off");
        let dir = scratch::client().pool_dir().as_os_str().to_owned();
        std::thread::spawn(move || {
            let args = [
                "--dir".into(),
                dir,
                "serve".into(),
                "--bind".into(),
                "127.0.0.1:0".into(),
            ];
            let more = ["--max-tail-timeout-ms", "20", "--max-body-bytes", "65536"].map(Into::into);
            plasmite::cli::run("plasmite", args.into_iter().chain(more).collect());
            std::process::abort();
        });
        let start = Instant::now();
        loop {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                return text.parse().expect("an address");
            }
            assert!(start.elapsed() < PATIENCE, "the server does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    })
}

pub fn run(input: &[u8]) {
    let address = server();
    let mut input = Unstructured::new(input);
    // Lines that are not what HTTP has, now and then.
    let raw = input.ratio(1, 16).unwrap_or(false);
    let request = match raw {
        true => rest(&mut input),
        false => match request(&mut input, address) {
            Ok(request) => request,
            Err(_) => return,
        },
    };
    let answer = ask(address, &request, raw);
    let text = String::from_utf8_lossy(&answer);
    let status = text
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    if status.is_some_and(|status| status >= "400") {
        tally::refused();
    }
    // Nothing at all is an answer to what is no request, nor need that be of this version.
    assert!(status.is_some() || raw || text.is_empty(), "{text}");
    // 501: a method that HTTP knows and this server does not; 503: too many tails, which are ending.
    let refused = matches!(status, Some("501" | "503"));
    assert!(
        refused || !status.is_some_and(|status| status >= "500"),
        "{text}"
    );
    let well = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let alive = ask(address, well.as_bytes(), false);
    assert!(
        alive.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&alive)
    );
}

fn request(input: &mut Unstructured<'_>, address: SocketAddr) -> Result<Vec<u8>> {
    let method = input.choose(&METHODS)?;
    let mut path = (*input.choose(&PATHS)?).to_owned();
    path.push_str(input.choose(&QUERIES)?);
    if input.ratio(1, 4)? {
        let len = input.int_in_range(0..=40usize)?;
        for byte in input.bytes(len.min(input.len()))? {
            path.push_str(&match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'=' | b'&' | b'?' => {
                    char::from(*byte).to_string()
                }
                _ => format!("%{byte:02x}"),
            });
        }
    }
    let kind = input.choose(&TYPES)?;
    let chunked = input.ratio(1, 5)?;
    let mut lines = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: {kind}\r\n");
    if input.ratio(1, 5)? {
        lines.push_str(
            "accept: text/event-stream, application/json\r\nmcp-protocol-version: 2025-06-18\r\n",
        );
    }
    let body = rest(input);
    let mut request = lines.into_bytes();
    if chunked {
        request.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
        for piece in body.chunks(7) {
            request.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            request.extend_from_slice(piece);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"0\r\n\r\n");
    } else {
        request.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        request.extend_from_slice(&body);
    }
    Ok(request)
}

/// What is left of an input.
fn rest(input: &mut Unstructured<'_>) -> Vec<u8> {
    let len = input.len();
    input.bytes(len).unwrap_or_default().to_vec()
}

/// Everything that comes back until the connection ends. What is no whole request is ended by us.
fn ask(address: SocketAddr, request: &[u8], end: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    // A server may answer and hang up before it has read all.
    let _ = stream.write_all(request);
    if end {
        let _ = stream.shutdown(std::net::Shutdown::Write);
    }
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("no answer"),
        _ => answer,
    }
}
