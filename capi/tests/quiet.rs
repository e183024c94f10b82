//! A panic goes to the log, not to standard error. In a test of its own: the hook is the whole process's.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;

use plasmite_core::sys::log::{self, Level};

#[test]
fn a_panic_is_logged_and_not_printed() {
    let lines = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&lines);
    let listener = move |level: Level, text: &str| {
        if level == Level::Error && text.contains("quite broken") && text.contains("quiet.rs") {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    };
    log::set(Level::Error, Some(Box::new(listener)));
    plasmite_capi::quiet::install();
    assert!(std::panic::catch_unwind(|| panic!("quite broken")).is_err());
    log::set(Level::Error, None);
    // With the hook in place a failure of this test would be silent, so it goes first.
    drop(std::panic::take_hook());
    assert_eq!(lines.load(Ordering::Relaxed), 1);
}
