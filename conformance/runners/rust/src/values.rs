//! References and patterns, as `format.md` has them in its sections 3 and 4.

use regex::Regex;
use serde_json::{Map, Value};

/// What is wrong, in words.
pub(crate) type Wrong = String;

/// For messages.
pub(crate) fn shown(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    match text.char_indices().nth(400) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

/// The integer of `{"$json": digits}`, else the value itself.
fn exact_or_self(value: &Value) -> Value {
    let digits = value
        .as_object()
        .filter(|object| object.len() == 1)
        .and_then(|object| object.get("$json")?.as_str());
    digits
        .and_then(|digits| serde_json::from_str::<Value>(digits).ok())
        .filter(|read| read.is_u64() || read.is_i64())
        .unwrap_or_else(|| value.clone())
}

/// An integer, however it is written.
pub(crate) fn integer(value: &Value) -> Option<i128> {
    let value = exact_or_self(value);
    value
        .as_u64()
        .map(i128::from)
        .or_else(|| value.as_i64().map(i128::from))
}

fn lookup(path: &str, captures: &Map<String, Value>) -> Result<Value, Wrong> {
    let mut parts = path.split('.');
    let first = parts.next().unwrap_or_default();
    let mut found = captures.get(first);
    for part in parts {
        found = found.and_then(|value| match value {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?),
            other => other.get(part),
        });
    }
    found
        .map(exact_or_self)
        .ok_or_else(|| format!("nothing was kept as {path}"))
}

fn joined(parts: &Value) -> Result<String, Wrong> {
    let bad = || format!("a bad $cat: {}", shown(Some(parts)));
    let mut text = String::new();
    for part in parts.as_array().ok_or_else(bad)? {
        let (part, times) = match part.as_array().map(Vec::as_slice) {
            Some([part, times]) => (part, integer(times).ok_or_else(bad)?),
            Some(_) => return Err(bad()),
            None => (part, 1),
        };
        let part = match part {
            Value::String(part) => part.clone(),
            other => integer(other).ok_or_else(bad)?.to_string(),
        };
        text.push_str(&part.repeat(usize::try_from(times).map_err(|_| bad())?));
    }
    Ok(text)
}

/// The value with every reference and joined text in it replaced.
pub(crate) fn replaced(value: &Value, captures: &Map<String, Value>) -> Result<Value, Wrong> {
    match value {
        Value::Array(items) => items.iter().map(|item| replaced(item, captures)).collect(),
        Value::Object(object) => {
            if let Some(path) = object.get("$").and_then(Value::as_str) {
                let found = lookup(path, captures)?;
                let Some(plus) = object.get("+") else {
                    return Ok(found);
                };
                let sum = integer(&found)
                    .zip(integer(plus))
                    .and_then(|(base, plus)| number(base + plus));
                return sum.ok_or_else(|| format!("{path} is no integer, or the sum is none"));
            }
            if let Some(parts) = object.get("$cat") {
                return joined(&replaced(parts, captures)?).map(Value::String);
            }
            let members = object
                .iter()
                .map(|(key, inner)| Ok((key.clone(), replaced(inner, captures)?)));
            members
                .collect::<Result<Map<_, _>, Wrong>>()
                .map(Value::Object)
        }
        other => Ok(other.clone()),
    }
}

fn number(value: i128) -> Option<Value> {
    u64::try_from(value)
        .map(Value::from)
        .or_else(|_| i64::try_from(value).map(Value::from))
        .ok()
}

fn compare(a: &Value, b: &Value) -> Option<std::cmp::Ordering> {
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn has_type(name: &str, actual: &Value) -> bool {
    match name {
        "null" => actual.is_null(),
        "boolean" => actual.is_boolean(),
        "integer" => actual.is_u64() || actual.is_i64(),
        "number" => actual.is_number(),
        "string" => actual.is_string(),
        "array" => actual.is_array(),
        "object" => actual.is_object(),
        _ => false,
    }
}

fn found_in(regex: &str, actual: &Value) -> Result<bool, Wrong> {
    let regex = Regex::new(regex).map_err(|error| error.to_string())?;
    Ok(actual.as_str().is_some_and(|text| regex.is_match(text)))
}

fn pairs(patterns: &[Value], actual: &[Value], used: &mut Vec<bool>, how: How) -> bool {
    let Some((first, others)) = patterns.split_first() else {
        return true;
    };
    for (at, element) in actual.iter().enumerate() {
        if !used[at] && mismatch(first, Some(element), how, "").is_none() {
            used[at] = true;
            if pairs(others, actual, used, how) {
                return true;
            }
            used[at] = false;
        }
    }
    false
}

fn matches(name: &str, given: &Value, actual: &Value, how: How) -> Result<bool, Wrong> {
    Ok(match name {
        "$any" => true,
        "$type" => has_type(given.as_str().unwrap_or_default(), actual),
        "$ge" => actual.is_number() && compare(actual, given).is_some_and(|order| order.is_ge()),
        "$le" => actual.is_number() && compare(actual, given).is_some_and(|order| order.is_le()),
        "$rfc3339" => found_in(
            r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{0,8}[1-9])?Z$",
            actual,
        )?,
        "$contains" => match (given, actual) {
            (Value::String(part), Value::String(text)) => text.contains(part),
            (_, Value::Array(items)) => items
                .iter()
                .any(|item| mismatch(given, Some(item), how, "").is_none()),
            _ => false,
        },
        "$regex" => found_in(given.as_str().unwrap_or_default(), actual)?,
        "$json" => {
            (actual.is_u64() || actual.is_i64())
                && Some(actual.to_string().as_str()) == given.as_str()
        }
        "$unordered" => match (given, actual) {
            (Value::Array(given), Value::Array(actual)) => {
                given.len() == actual.len()
                    && pairs(given, actual, &mut vec![false; actual.len()], how)
            }
            _ => false,
        },
        "$len" => {
            let len = match actual {
                Value::String(text) => Some(text.len()),
                Value::Array(items) => Some(items.len()),
                Value::Object(members) => Some(members.len()),
                _ => None,
            };
            len.is_some_and(|len| integer(given) == i128::try_from(len).ok())
        }
        _ => return Err(format!("unknown matcher {name}")),
    })
}

