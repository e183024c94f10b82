//! JSON text to a payload: Lite3 in one pass, canonical text for what Lite3 cannot hold.

pub(crate) use super::parse::Stop;
use super::parse::{parse, Sink};
use super::text::TextSink;
use crate::error::Error;
use crate::lite3::{Builder, Piece, Refusal};
use crate::room;

/// How a value was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// A Lite3 document.
    Lite3,
    /// Canonical compact JSON text: the root is a scalar, an integer is above 2^63-1, a key contains
    /// U+0000, or too many keys share a hash.
    Text,
}

/// Encodes values; keeps its buffers, so that in the steady state a message costs no allocation.
pub struct Encoder {
    builder: Builder,
    scratch: Vec<u8>,
    text: TextSink,
}

impl Default for Encoder {
    fn default() -> Self {
        Encoder::new()
    }
}

impl Encoder {
    /// An encoder with empty buffers.
    pub fn new() -> Encoder {
        Encoder {
            builder: Builder::new(),
            scratch: Vec::new(),
            text: TextSink::new(),
        }
    }

    /// Encodes the JSON text and appends the payload to `out`; its offsets count from where it starts.
    ///
    /// Errors are Usage with the byte's offset in `json`; `out` is then as before.
    #[inline]
    pub fn encode(&mut self, json: &[u8], out: &mut Vec<u8>) -> Result<Encoded, Error> {
        let (encoded, payload) = self.encode_inside(json)?;
        out.extend_from_slice(payload);
        Ok(encoded)
    }

    /// As [`encode`](Self::encode), but the payload stays in the encoder until its next use: for
    /// callers that copy it on at once.
    #[inline]
    pub fn encode_inside(&mut self, json: &[u8]) -> Result<(Encoded, &[u8]), Error> {
        let opening = json.iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(opening, Some(b'{' | b'[')) && self.builder.clear().is_ok() {
            match parse(json, &mut self.scratch, &mut self.builder) {
                Ok(()) => return Ok((Encoded::Lite3, self.builder.document())),
                Err(Stop::Fault(error)) => return Err(error),
                Err(Stop::Refused(refusal)) => return self.encode_refused(json, refusal),
            }
        }
        self.text.convert(json, &mut self.scratch)?;
        Ok((Encoded::Text, self.text.text()))
    }

    /// What the builder refused: as text, or, when only a key came twice, from the text in which each comes once.
    #[cold]
    fn encode_refused(&mut self, json: &[u8], refusal: Refusal) -> Result<(Encoded, &[u8]), Error> {
        if refusal == Refusal::NoMemory {
            return Err(Error::out_of_memory(json.len()));
        }
        self.text.convert(json, &mut self.scratch)?;
        if refusal == Refusal::DuplicateKey && self.builder.clear().is_ok() {
            match parse(self.text.text(), &mut self.scratch, &mut self.builder) {
                Ok(()) => return Ok((Encoded::Lite3, self.builder.document())),
                Err(Stop::Fault(error)) => return Err(error),
                Err(Stop::Refused(_)) => {}
            }
        }
        Ok((Encoded::Text, self.text.text()))
    }
}

/// Feeds one JSON value to a builder that stands before a value.
pub(crate) fn build_value(json: &[u8], builder: &mut Builder) -> Result<(), Stop> {
    let mut scratch = Vec::new();
    if json.len() >= room::LARGE {
        // For texts with escapes, the longest of which is all of it.
        room::make(&mut scratch, json.len()).map_err(Stop::Fault)?;
    }
    parse(json, &mut scratch, builder)
}

impl Sink for Builder {
    #[inline]
    fn key(&mut self, key: Piece<'_>, escaped: bool, container: bool) -> Result<(), Refusal> {
        // Only an escape can bring a NUL.
        if escaped && key.bytes().contains(&0) {
            return Err(Refusal::CannotHold);
        }
        Builder::key(self, key, container)
    }

