//! A server of one test, on a port of its own.

use super::http::{Answer, TailLines, Wire};
use super::Scratch;
use rustix::process::{kill_process, Pid, Signal};
use serde_json::Value;
use std::io::Read;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Numbers of ready files: a test may start many servers.
static READY: AtomicU32 = AtomicU32::new(0);

/// A running server; killed when it goes out of scope.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// `serve --bind 127.0.0.1:0 OPTIONS`, ready.
    #[track_caller]
    pub(crate) fn start(scratch: &Scratch, options: &[&str]) -> Server {
        let mut all = vec!["--bind", "127.0.0.1:0"];
        all.extend(options);
        Server::start_bound(scratch, &all)
    }

    /// `serve OPTIONS`, ready.
    #[track_caller]
    pub(crate) fn start_bound(scratch: &Scratch, options: &[&str]) -> Server {
        Server::start_with(scratch, options, |_| {})
    }

    /// The same with changes to the command.
    #[track_caller]
    pub(crate) fn start_with(
        scratch: &Scratch,
        options: &[&str],
        change: impl FnOnce(&mut Command),
    ) -> Server {
        let ready = scratch
            .path()
            .join(format!("ready-{}", READY.fetch_add(1, Ordering::Relaxed)));
        let mut args = vec!["serve"];
        args.extend(options);
        let mut command = scratch.command(&args);
        change(&mut command);
        let mut child = command
            .env("PLASMITE_SERVE_READY_FILE", &ready)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let address = loop {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                break text.parse().expect("an address without a newline");
            }
            if child.try_wait().expect("known").is_some() {
                let mut text = String::new();
                let mut stderr = child.stderr.take().expect("piped");
                stderr.read_to_string(&mut text).expect("UTF-8");
                panic!("the server ended: {text}");
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        Server { child, address }
    }

    /// The address of a pool, without TLS.
    pub(crate) fn url(&self, pool: &str) -> String {
        format!("http://{}/{pool}", self.address)
    }

    pub(crate) fn wire(&self) -> Wire {
        Wire::to(self.address)
    }

    /// A request on a connection of its own.
    #[track_caller]
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut wire = self.wire();
        wire.request(method, path, headers, body);
        match method {
            "HEAD" => wire.head(),
            _ => wire.answer(),
        }
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    /// A request with a JSON body.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        let json = [("content-type", "application/json")];
        self.ask("POST", path, &json, body.as_bytes())
    }

    #[track_caller]
    pub(crate) fn create(&self, pool: &str) {
        self.post(
            "/v0/pools",
            &serde_json::json!({ "pool": pool }).to_string(),
        )
        .json();
    }

    /// Appends data; gives the message.
    #[track_caller]
    pub(crate) fn append(&self, pool: &str, data: &str) -> Value {
        let path = format!("/v0/pools/{pool}/append");
        self.post(&path, &format!("{{\"data\":{data}}}")).json()["message"].clone()
    }

    /// Opens a tail of lines.
    #[track_caller]
    pub(crate) fn tail(&self, pool: &str, query: &str) -> TailLines {
        TailLines::open(self.address, &format!("/v0/pools/{pool}/tail?{query}"), &[])
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// A signal, the exit code, and what was printed: nothing on standard output.
    #[track_caller]
    pub(crate) fn stop(mut self, signal: Signal) -> (Option<i32>, String) {
        kill_process(self.pid(), signal).expect("signalled");
        let code = self.child.wait().expect("it ends").code();
        let (mut out, mut err) = (String::new(), String::new());
        let mut stdout = self.child.stdout.take().expect("piped");
        let mut stderr = self.child.stderr.take().expect("piped");
        stdout.read_to_string(&mut out).expect("UTF-8");
        stderr.read_to_string(&mut err).expect("UTF-8");
        assert_eq!(out, "", "the log is on standard error");
        (code, err)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The seqs of messages.
#[track_caller]
pub(crate) fn seqs(messages: &[Value]) -> Vec<u64> {
    messages
        .iter()
        .map(|message| message["seq"].as_u64().expect("a message"))
        .collect()
}

/// A server with the pool `lab` of messages 1 to `count`.
pub(crate) fn filled(scratch: &Scratch, count: u64, options: &[&str]) -> Server {
    filled_at(scratch, "127.0.0.1", count, options)
}

/// The same at a loopback address of the test's own, where no other test takes its port when it is to start again.
pub(crate) fn filled_at(scratch: &Scratch, ip: &str, count: u64, options: &[&str]) -> Server {
    let bind = format!("{ip}:0");
    let server = Server::start_bound(scratch, &[&["--bind", &*bind], options].concat());
    server.create("lab");
    for number in 1..=count {
        let tag = if number % 2 == 0 { "even" } else { "odd" };
        let body = format!("{{\"data\":{{\"n\":{number}}},\"tags\":[\"{tag}\",\" {number} \"]}}");
        server.post("/v0/pools/lab/append", &body).json();
    }
    server
}
