//! What programs work on: JSON values that decode a message only where it is touched, and count what they cost.
//!
//! Objects and arrays of a message stay places in its (private) bytes until something needs more than a member of
//! theirs; strings stay ranges of those bytes. Everything a program makes is a value of its own, which knows how
//! deep it is and how large it would be written out: values share parts, so that a few steps can make one that
//! takes for ever to compare. Limits are those of [`meter`](super::meter).

mod arithmetic;
mod document;
mod items;
mod json;
mod members;
mod order;
mod path;
mod text;

use std::fmt;
use std::rc::Rc;

use jaq_core::val::Range;
use jaq_json::Num;

pub(super) use document::Envelope;
pub(super) use json::parse;
pub(super) use text::Text;

use super::meter::{self, Exceeded};
use crate::room;

/// How deep values may nest. Freeing them recurses.
const DEEPEST: u32 = 1024;

/// How many times in a row a program may look into nothing, or note a range of a path: paths are lists that are
/// freed recursively.
const LONGEST_PATH: u32 = 4096;

/// Members of an object, in the order in which they were added.
pub(super) type Map = indexmap::IndexMap<Text, Val, foldhash::fast::RandomState>;

/// The error of an operation that has no result.
pub(super) type Error = jaq_core::Error<Val>;
/// A value or an error.
pub(super) type ValR = Result<Val, Error>;

/// A value.
#[derive(Clone)]
pub(super) enum Val {
    /// Null, and how many lookups in null led to it.
    Null(u32),
    Bool(bool),
    Num(Num),
    Str(Text),
    Arr(Rc<Array>),
    Obj(Rc<Object>),
    /// An object or array of a message.
    Doc(document::Place),
    /// A whole message.
    Envelope(Rc<Envelope>),
}

/// An array that a program made, or that was decoded.
#[derive(Clone)]
pub(super) struct Array {
    items: Vec<Val>,
    size: Size,
}

/// An object, likewise.
#[derive(Clone)]
pub(super) struct Object {
    map: Map,
    size: Size,
}

/// Upper bounds of a value's extent.
#[derive(Clone, Copy)]
struct Size {
    /// Levels of arrays and objects.
    depth: u32,
    /// Values in it, and its text in units of 16 bytes, as if nothing in it were shared.
    weight: u64,
}

impl Array {
    pub(super) fn items(&self) -> &[Val] {
        &self.items
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }
}

impl Object {
    pub(super) fn len(&self) -> usize {
        self.map.len()
    }
}

impl Size {
    const EMPTY: Size = Size {
        depth: 1,
        weight: 1,
    };

    fn hold(&mut self, item: Size) {
        self.depth = self.depth.max(item.depth.saturating_add(1));
        self.weight = self.weight.saturating_add(item.weight);
        if self.depth > DEEPEST {
            meter::exceed(Exceeded::Depth);
        }
    }

    /// Makes room for what another container holds.
    fn join(&mut self, other: Size) {
        self.depth = self.depth.max(other.depth);
        self.weight = self.weight.saturating_add(other.weight);
    }
}

impl Val {
    pub(super) const NULL: Val = Val::Null(0);

    fn array(items: Vec<Val>) -> Val {
        let mut size = Size::EMPTY;
        items.iter().for_each(|item| size.hold(item.size()));
        Val::Arr(Rc::new(Array { items, size }))
    }

    pub(super) fn object(map: Map) -> Val {
        let mut size = Size::EMPTY;
        for (key, value) in &map {
            size.weight = size.weight.saturating_add(key.weight());
            size.hold(value.size());
        }
        Val::Obj(Rc::new(Object { map, size }))
    }

    fn size(&self) -> Size {
        let leaf = |weight| Size { depth: 0, weight };
        match self {
            Val::Null(_) | Val::Bool(_) => leaf(1),
            Val::Num(number) => leaf(1 + number_words(number) as u64),
            Val::Str(text) => leaf(text.weight()),
            Val::Arr(array) => array.size,
            Val::Obj(object) => object.size,
            Val::Doc(place) => place.size(),
            Val::Envelope(envelope) => envelope.size(),
        }
    }

    /// The value, where it is a place in a message decoded by one level.
    pub(super) fn flat(self) -> Val {
        match self {
            Val::Doc(place) => place.decode(),
            Val::Envelope(envelope) => envelope.decode(),
            other => other,
        }
    }

    /// As [`Val::flat`], without taking the value.
    pub(super) fn flat_ref(&self) -> std::borrow::Cow<'_, Val> {
        match self {
            Val::Doc(_) | Val::Envelope(_) => std::borrow::Cow::Owned(self.clone().flat()),
            _ => std::borrow::Cow::Borrowed(self),
        }
    }

    /// What it is, with its article.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Val::Null(_) => "null",
            Val::Bool(_) => "a boolean",
            Val::Num(_) => "a number",
            Val::Str(_) => "a string",
            Val::Arr(_) => "an array",
            Val::Obj(_) | Val::Envelope(_) => "an object",
            Val::Doc(place) if place.is_object() => "an object",
            Val::Doc(_) => "an array",
        }
    }

    fn as_num(&self) -> Option<&Num> {
        match self {
            Val::Num(number) => Some(number),
            _ => None,
        }
    }
}

/// Words of a number beyond a machine's.
fn number_words(number: &Num) -> usize {
    match number {
        Num::BigInt(big) => usize::try_from(big.bits() / 64).unwrap_or(usize::MAX),
        _ => 0,
    }
}

impl From<bool> for Val {
    fn from(truth: bool) -> Val {
        Val::Bool(truth)
    }
}

impl From<isize> for Val {
    fn from(number: isize) -> Val {
        Val::Num(Num::Int(number))
    }
}

impl From<usize> for Val {
    fn from(number: usize) -> Val {
        Val::Num(Num::from_integral(number))
    }
}

impl From<f64> for Val {
    fn from(number: f64) -> Val {
        Val::Num(Num::Float(number))
    }
}

impl From<String> for Val {
    fn from(text: String) -> Val {
        Val::Str(Text::own(text.into_bytes()))
    }
}

impl From<&str> for Val {
    fn from(text: &str) -> Val {
        text.to_owned().into()
    }
}

/// The end of a path such as `.[1:3]`.
impl From<Range<Val>> for Val {
    fn from(range: Range<Val>) -> Val {
        meter::path(LONGEST_PATH);
        let mut map = Map::default();
        for (key, end) in [("start", range.start), ("end", range.end)] {
            if let Some(end) = end {
                map.insert(Text::own(key.as_bytes().to_vec()), end);
            }
        }
        Val::object(map)
    }
}

impl FromIterator<Val> for Val {
    fn from_iter<I: IntoIterator<Item = Val>>(items: I) -> Val {
        let counted = items.into_iter().inspect(|_| {
            meter::work(1);
            meter::memory(size_of::<Val>());
        });
        Val::array(counted.collect())
    }
}

impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = self.to_json();
        if json.len() < room::LARGE {
            return f.write_str(&String::from_utf8_lossy(&json));
        }
        // An error that shows a long message as a whole would be another copy of it.
        let shown = String::from_utf8_lossy(&json[..room::LARGE / 64]);
        write!(f, "{shown}…")
    }
}

impl fmt::Debug for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
