//! The sending half of `duplex`: lines of a chat, or records as `feed` reads them.

use crate::cli::command::{advice, feed};
use crate::cli::input;
use crate::cli::output::error;
use crate::cli::output::stderr::Stderr;
use crate::cli::terminal::Keyboard;
use crate::json;
use crate::{AppendOptions, Error, ErrorKind, Ingest, IngestOptions, IngestStep, Pool};
use std::io::{self, BufRead};

/// Where messages come from.
#[derive(Debug)]
pub(super) enum Source {
    /// Lines typed below what is shown.
    Typed(Keyboard, Speaker),
    /// Lines as the terminal gives them.
    Lines(Speaker),
    /// JSON values of standard input, as `feed` takes them.
    Records,
}

impl Source {
    /// Sends everything, each message as soon as it is there.
    ///
    /// # Errors
    /// Usage about a record that is no message; what the input and the appends meet.
    pub(super) fn send_all(self, pool: &Pool) -> Result<(), Error> {
        let sent = self.send(pool);
        // Reading needs no such right, so that it is asked for only now.
        match &sent {
            Err(error) if error.kind() == ErrorKind::Permission => {
                advice::refuse_read_only(pool, "stored")?;
                sent
            }
            _ => sent,
        }
    }

    fn send(self, pool: &Pool) -> Result<(), Error> {
        match self {
            Source::Typed(mut keyboard, speaker) => {
                while let Some(line) = keyboard.line().map_err(|error| unreadable(&error))? {
                    if !speaker.say(pool, &line)? {
                        keyboard.put_back(&line);
                    }
                }
                Ok(())
            }
            Source::Lines(speaker) => send_lines(pool, &speaker),
            Source::Records => send_records(pool),
        }
    }
}

fn send_lines(pool: &Pool, speaker: &Speaker) -> Result<(), Error> {
    let mut stdin = io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        if stdin
            .read_until(b'\n', &mut line)
            .map_err(|error| unreadable(&error))?
            == 0
        {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        speaker.say(pool, text.trim_end_matches(['\r', '\n']))?;
    }
}

/// Who types, and where to say what is wrong with a line.
#[derive(Debug)]
pub(super) struct Speaker {
    pub(super) me: String,
    pub(super) err: Stderr,
    /// The pool is one of a server.
    pub(super) there: bool,
}

impl Speaker {
    /// Sends a line of a chat, unless it is blank. One too long for the pool ends no chat: false after saying so.
    fn say(&self, pool: &Pool, line: &str) -> Result<bool, Error> {
        if line.trim().is_empty() {
            return Ok(true);
        }
        let mut message = Vec::with_capacity(line.len() + self.me.len() + 32);
        json::object(&mut message, |object| {
            object.text("from", &self.me).text("msg", line);
        });
        match pool.append(&message, &AppendOptions::new()) {
            Err(error) if error.is_too_large() => {
                error::show(&self.err, self.there, &error);
                Ok(false)
            }
            sent => sent.map(|_| true),
        }
    }
}

/// Sends records like `feed --errors stop`, but without receipts, and no record at all is fine.
fn send_records(pool: &Pool) -> Result<(), Error> {
    let mut source = input::Source::Stdin(io::stdin().lock());
    let options = IngestOptions::new().max_record(feed::longest_record(pool)?);
    let mut ingest = Ingest::new(&options)?;
    let mut chunk = vec![0; input::CHUNK];
    let options = AppendOptions::new();
    loop {
        match ingest.append(pool, &options)? {
            IngestStep::Record(_) => {}
            IngestStep::Fault(fault) => {
                return Err(feed::with_hint(fault.error, "a message is one JSON value"))
            }
            IngestStep::More => match source.read(&mut chunk)? {
                0 => ingest.finish()?,
                count => ingest.push(&chunk[..count])?,
            },
            IngestStep::End => return Ok(()),
        }
    }
}

fn unreadable(error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot read the input: {error}"))
        .with_hint("check where standard input comes from")
}
