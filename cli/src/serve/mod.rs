//! The server: pools over HTTP.
//!
//! `setup` turns settings into a checked configuration, or makes its files (`serve init`); `listen` accepts
//! connections and bounds them, those of HTTP/2 with `http2`; `gate` is what every request passes (host, origin, CORS, errors, measures), around it `unread` deals with what nobody read;
//! `route` is the table of routes, `routes` their handlers; `pools` keeps pools open, `storage` runs what may
//! block away from the async workers; `tail` streams messages, `waiter` wakes idle streams, and `driven` lets it drive
//! their connections; `web` has the files of the page; `mcp` is the Model Context Protocol, also without a network.
//! Async code is here only, and no runtime exists before [`run`] or [`serve_mcp`].

mod access;
mod body;
mod driven;
mod error;
mod gate;
mod host;
mod http2;
mod io;
mod listen;
mod log;
mod mcp;
mod metrics;
mod pools;
mod query;
mod route;
mod routes;
mod setup;
mod state;
mod storage;
mod tail;
mod token;
mod unread;
mod waiter;

use crate::{Client, Error, ErrorKind};
use state::State;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

pub(crate) use mcp::run as serve_mcp;
pub(crate) use setup::{Access, Artifacts, Config, InitSettings, Limits, Settings};

/// Whether the server has a route of this path.
pub(crate) fn has_route(path: &str) -> bool {
    route::ROUTES.iter().any(|route| route.path == path)
}

/// How long requests in hand may take once the server is to stop.
const GRACE: Duration = Duration::from_millis(600);
/// Threads for calls of the runtime's own that may block.
const SPARE_THREADS: usize = 8;

/// Serves until a signal comes. `ready` is called once, with the address that was bound.
///
/// # Errors
/// Io when the address cannot be bound.
pub(crate) fn run(
    config: Config,
    client: Client,
    signals: &[i32],
    ready: impl FnOnce(SocketAddr) -> Result<(), Error>,
) -> Result<(), Error> {
    log::start();
    crate::set_log(Some(log::library), log::library_level());
    let _ = rustix::process::getrlimit(rustix::process::Resource::Nofile)
        .maximum
        .map(raise_file_limit);
    let runtime = runtime(&config)?;
    let outcome = runtime.block_on(serve(config, client, signals, ready));
    // What still blocks (a flush on a dead disk) must not hold up the end.
    runtime.shutdown_background();
    outcome
}

/// Every connection is a file: as many as the system allows.
fn raise_file_limit(maximum: u64) {
    let limit = rustix::process::Rlimit {
        current: Some(maximum),
        maximum: Some(maximum),
    };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Nofile, limit);
}

fn runtime(config: &Config) -> Result<Runtime, Error> {
    Builder::new_multi_thread()
        .thread_name("plasmite-serve")
        .max_blocking_threads(config.limits.storage() as usize + storage::SCANS + SPARE_THREADS)
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| {
            Error::new(
                ErrorKind::Io,
                format!("cannot start the server's threads: {error}"),
            )
        })
}

async fn serve(
    config: Config,
    client: Client,
    signals: &[i32],
    ready: impl FnOnce(SocketAddr) -> Result<(), Error>,
) -> Result<(), Error> {
    let bind = config.bind;
    let failed = |error: std::io::Error| cannot_bind(bind, &error);
    let listener = TcpListener::bind(bind).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (stop, stopping) = watch::channel(false);
    let state = Arc::new(State::new(config, client, stopping)?);
    state.tend();
    // Handlers stand before anybody is told that we are here.
    let stopped = stop_signal(signals)?;
    ready(address)?;
    let listening = tokio::spawn(listen::accept(listener, Arc::clone(&state)));
    stopped.await;
    log::info(format_args!("stopping"));
    let _ = stop.send(true);
    let _ = tokio::time::timeout(GRACE, async {
        let _ = listening.await;
        state.storage.idle().await;
    })
    .await;
    log::info(format_args!("stopped"));
    Ok(())
}

/// Ends when one of the signals comes.
fn stop_signal(signals: &[i32]) -> Result<impl std::future::Future<Output = ()>, Error> {
    use tokio::signal::unix::{signal, SignalKind};
    let mut streams = Vec::new();
    for number in signals {
        let stream = signal(SignalKind::from_raw(*number)).map_err(|error| {
            Error::new(
                ErrorKind::Internal,
                format!("cannot handle signals: {error}"),
            )
        })?;
        streams.push(stream);
    }
    Ok(std::future::poll_fn(move |context| {
        let came = streams
            .iter_mut()
            .any(|stream| stream.poll_recv(context).is_ready());
        match came {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    }))
}

fn cannot_bind(address: SocketAddr, error: &std::io::Error) -> Error {
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program listens there: stop it, or choose another port with --bind"
        }
        std::io::ErrorKind::PermissionDenied => {
            "ports below 1024 need special rights: choose a higher one with --bind"
        }
        std::io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address: choose one of its own with --bind"
        }
        _ => "choose another address with --bind",
    };
    Error::new(
        ErrorKind::Io,
        format!("cannot listen on {address}: {error}"),
    )
    .with_hint(hint)
}
