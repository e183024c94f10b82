//! Functions of the language that are made for our values.

use jaq_core::native::{bome, run, unary, v, Fun};
use jaq_core::{Cv, RunPtr, ValR, ValT as _};
use jaq_json::Num;
use regex::bytes::Captures;

use super::pattern::{Pattern, Searches};
use super::run::Engine;
use super::value::{self, Map, Text, Val};
use super::{library, meter};

type Error = jaq_core::Error<Val>;

/// All of them.
pub(super) fn functions() -> impl Iterator<Item = Fun<Engine>> {
    let list: [(&'static str, usize, RunPtr<Engine>); 21] = [
        ("length", 0, |cv| bome(length(&cv.1))),
        ("add", 0, |cv| bome(add(cv.1))),
        ("to_entries", 0, |cv| bome(to_entries(cv.1))),
        ("has", 1, |cv| unary(cv, |value, key| has(&value, &key))),
        ("contains", 1, |cv| {
            unary(cv, |value, part| {
                if !value.is_like(&part) {
                    let what = "cannot have their containment checked";
                    return Err(Error::str(format_args!("{value} and {part} {what}")));
                }
                Ok(value.contains(&part).into())
            })
        }),
        ("indices", 1, |cv| {
            unary(cv, |value, part| value.indices(&part))
        }),
        ("bsearch", 1, |cv| {
            unary(cv, |list, item| search(&list, &item))
        }),
        ("tojson", 0, |cv| {
            bome(Ok(Val::Str(Text::own(cv.1.to_json()))))
        }),
        ("fromjson", 0, |cv| {
            bome(text_of(&cv.1).and_then(|text| {
                value::parse(text.as_bytes()).map_err(|error| {
                    Error::str(format_args!("{} is not JSON: {}", cv.1, error.message()))
                })
            }))
        }),
        ("names_zone_", 0, |cv| bome(Ok(names_zone(&cv.1).into()))),
        ("count_format_", 0, |cv| {
            count_format(&cv.1);
            bome(Ok(Val::NULL))
        }),
        ("nan", 0, |_| bome(Ok(f64::NAN.into()))),
        ("infinite", 0, |_| bome(Ok(f64::INFINITY.into()))),
        ("type", 0, |cv| bome(Ok(type_of(&cv.1).into()))),
        ("test_", 2, |cv| bome(test(cv))),
        ("matches", 2, |cv| bome(matches(cv, false, true))),
        ("split_matches", 2, |cv| bome(matches(cv, true, true))),
        ("split_", 2, |cv| bome(matches(cv, true, false))),
        ("ltrimstr", 1, |cv| {
            unary(cv, |value, part| trim(value, &part, true, false))
        }),
        ("rtrimstr", 1, |cv| {
            unary(cv, |value, part| trim(value, &part, false, true))
        }),
        ("builtins", 0, |_| {
            bome(Ok(library::names().map(Val::from).collect()))
        }),
    ];
    list.into_iter()
        .map(|(name, arity, function)| run::<Engine>((name, v(arity), function)))
}

fn type_of(value: &Val) -> &'static str {
    let kind = value.kind();
    kind.split_once(' ').map_or(kind, |(_, kind)| kind)
}

fn length(value: &Val) -> ValR<Val> {
    Ok(match value {
        Val::Null(_) => Val::from(0usize),
        Val::Num(number) if *number < Num::Int(0) => Val::Num(-number.clone()),
        Val::Num(number) => Val::Num(number.clone()),
        Val::Str(text) => Val::from(text.count()),
        Val::Bool(_) => return Err(Error::str(format_args!("{value} has no length"))),
        Val::Doc(place) => Val::from(place.len()),
        other => match &*other.flat_ref() {
            Val::Arr(array) => Val::from(array.len()),
            Val::Obj(object) => Val::from(object.len()),
            _ => Val::NULL,
        },
    })
}

/// Whether a format of times has a place for the name of a time zone.
fn names_zone(format: &Val) -> bool {
    let parts = ["%Q", "%:Q"];
    let Val::Str(text) = format else { return false };
    meter::work(text.len());
    parts.iter().any(|part| text.as_str().contains(part))
}

/// Counts what a format of times can make: each place of it the width that it says, 255 at most, or a name or number.
fn count_format(format: &Val) {
    let Val::Str(text) = format else { return };
    meter::work(text.len());
    let bytes = text.as_bytes();
    let places = bytes.iter().filter(|byte| **byte == b'%').count();
    let widest = if bytes.iter().any(u8::is_ascii_digit) {
        255
    } else {
        32
    };
    meter::memory(bytes.len() + places * widest);
}

fn add(value: Val) -> ValR<Val> {
    value.values().try_fold(Val::NULL, |sum, item| sum + item?)
}

fn to_entries(value: Val) -> ValR<Val> {
    let names = [Text::own(b"key".to_vec()), Text::own(b"value".to_vec())];
    let entry = |member: Result<(Val, Val), Error>| {
        let (key, value) = member?;
        meter::memory(2 * size_of::<(Text, Val)>());
        let members = names.iter().cloned().zip([key, value]);
        Ok(Val::object(members.collect()))
    };
    value.key_values().map(entry).collect()
}

