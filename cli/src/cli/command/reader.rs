//! Showing the messages of a pool as they come: what `follow` and `duplex` have in common.

use super::losses::Losses;
use super::output_closed;
use crate::cli::args::{ReadArgs, Since};
use crate::cli::context::Context;
use crate::cli::exit::{Failure, TIMED_OUT};
use crate::cli::output::message::Printer;
use crate::{Error, ErrorKind, Next, Paced, Replay, Start, Stream, View, Wait};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where a command begins that was given these options at `now_ns`; `otherwise` without any of them.
pub(super) fn start(args: &ReadArgs, now_ns: u64, otherwise: Start<'static>) -> Start<'static> {
    match (args.tail, args.since, args.from) {
        (Some(count), _, _) => Start::Last(count),
        (_, Some(Since::At(time_ns)), _) => Start::Time(time_ns),
        (_, Some(Since::Ago(age)), _) => {
            let age_ns = u64::try_from(age.as_nanos()).unwrap_or(u64::MAX);
            Start::Time(now_ns.saturating_sub(age_ns))
        }
        (_, _, Some(seq)) => Start::Seq(seq),
        _ => otherwise,
    }
}

/// Which of the stream's messages are shown.
#[derive(Debug)]
pub(super) enum Show {
    /// All of them.
    All,
    /// All but those that say they come from this name.
    NotFrom(String),
    /// The first one.
    First,
    /// The one after this many more have come: the newest of the last N.
    After(u64),
}

/// How reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All was shown that was asked for.
    Done,
    /// `--timeout` ran out.
    TimedOut,
    /// The stream was cancelled: nobody reads our output, or the command wants to end.
    Cancelled,
}

