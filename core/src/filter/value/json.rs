//! Values as JSON text, out and in.

use jaq_json::Num;

use super::path::number;
use super::{number_words, Map, Text, Val};
use crate::error::{Error, Result};
use crate::filter::meter;
use crate::json::{escaped_len, string_value, validate, write_string, Parts};

/// More than a word or a usual number takes, and the signs around it.
const SIGNS: usize = 64;

impl Val {
    /// The value as compact JSON.
    pub(in crate::filter) fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        meter::step();
        let start = out.len();
        meter::room(out, SIGNS);
        match self {
            Val::Null(_) => out.extend_from_slice(b"null"),
            Val::Bool(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
            Val::Num(number) => write_number(number, out),
            Val::Str(text) => {
                meter::room(out, escaped_len(text.as_bytes()) + SIGNS);
                write_string(text.as_bytes(), out);
            }
            other => match &*other.flat_ref() {
                Val::Arr(array) => {
                    out.push(b'[');
                    for (index, item) in array.items.iter().enumerate() {
                        if index > 0 {
                            out.push(b',');
                        }
                        item.write(out);
                    }
                    out.push(b']');
                    return;
                }
                Val::Obj(object) => {
                    out.push(b'{');
                    for (index, (key, value)) in object.map.iter().enumerate() {
                        if index > 0 {
                            out.push(b',');
                        }
                        meter::memory(key.len());
                        meter::room(out, escaped_len(key.as_bytes()) + SIGNS);
                        write_string(key.as_bytes(), out);
                        out.push(b':');
                        value.write(out);
                    }
                    out.push(b'}');
                    return;
                }
                _ => {}
            },
        }
        meter::memory(out.len() - start);
    }
}

fn write_number(number: &Num, out: &mut Vec<u8>) {
    let words = number_words(number);
    meter::work(words.saturating_mul(words));
    let text = match number {
        Num::Float(float) if float.is_nan() => "null".to_owned(),
        Num::Float(float) if float.is_infinite() => {
            format!(
                "{}1.7976931348623157e+308",
                if *float < 0.0 { "-" } else { "" }
            )
        }
        Num::Float(float) => {
            let mut buffer = zmij::Buffer::new();
            buffer.format_finite(*float).to_owned()
        }
        other => other.to_string(),
    };
    out.extend_from_slice(text.as_bytes());
}

/// Reads a JSON text; also `nan` and numbers with a plus, as jq does.
pub(in crate::filter) fn parse(text: &[u8]) -> Result<Val> {
    meter::work(text.len() / 16);
    match text.trim_ascii() {
        b"nan" | b"NaN" | b"-nan" | b"-NaN" => return Ok(Val::Num(Num::Float(f64::NAN))),
        [b'+', digits @ ..] if digits.first().is_some_and(u8::is_ascii_digit) => {
            validate(digits)?;
            return value(digits);
        }
        _ => validate(text)?,
    }
    value(text)
}

/// A value of a text that is JSON, nested no deeper than messages are.
fn value(text: &[u8]) -> Result<Val> {
    meter::step();
    let text = text.trim_ascii();
    Ok(match text.first() {
        Some(b'n') => Val::NULL,
        Some(b't') => Val::Bool(true),
        Some(b'f') => Val::Bool(false),
        Some(b'"') => string_value(text)?.unwrap_or_default().into(),
        Some(b'[') => {
            let items = Parts::new(text).map(|part| value(part.value));
            items.collect::<Result<Val>>()?
        }
        Some(b'{') => {
            let mut map = Map::default();
            for part in Parts::new(text) {
                meter::memory(size_of::<Val>() + size_of::<Text>() + 24);
                let quoted = [b"\"", part.key, b"\""].concat();
                let key = string_value(&quoted)?.unwrap_or_default();
                map.insert(Text::own(key.into_bytes()), value(part.value)?);
            }
            Val::object(map)
        }
        _ => match std::str::from_utf8(text) {
            Ok(text) => {
                meter::work(text.len().saturating_mul(text.len()) / 1024);
                Val::Num(number(text))
            }
            Err(_) => return Err(Error::usage("this is not JSON")),
        },
    })
}
