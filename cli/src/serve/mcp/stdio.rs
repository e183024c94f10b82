//! JSON-RPC on standard input and output, one message a line.
//!
//! Requests are answered in their order, so that appends keep theirs; waits alone are served beside the others. At the
//! end of the input all waits end with what they have, every request is answered, and the command is over.

use super::rpc::{Incoming, Request};
use crate::serve::setup::{Access, Config, Limits, Settings};
use crate::serve::state::State;
use crate::{Client, Error, ErrorKind};
use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::sync::{mpsc, watch, Notify};
use tokio::task::{AbortHandle, JoinSet};

/// Lines that are read ahead.
const AHEAD: usize = 16;
/// Waits at once.
const WAITS: u32 = 1024;

/// Serves until the input ends.
///
/// # Errors
/// Io when the input cannot be read, the output not be written, or no thread be started.
pub(crate) fn run(client: Client) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("plasmite-mcp")
        .enable_time()
        .build()
        .map_err(|error| failed("cannot start threads", &error))?;
    let outcome = runtime.block_on(serve(client));
    runtime.shutdown_background();
    outcome
}

fn failed(what: &str, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{what}: {error}"))
}

/// This user's own pools: everything is allowed, and paths are no secret.
fn config() -> Result<Config, Error> {
    Config::check(Settings {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        access: Access::ReadWrite,
        cors_origins: Vec::new(),
        allowed_hosts: Vec::new(),
        token: None,
        token_file: None,
        tls_cert: None,
        tls_key: None,
        tls_self_signed: false,
        allow_non_loopback: false,
        insecure_no_tls: false,
        show_paths: true,
        limits: Limits {
            body: usize::MAX,
            tail_ms: super::wait::MOST_MS,
            tails: WAITS,
        },
    })
}

async fn serve(client: Client) -> Result<(), Error> {
    let (stop, stopping) = watch::channel(false);
    let state = Arc::new(State::new(config()?, client, stopping)?);
    state.tend();
    let mut lines = input()?;
    let mut waits = Waits::default();
    let mut outcome = Ok(());
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            Some(ended) = waits.tasks.join_next() => {
                outcome = ended.unwrap_or(Ok(()));
                if outcome.is_err() {
                    break;
                }
                continue;
            }
        };
        let Some(line) = line else {
            break;
        };
        outcome = match line {
            Ok(line) => waits.take(&state, &line).await,
            Err(error) => Err(failed("cannot read standard input", &error)),
        };
        if outcome.is_err() {
            break;
        }
    }
    let _ = stop.send(true);
    while let Some(ended) = waits.tasks.join_next().await {
        outcome = outcome.and(ended.unwrap_or(Ok(())));
    }
    outcome.or_else(|error| match error.kind() {
        // Nobody reads any more: that is an end as good as that of the input.
        ErrorKind::Io if error.message() == CLOSED => Ok(()),
        _ => Err(error),
    })
}

const CLOSED: &str = "standard output is closed";

/// The lines of the input, read by a thread of their own.
fn input() -> Result<mpsc::Receiver<io::Result<Vec<u8>>>, Error> {
    let (sender, lines) = mpsc::channel(AHEAD);
    std::thread::Builder::new()
        .name("plasmite-input".into())
        .spawn(move || {
            let mut input = io::stdin().lock();
            loop {
                let mut line = Vec::new();
                let read = input.read_until(b'\n', &mut line);
                let read = match read {
                    Ok(0) => break,
                    read => read.map(|_| line),
                };
                let failed = read.is_err();
                if sender.blocking_send(read).is_err() || failed {
                    break;
                }
            }
        })
        .map_err(|error| failed("cannot start a thread", &error))?;
    Ok(lines)
}

/// The waits under way, by the ids of their requests.
#[derive(Default)]
struct Waits {
    tasks: JoinSet<Result<(), Error>>,
    by_id: HashMap<String, AbortHandle>,
}

impl Waits {
    /// Deals with a line.
    async fn take(&mut self, state: &Arc<State>, line: &[u8]) -> Result<(), Error> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        match Incoming::parse(line) {
            Incoming::Request(request) if super::is_wait(&request) => {
                self.begin(state, request).await;
                Ok(())
            }
            Incoming::Request(request) => {
                print(super::answer(state, &request, &Notify::new()).await)
            }
            Incoming::Notification { cancelled } => {
                if let Some(wait) = cancelled.and_then(|id| self.by_id.remove(&id)) {
                    wait.abort();
                }
                Ok(())
            }
            Incoming::Response => Ok(()),
            Incoming::Garbage(answer) | Incoming::Invalid(answer) => print(answer),
        }
    }

    /// Begins a wait: what the requests behind it append, it sees.
    async fn begin(&mut self, state: &Arc<State>, request: Request) {
        self.by_id.retain(|_, wait| !wait.is_finished());
        let (state, id) = (Arc::clone(state), request.id.clone());
        let begun = Arc::new(Notify::new());
        let tell = Arc::clone(&begun);
        let task = self.tasks.spawn(async move {
            let answer = super::answer(&state, &request, &tell).await;
            tell.notify_one();
            print(answer)
        });
        self.by_id.insert(id, task);
        begun.notified().await;
    }
}

/// Writes an answer as one line.
fn print(mut answer: Vec<u8>) -> Result<(), Error> {
    answer.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&answer)
        .and_then(|()| out.flush())
        .map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Error::new(ErrorKind::Io, CLOSED),
            _ => failed("cannot write standard output", &error),
        })
}
