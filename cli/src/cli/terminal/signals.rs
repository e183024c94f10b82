//! Signals that stop or end a process that has the terminal set in its own way.

use super::screen;
use crate::cli::signals::not_ignored;
use rustix::process::{getpid, kill_process, Signal};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::ffi::c_int;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
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
    let ends = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];
    let ending = Arc::new(AtomicBool::new(false));
    for signal in not_ignored(&ends) {
        signal_hook::flag::register(signal, Arc::clone(&ending))?;
    }
    // Apart, as drawing may take for ever: the terminal's output can be stopped (Ctrl-S).
    each(&ends, end)?;
    each(&[SIGTSTP, SIGCONT, SIGWINCH], move |signal| match signal {
        SIGTSTP => screen::without(|| obey(signal)),
        SIGCONT => go_on(&ending),
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
/// signal that ends it gets its turn, which often came together with this one (`kill %1`), and however long that takes.
fn go_on(ending: &AtomicBool) {
    if !screen::is_ours() {
        std::thread::sleep(GRACE);
    }
    if screen::is_ours() {
        screen::again();
    } else if !ending.load(Ordering::Relaxed) {
        let _ = kill_process(getpid(), Signal::TTIN);
    }
}
