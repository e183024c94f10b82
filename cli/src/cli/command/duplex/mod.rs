//! `duplex`: one thread shows what comes, one sends what is typed or piped in; the first to end ends both.

mod send;

use super::advice::{self, Remedy};
use super::connection;
use super::losses::Losses;
use super::reader::{self, End, Reader, Show};
use crate::cli::args::{DuplexArgs, Format};
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SUCCESS};
use crate::cli::output::message::Printer;
use crate::cli::output::{human, paint};
use crate::cli::terminal::{self, printable};
use crate::{Error, ErrorKind, GapPolicy, Part, Pool, Start, TailOptions};
use send::{Source, Speaker};
use std::io::{self, IsTerminal};
use std::sync::{mpsc, Arc};
use std::time::Duration;

/// How long what a server's pool holds may take to come.
const ARRIVAL: Duration = Duration::from_secs(30);

pub(super) fn run(context: &mut Context, args: &DuplexArgs) -> Outcome {
    let now_ns = human::now_ns();
    let typing = io::stdin().is_terminal();
    if typing && args.me.is_none() {
        return Err(
            Error::new(ErrorKind::Usage, "on a terminal, duplex needs --me NAME")
                .with_hint("say who you are, for example --me alice, or pipe messages in")
                .into(),
        );
    }
    // What was typed can be typed again, what came through a pipe is gone.
    let remedy = match typing {
        true => Remedy::RepeatWithFlag,
        false => Remedy::Flag,
    };
    let client = context.client_of("duplex", &args.remote, &[&args.pool])?;
    let pool = advice::open_or_create(context, &client, &args.pool, args.read.create(), remedy)?;
    let options = TailOptions::new()
        .start(reader::start(&args.read, now_ns, Start::Now))
        .gap(GapPolicy::Event);
    let stream = pool.tail(&options)?;
    let path = pool.path().to_string_lossy().into_owned();
    let there = context.is_remote(&args.pool);
    if there {
        connection::tell_losses(context, "duplex", &args.pool, &path);
    }
    let losses = Losses::new("duplex", &args.pool, path, false);
    let mut reader = Reader::new(
        stream,
        printer(context, args),
        losses,
        show(args),
        &args.read,
    );

    // Gives the terminal back when this function ends, whatever ended it.
    let (_screen, source) = source(context, args)?;
    let pool = Arc::new(pool);
    let sent = start_sending(&pool, source, &mut reader)?;
    match reader.run(context)? {
        End::TimedOut => Ok(reader::timed_out(context, &args.read)),
        End::Done => Ok(SUCCESS),
        End::Cancelled => {
            let Ok(outcome) = sent.try_recv() else {
                return Err(Failure::ClosedOutput);
            };
            // All is sent, and others may have sent as well: what there is now is still shown.
            let newest = match (pool.bounds(), &outcome) {
                (Ok(bounds), _) => bounds.newest,
                (Err(_), Err(error)) => return Err(error.clone().into()),
                (Err(error), Ok(())) => return Err(error.into()),
            };
            reader.end_at(newest, (there && outcome.is_ok()).then_some(ARRIVAL));
            if reader.run(context)? == End::Cancelled {
                return Err(Failure::ClosedOutput);
            }
            outcome.map(|()| SUCCESS).map_err(Failure::from)
        }
    }
}

/// Where lines or records come from, and the screen to keep while they are typed.
fn source(context: &Context, args: &DuplexArgs) -> Result<(Option<impl Drop>, Source), Error> {
    let Some(me) = args.me.clone().filter(|_| io::stdin().is_terminal()) else {
        return Ok((None, Source::Records));
    };
    let prompt = format!("{}> ", printable(&me));
    let painted = paint::label(&prompt, paint::GREEN, context.out.is_colored());
    let speaker = Speaker {
        me,
        err: context.err.clone(),
        there: context.is_remote(&args.pool),
    };
    Ok(match terminal::open(&prompt, &painted)? {
        Some((screen, keyboard)) => (Some(screen), Source::Typed(keyboard, speaker)),
        None => (None, Source::Lines(speaker)),
    })
}

/// Sends from a thread of its own. Its end cancels the reader, who then finds the outcome.
fn start_sending(
    pool: &Arc<Pool>,
    source: Source,
    reader: &mut Reader<'_>,
) -> Result<mpsc::Receiver<Result<(), Error>>, Error> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let (pool, canceller) = (Arc::clone(pool), reader.stream().canceller());
    let sending = std::thread::Builder::new().name("send".into());
    sending
        .spawn(move || {
            let outcome = source.send_all(&pool);
            // Nobody takes it when the other side ended first.
            let _ = sender.send(outcome);
            canceller.cancel();
        })
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot start a thread: {error}")))?;
    Ok(receiver)
}

/// People who chat on a terminal see lines of a chat, unless they ask for something else.
fn printer(context: &Context, args: &DuplexArgs) -> Printer {
    match args.read.format() {
        Some(Format::Jsonl) => Printer::lines(Part::Envelope),
        None if args.me.is_some() && context.out.is_terminal() => {
            Printer::chat(context.out.is_colored())
        }
        Some(Format::Pretty) | None => Printer::indented(Part::Envelope),
    }
}

fn show(args: &DuplexArgs) -> Show {
    match &args.me {
        Some(name) if !args.echo_self => Show::NotFrom(name.clone()),
        _ => Show::All,
    }
}
