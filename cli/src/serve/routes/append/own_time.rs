//! The time that an append gives its message.

use crate::parse_time;
use crate::serve::error::{Answer, Refusal};

/// Reads a time of a message, in ns since 1970.
///
/// # Errors
/// Usage when it is none, and when it lies outside of what messages can carry. The library gives the nearest time
/// for that, which is good for a search and wrong for a message.
pub(super) fn own_time(text: &str) -> Answer<u64> {
    let time_ns = parse_time(text)?;
    // Years of the same length, in the middle of the range: there the nearest time is the time itself.
    let in_range = match (time_ns, text.get(..4), text.get(4..)) {
        (0, Some("1969"), Some(rest)) => is_same("2009", rest, "2010-01-01T00:00:00Z")?,
        (0, Some("1970"), Some(rest)) => is_same("2010", rest, "2010-01-01T00:00:00Z")?,
        (u64::MAX, Some("2554"), Some(rest)) => {
            is_same("2154", rest, "2154-07-21T23:34:33.709551615Z")?
        }
        (0 | u64::MAX, ..) => false,
        _ => true,
    };
    match in_range {
        true => Ok(time_ns),
        false => Err(
            Refusal::usage(format!("no message can have the time {text:?}"))
                .with_hint("times go from 1970-01-01T00:00:00Z to 2554-07-21T23:34:33.709551615Z"),
        ),
    }
}

fn is_same(year: &str, rest: &str, other: &str) -> Answer<bool> {
    Ok(parse_time(&format!("{year}{rest}"))? == parse_time(other)?)
}

#[cfg(test)]
mod tests {
    use super::own_time;

    #[test]
    fn times_outside_of_the_range_are_not_moved_into_it() {
        for (good, time_ns) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T02:00:00+02:00", 0),
            ("1969-12-31T22:30:00-01:30", 0),
            ("1970-01-01T00:00:00.000000001Z", 1),
            ("2026-01-02T03:04:05Z", 1_767_323_045_000_000_000),
            ("2554-07-21T23:34:33.709551614Z", u64::MAX - 1),
            ("2554-07-21T23:34:33.709551615Z", u64::MAX),
            ("2554-07-22T01:34:33.709551615+02:00", u64::MAX),
        ] {
            assert_eq!(own_time(good).unwrap(), time_ns, "{good}");
        }
        for bad in [
            "1969-12-31T23:59:59Z",
            "1969-12-31T23:59:59.999999999Z",
            "1970-01-01T00:00:00+00:01",
            "0001-01-01T00:00:00Z",
            "2554-07-21T23:34:33.709551616Z",
            "2554-07-21T23:34:34Z",
            "2554-12-31T23:59:59Z",
            "9999-12-31T23:59:59Z",
            "yesterday",
            "",
            "é",
        ] {
            let error = own_time(bad).unwrap_err().error;
            assert_eq!(error.kind(), crate::ErrorKind::Usage, "{bad}");
        }
    }
}
