//! A chat on a terminal: `#12 14:03:05 bob: hello`, under the day it was said.

use super::{human, paint};
use crate::{Error, View};

/// Writes lines of a chat.
#[derive(Debug)]
pub(crate) struct Chat {
    colored: bool,
    /// The day of the line written last, as `2026-01-02`.
    day: String,
}

impl Chat {
    pub(crate) fn new(colored: bool) -> Chat {
        Chat {
            colored,
            day: String::new(),
        }
    }

    /// Appends the message without an end of line; false for one that is not just something somebody says.
    pub(crate) fn write(&mut self, view: &View<'_>, out: &mut Vec<u8>) -> Result<bool, Error> {
        if view.root()?.is_none_or(|root| !matches!(root.len(), Ok(2))) {
            return Ok(false);
        }
        // A member of another type is an error of Usage: then it is no line of a chat.
        let (Ok(Some(from)), Ok(Some(text))) = (view.string("from"), view.string("msg")) else {
            return Ok(false);
        };
        let time = human::second(view.time_ns())?;
        let (day, clock) = time.split_once('T').unwrap_or(("", &time));
        if day != self.day {
            day.clone_into(&mut self.day);
            out.extend_from_slice(format!("--- {day} UTC ---\n").as_bytes());
        }
        let when = format!("#{} {}", view.seq(), clock.trim_end_matches('Z'));
        out.extend_from_slice(self.painted(&when, paint::YELLOW).as_bytes());
        for tag in view.tags()? {
            out.extend_from_slice(format!(" [{}]", printable(&tag)).as_bytes());
        }
        let name = format!("{}:", printable(&from));
        let line = format!(" {} {}", self.painted(&name, paint::CYAN), printable(&text));
        out.extend_from_slice(line.as_bytes());
        Ok(true)
    }

    fn painted(&self, text: &str, color: &str) -> String {
        paint::label(text, color, self.colored)
    }
}

/// Text without what a terminal would take for a command: control characters as JSON escapes them.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char.is_control() {
            true => shown.push_str(&format!("\\u{:04x}", u32::from(char))),
            false => shown.push(char),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_reaches_the_terminal_as_a_command() {
        assert_eq!(
            printable("a\u{1b}[2Jb\t\u{9b}é\u{7f}"),
            "a\\u001b[2Jb\\u0009\\u009bé\\u007f"
        );
    }
}
