//! What a server says of a pool, as a local pool would.

use std::path::PathBuf;

use plasmite_core::json::{validate_around, Parts};
use plasmite_core::message::time;
use plasmite_core::store::{Bounds, Info, ListEntry};
use plasmite_core::{Error, ErrorKind, Result};
use serde_json::Value;

use crate::error;

/// The text of one member of an answer.
pub(crate) fn member<'a>(body: &'a [u8], name: &str) -> Result<&'a [u8]> {
    // An answer has a message in it, which has the data.
    validate_around::<2>(body)
        .map_err(|error| strange(&format!("it is not JSON: {}", error.message())))?;
    Parts::new(body)
        .find(|part| part.key == name.as_bytes())
        .map(|part| part.value)
        .ok_or_else(|| strange(&format!("it has no {name:?}")))
}

/// An answer that no server of ours gives.
#[cold]
pub(crate) fn strange(what: &str) -> Error {
    Error::new(
        ErrorKind::Io,
        format!("the server's answer is not understood: {what}"),
    )
    .with_hint("is it a Plasmite server, and of this version or a newer one?")
}

pub(crate) fn parse(text: &[u8]) -> Result<Value> {
    serde_json::from_slice(text).map_err(|error| strange(&error.to_string()))
}

fn number(value: &Value, path: &[&str]) -> u64 {
    at(value, path).and_then(Value::as_u64).unwrap_or(0)
}

fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

fn time_at(value: &Value, path: &[&str]) -> Option<u64> {
    time::parse(at(value, path)?.as_str()?).ok()
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| strange(&format!("a pool without {name:?}")))
}

/// Settings and contents of a pool. What an older server does not tell is 0.
pub(crate) fn info(value: &Value, read_only: bool) -> Result<Info> {
    let bounds = Bounds {
        oldest: number(value, &["bounds", "oldest"]),
        newest: number(value, &["bounds", "newest"]),
        count: number(value, &["metrics", "message_count"]),
    };
    let age = ["metrics", "age"];
    Ok(Info {
        name: text(value, "name")?.to_owned(),
        path: PathBuf::from(text(value, "path")?),
        file_size: number(value, &["file_size"]),
        index_offset: number(value, &["index_offset"]),
        index_capacity: number(value, &["index_capacity"]),
        index_size_bytes: number(value, &["index_size_bytes"]),
        ring_offset: number(value, &["ring_offset"]),
        ring_size: number(value, &["ring_size"]),
        bounds,
        used_bytes: number(value, &["metrics", "utilization", "used_bytes"]),
        free_bytes: number(value, &["metrics", "utilization", "free_bytes"]),
        oldest_time_ns: time_at(value, &[age[0], age[1], "oldest_time"]),
        newest_time_ns: time_at(value, &[age[0], age[1], "newest_time"]),
        created_ns: time_at(value, &["created"]).unwrap_or(0),
        generation: number(value, &["generation"]),
        id: value.get("id").and_then(id).unwrap_or_default(),
        format: u32::try_from(number(value, &["format"])).unwrap_or(0),
        read_only,
    })
}

/// An identity from its 32 hexadecimal digits.
fn id(value: &Value) -> Option<[u8; 16]> {
    let digits = value.as_str()?;
    let mut id = [0; 16];
    if digits.len() != 32 || !digits.is_ascii() {
        return None;
    }
    for (place, byte) in id.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[place * 2..place * 2 + 2], 16).ok()?;
    }
    Some(id)
}

/// The pools of a server by name.
pub(crate) fn list(body: &[u8]) -> Result<Vec<ListEntry>> {
    let value = parse(body)?;
    let pools = value
        .get("pools")
        .and_then(Value::as_array)
        .ok_or_else(|| strange("it has no \"pools\""))?;
    let mut list = pools
        .iter()
        .map(|pool| {
            let name = text(pool, "name")?.to_owned();
            let failed = pool.get("error").map(|failed| {
                error::told(failed.to_string().as_bytes(), Some(&name))
                    .unwrap_or_else(|| strange("a pool with an error that is none"))
            });
            let path = pool.get("path").and_then(Value::as_str);
            Ok(ListEntry {
                path: path
                    .map_or_else(|| format!("{name}.plasmite"), str::to_owned)
                    .into(),
                name,
                modified_ns: time_at(pool, &["mtime"]),
                info: failed.map_or_else(|| info(pool, false), Err),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    list.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infos() {
        let body = br#"{"pool":{"name":"a","path":"a.plasmite","file_size":65536,"bounds":{"oldest":3,"newest":9},
            "metrics":{"message_count":7,"utilization":{"used_bytes":5,"free_bytes":6},
            "age":{"oldest_time":"1970-01-01T00:00:01Z","newest_time":null}},
            "id":"000102030405060708090a0b0c0d0e0f","generation":2}}"#;
        let value = parse(member(body, "pool").unwrap()).unwrap();
        let found = info(&value, true).unwrap();
        assert_eq!((found.bounds.oldest, found.bounds.count), (3, 7));
        assert_eq!(found.oldest_time_ns, Some(1_000_000_000));
        assert_eq!((found.newest_time_ns, found.generation), (None, 2));
        assert_eq!(found.id[15], 15);
        assert!(found.read_only);
        for bad in [&b"{}"[..], b"nonsense", b"[1]"] {
            assert_eq!(member(bad, "pool").unwrap_err().kind(), ErrorKind::Io);
        }
    }

    #[test]
    fn lists() {
        let body = br#"{"pools":[{"name":"b","path":"b.plasmite","file_size":1,"bounds":{}},
            {"name":"a","error":{"kind":"Corrupt","message":"damaged"}}]}"#;
        let list = list(body).unwrap();
        assert_eq!((&*list[0].name, &*list[1].name), ("a", "b"));
        assert_eq!(
            list[0].info.as_ref().unwrap_err().kind(),
            ErrorKind::Corrupt
        );
        assert_eq!(list[1].info.as_ref().unwrap().file_size, 1);
    }
}
