//! What HTTP/2 hides from the socket: connections that are idle though pings go to and fro, and answers that nobody
//! reads though the socket is empty, since the client gives no window for them.
//!
//! A connection knows its open streams. Each says since when its answer waits for the client: from the moment on when
//! it has given a piece, until it is asked for the next one, which happens when the client has room for it.

use axum::body::{Body, Bytes, HttpBody};
use axum::http::Response;
use hyper::body::{Frame, SizeHint};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{ready, Context, Poll};
use std::time::{Duration, Instant};

/// Answers are given in pieces of at most so many bytes: a client that takes one in the time it has is a slow one,
/// and not one that reads nothing.
const PIECE: usize = 16 << 10;
/// Nothing waits for the client.
const OURS: u64 = u64::MAX;

/// The open streams of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    begun: Instant,
    list: Arc<Mutex<List>>,
}

#[derive(Debug)]
struct List {
    open: Vec<Weak<Waiting>>,
    /// When it last had a stream, in milliseconds since it began.
    used: u64,
}

/// Since when a stream waits for its client, in milliseconds since the connection began, or [`OURS`].
#[derive(Debug)]
struct Waiting(AtomicU64);

/// How a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Good,
    /// It has no stream, for so long.
    Idle(Duration),
    /// An answer waits for the client, for so long.
    Unread(Duration),
}

impl Streams {
    pub(crate) fn new() -> Streams {
        Streams {
            begun: Instant::now(),
            list: Arc::new(Mutex::new(List {
                open: Vec::new(),
                used: 0,
            })),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(OURS - 1)
    }

    /// Counts a stream from its request on, until its answer is given or given up.
    pub(crate) fn stream<E>(
        &self,
        answer: impl Future<Output = Result<Response<Body>, E>>,
    ) -> impl Future<Output = Result<Response<Watched>, E>> {
        let waiting = Arc::new(Waiting(AtomicU64::new(OURS)));
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.used = self.now();
        list.open.push(Arc::downgrade(&waiting));
        drop(list);
        let streams = self.clone();
        async move {
            let answer = answer.await?;
            waiting.0.store(streams.now(), Ordering::Relaxed);
            Ok(answer.map(|body| Watched {
                body,
                rest: Bytes::new(),
                streams,
                waiting,
            }))
        }
    }

    /// Looks at all of them.
    pub(crate) fn standing(&self) -> Standing {
        let now = self.now();
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.open.retain(|stream| stream.strong_count() > 0);
        if list.open.is_empty() {
            return Standing::Idle(Duration::from_millis(now.saturating_sub(list.used)));
        }
        list.used = now;
        let since = list.open.iter().filter_map(Weak::upgrade);
        let since = since.map(|waiting| waiting.0.load(Ordering::Relaxed)).min();
        match since {
            None | Some(OURS) => Standing::Good,
            Some(since) => Standing::Unread(Duration::from_millis(now.saturating_sub(since))),
        }
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct Watched {
    body: Body,
    /// Of a piece that was too large.
    rest: Bytes,
    streams: Streams,
    waiting: Arc<Waiting>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            self.waiting.0.store(OURS, Ordering::Relaxed);
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                other => return Poll::Ready(other),
            }
        }
        self.waiting.0.store(self.streams.now(), Ordering::Relaxed);
        let length = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, of_body) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower() + rest);
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}
