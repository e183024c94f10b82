//! Times as text: RFC 3339 out and in, relative times, durations, and a cache of the second.

use std::time::Duration;

use crate::error::{Error, Result};

const NS_PER_SECOND: u64 = 1_000_000_000;
const SECONDS_PER_DAY: u64 = 86_400;

/// Year, month and day of a day counted from 1970-01-01.
///
/// Counts from 0000-03-01, so that the leap day is the last of its year: 146 097 days make 400 years.
fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (
        year_of_era + era * 400 + i64::from(month <= 2),
        month as u32,
        day as u32,
    )
}

/// The inverse of [`civil_from_days`].
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Writes times and keeps the text of the last second: messages close in time cost their fraction only.
#[derive(Clone, Debug)]
pub struct TimeCache {
    second: u64,
    /// `2026-01-31T08:05:09` of that second.
    text: [u8; 19],
}

impl Default for TimeCache {
    fn default() -> Self {
        TimeCache::new()
    }
}

impl TimeCache {
    /// An empty cache.
    pub fn new() -> TimeCache {
        TimeCache {
            second: 0,
            text: *b"1970-01-01T00:00:00",
        }
    }

    /// Appends the time (nanoseconds since 1970 UTC) as RFC 3339 in UTC: `2026-01-31T08:05:09.12Z`,
    /// up to nine fraction digits, trailing zeros dropped, no point when there is no fraction.
    #[inline]
    pub fn write(&mut self, ns: u64, out: &mut Vec<u8>) {
        let second = ns / NS_PER_SECOND;
        if second != self.second {
            self.fill(second);
        }
        out.extend_from_slice(&self.text);
        let mut fraction = (ns % NS_PER_SECOND) as u32;
        if fraction != 0 {
            let mut digits = *b".000000000Z";
            for place in (1..10).rev() {
                digits[place] = b'0' + (fraction % 10) as u8;
                fraction /= 10;
            }
            let mut end = 10;
            while digits[end - 1] == b'0' {
                end -= 1;
            }
            digits[end] = b'Z';
            out.extend_from_slice(&digits);
            out.truncate(out.len() - (10 - end));
        } else {
            out.push(b'Z');
        }
    }

    #[cold]
    fn fill(&mut self, second: u64) {
        let (year, month, day) = civil_from_days((second / SECONDS_PER_DAY) as i64);
        let rest = (second % SECONDS_PER_DAY) as u32;
        let mut put = |at: usize, width: usize, mut value: u32| {
            for place in (at..at + width).rev() {
                self.text[place] = b'0' + (value % 10) as u8;
                value /= 10;
            }
        };
        put(0, 4, year as u32);
        put(5, 2, month);
        put(8, 2, day);
        put(11, 2, rest / 3600);
        put(14, 2, rest / 60 % 60);
        put(17, 2, rest % 60);
        self.second = second;
    }
}

