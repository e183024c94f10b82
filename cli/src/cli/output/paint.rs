//! Colours: the eight base ones, on streams that want them.

use crate::cli::args::Color;

/// Keys of JSON objects.
pub(crate) const CYAN: &str = "\x1b[36m";
/// Strings.
pub(crate) const GREEN: &str = "\x1b[32m";
/// Numbers, and the labels of hints and notices.
pub(crate) const YELLOW: &str = "\x1b[33m";
/// Booleans.
pub(crate) const MAGENTA: &str = "\x1b[35m";
/// The label of errors.
pub(crate) const RED: &str = "\x1b[31m";
/// Back to the terminal's own colour.
pub(crate) const RESET: &str = "\x1b[0m";

/// Whether a stream gets colour under `auto`: a terminal does that knows any, unless NO_COLOR is set to something.
pub(crate) fn wanted(color: Color, terminal: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            terminal && !dumb && !unwanted
        }
    }
}

/// A label in a colour, or plain.
pub(crate) fn label(text: &str, color: &str, colored: bool) -> String {
    match colored {
        true => format!("{color}{text}{RESET}"),
        false => text.to_owned(),
    }
}