/// Shows messages until there is a reason to end.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    stream: Stream,
    printer: Printer,
    losses: Losses<'a>,
    show: Show,
    /// Messages are shown with the gaps they once had.
    replay: Option<Arc<Replay>>,
    timeout: Option<Duration>,
    last_shown: Instant,
    /// Whether a thread watches for the reader of our output to go away.
    watched: bool,
    /// The last seq to show before the end.
    last: Option<u64>,
    /// Until when that is waited for, if it is.
    arrives_by: Option<Instant>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        stream: Stream,
        printer: Printer,
        losses: Losses<'a>,
        show: Show,
        args: &ReadArgs,
    ) -> Reader<'a> {
        Reader {
            stream,
            printer,
            losses,
            show,
            replay: None,
            timeout: args.timeout.as_ref().map(|timeout| timeout.duration),
            last_shown: Instant::now(),
            watched: false,
            last: None,
            arrives_by: None,
        }
    }

    /// Shows messages with the gaps they once had, divided by a speed.
    pub(super) fn paced(self, speed: f64) -> Result<Reader<'a>, Error> {
        let replay = Some(Arc::new(Replay::new(speed)?));
        Ok(Reader { replay, ..self })
    }

    /// The stream, to cancel it or to ask where it stands.
    pub(super) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Whether messages were lost that should have been shown.
    pub(super) fn has_losses(&self) -> bool {
        self.losses.any()
    }

    /// From now on only what is there up to this seq is shown, and nothing else is waited for. What has a way to come
    /// may take so long.
    pub(super) fn end_at(&mut self, seq: u64, arrival: Option<Duration>) {
        self.stream.reset_cancel();
        self.last = Some(seq);
        self.arrives_by = arrival.map(|arrival| Instant::now() + arrival);
    }

    /// Shows messages until the end. Whatever that is, first everything shown goes out, then what was lost is told.
    pub(super) fn run(&mut self, context: &mut Context) -> Result<End, Failure> {
        let outcome = self.show_all(context);
        let flushed = context.out.flush();
        self.losses.tell_all(context);
        outcome.and_then(|end| flushed.map(|()| end))
    }

    fn show_all(&mut self, context: &mut Context) -> Result<End, Failure> {
        let mut text = Vec::new();
        // The newest message so far, when only the last of several is wanted.
        let mut held = Vec::new();
        loop {
            match self.advance(context, &mut text)? {
                // One that is not to be shown.
                Next::Message(_) if text.is_empty() => {}
                Next::Message(time_ns) => {
                    if let Some(end) = self.pace(context, time_ns)? {
                        return Ok(end);
                    }
                    match &mut self.show {
                        Show::All | Show::NotFrom(_) => {
                            self.print(context, &text)?;
                            continue;
                        }
                        Show::After(count) if *count > 0 => {
                            *count -= 1;
                            std::mem::swap(&mut held, &mut text);
                        }
                        Show::First | Show::After(_) => {
                            self.print(context, &text)?;
                            return Ok(End::Done);
                        }
                    }
                }
                Next::Gap(gap) => {
                    self.losses.add(gap);
                    self.losses.tell(context);
                }
                Next::End => {
                    // A finite read that found fewer than N: the newest of them.
                    if !held.is_empty() {
                        self.print(context, &held)?;
                    }
                    return Ok(End::Done);
                }
                Next::TimedOut | Next::Deadline => return Ok(End::TimedOut),
                Next::Cancelled => return Ok(End::Cancelled),
            }
            // Nothing was shown, however busy the pool is.
            if self.shown_by().is_some_and(|time| time <= Instant::now()) {
                return Ok(End::TimedOut);
            }
        }
    }

    /// The next thing the stream has to say. What is there is taken without a wait; before a real one, all output goes
    /// out. `TimedOut` is the end.
    fn advance(&mut self, context: &mut Context, text: &mut Vec<u8>) -> Result<Next<u64>, Failure> {
        if let Some(last) = self.last {
            if self.stream.stats()?.next_seq > last {
                return Ok(Next::End);
            }
        }
        match self.next(Wait::Try, text)? {
            Next::TimedOut if self.last.is_some() => return self.arrival(context, text),
            Next::TimedOut => {}
            next => return Ok(next),
        }
        self.before_wait(context)?;
        loop {
            let (end, wait) = self.patience(context);
            match self.next(wait, text)? {
                Next::TimedOut if end.is_none_or(|end| Instant::now() < end) => {}
                next => return Ok(next),
            }
        }
    }

    /// The next of the last messages, which may be on their way.
    fn arrival(&mut self, context: &mut Context, text: &mut Vec<u8>) -> Result<Next<u64>, Failure> {
        let Some(by) = self.arrives_by else {
            return Ok(Next::End);
        };
        self.before_wait(context)?;
        let wait = Wait::For(by.saturating_duration_since(Instant::now()));
        match self.next(wait, text)? {
            Next::TimedOut => Err(Error::new(
                ErrorKind::Io,
                "all was sent, but the server did not show it within 30 s",
            )
            .with_hint("see what came with: pls follow")
            .into()),
            next => Ok(next),
        }
    }

    /// Waits until a message of this time is due, if gaps count; gives the end when that comes first.
    fn pace(&mut self, context: &mut Context, time_ns: u64) -> Result<Option<End>, Failure> {
        let Some(replay) = self.replay.clone() else {
            return Ok(None);
        };
        if replay.schedule(time_ns)?.is_zero() {
            return Ok(None);
        }
        self.before_wait(context)?;
        loop {
            let (end, wait) = self.patience(context);
            match replay.wait(wait)? {
                Paced::Due => return Ok(None),
                Paced::Cancelled => return Ok(Some(End::Cancelled)),
                Paced::TimedOut if end.is_none_or(|end| Instant::now() < end) => {}
                _ => return Ok(Some(End::TimedOut)),
            }
        }
    }

    /// Gives out what there is, and makes sure that the wait ends when nobody is left to read on.
    fn before_wait(&mut self, context: &mut Context) -> Result<(), Failure> {
        context.out.flush()?;
        if !std::mem::replace(&mut self.watched, true) {
            let (canceller, replay) = (self.stream.canceller(), self.replay.clone());
            output_closed::watch(move || {
                canceller.cancel();
                if let Some(replay) = replay {
                    replay.cancel();
                }
            });
        }
        Ok(())
    }

    /// When --timeout runs out, and how long to wait before there is something else to do.
    fn patience(&mut self, context: &Context) -> (Option<Instant>, Wait) {
        self.losses.tell(context);
        let end = self.shown_by();
        let until = end.into_iter().chain(self.losses.due()).min();
        let wait = until.map_or(Wait::Forever, |until| {
            Wait::For(until.saturating_duration_since(Instant::now()))
        });
        (end, wait)
    }

    fn shown_by(&self) -> Option<Instant> {
        self.timeout
            .and_then(|timeout| self.last_shown.checked_add(timeout))
    }

    /// Takes from the stream. The message's text goes to `text`, and none for one that is not shown; its time is given.
    fn next(&mut self, wait: Wait, text: &mut Vec<u8>) -> Result<Next<u64>, Error> {
        text.clear();
        if self.printer.takes_envelopes()
            && self.replay.is_none()
            && !matches!(self.show, Show::NotFrom(_))
        {
            let next = self.stream.next_json(wait)?;
            if let Next::Message(json) = &next {
                if text.try_reserve(json.len()).is_err() {
                    return Err(no_memory(json.len()));
                }
                text.extend_from_slice(json);
            }
            return Ok(next.map(|_| 0));
        }
        let next = self.stream.next(wait)?;
        if let Next::Message(view) = &next {
            if !matches!(&self.show, Show::NotFrom(name) if is_from(view, name)) {
                self.printer.take(view, text)?;
            }
        }
        Ok(next.map(|view| view.time_ns()))
    }

    fn print(&mut self, context: &mut Context, text: &[u8]) -> Result<(), Failure> {
        if self.timeout.is_some() {
            self.last_shown = Instant::now();
        }
        self.printer.print(&mut context.out, text)
    }
}

fn no_memory(bytes: usize) -> Error {
    Error::new(
        ErrorKind::Io,
        format!("no memory for a message of {bytes} bytes"),
    )
    .with_hint("raise the limit of the process (ulimit -v), or free some memory")
}

/// Whether a message's data says that it comes from `name`. One without such a text does not.
fn is_from(view: &View<'_>, name: &str) -> bool {
    matches!(view.string("from"), Ok(Some(from)) if from == name)
}

/// Says that `--timeout` ran out, to people only; gives the exit code.
pub(super) fn timed_out(context: &Context, args: &ReadArgs) -> u8 {
    if let (true, Some(timeout)) = (context.err.is_terminal(), &args.timeout) {
        let text = format!("No further message for {}\n", timeout.text);
        context.err.print(text.as_bytes());
    }
    TIMED_OUT
}
