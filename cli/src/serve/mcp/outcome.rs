//! What comes out of a tool: one sentence for the model, and the same as JSON.

use super::arguments::Bad;
use crate::json::{self, Object};
use crate::serve::error::{Refusal, Veil};
use crate::{Error, ErrorKind};

/// What a tool did.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) text: String,
    /// `structuredContent`, an object.
    pub(super) content: Vec<u8>,
}

/// Why a tool failed.
#[derive(Debug)]
pub(super) enum Failed {
    Argument(Bad),
    Operation(Error),
}

/// The outcome of a tool.
pub(super) type Outcome = Result<Done, Failed>;

impl From<Bad> for Failed {
    fn from(bad: Bad) -> Failed {
        Failed::Argument(bad)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Operation(error)
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Failed {
        Failed::Operation(refusal.error)
    }
}

impl Done {
    /// With an object of one member, whose value is JSON already.
    pub(super) fn member(text: String, name: &str, value: &[u8]) -> Done {
        let mut content = Vec::with_capacity(value.len() + name.len() + 5);
        json::object(&mut content, |top| {
            top.member(name, |out| out.extend_from_slice(value));
        });
        Done { text, content }
    }
}

/// The members that tell of an error.
pub(super) fn describe(object: &mut Object<'_>, error: &Error, veil: &Veil) {
    object.text("error_kind", error.kind().name());
    if let Some(hint) = error.hint() {
        object.text("hint", &veil.over(hint));
    }
    if let Some(path) = error.path() {
        object.text("path", &veil.over(path));
    }
    object
        .maybe_number("seq", error.seq())
        .maybe_number("offset", error.offset());
    if error.maybe_written() {
        object.member("maybe_written", |out| out.extend_from_slice(b"true"));
    }
}

/// The result of the call as JSON.
pub(super) fn write(tool: &str, outcome: Outcome, veil: &Veil) -> Vec<u8> {
    let (text, content, failed) = match outcome {
        Ok(done) => (done.text, done.content, false),
        Err(failed) => {
            let (text, content) = failure(tool, &failed, veil);
            (text, content, true)
        }
    };
    let mut out = Vec::with_capacity(content.len() + text.len() + 80);
    json::object(&mut out, |top| {
        top.member("content", |out| {
            json::array([text.as_str()], out, |text, out| {
                json::object(out, |part| {
                    part.text("type", "text").text("text", text);
                });
            });
        });
        top.member("structuredContent", |out| out.extend_from_slice(&content));
        if failed {
            top.member("isError", |out| out.extend_from_slice(b"true"));
        }
    });
    out
}

fn failure(tool: &str, failed: &Failed, veil: &Veil) -> (String, Vec<u8>) {
    let mut content = Vec::new();
    let (mut text, hint) = match failed {
        Failed::Argument(bad) => {
            json::object(&mut content, |object| {
                object
                    .text("tool", tool)
                    .text("error_kind", ErrorKind::Usage.name())
                    .text("field", &bad.field)
                    .text("detail", &bad.detail)
                    .maybe_text("hint", bad.hint.as_deref());
            });
            let text = format!("The argument {:?} is wrong: {}", bad.field, bad.detail);
            (text, bad.hint.as_deref())
        }
        Failed::Operation(error) => {
            json::object(&mut content, |object| {
                object
                    .text("tool", tool)
                    .text("message", &veil.over(error.message()));
                describe(object, error, veil);
            });
            (error.message().to_owned(), error.hint())
        }
    };
    if let Some(hint) = hint {
        text.push_str("\nHint: ");
        text.push_str(hint);
    }
    (veil.over(&text), content)
}
