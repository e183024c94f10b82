//! Buffers that a thread keeps between calls, so that the steady state allocates nothing.

use std::cell::RefCell;

use crate::json::Encoder;
use crate::message::TimeCache;
use crate::ring::window::Window;

/// One thread's buffers.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) encoder: Encoder,
    pub(super) body: Vec<u8>,
    pub(super) window: Window,
    pub(super) times: TimeCache,
}

/// Largest buffer kept for next time, in bytes: one huge message must not hold its memory for ever.
const KEEP: usize = 1 << 20;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// Runs `work` with this thread's buffers.
#[inline]
pub(super) fn with<R>(work: impl FnOnce(&mut Scratch) -> R) -> R {
    SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut scratch) => {
            let result = work(&mut scratch);
            if scratch.body.capacity() > KEEP {
                scratch.body = Vec::new();
            }
            scratch.window.keep_at_most(KEEP);
            result
        }
        // A log listener that calls back into the library: slower, and right.
        Err(_) => work(&mut Scratch::default()),
    })
}
