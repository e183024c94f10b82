//! How far a tail is, for those who watch the server.

use crate::serve::pools::OpenPool;
use crate::Stream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// The place of a tail in its pool.
#[derive(Debug)]
pub(crate) struct Meter {
    pool_name: String,
    open: Arc<OpenPool>,
    next_seq: AtomicU64,
    lost: AtomicU64,
}

impl Meter {
    pub(super) fn new(pool_name: &str, open: &Arc<OpenPool>, stream: &Stream) -> Meter {
        let meter = Meter {
            pool_name: pool_name.to_owned(),
            open: Arc::clone(open),
            next_seq: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        };
        meter.note(stream);
        meter
    }

    /// Notes where the stream is; gives how many messages it lost since the last time.
    pub(super) fn note(&self, stream: &Stream) -> u64 {
        let Ok(stats) = stream.stats() else {
            return 0;
        };
        self.next_seq.store(stats.next_seq, Ordering::Relaxed);
        let before = self.lost.swap(stats.dropped, Ordering::Relaxed);
        stats.dropped.saturating_sub(before)
    }

    /// Messages that the stream has not looked at yet.
    pub(super) fn behind(&self, stream: &Stream) -> u64 {
        match stream.stats() {
            Ok(stats) => self
                .newest()
                .saturating_sub(stats.next_seq.saturating_sub(1)),
            Err(_) => 0,
        }
    }

    /// The pool's name.
    pub(crate) fn pool_name(&self) -> &str {
        &self.pool_name
    }

    /// Messages that have not been sent yet, as of the last piece.
    pub(crate) fn lag(&self) -> u64 {
        let next = self.next_seq.load(Ordering::Relaxed);
        self.newest().saturating_sub(next.saturating_sub(1))
    }

    fn newest(&self) -> u64 {
        self.open.pool.bounds().map_or(0, |bounds| bounds.newest)
    }
}
