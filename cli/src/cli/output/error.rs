//! Errors: text on a terminal, one line of JSON elsewhere.

use super::paint;
use crate::cli::context::Context;
use crate::cli::terminal::printable;
use crate::json::{self, Object};
use crate::{Error, ErrorKind};
use std::borrow::Cow;
use std::path::Path;

/// Prints an error on standard error.
pub(crate) fn print(context: &Context, error: &Error) {
    let text = match context.err.is_terminal() {
        true => for_people(context, error).into_bytes(),
        false => {
            let mut line = Vec::new();
            json::object(&mut line, |top| {
                top.object("error", |object| {
                    members(error, context.meets_server(), object)
                });
            });
            line.push(b'\n');
            line
        }
    };
    context.err.print(&text);
}

/// The members of an error object. `there`: it may come from a server.
pub(crate) fn members(error: &Error, there: bool, object: &mut Object<'_>) {
    let hint = hint(error, there);
    object
        .text("kind", error.kind().name())
        .text("message", error.message());
    object
        .maybe_text("hint", hint.as_deref())
        .maybe_text("path", error.path());
    object
        .maybe_number("seq", error.seq())
        .maybe_number("offset", error.offset());
    if !error.causes().is_empty() {
        object.member("causes", |out| json::strings(error.causes(), out));
    }
    if error.maybe_written() {
        object.member("maybe_written", |out| out.extend_from_slice(b"true"));
    }
}

/// The error's own hint, or the next step that always makes sense for its kind.
fn hint(error: &Error, there: bool) -> Option<Cow<'_, str>> {
    let general = match there {
        true => hint_there(error.kind()),
        false => hint_here(error.kind()),
    };
    let hint = error.hint().or(general);
    if !error.maybe_written() {
        return hint.map(Cow::Borrowed);
    }
    const LOOK: &str =
        "the message may have been appended all the same: look before sending it again";
    Some(match hint {
        Some(hint) => format!("{LOOK}; {hint}").into(),
        None => LOOK.into(),
    })
}

/// For errors of a server's pool that came without a hint.
fn hint_there(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Permission => Some(
            "check the token (--token-file), and what the server and the owner of its files allow",
        ),
        ErrorKind::Busy => {
            Some("others keep the server or the pool busy; try again, or use --retry with feed")
        }
        ErrorKind::Io => Some("check that the server runs and has room, then try again"),
        ErrorKind::Corrupt => Some("the pool is damaged: see pls doctor on the server's machine"),
        _ => hint_here(kind),
    }
}

/// For errors of this machine that came without a hint.
fn hint_here(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Permission => Some(
            "check the owner and the mode of the file and of its directory, or use another --dir",
        ),
        ErrorKind::Busy => {
            Some("another writer holds the pool; try again, or use --retry with feed")
        }
        ErrorKind::Io => Some("check that the disk has room and works, then try again"),
        ErrorKind::Corrupt => Some(
            "the file is damaged or is no pool; use a copy of it, or delete it and create it anew",
        ),
        ErrorKind::Internal => {
            Some("this is a defect of plasmite; please report it with the command and the version")
        }
        _ => None,
    }
}

fn for_people(context: &Context, error: &Error) -> String {
    let mut text = format!(
        "{} {}\n",
        context.err.label("error:", paint::RED),
        printable(error.message())
    );
    let mut line = |label: &str, value: &str| {
        text.push_str(&format!(
            "{} {}\n",
            context.err.label(label, paint::YELLOW),
            printable(value)
        ));
    };
    if let Some(hint) = hint(error, context.meets_server()) {
        line("hint:", &hint);
    }
    if let Some(path) = error.path() {
        line("path:", &short(path));
    }
    if let Some(seq) = error.seq() {
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
