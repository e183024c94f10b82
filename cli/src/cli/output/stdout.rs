//! Standard output: one buffer, written when it is large or before the command waits.

use super::{paint, pretty};
use crate::cli::args::Color;
use crate::cli::exit::Failure;
use crate::cli::terminal;
use crate::{Error, ErrorKind};
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

/// When the buffer is written without being asked: large enough that system calls do not count.
const LARGE: usize = 64 << 10;

/// Standard output.
#[derive(Debug)]
pub(crate) struct Stdout {
    buffer: Vec<u8>,
    terminal: bool,
    colored: bool,
}

impl Stdout {
    pub(crate) fn new(color: Color) -> Stdout {
        let terminal = io::stdout().is_terminal();
        Stdout {
            buffer: Vec::new(),
            terminal,
            colored: paint::wanted(color, terminal),
        }
    }

    /// Whether it is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether what is written there is coloured.
    pub(crate) fn is_colored(&self) -> bool {
        self.colored
    }

    /// A label for people, coloured if that is wanted.
    pub(crate) fn label(&self, text: &str, color: &str) -> String {
        paint::label(text, color, self.colored)
    }

    /// The buffer, to append to; follow it with [`Stdout::written`].
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Writes the buffer if it is large.
    pub(crate) fn written(&mut self) -> Result<(), Failure> {
        match self.buffer.len() >= LARGE {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Appends a line.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.text_line(text.as_bytes())
    }

    /// Appends a line that is UTF-8.
    pub(crate) fn text_line(&mut self, text: &[u8]) -> Result<(), Failure> {
        self.put(text)?;
        self.put(b"\n")
    }

    /// Appends a piece. A long one goes out as it is: for a copy of it there might be no memory.
    fn put(&mut self, piece: &[u8]) -> Result<(), Failure> {
        if piece.len() >= LARGE {
            self.flush()?;
            return print(piece);
        }
        self.buffer.extend_from_slice(piece);
        self.written()
    }

    /// Appends compact JSON as a line.
    pub(crate) fn json_line(&mut self, json: &[u8]) -> Result<(), Failure> {
        match self.terminal {
            true => self.text_line(&harmless(json)?),
            false => self.text_line(json),
        }
    }

    /// Appends compact JSON indented, in colour where that is wanted.
    pub(crate) fn json_indented(&mut self, json: &[u8]) -> Result<(), Failure> {
        let json = match self.terminal {
            true => harmless(json)?,
            false => Cow::Borrowed(json),
        };
        pretty::indent(&json, self.colored, &mut |piece| self.put(piece))?;
        self.put(b"\n")
    }

    /// Appends a report: compact JSON as a line, indented on a terminal.
    pub(crate) fn report(&mut self, json: &[u8]) -> Result<(), Failure> {
        match self.terminal {
            true => self.json_indented(json),
            false => self.json_line(json),
        }
    }

    /// Writes everything out.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let outcome = print(&self.buffer);
        self.buffer.clear();
        outcome
    }
}

/// JSON for a terminal. Control characters up to U+001F are escaped already; those from U+007F on need not be in JSON,
/// and terminals take some of them for commands.
pub(crate) fn harmless(json: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    let suspicious = json.iter().filter(|byte| matches!(byte, 0x7f | 0xc2));
    let suspicious = suspicious.count();
    if suspicious == 0 {
        return Ok(Cow::Borrowed(json));
    }
    let mut text = String::new();
    let longest = json.len() + 5 * suspicious;
    if text.try_reserve(longest).is_err() {
        return Err(Error::new(
            ErrorKind::Io,
            format!("no memory for {longest} bytes to show"),
        )
        .with_hint(
            "raise the limit of the process (ulimit -v), or write to a file instead of a terminal",
        ));
    }
    for char in String::from_utf8_lossy(json).chars() {
        match char {
            '\u{7f}'..='\u{9f}' => text.push_str(&format!("\\u{:04x}", u32::from(char))),
            char => text.push(char),
        }
    }
    Ok(Cow::Owned(text.into_bytes()))
}

/// Writes to standard output at once. A reader that is gone is not an error but an end.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let written = terminal::aside(|| {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush())
    });
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ClosedOutput,
        _ => Error::new(
            ErrorKind::Io,
            format!("cannot write to standard output: {error}"),
        )
        .with_hint("check the disk or the program the output goes to")
        .into(),
    })
}
