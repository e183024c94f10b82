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
    backwards: bool,
    next_seq: AtomicU64,
    lost: AtomicU64,
}

impl Meter {
    pub(super) fn new(
        pool_name: &str,
        open: &Arc<OpenPool>,
        stream: &Stream,
        backwards: bool,
    ) -> Meter {
        let meter = Meter {
            pool_name: pool_name.to_owned(),
            open: Arc::clone(open),
            backwards,
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
        stream
            .stats()
            .map_or(0, |stats| self.ahead_of(stats.next_seq))
    }

    /// The pool's name.
    pub(crate) fn pool_name(&self) -> &str {
        &self.pool_name
    }

    /// Messages that have not been sent yet, as of the last piece.
    pub(crate) fn lag(&self) -> u64 {
        self.ahead_of(self.next_seq.load(Ordering::Relaxed))
    }

    /// Messages from this seq on, in the tail's direction.
    fn ahead_of(&self, next_seq: u64) -> u64 {
        let Ok(bounds) = self.open.pool.bounds() else {
            return 0;
        };
        match self.backwards {
            // 0 at the end.
            true if next_seq == 0 || bounds.count == 0 => 0,
            true => next_seq.saturating_add(1).saturating_sub(bounds.oldest),
            false => bounds.newest.saturating_sub(next_seq.saturating_sub(1)),
        }
    }
}
