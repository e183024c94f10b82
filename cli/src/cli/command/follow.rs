//! `follow`

use super::advice::{self, Remedy};
use super::connection;
use super::losses::Losses;
use super::reader::{self, End, Reader, Show};
use crate::cli::args::{FollowArgs, Format};
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, LOST, SUCCESS};
use crate::cli::output::human;
use crate::cli::output::message::Printer;
use crate::cli::remote;
use crate::{Error, ErrorKind, Filter, GapPolicy, Part, Start, TailOptions};

pub(super) fn run(context: &mut Context, args: &FollowArgs) -> Outcome {
    let now_ns = human::now_ns();
    check_replay(args)?;
    let filters = filters(args)?;
    let client = context.client_of("follow", &args.remote, &[&args.pool])?;
    check_remote(context, args)?;
    let pool = advice::open_or_create(
        context,
        &client,
        &args.pool,
        args.read.create(),
        Remedy::RepeatWithFlag,
    )?;
    let options = filters
        .iter()
        .fold(options(args, now_ns), TailOptions::filter);
    let stream = pool.tail(&options)?;
    let path = pool.path().to_string_lossy().into_owned();
    if context.is_remote(&args.pool) {
        connection::tell_losses(context, "follow", &args.pool, &path);
    }
    let losses = Losses::new("follow", &args.pool, path, args.quiet_drops);
    let mut reader = Reader::new(stream, printer(args), losses, show(args), &args.read);
    if let Some(speed) = args.replay {
        reader = reader.paced(speed)?;
    }
    match reader.run(context).map_err(behind_damage)? {
        End::TimedOut => Ok(reader::timed_out(context, &args.read)),
        End::Cancelled => Err(Failure::ClosedOutput),
        // A finite read promised all of something.
        End::Done if args.is_finite() && reader.has_losses() => Ok(LOST),
        End::Done => Ok(SUCCESS),
    }
}

/// Adds to an error about a damaged message how to see those behind it.
fn behind_damage(failure: Failure) -> Failure {
    match failure {
        Failure::Error(error) if error.kind() == ErrorKind::Corrupt => match error.seq() {
            Some(seq) => {
                let known = error.hint().unwrap_or("it cannot be read").to_owned();
                let next = seq.saturating_add(1);
                Failure::Error(
                    error.with_hint(format!("{known}; go on behind it with --from {next}")),
                )
            }
            None => Failure::Error(error),
        },
        failure => failure,
    }
}

/// A replay is one of history, so some of it must be selected.
fn check_replay(args: &FollowArgs) -> Result<(), Error> {
    let selects = args.read.tail.is_some_and(|count| count > 0)
        || args.read.since.is_some()
        || args.read.from.is_some();
    if args.replay.is_none() || selects {
        return Ok(());
    }
    Err(
        Error::new(ErrorKind::Usage, "--replay shows history, and none is selected")
            .with_hint("say with --tail N (at least 1), --since TIME or --from SEQ what to replay; --from 1 is everything"),
    )
}

/// What only pools of this machine can do.
fn check_remote(context: &Context, args: &FollowArgs) -> Result<(), Error> {
    if !context.is_remote(&args.pool) {
        return Ok(());
    }
    remote::refuse(
        args.replay.is_some(),
        "--replay",
        "over a network messages come when it lets them",
        "leave it out; --no-follow shows the same messages without their gaps",
    )?;
    remote::refuse(
        args.no_notify,
        "--no-notify",
        "a server sends messages as they come, and nothing is looked for",
        "leave it out",
    )
}

/// The conditions, compiled before anything is looked at or made.
fn filters(args: &FollowArgs) -> Result<Vec<Filter>, Error> {
    let compile = |expression: &String| {
        Filter::new(expression).map_err(|error| {
            let message = format!("--where '{expression}': {}", error.message());
            error.with_message(message)
        })
    };
    args.wheres.iter().map(compile).collect()
}

fn options(args: &FollowArgs, now_ns: u64) -> TailOptions<'_> {
    let otherwise = match args.no_follow {
        true => Start::Oldest,
        false => Start::Now,
    };
    TailOptions::new()
        .start(reader::start(&args.read, now_ns, otherwise))
        .tags(args.tags.iter().map(String::as_str).collect())
        .gap(GapPolicy::Event)
        .snapshot(args.is_finite())
        .poll(args.no_notify)
}

fn printer(args: &FollowArgs) -> Printer {
    let part = match args.data_only {
        true => Part::Data,
        false => Part::Envelope,
    };
    match args.read.format() {
        Some(Format::Jsonl) => Printer::lines(part),
        Some(Format::Pretty) | None => Printer::indented(part),
    }
}

fn show(args: &FollowArgs) -> Show {
    match (args.one, args.read.tail) {
        (false, _) => Show::All,
        (true, Some(count)) if count > 0 && args.replay.is_none() => Show::After(count - 1),
        (true, _) => Show::First,
    }
}
