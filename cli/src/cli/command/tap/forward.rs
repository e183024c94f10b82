//! Signals on their way to the program.

use crate::cli::signals;
use rustix::process::{kill_process, waitid, Pid, Signal, WaitId, WaitIdOptions};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::SignalsInfo;
use signal_hook::low_level::emulate_default_handler;
use signal_hook::low_level::siginfo::{Cause, Origin};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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

    /// Sends a signal on; false when there is no program any more, or only its exit status.
    fn pass(&self, origin: &Origin) -> bool {
        let pid = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pid) = *pid else {
            return false;
        };
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if let Ok(Some(_)) = waitid(WaitId::Pid(pid), ended) {
            return false;
        }
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

/// How long the end may take that a signal asked for: what is recorded last may be on its way to a server that does not
/// answer.
const LINGER: Duration = Duration::from_secs(1);

/// Passes on, from a thread of its own, the signals that ask a program to end. `end` is called for one that comes when
/// there is no program any more; if that does not end us, the signal does.
pub(super) fn forward(target: Target, end: impl Fn() + Send + 'static) -> io::Result<()> {
    let caught = signals::not_ignored(&[SIGINT, SIGTERM, SIGHUP, SIGQUIT]);
    let mut signals = SignalsInfo::<WithOrigin>::new(caught)?;
    let forwarder = std::thread::Builder::new().name("signals".into());
    forwarder.spawn(move || {
        for origin in signals.forever() {
            if !target.pass(&origin) {
                end();
                std::thread::sleep(LINGER);
                // There may be a program by now, when it came very early.
                if !target.pass(&origin) {
                    let _ = emulate_default_handler(origin.signal);
                }
            }
        }
    })?;
    Ok(())
}
