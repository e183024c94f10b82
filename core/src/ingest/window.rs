//! The input that has come and is not yet used, and where in the whole input it stands.

use memchr::{memchr_iter, memrchr};

/// Room kept for the next input when a large record has gone, in bytes.
const KEEP: usize = 1 << 20;

/// What has come and is not yet used. All places inside it count from its first byte.
#[derive(Debug)]
pub(super) struct Window {
    bytes: Vec<u8>,
    start: usize,
    /// Of the first byte in the whole input.
    pub(super) offset: u64,
    /// Of the first byte, from 1.
    pub(super) line: u64,
    /// Where that line starts in the whole input.
    line_start: u64,
    /// Nothing more comes.
    pub(super) ended: bool,
}

impl Window {
    pub(super) fn new() -> Window {
        Window {
            bytes: Vec::new(),
            start: 0,
            offset: 0,
            line: 1,
            line_start: 0,
            ended: false,
        }
    }

    /// Takes more input behind what is there.
    pub(super) fn push(&mut self, input: &[u8]) {
        if self.start > 0 && self.bytes.capacity() - self.bytes.len() < input.len() {
            self.bytes.drain(..self.start);
            self.start = 0;
            if self.bytes.capacity() > KEEP && self.bytes.len() + input.len() < KEEP / 2 {
                self.bytes.shrink_to(KEEP);
            }
        }
        self.bytes.extend_from_slice(input);
    }

    #[inline]
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Column of the first byte in its line, in bytes from 1.
    pub(super) fn column(&self) -> u64 {
        self.offset - self.line_start + 1
    }

    /// Leaves `count` bytes behind, among which no line ends.
    #[inline]
    pub(super) fn skip(&mut self, count: usize) {
        self.start += count;
        self.offset += count as u64;
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
    }

    /// Leaves `count` bytes behind, with which a line ends.
    #[inline]
    pub(super) fn skip_line(&mut self, count: usize) {
        self.skip(count);
        self.line += 1;
        self.line_start = self.offset;
    }

    /// Leaves `count` bytes behind and counts the lines that end among them.
    pub(super) fn skip_lines(&mut self, count: usize) {
        let skipped = &self.rest()[..count];
        if let Some(last) = memrchr(b'\n', skipped) {
            self.line += memchr_iter(b'\n', skipped).count() as u64;
            self.line_start = self.offset + last as u64 + 1;
        }
        self.skip(count);
    }

    /// Leaves `count` bytes behind that are in no column: a byte order mark, the second half of a line end.
    pub(super) fn skip_uncounted(&mut self, count: usize) {
        self.skip(count);
        self.line_start = self.offset;
    }

    /// Leaves white space behind, line ends too; gives the first byte that is none.
    #[inline]
    pub(super) fn skip_blanks(&mut self) -> Option<u8> {
        loop {
            match *self.rest().first()? {
                b'\n' => self.skip_line(1),
                b' ' | b'\t' | b'\r' => self.skip(1),
                byte => return Some(byte),
            }
        }
    }
}
