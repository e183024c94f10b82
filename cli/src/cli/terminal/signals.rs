//! Signals that stop or end a process that has the terminal set in its own way.

use super::screen;
use crate::cli::signals::not_ignored;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io;

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
                signal => screen::without(|| {
                    // Kills or stops the process; nothing is left to do if it cannot.
                    let _ = emulate_default_handler(signal);
                }),
            }
        }
    })?;
    Ok(())
}