fn has(value: &Val, key: &Val) -> ValR<Val> {
    if let (Val::Null(_), Val::Str(_) | Val::Num(_)) = (value, key) {
        return Ok(false.into());
    }
    let fits = match key {
        Val::Str(_) => type_of(value) == "object",
        Val::Num(_) => type_of(value) == "array",
        _ => false,
    };
    if !fits {
        let what = format_args!("cannot check whether {} has {}", value.kind(), key.kind());
        return Err(Error::str(what));
    }
    Ok(value.child(key)?.is_some().into())
}

fn search(list: &Val, item: &Val) -> ValR<Val> {
    match &*list.flat_ref() {
        Val::Arr(array) => Ok(Val::from(match array.items().binary_search(item) {
            Ok(at) => at as isize,
            Err(at) => -1 - at as isize,
        })),
        other => Err(Error::typ(other.clone(), "array")),
    }
}

fn trim(value: Val, part: &Val, start: bool, end: bool) -> ValR<Val> {
    if let (Val::Str(text), Val::Str(part)) = (&value, part) {
        meter::work(part.len() / 16);
        let mut rest = text.as_bytes();
        if start {
            rest = rest.strip_prefix(part.as_bytes()).unwrap_or(rest);
        }
        if end {
            rest = rest.strip_suffix(part.as_bytes()).unwrap_or(rest);
        }
        return Ok(Val::Str(text.slice(rest)));
    }
    Ok(value)
}

fn text_of(value: &Val) -> Result<&Text, Error> {
    match value {
        Val::Str(text) => Ok(text),
        other => Err(Error::typ(other.clone(), "string")),
    }
}

/// The pattern of a call whose last arguments are an expression and its flags.
fn pattern(cv: &mut Cv<'_, Engine>) -> Result<Pattern, Error> {
    let flags = cv.0.pop_var();
    let expression = cv.0.pop_var();
    let flags = match &flags {
        Val::Null(_) => "",
        other => text_of(other)?.as_str(),
    };
    Pattern::cached(text_of(&expression)?.as_str(), flags).map_err(Error::str)
}

fn test(mut cv: Cv<'_, Engine>) -> ValR<Val> {
    let pattern = pattern(&mut cv)?;
    Ok(pattern.is_match(text_of(&cv.1)?.as_bytes()).into())
}

/// Every match as an array, whole and groups, and the texts between them.
fn matches(mut cv: Cv<'_, Engine>, between: bool, found: bool) -> ValR<Val> {
    let pattern = pattern(&mut cv)?;
    let text = text_of(&cv.1)?;
    let bytes = text.as_bytes();
    let mut places = Characters {
        text: text.as_str(),
        at: 0,
        characters: 0,
    };
    let mut out = Vec::new();
    let mut end = 0;
    pattern.count(bytes.len());
    let mut searches = Searches::new(&pattern, bytes);
    for captures in pattern.regex.captures_iter(bytes) {
        let Some(whole) = captures.get(0) else {
            continue;
        };
        searches.count(whole.end());
        if pattern.skips_empty && whole.is_empty() {
            continue;
        }
        meter::memory(captures.len() * 512);
        if between {
            out.push(Val::Str(text.slice(&bytes[end..whole.start()])));
            end = whole.end();
        }
        if found {
            out.push(groups(&pattern, &captures, text, &mut places));
        }
        if !pattern.global {
            break;
        }
    }
    if between {
        out.push(Val::Str(text.slice(&bytes[end..])));
    }
    Ok(out.into_iter().collect())
}

fn groups(
    pattern: &Pattern,
    captures: &Captures<'_>,
    text: &Text,
    places: &mut Characters<'_>,
) -> Val {
    let start = captures.get(0).map_or(0, |whole| whole.start());
    let names = pattern.regex.capture_names();
    let group =
        |(index, (group, name)): (usize, (Option<regex::bytes::Match<'_>>, Option<&str>))| {
            let mut map = Map::default();
            let mut put = |key: &str, value: Val| map.insert(Text::own(key.into()), value);
            match group {
                Some(group) => {
                    put("offset", places.of(group.start(), start).into());
                    let part = text.slice(group.as_bytes());
                    put("length", part.count().into());
                    put("string", Val::Str(part));
                }
                // A group that took no part.
                None => {
                    put("offset", (-1isize).into());
                    put("length", 0usize.into());
                    put("string", Val::NULL);
                }
            }
            if index > 0 {
                put("name", name.map_or(Val::NULL, Val::from));
            }
            Val::object(map)
        };
    captures.iter().zip(names).enumerate().map(group).collect()
}

/// Turns offsets into places of characters; matches ask in ascending order, groups near their match.
struct Characters<'a> {
    text: &'a str,
    at: usize,
    characters: usize,
}

impl Characters<'_> {
    /// The place of `offset`, which lies in the match that begins at `start`.
    fn of(&mut self, offset: usize, start: usize) -> usize {
        let count = |from: usize, to: usize| {
            meter::work((to - from) / 64);
            self.text
                .get(from..to)
                .map_or(0, |text| text.chars().count())
        };
        if start >= self.at {
            self.characters += count(self.at, start);
            self.at = start;
        }
        self.characters + count(self.at.min(offset), offset)
    }
}
