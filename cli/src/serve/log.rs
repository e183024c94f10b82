//! The server's log: lines on standard error, filtered by RUST_LOG.

use crate::format_time;
use std::fmt::{Arguments, Write as _};
use std::io::{IsTerminal, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::SystemTime;

const ERROR: u8 = 1;
const WARN: u8 = 2;
const INFO: u8 = 3;
const DEBUG: u8 = 4;
const TRACE: u8 = 5;

static LEVEL: AtomicU8 = AtomicU8::new(INFO);
static COLORED: AtomicBool = AtomicBool::new(false);

/// Reads the filter, and whether colours are wanted.
pub(super) fn start() {
    if let Ok(filter) = std::env::var("RUST_LOG") {
        LEVEL.store(level_of(&filter), Ordering::Relaxed);
    }
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    COLORED.store(std::io::stderr().is_terminal() && !plain, Ordering::Relaxed);
}

/// The level that a filter like `info`, `plasmite=debug` or `warn,plasmite=info` gives us; what is said about
/// others does not count.
fn level_of(filter: &str) -> u8 {
    let mut level = INFO;
    let mut ours = None;
    for part in filter.split(',').map(str::trim) {
        match part.split_once('=') {
            Some((target, name)) if target.trim().split("::").next() == Some("plasmite") => {
                ours = number(name).or(ours);
            }
            Some(_) => {}
            None => level = number(part).unwrap_or(level),
        }
    }
    ours.unwrap_or(level)
}

fn number(name: &str) -> Option<u8> {
    Some(match name.trim().to_ascii_lowercase().as_str() {
        "off" => 0,
        "error" => ERROR,
        "warn" => WARN,
        "info" => INFO,
        "debug" => DEBUG,
        "trace" => TRACE,
        _ => return None,
    })
}

/// Something broke that should not.
pub(super) fn error(message: Arguments<'_>) {
    line(ERROR, message);
}

/// Something that whoever runs the server should look at.
pub(super) fn warn(message: Arguments<'_>) {
    line(WARN, message);
}

/// A milestone of the server.
pub(super) fn info(message: Arguments<'_>) {
    line(INFO, message);
}

/// A request.
pub(super) fn debug(message: Arguments<'_>) {
    line(DEBUG, message);
}

/// Whether requests are shown.
pub(super) fn debugs() -> bool {
    LEVEL.load(Ordering::Relaxed) >= DEBUG
}

/// The library's own lines.
pub(super) fn library(level: u32, message: &str) {
    line(
        u8::try_from(level).unwrap_or(TRACE),
        format_args!("{message}"),
    );
}

/// What the library is asked for: no more than is shown.
pub(super) fn library_level() -> u32 {
    LEVEL.load(Ordering::Relaxed).into()
}

fn line(level: u8, message: Arguments<'_>) {
    if level > LEVEL.load(Ordering::Relaxed) {
        return;
    }
    let (name, color) = match level {
        ERROR => ("ERROR", "\x1b[31m"),
        WARN => ("WARN", "\x1b[33m"),
        INFO => ("INFO", "\x1b[32m"),
        DEBUG => ("DEBUG", "\x1b[36m"),
        _ => ("TRACE", "\x1b[35m"),
    };
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let milliseconds = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    let mut text = format_time(milliseconds.saturating_mul(1_000_000)).unwrap_or_default();
    let _ = match COLORED.load(Ordering::Relaxed) {
        true => write!(text, " {color}{name:<5}\x1b[0m "),
        false => write!(text, " {name:<5} "),
    };
    // What strangers send must not look like lines of ours, nor steer a terminal.
    for character in message.to_string().chars() {
        match character.is_control() {
            true => text.extend(character.escape_default()),
            false => text.push(character),
        }
    }
    text.push('\n');
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        for (filter, level) in [
            ("", INFO),
            ("warn", WARN),
            ("DEBUG", DEBUG),
            ("hyper=trace", INFO),
            ("hyper=trace,error", ERROR),
            ("warn,plasmite=debug", DEBUG),
            ("plasmite::serve=trace,warn", TRACE),
            ("off", 0),
            ("nonsense", INFO),
        ] {
            assert_eq!(level_of(filter), level, "{filter:?}");
        }
    }
}