/// How a pattern is read: version 0 has no matchers; inside `data` objects must have exactly the members.
#[derive(Clone, Copy)]
struct How {
    matchers: bool,
    exact: bool,
}

/// What is wrong, if anything is.
fn mismatch(pattern: &Value, actual: Option<&Value>, how: How, place: &str) -> Option<Wrong> {
    let wrong = || {
        let place = if place.is_empty() {
            "the result"
        } else {
            place
        };
        Some(format!(
            "{place}: expected {}, got {}",
            shown(Some(pattern)),
            shown(actual)
        ))
    };
    let below = |key: &str| match place {
        "" => key.to_owned(),
        _ => format!("{place}.{key}"),
    };
    let Some(found) = actual else { return wrong() };
    match (pattern, found) {
        (Value::Object(matcher), _)
            if how.matchers
                && matcher.len() == 1
                && matcher.keys().all(|key| key.starts_with('$')) =>
        {
            let (name, given) = matcher.iter().next()?;
            match matches(name, given, found, how) {
                Ok(true) => None,
                Ok(false) => wrong(),
                Err(unknown) => Some(unknown),
            }
        }
        (Value::Object(pattern), Value::Object(object)) => {
            if how.exact && pattern.len() != object.len() {
                return wrong();
            }
            pattern.iter().find_map(|(key, inner)| {
                let how = How {
                    exact: how.exact || key == "data",
                    ..how
                };
                mismatch(inner, object.get(key), how, &below(key))
            })
        }
        (Value::Array(pattern), Value::Array(items)) if pattern.len() == items.len() => pattern
            .iter()
            .zip(items)
            .enumerate()
            .find_map(|(at, (inner, item))| {
                mismatch(inner, Some(item), how, &below(&at.to_string()))
            }),
        (Value::Number(_), Value::Number(_))
            if compare(pattern, found).is_some_and(|order| order.is_eq()) =>
        {
            None
        }
        (Value::Null | Value::Bool(_) | Value::String(_), _) if pattern == found => None,
        _ => wrong(),
    }
}

fn error_mismatch(expected: &Value, error: &Value) -> Option<Wrong> {
    let kind = &error["kind"];
    let mut right = match &expected["kind"] {
        Value::Array(kinds) => kinds.contains(kind),
        only => only == kind,
    };
    let text_of = |field: &str| error[field].as_str().unwrap_or_default();
    for (key, want) in expected.as_object().into_iter().flatten() {
        let wanted = want.as_str().unwrap_or_default();
        right &= match key.as_str() {
            "kind" => true,
            "has_path" | "has_seq" | "has_offset" => {
                want.as_bool() == Some(!error[&key[4..]].is_null())
            }
            "message_contains" => text_of("message").contains(wanted),
            "path_ends" => text_of("path").ends_with(wanted),
            "seq" => {
                let how = How {
                    matchers: true,
                    exact: false,
                };
                mismatch(want, Some(&error["seq"]), how, "seq").is_none()
            }
            _ => false,
        };
    }
    (!right).then(|| format!("expected the error {expected}, got {}", shown(Some(error))))
}

/// What is wrong when a step's result (or its error) is none of the expected outcomes.
pub(crate) fn outcome_mismatch(
    expect: &Value,
    outcome: Result<&Value, &Value>,
    matchers: bool,
) -> Option<Wrong> {
    if let Value::Array(outcomes) = expect {
        let found = outcomes
            .iter()
            .map(|expect| outcome_mismatch(expect, outcome, matchers));
        return found.reduce(|first, second| first.and(second)).flatten();
    }
    let wanted = expect
        .get("error")
        .filter(|error| error.get("kind").is_some());
    match (wanted, outcome) {
        (Some(wanted), Err(error)) => error_mismatch(wanted, error),
        (Some(wanted), Ok(result)) => Some(format!(
            "expected the error {wanted}, got {}",
            shown(Some(result))
        )),
        (None, Err(error)) => Some(format!("failed: {}", shown(Some(error)))),
        (None, Ok(result)) => mismatch(
            expect,
            Some(result),
            How {
                matchers,
                exact: false,
            },
            "",
        ),
    }
}
