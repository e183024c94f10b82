//! Where a JSON value ends: its brackets, strings and commas, followed piece by piece.
//!
//! What cannot be followed, because no value goes on like that, is a fault at once, so that one broken record does
//! not swallow those behind it. What only spoils the value's content (an unknown escape, a number too large)
//! is left to the parser that gets the whole value.

use crate::json::string_run;

/// RFC 7464's record separator. Nowhere in a JSON text does it stand for itself.
pub(super) const SEPARATOR: u8 = 0x1e;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Value,
    /// A value, or the end of the array.
    FirstItem,
    /// A key, or the end of the object.
    FirstKey,
    Key,
    Colon,
    /// Behind a value in a container.
    After,
    KeyText,
    Text,
    /// In a number, `true`, `false` or `null`.
    Scalar,
    /// Behind the value.
    Done,
}

/// What a scan came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// The value goes on behind what is there.
    More,
    /// The value ends before this byte.
    Complete(usize),
    /// No value goes on with this byte.
    Fault(usize),
}

/// A value being followed. Its first byte is the first of the text.
#[derive(Debug)]
pub(super) struct Structure {
    state: State,
    /// Of each open container, whether it is an object.
    open: Vec<bool>,
    /// Everything before is followed.
    at: usize,
    /// Where the scalar began.
    scalar: usize,
}

impl Structure {
    pub(super) fn new() -> Structure {
        Structure {
            state: State::Value,
            open: Vec::new(),
            at: 0,
            scalar: 0,
        }
    }

    /// Begins with another value.
    pub(super) fn start(&mut self) {
        self.state = State::Value;
        self.open.clear();
        self.at = 0;
    }

    /// How many containers are open where the scan stands.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// How far the scan has come.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether the scan stands in a string.
    pub(super) fn in_string(&self) -> bool {
        matches!(self.state, State::Text | State::KeyText)
    }

    /// Whether the value is a number, `true`, `false` or `null`: only what follows ends it.
    pub(super) fn is_scalar(&self) -> bool {
        self.state == State::Scalar && self.open.is_empty()
    }

