//! Messages as they are shown: indented, as lines, or as a chat.

use super::chat::Chat;
use super::stdout::Stdout;
use crate::cli::exit::Failure;
use crate::{Error, Part, View};

/// How a message is written.
#[derive(Debug)]
enum Form {
    Indented,
    Lines,
    Chat(Box<Chat>),
}

/// Writes messages in one form.
#[derive(Debug)]
pub(crate) struct Printer {
    form: Form,
    part: Part,
}

impl Printer {
    /// Indented, in colour where that is wanted.
    pub(crate) fn indented(part: Part) -> Printer {
        Printer {
            form: Form::Indented,
            part,
        }
    }

    /// One line each.
    pub(crate) fn lines(part: Part) -> Printer {
        Printer {
            form: Form::Lines,
            part,
        }
    }

    /// What people say as lines of a chat, everything else indented.
    pub(crate) fn chat(colored: bool) -> Printer {
        Printer {
            form: Form::Chat(Box::new(Chat::new(colored))),
            part: Part::Envelope,
        }
    }

    /// Whether it wants the whole envelope as JSON, and so nothing else of a message.
    pub(crate) fn takes_envelopes(&self) -> bool {
        self.part == Part::Envelope && !matches!(self.form, Form::Chat(_))
    }

    /// Appends what [`Printer::print`] needs of a message, which is never nothing.
    pub(crate) fn take(&mut self, view: &View<'_>, text: &mut Vec<u8>) -> Result<(), Error> {
        if let Form::Chat(chat) = &mut self.form {
            if chat.write(view, text)? {
                return Ok(());
            }
        }
        view.write_json(self.part, text)
    }

    /// Prints what was taken.
    pub(crate) fn print(&self, out: &mut Stdout, text: &[u8]) -> Result<(), Failure> {
        match self.form {
            Form::Lines => out.json_line(text),
            // JSON envelopes begin with a brace, lines of a chat never do.
            Form::Chat(_) if text.first() != Some(&b'{') => out.text_line(text),
            Form::Indented | Form::Chat(_) => out.json_indented(text),
        }
    }
}
