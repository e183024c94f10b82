//! Which filters take next to no time for a message, whatever the message is: comparisons of a path with a literal,
//! tests of a path with a literal string, and what `and`, `or`, `not` and `//` make of them.
//!
//! Such filters run where nothing may block. The grammar is a part of jq's, and errs on one side only: what it does
//! not know, and what it knows and is too long, is not plain. What is no jq at all may be.

/// Longer ones have too many terms.
const LONGEST: usize = 512;
/// Parentheses within parentheses.
const DEEPEST: usize = 16;

/// Functions of one string that take as long as their input and that string at most.
const TESTS: [&str; 4] = ["startswith", "endswith", "contains", "has"];
/// Those that begin as another one does come first.
const COMPARISONS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

/// Whether an expression is plain.
pub(super) fn is_plain(expression: &str) -> bool {
    if expression.len() > LONGEST {
        return false;
    }
    let mut parser = Parser {
        rest: expression,
        depth: 0,
    };
    parser.pipe().is_some() && parser.rest.is_empty()
}

/// What stands on one side of a comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Literal,
    /// Of any size.
    Other,
}

/// Each method takes what it is about and the blanks behind it; `None` when that is not there.
struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn pipe(&mut self) -> Option<()> {
        self.blanks();
        self.chain(&["//"], |parser| {
            parser.chain(&["or"], |parser| parser.chain(&["and"], Parser::comparison))
        })?;
        while self.sign("|") {
            match self.word()? {
                "not" => {}
                test if TESTS.contains(&test) => {
                    self.sign("(").then_some(())?;
                    self.string()?;
                    self.sign(")").then_some(())?;
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// Parts with one of these between them.
    fn chain(
        &mut self,
        between: &[&str],
        mut part: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        part(self)?;
        while between.iter().any(|between| self.operator(between)) {
            part(self)?;
        }
        Some(())
    }

    fn comparison(&mut self) -> Option<()> {
        let left = self.operand()?;
        if COMPARISONS.iter().any(|sign| self.sign(sign)) {
            let right = self.operand()?;
            // Two values of the message may both be large.
            return (left == Side::Literal || right == Side::Literal).then_some(());
        }
        Some(())
    }

    fn operand(&mut self) -> Option<Side> {
        match self.rest.as_bytes().first()? {
            b'"' => self.string().map(|()| Side::Literal),
            b'-' | b'0'..=b'9' => self.number().map(|()| Side::Literal),
            b'.' => self.path().map(|()| Side::Other),
            b'(' => {
                self.sign("(");
                self.depth += 1;
                (self.depth <= DEEPEST).then_some(())?;
                self.pipe()?;
                self.depth -= 1;
                self.sign(")").then_some(Side::Other)
            }
            _ => match self.word()? {
                "true" | "false" | "null" => Some(Side::Literal),
                _ => None,
            },
        }
    }

    /// `.`, `.a.b`, `."a b"`, `.["a"][0]`, each part with or without `?`.
    fn path(&mut self) -> Option<()> {
        self.raw(".").then_some(())?;
        let mut named = true;
        loop {
            if named && self.rest.starts_with(is_first) {
                self.name();
            } else if named && self.rest.starts_with('"') {
                self.raw_string()?;
            } else if self.raw("[") {
                self.blanks();
                match self.rest.starts_with('"') {
                    true => self.string()?,
                    false => self.number()?,
                }
                self.raw("]").then_some(())?;
            } else if !self.raw("?") {
                break;
            }
            named = self.raw(".");
            // `..` is every value of the message.
            if named
                && !self
                    .rest
                    .starts_with(|next| is_first(next) || "\"[".contains(next))
            {
                return None;
            }
        }
        self.blanks();
        Some(())
    }

    fn word(&mut self) -> Option<&'a str> {
        self.rest.starts_with(is_first).then_some(())?;
        let word = self.name();
        self.blanks();
        Some(word)
    }

    fn name(&mut self) -> &'a str {
        let inner = |character: char| is_first(character) || character.is_ascii_digit();
        let end = self.rest.find(|other| !inner(other));
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        name
    }

    fn string(&mut self) -> Option<()> {
        self.raw_string()?;
        self.blanks();
        Some(())
    }

    /// A string; one that has an expression in it is none.
    fn raw_string(&mut self) -> Option<()> {
        let mut characters = self.rest.strip_prefix('"')?.chars();
        loop {
            match characters.next()? {
                '"' => break,
                '\\' if characters.next()? == '(' => return None,
                _ => {}
            }
        }
        self.rest = characters.as_str();
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        self.raw("-");
        self.digits()?;
        if self.raw(".") {
            self.digits()?;
        }
        if self.raw("e") || self.raw("E") {
            let _ = self.raw("+") || self.raw("-");
            self.digits()?;
        }
        self.blanks();
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let rest = self
            .rest
            .trim_start_matches(|digit: char| digit.is_ascii_digit());
        let some = rest.len() < self.rest.len();
        self.rest = rest;
        some.then_some(())
    }

    /// A sign, or a word that is no part of a longer one.
    fn operator(&mut self, text: &str) -> bool {
        match text.starts_with(is_first) {
            false => self.sign(text),
            true => {
                let before = self.rest;
                let found = self.word() == Some(text);
                if !found {
                    self.rest = before;
                }
                found
            }
        }
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = self.raw(sign);
        if found {
            self.blanks();
        }
        found
    }

    fn raw(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }
}

fn is_first(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Filter;

    #[test]
    fn conditions_are_plain() {
        for plain in [
            ".data.level == \"error\"",
            ".data.a.b[\"c d\"][-1].e? >= -1.5e+3",
            " ( .data.\"x y\" // 7 ) == 7 ",
            "7 < .data.n and .data.n <= 9 or (.data.ok | not)",
            ".data.name | startswith(\"a\\\"b\")",
            ".data | has(\"x\") | not",
            "(.data.a | contains(\"x\")) and (.data.b | endswith( \"y\" ))",
            ".data.android == null or .data.order == false",
            ".",
            "true",
        ] {
            assert!(is_plain(plain), "{plain}");
            assert!(Filter::new(plain).is_ok(), "{plain}");
        }
    }

    #[test]
    fn what_may_take_long_is_not() {
        for other in [
            "reduce range(600000) as $i (0; .+$i) | . < 0",
            "[range(9)] == 1",
            ".data == .data",
            "(.data) == (.data)",
            ".data.a[] == 1",
            ".. == 1",
            ".data..a == 1",
            ".data, .data == 1",
            ".data | test(\"a*\")",
            ".data | contains(.data)",
            ".data | contains([\"a\"])",
            ".data | not(1)",
            ".data.n % 5 == 0",
            ".data - .data == 1",
            "\"\\(range(99))\" == 1",
            ".[\"\\(1)\"] == 1",
            ".data as $x | true",
            "def f: 1; true",
            ".data orr true",
            "any",
            "(true",
            "true)",
            "",
        ] {
            assert!(!is_plain(other), "{other}");
        }
        assert!(!is_plain(&format!(
            "{}true{}",
            "(".repeat(17),
            ")".repeat(17)
        )));
        assert!(!is_plain(&[".a == 1"; 60].join(" or ")));
    }
}
