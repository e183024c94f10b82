//! Whole-message Lite3 documents, `{"meta":{"tags":[…]},"data":…}`: taken apart and put together.

use super::tags;
use crate::error::{Error, Result};
use crate::json::{build_value, Stop};
use crate::limits::MAX_DEPTH;
use crate::lite3::{check_with_depth, Builder, Kind, Piece, Refusal, Value};
use crate::room;

/// The parts of a whole-message document.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// The tags, in their order.
    pub tags: Vec<&'a str>,
    /// The data, any type, in place.
    pub data: Value<&'a [u8]>,
}

/// Proves a whole-message document of unknown origin and takes it apart.
///
/// Members besides `meta.tags` and `data` are let be. Errors are Corrupt: a broken document, no
/// `meta.tags` array of strings, or no `data`.
pub fn split(document: &[u8]) -> Result<Parts<'_>> {
    check_with_depth(document, MAX_DEPTH + 1)?;
    let root = Value::root(document)?;
    let wrong = |what: &str| {
        Error::corrupt(format!("the Lite3 document is no message: {what}"))
            .with_hint("a message document is {\"meta\":{\"tags\":[…]},\"data\":…}")
    };
    if root.type_of() != Kind::Object {
        return Err(wrong("its root is no object"));
    }
    let data = root
        .get(b"data")?
        .ok_or_else(|| wrong("it has no `data`"))?;
    let meta = root
        .get(b"meta")?
        .ok_or_else(|| wrong("it has no `meta`"))?;
    let list = meta
        .get(b"tags")?
        .ok_or_else(|| wrong("it has no `meta.tags`"))?;
    if list.type_of() != Kind::Array {
        return Err(wrong("`meta.tags` is no array"));
    }
    let mut tags = Vec::new();
    room::make(&mut tags, list.len()?)?;
    for entry in list.entries()? {
        tags.push(
            entry?
                .value
                .as_str()?
                .ok_or_else(|| wrong("a tag is no string"))?,
        );
    }
    Ok(Parts { tags, data })
}

/// Puts whole-message documents together; keeps its buffers. The same parts always give the same bytes.
pub struct Assembler {
    builder: Builder,
}

impl Default for Assembler {
    fn default() -> Self {
        Assembler::new()
    }
}

impl Assembler {
    /// An assembler with empty buffers.
    pub fn new() -> Assembler {
        Assembler {
            builder: Builder::new(),
        }
    }

    /// Appends the document made of a tag block and a Lite3 document of the data.
    ///
    /// Corrupt when either is damaged, Usage when the whole is too large; `out` is then as before.
    #[allow(clippy::wrong_self_convention)] // "from" names the source of the data
    pub fn from_lite3(&mut self, block: &[u8], data: &[u8], out: &mut Vec<u8>) -> Result<()> {
        Value::root(data)?;
        self.head(block, true)?;
        self.builder.embed(data)?;
        self.finish(out)
    }

    /// Appends the document made of a tag block and the JSON text of the data, of any type.
    ///
    /// Usage when the text is not JSON or Lite3 cannot hold it exactly; `out` is then as before.
    #[allow(clippy::wrong_self_convention)]
    pub fn from_json(&mut self, block: &[u8], json: &[u8], out: &mut Vec<u8>) -> Result<()> {
        if json.len() >= room::LARGE {
            // What the builder notes beside the document: eight bytes an item, in a vector that doubles.
            let is_between = |byte: &&u8| matches!(byte, b',' | b':' | b'[' | b'{');
            let items = json.iter().filter(is_between).count() + 1;
            room::look(items.saturating_mul(16))?;
        }
        let first = json.iter().find(|byte| !byte.is_ascii_whitespace());
        self.head(block, matches!(first, Some(b'{' | b'[')))?;
        match build_value(json, &mut self.builder) {
            Ok(()) => self.finish(out),
            Err(Stop::Fault(error)) => Err(error),
            Err(Stop::Refused(refusal)) => Err(refused(refusal)),
        }
    }

    /// Everything in front of the data.
    fn head(&mut self, block: &[u8], container: bool) -> Result<()> {
        let builder = &mut self.builder;
        builder.clear().map_err(refused)?;
        builder.begin();
        builder.key(piece(b"meta"), true).map_err(refused)?;
        builder.begin();
        builder.key(piece(b"tags"), true).map_err(refused)?;
        builder.begin();
        for tag in tags::iter(block) {
            builder.item(false).map_err(refused)?;
            builder.string(piece(tag?.as_bytes())).map_err(refused)?;
        }
        builder.end(false).map_err(refused)?;
        builder.end(true).map_err(refused)?;
        builder.key(piece(b"data"), container).map_err(refused)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.builder.end(true).map_err(refused)?;
        room::make(out, self.builder.document().len())?;
        out.extend_from_slice(self.builder.document());
        Ok(())
    }
}

fn piece(bytes: &[u8]) -> Piece<'_> {
    Piece {
        buffer: bytes,
        start: 0,
        len: bytes.len(),
    }
}

#[cold]
fn refused(refusal: Refusal) -> Error {
    let what = match refusal {
        Refusal::NoMemory => return Error::out_of_memory(0),
        Refusal::CannotHold => {
            "Lite3 cannot hold the message: it has an integer above 2^63-1, a key with U+0000, too many keys of one hash, or is too large"
        }
        Refusal::DuplicateKey => "Lite3 cannot hold the message: a key comes twice in one object",
    };
    Error::usage(what).with_hint("read it as JSON")
}
