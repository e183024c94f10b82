//! Looking up members, elements and ranges.

use jaq_core::val::Range;
use jaq_json::Num;

use super::{Error, Text, Val, ValR, LONGEST_PATH};
use crate::filter::meter::{self, Exceeded};

/// A place counted from the front or, when negative, from the end.
#[derive(Clone, Copy)]
pub(super) struct Index(i128);

impl Index {
    /// The place in a sequence; may be negative, or beyond the end.
    fn in_length(self, len: usize) -> i128 {
        if self.0 < 0 {
            self.0 + len as i128
        } else {
            self.0
        }
    }

    /// The place, if there is an element.
    pub(super) fn of(self, len: usize) -> Option<usize> {
        usize::try_from(self.in_length(len))
            .ok()
            .filter(|at| *at < len)
    }

    /// The place of an element that an assignment adds.
    pub(super) fn beyond(self) -> Option<usize> {
        usize::try_from(self.0).ok()
    }

    /// The place as an end of a range.
    fn bound(self, len: usize) -> usize {
        self.in_length(len).clamp(0, len as i128) as usize
    }
}

/// The number as an index: a fraction is rounded down (an end of a range up), what is no number has none.
pub(super) fn index_of(number: &Num, up: bool) -> Option<Index> {
    match number {
        Num::Int(int) => Some(Index(*int as i128)),
        Num::Float(float) if float.is_nan() => None,
        Num::Float(float) => {
            let whole = if up { float.ceil() } else { float.floor() };
            Some(Index(whole.clamp(-1e18, 1e18) as i128))
        }
        other => Some(Index(match other.as_isize() {
            Some(int) => int as i128,
            None if *other > Num::Int(0) => i64::MAX as i128,
            None => -(i64::MAX as i128),
        })),
    }
}

/// A range as two places: where it starts and where it ends.
pub(super) fn range_of(range: Range<&Val>, len: usize) -> Result<(usize, usize), Error> {
    let end = |end: Option<&Val>, up: bool, absent: usize| match end {
        None | Some(Val::Null(_)) => Ok(absent),
        Some(Val::Num(number)) => Ok(index_of(number, up).map_or(absent, |index| index.bound(len))),
        Some(other) => Err(Error::typ(other.clone(), "integer")),
    };
    let (start, end) = (end(range.start, false, 0)?, end(range.end, true, len)?);
    Ok((start, end.max(start)))
}

/// Byte offset of a character; the length for one beyond the end.
pub(super) fn offset_of(text: &str, character: usize) -> usize {
    text.char_indices()
        .nth(character)
        .map_or(text.len(), |(at, _)| at)
}

impl Text {
    pub(in crate::filter) fn count(&self) -> usize {
        meter::work(self.len() / 64);
        self.as_str().chars().count()
    }

    /// A range of its characters.
    fn characters(&self, (start, end): (usize, usize)) -> Text {
        meter::work(self.len() / 16);
        let text = self.as_str();
        let from = offset_of(text, start);
        let part = &text[from..];
        self.slice(&part.as_bytes()[..offset_of(part, end - start)])
    }
}

impl Val {
    /// The child with this key or index; `None` when there is none.
    pub(in crate::filter) fn child(&self, key: &Val) -> Result<Option<Val>, Error> {
        meter::step();
        if let Val::Str(key) = key {
            meter::work(key.len() / 16);
        }
        match (self, key) {
            (Val::Envelope(envelope), Val::Str(key)) => Ok(envelope.member(key.as_bytes())),
            (Val::Doc(place), Val::Str(key)) if place.is_object() => {
                Ok(place.member(key.as_bytes()))
            }
            (Val::Obj(object), Val::Str(key)) => Ok(object.map.get(key).cloned()),
            (Val::Doc(place), Val::Num(number)) if !place.is_object() => {
                Ok(index_of(number, false)
                    .and_then(|index| index.of(place.len()))
                    .and_then(|at| place.element(at)))
            }
            (Val::Arr(array), Val::Num(number)) => Ok(index_of(number, false)
                .and_then(|index| index.of(array.items.len()))
                .map(|at| array.items[at].clone())),
            _ => Err(Error::index(self.clone(), key.clone())),
        }
    }

