//! Standard error: errors and notices, as text on a terminal and as JSON elsewhere.

use super::paint;
use crate::cli::args::Color;
use crate::cli::terminal;
use std::io::{self, IsTerminal, Write};

/// Standard error.
#[derive(Clone, Debug)]
pub(crate) struct Stderr {
    terminal: bool,
    colored: bool,
}

impl Stderr {
    pub(crate) fn new(color: Color) -> Stderr {
        let terminal = io::stderr().is_terminal();
        // In a pipe it carries JSON, which is never coloured there.
        Stderr {
            terminal,
            colored: terminal && paint::wanted(color, terminal),
        }
    }

    /// Whether it is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// A label, coloured if that is wanted.
    pub(crate) fn label(&self, text: &str, color: &str) -> String {
        paint::label(text, color, self.colored)
    }

    /// Writes at once. Nobody is left to be told when that fails.
    pub(crate) fn print(&self, bytes: &[u8]) {
        let _ = terminal::aside(|| io::stderr().lock().write_all(bytes));
    }
}
