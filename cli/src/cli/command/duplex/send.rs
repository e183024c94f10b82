//! The sending half of `duplex`: lines of a chat, or records as `feed` reads them.

use crate::cli::command::feed;
use crate::cli::input;
use crate::cli::terminal::Keyboard;
use crate::json;
use crate::{AppendOptions, Error, ErrorKind, Ingest, IngestOptions, IngestStep, Pool};
use std::io::{self, BufRead};

/// Where messages come from.
#[derive(Debug)]
pub(super) enum Source {
    /// Lines typed below what is shown, from this name.
    Typed(Keyboard, String),
    /// Lines as the terminal gives them, from this name.
    Lines(String),
    /// JSON values of standard input, as `feed` takes them.
    Records,
}

impl Source {
    /// Sends everything, each message as soon as it is there.
    ///
    /// # Errors
    /// Usage about a record that is no message; what the input and the appends meet.
    pub(super) fn send_all(self, pool: &Pool) -> Result<(), Error> {
        match self {
            Source::Typed(mut keyboard, me) => {
                while let Some(line) = keyboard.line().map_err(|error| unreadable(&error))? {
                    say(pool, &me, &line)?;
                }
                Ok(())
            }
            Source::Lines(me) => send_lines(pool, &me),
            Source::Records => send_records(pool),
        }
    }
}

fn send_lines(pool: &Pool, me: &str) -> Result<(), Error> {
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
        say(pool, me, text.trim_end_matches(['\r', '\n']))?;
    }
}

/// Sends a line of a chat, unless it is blank.
fn say(pool: &Pool, me: &str, line: &str) -> Result<(), Error> {
    if line.trim().is_empty() {
        return Ok(());
    }
    let mut message = Vec::with_capacity(line.len() + me.len() + 32);
    json::object(&mut message, |object| {
        object.text("from", me).text("msg", line);
    });
    pool.append(&message, &AppendOptions::new()).map(drop)
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
