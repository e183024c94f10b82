//! SIGINT, SIGTERM and SIGHUP: they end the program at once, but not between an append and its receipt.

use crate::cli::signals::not_ignored;
use crate::{Error, ErrorKind};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{sleep, Builder};
use std::time::{Duration, Instant};

/// How long a signal is held back at most: what is in hand may itself be stuck, as a write to a full pipe is.
const GRACE: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
struct Shared {
    /// Locked while something is in hand.
    busy: Mutex<()>,
    /// The signal that came meanwhile; 0 for none.
    wanted: AtomicI32,
}

/// Holds the signals back, except while the program waits.
#[derive(Debug)]
pub(super) struct Interrupt<'a> {
    shared: &'a Shared,
    busy: Option<MutexGuard<'a, ()>>,
}

/// What an [`Interrupt`] works on.
#[derive(Debug, Default)]
pub(super) struct Interrupts(Arc<Shared>);

impl Interrupts {
    /// Begins to hold signals back, until the program ends. Those that it was started to ignore stay ignored.
    pub(super) fn hold(&self) -> Result<Interrupt<'_>, Error> {
        let failed = |what: std::io::Error| {
            Error::new(
                ErrorKind::Internal,
                format!("cannot handle signals: {what}"),
            )
        };
        let wanted = not_ignored(&[SIGINT, SIGTERM, SIGHUP]);
        let mut signals = Signals::new(wanted).map_err(failed)?;
        let shared = Arc::clone(&self.0);
        Builder::new()
            .name("signals".into())
            .spawn(move || {
                for signal in signals.forever() {
                    shared.end_soon(signal);
                }
            })
            .map_err(failed)?;
        Ok(Interrupt {
            shared: &self.0,
            busy: Some(locked(&self.0.busy)),
        })
    }
}

impl Shared {
    /// Ends the program as the signal would have, once nothing is in hand.
    fn end_soon(&self, signal: i32) {
        self.wanted.store(signal, Ordering::Relaxed);
        let deadline = Instant::now() + GRACE;
        // Held to the end, so that nothing is begun any more.
        let mut idle = self.busy.try_lock();
        while idle.is_err() && Instant::now() < deadline {
            sleep(Duration::from_millis(1));
            idle = self.busy.try_lock();
        }
        // Comes back only for signals that end nothing.
        let _ = emulate_default_handler(signal);
    }
}

impl Interrupt<'_> {
    /// Whether a signal wants the program to end.
    #[inline]
    pub(super) fn wanted(&self) -> bool {
        self.shared.wanted.load(Ordering::Relaxed) != 0
    }

    /// Ends the program as the signal would have, if there was one.
    pub(super) fn end(&self) {
        let signal = self.shared.wanted.load(Ordering::Relaxed);
        if signal != 0 {
            let _ = emulate_default_handler(signal);
        }
    }

    /// Does something that may take long while nothing is in hand: a signal then ends the program right away.
    pub(super) fn idle<T>(&mut self, wait: impl FnOnce() -> T) -> T {
        self.busy = None;
        let result = wait();
        self.busy = Some(locked(&self.shared.busy));
        result
    }
}

fn locked(mutex: &Mutex<()>) -> MutexGuard<'_, ()> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
