//! Signals on their way to the program.

use crate::cli::signals;
use rustix::process::{kill_process, Pid, Signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::SignalsInfo;
use signal_hook::low_level::siginfo::{Cause, Origin};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The program, as long as it lives: afterwards its pid may be another's.
#[derive(Clone, Debug, Default)]
pub(super) struct Target(Arc<Mutex<Option<Pid>>>);

impl Target {
    /// Signals go to this program from now on.
    pub(super) fn set(&self, pid: Pid) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(pid);
    }

    /// Calls `reap` while no signal is sent, and none after it.
    pub(super) fn gone<T>(&self, reap: impl FnOnce() -> T) -> T {
        let mut pid = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *pid = None;
        reap()
    }

    /// Sends a signal on; false when there is no program any more.
    fn pass(&self, origin: &Origin) -> bool {
        let pid = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pid) = *pid else {
            return false;
        };
        // A key pressed on the terminal is a signal to every process there: the program has it already, and would take
        // a second one for impatience.
        let is_key =
            matches!(origin.cause, Cause::Kernel) && matches!(origin.signal, SIGINT | SIGQUIT);
        if let (false, Some(signal)) = (is_key, Signal::from_named_raw(origin.signal)) {
            // It may have ended by itself just now.
            let _ = kill_process(pid, signal);
        }
        true
    }
}

/// Passes on, from a thread of its own, the signals that ask a program to end. `end` is called for one that comes when
/// there is no program any more.
pub(super) fn forward(target: Target, end: impl Fn() + Send + 'static) -> io::Result<()> {
    let caught = signals::not_ignored(&[SIGINT, SIGTERM, SIGHUP, SIGQUIT]);
    let mut signals = SignalsInfo::<WithOrigin>::new(caught)?;
    let forwarder = std::thread::Builder::new().name("signals".into());
    forwarder.spawn(move || {
        for origin in signals.forever() {
            if !target.pass(&origin) {
                end();
            }
        }
    })?;
    Ok(())
}
