//! Values of your own types, made straight from the stored bytes: no JSON text in between.

use crate::json_text;
use crate::value::Entries;
use crate::{Error, ErrorKind, Result, Value, ValueKind, View};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::Deserialize;
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

type Made<T> = std::result::Result<T, Mismatch>;

/// Why a value does not become what was asked for.
#[derive(Debug)]
enum Mismatch {
    /// The library could not read it.
    Unreadable(Error),
    /// It has another form, in serde's words.
    Form(String),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Unreadable(error) => error.fmt(f),
            Mismatch::Form(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Mismatch {}

impl de::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Mismatch {
        Mismatch::Form(message.to_string())
    }
}

impl From<Error> for Mismatch {
    fn from(error: Error) -> Mismatch {
        Mismatch::Unreadable(error)
    }
}

impl Mismatch {
    /// The error that names what was to be read.
    #[cold]
    fn about(self, what: impl fmt::Display) -> Error {
        match self {
            Mismatch::Unreadable(error) => error,
            Mismatch::Form(text) => {
                Error::new(ErrorKind::Usage, format!("{what} has another form: {text}"))
            }
        }
    }
}

impl<'a> Value<'a> {
    /// The value as one of your type, without JSON in between. Texts can be borrowed (`&'a str`) from a document of
    /// the caller's and from private copies.
    ///
    /// ```
    /// let document = plasmite_sdk::json_to_lite3(br#"{"at":[3,4]}"#)?;
    /// let at: (i32, f64) = plasmite_sdk::Value::from_lite3(&document)?.get("at")?.unwrap().to()?;
    /// assert_eq!(at, (3, 4.0));
    /// # Ok::<(), plasmite_sdk::Error>(())
    /// ```
    ///
    /// # Errors
    /// Usage when it has another form, or in a debug build nests more than 127 levels deep; Corrupt for a damaged
    /// document.
    pub fn to<T: Deserialize<'a>>(&self) -> Result<T> {
        read(*self).map_err(|mismatch| mismatch.about("the value"))
    }
}

impl View<'_> {
    /// `data` as a value of your type, made without JSON in between. Texts can be borrowed (`&str`) from views that
    /// are not in place.
    ///
    /// ```
    /// # use plasmite_sdk::*;
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let pool = Client::new(directory.path())?.create("events", &PoolOptions::new())?;
    /// #[derive(serde::Deserialize, Debug, PartialEq)]
    /// struct Reading<'a> { sensor: &'a str, value: f64 }
    ///
    /// pool.append(br#"{"sensor":"temp","value":23.5}"#, &AppendOptions::new())?;
    /// let mut tail = pool.tail(&TailOptions::new())?;
    /// if let Next::Message(view) = tail.next(Wait::Forever)? {
    ///     assert_eq!(view.data::<Reading>()?, Reading { sensor: "temp", value: 23.5 });
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Usage when `data` has another form, or in a debug build nests more than 127 levels deep; Corrupt when it is
    /// damaged; RetentionGap when it lies in place and was overwritten meanwhile.
    pub fn data<'v, T: Deserialize<'v>>(&'v self) -> Result<T> {
        let made = match self.root() {
            Ok(Some(root)) => read(root),
            // Lite3 cannot hold it, so it is stored as text.
            Ok(None) => self
                .json(crate::Part::Data)
                .map_err(Mismatch::from)
                .and_then(|text| {
                    let text = serde_json::de::IoRead::new(&text[..]);
                    json_text::read(text).map_err(|error| Mismatch::Form(error.to_string()))
                }),
            Err(error) => Err(Mismatch::from(error)),
        };
        // Whatever was made of overwritten bytes, also an error, means nothing.
        if self.is_in_place() && !self.is_valid() {
            return Err(self.overwritten());
        }
        made.map_err(|mismatch| mismatch.about(format_args!("the data of message {}", self.seq())))
    }
}

/// How deep values nest in the library.
const DEEPEST_STORED: usize = 512;
/// How deep they may nest to be read: in debug builds, where a level takes much more stack, as in serde's JSON, so that
/// no message of others ends a thread of 2 MiB.
const DEEPEST: usize = if cfg!(debug_assertions) {
    127
} else {
    DEEPEST_STORED
};

fn read<'de, T: Deserialize<'de>>(root: Value<'de>) -> Made<T> {
    let values = Cell::new(root.document_len());
    T::deserialize(Data {
        value: root,
        room: Room {
            levels: DEEPEST,
            values: &values,
        },
    })
}

/// What may still be read. In damaged bytes, also those overwritten meanwhile, a value can be inside itself, or inside
/// many others; in sound ones each takes a byte at least.
#[derive(Clone, Copy)]
struct Room<'w> {
    levels: usize,
    values: &'w Cell<usize>,
}

impl<'w> Room<'w> {
    /// That inside a container.
    fn inside(self) -> Made<Room<'w>> {
        match self.levels.checked_sub(1) {
            Some(levels) => Ok(Room { levels, ..self }),
            None if DEEPEST < DEEPEST_STORED => Err(de::Error::custom(format_args!(
                "a debug build reads at most {DEEPEST} arrays and objects inside each other"
            ))),
            None => Err(damaged(format_args!(
                "more than {DEEPEST} arrays and objects inside each other"
            ))),
        }
    }

    fn value<'de>(self, value: Value<'de>) -> Made<Data<'de, 'w>> {
        match self.values.get().checked_sub(1) {
            Some(left) => self.values.set(left),
            None => return Err(damaged(format_args!("more values than bytes"))),
        }
        Ok(Data { value, room: self })
    }
}

