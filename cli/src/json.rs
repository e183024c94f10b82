//! JSON of our own making: strings escaped as the library does it, objects member by member.

/// Appends a JSON string. Only `"`, `\` and control characters are escaped.
pub(crate) fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Appends an array of strings.
pub(crate) fn strings(texts: &[String], out: &mut Vec<u8>) {
    array(texts, out, |text, out| string(text, out));
}

/// Appends an array, each item written by `item`.
pub(crate) fn array<T>(
    items: impl IntoIterator<Item = T>,
    out: &mut Vec<u8>,
    mut item: impl FnMut(T, &mut Vec<u8>),
) {
    out.push(b'[');
    for (index, value) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        item(value, out);
    }
    out.push(b']');
}

/// An object being written: members in the order of the calls.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

/// Appends an object whose members `members` adds.
pub(crate) fn object(out: &mut Vec<u8>, members: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    members(&mut Object { out, empty: true });
    out.push(b'}');
}

impl Object<'_> {
    /// A member whose value `value` writes.
    pub(crate) fn member(&mut self, key: &str, value: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        if !std::mem::replace(&mut self.empty, false) {
            self.out.push(b',');
        }
        string(key, self.out);
        self.out.push(b':');
        value(self.out);
        self
    }

    /// A string member.
    pub(crate) fn text(&mut self, key: &str, text: &str) -> &mut Self {
        self.member(key, |out| string(text, out))
    }

    /// A string member, if there is a value.
    pub(crate) fn maybe_text(&mut self, key: &str, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(key, text),
            None => self,
        }
    }

    /// An integer member.
    pub(crate) fn number(&mut self, key: &str, number: u64) -> &mut Self {
        self.member(key, |out| {
            out.extend_from_slice(number.to_string().as_bytes())
        })
    }

    /// An integer member, if there is a value.
    pub(crate) fn maybe_number(&mut self, key: &str, number: Option<u64>) -> &mut Self {
        match number {
            Some(number) => self.number(key, number),
            None => self,
        }
    }

    /// A member that is an object.
    pub(crate) fn object(&mut self, key: &str, members: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.member(key, |out| object(out, members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_where_needed() {
        let mut out = Vec::new();
        string("a\"b\\c/\u{1}\n\u{7f}é", &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\"a\\\"b\\\\c/\\u0001\\n\u{7f}é\""
        );
    }

    #[test]
    fn objects_nest() {
        let mut out = Vec::new();
        object(&mut out, |top| {
            top.text("a", "x")
                .maybe_text("b", None)
                .number("c", 7)
                .object("d", |_| {});
            top.member("e", |out| strings(&["1".into(), "2".into()], out));
        });
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"a":"x","c":7,"d":{},"e":["1","2"]}"#
        );
    }
}
