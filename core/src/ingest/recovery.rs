//! Behind a broken value: what still belongs to it, so that no part of it is taken for a record of its own.

use super::structure::{Structure, SEPARATOR};
use memchr::memchr;

/// The way to the end of a value that is not wanted any more.
///
/// A broken value ends with the line on which its brackets close. A line that starts with a bracket where no
/// value can follow (nothing but a comma, a colon or an opening bracket may stand before one) is the next
/// record: the value was cut short before it. Indented lines, and lines that start otherwise, belong to the
/// broken value.
#[derive(Debug)]
pub(super) struct Recovery {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// At the first byte of a line.
    line_start: bool,
    /// The last byte that is no white space.
    previous: u8,
    /// Whether the rest of its last line goes with it.
    whole_line: bool,
    /// Whether a record separator ends it.
    separators: bool,
}

impl Recovery {
    /// From the place of a fault in the value that starts `text`.
    pub(super) fn after_fault(
        structure: &Structure,
        text: &[u8],
        at: usize,
        separators: bool,
    ) -> Recovery {
        let before = &text[..at];
        Recovery {
            depth: structure.depth(),
            in_string: false,
            escaped: false,
            line_start: before.last() == Some(&b'\n'),
            previous: super::found::trimmed(before).last().copied().unwrap_or(0),
            whole_line: true,
            separators,
        }
    }

    /// From the middle of a good value that is too large.
    pub(super) fn of_oversize(structure: &Structure, text: &[u8], separators: bool) -> Recovery {
        Recovery {
            in_string: structure.in_string(),
            whole_line: structure.is_scalar(),
            ..Recovery::after_fault(structure, text, structure.at(), separators)
        }
    }

    /// How many bytes of `text` belong to the value, and whether it ends there.
    pub(super) fn scan(&mut self, text: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            if self.separators && byte == SEPARATOR {
                return (at, true);
            }
            if self.depth == 0 && !self.in_string {
                if !self.whole_line {
                    return (at, true);
                }
                let line = &text[at..];
                let line = &line[..memchr(b'\n', line).map_or(line.len(), |end| end + 1)];
                if let (true, Some(separator)) = (self.separators, memchr(SEPARATOR, line)) {
                    return (at + separator, true);
                }
                at += line.len();
                if line.ends_with(b"\n") {
                    return (at, true);
                }
                continue;
            }
            if self.line_start && matches!(byte, b'{' | b'[') && !b",:{[".contains(&self.previous) {
                return (at, true);
            }
            at += 1;
            self.take(byte);
        }
        // A value that is complete by its last byte needs none behind it.
        (at, self.depth == 0 && !self.in_string && !self.whole_line)
    }

    fn take(&mut self, byte: u8) {
        self.line_start = byte == b'\n';
        if self.line_start {
            // No string goes over a line end.
            self.in_string = false;
            self.escaped = false;
        } else if self.in_string {
            if self.escaped {
                self.escaped = false;
            } else {
                self.escaped = byte == b'\\';
                self.in_string = byte != b'"';
            }
        } else {
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        if !byte.is_ascii_whitespace() {
            self.previous = byte;
        }
    }
}
