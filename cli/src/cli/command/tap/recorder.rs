//! Messages of a run: its start, its lines, its end.

use super::lines::whole_characters;
use crate::cli::args::{Durability, TapArgs};
use crate::json::{self, Object};
use crate::{AppendOptions, Error, ErrorKind, Pool};
use std::ffi::OsString;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most bytes of a line that are kept, however large the pool is: what a run may take of our memory.
const LONGEST_LINE: u64 = 16 << 20;
/// The room of a pool that is not told: what a server takes at once, unless it was told otherwise.
const UNTOLD: u64 = 1 << 20;
/// What a message needs beside its line and tags, generously.
const AROUND_A_LINE: u64 = 512;

/// Appends the messages of one run. The first failure ends the recording, but not the run.
#[derive(Debug)]
pub(super) struct Recorder {
    pool: Pool,
    tags: Vec<String>,
    flush: bool,
    state: Mutex<State>,
    lines: AtomicU64,
    cut: AtomicU64,
}

#[derive(Debug)]
enum State {
    Recording,
    Failed(Error),
    /// The end was recorded: nothing comes after it.
    Ended,
}

impl Recorder {
    pub(super) fn new(pool: Pool, args: &TapArgs) -> Recorder {
        Recorder {
            pool,
            tags: args.tags.clone(),
            flush: args.durability == Durability::Flush,
            state: Mutex::new(State::Recording),
            lines: AtomicU64::new(0),
            cut: AtomicU64::new(0),
        }
    }

    /// How many bytes of a line there is room for.
    pub(super) fn longest_line(&self) -> Result<usize, Error> {
        let tags: usize = self.tags.iter().map(|tag| tag.len() + 8).sum();
        let room = match self.pool.info() {
            Ok(info) => info.ring_size,
            // A server that tells nothing about its pools. What is still too long is cut when it says so.
            Err(error) if error.kind() == ErrorKind::Permission => UNTOLD,
            Err(error) => return Err(error),
        };
        let room = room.saturating_sub(AROUND_A_LINE + tags as u64);
        Ok(usize::try_from(room.min(LONGEST_LINE)).unwrap_or(usize::MAX))
    }

    /// Records that the program runs, before anything that `capture` begins to record.
    pub(super) fn start(
        &self,
        words: &[OsString],
        capture: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let words = words.iter().map(|word| word.to_string_lossy());
        let message = object(|message| {
            message.text("kind", "start").member("cmd", |out| {
                json::array(words, out, |word, out| json::string(&word, out));
            });
        });
        let mut capturing = Ok(());
        self.record(|pool| {
            capturing = capture();
            pool.append(&message, &AppendOptions::new().tag("lifecycle"))
                .map(drop)
        });
        self.flush();
        capturing
    }

    /// Records a line; `message` is the caller's to use again.
    pub(super) fn line(&self, stream: &str, line: &[u8], left_out: u64, message: &mut Vec<u8>) {
        let options = AppendOptions::new().tags(self.tags.iter().map(String::as_str).collect());
        let (mut line, mut left_out) = (line, left_out);
        let recorded = self.record(|pool| loop {
            let text = String::from_utf8_lossy(line);
            message.clear();
            json::object(message, |message| {
                message.text("kind", "line").text("stream", stream);
                message.text("line", &text);
                if left_out > 0 {
                    message.number("cut", left_out);
                }
            });
            match pool.append(message, &options) {
                // Too large for the ring after all: bytes that are no text have grown when they were replaced.
                Err(error) if error.kind() == ErrorKind::Usage && !line.is_empty() => {
                    let shorter = whole_characters(&line[..line.len() - line.len().div_ceil(8)]);
                    left_out += (line.len() - shorter.len()) as u64;
                    line = shorter;
                }
                appended => return appended.map(drop),
            }
        });
        if recorded {
            self.lines.fetch_add(1, Ordering::Relaxed);
            self.cut
                .fetch_add(u64::from(left_out > 0), Ordering::Relaxed);
        }
    }

    /// Brings to disk what was recorded, if that was asked for.
    pub(super) fn flush(&self) {
        if self.flush {
            self.record(Pool::flush);
        }
    }

    /// Records the end of the run; nothing is recorded after it. Gives the failure that ended the recording, if any.
    pub(super) fn end(&self, members: impl FnOnce(&mut Object<'_>)) -> Result<(), Error> {
        let message = object(|message| {
            message.text("kind", "exit");
            members(message);
        });
        self.record(|pool| {
            pool.append(&message, &AppendOptions::new().tag("lifecycle"))
                .map(drop)
        });
        self.flush();
        match std::mem::replace(&mut *self.state(), State::Ended) {
            State::Failed(error) => Err(error),
            State::Recording | State::Ended => Ok(()),
        }
    }

    /// Lines recorded, and how many of them were cut.
    pub(super) fn counts(&self) -> (u64, u64) {
        let counts = [&self.lines, &self.cut].map(|count| count.load(Ordering::Relaxed));
        (counts[0], counts[1])
    }

    /// One at a time: what two streams bring is recorded in the order of arrival, and nothing after the end.
    fn record(&self, write: impl FnOnce(&Pool) -> Result<(), Error>) -> bool {
        let mut state = self.state();
        if !matches!(*state, State::Recording) {
            return false;
        }
        let written = write(&self.pool);
        let recorded = written.is_ok();
        if let Err(error) = written {
            *state = State::Failed(error);
        }
        recorded
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn object(members: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut text = Vec::new();
    json::object(&mut text, members);
    text
}
