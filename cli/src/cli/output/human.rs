//! Sizes, ages and times for people.

use crate::{format_time, Error};
use std::time::SystemTime;

/// `512`, `64K`, `1.5M`: the number below 1024, whole multiples as such, else one decimal.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(u32, char); 4] = [(40, 'T'), (30, 'G'), (20, 'M'), (10, 'K')];
    for (shift, letter) in UNITS {
        let unit = 1u64 << shift;
        if bytes >= unit {
            return match bytes % unit {
                0 => format!("{}{letter}", bytes >> shift),
                _ => format!("{:.1}{letter}", bytes as f64 / unit as f64),
            };
        }
    }
    bytes.to_string()
}

/// `5s ago`, `3m ago`, `2h ago`, `4d ago`, `1w ago`; at least one second.
pub(crate) fn age(time_ns: u64, now_ns: u64) -> String {
    let seconds = (now_ns.saturating_sub(time_ns) / 1_000_000_000).max(1);
    let (number, letter) = match seconds {
        0..60 => (seconds, 's'),
        60..3_600 => (seconds / 60, 'm'),
        3_600..86_400 => (seconds / 3_600, 'h'),
        86_400..604_800 => (seconds / 86_400, 'd'),
        _ => (seconds / 604_800, 'w'),
    };
    format!("{number}{letter} ago")
}

/// A time without its fraction.
pub(crate) fn second(time_ns: u64) -> Result<String, Error> {
    format_time(time_ns - time_ns % 1_000_000_000)
}

/// Part of a whole in percent, cut to two decimals.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    let hundredths = u128::from(part) * 10_000 / u128::from(whole.max(1));
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// Now, in nanoseconds since 1970; 0 on a machine whose clock stands before that.
pub(crate) fn now_ns() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// A length of time: `224µs`, `80ms`, `5.2s`, `42s`, `1m 39s`, `3h 20m`, `4d 2h`.
pub(crate) fn span(span_ns: u64) -> String {
    let seconds = span_ns / 1_000_000_000;
    match seconds {
        0 if span_ns < 1_000_000 => format!("{}µs", span_ns / 1_000),
        0 => format!("{}ms", span_ns / 1_000_000),
        1..10 => format!("{}.{}s", seconds, span_ns / 100_000_000 % 10),
        10..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// How often and how much, in the unit of time in which it happens at least once: `12.5 messages/s, 3.4K/s`.
pub(crate) fn rate(messages: u64, bytes: u64, span_ns: u64) -> String {
    const UNITS: [(&str, f64); 4] = [("s", 1.0), ("min", 60.0), ("h", 3_600.0), ("day", 86_400.0)];
    let seconds = span_ns.max(1) as f64 / 1e9;
    let in_unit = |unit: f64| messages as f64 / seconds * unit;
    let (name, unit) = UNITS
        .into_iter()
        .find(|(_, unit)| in_unit(*unit) >= 1.0)
        .unwrap_or(UNITS[UNITS.len() - 1]);
    let number = in_unit(unit);
    let number = match number {
        100.0.. => format!("{number:.0}"),
        _ => format!("{number:.1}"),
    };
    let bytes = size((bytes as f64 / seconds * unit) as u64);
    format!("{number} messages/{name}, {bytes}/{name}")
}

/// `1 pool`, `3 pools`.
pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let cases = [
            (0, "0"),
            (1023, "1023"),
            (1024, "1K"),
            (1536, "1.5K"),
            (1 << 20, "1M"),
            (1500 << 20, "1.5G"),
            (2 << 30, "2G"),
        ];
        for (bytes, text) in cases {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn ages() {
        let second = 1_000_000_000;
        let cases = [
            (0, "1s ago"),
            (59, "59s ago"),
            (60, "1m ago"),
            (7_200, "2h ago"),
            (86_400 * 6, "6d ago"),
            (86_400 * 15, "2w ago"),
        ];
        for (seconds, text) in cases {
            assert_eq!(age(0, seconds * second), text);
        }
        assert_eq!(age(5 * second, 0), "1s ago", "clocks may differ");
    }

    #[test]
    fn spans() {
        let cases = [
            (0, "0µs"),
            (800, "800ms"),
            (9_999, "9.9s"),
            (42_000, "42s"),
            (99_000, "1m 39s"),
            (12_000_000, "3h 20m"),
            (352_800_000, "4d 2h"),
        ];
        for (milliseconds, text) in cases {
            assert_eq!(span(milliseconds * 1_000_000), text);
        }
    }

    #[test]
    fn rates() {
        let second = 1_000_000_000;
        let cases = [
            (25, 7_000, 2, "12.5 messages/s, 3.4K/s"),
            (1_000_000, 80 << 20, 1, "1000000 messages/s, 80M/s"),
            (2, 600, 60, "2.0 messages/min, 600/min"),
            (5, 1024, 3_600, "5.0 messages/h, 1K/h"),
            (1, 480, 86_400 * 4, "0.2 messages/day, 120/day"),
        ];
        for (messages, bytes, seconds, text) in cases {
            assert_eq!(rate(messages, bytes, seconds * second), text);
        }
    }

    #[test]
    fn percents_are_cut() {
        assert_eq!(percent(504, 978_944), "0.05%");
        assert_eq!(percent(999_999, 1_000_000), "99.99%");
        assert_eq!(percent(0, 0), "0.00%");
    }
}
