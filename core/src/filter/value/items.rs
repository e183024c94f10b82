//! What is in arrays and objects, one after the other.
//!
//! A container that nobody else has is taken apart. One that others have too is gone through by index: to copy it first
//! would take work and memory that nobody has counted, again for every iteration that is under way.

use std::rc::Rc;

use super::{Array, Map, Object, Text, Val};
use crate::filter::meter;

/// The items of an array.
pub(super) enum Items {
    Own(std::vec::IntoIter<Val>),
    Shared(Rc<Array>, usize),
}

impl Items {
    pub(super) fn of(array: Rc<Array>) -> Items {
        match Rc::try_unwrap(array) {
            Ok(array) => Items::Own(array.items.into_iter()),
            Err(shared) => Items::Shared(shared, 0),
        }
    }
}

impl Iterator for Items {
    type Item = Val;

    fn next(&mut self) -> Option<Val> {
        meter::work(1);
        match self {
            Items::Own(items) => items.next(),
            Items::Shared(array, at) => {
                let item = array.items.get(*at)?.clone();
                *at += 1;
                Some(item)
            }
        }
    }
}

/// The members of an object.
pub(super) enum Members {
    Own(<Map as IntoIterator>::IntoIter),
    Shared(Rc<Object>, usize),
}

impl Members {
    pub(super) fn of(object: Rc<Object>) -> Members {
        match Rc::try_unwrap(object) {
            Ok(object) => Members::Own(object.map.into_iter()),
            Err(shared) => Members::Shared(shared, 0),
        }
    }
}

impl Iterator for Members {
    type Item = (Text, Val);

    fn next(&mut self) -> Option<(Text, Val)> {
        meter::work(1);
        match self {
            Members::Own(members) => members.next(),
            Members::Shared(object, at) => {
                let (key, value) = object.map.get_index(*at)?;
                *at += 1;
                Some((key.clone(), value.clone()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jaq_core::ValT as _;

    /// How many have the array.
    fn holders(value: &Val) -> usize {
        match value {
            Val::Arr(array) => Rc::strong_count(array),
            _ => 0,
        }
    }

    #[test]
    fn what_others_have_is_not_copied() {
        let inner = Val::array(vec![Val::NULL]);
        let array = Val::array(vec![inner.clone(), inner.clone()]);
        let mut map = Map::default();
        map.insert(Text::own(b"a".to_vec()), inner.clone());
        let object = Val::object(map);
        for (container, items) in [(array, 2), (object, 1)] {
            let before = holders(&inner);
            let kept: Vec<_> = (0..10)
                .map(|_| (container.clone().values(), container.clone().key_values()))
                .collect();
            assert_eq!(holders(&inner), before);
            drop(kept);
            assert_eq!(container.clone().values().count(), items);
            // The last one takes it apart.
            assert_eq!(container.values().count(), items);
        }
        assert_eq!(holders(&inner), 1);
    }
}
