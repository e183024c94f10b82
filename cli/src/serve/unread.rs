//! What is left of a body when its request is answered: it is read and thrown away first. A client that sends first and
//! reads then would else lose the answer with its connection, or over HTTP/2 with its stream.

use super::state::Stopping;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::sleep;

/// For all that is left.
const REST: Duration = Duration::from_secs(1);
/// As much of it is read, or as much as a body may have.
const LEAST: usize = 1 << 20;

/// Answers once what is under way has come, or enough of it, or the server stops. The state is how long a body may be, and
/// what tells of that.
pub(crate) async fn discard(
    State((longest, mut stopping)): State<(usize, Stopping)>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let asks = parts.headers.contains_key(header::EXPECT);
    let left = Arc::default();
    let lent = Body::new(Lent {
        body,
        read: Read::Nothing,
        left: Arc::clone(&left),
    });
    let response = next.run(Request::from_parts(parts, lent)).await;
    let rest = left.lock().unwrap_or_else(PoisonError::into_inner).take();
    match rest {
        // A client that asks before it sends does not send: reading would tell it to.
        Some((body, from)) if from == Read::Some || !asks => {
            tokio::select! {
                () = read(body, longest.max(LEAST)) => {}
                () = sleep(REST) => {}
                () = stopping.came() => {}
            }
        }
        _ => {}
    }
    response
}

async fn read(mut body: Body, most: usize) {
    let mut left = most;
    while let Some(Ok(frame)) = body.frame().await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}

/// How much of a body was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Nothing,
    Some,
    All,
}

/// A body that comes back when its reader lets go of it.
#[derive(Debug)]
struct Lent {
    body: Body,
    read: Read,
    left: Arc<Mutex<Option<(Body, Read)>>>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.read = match frame {
            Poll::Ready(None | Some(Err(_))) => Read::All,
            _ => Read::Some,
        };
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.read == Read::All || self.body.is_end_stream() {
            return;
        }
        let body = std::mem::take(&mut self.body);
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some((body, self.read));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use axum::routing::any;
    use axum::Router;
    use futures_util::stream::{self, StreamExt};
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;
    use std::io;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const PIECE: usize = 64 << 10;

    /// How many pieces of a body are taken, of which the handler takes this one's own.
    fn taken(pieces: usize, by_handler: usize, headers: &[(&str, &str)], comes: bool) -> usize {
        let count = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&count);
        let piece = stream::repeat_with(move || {
            counting.fetch_add(1, Ordering::Relaxed);
            Ok::<_, io::Error>(Bytes::from_static(&[0; PIECE]))
        });
        let body = match comes {
            true => Body::from_stream(piece.take(pieces)),
            false => Body::from_stream(piece.take(pieces).chain(stream::pending())),
        };
        let handler = move |mut body: Body| async move {
            for _ in 0..by_handler {
                body.frame().await.expect("a piece").expect("good");
            }
            StatusCode::UNAUTHORIZED
        };
        let router: Router = Router::new().fallback(any(handler));
        let (_stop, stopping) = tokio::sync::watch::channel(false);
        let state = (10, Stopping(stopping));
        let router = router.layer(axum::middleware::from_fn_with_state(state, discard));
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("a request");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        let answer = TowerToHyperService::new(router).call(request);
        let answer = runtime.block_on(answer).expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        count.load(Ordering::Relaxed)
    }

    #[test]
    fn the_rest_is_read_up_to_a_bound() {
        assert_eq!(taken(5, 0, &[], true), 5, "all of it");
        assert_eq!(taken(5, 2, &[], true), 5, "also when some was read");
        assert_eq!(taken(5, 5, &[], true), 5, "or all");
        assert_eq!(taken(1_000, 0, &[], true), LEAST / PIECE, "and not more");
        assert_eq!(taken(3, 0, &[], false), 3, "what never comes ends too");
    }

    #[test]
    fn a_client_that_asks_first_is_not_told_to_send() {
        let asks = [("expect", "100-continue")];
        assert_eq!(taken(5, 0, &asks, true), 0);
        assert_eq!(taken(5, 1, &asks, true), 5, "unless it was already");
    }
}
