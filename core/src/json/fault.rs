//! What is wrong with a text: where, what was found there, what to do.

use crate::error::Error;

/// A fault in the text at byte `at`: `what` was wrong or expected.
#[cold]
#[inline(never)]
pub(super) fn fault(text: &[u8], at: usize, what: &str) -> Error {
    let (line, column) = line_and_column(text, at);
    let found = found(text, at);
    let error = Error::usage(format!(
        "{PREFIX}line {line}, column {column}: {what}, found {found}"
    ));
    match hint(text, at) {
        Some(hint) => error.with_offset(at as u64).with_hint(hint),
        None => error.with_offset(at as u64),
    }
}

const PREFIX: &str = "invalid JSON at ";

/// The error about `text` as one about a larger input, in which the text starts at this line and column and
/// byte.
#[cold]
pub(crate) fn in_input(error: &Error, text: &[u8], line: u64, column: u64, offset: u64) -> Error {
    let at = error.offset().unwrap_or(0);
    let place = error.message().strip_prefix(PREFIX);
    let message = match place.and_then(|place| place.split_once(": ")) {
        Some((_, what)) => {
            let (lines, columns) = line_and_column(text, at as usize);
            let (line, column) = match lines {
                1 => (line, column + columns - 1),
                _ => (line + lines - 1, columns),
            };
            format!("{PREFIX}line {line}, column {column}: {what}")
        }
        None => error.message().to_owned(),
    };
    let moved = Error::usage(message).with_offset(offset + at);
    match error.hint() {
        Some(hint) => moved.with_hint(hint),
        None => moved,
    }
}

/// Where a byte of a text is, both from 1.
fn line_and_column(text: &[u8], at: usize) -> (u64, u64) {
    let before = &text[..at.min(text.len())];
    let lines = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
    let line_start = before
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |place| place + 1);
    // Characters, not bytes: continuation bytes do not count.
    let columns = 1 + before[line_start..]
        .iter()
        .filter(|&&byte| byte & 0xc0 != 0x80)
        .count();
    (lines as u64, columns as u64)
}

/// The text's encoding is wrong at byte `at`.
#[cold]
pub(super) fn not_utf8(text: &[u8], start: usize, end: usize) -> Error {
    let bad = match std::str::from_utf8(&text[start..end]) {
        Err(error) => start + error.valid_up_to(),
        Ok(_) => start,
    };
    fault(text, bad, "expected UTF-8 text")
}

fn found(text: &[u8], at: usize) -> String {
    let Some(&byte) = text.get(at) else {
        return "the end of the text".into();
    };
    match byte {
        b'"' => "a string".into(),
        0x21..=0x7e => format!("`{}`", byte as char),
        b' ' => "a space".into(),
        b'\n' => "a line break".into(),
        b'\t' => "a tab".into(),
        0x80.. => {
            let end = text.len().min(at + 4);
            let head = match std::str::from_utf8(&text[at..end]) {
                Ok(head) => head,
                Err(error) => {
                    std::str::from_utf8(&text[at..at + error.valid_up_to()]).unwrap_or_default()
                }
            };
            match head.chars().next() {
                Some(c) => format!("`{}`", c.escape_debug()),
                None => format!("byte 0x{byte:02x}"),
            }
        }
        _ => format!("byte 0x{byte:02x}"),
    }
}

fn hint(text: &[u8], at: usize) -> Option<&'static str> {
    let rest = text.get(at..).unwrap_or_default();
    let previous = text[..at.min(text.len())]
        .iter()
        .rev()
        .find(|byte| !byte.is_ascii_whitespace());
    if rest.starts_with(b"\xef\xbb\xbf") && at == 0 {
        return Some("remove the byte order mark");
    }
    if at == 0 && (rest.starts_with(b"\xff\xfe") || rest.starts_with(b"\xfe\xff"))
        || at <= 1 && text.iter().take(2).any(|&byte| byte == 0)
    {
        return Some("the text looks like UTF-16; convert it to UTF-8");
    }
    match rest.first() {
        None => Some("the text is cut short; close every string, array and object"),
        Some(b'}' | b']') if previous == Some(&b',') => Some("remove the comma before it"),
        Some(b'\'') => Some("strings are written in double quotes"),
        Some(b'/' | b'#') => Some("JSON has no comments"),
        Some(b'N' | b'I' | b'i') => Some("JSON has no NaN and no infinity; use null or a string"),
        Some(b'T' | b'F') => Some("`true`, `false` and `null` are written in lower case"),
        Some(b'+') => Some("a number has no plus sign in front"),
        Some(b'.') => Some("a number needs a digit before the point"),
        Some(0..=0x1f) => Some("write control characters in strings as escapes, for example \\n"),
        Some(0x80..) => Some("JSON text is UTF-8, and only strings hold characters beyond ASCII"),
        Some(_) => None,
    }
}
