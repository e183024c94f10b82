//! Times and durations as text, read and written by the library.
#![allow(unsafe_code)]

use crate::call::call;
use crate::{raw, Buffer, Result};
use std::time::{Duration, SystemTime};

/// The time of a number of the library.
pub(crate) fn from_ns(time_ns: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(time_ns)
}

/// The library's number of a time; `None` for one before 1970 or after 2554, which has none.
pub(crate) fn to_ns(time: SystemTime) -> Option<u64> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}

/// The same for a place among messages: the earliest or the latest number for a time without one.
pub(crate) fn to_nearest_ns(time: SystemTime) -> u64 {
    let nearest = match time < SystemTime::UNIX_EPOCH {
        true => 0,
        false => u64::MAX,
    };
    to_ns(time).unwrap_or(nearest)
}

/// RFC 3339 in UTC with `Z`, fraction digits only as needed, of nanoseconds since 1970.
///
/// ```
/// assert_eq!(plasmite_sdk::format_time(1_500_000_000).unwrap(), "1970-01-01T00:00:01.5Z");
/// ```
///
/// # Errors
/// Usage for a time beyond the year 9999.
pub fn format_time(time_ns: u64) -> Result<String> {
    let mut text = Vec::new();
    write_time(time_ns, &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Appends what [`format_time`] gives to `out`.
///
/// # Errors
/// As there; `out` is then as it was.
pub fn write_time(time_ns: u64, out: &mut Vec<u8>) -> Result<()> {
    // SAFETY: both outputs are ours.
    let text =
        Buffer::fill(|buffer, error| unsafe { raw::plsm_time_format(time_ns, buffer, error) })?;
    out.extend_from_slice(&text);
    Ok(())
}

/// Nanoseconds since 1970 of an RFC 3339 time with date, time and offset; 0 for an earlier one.
///
/// # Errors
/// Usage for anything else.
pub fn parse_time(text: &str) -> Result<u64> {
    let mut time_ns = 0;
    // SAFETY: the text is readable for the call, the outputs are ours.
    call(|error| unsafe {
        raw::plsm_time_parse(text.as_ptr().cast(), text.len(), &mut time_ns, error)
    })?;
    Ok(time_ns)
}

/// A duration of digits and a unit: `500ms`, `5s`, `30m`, `2h`, `1d`.
///
/// # Errors
/// Usage for anything else.
pub fn parse_duration(text: &str) -> Result<Duration> {
    let mut nanoseconds = 0;
    // SAFETY: the text is readable for the call, the outputs are ours.
    call(|error| unsafe {
        raw::plsm_duration_parse(text.as_ptr().cast(), text.len(), &mut nanoseconds, error)
    })?;
    Ok(Duration::from_nanos(nanoseconds))
}
