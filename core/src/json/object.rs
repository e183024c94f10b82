//! Objects of our own making: members with their commas.

use super::write_string;

/// Writes members of a JSON object with their commas.
pub struct Members<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl Members<'_> {
    /// A member's name; its value is to be appended to the result.
    pub fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// A string.
    pub fn text(&mut self, name: &str, value: &str) {
        write_string(value.as_bytes(), self.name(name));
    }

    /// An unsigned number.
    pub fn number(&mut self, name: &str, value: u64) {
        let mut buffer = itoa::Buffer::new();
        self.name(name)
            .extend_from_slice(buffer.format(value).as_bytes());
    }

    /// An unsigned number, or null.
    pub fn number_or_null(&mut self, name: &str, value: Option<u64>) {
        match value {
            Some(value) => self.number(name, value),
            None => self.name(name).extend_from_slice(b"null"),
        }
    }

    /// An object.
    pub fn object(&mut self, name: &str, fill: impl FnOnce(&mut Members<'_>)) {
        object(self.name(name), fill);
    }

    /// An array whose items `item` writes.
    pub fn array<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut item: impl FnMut(T, &mut Vec<u8>),
    ) {
        let out = self.name(name);
        out.push(b'[');
        for (index, value) in items.into_iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            item(value, out);
        }
        out.push(b']');
    }
}

/// Appends an object.
pub fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Members<'_>)) {
    out.push(b'{');
    fill(&mut Members { out, first: true });
    out.push(b'}');
}
