//! Signals that stop or end a process that has the terminal set in its own way.

use super::screen;
use crate::cli::signals::not_ignored;
use rustix::process::{getpid, kill_process, Signal};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::ffi::c_int;
use std::io;
use std::time::Duration;

/// How long a signal that ends the process waits for the terminal, and a process in the background for such a signal.
pub(super) const GRACE: Duration = Duration::from_millis(250);

/// Does what the signal would have done, were it not watched for: kills or stops the process.
fn obey(signal: c_int) {
    // Nothing is left to do if that is not possible.
    let _ = emulate_default_handler(signal);
}

/// Watches from threads of its own, which end with the program. Each signal then does what it always does, with the
/// terminal as it was before.
pub(super) fn watch() -> io::Result<()> {
    // Apart, as drawing may take for ever: the terminal's output can be stopped (Ctrl-S).
    each(&[SIGINT, SIGTERM, SIGHUP, SIGQUIT], end)?;
    each(&[SIGTSTP, SIGCONT, SIGWINCH], |signal| match signal {
        SIGTSTP => screen::without(|| obey(signal)),
        SIGCONT => go_on(),
        _ => screen::again(),
    })
}

fn each(watched: &[c_int], act: impl Fn(c_int) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new(not_ignored(watched))?;
    let watcher = std::thread::Builder::new().name("signals".into());
    watcher.spawn(move || signals.forever().for_each(act))?;
    Ok(())
}

fn end(signal: c_int) {
    // Another process has the terminal, and set it for itself.
    if !screen::is_ours() {
        return obey(signal);
    }
    let last = std::thread::Builder::new().spawn(move || {
        std::thread::sleep(GRACE);
        obey(signal);
    });
    drop(last);
    screen::leave();
    obey(signal);
}

/// After a stop. In the background the process stops again, as one does that reads from the terminal there; but first a
/// signal that ends it gets its turn, which often came together with this one (`kill %1`).
fn go_on() {
    if !screen::is_ours() {
        std::thread::sleep(GRACE);
    }
    match screen::is_ours() {
        true => screen::again(),
        false => drop(kill_process(getpid(), Signal::TTIN)),
    }
}
