//! The terminal with a line to type on: the state of it, drawing, and giving it back.

use super::keys::{Decoder, Key};
use super::line::{Line, Typed};
use super::signals::{self, GRACE};
use super::text::printable;
use crate::{Error, ErrorKind};
use rustix::event::{poll, PollFd, PollFlags};
use rustix::process::getpgrp;
use rustix::termios::{self, Action, LocalModes, OptionalActions, Termios};
use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Deletes to the end of the row.
const CLEAR: &str = "\r\x1b[K";

/// Columns of the line that the prompt leaves, or it is left out.
const LEAST_COLUMNS: usize = 10;

/// What is on the terminal while a line is typed. One for the process, which has one terminal.
static SHOWN: Mutex<Option<Shown>> = Mutex::new(None);

/// How the terminal was set before. Apart from what is shown, which is locked while somebody writes to the terminal, and
/// that may take for ever: its output can be stopped (Ctrl-S).
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

struct Shown {
    /// What stands before the line, as printed and as a number of columns.
    prompt: String,
    prompt_columns: usize,
    line: Line,
}

fn locked<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the terminal is there for this process. In the background the system stops one that sets the terminal or
/// reads from it, which would keep it from ending.
pub(super) fn is_ours() -> bool {
    // Where the terminal tells of no group there is no background.
    !termios::tcgetpgrp(io::stdin()).is_ok_and(|group| group != getpgrp())
}

/// Every key at once and not echoed by the system. Signals keep their keys.
fn seize() {
    if !is_ours() {
        return;
    }
    if let Some(before) = locked(&BEFORE).as_ref() {
        let mut raw = before.clone();
        raw.local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN);
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &raw);
    }
}

fn give_back(before: Option<&Termios>) {
    if let Some(before) = before.filter(|_| is_ours()) {
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, before);
    }
}

/// Prints something: a line that is being typed is taken away before it, and drawn again below it.
pub(crate) fn aside<T>(print: impl FnOnce() -> T) -> T {
    let mut shown = locked(&SHOWN);
    let Some(shown) = shown.as_mut() else {
        return print();
    };
    put(CLEAR);
    let printed = print();
    shown.draw();
    printed
}

/// How wide the terminal is. One that does not know its size has the usual one.
pub(crate) fn columns() -> usize {
    match termios::tcgetwinsize(io::stdout()).map_or(0, |size| size.ws_col) {
        0 => 80,
        columns => columns.into(),
    }
}

/// Straight to the terminal. Nobody is left to be told when that fails.
fn put(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

impl Shown {
    fn draw(&mut self) {
        let columns = columns();
        // In a narrow window the line is worth more than what stands before it.
        let fits = self.prompt_columns + LEAST_COLUMNS <= columns;
        let (prompt, taken) = if fits {
            (self.prompt.as_str(), self.prompt_columns)
        } else {
            ("", 0)
        };
        let (text, cursor) = self.line.visible(columns - taken);
        let column = taken + cursor;
        let back = match column {
            0 => String::new(),
            column => format!("\x1b[{column}C"),
        };
        put(&format!("{CLEAR}{prompt}{text}\r{back}"));
    }
}

/// The line's place on the terminal; dropping it gives the terminal back as it was.
#[derive(Debug)]
pub(crate) struct Screen(());

/// Where lines come from.
#[derive(Debug)]
pub(crate) struct Keyboard {
    decoder: Decoder,
    /// Read and not yet looked at: several lines may have come at once.
    keys: VecDeque<Key>,
}

/// Puts a line to type on at the bottom of the terminal: standard input and output must both be it. `None` where that
/// cannot be. `prompt` stands before the line; `painted` is the same with its colours.
///
/// # Errors
/// Io when the signals that would leave the terminal as it is cannot be caught.
pub(crate) fn open(prompt: &str, painted: &str) -> Result<Option<(Screen, Keyboard)>, Error> {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if dumb || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Ok(None);
    }
    // Changes nothing; but in the background the process stops here, with every signal still as the system has it.
    let there = termios::tcflow(io::stdin(), Action::OOn);
    let Ok(before) = there.and_then(|()| termios::tcgetattr(io::stdin())) else {
        return Ok(None);
    };
    signals::watch().map_err(|error| {
        Error::new(ErrorKind::Io, format!("cannot watch for signals: {error}"))
            .with_hint("try again; the system has no descriptors or threads left")
    })?;
    let mut new = Shown {
        prompt: painted.to_owned(),
        prompt_columns: unicode_width::UnicodeWidthStr::width(prompt),
        line: Line::default(),
    };
    *locked(&BEFORE) = Some(before);
    let mut shown = locked(&SHOWN);
    seize();
    new.draw();
    *shown = Some(new);
    let keyboard = Keyboard {
        decoder: Decoder::default(),
        keys: VecDeque::new(),
    };
    Ok(Some((Screen(()), keyboard)))
}

