//! Ending a stream's work on another thread when nobody waits for it any more.

use crate::{Canceller, Stream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Cancels a stream when it is dropped, unless it was released before.
#[derive(Debug, Default)]
pub(crate) struct Leash(Arc<Mutex<Hold>>);

/// What a leash holds.
#[derive(Debug, Default)]
enum Hold {
    /// No stream yet.
    #[default]
    Nothing,
    Stream(Canceller),
    /// A stream that comes now is cancelled at once.
    Pulled,
}

/// The other end of a leash, for the thread that opens the stream.
#[derive(Debug)]
pub(crate) struct Collar(Arc<Mutex<Hold>>);

impl Leash {
    /// On a stream that is there.
    pub(crate) fn of(stream: &Stream) -> Leash {
        let leash = Leash::default();
        leash.collar().fasten(stream);
        leash
    }

    pub(crate) fn collar(&self) -> Collar {
        Collar(Arc::clone(&self.0))
    }

    /// Cancels the stream.
    pub(crate) fn pull(&self) {
        if let Hold::Stream(canceller) = std::mem::replace(&mut *locked(&self.0), Hold::Pulled) {
            canceller.cancel();
        }
    }

    /// Leaves the stream alone.
    pub(crate) fn release(self) {
        *locked(&self.0) = Hold::Nothing;
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        self.pull();
    }
}

impl Collar {
    /// Puts the stream on the leash.
    pub(crate) fn fasten(&self, stream: &Stream) {
        let canceller = stream.canceller();
        let mut hold = locked(&self.0);
        match *hold {
            Hold::Pulled => canceller.cancel(),
            Hold::Nothing | Hold::Stream(_) => *hold = Hold::Stream(canceller),
        }
    }
}

fn locked(hold: &Mutex<Hold>) -> MutexGuard<'_, Hold> {
    hold.lock().unwrap_or_else(PoisonError::into_inner)
}
