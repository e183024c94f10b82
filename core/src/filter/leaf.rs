//! Values on the way through a plan.

use std::cmp::Ordering;

use super::execute::{Flow, Stop};
use crate::lite3::{Kind, Source, Value};
use crate::room;

/// A value on the way through a plan.
#[derive(Clone, Copy)]
pub(super) enum Leaf<'a, S> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A string of the message: where its bytes are, offset, length.
    Text(S, usize, usize),
    /// A text of the plan, or the time.
    Own(&'a [u8]),
    /// An object or array of the data.
    Node(Value<S>),
    Envelope,
    Meta,
    Tags,
}

impl<S: Source> Leaf<'_, S> {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Leaf::Null => "null",
            Leaf::Bool(_) => "a boolean",
            Leaf::Int(_) | Leaf::Float(_) => "a number",
            Leaf::Text(..) | Leaf::Own(_) => "a string",
            Leaf::Node(value) if value.type_of() == Kind::Object => "an object",
            Leaf::Envelope | Leaf::Meta => "an object",
            Leaf::Node(_) | Leaf::Tags => "an array",
        }
    }

    pub(super) fn truth(&self) -> bool {
        !matches!(self, Leaf::Null | Leaf::Bool(false))
    }

    pub(super) fn rank(&self) -> u8 {
        match self {
            Leaf::Null => 0,
            Leaf::Bool(false) => 1,
            Leaf::Bool(true) => 2,
            Leaf::Int(_) | Leaf::Float(_) => 3,
            Leaf::Text(..) | Leaf::Own(_) => 4,
            Leaf::Tags => 5,
            Leaf::Node(value) if value.type_of() == Kind::Array => 5,
            Leaf::Node(_) | Leaf::Envelope | Leaf::Meta => 6,
        }
    }

    pub(super) fn of(value: Value<S>) -> Flow<Leaf<'static, S>> {
        Ok(match value.type_of() {
            Kind::Null => Leaf::Null,
            Kind::Bool => Leaf::Bool(value.as_bool() == Some(true)),
            Kind::Int => Leaf::Int(value.as_i64().unwrap_or_default()),
            Kind::Float => Leaf::Float(value.as_f64().unwrap_or_default()),
            Kind::String => match value.string_range()? {
                Some((start, len)) => Leaf::Text(value.source(), start, len),
                None => return Err(Stop::Unplanned),
            },
            Kind::Object | Kind::Array => Leaf::Node(value),
            _ => return Err(Stop::Unplanned),
        })
    }

    /// Length of a string in bytes.
    #[inline]
    pub(super) fn text_len(&self) -> Option<usize> {
        match self {
            Leaf::Text(_, _, len) => Some(*len),
            Leaf::Own(text) => Some(text.len()),
            _ => None,
        }
    }

    /// Bytes of texts that a comparison reads or copies.
    #[inline]
    pub(super) fn read_to_compare(&self, other: &Self, equality: bool) -> usize {
        match (self.text_len(), other.text_len()) {
            (Some(left), Some(right)) if !equality || left == right => left + right,
            _ => 0,
        }
    }

    /// Runs `look` on the bytes of a string; a run-time error for anything else.
    pub(super) fn with_text<T>(&self, look: impl FnOnce(&[u8]) -> T) -> Flow<T> {
        match self {
            Leaf::Own(text) => Ok(look(text)),
            Leaf::Text(source, start, len) => {
                if let Some(text) = source
                    .as_slice()
                    .and_then(|all| all.get(*start..start + len))
                {
                    return Ok(look(text));
                }
                let mut copy = Vec::new();
                // The engine says what there is no memory for.
                room::make(&mut copy, len + 8).map_err(|_| Stop::Unplanned)?;
                if !source.append_to(*start, *len, &mut copy) {
                    return Err(Stop::Unplanned);
                }
                Ok(look(&copy))
            }
            _ => Err(Stop::Error),
        }
    }

    pub(super) fn starts_with(&self, part: &str) -> Flow<bool> {
        match self {
            Leaf::Text(source, start, len) => {
                Ok(part.len() <= *len && source.equals(*start, part.as_bytes()))
            }
            other => other.with_text(|text| text.starts_with(part.as_bytes())),
        }
    }

    pub(super) fn ends_with(&self, part: &str) -> Flow<bool> {
        match self {
            Leaf::Text(source, start, len) => {
                Ok(part.len() <= *len && source.equals(start + len - part.len(), part.as_bytes()))
            }
            other => other.with_text(|text| text.ends_with(part.as_bytes())),
        }
    }

    pub(super) fn equals(&self, other: &Self) -> Flow<bool> {
        match (self, other) {
            (Leaf::Text(source, start, len), Leaf::Own(text))
            | (Leaf::Own(text), Leaf::Text(source, start, len)) => {
                Ok(*len == text.len() && source.equals(*start, text))
            }
            (Leaf::Text(_, _, left), Leaf::Text(_, _, right)) if left != right => Ok(false),
            _ => Ok(self.compare(other)? == Ordering::Equal),
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Flow<Ordering> {
        let (rank, other_rank) = (self.rank(), other.rank());
        if rank != other_rank {
            return Ok(rank.cmp(&other_rank));
        }
        match (self, other) {
            (Leaf::Int(left), Leaf::Int(right)) => Ok(left.cmp(right)),
            (Leaf::Int(left), Leaf::Float(right)) => Ok(compare_floats(*left as f64, *right)),
            (Leaf::Float(left), Leaf::Int(right)) => Ok(compare_floats(*left, *right as f64)),
            (Leaf::Float(left), Leaf::Float(right)) => Ok(compare_floats(*left, *right)),
            _ if rank == 4 => self.with_text(|left| other.with_text(|right| left.cmp(right)))?,
            _ if rank < 3 => Ok(Ordering::Equal),
            // Arrays and objects.
            _ => Err(Stop::Unplanned),
        }
    }
}

/// As the engine's numbers compare. What is no number cannot stand in a message or a plan.
pub(super) fn compare_floats(left: f64, right: f64) -> Ordering {
    if left == 0.0 && right == 0.0 {
        return Ordering::Equal;
    }
    left.total_cmp(&right)
}
