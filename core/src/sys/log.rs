//! The hook for messages about the library's own work: recoveries, repairs. Off by default;
//! nothing is ever printed.

use std::sync::Arc;

use crate::sys::fork_lock::ForkLock;

/// How much a log message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Level {
    /// Something was lost or refused.
    Error = 1,
    /// Something was repaired.
    Warn = 2,
    /// Something worth knowing happened.
    Info = 3,
}

/// Receives messages; called from any thread, possibly while the library holds internal locks: it
/// must not call back into the library.
pub type Callback = dyn Fn(Level, &str) + Send + Sync;

type Listener = Option<(Level, Arc<Callback>)>;

static LISTENER: ForkLock<Listener> = ForkLock::new(None);

/// Sets the receiver of messages up to `max`, or none.
pub fn set(max: Level, callback: Option<Box<Callback>>) {
    let value = callback.map(|callback| (max, Arc::from(callback)));
    *LISTENER.lock() = value;
}

/// Passes a message on, if anyone listens.
pub fn emit(level: Level, text: impl FnOnce() -> String) {
    let listener = LISTENER.lock().clone();
    if let Some((max, callback)) = listener {
        if level <= max {
            callback(level, &text());
        }
    }
}
