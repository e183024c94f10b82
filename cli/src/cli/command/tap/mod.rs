//! `tap`: runs a program and records what it prints.

mod capture;
mod forward;
mod lines;
mod program;
mod recorder;

use super::advice::{self, Remedy};
use crate::cli::args::TapArgs;
use crate::cli::context::Context;
use crate::cli::exit::Outcome;
use crate::cli::output::{error, human};
use crate::cli::signals;
use crate::cli::terminal::printable;
use crate::{Error, ErrorKind, PoolOptions};
use forward::Target;
use recorder::Recorder;
use rustix::process::{waitid, Pid, WaitId, WaitIdOptions};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What can happen once the program has ended.
enum Event {
    /// One of its streams has ended: no process has it open any more. Perhaps it could not be passed on.
    Closed(Option<Error>),
    /// Somebody wants us to end.
    Interrupted,
}

pub(super) fn run(context: &mut Context, args: &TapArgs) -> Outcome {
    let name = args.command.first().cloned().unwrap_or_default();
    program::check(&name)?;
    let create = (args.create || args.create_size.is_some())
        .then(|| PoolOptions::new().size(args.create_size.unwrap_or(0)));
    let client = context.client_of("tap", &args.remote, &[&args.pool])?;
    let pool =
        advice::open_or_create(context, &client, &args.pool, create, Remedy::RepeatWithFlag)?;
    advice::refuse_read_only(&pool, "recorded")?;
    let recorder = Arc::new(Recorder::new(pool, args));
    let limit = recorder.longest_line()?;
    let (target, (sender, events)) = (Target::default(), channel());
    // Caught before there is a program, so that none comes too early.
    let interrupted = sender.clone();
    forward::forward(target.clone(), move || {
        drop(interrupted.send(Event::Interrupted))
    })
    .map_err(|error| io_error("watch for signals", &error))?;
    let stdout = onward(io::stdout(), args)?;
    let stderr = onward(io::stderr(), args)?;

    let begun = Instant::now();
    let mut child = program::start(&args.command)?;
    target.set(Pid::from_child(&child));
    announce(context, args);
    let (out, err) = (child.stdout.take(), child.stderr.take());
    // Its output goes on from now, also when it takes long to record that it runs.
    recorder.start(&args.command, || {
        start_capture(out, "stdout", stdout, limit, &recorder, &sender)?;
        start_capture(err, "stderr", stderr, limit, &recorder, &sender)
    })?;

    let (status, took) = wait(&mut child, &target, begun)
        .map_err(|error| io_error("wait for the command", &error))?;
    let lost = wait_for_streams(&events);
    let elapsed_ms = u64::try_from(took.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
    let recorded = recorder.end(|exit| {
        match status.signal() {
            Some(signal) => exit.text("signal", &signals::name(signal)),
            None => exit.number("code", code(status).into()),
        };
        exit.number("elapsed_ms", elapsed_ms);
    });
    sum_up(context, args, &recorder, status, took);
    recorded?;
    match (lost, code(status)) {
        (Some(error), 0) => Err(error.into()),
        // The program's own failure says more.
        (Some(error), code) => {
            error::print(context, &error);
            Ok(code)
        }
        (None, code) => Ok(code),
    }
}

/// The program's own code, or 128 and its signal.
fn code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Where a stream goes on to: past the standard library, which would hold back what is no whole line.
fn onward(stream: impl AsFd, args: &TapArgs) -> Result<Option<File>, Error> {
    if args.quiet {
        return Ok(None);
    }
    let copy = stream.as_fd().try_clone_to_owned();
    copy.map(|fd| Some(File::from(fd)))
        .map_err(|error| io_error("use the output", &error))
}

fn start_capture(
    source: Option<impl Read + Send + 'static>,
    name: &'static str,
    onward: Option<File>,
    limit: usize,
    recorder: &Arc<Recorder>,
    sender: &Sender<Event>,
) -> Result<(), Error> {
    let (recorder, sender) = (Arc::clone(recorder), sender.clone());
    let capturing = std::thread::Builder::new().name(name.into());
    capturing
        .spawn(move || {
            let failure =
                source.and_then(|source| capture::capture(source, name, onward, limit, &recorder));
            let lost = failure.map(|error| {
                io_error(&format!("pass on the command's {name}"), &error).with_hint(
                    "the pool has all of it; check the disk or the program the output goes to",
                )
            });
            drop(sender.send(Event::Closed(lost)));
        })
        .map(drop)
        .map_err(|error| io_error("start a thread", &error))
}

/// Waits for the program's end; gives how it ended and how long it ran.
fn wait(child: &mut Child, target: &Target, begun: Instant) -> io::Result<(ExitStatus, Duration)> {
    let pid = Pid::from_child(child);
    // Its pid stays its own until it is reaped, and a signal may be on its way to it.
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(error) = waitid(WaitId::Pid(pid), options) {
        if error != rustix::io::Errno::INTR {
            return Err(error.into());
        }
    }
    let took = begun.elapsed();
    target.gone(|| child.wait()).map(|status| (status, took))
}

/// Waits until nobody holds the program's streams, as programs it has started may; or until somebody wants us to end.
/// Gives why one of them could not be passed on.
fn wait_for_streams(events: &Receiver<Event>) -> Option<Error> {
    let (mut open, mut lost) = (2, None);
    while open > 0 {
        match events.recv() {
            Ok(Event::Closed(failure)) => {
                open -= 1;
                lost = lost.or(failure);
            }
            Ok(Event::Interrupted) | Err(_) => break,
        }
    }
    lost
}

/// Says to people what runs.
fn announce(context: &Context, args: &TapArgs) {
    if context.err.is_terminal() {
        let words = args.command.iter().map(|word| word.to_string_lossy());
        let command = printable(&words.collect::<Vec<_>>().join(" "));
        let text = format!("tap: {command}, recorded in {}\n", args.pool);
        context.err.print(text.as_bytes());
    }
}

/// Says to people what happened.
fn sum_up(
    context: &Context,
    args: &TapArgs,
    recorder: &Recorder,
    status: ExitStatus,
    took: Duration,
) {
    if !context.err.is_terminal() {
        return;
    }
    let (lines, cut) = recorder.counts();
    let lines = human::count(usize::try_from(lines).unwrap_or(usize::MAX), "line");
    let cut = match cut {
        0 => String::new(),
        cut => format!(" ({cut} of them cut)"),
    };
    let end = match status.signal() {
        Some(signal) => signals::name(signal).into_owned(),
        None => format!("exit code {}", code(status)),
    };
    let seconds = took.as_secs_f64();
    let text = format!(
        "tap: {lines}{cut} in {seconds:.1} s, recorded in {}: {end}\n",
        args.pool
    );
    context.err.print(text.as_bytes());
}

fn io_error(what: &str, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot {what}: {error}"))
}
