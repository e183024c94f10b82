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
    fn percents_are_cut() {
        assert_eq!(percent(504, 978_944), "0.05%");
        assert_eq!(percent(999_999, 1_000_000), "99.99%");
        assert_eq!(percent(0, 0), "0.00%");
    }
}
