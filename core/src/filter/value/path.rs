//! What the engine asks of values: children, updates, truth.

use indexmap::map::Entry;
use jaq_core::box_iter::{box_once, BoxIter};
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Exn, ValX};
use jaq_json::Num;

use super::arithmetic::{own_array, own_object};
use super::items::{Items, Members};
use super::members::{index_of, offset_of, range_of};
use super::{Error, Map, Text, Val, ValR};
use crate::filter::meter;

/// Longest array that an assignment beyond the end may make.
const LONGEST_GROWN: usize = 1 << 20;

const ITERABLE: &str = "iterable (array or object)";

impl jaq_core::ValT for Val {
    fn from_num(text: &str) -> ValR {
        meter::work(text.len().saturating_mul(text.len()) / 1024);
        Ok(Val::Num(number(text)))
    }

    fn from_map<I: IntoIterator<Item = (Val, Val)>>(members: I) -> ValR {
        let mut map = Map::default();
        for (key, value) in members {
            meter::step();
            meter::memory(size_of::<Val>() + size_of::<Text>() + 24);
            match key {
                Val::Str(key) => map.insert(key, value),
                other => return Err(Error::typ(other, "object key, which is a string")),
            };
        }
        Ok(Val::object(map))
    }

    fn key_values(self) -> BoxIter<'static, Result<(Val, Val), Error>> {
        match self.flat() {
            Val::Arr(array) => Box::new(
                Items::of(array)
                    .enumerate()
                    .map(|(at, item)| Ok((Val::from(at), item))),
            ),
            Val::Obj(object) => {
                Box::new(Members::of(object).map(|(key, value)| Ok((Val::Str(key), value))))
            }
            other => box_once(Err(Error::typ(other, ITERABLE))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR>> {
        meter::step();
        match self.flat() {
            Val::Arr(array) => Box::new(Items::of(array).map(Ok)),
            Val::Obj(object) => Box::new(Members::of(object).map(|(_, value)| Ok(value))),
            other => box_once(Err(Error::typ(other, ITERABLE))),
        }
    }

    fn index(self, key: &Val) -> ValR {
        self.lookup(key)
    }

    fn range(self, range: Range<&Val>) -> ValR {
        self.cut(range)
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Val>>>(
        self,
        opt: Opt,
        f: impl Fn(Val) -> I,
    ) -> ValX<'a, Val> {
        match self.flat() {
            Val::Arr(array) => Items::of(array).flat_map(f).collect(),
            Val::Obj(object) => {
                let mut map = Map::default();
                for (key, value) in Members::of(object) {
                    meter::memory(size_of::<Val>() + size_of::<Text>() + 24);
                    if let Some(value) = f(value).next() {
                        map.insert(key, value?);
                    }
                }
                Ok(Val::object(map))
            }
            other => opt.fail(other, |value| Exn::from(Error::typ(value, ITERABLE))),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Val>>>(
        self,
        index: &Val,
        opt: Opt,
        f: impl Fn(Val) -> I,
    ) -> ValX<'a, Val> {
        meter::step();
        match (self.flat(), index) {
            (value @ (Val::Null(_) | Val::Str(_) | Val::Arr(_)), Val::Obj(range)) => {
                let end = |name: &str| range.map.get(name.as_bytes());
                value.map_range(end("start")..end("end"), opt, f)
            }
            (Val::Null(_), Val::Str(_)) => Val::object(Map::default()).map_index(index, opt, f),
            (Val::Null(_), Val::Num(_)) => Val::array(Vec::new()).map_index(index, opt, f),
            (Val::Obj(mut object), Val::Str(key)) => {
                let inner = own_object(&mut object, 1);
                match inner.map.entry(key.clone()) {
                    Entry::Occupied(mut entry) => {
                        let old = std::mem::replace(entry.get_mut(), Val::NULL);
                        match f(old).next().transpose()? {
                            Some(new) => {
                                inner.size.hold(new.size());
                                entry.insert(new);
                            }
                            None => {
                                entry.shift_remove();
                            }
                        }
                    }
                    Entry::Vacant(entry) => {
                        if let Some(new) = f(Val::NULL).next().transpose()? {
                            inner.size.hold(new.size());
                            entry.insert(new);
                        }
                    }
                }
                Ok(Val::Obj(object))
            }
            (Val::Arr(mut array), Val::Num(number)) => {
                let len = array.items.len();
                let place = index_of(number, false);
                let Some(at) = place.and_then(|place| place.of(len).or_else(|| place.beyond()))
                else {
                    let out = || Error::str(format_args!("index {number} out of bounds"));
                    return opt.fail(Val::Arr(array), |_| Exn::from(out()));
                };
                if at >= LONGEST_GROWN.max(len) {
                    let out = || Error::str(format_args!("index {number} is too large"));
                    return opt.fail(Val::Arr(array), |_| Exn::from(out()));
                }
                let inner = own_array(&mut array, (at + 1).saturating_sub(len));
                let old = match inner.items.get_mut(at) {
                    Some(item) => std::mem::replace(item, Val::NULL),
                    None => Val::NULL,
                };
                match f(old).next().transpose()? {
                    Some(new) => {
                        inner.size.hold(new.size());
                        if at >= len {
                            inner.items.resize(at + 1, Val::NULL);
                            inner.size.weight += (at + 1 - len) as u64;
                        }
                        inner.items[at] = new;
                    }
                    None if at < len => {
                        meter::work(len - at);
                        inner.items.remove(at);
                    }
                    None => {}
                }
                Ok(Val::Arr(array))
            }
            (other, _) => opt.fail(other, |value| Exn::from(Error::index(value, index.clone()))),
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Val>>>(
        self,
        range: Range<&Val>,
        opt: Opt,
        f: impl Fn(Val) -> I,
    ) -> ValX<'a, Val> {
        meter::step();
        match self.flat() {
            Val::Null(_) => Val::array(Vec::new()).map_range(range, opt, f),
            Val::Arr(mut array) => {
                let (start, end) = match range_of(range, array.items.len()) {
                    Ok(range) => range,
                    Err(error) => return opt.fail(Val::Arr(array), |_| Exn::from(error)),
                };
                let part: Val = array.items[start..end].iter().cloned().collect();
                let new = f(part).next().transpose()?.map(Val::flat);
                let items = match new {
                    None => Vec::new(),
                    Some(Val::Arr(new)) => Items::of(new).collect(),
                    Some(other) => return Err(Exn::from(Error::typ(other, "array"))),
                };
                let inner = own_array(&mut array, items.len());
                items.iter().for_each(|item| inner.size.hold(item.size()));
                inner.items.splice(start..end, items);
                Ok(Val::Arr(array))
            }
            Val::Str(text) => {
                let (start, end) = match range_of(range, text.count()) {
                    Ok(range) => range,
                    Err(error) => return opt.fail(Val::Str(text), |_| Exn::from(error)),
                };
                meter::work(text.len() / 16);
                let whole = text.as_str();
                let from = offset_of(whole, start);
                let upto = from + offset_of(&whole[from..], end - start);
                let part = Val::Str(text.slice(&whole.as_bytes()[from..upto]));
                let new = match f(part).next().transpose()? {
                    None => String::new(),
                    Some(Val::Str(new)) => new.as_str().to_owned(),
                    Some(other) => return Err(Exn::from(Error::typ(other, "string"))),
                };
                Ok([&whole[..from], &new, &whole[upto..]].concat().into())
            }
            other => opt.fail(other, |value| Exn::from(Error::typ(value, "array"))),
        }
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Val::Null(_) | Val::Bool(false))
    }

    fn into_string(self) -> Val {
        match self {
            Val::Str(_) => self,
            other => Val::Str(Text::own(other.to_json())),
        }
    }
}

/// A number as it stands in a program or a text.
pub(super) fn number(text: &str) -> Num {
    Num::from_str_radix(text, 10).unwrap_or_else(|| Num::from_dec_str(text))
}

impl jaq_std::ValT for Val {
    fn into_seq<S: FromIterator<Val>>(self) -> Result<S, Val> {
        match self.flat() {
            Val::Arr(array) => {
                meter::memory(array.items.len() * size_of::<Val>());
                Ok(Items::of(array).collect())
            }
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        matches!(self, Val::Num(Num::Int(_) | Num::BigInt(_)))
    }

    fn as_isize(&self) -> Option<isize> {
        self.as_num().and_then(Num::as_isize)
    }

    fn as_f64(&self) -> Option<f64> {
        self.as_num().map(|number| match number {
            Num::Int(int) => *int as f64,
            Num::Float(float) => *float,
            // Large integers say what they are as doubles only in a sum.
            other => match other.clone() + Num::Float(0.0) {
                Num::Float(float) => float,
                _ => f64::NAN,
            },
        })
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Val::Str(_))
    }

    /// Every function of the library looks at a string through this, and pays for it here.
    fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Val::Str(text) => {
                meter::work(text.len() / 16);
                Some(text.as_bytes())
            }
            _ => None,
        }
    }

    fn as_sub_str(&self, part: &[u8]) -> Val {
        match self {
            Val::Str(text) => Val::Str(text.slice(part)),
            _ => Val::Str(Text::own(part.to_vec())),
        }
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Val {
        meter::work(bytes.as_ref().len() / 64);
        // Some functions of the library cut characters apart.
        String::from_utf8_lossy(bytes.as_ref()).into_owned().into()
    }
}