impl Drop for Screen {
    fn drop(&mut self) {
        if locked(&SHOWN).take().is_some() {
            if is_ours() {
                put(CLEAR);
            }
            give_back(locked(&BEFORE).take().as_ref());
        }
    }
}

/// Gives the terminal back for good: the process is about to end.
pub(super) fn leave() {
    // First what needs nobody's leave.
    give_back(locked(&BEFORE).take().as_ref());
    if locked(&SHOWN).is_some() {
        // What was typed stays to be seen.
        put("\n");
    }
}

/// Gives the terminal back for as long as `pause` takes: the process is about to stop.
pub(super) fn without(pause: impl FnOnce()) {
    if !is_ours() {
        return pause();
    }
    give_back(locked(&BEFORE).as_ref());
    let mut shown = locked(&SHOWN);
    if shown.is_some() {
        put("\n");
    }
    pause();
    draw_again(&mut shown);
}

/// Draws the line again: the window has another size, or something else was on the terminal.
pub(super) fn again() {
    draw_again(&mut locked(&SHOWN));
}

fn draw_again(shown: &mut Option<Shown>) {
    if let Some(shown) = shown.as_mut().filter(|_| is_ours()) {
        seize();
        shown.draw();
    }
}

/// Waits for keys. In the background those are for another process.
fn wait_for_keys() {
    loop {
        let stdin = io::stdin();
        let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
        // Woken early it just looks again; what is wrong the read finds out.
        let woken = poll(&mut fds, None);
        match (woken, is_ours()) {
            (Err(rustix::io::Errno::INTR), _) => {}
            (_, true) => return,
            (_, false) => std::thread::sleep(GRACE),
        }
    }
}

impl Keyboard {
    /// Gives a line back to be changed; keys pressed since then come behind it.
    pub(crate) fn put_back(&mut self, line: &str) {
        if let Some(shown) = locked(&SHOWN).as_mut() {
            shown.line.put_back(line);
            shown.draw();
        }
    }

    /// Waits for a line; `None` at the end of the input, or when the screen was dropped.
    pub(crate) fn line(&mut self) -> Result<Option<String>, io::Error> {
        let mut bytes = [0; 1024];
        loop {
            while let Some(key) = self.keys.pop_front() {
                match press(key, self.keys.is_empty()) {
                    Typed::Changed => {}
                    Typed::Line(line) => return Ok(Some(line)),
                    Typed::End => return Ok(None),
                }
            }
            wait_for_keys();
            let read = match rustix::io::read(io::stdin(), &mut bytes) {
                Err(rustix::io::Errno::INTR) => continue,
                // The terminal was closed.
                Err(rustix::io::Errno::IO) | Ok(0) => return Ok(None),
                Err(error) => return Err(error.into()),
                Ok(read) => read,
            };
            let mut keys = Vec::new();
            self.decoder.push(&bytes[..read], &mut keys);
            self.keys.extend(keys);
        }
    }
}

/// Presses a key: a line that is done stays on the terminal as typed, unless it is blank. Drawn only after the `last` of
/// several: a long text may be pasted at once.
fn press(key: Key, last: bool) -> Typed {
    let mut shown = locked(&SHOWN);
    let Some(shown) = shown.as_mut() else {
        return Typed::End;
    };
    let typed = shown.line.press(key);
    if let Typed::Line(line) = &typed {
        if !line.trim().is_empty() {
            put(&format!("{CLEAR}{}{}\n", shown.prompt, printable(line)));
        }
    }
    if last || typed != Typed::Changed {
        shown.draw();
    }
    typed
}
