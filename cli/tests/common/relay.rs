//! What stands between a client and a server, and answers some requests itself.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// What becomes of a request.
pub(crate) enum Fate {
    /// The server answers it.
    Passed,
    /// This is the answer's status line, without a body.
    Answered(&'static str),
    /// Nobody answers, and the connection stays.
    Left,
}

/// Where clients connect to; it lives as long as the test program.
pub(crate) fn before(
    server: SocketAddr,
    fate: impl Fn(&str) -> Fate + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let fate = Arc::new(fate);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let fate = Arc::clone(&fate);
            // A client or a server that goes away ends its connection.
            std::thread::spawn(move || relay(client?, server, &*fate));
        }
    });
    address
}

/// One request and its answer.
fn relay(
    mut client: TcpStream,
    server: SocketAddr,
    fate: &dyn Fn(&str) -> Fate,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    client.read_exact(&mut body)?;
    let line = head.lines().next().unwrap_or_default();
    match fate(line) {
        Fate::Left => {
            // Until the client has enough of it.
            let _ = client.read(&mut byte);
            Ok(())
        }
        Fate::Answered(status) => {
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            client.write_all(answer.as_bytes())
        }
        Fate::Passed => {
            let mut server = TcpStream::connect(server)?;
            request.truncate(request.len() - 2);
            request.extend_from_slice(b"connection: close\r\n\r\n");
            request.extend_from_slice(&body);
            server.write_all(&request)?;
            std::io::copy(&mut server, &mut client)?;
            Ok(())
        }
    }
}
