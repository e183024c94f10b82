//! Errors: text on a terminal, one line of JSON elsewhere.

use super::stderr::Stderr;
use super::{hint, paint};
use crate::cli::context::Context;
use crate::cli::terminal::printable;
use crate::json::{self, Object};
use crate::Error;
use std::borrow::Cow;
use std::path::Path;

/// Prints an error on standard error.
pub(crate) fn print(context: &Context, error: &Error) {
    show(&context.err, context.meets_server(), error);
}

/// The same when messages were stored all the same, up to this one.
pub(crate) fn print_stored(context: &Context, error: &Error, seq: u64) {
    let facts = Facts {
        seq: Some(seq),
        maybe_written: true,
        stored: true,
        ..Facts::new(error, context.meets_server())
    };
    print_facts(&context.err, &facts);
}

/// The same for a thread without the context. `there`: it may come from a server.
pub(crate) fn show(err: &Stderr, there: bool, error: &Error) {
    print_facts(err, &Facts::new(error, there));
}

/// What is shown of an error.
struct Facts<'a> {
    error: &'a Error,
    there: bool,
    seq: Option<u64>,
    maybe_written: bool,
    /// It is known that it was.
    stored: bool,
}

fn print_facts(err: &Stderr, facts: &Facts<'_>) {
    let text = match err.is_terminal() {
        true => facts.for_people(err).into_bytes(),
        false => {
            let mut line = Vec::new();
            json::object(&mut line, |top| {
                top.object("error", |object| facts.members(object));
            });
            line.push(b'\n');
            line
        }
    };
    err.print(&text);
}

/// The members of an error object. `there`: it may come from a server.
pub(crate) fn members(error: &Error, there: bool, object: &mut Object<'_>) {
    Facts::new(error, there).members(object);
}

impl<'a> Facts<'a> {
    fn new(error: &'a Error, there: bool) -> Facts<'a> {
        Facts {
            error,
            there,
            seq: error.seq(),
            maybe_written: error.maybe_written(),
            stored: false,
        }
    }

    fn members(&self, object: &mut Object<'_>) {
        let error = self.error;
        object
            .text("kind", error.kind().name())
            .text("message", error.message());
        object
            .maybe_text("hint", self.hint().as_deref())
            .maybe_text("path", error.path());
        object
            .maybe_number("seq", self.seq)
            .maybe_number("offset", error.offset());
        if !error.causes().is_empty() {
            object.member("causes", |out| json::strings(error.causes(), out));
        }
        if self.maybe_written {
            object.member("maybe_written", |out| out.extend_from_slice(b"true"));
        }
    }

    /// The error's own hint, or the next step that always makes sense for its kind.
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = hint::of(self.error, self.there);
        if !self.maybe_written {
            return hint.map(Cow::Borrowed);
        }
        const LOOK: &str =
            "the message may have been appended all the same: look before sending it again";
        const STORED: &str = "do not send them again";
        let first = if self.stored { STORED } else { LOOK };
        Some(match hint {
            Some(hint) => format!("{first}; {hint}").into(),
            None => first.into(),
        })
    }

    fn for_people(&self, err: &Stderr) -> String {
        let error = self.error;
        let mut text = format!(
            "{} {}\n",
            err.label("error:", paint::RED),
            printable(error.message())
        );
        let mut line = |label: &str, value: &str| {
            text.push_str(&format!(
                "{} {}\n",
                err.label(label, paint::YELLOW),
                printable(value)
            ));
        };
        if let Some(hint) = self.hint() {
            line("hint:", &hint);
        }
        if let Some(path) = error.path() {
            line("path:", &short(path));
        }
        if let Some(seq) = self.seq {
            line("seq:", &seq.to_string());
        }
        if let Some(offset) = error.offset() {
            line("offset:", &offset.to_string());
        }
        if let Some(cause) = error.causes().first() {
            line("caused by:", cause);
        }
        text
    }
}

/// A path relative to the working directory, when it is inside.
fn short(path: &str) -> String {
    let current = std::env::current_dir().ok();
    let inside = current.and_then(|current| {
        Path::new(path)
            .strip_prefix(current)
            .ok()
            .map(Path::to_path_buf)
    });
    match inside {
        Some(inside) if !inside.as_os_str().is_empty() => inside.to_string_lossy().into_owned(),
        _ => path.to_owned(),
    }
}
