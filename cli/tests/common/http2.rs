//! HTTP/2, frame by frame.

use super::tls::client;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConnection, StreamOwned};

/// Frames of HTTP/2 over TLS, as a client writes them that knows the protocol too well.
pub(crate) struct Raw(StreamOwned<ClientConnection, TcpStream>);

impl Raw {
    /// Connected; `settings` are pairs of an identifier and a value.
    pub(crate) fn connect(address: SocketAddr, pem: &str, settings: &[(u16, u32)]) -> Raw {
        let mut config = client(pem);
        config.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let socket = TcpStream::connect(address).unwrap();
        let mut raw = Raw(StreamOwned::new(connection, socket));
        raw.0
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .unwrap();
        let mut payload = Vec::new();
        for (identifier, value) in settings {
            payload.extend(identifier.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        raw.send(4, 0, 0, &payload);
        raw
    }

    pub(crate) fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = (payload.len() as u32).to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.0.write_all(&frame).unwrap();
    }

    /// `GET path`, and nothing else.
    pub(crate) fn get(&mut self, stream: u32, path: &str) {
        let mut head = vec![0x82, 0x87];
        for (name, value) in [(4, path), (1, "localhost")] {
            head.extend([name, value.len() as u8]);
            head.extend(value.as_bytes());
        }
        self.send(1, 0x5, stream, &head);
    }

    /// The next frame: its kind, flags, stream and payload; `None` once the server has closed the connection.
    pub(crate) fn frame(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some((head[3], head[4], stream, payload))
    }

    /// Answers settings and pings, and nothing else, until the server has closed the connection.
    pub(crate) fn linger(mut self) {
        while let Some((kind, flags, _, payload)) = self.frame() {
            let is_answer = flags & 1 == 1;
            let answer = match kind {
                4 if !is_answer => (4, Vec::new()),
                6 if !is_answer => (6, payload),
                _ => continue,
            };
            let mut frame = vec![0, 0, answer.1.len() as u8, answer.0, 1, 0, 0, 0, 0];
            frame.extend(answer.1);
            if self.0.write_all(&frame).is_err() {
                return;
            }
        }
    }
}
