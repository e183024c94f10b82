//! Complete messages as JSON, `{"seq":…,"time":"…","meta":{"tags":[…]},"data":…}`: recognised and taken apart.

use super::time;
use crate::error::{Error, Result};
use crate::json::{string_value, validate_around, write_string, Parts};

/// What of a complete message goes into another pool. Its seq and time are those of the pool it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The tags, in their order.
    pub tags: Vec<String>,
    /// The text of the data.
    pub data: &'a [u8],
}

impl Envelope<'_> {
    /// Appends the tags as a JSON array.
    pub fn write_tags(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, tag) in self.tags.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_string(tag.as_bytes(), out);
        }
        out.push(b']');
    }
}

/// Takes a complete message apart: an object with exactly the members `seq`, `time`, `meta` and `data`, in any
/// order, whose `meta` has exactly `tags`. `None` for every other value.
///
/// # Errors
/// Usage: not JSON (with its offset), or a message whose `seq`, `time` or `tags` cannot be those of one.
pub fn split(json: &[u8]) -> Result<Option<Envelope<'_>>> {
    validate_around::<1>(json)?;
    let Some([seq, time, meta, data]) = members(json, ["seq", "time", "meta", "data"]) else {
        return Ok(None);
    };
    let Some([tags]) = members(meta, ["tags"]) else {
        return Ok(None);
    };
    let digits = std::str::from_utf8(seq).unwrap_or_default();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits.parse::<u64>().is_err() {
        return Err(bad("`seq` is no sequence number"));
    }
    let time = string_value(time)?.ok_or_else(|| bad("`time` is no text"))?;
    time::parse(&time).map_err(|error| bad("`time` is no time").with_cause(error.message()))?;
    if tags.first() != Some(&b'[') {
        return Err(bad("`meta.tags` is no array"));
    }
    let tags = Parts::new(tags)
        .map(|part| string_value(part.value)?.ok_or_else(|| bad("a tag is no text")))
        .collect::<Result<_>>()?;
    Ok(Some(Envelope { tags, data }))
}

/// The values of an object with exactly these keys.
fn members<'a, const N: usize>(json: &'a [u8], keys: [&str; N]) -> Option<[&'a [u8]; N]> {
    if json.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let mut values: [&[u8]; N] = [b""; N];
    for part in Parts::new(json) {
        let index = keys.iter().position(|key| key.as_bytes() == part.key)?;
        // No value is empty: a key that comes twice makes another object.
        if !std::mem::replace(&mut values[index], part.value).is_empty() {
            return None;
        }
    }
    values
        .iter()
        .all(|value| !value.is_empty())
        .then_some(values)
}

#[cold]
fn bad(what: &str) -> Error {
    Error::usage(format!("the message to copy is no good one: {what}"))
        .with_hint("copy what follow or fetch printed, or store the objects as they are")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_taken_apart() {
        let json = br#" {"data":[1, {"seq":1}],"meta": {"tags":["a","\u00e9"]},"time":"2026-01-02T03:04:05.678Z","seq":7}"#;
        let found = split(json).unwrap().unwrap();
        assert_eq!(found.tags, ["a", "é"]);
        assert_eq!(found.data, br#"[1, {"seq":1}]"#);
    }

    #[test]
    fn other_values_are_data() {
        let good = r#""time":"2026-01-02T03:04:05Z","meta":{"tags":[]},"data":1"#;
        assert!(split(format!("{{\"seq\":1,{good}}}").as_bytes())
            .unwrap()
            .is_some());
        for other in [
            format!("{{{good}}}"),
            format!("{{\"seq\":1,{good},\"x\":1}}"),
            format!("{{\"seq\":1,\"seq\":1,{good}}}"),
            format!("[{{\"seq\":1,{good}}}]"),
            "{\"seq\":1,\"time\":1,\"meta\":{\"tags\":[],\"x\":1},\"data\":1}".into(),
            "{\"seq\":1,\"time\":1,\"meta\":[],\"data\":1}".into(),
            "12".into(),
            "{}".into(),
        ] {
            assert_eq!(split(other.as_bytes()).unwrap(), None, "{other}");
        }
    }

    #[test]
    fn bad_messages_are_refused() {
        let message = |seq: &str, time: &str, tags: &str| {
            format!("{{\"seq\":{seq},\"time\":{time},\"meta\":{{\"tags\":{tags}}},\"data\":1}}")
        };
        let now = "\"2026-01-02T03:04:05Z\"";
        assert!(split(message("18446744073709551615", now, "[]").as_bytes()).is_ok());
        for bad in [
            message("-1", now, "[]"),
            message("1.0", now, "[]"),
            message("18446744073709551616", now, "[]"),
            message("\"1\"", now, "[]"),
            message("1", "5", "[]"),
            message("1", "\"yesterday\"", "[]"),
            message("1", now, "\"a\""),
            message("1", now, "[\"a\",1]"),
            "{".into(),
        ] {
            assert!(split(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
