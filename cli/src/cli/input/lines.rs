//! JSON Lines out of a stream of bytes, with memory for one record and no more.

use crate::{Error, ErrorKind};
use std::io::{self, Read};
use std::ops::Range;

/// Room to begin with: more than a pipe holds, so that one read empties it.
const CHUNK: usize = 256 << 10;

/// A record and its place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Counted from 1, blank lines included.
    pub(crate) number: u64,
    /// Without blanks around it; never empty.
    pub(crate) text: &'a [u8],
}

/// Reads lines in big chunks. Blank lines and a byte order mark are skipped, CR LF is fine.
///
/// [`LineReader::buffered`] never reads, [`LineReader::fill`] may block: between the two the caller can
/// give out what it has.
#[derive(Debug)]
pub(crate) struct LineReader<R> {
    source: R,
    buffer: Vec<u8>,
    /// What is read and not yet given out.
    pending: Range<usize>,
    /// Up to here `pending` is known to hold no line end.
    searched: usize,
    /// Lines given out or skipped.
    count: u64,
    ended: bool,
}

impl<R: Read> LineReader<R> {
    pub(crate) fn new(source: R) -> LineReader<R> {
        LineReader {
            source,
            buffer: vec![0; CHUNK],
            pending: 0..0,
            searched: 0,
            count: 0,
            ended: false,
        }
    }

    /// The next line that is complete in memory; at the end of the input, also an unfinished last one.
    pub(crate) fn buffered(&mut self) -> Option<Line<'_>> {
        while !self.pending.is_empty() {
            let end = match self.buffer[self.searched..self.pending.end]
                .iter()
                .position(|byte| *byte == b'\n')
            {
                Some(distance) => self.searched + distance,
                None if self.ended => self.pending.end,
                None => {
                    self.searched = self.pending.end;
                    return None;
                }
            };
            let mut text = self.pending.start..end;
            self.pending.start = (end + 1).min(self.pending.end);
            self.searched = self.pending.start;
            self.count += 1;
            if self.count == 1 && self.buffer[text.clone()].starts_with(b"\xef\xbb\xbf") {
                text.start += 3;
            }
            let trimmed = self.buffer[text.clone()].trim_ascii();
            if !trimmed.is_empty() {
                // Taken again from its place: the loop keeps no borrow.
                return Some(Line {
                    number: self.count,
                    text: self.buffer[text].trim_ascii(),
                });
            }
        }
        None
    }

    /// Reads more, waiting for it; false at the end of the input. `limit` tells the largest record there can
    /// be, and is asked only when one outgrows the first room.
    pub(crate) fn fill(
        &mut self,
        limit: impl FnOnce() -> Result<u64, Error>,
    ) -> Result<bool, Error> {
        if self.ended {
            return Ok(false);
        }
        self.make_room(limit)?;
        let read = loop {
            match self.source.read(&mut self.buffer[self.pending.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(read_error(&error)),
                Ok(read) => break read,
            }
        };
        self.pending.end += read;
        self.ended = read == 0;
        Ok(!self.ended || !self.pending.is_empty())
    }

    fn make_room(&mut self, limit: impl FnOnce() -> Result<u64, Error>) -> Result<(), Error> {
        if self.pending.is_empty() {
            (self.pending, self.searched) = (0..0, 0);
        }
        if self.pending.end < self.buffer.len() {
            return Ok(());
        }
        if self.pending.start > 0 {
            self.buffer.copy_within(self.pending.clone(), 0);
            self.searched -= self.pending.start;
            self.pending = 0..self.pending.len();
            return Ok(());
        }
        let limit = limit()?;
        if self.buffer.len() as u64 >= limit {
            let message = format!(
                "line {} is longer than any message this pool can hold",
                self.count + 1
            );
            return Err(Error::new(ErrorKind::Usage, message).with_hint(
                "use a larger pool, or check that the input has one JSON value a line",
            ));
        }
        self.buffer.resize(self.buffer.len() * 2, 0);
        Ok(())
    }
}

/// An error of the input.
pub(super) fn read_error(error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot read the input: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in pieces of a size.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            let (piece, rest) = self.0.split_at(length);
            buffer[..length].copy_from_slice(piece);
            self.0 = rest;
            Ok(length)
        }
    }

    fn all(input: &[u8], piece: usize, limit: u64) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        let mut reader = LineReader::new(Pieces(input, piece));
        let mut lines = Vec::new();
        loop {
            while let Some(line) = reader.buffered() {
                lines.push((line.number, line.text.to_vec()));
            }
            if !reader.fill(|| Ok(limit))? {
                return Ok(lines);
            }
        }
    }

    #[test]
    fn lines_do_not_depend_on_how_they_arrive() {
        let input = b"\xef\xbb\xbf1\r\n\n  \t\n {\"a\":2} \nlast";
        let expected = vec![
            (1, b"1".to_vec()),
            (4, b"{\"a\":2}".to_vec()),
            (5, b"last".to_vec()),
        ];
        for piece in [1, 2, 3, 7, 1000] {
            assert_eq!(
                all(input, piece, 1 << 20).unwrap(),
                expected,
                "pieces of {piece}"
            );
        }
    }

    #[test]
    fn long_lines_get_room_up_to_the_limit() {
        let mut input = vec![b'x'; 3 * CHUNK];
        input.extend_from_slice(b"\ny\n");
        let lines = all(&input, 100_000, 8 * CHUNK as u64).unwrap();
        assert_eq!(lines[0].1.len(), 3 * CHUNK);
        assert_eq!(lines[1], (2, b"y".to_vec()));
        let error = all(&input, 100_000, CHUNK as u64).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.message().contains("line 1"), "{error}");
    }

    #[test]
    fn nothing_gives_nothing() {
        assert!(all(b"", 5, 1 << 20).unwrap().is_empty());
        assert!(all(b"\n\n", 5, 1 << 20).unwrap().is_empty());
    }
}
