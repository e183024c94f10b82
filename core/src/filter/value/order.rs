//! Equality and order: null, false, true, numbers, strings, arrays, objects.

use std::cmp::Ordering;

use super::Val;
use crate::filter::meter;

impl Val {
    fn rank(&self) -> u8 {
        match self {
            Val::Null(_) => 0,
            Val::Bool(false) => 1,
            Val::Bool(true) => 2,
            Val::Num(_) => 3,
            Val::Str(_) => 4,
            Val::Arr(_) => 5,
            Val::Doc(place) if !place.is_object() => 5,
            Val::Obj(_) | Val::Doc(_) | Val::Envelope(_) => 6,
        }
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Val) -> bool {
        meter::step();
        match (self, other) {
            (Val::Num(left), Val::Num(right)) => left == right,
            (Val::Str(left), Val::Str(right)) => left == right,
            _ if self.rank() != other.rank() => false,
            _ if self.rank() < 5 => true,
            _ => match (&*self.flat_ref(), &*other.flat_ref()) {
                (Val::Arr(left), Val::Arr(right)) => left.items == right.items,
                (Val::Obj(left), Val::Obj(right)) => left.map == right.map,
                _ => false,
            },
        }
    }
}

impl Eq for Val {}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Val) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Val {
    fn cmp(&self, other: &Val) -> Ordering {
        meter::step();
        match (self, other) {
            (Val::Num(left), Val::Num(right)) => left.cmp(right),
            (Val::Str(left), Val::Str(right)) => left.cmp(right),
            _ if self.rank() != other.rank() => self.rank().cmp(&other.rank()),
            _ if self.rank() < 5 => Ordering::Equal,
            _ => match (&*self.flat_ref(), &*other.flat_ref()) {
                (Val::Arr(left), Val::Arr(right)) => left.items.cmp(&right.items),
                // The keys first, then the values in the order of the keys.
                (Val::Obj(left), Val::Obj(right)) => {
                    meter::work(left.map.len() + right.map.len());
                    let mut left: Vec<_> = left.map.iter().collect();
                    let mut right: Vec<_> = right.map.iter().collect();
                    left.sort_by_key(|(key, _)| *key);
                    right.sort_by_key(|(key, _)| *key);
                    let keys = left.iter().map(|(key, _)| key);
                    let values = left.iter().map(|(_, value)| value);
                    keys.cmp(right.iter().map(|(key, _)| key))
                        .then_with(|| values.cmp(right.iter().map(|(_, value)| value)))
                }
                _ => Ordering::Equal,
            },
        }
    }
}
