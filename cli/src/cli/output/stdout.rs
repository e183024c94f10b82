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
        self.buffer.extend_from_slice(text);
        self.buffer.push(b'\n');
        self.written()
    }

    /// Appends compact JSON as a line.
    pub(crate) fn json_line(&mut self, json: &[u8]) -> Result<(), Failure> {
        match self.terminal {
            true => self.buffer.extend_from_slice(&harmless(json)),
            false => self.buffer.extend_from_slice(json),
        }
        self.buffer.push(b'\n');
        self.written()
    }

    /// Appends compact JSON indented, in colour where that is wanted.
    pub(crate) fn json_indented(&mut self, json: &[u8]) -> Result<(), Failure> {
        match self.terminal {
            true => pretty::indent(&harmless(json), self.colored, &mut self.buffer),
            false => pretty::indent(json, self.colored, &mut self.buffer),
        }
        self.buffer.push(b'\n');
        self.written()
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
pub(crate) fn harmless(json: &[u8]) -> Cow<'_, [u8]> {
    let suspicious = |byte: &u8| matches!(byte, 0x7f | 0xc2);
    if !json.iter().any(suspicious) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len());
    for char in String::from_utf8_lossy(json).chars() {
        match char {
            '\u{7f}'..='\u{9f}' => text.push_str(&format!("\\u{:04x}", u32::from(char))),
            char => text.push(char),
        }
    }
    Cow::Owned(text.into_bytes())
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
