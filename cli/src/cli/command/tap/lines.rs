//! Bytes of a program's output as lines, with memory for one line of limited length.

/// Puts lines together from chunks.
#[derive(Debug)]
pub(super) struct Lines {
    /// The beginning of a line whose end is still to come.
    begun: Vec<u8>,
    /// Bytes of it that were left out.
    left_out: u64,
    /// Whether a line has begun, even if nothing of it was kept.
    open: bool,
    limit: usize,
}

impl Lines {
    /// Keeps at most `limit` bytes of each line.
    pub(super) fn new(limit: usize) -> Lines {
        Lines {
            begun: Vec::new(),
            left_out: 0,
            open: false,
            limit,
        }
    }

    /// Takes a chunk; `line` gets each line that is complete with it, without its end, and how many bytes of it were
    /// left out.
    pub(super) fn push(&mut self, chunk: &[u8], mut line: impl FnMut(&[u8], u64)) {
        let mut rest = chunk;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let text = &rest[..end];
            rest = &rest[end + 1..];
            if !self.open && text.len() <= self.limit {
                // All of it is here: nothing to keep.
                line(without_end(text), 0);
                continue;
            }
            self.keep(text);
            self.give(&mut line);
        }
        if !rest.is_empty() {
            self.keep(rest);
        }
    }

    /// Gives a last line without an end.
    pub(super) fn finish(&mut self, mut line: impl FnMut(&[u8], u64)) {
        if self.open {
            self.give(&mut line);
        }
    }

    fn keep(&mut self, text: &[u8]) {
        self.open = true;
        let kept = match self.left_out {
            0 => text.len().min(self.limit - self.begun.len()),
            _ => 0,
        };
        self.begun.extend_from_slice(&text[..kept]);
        self.left_out += (text.len() - kept) as u64;
    }

    fn give(&mut self, line: &mut impl FnMut(&[u8], u64)) {
        let whole = match self.left_out {
            0 => without_end(&self.begun),
            _ => whole_characters(&self.begun),
        };
        let left_out = match self.left_out {
            0 => 0,
            more => more + (self.begun.len() - whole.len()) as u64,
        };
        line(whole, left_out);
        self.begun.clear();
        // A single long line is no reason to hold its memory for ever.
        self.begun.shrink_to(64 << 10);
        (self.left_out, self.open) = (0, false);
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| *byte != b'\r');
    &line[..end.map_or(0, |last| last + 1)]
}

/// Without the beginning of a character at the end whose rest was cut off.
pub(super) fn whole_characters(text: &[u8]) -> &[u8] {
    let tail = text.len().saturating_sub(4);
    let last = text[tail..]
        .iter()
        .rposition(|byte| byte & 0xc0 != 0x80)
        .map(|at| tail + at);
    match last {
        Some(start) => match std::str::from_utf8(&text[start..]) {
            Err(error) if error.error_len().is_none() => &text[..start],
            _ => text,
        },
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8], chunk: usize, limit: usize) -> Vec<(String, u64)> {
        let (mut lines, mut found) = (Lines::new(limit), Vec::new());
        let mut take = |line: &[u8], left_out| {
            found.push((String::from_utf8_lossy(line).into_owned(), left_out));
        };
        for chunk in input.chunks(chunk) {
            lines.push(chunk, &mut take);
        }
        lines.finish(&mut take);
        found
    }

    #[test]
    fn lines_do_not_depend_on_how_they_arrive() {
        let input = b"one\r\n\n  two \n\r\nthree\xff\na\rb\r\r\nlast";
        let expected = ["one", "", "  two ", "", "three\u{fffd}", "a\rb", "last"];
        let expected: Vec<_> = expected.map(|line| (line.to_owned(), 0)).into();
        for chunk in [1, 2, 3, 5, 100] {
            assert_eq!(lines(input, chunk, 100), expected, "chunks of {chunk}");
        }
        assert!(lines(b"", 1, 10).is_empty());
        assert_eq!(lines(b"x\n", 1, 10).len(), 1, "no empty last line");
    }

    #[test]
    fn long_lines_are_cut_at_characters() {
        let expected = vec![
            ("12345".to_owned(), 0),
            ("12345".to_owned(), 3),
            ("abcé".to_owned(), 2),
            ("abcd".to_owned(), 4),
            ("x".to_owned(), 0),
        ];
        let input = "12345\n12345678\nabcéxy\nabcdéxy\nx".as_bytes();
        for chunk in [1, 2, 3, 100] {
            assert_eq!(lines(input, chunk, 5), expected, "chunks of {chunk}");
        }
    }

    #[test]
    fn cut_characters_are_found() {
        assert_eq!(whole_characters("aé".as_bytes()), "aé".as_bytes());
        assert_eq!(whole_characters(b"a\xc3"), b"a");
        assert_eq!(whole_characters(b"a\xf0\x9f\x99"), b"a");
        assert_eq!(whole_characters(b"a\xff"), b"a\xff");
        assert_eq!(
            whole_characters(b"\x80\x80\x80\x80\x80"),
            b"\x80\x80\x80\x80\x80"
        );
        assert_eq!(whole_characters(b""), b"");
    }
}
