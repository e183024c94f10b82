//! HTTP over a plain socket: what a test sends is what goes out, byte by byte, and answers are read as they come.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A connection to a server.
pub(crate) struct Wire<S = TcpStream> {
    stream: BufReader<S>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    /// The body of a success, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?} {}", self.text());
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_str(self.text()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error of a failure, which has the form of all errors.
    #[track_caller]
    pub(crate) fn error(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status, status, "{self:?} {}", self.text());
        assert_eq!(self.header("plasmite-version"), Some("0"), "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        let envelope: Value = serde_json::from_str(self.text()).expect("JSON");
        let error = envelope["error"].clone();
        assert_eq!(error["kind"], kind, "{}", self.text());
        let message = error["message"].as_str().expect("a message");
        assert!(!message.is_empty());
        error
    }
}

impl Wire {
    pub(crate) fn to(address: SocketAddr) -> Wire {
        let stream = TcpStream::connect(address).expect("connected");
        stream.set_nodelay(true).expect("an option");
        Wire::over(stream)
    }

    /// The socket itself.
    pub(crate) fn socket(&self) -> &TcpStream {
        self.stream.get_ref()
    }
}

impl<S: Read + Write> Wire<S> {
    pub(crate) fn over(stream: S) -> Wire<S> {
        Wire {
            stream: BufReader::new(stream),
        }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).expect("sent");
        self.stream.get_mut().flush().expect("sent");
    }

    /// Sends a request with the headers it needs and these.
    pub(crate) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            head.push_str("host: localhost\r\n");
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method == "POST" {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        self.send(&bytes);
    }

    /// The next line, without its end; `None` when the connection ended instead.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        match self.stream.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
        }
    }

    /// Status and headers of an answer.
    #[track_caller]
    pub(crate) fn head(&mut self) -> Answer {
        let status = self.line().expect("an answer");
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut headers = Vec::new();
        loop {
            let line = self.line().expect("the rest of the head");
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Answer {
            status: status.expect("a status"),
            headers,
            body: Vec::new(),
        }
    }

    /// The next piece of a chunked body; `None` at its proper end.
    ///
    /// # Errors
    /// The connection was cut within the body.
    pub(crate) fn piece(&mut self) -> Result<Option<Vec<u8>>, &'static str> {
        let size = self.line().ok_or("cut")?;
        let size = usize::from_str_radix(&size, 16).map_err(|_| "no chunk")?;
        let mut piece = vec![0; size];
        self.stream.read_exact(&mut piece).map_err(|_| "cut")?;
        self.line().ok_or("cut")?;
        Ok((size > 0).then_some(piece))
    }

    /// A whole answer.
    #[track_caller]
    pub(crate) fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        if let Some(length) = answer.header("content-length") {
            answer.body = vec![0; length.parse().expect("a length")];
            self.stream.read_exact(&mut answer.body).expect("the body");
        } else if answer.header("transfer-encoding") == Some("chunked") {
            while let Some(piece) = self.piece().expect("a whole body") {
                answer.body.extend(piece);
            }
        }
        answer
    }

    /// Whether the other end closed, after whatever it still sends.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).is_ok() || rest.is_empty()
    }
}

/// A tail that is being read.
pub(crate) struct TailLines {
    wire: Wire,
    pending: Vec<u8>,
}

impl TailLines {
    /// Opens it; the answer's head has come.
    #[track_caller]
    pub(crate) fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> TailLines {
        let mut wire = Wire::to(address);
        wire.request("GET", path, headers, b"");
        let head = wire.head();
        assert_eq!(head.status, 200, "{head:?}");
        TailLines {
            wire,
            pending: Vec::new(),
        }
    }

    /// The next line, `None` at the end.
    #[track_caller]
    pub(crate) fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=end).collect();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            match self.wire.piece().expect("a body that is not cut") {
                Some(piece) => self.pending.extend(piece),
                None => return None,
            }
        }
    }

    /// The next line as JSON.
    #[track_caller]
    pub(crate) fn json(&mut self) -> Value {
        let line = self.line().expect("another line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// The rest of the lines, as JSON.
    pub(crate) fn rest(&mut self) -> Vec<Value> {
        let mut rest = Vec::new();
        while let Some(line) = self.line() {
            rest.push(serde_json::from_str(&line).expect("JSON"));
        }
        rest
    }

    pub(crate) fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }
}
