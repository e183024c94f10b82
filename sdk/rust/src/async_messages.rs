//! Messages for asynchronous programs, woken by the stream's descriptor.

use crate::stream::{Handle, Taken};
use crate::{Canceller, Error, ErrorKind, Message, Result, Stream, Wait};
use async_io::Async;
use futures_core::stream::FusedStream;
use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The messages of a stream as a `futures::Stream`, for every runtime (`tokio`, `smol`, `futures::executor`, …): a
/// task that waits is woken through the stream's descriptor, and nothing polls. It waits for each message, passes over
/// gaps and ends with the stream. Dropping it, or the future that waits, loses nothing: a message is taken only when it
/// is handed out.
///
/// ```
/// # use plasmite_sdk::*;
/// use futures::StreamExt;
///
/// # let directory = tempfile::tempdir().unwrap();
/// # let pool = Client::new(directory.path())?.create("events", &PoolOptions::new())?;
/// pool.append(b"1", &AppendOptions::new())?;
/// let mut messages = pool.tail(&TailOptions::new())?.into_async()?;
/// futures::executor::block_on(async {
///     let first = messages.next().await.unwrap()?;
///     assert_eq!(first.data_json(), "1");
///     Ok::<(), Error>(())
/// })?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct AsyncMessages {
    // Dropped before the stream, which closes the descriptor.
    readiness: Async<Descriptor>,
    stream: Stream,
    done: bool,
}

/// The stream's descriptor, which stays open with its handle.
#[derive(Debug)]
struct Descriptor {
    fd: RawFd,
    _owner: Arc<Handle>,
}

#[allow(unsafe_code)]
impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: open as long as the owner, which lives as long as `self`.
        unsafe { BorrowedFd::borrow_raw(self.fd) }
    }
}

impl Stream {
    /// The messages for asynchronous programs.
    ///
    /// # Errors
    /// Io when the system has no descriptors left; Usage in a forked child.
    pub fn into_async(self) -> Result<AsyncMessages> {
        use std::os::fd::AsRawFd;
        let descriptor = Descriptor {
            fd: self.fd()?.as_raw_fd(),
            _owner: Arc::clone(&self.0),
        };
        // Nothing is read from it, so whether reading it would block does not matter.
        let readiness = Async::new_nonblocking(descriptor).map_err(|error| cannot_wait(&error))?;
        Ok(AsyncMessages {
            readiness,
            stream: self,
            done: false,
        })
    }
}

impl AsyncMessages {
    /// Something that ends the waiting from elsewhere; the messages then end.
    pub fn canceller(&self) -> Canceller {
        self.stream.canceller()
    }

    /// The stream itself, where it stands.
    pub fn into_inner(self) -> Stream {
        self.stream
    }
}

impl futures_core::Stream for AsyncMessages {
    type Item = Result<Message>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        while !this.done {
            match this.stream.take(Wait::Try) {
                Taken::Message(message) => return Poll::Ready(Some(message)),
                // Asked after the stream said that there is nothing, which made the descriptor quiet: what comes from
                // then on makes it readable, so no wake-up is missed.
                Taken::Later => match this.readiness.poll_readable(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => {
                        this.done = true;
                        return Poll::Ready(Some(Err(cannot_wait(&error))));
                    }
                },
                Taken::Over => this.done = true,
                Taken::Failed(error) => {
                    this.done = true;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        Poll::Ready(None)
    }
}

impl FusedStream for AsyncMessages {
    fn is_terminated(&self) -> bool {
        self.done
    }
}

#[cold]
fn cannot_wait(error: &std::io::Error) -> Error {
    Error::new(
        ErrorKind::Io,
        format!("the stream's descriptor cannot be waited on: {error}"),
    )
}
