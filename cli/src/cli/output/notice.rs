//! Notices: things worth knowing that are no errors.

use super::stderr::Stderr;
use super::{human, paint};
use crate::cli::terminal::printable;
use crate::format_time;
use crate::json;

/// Something worth knowing.
#[derive(Debug)]
pub(crate) struct Notice<'a> {
    /// The kind, as in `drop`.
    pub(crate) kind: &'a str,
    /// The command it comes from.
    pub(crate) command: &'a str,
    /// The pool as typed.
    pub(crate) pool: &'a str,
    /// What happened, in words.
    pub(crate) message: &'a str,
}

impl Notice<'_> {
    /// Prints it on standard error, with details for programs.
    pub(crate) fn print(&self, err: &Stderr, details: impl FnOnce(&mut json::Object<'_>)) {
        if err.is_terminal() {
            let title = match self.kind {
                "insecure" => "warning:",
                _ => "notice:",
            };
            let label = err.label(title, paint::YELLOW);
            let pool = match self.command {
                // It has one pool, and a notice for each bad record.
                "feed" => String::new(),
                _ => format!(" (pool: {})", printable(self.pool)),
            };
            return err.print(format!("{label} {}{pool}\n", printable(self.message)).as_bytes());
        }
        let mut line = Vec::new();
        json::object(&mut line, |top| {
            top.object("notice", |notice| {
                notice.text("kind", self.kind);
                notice.maybe_text("time", format_time(human::now_ns()).ok().as_deref());
                notice
                    .text("cmd", self.command)
                    .text("pool", self.pool)
                    .text("message", self.message);
                notice.object("details", details);
            });
        });
        line.push(b'\n');
        err.print(&line);
    }
}
