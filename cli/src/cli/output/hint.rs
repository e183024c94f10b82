//! The next step after an error.

use crate::{Error, ErrorKind};

/// The error's own hint, or the step that makes sense for errors of its kind. `at_server`: it may come from a server.
pub(super) fn of(error: &Error, at_server: bool) -> Option<&str> {
    match at_server {
        true => about_connection(error)
            .or(error.hint())
            .or_else(|| there(error.kind())),
        false => about_cut(error)
            .or(error.hint())
            .or_else(|| about_path(error))
            .or_else(|| about_foreign(error))
            .or_else(|| here(error.kind())),
    }
}

/// What to do with a damaged pool. Never to delete it: a salvage finds what is intact also where nothing can be opened.
const DAMAGED: &str = "see what is wrong with: pls doctor POOL; copy what is intact into a new pool with: pls doctor POOL --salvage NEW";

/// A pool cut under its readers: what is left can be salvaged.
fn about_cut(error: &Error) -> Option<&'static str> {
    let is_cut = error.kind() == ErrorKind::Corrupt && error.message().contains("cut short");
    is_cut.then_some(DAMAGED)
}

/// A file without the mark of a pool, most often another file's name.
fn about_foreign(error: &Error) -> Option<&'static str> {
    let is_foreign =
        error.kind() == ErrorKind::Corrupt && error.message().starts_with("not a pool");
    is_foreign.then_some(
        "check the name: this may be another file; if it was a pool, copy what is intact into a new one with: pls doctor POOL --salvage NEW",
    )
}

/// What the library cannot know: how the options of commands are called.
fn about_connection(error: &Error) -> Option<&'static str> {
    let message = error.message();
    if message.starts_with("the server is not trusted") {
        return Some(
            "if the server has a certificate of its own, give that with --tls-ca; else check its name and dates",
        );
    }
    message
        .contains("http parse fail")
        .then_some("check the address: does the server speak https? And is it a Plasmite server?")
}

/// When the file is not what it should be, the disk is in order.
fn about_path(error: &Error) -> Option<&'static str> {
    let path = error.path().filter(|_| error.kind() == ErrorKind::Io)?;
    let file = std::fs::metadata(path).ok()?.file_type();
    let message = error.message();
    match file.is_file() {
        true if message.contains("directory") => {
            Some("a file is there: give a directory, or another --dir")
        }
        false if message.contains("pool") && !message.contains("pool directory") => {
            Some("give the name of a pool, or the path of its file")
        }
        _ => None,
    }
}

/// For errors of a server's pool that came without a hint.
fn there(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Permission => Some(
            "check the token (--token-file), and what the server and the owner of its files allow",
        ),
        ErrorKind::Busy => {
            Some("others keep the server or the pool busy; try again, or use --retry with feed")
        }
        ErrorKind::Io => Some("check that the server runs and has room, then try again"),
        ErrorKind::Corrupt => Some("the pool is damaged: see pls doctor on the server's machine"),
        _ => here(kind),
    }
}

/// For errors of this machine that came without a hint.
fn here(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Permission => Some(
            "check the owner and the mode of the file and of its directory, or use another --dir",
        ),
        ErrorKind::Busy => {
            Some("another writer holds the pool; try again, or use --retry with feed")
        }
        ErrorKind::Io => Some("check that the disk has room and works, then try again"),
        ErrorKind::Corrupt => Some(DAMAGED),
        ErrorKind::Internal => {
            Some("this is a defect of plasmite; please report it with the command and the version")
        }
        _ => None,
    }
}
