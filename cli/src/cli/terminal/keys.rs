//! Bytes from a keyboard as keys.

/// A key, by what it does to a line of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A character to insert.
    Char(char),
    Enter,
    /// Deletes what is before the cursor, and under it.
    Backspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    /// Delete as far as that.
    CutToStart,
    CutToEnd,
    CutWord,
    /// Older and newer lines.
    Up,
    Down,
    /// Ctrl-D: the end of an empty line's input, Delete elsewhere.
    EndOfInput,
    /// Ctrl-L.
    Redraw,
}

/// Puts keys together from bytes that arrive in any pieces.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The beginning of a key whose rest is still to come.
    pending: Vec<u8>,
}

/// No sequence of a real keyboard is longer.
const LONGEST: usize = 32;

impl Decoder {
    /// Takes bytes; appends the keys they complete.
    pub(super) fn push(&mut self, bytes: &[u8], keys: &mut Vec<Key>) {
        self.pending.extend_from_slice(bytes);
        let mut at = 0;
        while at < self.pending.len() {
            let rest = &self.pending[at..];
            let (key, length) = match rest[0] {
                0x1b => match escape(rest) {
                    Some(found) => found,
                    None if rest.len() < LONGEST => break,
                    None => (None, rest.len()),
                },
                byte @ (..0x20 | 0x7f) => (control(byte), 1),
                _ => match character(rest) {
                    Some((char, length)) => (Some(Key::Char(char)), length),
                    None => break,
                },
            };
            keys.extend(key);
            at += length;
        }
        self.pending.drain(..at);
    }
}

fn control(byte: u8) -> Option<Key> {
    Some(match byte {
        0x01 => Key::Home,
        0x02 => Key::Left,
        0x04 => Key::EndOfInput,
        0x05 => Key::End,
        0x06 => Key::Right,
        0x08 | 0x7f => Key::Backspace,
        b'\t' => Key::Char('\t'),
        b'\n' | b'\r' => Key::Enter,
        0x0b => Key::CutToEnd,
        0x0c => Key::Redraw,
        0x0e => Key::Down,
        0x10 => Key::Up,
        0x15 => Key::CutToStart,
        0x17 => Key::CutWord,
        _ => return None,
    })
}

/// The key of an escape sequence and the sequence's length; `None` when its rest is missing.
fn escape(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    match *bytes.get(1)? {
        b'[' => {
            let parameters = bytes[2..]
                .iter()
                .position(|byte| (0x40..0x7f).contains(byte))?;
            let text = &bytes[2..2 + parameters];
            let key = match (bytes[2 + parameters], text) {
                (b'A', _) => Some(Key::Up),
                (b'B', _) => Some(Key::Down),
                // With a modifier (Alt, Ctrl): by words.
                (b'C', text) if text.contains(&b';') => Some(Key::WordRight),
                (b'D', text) if text.contains(&b';') => Some(Key::WordLeft),
                (b'C', _) => Some(Key::Right),
                (b'D', _) => Some(Key::Left),
                (b'H', _) | (b'~', b"1" | b"7") => Some(Key::Home),
                (b'F', _) | (b'~', b"4" | b"8") => Some(Key::End),
                (b'~', b"3") => Some(Key::Delete),
                _ => None,
            };
            Some((key, 3 + parameters))
        }
        b'O' => {
            let key = match *bytes.get(2)? {
                b'A' => Some(Key::Up),
                b'B' => Some(Key::Down),
                b'C' => Some(Key::Right),
                b'D' => Some(Key::Left),
                b'H' => Some(Key::Home),
                b'F' => Some(Key::End),
                _ => None,
            };
            Some((key, 3))
        }
        b'b' => Some((Some(Key::WordLeft), 2)),
        b'f' => Some((Some(Key::WordRight), 2)),
        0x7f => Some((Some(Key::CutWord), 2)),
        // Escape twice: the second one may begin a sequence.
        0x1b => Some((None, 1)),
        _ => Some((None, 2)),
    }
}

/// The first character of some text and its length; U+FFFD for bytes that are none, `None` when the rest is missing.
fn character(bytes: &[u8]) -> Option<(char, usize)> {
    let length = match bytes[0] {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    };
    let whole = &bytes[..length.min(bytes.len())];
    match std::str::from_utf8(whole) {
        Ok(text) => text.chars().next().map(|char| (char, text.len())),
        Err(error) if error.error_len().is_none() => None,
        Err(error) => Some((char::REPLACEMENT_CHARACTER, error.error_len().unwrap_or(1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(pieces: &[&[u8]]) -> Vec<Key> {
        let (mut decoder, mut keys) = (Decoder::default(), Vec::new());
        for piece in pieces {
            decoder.push(piece, &mut keys);
        }
        keys
    }

    #[test]
    fn keys_do_not_depend_on_how_bytes_arrive() {
        let bytes =
            "aé漢🙂\x1b[D\x1b[1;5C\x1bOH\x1b[3~\x7f\r\x04\x1b[99~\x1bb\x1b\x1b[A".as_bytes();
        let expected = [
            Key::Char('a'),
            Key::Char('é'),
            Key::Char('漢'),
            Key::Char('🙂'),
            Key::Left,
            Key::WordRight,
            Key::Home,
            Key::Delete,
            Key::Backspace,
            Key::Enter,
            Key::EndOfInput,
            Key::WordLeft,
            Key::Up,
        ];
        assert_eq!(keys(&[bytes]), expected);
        for size in 1..6 {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            assert_eq!(keys(&pieces), expected, "pieces of {size}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let bad = Key::Char(char::REPLACEMENT_CHARACTER);
        assert_eq!(keys(&[b"\xffa"]), [bad, Key::Char('a')]);
        assert_eq!(keys(&[b"\xe2\x82a"]), [bad, Key::Char('a')]);
        assert_eq!(keys(&[b"\x80"]), [bad]);
        assert_eq!(keys(&[b"\xf5zzz"])[..2], [bad, Key::Char('z')]);
    }

    #[test]
    fn an_endless_sequence_is_given_up() {
        let long = [b"\x1b[", &[b'1'; 40][..]].concat();
        assert_eq!(keys(&[&long, b"a"]), [Key::Char('a')]);
    }
}
