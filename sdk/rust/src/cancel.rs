//! Ending a stream's wait from another thread.
#![allow(unsafe_code)]

use crate::raw;
use crate::stream::Handle;
use std::sync::Arc;

/// Cancels a [`Stream`](crate::Stream) from any thread. Cheap to clone; keeps the stream's handle alive.
///
/// ```
/// # use plasmite_sdk::*;
/// # let directory = tempfile::tempdir().unwrap();
/// # let client = Client::new(directory.path())?;
/// let pool = client.create("events", &PoolOptions::new())?;
/// let mut tail = pool.tail(&TailOptions::new())?;
/// let canceller = tail.canceller();
/// let waiting = std::thread::spawn(move || matches!(tail.next(Wait::Forever), Ok(Next::Cancelled)));
/// canceller.cancel();
/// assert!(waiting.join().unwrap());
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Canceller(pub(crate) Arc<Handle>);

impl Canceller {
    /// Ends the stream's wait at once; it and later calls give [`Next::Cancelled`](crate::Next::Cancelled) until
    /// [`Stream::reset_cancel`](crate::Stream::reset_cancel). Never waits itself.
    pub fn cancel(&self) {
        // SAFETY: the handle lives as long as this value; cancelling is allowed beside any other call.
        unsafe { raw::plsm_stream_cancel(self.0.as_ptr()) }
    }
}
