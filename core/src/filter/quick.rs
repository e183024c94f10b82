//! The conditions that most filters are made of, in the fewest steps: members of the data compared with literals,
//! joined by `and` and `or`. Whatever is not as it mostly is (a member that is missing or of another type, large objects)
//! is left to the plan.
//!
//! Nothing in here returns through memory: at this size that would cost more than the lookups.

use std::cmp::Ordering;

use jaq_core::ops::Cmp;

use super::leaf::compare_floats;
use super::meter::most_steps;
use super::pattern::Pattern;
use super::plan::{Literal, Node, Op, Step};
use crate::lite3::{key_hash, Kind, Source, Value};
use crate::message::{Encoding, Message};

/// A condition.
pub(super) enum Quick {
    /// A member, named by its keys from the data on; the first with its hash.
    Member(Box<str>, u32, Box<[Box<str>]>, Is),
    Logic(bool, Box<[Quick; 2]>),
}

/// What is asked of a member.
pub(super) enum Is {
    Int(Cmp, i64),
    Float(Cmp, f64),
    Text(bool, Box<str>),
    Start(Box<str>),
    End(Box<str>),
    /// A pattern, and the limit of steps for any message: searches are the only thing here that can take long.
    Found(Pattern, u64),
}

impl Quick {
    /// The quick form of a plan that may take so many steps, if it has one.
    pub(super) fn of(node: &Node, steps: u64) -> Option<Quick> {
        match &node.op {
            Op::Logic(stop, nodes) => {
                let [left, right] = &**nodes;
                let both = Box::new([Quick::of(left, steps)?, Quick::of(right, steps)?]);
                Some(Quick::Logic(*stop, both))
            }
            Op::Compare(cmp, nodes) => match (&nodes[0].op, &nodes[1].op) {
                (Op::Path(path), Op::Literal(literal)) => member(path, compared(*cmp, literal)?),
                (Op::Literal(literal), Op::Path(path)) => {
                    member(path, compared(turned(*cmp), literal)?)
                }
                _ => None,
            },
            Op::Pipe(nodes) => match (&nodes[0].op, &nodes[1].op) {
                (Op::Path(path), Op::StartsWith(part)) => {
                    member(path, Is::Start(part.as_str().into()))
                }
                (Op::Path(path), Op::EndsWith(part)) => member(path, Is::End(part.as_str().into())),
                (Op::Path(path), Op::Test(pattern)) => {
                    member(path, Is::Found(pattern.clone(), steps))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it holds; `None` when the plan has to decide, also about taking too long. `effort` begins with the message.
    #[inline]
    pub(super) fn holds<S: Source>(&self, message: &Message<S>, effort: &mut u64) -> Option<bool> {
        if message.encoding != Encoding::Lite3Data {
            return None;
        }
        self.holds_in(message.payload, effort)
    }

    fn holds_in<S: Source>(&self, data: S, effort: &mut u64) -> Option<bool> {
        match self {
            Quick::Member(first, hash, rest, is) => {
                let mut value = Value::quick_member_hashed(data, first.as_bytes(), *hash)?;
                for key in rest {
                    value = value.get(key.as_bytes()).ok()??;
                }
                is.holds(value, effort)
            }
            Quick::Logic(stop, both) => {
                if both[0].holds_in(data, effort)? == *stop {
                    return Some(*stop);
                }
                both[1].holds_in(data, effort)
            }
        }
    }
}

impl Is {
    #[inline]
    fn holds<S: Source>(&self, value: Value<S>, effort: &mut u64) -> Option<bool> {
        match self {
            Is::Int(cmp, wanted) => match value.type_of() {
                Kind::Int => Some(holds(*cmp, value.as_i64()?.cmp(wanted))),
                Kind::Float => Some(holds(*cmp, compare_floats(value.as_f64()?, *wanted as f64))),
                _ => None,
            },
            Is::Float(cmp, wanted) => match value.type_of() {
                Kind::Int | Kind::Float => {
                    Some(holds(*cmp, compare_floats(value.as_f64()?, *wanted)))
                }
                _ => None,
            },
            Is::Text(equal, wanted) => {
                let (start, len) = text(value)?;
                let same = len == wanted.len() && value.source().equals(start, wanted.as_bytes());
                Some(same == *equal)
            }
            Is::Start(part) => {
                let (start, len) = text(value)?;
                Some(part.len() <= len && value.source().equals(start, part.as_bytes()))
            }
            Is::End(part) => {
                let (start, len) = text(value)?;
                let from = (start + len).checked_sub(part.len())?;
                Some(part.len() <= len && value.source().equals(from, part.as_bytes()))
            }
            Is::Found(pattern, most) => {
                let (start, len) = text(value)?;
                let source = value.source();
                let text = source.as_slice()?.get(start..start + len)?;
                *effort += pattern.steps(len);
                if *effort > most_steps(*most, source.len()) {
                    return None;
                }
                Some(pattern.is_found(text))
            }
        }
    }
}

#[inline]
fn text<S: Source>(value: Value<S>) -> Option<(usize, usize)> {
    match value.type_of() {
        Kind::String => value.string_range().ok()?,
        _ => None,
    }
}

#[inline]
fn holds(cmp: Cmp, order: Ordering) -> bool {
    match cmp {
        Cmp::Eq => order.is_eq(),
        Cmp::Ne => order.is_ne(),
        Cmp::Lt => order.is_lt(),
        Cmp::Le => order.is_le(),
        Cmp::Gt => order.is_gt(),
        Cmp::Ge => order.is_ge(),
    }
}

/// The comparison with its sides exchanged.
fn turned(cmp: Cmp) -> Cmp {
    match cmp {
        Cmp::Lt => Cmp::Gt,
        Cmp::Le => Cmp::Ge,
        Cmp::Gt => Cmp::Lt,
        Cmp::Ge => Cmp::Le,
        same => same,
    }
}

fn compared(cmp: Cmp, literal: &Literal) -> Option<Is> {
    match (literal, cmp) {
        (Literal::Int(int), _) => Some(Is::Int(cmp, *int)),
        (Literal::Float(float), _) => Some(Is::Float(cmp, *float)),
        (Literal::Text(text), Cmp::Eq) => Some(Is::Text(true, text.as_str().into())),
        (Literal::Text(text), Cmp::Ne) => Some(Is::Text(false, text.as_str().into())),
        _ => None,
    }
}

fn member(steps: &[Step], is: Is) -> Option<Quick> {
    let key = |step: &Step| -> Option<Box<str>> {
        match step {
            Step::Field(key, false) => Some(key.as_str().into()),
            _ => None,
        }
    };
    let mut keys = steps.iter().map(key);
    if keys.next()??.as_ref() != "data" {
        return None;
    }
    let first = keys.next()??;
    let rest: Option<Box<[Box<str>]>> = keys.collect();
    let hash = key_hash(first.as_bytes());
    Some(Quick::Member(first, hash, rest?, is))
}
