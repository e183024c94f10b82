//! `+ - * / %` and negation, for every type that has them.

use std::ops;
use std::rc::Rc;

use jaq_core::ops::Math;
use jaq_json::Num;

use super::{number_words, Array, Error, Object, Text, Val, ValR};
use crate::filter::meter;

/// Counts what an operation on two numbers costs; large integers can grow without end.
fn count(left: &Num, right: &Num, product: bool) {
    let (left, right) = (number_words(left), number_words(right));
    if left + right > 0 {
        let work = if product {
            left.saturating_mul(right)
        } else {
            left + right
        };
        meter::work(work / 4);
        meter::memory(8 * (left + right));
    }
}

fn is_zero(number: &Num) -> bool {
    *number == Num::Int(0)
}

impl ops::Add for Val {
    type Output = ValR;
    fn add(self, other: Val) -> ValR {
        meter::step();
        match (self, other) {
            (Val::Null(_), other) | (other, Val::Null(_)) => Ok(other),
            (Val::Num(left), Val::Num(right)) => {
                count(&left, &right, false);
                Ok(Val::Num(left + right))
            }
            (Val::Str(left), Val::Str(right)) => Ok(Val::Str(left.append(&right))),
            (left, right) => match (left.flat(), right.flat()) {
                (Val::Arr(mut left), Val::Arr(right)) => {
                    let array = own_array(&mut left, right.items.len());
                    array.items.extend(right.items.iter().cloned());
                    array.size.join(right.size);
                    Ok(Val::Arr(left))
                }
                (Val::Obj(mut left), Val::Obj(right)) => {
                    let object = own_object(&mut left, right.map.len());
                    let members = right.map.iter();
                    object
                        .map
                        .extend(members.map(|(key, value)| (key.clone(), value.clone())));
                    object.size.join(right.size);
                    Ok(Val::Obj(left))
                }
                (left, right) => Err(Error::math(left, Math::Add, right)),
            },
        }
    }
}

/// The array, copied if others have it too, with so many elements to come.
pub(super) fn own_array(array: &mut Rc<Array>, more: usize) -> &mut Array {
    if Rc::get_mut(array).is_none() {
        meter::work(array.items.len());
        meter::memory(array.items.len() * size_of::<Val>());
    }
    meter::work(more);
    meter::memory(more * size_of::<Val>());
    Rc::make_mut(array)
}

/// As [`own_array`], for an object.
pub(super) fn own_object(object: &mut Rc<Object>, more: usize) -> &mut Object {
    const MEMBER: usize = size_of::<Val>() + size_of::<Text>() + 24;
    if Rc::get_mut(object).is_none() {
        meter::work(object.map.len());
        meter::memory(object.map.len() * MEMBER);
    }
    meter::work(more);
    meter::memory(more * MEMBER);
    Rc::make_mut(object)
}

impl ops::Sub for Val {
    type Output = ValR;
    fn sub(self, other: Val) -> ValR {
        meter::step();
        match (self.flat(), other.flat()) {
            (Val::Num(left), Val::Num(right)) => {
                count(&left, &right, false);
                Ok(Val::Num(left - right))
            }
            (Val::Arr(mut left), Val::Arr(right)) => {
                meter::work(left.items.len() + right.items.len());
                meter::memory(right.items.len() * size_of::<&Val>());
                let mut gone: Vec<&Val> = right.items.iter().collect();
                gone.sort();
                own_array(&mut left, 0)
                    .items
                    .retain(|item| gone.binary_search(&item).is_err());
                Ok(Val::Arr(left))
            }
            (left, right) => Err(Error::math(left, Math::Sub, right)),
        }
    }
}

