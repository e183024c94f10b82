//! Messages as values: places in Lite3 that are decoded one level at a time.

use std::cell::OnceCell;
use std::rc::Rc;

use jaq_json::Num;

use super::{Map, Size, Text, Val};
use crate::error::{Error, ErrorKind, Result};
use crate::filter::meter;
use crate::lite3::{Kind, Value};
use crate::message::{tags, Encoding, TimeCache};
use crate::room;

/// Bytes that stay as they are: a private copy of a payload, or a string.
pub(in crate::filter) type Bytes = Rc<Vec<u8>>;

/// An object or array in a document.
#[derive(Clone)]
pub(in crate::filter) struct Place {
    bytes: Bytes,
    /// Offset of its node.
    at: u32,
    object: bool,
}

/// The result of reading a document, which ends the evaluation when it is damaged.
fn sound<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|error| meter::damaged(error))
}

impl Place {
    fn value(&self) -> Value<&[u8]> {
        sound(Value::at_type_byte(self.bytes.as_slice(), self.at as usize))
    }

    pub(super) fn is_object(&self) -> bool {
        self.object
    }

    /// Bounds, from the size of the document: an entry takes four bytes at least.
    pub(super) fn size(&self) -> Size {
        Size {
            depth: crate::limits::MAX_DEPTH as u32,
            weight: 1 + self.bytes.len() as u64 / 4,
        }
    }

    pub(in crate::filter) fn len(&self) -> usize {
        sound(self.value().len())
    }

    /// The member with this key.
    pub(super) fn member(&self, key: &[u8]) -> Option<Val> {
        sound(self.value().get(key)).map(|value| value_of(&self.bytes, value))
    }

    /// The element with this index.
    pub(super) fn element(&self, index: usize) -> Option<Val> {
        sound(self.value().at(index)).map(|value| value_of(&self.bytes, value))
    }

    /// The container, its containers still places.
    pub(super) fn decode(&self) -> Val {
        let entries = sound(self.value().entries());
        let count = entries.size_hint().0;
        meter::work(count);
        meter::memory(count * (size_of::<Val>() + if self.object { 56 } else { 0 }));
        if !self.object {
            let mut items = Vec::new();
            sound(room::make(&mut items, count));
            items.extend(entries.map(|entry| value_of(&self.bytes, sound(entry).value)));
            return Val::array(items);
        }
        let mut map = Map::with_hasher(Default::default());
        let room = map.try_reserve(count);
        sound(room.map_err(|_| Error::out_of_memory(count * size_of::<(Text, Val)>())));
        for entry in entries {
            let entry = sound(entry);
            let (start, len) = entry.key.unwrap_or_default();
            map.insert(
                text(&self.bytes, start, len),
                value_of(&self.bytes, entry.value),
            );
        }
        Val::object(map)
    }
}

fn text(bytes: &Bytes, start: usize, len: usize) -> Text {
    let range = bytes.get(start..).and_then(|rest| rest.get(..len));
    match range.map(std::str::from_utf8) {
        Some(Ok(_)) => Text::range(bytes, start, len),
        _ => meter::damaged(Error::corrupt(
            "damaged Lite3 document: a string is not UTF-8",
        )),
    }
}

fn value_of(bytes: &Bytes, value: Value<&[u8]>) -> Val {
    match value.type_of() {
        Kind::Null => Val::NULL,
        Kind::Bool => Val::Bool(value.as_bool() == Some(true)),
        Kind::Int => Val::Num(Num::from_integral(value.as_i64().unwrap_or_default())),
        Kind::Float => Val::Num(Num::Float(value.as_f64().unwrap_or_default())),
        Kind::Object | Kind::Array => Val::Doc(Place {
            bytes: bytes.clone(),
            at: value.offset() as u32,
            object: value.type_of() == Kind::Object,
        }),
        Kind::String => match sound(value.string_range()) {
            Some((start, len)) => text(bytes, start, len),
            None => Text::own(Vec::new()),
        }
        .into(),
        _ => meter::damaged(Error::corrupt(
            "damaged Lite3 document: a value that JSON does not have",
        )),
    }
}

impl From<Text> for Val {
    fn from(text: Text) -> Val {
        Val::Str(text)
    }
}

/// A message whose parts become values when they are asked for.
pub(in crate::filter) struct Envelope {
    seq: u64,
    time_ns: u64,
    encoding: Encoding,
    payload: Bytes,
    tags: Vec<u8>,
    data: OnceCell<Val>,
}

impl Envelope {
    pub(in crate::filter) fn new(
        (seq, time_ns, encoding): (u64, u64, Encoding),
        payload: Bytes,
        tags: Vec<u8>,
    ) -> Envelope {
        Envelope {
            seq,
            time_ns,
            encoding,
            payload,
            tags,
            data: OnceCell::new(),
        }
    }

    pub(super) const KEYS: [&'static str; 4] = ["seq", "time", "meta", "data"];

    pub(super) fn member(&self, key: &[u8]) -> Option<Val> {
        match key {
            b"seq" => Some(Val::Num(Num::from_integral(self.seq))),
            b"time" => {
                let mut text = Vec::with_capacity(30);
                TimeCache::new().write(self.time_ns, &mut text);
                Some(Text::own(text).into())
            }
            b"meta" => Some(self.meta()),
            b"data" => Some(self.data.get_or_init(|| self.decode_data()).clone()),
            _ => None,
        }
    }

    fn meta(&self) -> Val {
        let list = tags::iter(&self.tags).map(|tag| Val::from(sound(tag)));
        let mut map = Map::with_capacity_and_hasher(1, Default::default());
        map.insert(Text::own(b"tags".to_vec()), list.collect());
        Val::object(map)
    }

    fn decode_data(&self) -> Val {
        let payload = self.payload.as_slice();
        match self.encoding {
            Encoding::Lite3Data => value_of(&self.payload, sound(Value::root(payload))),
            Encoding::Lite3Document => {
                let data = sound(Value::root(payload).and_then(|root| root.get(b"data")));
                match data {
                    Some(data) => value_of(&self.payload, data),
                    None => {
                        meter::damaged(Error::corrupt("damaged message document: it has no `data`"))
                    }
                }
            }
            Encoding::JsonText => {
                sound(super::parse(payload).map_err(|error| match error.kind() {
                    ErrorKind::Io => error,
                    _ => Error::corrupt("damaged message: its text is not JSON"),
                }))
            }
        }
    }

    pub(super) fn size(&self) -> Size {
        Size {
            depth: crate::limits::MAX_DEPTH as u32 + 1,
            weight: 16 + (self.payload.len() as u64 + self.tags.len() as u64) / 4,
        }
    }

    pub(super) fn decode(&self) -> Val {
        let member = |key: &str| {
            let value = self.member(key.as_bytes())?;
            Some((Text::own(key.as_bytes().to_vec()), value))
        };
        Val::object(Envelope::KEYS.into_iter().filter_map(member).collect())
    }
}
