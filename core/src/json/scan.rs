//! The lexical level: white space, strings and words of a JSON text.

use super::fault::{fault, not_utf8};
use crate::error::Result;
use crate::lite3::{word_at, Piece};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte that ends a plain run of a string: `"`, `\` or a control character.
/// The lowest bit set is exact; above it there may be false ones.
#[inline]
pub(super) fn specials(word: u64) -> u64 {
    // Swapping 0x22 with 0x20 puts the quote right behind the control characters: one comparison.
    let low = word ^ (ONES * 0x02);
    let low = low.wrapping_sub(ONES * 0x21) & !low;
    let backslash = word ^ (ONES * b'\\' as u64);
    let backslash = backslash.wrapping_sub(ONES) & !backslash;
    (low | backslash) & HIGHS
}

/// How many bytes in front of the text are plain inside a string: up to the first `"`, `\\` or control character.
pub(crate) fn string_run(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(chunk) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let special = specials(u64::from_le_bytes(*chunk));
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = &text[at..];
    let plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
    at + rest.iter().take_while(|byte| plain(byte)).count()
}

/// Whether any byte of the word is beyond ASCII.
#[inline]
pub(super) fn beyond_ascii(word: u64) -> bool {
    word & HIGHS != 0
}

/// A string as it was found: in the text itself, or unescaped in the scratch buffer.
#[derive(Clone, Copy)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) len: usize,
    pub(super) escaped: bool,
}

impl Token {
    #[inline]
    pub(super) fn piece<'a>(self, text: &'a [u8], scratch: &'a [u8]) -> Piece<'a> {
        Piece {
            buffer: if self.escaped { scratch } else { text },
            start: self.start,
            len: self.len,
        }
    }
}