    /// What `.[key]` is.
    pub(super) fn lookup(self, key: &Val) -> ValR {
        if let Val::Null(steps) = self {
            if steps == LONGEST_PATH {
                meter::exceed(Exceeded::Depth);
            }
            return match key {
                Val::Str(_) | Val::Num(_) | Val::Null(_) => Ok(Val::Null(steps + 1)),
                Val::Obj(_) => Ok(Val::Null(steps + 1)),
                _ => Err(Error::index(self, key.clone())),
            };
        }
        match (&self, key) {
            (Val::Str(_) | Val::Arr(_) | Val::Doc(_), Val::Obj(range)) if self.is_sequence() => {
                let end = |name: &str| range.map.get(name.as_bytes());
                let (start, end) = (end("start"), end("end"));
                self.cut(start..end)
            }
            (Val::Arr(_) | Val::Doc(_), Val::Arr(_) | Val::Doc(_)) if self.is_sequence() => {
                self.indices(key)
            }
            _ => self.child(key).map(|child| child.unwrap_or(Val::NULL)),
        }
    }

    fn is_sequence(&self) -> bool {
        match self {
            Val::Str(_) | Val::Arr(_) => true,
            Val::Doc(place) => !place.is_object(),
            _ => false,
        }
    }

    /// What `.[from:upto]` is.
    pub(super) fn cut(self, range: Range<&Val>) -> ValR {
        meter::step();
        match self.flat() {
            null @ Val::Null(_) => Ok(null),
            Val::Str(text) => {
                let range = range_of(range, text.count())?;
                Ok(Val::Str(text.characters(range)))
            }
            Val::Arr(array) => {
                let (start, end) = range_of(range, array.items.len())?;
                Ok(array.items[start..end].iter().cloned().collect())
            }
            other => Err(Error::typ(other, "rangeable (array or string)")),
        }
    }

    /// Where `part` is found in a string or an array.
    pub(in crate::filter) fn indices(&self, part: &Val) -> ValR {
        meter::step();
        let places: Vec<usize> = match (&*self.flat_ref(), &*part.flat_ref()) {
            (Val::Null(_), _) => return Ok(Val::NULL),
            (Val::Str(text), Val::Str(part)) => {
                meter::work(text.len().saturating_mul(part.len().min(64)) / 16);
                let (text, part) = (text.as_bytes(), part.as_bytes());
                if part.is_empty() {
                    return Ok(Val::array(Vec::new()));
                }
                // Overlapping ones count, and places are those of characters.
                let mut from = 0;
                let mut all = Vec::new();
                let finder = memchr::memmem::Finder::new(part);
                let mut characters = 0;
                let mut counted = 0;
                while let Some(at) = finder.find(&text[from..]) {
                    let at = from + at;
                    characters += std::str::from_utf8(&text[counted..at])
                        .map_or(0, |between| between.chars().count());
                    counted = at;
                    all.push(characters);
                    // It was compared whole, and is where it repeats itself for every place in it.
                    meter::work(part.len() / 64);
                    meter::memory(size_of::<usize>());
                    from = at + 1;
                }
                all
            }
            (Val::Arr(array), Val::Arr(part)) => {
                if part.items.is_empty() {
                    return Ok(Val::array(Vec::new()));
                }
                let windows = array.items.windows(part.items.len()).enumerate();
                windows
                    .filter_map(|(at, window)| (window == part.items).then_some(at))
                    .collect()
            }
            (Val::Arr(array), part) => {
                let items = array.items.iter().enumerate();
                items
                    .filter_map(|(at, item)| (item == part).then_some(at))
                    .collect()
            }
            (text, part) => return Err(Error::index(text.clone(), part.clone())),
        };
        Ok(places.into_iter().map(Val::from).collect())
    }

    /// Whether the other is a part: of a string, of some element, of the members.
    pub(in crate::filter) fn contains(&self, part: &Val) -> bool {
        meter::step();
        match (&*self.flat_ref(), &*part.flat_ref()) {
            (Val::Str(text), Val::Str(part)) => {
                meter::work((text.len() + part.len()) / 16);
                memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some()
            }
            (Val::Arr(array), Val::Arr(part)) => part
                .items
                .iter()
                .all(|part| array.items.iter().any(|item| item.contains(part))),
            (Val::Obj(object), Val::Obj(part)) => part.map.iter().all(|(key, part)| {
                let value = object.map.get(key);
                value.is_some_and(|value| value.contains(part))
            }),
            (value, part) => value == part,
        }
    }

    /// Whether it is of one type with the other, for `contains`.
    pub(in crate::filter) fn is_like(&self, other: &Val) -> bool {
        let kind = |value: &Val| match value {
            Val::Bool(_) => "a boolean",
            other => other.kind(),
        };
        kind(self) == kind(other)
    }
}
