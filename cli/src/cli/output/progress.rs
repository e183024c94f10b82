//! How far a long command has come: one line on a terminal that changes in place and goes away.

use super::human;
use super::stderr::Stderr;
use std::time::{Duration, Instant};

/// Shorter commands show nothing.
const PATIENCE: Duration = Duration::from_millis(300);
/// Between two looks of the line.
const PAUSE: Duration = Duration::from_millis(100);
/// Removes the line that is shown.
const ERASE: &[u8] = b"\r\x1b[K";

/// The line, if there is one.
#[derive(Debug)]
pub(crate) struct Progress {
    wanted: bool,
    begun: Instant,
    next: Instant,
    shown: bool,
    /// Bytes of the whole input, if that is known.
    total: Option<u64>,
    bytes: u64,
}

impl Progress {
    /// A line about an input of so many bytes.
    pub(crate) fn new(wanted: bool, total: Option<u64>) -> Progress {
        let begun = Instant::now();
        Progress {
            wanted,
            begun,
            next: begun + PATIENCE,
            shown: false,
            total,
            bytes: 0,
        }
    }

    /// So many more bytes have been read.
    pub(crate) fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// Shows the line again when it is time to.
    pub(crate) fn tick(&mut self, records: u64, err: &Stderr) {
        if !self.wanted {
            return;
        }
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + PAUSE;
        self.shown = true;
        let text = line(records, self.bytes, self.total, now - self.begun);
        let mut bytes = ERASE.to_vec();
        bytes.extend_from_slice(text.as_bytes());
        err.print(&bytes);
    }

    /// Takes the line away, because something else is printed or the command ends.
    pub(crate) fn hide(&mut self, err: &Stderr) {
        if std::mem::take(&mut self.shown) {
            err.print(ERASE);
        }
    }
}

/// `1200000 records, 96.2M of 385M (24.98%), 31.5M/s, 393443 records/s`
fn line(records: u64, bytes: u64, total: Option<u64>, elapsed: Duration) -> String {
    let a_second = |count: u64| (count as f64 / elapsed.as_secs_f64().max(0.001)) as u64;
    let size = match total {
        Some(total) => format!(
            "{} of {} ({})",
            human::size(bytes),
            human::size(total),
            human::percent(bytes.min(total), total)
        ),
        None => human::size(bytes),
    };
    let (speed, rate) = (human::size(a_second(bytes)), a_second(records));
    format!("{records} records, {size}, {speed}/s, {rate} records/s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line() {
        let second = Duration::from_secs(2);
        assert_eq!(
            line(1_200, 3 << 20, Some(12 << 20), second),
            "1200 records, 3M of 12M (25.00%), 1.5M/s, 600 records/s"
        );
        assert_eq!(
            line(7, 700, None, second),
            "7 records, 700, 350/s, 3 records/s"
        );
        assert_eq!(
            line(0, 0, Some(0), Duration::ZERO),
            "0 records, 0 of 0 (0.00%), 0/s, 0 records/s"
        );
    }
}
