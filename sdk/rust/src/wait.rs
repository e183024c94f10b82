//! How long a call waits, and waiting on several streams at once.
#![allow(unsafe_code)]

use crate::call::call;
use crate::{raw, Result, Stream};
use std::time::Duration;

/// How long a call may wait for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// Not at all: only what is there.
    Try,
    /// At most this long, in whole milliseconds (rounded up).
    For(Duration),
    /// Until there is one, or until the stream is cancelled.
    Forever,
}

impl Wait {
    pub(crate) fn milliseconds(self) -> u64 {
        match self {
            Wait::Try => 0,
            Wait::For(duration) => milliseconds(duration),
            Wait::Forever => raw::PLSM_WAIT_FOREVER,
        }
    }
}

/// Whole milliseconds, rounded up, never the value that means for ever.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000))
        .unwrap_or(u64::MAX)
        .min(raw::PLSM_WAIT_FOREVER - 1)
}

/// Waits until one of the streams has something to say and gives its place in `streams`; `None` when the wait
/// ran out. The streams may be of different pools.
///
/// # Errors
/// Usage for no streams at all; otherwise what the waiting met.
pub fn wait_any(streams: &[&Stream], wait: Wait) -> Result<Option<usize>> {
    let handles: Vec<_> = streams.iter().map(|stream| stream.as_ptr()).collect();
    let mut index = 0;
    // SAFETY: the handles are live as long as the borrowed streams, their count is right, the output is ours.
    let status = call(|error| unsafe {
        raw::plsm_wait_any(
            handles.as_ptr().cast(),
            handles.len(),
            wait.milliseconds(),
            &mut index,
            error,
        )
    })?;
    Ok((status == 1).then_some(index))
}
