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

/// A place in a text.
pub(super) struct Scanner<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
}

impl Scanner<'_> {
    /// The byte here; 0, which no JSON text has outside its strings, at the end.
    #[inline]
    pub(super) fn peek(&self) -> u8 {
        match self.text.get(self.at) {
            Some(&byte) => byte,
            None => 0,
        }
    }

    /// The first byte here that is no white space.
    #[inline(always)]
    pub(super) fn skip_space(&mut self) -> u8 {
        let byte = self.peek();
        if byte > b' ' {
            return byte;
        }
        self.skip_spaces()
    }

    #[inline(never)]
    fn skip_spaces(&mut self) -> u8 {
        loop {
            let byte = self.peek();
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return byte;
            }
            self.at += 1;
        }
    }

    /// Takes a string of up to seven plain bytes whose opening quote is here, and its closing quote:
    /// the bytes, zeros behind them, and their number. Takes nothing when the string is another.
    #[inline(always)]
    pub(super) fn short_string(&mut self) -> Option<(u64, usize)> {
        let word = word_at(self.text, self.at + 1);
        let special = specials(word);
        let bits = special.trailing_zeros() & 0x78;
        let text = word & ((1u64 << (bits & 63)) - 1);
        let quote = word >> (bits & 63) & 0xff == b'"' as u64;
        if special == 0 || !quote || beyond_ascii(text) {
            return None;
        }
        let len = bits as usize / 8;
        self.at += len + 2;
        Some((text, len))
    }

    #[cold]
    pub(super) fn fault<T>(&self, what: &str) -> Result<T> {
        Err(fault(self.text, self.at, what))
    }

    /// Takes `true`, `false` or `null`, the first letter of which is here.
    #[inline]
    pub(super) fn word<const N: usize>(&mut self, word: &[u8; N]) -> Result<()> {
        if self.text[self.at..].first_chunk::<N>() != Some(word) {
            return self.bad_word(word);
        }
        self.at += N;
        Ok(())
    }

    #[cold]
    fn bad_word(&mut self, word: &[u8]) -> Result<()> {
        let same = self.text[self.at..]
            .iter()
            .zip(word)
            .take_while(|(a, b)| a == b)
            .count();
        self.at += same;
        self.fault(&format!(
            "expected the rest of `{}`",
            String::from_utf8_lossy(word)
        ))
    }

    /// Takes a string whose opening quote is here, and its closing quote.
    #[inline(always)]
    pub(super) fn string(&mut self, scratch: &mut Vec<u8>) -> Result<Token> {
        self.at += 1;
        let start = self.at;
        let mut high = 0u64;
        let mut at = start;
        loop {
            // Beyond the end the word is 0, a control character, so the loop ends there at the latest.
            let word = word_at(self.text, at);
            let special = specials(word);
            if special == 0 {
                high |= word;
                at += 8;
                continue;
            }
            let bits = special.trailing_zeros() & !7;
            high |= word & ((1u64 << bits) - 1);
            at += bits as usize / 8;
            break;
        }
        if self.text.get(at) != Some(&b'"') {
            return self.string_tail(start, scratch);
        }
        if beyond_ascii(high) && std::str::from_utf8(&self.text[start..at]).is_err() {
            return Err(not_utf8(self.text, start, at));
        }
        self.at = at + 1;
        Ok(Token {
            start,
            len: at - start,
            escaped: false,
        })
    }

    /// The general case of [`string`](Self::string): escapes, or a fault.
    #[inline(never)]
    fn string_tail(&mut self, start: usize, scratch: &mut Vec<u8>) -> Result<Token> {
        scratch.clear();
        let mut escaped = false;
        let mut run = start; // of bytes that stand for themselves
        self.at = start;
        loop {
            while let Some(chunk) = self
                .text
                .get(self.at..)
                .and_then(|rest| rest.first_chunk::<8>())
            {
                let special = specials(u64::from_le_bytes(*chunk));
                if special != 0 {
                    self.at += special.trailing_zeros() as usize / 8;
                    break;
                }
                self.at += 8;
            }
            match self.text.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    scratch.extend_from_slice(&self.text[run..self.at]);
                    self.escape(scratch)?;
                    run = self.at;
                }
                Some(0..=0x1f) => {
                    return self.fault("expected no raw control character in a string")
                }
                Some(_) => self.at += 1,
                None => return self.fault("expected the string's closing quote"),
            }
        }
        let end = self.at;
        // Escapes stand for whole characters, so the raw text is UTF-8 if and only if the result is.
        if std::str::from_utf8(&self.text[start..end]).is_err() {
            return Err(not_utf8(self.text, start, end));
        }
        self.at += 1;
        if !escaped {
            return Ok(Token {
                start,
                len: end - start,
                escaped,
            });
        }
        scratch.extend_from_slice(&self.text[run..end]);
        Ok(Token {
            start: 0,
            len: scratch.len(),
            escaped,
        })
    }

    /// Takes the escape here and appends what it stands for.
    fn escape(&mut self, scratch: &mut Vec<u8>) -> Result<()> {
        let start = self.at;
        self.at += 1;
        let plain = match self.text.get(self.at) {
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(&byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'u') => return self.unicode_escape(start, scratch),
            _ => return self.fault("expected one of `\"\\/bfnrtu` after the backslash"),
        };
        self.at += 1;
        scratch.push(plain);
        Ok(())
    }

    fn unicode_escape(&mut self, start: usize, scratch: &mut Vec<u8>) -> Result<()> {
        self.at += 1;
        let first = self.four_hex()?;
        let code = match first {
            0xd800..=0xdbff => {
                if self
                    .text
                    .get(self.at..)
                    .is_none_or(|rest| !rest.starts_with(b"\\u"))
                {
                    return Err(lone_surrogate(self.text, start));
                }
                self.at += 2;
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
                .text
                .get(self.at)
                .and_then(|&byte| (byte as char).to_digit(16))
            else {
                return self.fault("expected four hexadecimal digits after `\\u`");
            };
            code = code << 4 | digit;
            self.at += 1;
        }
        Ok(code)
    }
}

#[cold]
fn lone_surrogate(text: &[u8], at: usize) -> crate::error::Error {
    fault(text, at, "expected a surrogate escape to be one of a pair")
        .with_hint("a lone surrogate is no character; replace it, for example by \\ufffd")
}