/// The time (nanoseconds since 1970 UTC) as RFC 3339 text; see [`TimeCache::write`].
pub fn format(ns: u64) -> String {
    let mut out = Vec::with_capacity(30);
    TimeCache::new().write(ns, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Reads an RFC 3339 time with date, time and offset (`2026-01-02T03:04:05Z`, `2026-01-02 03:04:05.5+05:30`)
/// as nanoseconds since 1970 UTC.
///
/// Times before 1970 are 0, times beyond the year 2554 are `u64::MAX`: as a start they select
/// everything and nothing. Fraction digits beyond the ninth are dropped. Usage for anything else.
pub fn parse(text: &str) -> Result<u64> {
    read_rfc3339(text.as_bytes()).ok_or_else(|| {
        Error::usage(format!("`{text}` is no time"))
            .with_hint("write it as 2026-01-31T08:05:09Z, with Z or an offset such as +02:00")
    })
}

fn read_rfc3339(text: &[u8]) -> Option<u64> {
    let number = |at: usize, width: usize| -> Option<u32> {
        text.get(at..at + width)?
            .iter()
            .try_fold(0u32, |value, byte| {
                byte.is_ascii_digit()
                    .then(|| value * 10 + u32::from(byte - b'0'))
            })
    };
    let is = |at: usize, choice: &[u8]| {
        text.get(at)
            .filter(|byte| choice.contains(byte))
            .map(|_| ())
    };
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    is(4, b"-")?;
    is(7, b"-")?;
    is(10, b"Tt ")?;
    is(13, b":")?;
    is(16, b":")?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_days = [
        31,
        28 + u32::from(leap),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let days_in_month = *month_days.get(month.checked_sub(1)? as usize)?;
    // A leap second (60) is the first instant of the next minute.
    if !(1..=days_in_month).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut at = 19;
    let mut fraction = 0i128;
    if is(at, b".").is_some() {
        let digits = text[at + 1..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        for place in 0..9 {
            fraction = fraction * 10
                + if place < digits {
                    i128::from(text[at + 1 + place] - b'0')
                } else {
                    0
                };
        }
        at += 1 + digits;
        if digits == 0 {
            return None;
        }
    }
    let offset = match text.get(at)? {
        b'Z' | b'z' => {
            at += 1;
            0
        }
        sign @ (b'+' | b'-') => {
            let (hours, minutes) = (number(at + 1, 2)?, number(at + 4, 2)?);
            is(at + 3, b":")?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            at += 6;
            let seconds = i64::from(hours * 3600 + minutes * 60);
            if *sign == b'+' {
                seconds
            } else {
                -seconds
            }
        }
        _ => return None,
    };
    if at != text.len() {
        return None;
    }
    let days = days_from_civil(i64::from(year), month, day);
    let seconds =
        days * SECONDS_PER_DAY as i64 + i64::from(hour * 3600 + minute * 60 + second) - offset;
    let ns = i128::from(seconds) * i128::from(NS_PER_SECOND) + fraction;
    Some(ns.clamp(0, i128::from(u64::MAX)) as u64)
}

/// Splits `30m` into its number and its unit.
fn split_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit))
}

/// Reads a point in time: relative, digits and one of `s m h d` in either case, counted back from
/// `now_ns`, or as [`parse`] does. Usage for anything else.
pub fn parse_since(text: &str, now_ns: u64) -> Result<u64> {
    let seconds = match split_unit(text) {
        Some((number, "s" | "S")) => number.checked_mul(1),
        Some((number, "m" | "M")) => number.checked_mul(60),
        Some((number, "h" | "H")) => number.checked_mul(3600),
        Some((number, "d" | "D")) => number.checked_mul(SECONDS_PER_DAY),
        _ => {
            return parse(text).map_err(|_| {
                Error::usage(format!("`{text}` is no time")).with_hint(
                    "write how long ago (30s, 5m, 2h, 1d) or a time such as 2026-01-31T08:05:09Z",
                )
            })
        }
    };
    let back = seconds
        .and_then(|seconds| seconds.checked_mul(NS_PER_SECOND))
        .unwrap_or(u64::MAX);
    Ok(now_ns.saturating_sub(back))
}

/// Reads a duration: digits and one of `ms`, `s`, `m`, `h`. Usage for anything else, also for one
/// beyond 2^64 milliseconds.
pub fn parse_duration(text: &str) -> Result<Duration> {
    let ms = match split_unit(text) {
        Some((number, "ms")) => Some(number),
        Some((number, "s")) => number.checked_mul(1000),
        Some((number, "m")) => number.checked_mul(60_000),
        Some((number, "h")) => number.checked_mul(3_600_000),
        _ => None,
    };
    ms.map(Duration::from_millis).ok_or_else(|| {
        Error::usage(format!("`{text}` is no duration"))
            .with_hint("write a number and its unit: 500ms, 5s, 10m or 2h")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_formatted_like_jiff_formats_them() {
        let mut cache = TimeCache::new();
        let mut ns = 0u64;
        for step in 0..20_000u64 {
            let mut out = Vec::new();
            cache.write(ns, &mut out);
            let stamp = jiff::Timestamp::from_nanosecond(i128::from(ns)).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), stamp.to_string());
            assert_eq!(parse(&stamp.to_string()).unwrap(), ns);
            ns = ns.wrapping_add(step * 1_234_567_890_123 + step % 3) % (u64::MAX - 1_000_000_000);
        }
        assert_eq!(format(1_769_846_709_120_000_000), "2026-01-31T08:05:09.12Z");
        assert_eq!(format(1_769_846_709_000_000_000), "2026-01-31T08:05:09Z");
        assert_eq!(format(u64::MAX), "2554-07-21T23:34:33.709551615Z");
    }

    #[test]
    fn rfc_3339_is_read_and_nothing_else() {
        assert_eq!(parse("1970-01-01T00:00:00Z").unwrap(), 0);
        assert_eq!(parse("1969-12-31T23:59:59Z").unwrap(), 0);
        assert_eq!(parse("9999-12-31T23:59:59Z").unwrap(), u64::MAX);
        assert_eq!(
            parse("2026-01-02 03:04:05+05:30").unwrap(),
            parse("2026-01-01t21:34:05z").unwrap()
        );
        assert_eq!(
            parse("2026-01-01T23:59:60Z").unwrap(),
            parse("2026-01-02T00:00:00Z").unwrap()
        );
        assert_eq!(
            parse("2026-01-01T00:00:00.1234567899Z").unwrap() % NS_PER_SECOND,
            123_456_789
        );
        assert!(parse("2024-02-29T00:00:00Z").is_ok());
        for bad in [
            "",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+0530",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00Zx",
            "2026-01-01T00:00:00é",
            "12",
            "now",
            "+026-01-01T00:00:00Z",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn relative_times_and_durations() {
        let now = 1_000_000 * NS_PER_SECOND;
        assert_eq!(parse_since("30m", now).unwrap(), now - 1800 * NS_PER_SECOND);
        assert_eq!(parse_since("2H", now).unwrap(), now - 7200 * NS_PER_SECOND);
        assert_eq!(
            parse_since("1d", now).unwrap(),
            now - 86_400 * NS_PER_SECOND
        );
        assert_eq!(parse_since("99999999999d", now).unwrap(), 0);
        assert_eq!(
            parse_since("1970-01-01T00:00:01Z", now).unwrap(),
            NS_PER_SECOND
        );
        for bad in ["5", "5ms", "5w", "m", "-5m", "5 m", "2026-01-02", ""] {
            assert!(parse_since(bad, now).is_err(), "{bad}");
        }
        assert_eq!(parse_duration("500ms").unwrap(), Duration::from_millis(500));
        assert_eq!(parse_duration("5s").unwrap(), Duration::from_secs(5));
        assert_eq!(parse_duration("10m").unwrap(), Duration::from_secs(600));
        assert_eq!(parse_duration("2h").unwrap(), Duration::from_secs(7200));
        assert_eq!(parse_duration("0s").unwrap(), Duration::ZERO);
        for bad in [
            "5",
            "5S",
            "1d",
            "ms",
            "-1s",
            "1.5s",
            "99999999999999999999s",
            "9999999999999999999h",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