#[cold]
fn damaged(what: fmt::Arguments<'_>) -> Mismatch {
    Mismatch::Unreadable(Error::new(
        ErrorKind::Corrupt,
        format!("the document has {what}"),
    ))
}

/// A value as serde reads it.
struct Data<'de, 'w> {
    value: Value<'de>,
    room: Room<'w>,
}

impl<'de> Deserializer<'de> for Data<'de, '_> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Made<V::Value> {
        match self.value.kind() {
            ValueKind::Null => visitor.visit_unit(),
            ValueKind::Bool => visitor.visit_bool(self.value.bool()?),
            ValueKind::I64 => visitor.visit_i64(self.value.i64()?),
            ValueKind::F64 => visitor.visit_f64(self.value.f64()?),
            ValueKind::String => visit_text(self.value.string()?, visitor),
            ValueKind::Bytes => match self.value.bytes()? {
                Cow::Borrowed(bytes) => visitor.visit_borrowed_bytes(bytes),
                Cow::Owned(bytes) => visitor.visit_byte_buf(bytes),
            },
            ValueKind::Object => visitor.visit_map(Members {
                room: self.room.inside()?,
                entries: self.value.entries(),
                value: None,
            }),
            ValueKind::Array => visitor.visit_seq(Elements {
                room: self.room.inside()?,
                entries: self.value.entries(),
            }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Made<V::Value> {
        match self.value.kind() {
            ValueKind::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Made<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    /// As serde's JSON: a text is a variant without content, an object of one member a variant with it.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Made<V::Value> {
        let (variant, content) = match self.value.kind() {
            ValueKind::String => (self.value.string()?, None),
            ValueKind::Object if self.value.len()? == 1 => match self.value.entry(0)? {
                Some((key, value)) => (key, Some(self.room.inside()?.value(value)?)),
                None => {
                    return Err(de::Error::custom(
                        "an object that changed while it was read",
                    ))
                }
            },
            _ => {
                return Err(de::Error::custom(
                    "expected a text, or an object of one member, for an enum",
                ))
            }
        };
        visitor.visit_enum(Variant { variant, content })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Made<V::Value> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

fn visit_text<'de, V: Visitor<'de>>(text: Cow<'de, str>, visitor: V) -> Made<V::Value> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

/// A key, or the name of a variant.
struct Text<'de>(Cow<'de, str>);

impl<'de> Deserializer<'de> for Text<'de> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Made<V::Value> {
        visit_text(self.0, visitor)
    }

    /// Keys of maps are texts in JSON: those of integers are read back.
    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Made<V::Value> {
        match self.0.parse() {
            Ok(number) => visitor.visit_i64(number),
            Err(_) => visit_text(self.0, visitor),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Made<V::Value> {
        match self.0.parse() {
            Ok(number) => visitor.visit_u64(number),
            Err(_) => visit_text(self.0, visitor),
        }
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Made<V::Value> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Made<V::Value> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Made<V::Value> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Made<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Made<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Made<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Made<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Made<V::Value> {
        visitor.visit_enum(Variant {
            variant: self.0,
            content: None,
        })
    }

    serde::forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

struct Members<'de, 'w> {
    room: Room<'w>,
    entries: Entries<'de>,
    value: Option<Value<'de>>,
}

impl<'de> MapAccess<'de> for Members<'de, '_> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Made<Option<K::Value>> {
        let Some(entry) = self.entries.next() else {
            return Ok(None);
        };
        let (key, value) = entry?;
        self.value = Some(value);
        seed.deserialize(Text(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Made<S::Value> {
        match self.value.take() {
            Some(value) => seed.deserialize(self.room.value(value)?),
            None => Err(de::Error::custom("a value was asked for before its key")),
        }
    }
}

struct Elements<'de, 'w> {
    room: Room<'w>,
    entries: Entries<'de>,
}

impl<'de> SeqAccess<'de> for Elements<'de, '_> {
    type Error = Mismatch;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Made<Option<S::Value>> {
        match self.entries.next() {
            Some(entry) => seed.deserialize(self.room.value(entry?.1)?).map(Some),
            None => Ok(None),
        }
    }
}

struct Variant<'de, 'w> {
    variant: Cow<'de, str>,
    content: Option<Data<'de, 'w>>,
}

impl<'de, 'w> EnumAccess<'de> for Variant<'de, 'w> {
    type Error = Mismatch;
    type Variant = Content<'de, 'w>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Made<(S::Value, Content<'de, 'w>)> {
        let name = seed.deserialize(Text(self.variant))?;
        Ok((name, Content(self.content)))
    }
}

/// What stands behind the name of a variant.
struct Content<'de, 'w>(Option<Data<'de, 'w>>);

impl<'de, 'w> Content<'de, 'w> {
    fn value(self) -> Made<Data<'de, 'w>> {
        self.0
            .ok_or_else(|| de::Error::custom("the variant has no content"))
    }
}

impl<'de> VariantAccess<'de> for Content<'de, '_> {
    type Error = Mismatch;

    fn unit_variant(self) -> Made<()> {
        match self.0 {
            None => Ok(()),
            Some(data) => <()>::deserialize(data),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Made<S::Value> {
        seed.deserialize(self.value()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Made<V::Value> {
        self.value()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Made<V::Value> {
        self.value()?.deserialize_any(visitor)
    }
}
