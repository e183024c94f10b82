//! A chat on a terminal: `#12 14:03:05 bob: hello`, under the day it was said.

use super::{human, paint};
use crate::cli::terminal::printable;
use crate::{Error, View};

/// Bytes of the longest line: what is longer nobody has said, and it is shown without a copy.
const LONGEST: usize = 1 << 20;

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
        if from.len() + text.len() > LONGEST {
            return Ok(false);
        }
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
