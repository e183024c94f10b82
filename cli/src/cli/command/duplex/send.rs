//! The sending half of `duplex`: lines of a chat, or records as `feed` reads them.

use crate::cli::command::feed;
use crate::cli::input::{self, Line, LineReader};
use crate::cli::output::json;
use crate::cli::terminal::Keyboard;
use crate::{AppendOptions, Error, ErrorKind, Pool};
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
    let mut lines = LineReader::new(input::Source::Stdin(io::stdin().lock()));
    let options = AppendOptions::new();
    loop {
        while let Some(Line { number, text }) = lines.buffered() {
            pool.append(text, &options)
                .map_err(|error| feed::about_data(error, &format!("line {number}")))?;
        }
        if !lines.fill(|| feed::longest_record(pool))? {
            return Ok(());
        }
    }
}

fn unreadable(error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot read the input: {error}"))
}
