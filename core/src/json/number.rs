//! Numbers: exact 64-bit integers, correctly rounded doubles.

use super::parse::{Sink, Stop};
use super::scan::Scanner;
use crate::error::Error;
use crate::lite3::word_at;

/// Powers of ten that are doubles without rounding.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// 10^n for the digits of one word.
const WORD_POWERS: [u64; 9] = [
    1,
    10,
    100,
    1000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
];

/// The value of eight digits (0 to 9, not ASCII), the first in the lowest byte.
#[inline]
fn eight_digits(digits: u64) -> u64 {
    let pairs = (digits.wrapping_mul(10 * 256 + 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let quads = (pairs.wrapping_mul(100 * 65_536 + 1) >> 16) & 0x0000_ffff_0000_ffff;
    quads.wrapping_mul((10_000 << 32) + 1) >> 32
}

impl<'a> Scanner<'a> {
    /// Takes digits: `mantissa` with them appended, modulo 2^64.
    #[inline(always)]
    fn digits(&mut self, mut mantissa: u64) -> u64 {
        loop {
            let digits = word_at(self.rest, 0) ^ 0x3030_3030_3030_3030;
            // The high bit of each byte above 9; exact up to the first, which is all that counts.
            let others =
                (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080;
            let count = others.trailing_zeros() / 8;
            if count == 0 {
                return mantissa;
            }
            // Shifted to the end, the digits get zeros in front.
            let value = eight_digits(digits << (64 - 8 * count));
            mantissa = mantissa
                .wrapping_mul(WORD_POWERS[count as usize])
                .wrapping_add(value);
            self.rest = &self.rest[count as usize..];
            if count < 8 {
                return mantissa;
            }
        }
    }

    /// Takes a number whose first byte, a digit or a minus sign, is here, and feeds it to the sink.
    #[inline(always)]
    pub(super) fn number<K: Sink>(&mut self, sink: &mut K) -> Result<(), Stop> {
        let start = self.rest;
        let negative = self.peek() == b'-';
        if negative {
            self.skip();
        }
        let first = self.rest;
        let mut mantissa = self.digits(0);
        let mut count = first.len() - self.rest.len();
        if count == 0 {
            return Ok(self.fault("expected a digit after the minus sign")?);
        }
        if count > 1 && first[0] == b'0' {
            self.rest = &first[1..];
            return Ok(self.fault("expected no digit after a leading zero")?);
        }
        let next = self.peek();
        if next != b'.' && next | 0x20 != b'e' {
            if count > 18 {
                return self.wide_integer(start, sink);
            }
            let value = mantissa as i64;
            if negative && value == 0 {
                sink.float(-0.0);
            } else {
                sink.int(if negative { -value } else { value });
            }
            return Ok(());
        }
        let mut exponent = 0i64;
        if next == b'.' {
            self.skip();
            let point = self.rest.len();
            mantissa = self.digits(mantissa);
            let places = point - self.rest.len();
            if places == 0 {
                return Ok(self.fault("expected a digit after the decimal point")?);
            }
            count += places;
            exponent = -(places as i64);
        }
        if self.peek() | 0x20 == b'e' {
            let (power, rest) = self.exponent()?;
            exponent += power;
            self.rest = rest;
        }
        // Both factors are exact doubles, so one operation rounds once: correctly.
        if count <= 19 && mantissa <= 1 << 53 && (-22..=22).contains(&exponent) {
            let power = EXACT_POWERS[exponent.unsigned_abs() as usize];
            let value = if exponent < 0 {
                mantissa as f64 / power
            } else {
                mantissa as f64 * power
            };
            sink.float(if negative { -value } else { value });
            return Ok(());
        }
        sink.float(self.wide_float(start)?);
        Ok(())
    }

    /// The exponent whose letter is here, and what is behind it.
    #[cold]
    fn exponent(mut self) -> Result<(i64, &'a [u8]), Error> {
        self.skip();
        let sign = self.peek();
        if matches!(sign, b'+' | b'-') {
            self.skip();
        }
        let first = self.rest.len();
        let mut value = 0i64;
        while self.peek().is_ascii_digit() {
            // Past any meaning for a double; `wide_float` reads the digits again.
            value = (value * 10 + (self.peek() - b'0') as i64).min(1 << 40);
            self.skip();
        }
        if self.rest.len() == first {
            return self.fault("expected a digit in the exponent");
        }
        Ok((if sign == b'-' { -value } else { value }, self.rest))
    }

    /// The double that starts at `start` and ends here, when the short way cannot round it.
    #[cold]
    fn wide_float(self, start: &[u8]) -> Result<f64, Error> {
        match number_text(start, self.rest).parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => {
                let at = self.text.len() - start.len();
                let what = "expected a number that a double can hold (below 1.8e308)";
                Err(super::fault::fault(self.text, at, what).with_hint("send it as a string"))
            }
        }
    }

    /// Feeds an integer of 19 digits or more, which starts at `start` and ends here.
    #[cold]
    fn wide_integer<K: Sink>(self, start: &[u8], sink: &mut K) -> Result<(), Stop> {
        let text = number_text(start, self.rest);
        if let Ok(value) = text.parse() {
            sink.int(value);
            return Ok(());
        }
        match text.parse() {
            Ok(value) => sink.uint(value)?,
            Err(_) => sink.float(self.wide_float(start)?),
        }
        Ok(())
    }
}

/// The digits, signs and letters between two places; they are ASCII.
fn number_text<'a>(start: &'a [u8], rest: &[u8]) -> &'a str {
    std::str::from_utf8(&start[..start.len() - rest.len()]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lite3::{Piece, Refusal};

    #[derive(Debug, PartialEq)]
    enum Number {
        Int(i64),
        Uint(u64),
        Float(f64),
    }

    struct Last(Option<Number>);

    impl Sink for Last {
        fn key(&mut self, _: Piece<'_>, _: bool, _: bool) -> Result<(), Refusal> {
            Ok(())
        }
        fn item(&mut self, _: bool) -> Result<(), Refusal> {
            Ok(())
        }
        fn begin(&mut self, _: bool) {}
        fn end(&mut self, _: bool) -> Result<(), Refusal> {
            Ok(())
        }
        fn null(&mut self) {}
        fn boolean(&mut self, _: bool) {}
        fn int(&mut self, value: i64) {
            self.0 = Some(Number::Int(value));
        }
        fn uint(&mut self, value: u64) -> Result<(), Refusal> {
            self.0 = Some(Number::Uint(value));
            Ok(())
        }
        fn float(&mut self, value: f64) {
            self.0 = Some(Number::Float(value));
        }
        fn string(&mut self, _: Piece<'_>) -> Result<(), Refusal> {
            Ok(())
        }
    }

    fn read(text: &str) -> Result<Number, ()> {
        let mut last = Last(None);
        let mut scanner = Scanner::new(text.as_bytes());
        scanner.number(&mut last).map_err(|_| ())?;
        assert!(scanner.rest.is_empty(), "{text}");
        last.0.ok_or(())
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
