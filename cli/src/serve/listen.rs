//! Accepting connections, and bounding what each may cost: handshake, head, idleness, unread answers.

use super::driven::driven;
use super::http2::{Standing, Streams};
use super::io::Impatient;
use super::state::{State, Stopping};
use super::{log, route};
use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{pin, Pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::interval;
use tokio_rustls::TlsAcceptor;

/// For the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// For a request's head to come in whole, and for a connection without a request to get one.
const HEAD: Duration = Duration::from_secs(30);
/// For a client to read something of its answer.
const UNREAD: Duration = Duration::from_secs(30);
/// A connection that is quiet for so long is probed, so often, before it is taken for dead.
const QUIET: Duration = Duration::from_secs(30);
const PROBE: Duration = Duration::from_secs(10);
const PROBES: u32 = 3;
/// A head's most bytes and lines.
const HEAD_BYTES: usize = 32 << 10;
const HEAD_LINES: usize = 100;
/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 128;
/// Between looks whether the other end of an HTTP/2 connection is there.
const PING: Duration = Duration::from_secs(20);
/// What waits on an HTTP/2 connection to be sent, at most.
const SEND_BUFFER: usize = 64 << 10;
/// Between looks at how an HTTP/2 connection stands.
const LOOK: Duration = Duration::from_secs(2);
/// For a client to go when it was told to.
const FAREWELL: Duration = Duration::from_secs(5);
/// After accept failed, as it does when the process has no descriptors left.
const PAUSE: Duration = Duration::from_millis(50);

/// Where a request came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) remote: SocketAddr,
    /// Whether it came to a loopback address.
    pub(crate) loopback: bool,
}

/// Accepts until the server is to stop, then waits for the connections to end.
pub(crate) async fn accept(listener: TcpListener, state: Arc<State>) {
    let router = route::router(&state);
    let acceptor = state
        .config
        .tls
        .as_ref()
        .map(|tls| TlsAcceptor::from(Arc::clone(&tls.server)));
    let most = state.config.limits.connections();
    let room = Arc::new(Semaphore::new(most as usize));
    let mut stopping = state.stopping.clone();
    loop {
        // With no room, more clients wait in the system's queue until one goes.
        let accepted = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            accepted = accepted => accepted,
            () = stopping.came() => break,
        };
        let (stream, remote) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                log::warn(format_args!("cannot accept a connection: {error}"));
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        prepare(&stream);
        let connection = Connection {
            peer: Peer {
                remote,
                loopback: may_be_loopback(stream.local_addr()),
            },
            router: router.clone(),
            stopping: state.stopping.clone(),
        };
        let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
        tokio::spawn(driven(async move {
            let _counted = state.metrics.connection();
            connection.serve(stream, acceptor).await;
            drop(permit);
        }));
    }
    drop(listener);
    let _ = room.acquire_many(most).await;
}

/// Whether a request may have come to a loopback address. Its host is judged then, so it is assumed when nobody knows.
fn may_be_loopback(local: io::Result<SocketAddr>) -> bool {
    local.map_or(true, |address| address.ip().to_canonical().is_loopback())
}

/// Sends what there is at once, and finds out when the other end is gone without a word.
fn prepare(stream: &TcpStream) {
    use rustix::net::sockopt;
    let _ = stream.set_nodelay(true);
    let _ = sockopt::set_socket_keepalive(stream, true);
    let _ = sockopt::set_tcp_keepidle(stream, QUIET);
    let _ = sockopt::set_tcp_keepintvl(stream, PROBE);
    let _ = sockopt::set_tcp_keepcnt(stream, PROBES);
}

struct Connection {
    peer: Peer,
    router: Router,
    stopping: Stopping,
}

impl Connection {
    async fn serve(self, stream: TcpStream, acceptor: Option<TlsAcceptor>) {
        let remote = self.peer.remote;
        let stream = Impatient::new(stream, UNREAD);
        let Some(acceptor) = acceptor else {
            return self.http1(stream).await;
        };
        let stream = match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                return log::debug(format_args!("TLS handshake with {remote} failed: {error}"))
            }
            Err(_) => return log::debug(format_args!("TLS handshake with {remote} took too long")),
        };
        match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => self.http2(stream).await,
            _ => self.http1(stream).await,
        }
    }

    fn service(
        &self,
    ) -> impl hyper::service::Service<
        Request<Incoming>,
        Response = axum::response::Response,
        Error = std::convert::Infallible,
        Future: Send,
    > + Clone {
        let (peer, router) = (self.peer, TowerToHyperService::new(self.router.clone()));
        hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            hyper::service::Service::call(&router, request)
        })
    }

    async fn http1(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEAD_LINES)
            .serve_connection(TokioIo::new(stream), self.service());
        self.finish(connection, |connection| connection.graceful_shutdown())
            .await;
    }

    async fn http2(mut self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let streams = Streams::new();
        let (of_streams, service) = (streams.clone(), self.service());
        let service = hyper::service::service_fn(move |request| {
            of_streams.stream(hyper::service::Service::call(&service, request))
        });
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEAD_BYTES as u32)
            .max_send_buf_size(SEND_BUFFER)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let (mut looks, mut leaving) = (interval(LOOK), false);
        let outcome = loop {
            tokio::select! {
                outcome = connection.as_mut() => break outcome,
                () = self.stopping.came(), if !leaving => {
                    leaving = true;
                    connection.as_mut().graceful_shutdown();
                }
                _ = looks.tick() => match streams.standing() {
                    Standing::Unread(time) if time >= UNREAD => break Ok(()),
                    Standing::Idle(time) if time >= HEAD + FAREWELL => break Ok(()),
                    Standing::Idle(time) if time >= HEAD && !leaving => {
                        leaving = true;
                        connection.as_mut().graceful_shutdown();
                    }
                    _ => {}
                },
            }
        };
        self.told(outcome);
    }

    /// Runs a connection to its end; from the server's stop on it takes no more requests.
    async fn finish<C: Future<Output = hyper::Result<()>>>(
        mut self,
        connection: C,
        end: impl FnOnce(Pin<&mut C>),
    ) {
        let mut connection = pin!(connection);
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = self.stopping.came() => {
                end(connection.as_mut());
                connection.await
            }
        };
        self.told(outcome);
    }

    fn told(&self, outcome: hyper::Result<()>) {
        if let Err(error) = outcome {
            log::debug(format_args!("connection of {}: {error}", self.peer.remote));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_nobody_knows_is_judged_as_loopback() {
        let address = |text: &str| Ok(text.parse().unwrap());
        assert!(may_be_loopback(address("127.0.0.1:1")));
        assert!(may_be_loopback(address("[::ffff:127.0.0.1]:1")));
        assert!(!may_be_loopback(address("192.0.2.1:1")));
        assert!(may_be_loopback(Err(io::Error::other("no address"))));
    }
}
