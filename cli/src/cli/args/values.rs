//! Values of options: sizes, durations, times, tags.

use clap::ValueEnum;
use std::time::Duration;

/// When an append counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Durability {
    /// When every process can see it.
    Fast,
    /// When it is on disk.
    Flush,
}

/// A duration, and how it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) duration: Duration,
    pub(crate) text: String,
}

/// A moment to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// This long before now.
    Ago(Duration),
    /// Nanoseconds since 1970.
    At(u64),
}

/// A tag: any text but the empty one.
pub(super) fn parse_tag(text: &str) -> Result<String, String> {
    match text.is_empty() {
        true => Err("a tag cannot be empty".into()),
        false => Ok(text.to_owned()),
    }
}

/// Digits at the start, and what follows them.
fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(
        text.find(|character: char| !character.is_ascii_digit())
            .unwrap_or(text.len()),
    )
}

/// A whole number.
pub(super) fn parse_number<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a whole number is wanted, like 7".into());
    }
    let number: Option<u64> = text.parse().ok();
    number
        .and_then(|number| number.try_into().ok())
        .ok_or_else(|| format!("that is more than {} bits can count", 8 * size_of::<T>()))
}

/// A size in bytes: digits, then nothing or one of K, M, G (powers of 1024).
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
    let (digits, unit) = split_digits(text.trim());
    let factor = match unit.trim_start() {
        "" => 1,
        "K" | "k" => 1 << 10,
        "M" | "m" => 1 << 20,
        "G" | "g" => 1 << 30,
        _ => return Err(SIZE_FORM.into()),
    };
    if digits.is_empty() {
        return Err(SIZE_FORM.into());
    }
    let number: Option<u64> = digits.parse().ok();
    number
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| "that is more than 64 bits can count".into())
}

const SIZE_FORM: &str = "a size is a whole number of bytes, or one with K, M or G, like 64K or 8M";

/// A duration: digits and a unit.
pub(super) fn parse_duration(text: &str) -> Result<Span, String> {
    let (digits, unit) = split_digits(text);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => {
            return Err("a duration is a whole number with ms, s, m or h, like 500ms or 5s".into())
        }
    };
    let milliseconds = multiplied(digits, unit_ms)?;
    Ok(Span {
        duration: Duration::from_millis(milliseconds),
        text: text.to_owned(),
    })
}

fn multiplied(digits: &str, unit: u64) -> Result<u64, String> {
    if digits.is_empty() {
        return Err("the number is missing".into());
    }
    let number: Option<u64> = digits.parse().ok();
    number
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "the number is too large".into())
}

/// A time: an age like `30m`, or RFC 3339 with date, time and offset. Times before 1970 mean the beginning.
pub(super) fn parse_since(text: &str) -> Result<Since, String> {
    let (digits, unit) = split_digits(text);
    let unit_s = match unit {
        "s" | "S" => 1,
        "m" | "M" => 60,
        "h" | "H" => 3_600,
        "d" | "D" => 86_400,
        _ => return parse_moment(text),
    };
    Ok(Since::Ago(Duration::from_secs(multiplied(digits, unit_s)?)))
}

/// A replay speed: a finite number that is not negative.
pub(super) fn parse_speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed >= 0.0 => Ok(speed),
        _ => Err(
            "a speed is a finite number that is not negative, like 1, 10 or 0.5; 0 leaves gaps out"
                .into(),
        ),
    }
}

fn parse_moment(text: &str) -> Result<Since, String> {
    // A blank may stand for the `T`.
    let mut standard = text.to_owned();
    if text.as_bytes().get(10) == Some(&b' ') {
        standard.replace_range(10..11, "T");
    }
    crate::parse_time(&standard).map(Since::At).map_err(|_| {
        "a time is an age with s, m, h or d, like 30m, or a date and time with its offset, like 2026-01-02T03:04:05Z"
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(parse_number::<u64>("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(parse_number::<u32>("0"), Ok(0));
        for text in ["", "-1", "+1", "1.5", "x", "1 ", "１"] {
            let error = parse_number::<u64>(text).unwrap_err();
            assert!(error.contains("whole number"), "{text:?}");
        }
        for text in ["4294967296", "99999999999999999999"] {
            let error = parse_number::<u32>(text).unwrap_err();
            assert!(error.contains("32 bits"), "{text:?}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("1048576", 1 << 20),
            ("64K", 64 << 10),
            ("8m", 8 << 20),
            (" 1 G ", 1 << 30),
            ("0", 0),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text:?}");
        }
        for text in [
            "",
            "K",
            "1.5M",
            "1KB",
            "1T",
            "-1",
            "99999999999999999999",
            "17179869184G",
            "1é",
        ] {
            assert!(parse_size(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn durations() {
        for (text, ms) in [
            ("500ms", 500),
            ("5s", 5_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("0s", 0),
        ] {
            assert_eq!(
                parse_duration(text).unwrap().duration,
                Duration::from_millis(ms),
                "{text:?}"
            );
        }
        for text in [
            "",
            "5",
            "s",
            "5S",
            "1d",
            "1.5s",
            "-1s",
            "5é",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert!(parse_duration(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn times() {
        assert_eq!(
            parse_since("30m"),
            Ok(Since::Ago(Duration::from_secs(1_800)))
        );
        assert_eq!(
            parse_since("2D"),
            Ok(Since::Ago(Duration::from_secs(172_800)))
        );
        for text in [
            "1970-01-01T00:00:05Z",
            "1970-01-01 00:00:05Z",
            "1970-01-01T01:00:05+01:00",
        ] {
            assert_eq!(parse_since(text), Ok(Since::At(5_000_000_000)), "{text:?}");
        }
        for text in [
            "1969-12-31T23:59:59Z",
            "0000-02-29T00:00:00Z",
            "1970-01-01T00:30:00+01:00",
        ] {
            assert_eq!(parse_since(text), Ok(Since::At(0)), "{text:?}");
        }
        for text in [
            "",
            "5é",
            "30",
            "5ms",
            "1w",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "1969-13-01T00:00:00Z",
            "1969-02-29T00:00:00Z",
            "é",
        ] {
            assert!(parse_since(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn speeds() {
        for (text, speed) in [("1", 1.0), ("0", 0.0), ("0.25", 0.25), ("1e3", 1000.0)] {
            assert_eq!(parse_speed(text), Ok(speed), "{text:?}");
        }
        for text in ["", "-1", "inf", "NaN", "1e999", "x", "1é", "1 "] {
            assert!(parse_speed(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn tags() {
        assert!(parse_tag("").is_err() && parse_tag(" x ").is_ok());
    }
}
