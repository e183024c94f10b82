//! The members of an object and the elements of an array, as places in a text that is known to be JSON.

use super::scan::{string_run, Scanner};
use crate::error::Result;

/// Walks over the parts of the container that starts the text; nothing for other values.
///
/// The text must have passed [`validate`](super::validate): otherwise the parts mean nothing.
pub struct Parts<'a> {
    text: &'a [u8],
    at: usize,
    object: bool,
}

/// A member or an element. Keys are as written, without their quotes.
pub struct Part<'a> {
    /// The key of a member; empty for an element.
    pub key: &'a [u8],
    /// The text of the value.
    pub value: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Of the container that starts the text.
    pub fn new(text: &'a [u8]) -> Parts<'a> {
        let at = blanks(text, 0);
        let object = text.get(at) == Some(&b'{');
        match object || text.get(at) == Some(&b'[') {
            true => Parts {
                text,
                at: at + 1,
                object,
            },
            false => Parts {
                text: &[],
                at: 0,
                object,
            },
        }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let text = self.text;
        let mut start = blanks(text, self.at);
        if text.get(start) == Some(&b',') {
            start = blanks(text, start + 1);
        }
        if matches!(text.get(start), None | Some(b'}' | b']')) {
            return None;
        }
        let mut key: &[u8] = b"";
        if self.object {
            let end = value_end(text, start);
            key = text.get(start + 1..end - 1)?;
            // Behind the colon.
            start = blanks(text, blanks(text, end) + 1);
        }
        self.at = value_end(text, start);
        let value = text.get(start..self.at)?;
        Some(Part { key, value })
    }
}

fn blanks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count()
}

/// Where the value ends that starts at `at`.
fn value_end(text: &[u8], at: usize) -> usize {
    let mut depth = 0usize;
    let mut at = at;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => at = string_end(text, at),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b',' | b':' | b' ' | b'\n' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            _ => {
                let rest = &text[at..];
                at += rest
                    .iter()
                    .take_while(|byte| !b",:}] \n\t\r".contains(byte))
                    .count();
            }
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Behind the closing quote of the string whose opening quote is at `at`.
fn string_end(text: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    loop {
        at += string_run(text.get(at..).unwrap_or_default());
        match text.get(at) {
            Some(b'\\') => at += 2,
            Some(_) => return at + 1,
            None => return text.len(),
        }
    }
}

/// What a string says; `None` for a value that is none.
///
/// # Errors
/// Usage: a string that is none of JSON's.
pub fn string_value(value: &[u8]) -> Result<Option<String>> {
    if value.first() != Some(&b'"') {
        return Ok(None);
    }
    let mut scratch = Vec::new();
    let token = Scanner::new(value).string(&mut scratch)?;
    let text = token.piece(value, &scratch).bytes().to_vec();
    Ok(String::from_utf8(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<(String, String)> {
        let text_of = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Parts::new(text.as_bytes())
            .map(|part| (text_of(part.key), text_of(part.value)))
            .collect()
    }

    fn owned(parts: &[(&str, &str)]) -> Vec<(String, String)> {
        let both = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        parts.iter().map(both).collect()
    }

    #[test]
    fn parts_of_containers() {
        let text = " { \"a\" : 1,\"b\\\"\":{\"x\":[1,{\"}\":2}]} ,\"\":\"]\\\\\", \"c\":true } ";
        let expected = owned(&[
            ("a", "1"),
            ("b\\\"", "{\"x\":[1,{\"}\":2}]}"),
            ("", "\"]\\\\\""),
            ("c", "true"),
        ]);
        assert_eq!(parts(text), expected);
        assert_eq!(
            parts("[ [1 , 2],\"a,b\" ,null]"),
            owned(&[("", "[1 , 2]"), ("", "\"a,b\""), ("", "null")])
        );
        for text in ["{}", " [ ]", "1", "\"{}\"", ""] {
            assert!(parts(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn strings_are_unescaped() {
        assert_eq!(
            string_value(b"\"a\\n\\u00e9\"").unwrap().as_deref(),
            Some("a\né")
        );
        assert_eq!(string_value(b"12").unwrap(), None);
    }
}