    /// Goes on with the value. `text` starts where it did before and has more at its end; `ended` when
    /// nothing can follow it. After a fault or an end it answers the same again.
    pub(super) fn scan(&mut self, text: &[u8], ended: bool) -> Scan {
        loop {
            match self.state {
                State::Text | State::KeyText => {
                    self.at += string_run(&text[self.at..]);
                    match (text.get(self.at), text.get(self.at + 1)) {
                        (None, _) => return Scan::More,
                        (Some(b'"'), _) if self.state == State::KeyText => {
                            self.at += 1;
                            self.state = State::Colon;
                        }
                        (Some(b'"'), _) => {
                            self.at += 1;
                            if let Some(end) = self.close() {
                                return end;
                            }
                        }
                        (Some(b'\\'), None) => return Scan::More,
                        (Some(b'\\'), Some(..0x20)) => return Scan::Fault(self.at + 1),
                        (Some(b'\\'), Some(_)) => self.at += 2,
                        (Some(_), _) => return Scan::Fault(self.at),
                    }
                }
                State::Done => return Scan::Complete(self.at),
                State::Scalar => match self.scalar_end(text, ended) {
                    Ok(()) => {
                        if self.open.is_empty() {
                            return Scan::Complete(self.at);
                        }
                        self.state = State::After;
                    }
                    Err(other) => return other,
                },
                _ => {
                    let blanks = text[self.at..]
                        .iter()
                        .take_while(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r'))
                        .count();
                    self.at += blanks;
                    let Some(&byte) = text.get(self.at) else {
                        return Scan::More;
                    };
                    if let Some(result) = self.mark(byte) {
                        return result;
                    }
                }
            }
        }
    }

    /// Takes the byte here, which is in no string and no scalar.
    #[inline]
    fn mark(&mut self, byte: u8) -> Option<Scan> {
        use State::*;
        self.state = match (self.state, byte) {
            (FirstKey | Key, b'"') => KeyText,
            (Value | FirstItem, b'"') => Text,
            (Value | FirstItem, b'{') => {
                self.open.push(true);
                FirstKey
            }
            (Value | FirstItem, b'[') => {
                self.open.push(false);
                FirstItem
            }
            (Value | FirstItem, b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                self.scalar = self.at;
                Scalar
            }
            (Colon, b':') => Value,
            (After, b',') if self.open.last() == Some(&true) => Key,
            (After, b',') => Value,
            (FirstKey, b'}') | (FirstItem, b']') => return self.leave(),
            (After, b'}') if self.open.last() == Some(&true) => return self.leave(),
            (After, b']') if self.open.last() == Some(&false) => return self.leave(),
            _ => return Some(Scan::Fault(self.at)),
        };
        self.at += 1;
        None
    }

    fn leave(&mut self) -> Option<Scan> {
        self.open.pop();
        self.at += 1;
        self.close()
    }

    /// A value has ended before `at`; the answer when it was the outermost.
    fn close(&mut self) -> Option<Scan> {
        self.state = match self.open.is_empty() {
            true => State::Done,
            false => State::After,
        };
        (self.state == State::Done).then_some(Scan::Complete(self.at))
    }

    /// Goes to the end of a scalar, which must be a good one.
    fn scalar_end(&mut self, text: &[u8], ended: bool) -> Result<(), Scan> {
        // Outside of containers only what can stand before another value ends one: `12:30` is no number.
        let ends: fn(u8) -> bool = match self.open.is_empty() {
            true => |byte| b" \n\t\r{[\"\x1e".contains(&byte),
            false => |byte| !byte.is_ascii_alphanumeric() && !b"+-.".contains(&byte),
        };
        let rest = &text[self.at..];
        let end = rest.iter().position(|&byte| ends(byte));
        self.at += end.unwrap_or(rest.len());
        if end.is_none() && !ended {
            return Err(Scan::More);
        }
        match good_scalar(&text[self.scalar..self.at]) {
            true => Ok(()),
            false => Err(Scan::Fault(self.at)),
        }
    }
}

fn good_scalar(word: &[u8]) -> bool {
    matches!(word, b"true" | b"false" | b"null") || good_number(word)
}

/// The grammar of RFC 8259, section 6.
fn good_number(word: &[u8]) -> bool {
    fn digits(text: &[u8]) -> Option<&[u8]> {
        let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then(|| &text[count..])
    }
    let word = word.strip_prefix(b"-").unwrap_or(word);
    let whole = match word {
        [b'0', rest @ ..] => Some(rest),
        _ => digits(word),
    };
    let fraction = whole.and_then(|rest| match rest {
        [b'.', rest @ ..] => digits(rest),
        _ => Some(rest),
    });
    let end = fraction.and_then(|rest| match rest {
        [b'e' | b'E', b'+' | b'-', rest @ ..] | [b'e' | b'E', rest @ ..] => digits(rest),
        _ => Some(rest),
    });
    end.is_some_and(<[u8]>::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer for the whole text, which no way of cutting it changes.
    fn scan(text: &[u8]) -> Scan {
        let mut whole = Structure::new();
        let answer = whole.scan(text, true);
        assert_eq!(whole.scan(text, true), answer, "asked again");
        for piece in 1..4 {
            let mut structure = Structure::new();
            let mut end = 0;
            let pieced = loop {
                end = (end + piece).min(text.len());
                match structure.scan(&text[..end], end == text.len()) {
                    Scan::More if end < text.len() => {}
                    other => break other,
                }
            };
            assert_eq!(pieced, answer, "{:?}", String::from_utf8_lossy(text));
        }
        answer
    }

    #[test]
    fn ends_are_found() {
        for (text, end) in [
            (&b"{}"[..], 2),
            (b"{\"a\":[1,{\"b\":\"}\\\"]\"}]} {}", 22),
            (b"[]]", 2),
            (b"\"x\\\\\"y", 5),
            (b"-12.5e+3 ", 8),
            (b"true", 4),
            (b"0[", 1),
            (b"null\"", 4),
            (b"[1 , -0.5,true ,\n null]", 23),
        ] {
            assert_eq!(
                scan(text),
                Scan::Complete(end),
                "{:?}",
                String::from_utf8_lossy(text)
            );
        }
    }

    #[test]
    fn faults_are_found_where_they_are() {
        for (text, at) in [
            (&b"oops"[..], 0),
            (b"}", 0),
            (b"{\"b\": oops}", 6),
            (b"{\"b\":[2}", 7),
            (b"{\"a\" 1}", 5),
            (b"{1:2}", 1),
            (b"[1 2]", 3),
            (b"[1,]", 3),
            (b"{\"a\":1,}", 7),
            (b"\"a\nb\"", 2),
            (b"[\"a\\\n\"]", 4),
            (b"12:30 ", 5),
            (b"01", 2),
            (b"1.", 2),
            (b"[nul]", 4),
            (b"[1.e5]", 5),
            (b"[-]", 2),
            (b"truely ", 6),
        ] {
            assert_eq!(
                scan(text),
                Scan::Fault(at),
                "{:?}",
                String::from_utf8_lossy(text)
            );
        }
    }

    #[test]
    fn unfinished_values_want_more() {
        for text in [&b"{"[..], b"{\"a\":1", b"[[]", b"\"a", b"\"a\\", b"[tru"] {
            let mut structure = Structure::new();
            assert_eq!(
                structure.scan(text, false),
                Scan::More,
                "{:?}",
                String::from_utf8_lossy(text)
            );
        }
        assert_eq!(
            Structure::new().scan(b"12", false),
            Scan::More,
            "more digits may come"
        );
    }
}
