//! A server that answers what a test tells it to, however wrong that is.

// Each test program uses a part of this.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use plasmite_core::message::document::Assembler;
use plasmite_core::message::tags;
use plasmite_core::store::OpenOptions;
use plasmite_remote::{Options, Pool, Server, Settings};

/// What came.
pub(crate) struct Request {
    /// Its first line.
    pub(crate) line: String,
    pub(crate) body: Vec<u8>,
}

/// Starts a server that gives each request, with its connection, to `answer`; gives its address. An opening of a pool
/// it answers itself.
pub(crate) fn fake(answer: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                let mut connection = connection.unwrap();
                let Some(request) = request(&connection) else {
                    return;
                };
                match request.line.contains("/v0/pools/open ") {
                    true => reply(&mut connection, 200, POOL),
                    false => answer(&request, &mut connection),
                }
            });
        }
    });
    base
}

const POOL: &[u8] =
    br#"{"pool":{"name":"lab","path":"lab.plasmite","id":"000102030405060708090a0b0c0d0e0f"}}"#;

fn request(connection: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(connection);
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line).ok()?;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).ok()? == 0 {
            return None;
        }
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line, body })
}

/// A whole answer, and the end of the connection.
pub(crate) fn reply(connection: &mut TcpStream, status: u16, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status} whatever\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    // The client may be gone.
    let _ = connection.write_all(&[head.as_bytes(), body].concat());
}

/// The beginning of a tail that ends with its connection.
pub(crate) fn tail(connection: &mut TcpStream, frames: &[Vec<u8>]) {
    let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    let _ = connection.write_all(&[&head[..], &frames.concat()].concat());
}

/// Keeps a connection open until the client ends it.
pub(crate) fn hold(connection: &mut TcpStream) {
    let _ = connection.read(&mut [0; 1]);
}

/// A frame.
pub(crate) fn frame(seq: u64, body: &[u8]) -> Vec<u8> {
    let mut out = seq.to_be_bytes().to_vec();
    out.extend_from_slice(&1_000_000_000u64.to_be_bytes());
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(body);
    out
}

/// The frame of a good message.
pub(crate) fn message(seq: u64) -> Vec<u8> {
    frame(seq, &document())
}

/// A message document.
pub(crate) fn document() -> Vec<u8> {
    let (mut block, mut document) = (Vec::new(), Vec::new());
    tags::encode([], &mut block).unwrap();
    Assembler::new()
        .from_json(&block, b"{\"x\":1}", &mut document)
        .unwrap();
    document
}

/// The frame that says where a tail stands.
pub(crate) fn position(next_seq: u64) -> Vec<u8> {
    let token = format!("pls1.000102030405060708090a0b0c0d0e0f.0.{next_seq}");
    let json = format!(r#"{{"position":{{"next_seq":{next_seq},"resume":"{token}"}}}}"#);
    frame(0, json.as_bytes())
}

/// The pool of a server that was made by [`fake`].
pub(crate) fn open(base: &str, options: &Options) -> Pool {
    let server = Server::new(base, Settings::new(options).unwrap());
    server.open("lab", &OpenOptions::default()).unwrap()
}

/// Ends a test that hangs.
pub(crate) fn watchdog() {
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(90));
        eprintln!("the test hangs");
        std::process::exit(101);
    });
}
