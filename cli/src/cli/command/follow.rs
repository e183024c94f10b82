//! `follow`

use super::advice::{self, Remedy};
use super::losses::Losses;
use super::output_closed;
use crate::cli::args::{FollowArgs, Format, Since};
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, LOST, SUCCESS, TIMED_OUT};
use crate::cli::output::human;
use crate::{Error, GapPolicy, Next, Part, Pool, PoolOptions, Start, Stream, TailOptions, Wait};
use std::time::{Duration, Instant};

pub(super) fn run(context: &mut Context, args: &FollowArgs) -> Outcome {
    let now_ns = human::now_ns();
    let pool = open(context, args)?;
    let since_ns = args.since.map(|since| moment(since, now_ns));
    let stream = pool.tail(&options(args, since_ns))?;
    let losses = Losses::new(
        &args.pool,
        pool.path().to_string_lossy().into_owned(),
        args.quiet_drops,
    );
    let mut follower = Follower {
        stream,
        losses,
        part: if args.data_only {
            Part::Data
        } else {
            Part::Envelope
        },
        jsonl: args.format() == Format::Jsonl,
        // Only a moment that lies ahead has to be compared: the start finds those in the past.
        not_before_ns: since_ns.filter(|since_ns| *since_ns > now_ns),
        show: Show::new(args),
        timeout: args.timeout.as_ref().map(|timeout| timeout.duration),
        last_shown: Instant::now(),
        watched: false,
    };
    let outcome = follower.run(context);
    // Whatever ended it: first what was shown, then what was lost.
    let flushed = context.out.flush();
    follower.losses.tell_all(context);
    let end = outcome.and_then(|end| flushed.map(|()| end))?;
    match end {
        End::TimedOut => {
            if let (true, Some(timeout)) = (context.err.is_terminal(), &args.timeout) {
                context
                    .err
                    .print(format!("No further message for {}\n", timeout.text).as_bytes());
            }
            Ok(TIMED_OUT)
        }
        // A finite read promised all of something.
        End::Done if args.no_follow && follower.losses.any() => Ok(LOST),
        End::Done => Ok(SUCCESS),
    }
}

fn open(context: &Context, args: &FollowArgs) -> Result<Pool, Failure> {
    let client = context.client()?;
    if args.create {
        return Ok(client.ensure(&args.pool, &PoolOptions::new())?.0);
    }
    let missing = |error| advice::about_missing(context, error, &args.pool, Remedy::RepeatWithFlag);
    client
        .open_pool(&args.pool)
        .map_err(|error| missing(error).into())
}

fn moment(since: Since, now_ns: u64) -> u64 {
    match since {
        Since::At(time_ns) => time_ns,
        Since::Ago(age) => now_ns.saturating_sub(u64::try_from(age.as_nanos()).unwrap_or(u64::MAX)),
    }
}

fn options(args: &FollowArgs, since_ns: Option<u64>) -> TailOptions<'_> {
    let start = match (args.tail, since_ns, args.from) {
        (Some(count), _, _) => Start::Last(count),
        (_, Some(time_ns), _) => Start::Time(time_ns),
        (_, _, Some(seq)) => Start::Seq(seq),
        _ if args.no_follow => Start::Oldest,
        _ => Start::Now,
    };
    TailOptions::new()
        .start(start)
        .tags(args.tags.iter().map(String::as_str).collect())
        .gap(GapPolicy::Event)
        .snapshot(args.no_follow)
        .poll(args.no_notify)
}

/// Which of the stream's messages are shown.
enum Show {
    /// All of them.
    All,
    /// The first one.
    First,
    /// The one after this many more have come: the newest of the last N.
    After(u64),
}

impl Show {
    fn new(args: &FollowArgs) -> Show {
        match (args.one, args.tail) {
            (false, _) => Show::All,
            (true, None | Some(0)) => Show::First,
            (true, Some(count)) => Show::After(count - 1),
        }
    }
}

/// How following ended.
enum End {
    Done,
    TimedOut,
}

struct Follower<'a> {
    stream: Stream,
    losses: Losses<'a>,
    part: Part,
    jsonl: bool,
    /// Messages before this time are not shown.
    not_before_ns: Option<u64>,
    show: Show,
    timeout: Option<Duration>,
    last_shown: Instant,
    /// Whether a thread watches for the reader of our output to go away.
    watched: bool,
}

impl Follower<'_> {
    fn run(&mut self, context: &mut Context) -> Result<End, Failure> {
        let mut text = Vec::new();
        // The newest message so far, when only the last of several is wanted.
        let mut held = Vec::new();
        loop {
            match self.advance(context, &mut text)? {
                // Too early for --since.
                Next::Message(()) if text.is_empty() => {}
                Next::Message(()) => match &mut self.show {
                    Show::All => {
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
                },
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
                Next::Cancelled => return Err(Failure::ClosedOutput),
            }
            // Nothing was shown, however busy the pool is.
            if self.shown_by().is_some_and(|time| time <= Instant::now()) {
                return Ok(End::TimedOut);
            }
        }
    }

    /// The next thing the stream has to say. What is there is taken without a wait; before a real one, all output goes
    /// out. `TimedOut` is the end.
    fn advance(&mut self, context: &mut Context, text: &mut Vec<u8>) -> Result<Next<()>, Failure> {
        match self.next(Wait::Try, text)? {
            Next::TimedOut => {}
            next => return Ok(next),
        }
        context.out.flush()?;
        if !std::mem::replace(&mut self.watched, true) {
            output_closed::watch(self.stream.canceller());
        }
        loop {
            self.losses.tell(context);
            let end = self.shown_by();
            let until = end.into_iter().chain(self.losses.due()).min();
            let wait = until.map_or(Wait::Forever, |until| {
                Wait::For(until.saturating_duration_since(Instant::now()))
            });
            match self.next(wait, text)? {
                Next::TimedOut if end.is_none_or(|end| Instant::now() < end) => {}
                next => return Ok(next),
            }
        }
    }

    /// When --timeout runs out.
    fn shown_by(&self) -> Option<Instant> {
        self.timeout
            .and_then(|timeout| self.last_shown.checked_add(timeout))
    }

    /// Takes from the stream; a message's text goes to `text`, and none for one that is too early.
    fn next(&mut self, wait: Wait, text: &mut Vec<u8>) -> Result<Next<()>, Error> {
        text.clear();
        if self.part == Part::Envelope && self.not_before_ns.is_none() {
            return Ok(self
                .stream
                .next_json(wait)?
                .map(|json| text.extend_from_slice(json)));
        }
        let next = self.stream.next(wait)?;
        if let Next::Message(view) = &next {
            if self
                .not_before_ns
                .is_none_or(|time_ns| view.time_ns() >= time_ns)
            {
                view.write_json(self.part, text)?;
            }
        }
        Ok(next.map(|_| ()))
    }

    fn print(&mut self, context: &mut Context, text: &[u8]) -> Result<(), Failure> {
        if self.timeout.is_some() {
            self.last_shown = Instant::now();
        }
        match self.jsonl {
            true => context.out.json_line(text),
            false => context.out.json_indented(text),
        }
    }
}
