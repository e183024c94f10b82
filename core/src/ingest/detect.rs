//! The first bytes of an input: a byte order mark to pass over, and what the input looks like.

use super::structure::SEPARATOR;
use super::window::Window;
use super::Mode;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// The names of an event stream's fields. No JSON value starts like one.
const FIELDS: [&[u8]; 4] = [b"data", b"event", b"id", b"retry"];

/// What the first bytes show.
pub(super) enum Detected {
    /// The mode.
    Mode(Mode),
    /// More of them are needed.
    NotYet,
}

/// Passes over a byte order mark and, when the mode is left open, over blanks, and decides.
pub(super) fn detect(window: &mut Window, asked: Mode) -> Detected {
    if window.offset == 0 {
        let rest = window.rest();
        if rest.starts_with(MARK) {
            window.skip_uncounted(MARK.len());
        } else if MARK.starts_with(rest) && !window.ended {
            return Detected::NotYet;
        }
    }
    if asked != Mode::Auto {
        return Detected::Mode(asked);
    }
    match window.skip_blanks() {
        None => Detected::NotYet,
        Some(SEPARATOR) => Detected::Mode(Mode::Sequence),
        Some(b':') => Detected::Mode(Mode::Events),
        Some(_) => match looks_like_field(window.rest(), window.ended) {
            Some(true) => Detected::Mode(Mode::Events),
            Some(false) => Detected::Mode(Mode::Values),
            None => Detected::NotYet,
        },
    }
}

/// Whether a line starts with the name of a field; not yet known when it may be cut in the middle of one.
fn looks_like_field(line: &[u8], ended: bool) -> Option<bool> {
    let name = FIELDS
        .into_iter()
        .find(|name| line.starts_with(&name[..name.len().min(line.len())]));
    let Some(name) = name else {
        return Some(false);
    };
    match line.get(name.len()) {
        Some(next) => Some(matches!(next, b':' | b'\n' | b'\r')),
        None if ended => Some(line.len() == name.len()),
        None => None,
    }
}
