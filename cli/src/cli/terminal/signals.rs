//! Signals that stop or end a process that has the terminal set in its own way.

use super::screen;
use crate::cli::signals::not_ignored;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::ffi::c_int;
use std::io;
use std::time::Duration;

/// How long a signal that ends the process waits for the terminal.
const GRACE: Duration = Duration::from_millis(250);

/// Does what the signal would have done, were it not watched for: kills or stops the process.
fn obey(signal: c_int) {
    // Nothing is left to do if that is not possible.
    let _ = emulate_default_handler(signal);
}

/// Watches from a thread of its own, which ends with the program. Each signal then does what it always does, with the
/// terminal as it was before.
pub(super) fn watch() -> io::Result<()> {
    let watched = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH];
    let mut signals = Signals::new(not_ignored(&watched))?;
    let watcher = std::thread::Builder::new().name("signals".into());
    watcher.spawn(move || {
        for signal in signals.forever() {
            match signal {
                SIGWINCH | SIGCONT => screen::again(),
                SIGTSTP => screen::without(|| obey(signal)),
                signal => {
                    // The terminal may not take anything more (Ctrl-S), which must not keep us.
                    let last = std::thread::Builder::new().spawn(move || {
                        std::thread::sleep(GRACE);
                        obey(signal);
                    });
                    drop(last);
                    screen::without(|| obey(signal));
                }
            }
        }
    })?;
    Ok(())
}