    #[inline(always)]
    fn short_key(&mut self, text: u64, len: usize, container: bool) -> Result<(), Refusal> {
        Builder::short_key(self, text, len, container)
    }

    #[inline(always)]
    fn expected_key(&self) -> Option<(u64, usize)> {
        Builder::expected_key(self)
    }

    #[inline(always)]
    fn repeated_key(&mut self, text: u64, len: usize, container: bool) -> Result<(), Refusal> {
        Builder::repeated_key(self, text, len, container)
    }

    #[inline]
    fn item(&mut self, container: bool) -> Result<(), Refusal> {
        Builder::item(self, container)
    }

    #[inline]
    fn begin(&mut self, _object: bool) {
        Builder::begin(self);
    }

    #[inline]
    fn end(&mut self, object: bool) -> Result<(), Refusal> {
        Builder::end(self, object)
    }

    #[inline]
    fn null(&mut self) {
        Builder::null(self);
    }

    #[inline]
    fn boolean(&mut self, value: bool) {
        Builder::boolean(self, value);
    }

    #[inline]
    fn int(&mut self, value: i64) {
        Builder::int(self, value);
    }

    #[inline]
    fn uint(&mut self, _value: u64) -> Result<(), Refusal> {
        Err(Refusal::CannotHold)
    }

    #[inline]
    fn float(&mut self, value: f64) {
        Builder::float(self, value);
    }

    #[inline]
    fn string(&mut self, text: Piece<'_>) -> Result<(), Refusal> {
        Builder::string(self, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An encoder remembers keys; no text may come out other, or be judged otherwise, for what came before it.
    #[test]
    fn earlier_texts_leave_no_trace() {
        let texts = [
            r#"{"a":1,"bb":2,"ccccccc":3}"#,
            r#"{"a":1,"bb":2,"cccccccc":3}"#,
            r#"{"a" :1, "bb" : 2,"cccccccd":[{"a":1}]}"#,
            r#"{"a":{"bb":2,"ccccccc":3},"d":4}"#,
            r#"{"":1,"a":2}"#,
            r#"{"":{},"a":[]}"#,
            r#"{"ab":1,"b":2}"#,
            r#"{"\u0061":1,"bb":2}"#,
            r#"{"a\"":1}"#,
            r#"{"é":1,"bb":2}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"bb":1,"a":2,"ccccccc":3,"d":4,"e":5,"f":6,"g":7,"h":8}"#,
            r#"[{"a":1},{"a":2},{"a":3}]"#,
            r#"{"a\u0000":1}"#,
            r#"{"a":1,"bb"}"#,
            r#"{"a":1,"bb":"#,
            r#"{"a"#,
            r#"{"a""#,
            r#"{"a":"#,
            r#"{"a:1}"#,
            r#"{"a'":1}"#,
            "{}",
        ];
        let alone = |text: &str| told(&mut Encoder::new(), text);
        for first in texts {
            for second in texts {
                let mut encoder = Encoder::new();
                assert_eq!(told(&mut encoder, first), alone(first));
                assert_eq!(
                    told(&mut encoder, second),
                    alone(second),
                    "{first}, {second}"
                );
                assert_eq!(told(&mut encoder, first), alone(first), "{first}, {second}");
            }
        }
        let keys: Vec<String> = (0..100).map(|key| format!("\"{key}\":{key}")).collect();
        let many = format!("{{{}}}", keys.join(","));
        let mut encoder = Encoder::new();
        for _ in 0..3 {
            assert_eq!(told(&mut encoder, &many), alone(&many));
        }
    }

    fn told(encoder: &mut Encoder, text: &str) -> Result<(Encoded, Vec<u8>), String> {
        let (encoded, payload) = encoder
            .encode_inside(text.as_bytes())
            .map_err(|error| format!("{error:?}"))?;
        Ok((encoded, payload.to_vec()))
    }
}
