//! Numbers: exact 64-bit integers, correctly rounded doubles.

use super::scan::Scanner;
use crate::error::Result;

/// A number as the store keeps it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    /// Above `i64::MAX`.
    Uint(u64),
    Float(f64),
}

/// Powers of ten that are doubles without rounding.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The value of eight ASCII digits, if these are some; the first is the lowest byte.
#[inline]
fn eight_digits(word: u64) -> Option<u64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    // A digit's upper half is 3, and still is 3 with 6 added.
    if word & 0xf0f0_f0f0_f0f0_f0f0 != ZEROS
        || word.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0 != ZEROS
    {
        return None;
    }
    let digits = word - ZEROS;
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let quads = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((quads * 10_000 + (quads >> 32)) & 0xffff_ffff)
}

impl Scanner<'_> {
    /// Takes digits, appending them to `mantissa` modulo 2^64.
    #[inline]
    fn digits(&mut self, mantissa: &mut u64) {
        let mut at = self.at;
        while let Some(chunk) = self.text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let Some(value) = eight_digits(u64::from_le_bytes(*chunk)) else {
                break;
            };
            *mantissa = mantissa.wrapping_mul(100_000_000).wrapping_add(value);
            at += 8;
        }
        while let Some(&byte) = self.text.get(at) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            *mantissa = mantissa.wrapping_mul(10).wrapping_add(digit as u64);
            at += 1;
        }
        self.at = at;
    }

    /// Takes a number whose first byte, a digit or a minus sign, is here.
    #[inline]
    pub(super) fn number(&mut self) -> Result<Number> {
        let start = self.at;
        let negative = self.text[start] == b'-';
        self.at += negative as usize;
        let first = self.at;
        let mut mantissa = 0u64;
        self.digits(&mut mantissa);
        let mut count = self.at - first;
        if count == 0 {
            return self.fault("expected a digit after the minus sign");
        }
        if count > 1 && self.text[first] == b'0' {
            self.at = first + 1;
            return self.fault("expected no digit after a leading zero");
        }
        let next = self.peek();
        if next != b'.' && next | 0x20 != b'e' {
            if count > 18 {
                return self.wide_integer(start, first);
            }
            let value = mantissa as i64;
            return Ok(match (negative, value) {
                (false, value) => Number::Int(value),
                (true, 0) => Number::Float(-0.0),
                (true, value) => Number::Int(-value),
            });
        }
        let mut exponent = 0i64;
        if next == b'.' {
            self.at += 1;
            let point = self.at;
            self.digits(&mut mantissa);
            let places = self.at - point;
            if places == 0 {
                return self.fault("expected a digit after the decimal point");
            }
            count += places;
            exponent = -(places as i64);
        }
        if self.peek() | 0x20 == b'e' {
            exponent += self.exponent()?;
        }
        // Both factors are exact doubles, so one operation rounds once: correctly.
        if count <= 19 && mantissa <= 1 << 53 && (-22..=22).contains(&exponent) {
            let power = EXACT_POWERS[exponent.unsigned_abs() as usize];
            let value = if exponent < 0 {
                mantissa as f64 / power
            } else {
                mantissa as f64 * power
            };
            return Ok(Number::Float(if negative { -value } else { value }));
        }
        self.wide_float(start)
    }

    fn exponent(&mut self) -> Result<i64> {
        self.at += 1;
        let sign = self.peek();
        self.at += matches!(sign, b'+' | b'-') as usize;
        let first = self.at;
        let mut value = 0i64;
        while self.peek().is_ascii_digit() {
            // Past any meaning for a double; `wide_float` reads the digits again.
            value = (value * 10 + (self.peek() - b'0') as i64).min(1 << 40);
            self.at += 1;
        }
        if self.at == first {
            return self.fault("expected a digit in the exponent");
        }
        Ok(if sign == b'-' { -value } else { value })
    }

    /// An integer of 19 digits or more.
    #[cold]
    fn wide_integer(&mut self, start: usize, first: usize) -> Result<Number> {
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        if let Ok(value) = text.parse() {
            return Ok(Number::Int(value));
        }
        match text.parse() {
            Ok(value) if start == first => Ok(Number::Uint(value)),
            _ => self.wide_float(start),
        }
    }

    /// A number that the short way cannot round.
    #[cold]
    fn wide_float(&mut self, start: usize) -> Result<Number> {
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Number::Float(value)),
            _ => {
                self.at = start;
                Err(super::fault::fault(
                    self.text,
                    start,
                    "expected a number that a double can hold (below 1.8e308)",
                )
                .with_hint("send it as a string"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Number> {
        let mut scanner = Scanner {
            text: text.as_bytes(),
            at: 0,
        };
        let number = scanner.number()?;
        assert_eq!(scanner.at, text.len(), "{text}");
        Ok(number)
    }

    #[test]
    fn integers_are_exact() {
        for value in [
            0,
            1,
            -1,
            7,
            12345678,
            123456789012345678,
            i64::MAX,
            i64::MIN,
            999999999999999999,
        ] {
            assert_eq!(read(&value.to_string()).unwrap(), Number::Int(value));
        }
        assert_eq!(read("9223372036854775808").unwrap(), Number::Uint(1 << 63));
        assert_eq!(
            read("18446744073709551615").unwrap(),
            Number::Uint(u64::MAX)
        );
        assert_eq!(
            read("18446744073709551616").unwrap(),
            Number::Float(18446744073709551616.0)
        );
        assert_eq!(
            read("-9223372036854775809").unwrap(),
            Number::Float(-9223372036854775808.0)
        );
        let Number::Float(zero) = read("-0").unwrap() else {
            panic!("not a float")
        };
        assert_eq!(zero.to_bits(), (-0.0f64).to_bits());
    }

    #[test]
    fn doubles_are_rounded_like_the_standard_library() {
        for text in [
            "1.0",
            "0.1",
            "-0.0",
            "23.571",
            "1e22",
            "1e23",
            "9007199254740993.0",
            "1.7976931348623157e308",
            "5e-324",
            "1e-400",
            "0e999999999999999999999",
            "123456789.123456789123456789",
            "0.00000000000000000000000000001",
        ] {
            let Number::Float(value) = read(text).unwrap() else {
                panic!("{text} is no float")
            };
            assert_eq!(
                value.to_bits(),
                text.parse::<f64>().unwrap().to_bits(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "-", "01", "-01", "1.", "1.e3", "1e", "1e+", "1e400", "-1e400", "1.5E",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