/// Merges the right object into the left one, objects in both recursively.
fn merge(left: &mut Rc<Object>, right: &Object) {
    meter::step();
    let object = own_object(left, right.map.len());
    for (key, value) in &right.map {
        let merged = match (object.map.get(key).cloned().map(Val::flat), value.clone()) {
            (Some(Val::Obj(mut inner)), value) => match value.flat() {
                Val::Obj(other) => {
                    // Let go of the map's own reference, so that the object is changed in place.
                    object.map.insert(key.clone(), Val::NULL);
                    merge(&mut inner, &other);
                    Val::Obj(inner)
                }
                other => other,
            },
            (_, value) => value,
        };
        object.size.hold(merged.size());
        object.map.insert(key.clone(), merged);
    }
}

impl ops::Mul for Val {
    type Output = ValR;
    fn mul(self, other: Val) -> ValR {
        meter::step();
        match (self.flat(), other.flat()) {
            (Val::Num(left), Val::Num(right)) => {
                count(&left, &right, true);
                Ok(Val::Num(left * right))
            }
            (Val::Str(text), Val::Num(times)) | (Val::Num(times), Val::Str(text)) => {
                Ok(repeat(&text, &times))
            }
            (Val::Obj(mut left), Val::Obj(right)) => {
                merge(&mut left, &right);
                Ok(Val::Obj(left))
            }
            (left, right) => Err(Error::math(left, Math::Mul, right)),
        }
    }
}

/// The text so many times: null for none at all, at least once for anything above 0.
fn repeat(text: &Text, times: &Num) -> Val {
    if *times <= Num::Int(0) {
        return Val::NULL;
    }
    let times = match times {
        Num::Int(times) => usize::try_from(*times).unwrap_or(1),
        Num::Float(times) if times.is_nan() => return Val::NULL,
        Num::Float(times) => (*times as usize).max(1),
        _ => usize::MAX,
    };
    let len = text.len().saturating_mul(times);
    // Counted before it is made, and once more by the text: it is never made too large.
    meter::memory(len);
    meter::work(len / 64);
    Val::Str(Text::own(text.as_bytes().repeat(if len == 0 {
        0
    } else {
        times
    })))
}

impl ops::Div for Val {
    type Output = ValR;
    fn div(self, other: Val) -> ValR {
        meter::step();
        match (self, other) {
            (Val::Num(left), Val::Num(right)) if !is_zero(&right) => {
                count(&left, &right, false);
                Ok(Val::Num(match (&left, &right) {
                    // The engine's own numbers give a double here, which prints and indexes otherwise.
                    (Num::Int(left), Num::Int(right)) if left.checked_rem(*right) == Some(0) => {
                        Num::Int(left / right)
                    }
                    _ => left / right,
                }))
            }
            (Val::Str(text), Val::Str(separator)) => Ok(split(&text, &separator)),
            (left, right) => Err(Error::math(left, Math::Div, right)),
        }
    }
}

fn split(text: &Text, separator: &Text) -> Val {
    meter::work((text.len() + separator.len()) / 16);
    let whole = text.as_str();
    let part = |part: &str| Val::Str(text.slice(part.as_bytes()));
    if whole.is_empty() {
        Val::array(Vec::new())
    } else if separator.len() == 0 {
        let chars = whole.char_indices();
        chars
            .map(|(at, char)| part(&whole[at..at + char.len_utf8()]))
            .collect()
    } else {
        whole.split(separator.as_str()).map(part).collect()
    }
}

impl ops::Rem for Val {
    type Output = ValR;
    fn rem(self, other: Val) -> ValR {
        meter::step();
        match (self, other) {
            (Val::Num(left), Val::Num(right)) if !is_zero(&right) => {
                count(&left, &right, true);
                Ok(Val::Num(left % right))
            }
            (left, right) => Err(Error::math(left, Math::Rem, right)),
        }
    }
}

impl ops::Neg for Val {
    type Output = ValR;
    fn neg(self) -> ValR {
        match self {
            Val::Num(number) => Ok(Val::Num(-number)),
            other => Err(Error::typ(other, "number")),
        }
    }
}