/// A place in a text. Its hot methods are inlined and the others take it by value, so that it stays
/// in registers.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'a> {
    pub(super) text: &'a [u8],
    /// What is still to be read: a slice and no index, so that most reads need one check of its length.
    pub(super) rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    #[inline]
    pub(super) fn new(text: &'a [u8]) -> Scanner<'a> {
        Scanner { text, rest: text }
    }

    /// Offset of this place in the text.
    #[inline(always)]
    pub(super) fn at(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    #[inline]
    pub(super) fn seek(&mut self, at: usize) {
        self.rest = self.text.get(at..).unwrap_or_default();
    }

    /// The byte here; 0, which no JSON text has outside its strings, at the end.
    #[inline(always)]
    pub(super) fn peek(&self) -> u8 {
        match self.rest.first() {
            Some(&byte) => byte,
            None => 0,
        }
    }

    /// Leaves the byte here behind.
    #[inline(always)]
    pub(super) fn skip(&mut self) {
        if let Some((_, rest)) = self.rest.split_first() {
            self.rest = rest;
        }
    }

    /// The first byte here that is no white space.
    #[inline(always)]
    pub(super) fn skip_space(&mut self) -> u8 {
        let byte = self.peek();
        if byte > b' ' {
            return byte;
        }
        self.rest = skip_spaces(self.rest);
        self.peek()
    }

    /// Takes a string of up to seven plain bytes whose opening quote is here, and its closing quote:
    /// the bytes with zeros behind them, their number, and the text behind the closing quote as far as
    /// it is known, zeros behind it. Takes nothing when the string is another.
    #[inline(always)]
    pub(super) fn short_string(&mut self) -> Option<(u64, usize, u64)> {
        let word = word_at(self.rest, 1);
        let bits = specials(word).trailing_zeros() & 0x38;
        let text = word & ((1u64 << bits) - 1);
        let behind = word >> bits;
        // Without a special byte, `bits` is 0 and the byte there is no quote; beyond the end there is none.
        if behind as u8 != b'"' || beyond_ascii(text) {
            return None;
        }
        let len = bits as usize / 8;
        self.rest = &self.rest[len + 2..];
        Some((text, len, behind >> 8))
    }

    /// Takes the string of these up to seven plain bytes, whose opening quote is here, and its closing quote, when it is
    /// this one: gives the text behind as [`short_string`](Self::short_string) does.
    #[inline(always)]
    pub(super) fn this_string(&mut self, text: u64, len: usize) -> Option<u64> {
        let word = word_at(self.rest, 1);
        let bits = (len * 8) & 0x38;
        let behind = word >> bits;
        if word & ((1u64 << bits) - 1) != text || behind as u8 != b'"' {
            return None;
        }
        self.rest = &self.rest[len + 2..];
        Some(behind >> 8)
    }

    /// Takes a colon and gives the byte behind it, when `ahead`, the text here, shows that no space is
    /// around the colon.
    #[inline(always)]
    pub(super) fn close_colon(&mut self, ahead: u64) -> Option<u8> {
        let next = (ahead >> 8) as u8;
        if ahead as u8 != b':' || next <= b' ' {
            return None;
        }
        self.rest = self.rest.get(1..)?;
        Some(next)
    }

    #[inline(always)]
    pub(super) fn fault<T>(&self, what: &str) -> Result<T> {
        Err(fault(self.text, self.at(), what))
    }

    /// Takes `true`, `false` or `null`, the first letter of which is here.
    #[inline]
    pub(super) fn word<const N: usize>(&mut self, word: &[u8; N]) -> Result<()> {
        match self.rest.split_first_chunk::<N>() {
            Some((found, rest)) if found == word => {
                self.rest = rest;
                Ok(())
            }
            _ => Err(bad_word(self.text, self.rest, word)),
        }
    }

    /// Takes a string whose opening quote is here, and its closing quote.
    #[inline(always)]
    pub(super) fn string(&mut self, scratch: &mut Vec<u8>) -> Result<Token> {
        self.skip();
        let start = self.at();
        let mut rest = self.rest;
        let mut high = 0u64;
        loop {
            // Beyond the end the word is 0, a control character, so the loop ends there at the latest.
            let word = word_at(rest, 0);
            let special = specials(word);
            if special == 0 {
                high |= word;
                rest = &rest[8..];
                continue;
            }
            let bits = special.trailing_zeros() & 0x38;
            high |= word & ((1u64 << bits) - 1);
            if (word >> bits) as u8 != b'"' {
                let (token, rest) = self.string_tail(start, scratch)?;
                self.rest = rest;
                return Ok(token);
            }
            rest = &rest[bits as usize / 8..];
            break;
        }
        let len = self.rest.len() - rest.len();
        if beyond_ascii(high) && std::str::from_utf8(&self.rest[..len]).is_err() {
            return Err(not_utf8(self.text, start, start + len));
        }
        self.rest = &rest[1..];
        Ok(Token {
            start,
            len,
            escaped: false,
        })
    }

    /// The general case of [`string`](Self::string): escapes, or a fault.
    #[inline(never)]
    fn string_tail(mut self, start: usize, scratch: &mut Vec<u8>) -> Result<(Token, &'a [u8])> {
        scratch.clear();
        let mut escaped = false;
        let mut run = start; // of bytes that stand for themselves
        let mut at = start;
        loop {
            at += string_run(&self.text[at..]);
            match self.text.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    scratch.extend_from_slice(&self.text[run..at]);
                    self.seek(at);
                    self.escape(scratch)?;
                    at = self.at();
                    run = at;
                }
                Some(0x20..) => at += 1,
                other => {
                    self.seek(at);
                    return self.fault(match other {
                        Some(_) => "expected no raw control character in a string",
                        None => "expected the string's closing quote",
                    });
                }
            }
        }
        // Escapes stand for whole characters, so the raw text is UTF-8 if and only if the result is.
        if std::str::from_utf8(&self.text[start..at]).is_err() {
            return Err(not_utf8(self.text, start, at));
        }
        self.seek(at + 1);
        if !escaped {
            let len = at - start;
            return Ok((
                Token {
                    start,
                    len,
                    escaped,
                },
                self.rest,
            ));
        }
        scratch.extend_from_slice(&self.text[run..at]);
        let len = scratch.len();
        Ok((
            Token {
                start: 0,
                len,
                escaped,
            },
            self.rest,
        ))
    }

    /// Takes the escape here and appends what it stands for.
    fn escape(&mut self, scratch: &mut Vec<u8>) -> Result<()> {
        let start = self.at();
        self.skip();
        let plain = match self.rest.first() {
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(&byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'u') => return self.unicode_escape(start, scratch),
            _ => return self.fault("expected one of `\"\\/bfnrtu` after the backslash"),
        };
        self.skip();
        scratch.push(plain);
        Ok(())
    }

    fn unicode_escape(&mut self, start: usize, scratch: &mut Vec<u8>) -> Result<()> {
        self.skip();
        let first = self.four_hex()?;
        let code = match first {
            0xd800..=0xdbff => {
                let Some(rest) = self.rest.strip_prefix(b"\\u") else {
                    return Err(lone_surrogate(self.text, start));
                };
                self.rest = rest;
                match self.four_hex()? {
                    second @ 0xdc00..=0xdfff => {
                        0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                    }
                    _ => return Err(lone_surrogate(self.text, start)),
                }
            }
            other => other,
        };
        let Some(character) = char::from_u32(code) else {
            return Err(lone_surrogate(self.text, start));
        };
        scratch.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn four_hex(&mut self) -> Result<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self
                .rest
                .first()
                .and_then(|&byte| (byte as char).to_digit(16))
            else {
                return self.fault("expected four hexadecimal digits after `\\u`");
            };
            code = code << 4 | digit;
            self.skip();
        }
        Ok(code)
    }
}

#[inline(never)]
fn skip_spaces(mut rest: &[u8]) -> &[u8] {
    while let Some((b' ' | b'\n' | b'\t' | b'\r', behind)) = rest.split_first() {
        rest = behind;
    }
    rest
}

#[cold]
fn bad_word(text: &[u8], rest: &[u8], word: &[u8]) -> crate::error::Error {
    let same = rest.iter().zip(word).take_while(|(a, b)| a == b).count();
    let what = format!("expected the rest of `{}`", String::from_utf8_lossy(word));
    fault(text, text.len() - rest.len() + same, &what)
}

#[cold]
fn lone_surrogate(text: &[u8], at: usize) -> crate::error::Error {
    fault(text, at, "expected a surrogate escape to be one of a pair")
        .with_hint("a lone surrogate is no character; replace it, for example by \\ufffd")
}
