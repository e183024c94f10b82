//! `feed`

mod feeder;
mod skipped;

use super::advice::{self, Remedy};
use crate::cli::args::{FeedArgs, Form, OnError};
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SKIPPED, SUCCESS};
use crate::cli::input::Source;
use crate::cli::interrupt::Interrupts;
use crate::shell::quoted;
use crate::{Client, Error, ErrorKind, Ingest, IngestMode, IngestOptions, Pool, PoolOptions};
use feeder::Feeder;

pub(super) fn run(context: &mut Context, args: &FeedArgs) -> Outcome {
    if args.retry_delay.is_some() && args.retry == 0 {
        return Err(Error::new(ErrorKind::Usage, "--retry-delay needs --retry")
            .with_hint("say with --retry how often to try again")
            .into());
    }
    let client = context.client_of("feed", &args.remote, &[&args.pool])?;
    if args.creates() {
        advice::refuse_create(context, &args.pool)?;
    }
    let outcome = match args.data() {
        Some(data) => feed_data(context, args, &client, data),
        None => feed_source(context, args, &client),
    };
    match outcome {
        // A server that may only be written to says so late.
        Err(Failure::Error(error)) if context.is_remote(&args.pool) => {
            Err(advice::about_missing(context, error, &args.pool, remedy(args)).into())
        }
        outcome => outcome,
    }
}

fn feed_data(context: &mut Context, args: &FeedArgs, client: &Client, data: &str) -> Outcome {
    if args.creates() && !client.exists(&args.pool)? {
        // A bad message must not leave an empty pool behind.
        crate::check_json(data.as_bytes()).map_err(|error| about_data(error, data))?;
    }
    let pool = open(context, args, client)?;
    // One value, however large: the pool says what is too much.
    let options = IngestOptions::new()
        .mode(IngestMode::Json)
        .copy(args.copy)
        .max_record(u64::MAX);
    let mut ingest = Ingest::new(&options)?;
    ingest.push(data.as_bytes())?;
    ingest.finish()?;
    let mut feeder = Feeder::new(context, args, &pool, ingest);
    if let Some(fault) = feeder.append_one()? {
        // The record has a name, which says more than its number.
        crate::check_json(data.as_bytes()).map_err(|error| about_data(error, data))?;
        return Err(about_data(fault.error, data).into());
    }
    feeder.release()?;
    Ok(SUCCESS)
}

fn feed_source(context: &mut Context, args: &FeedArgs, client: &Client) -> Outcome {
    let mut source = Source::open(args.file.as_deref())?;
    let pool = open(context, args, client)?;
    let ingest = Ingest::new(
        &IngestOptions::new()
            .mode(match args.form {
                Form::Auto => IngestMode::Auto,
                Form::Jsonl => IngestMode::JsonLines,
                Form::Json => IngestMode::Json,
                Form::Seq => IngestMode::Sequence,
                Form::Jq => IngestMode::Values,
            })
            .skip(args.errors == OnError::Skip)
            .copy(args.copy)
            .max_record(longest_record(&pool)?),
    )?;
    let interrupts = Interrupts::default();
    let mut interrupt = interrupts.hold()?;
    let mut feeder = Feeder::new(context, args, &pool, ingest);
    let outcome = feeder.append_all(&mut source, &mut interrupt);
    // What was appended gets its receipts, whatever happened after it.
    let released = feeder.finish();
    interrupt.end();
    let counts = outcome?;
    released?;
    match (counts.records, counts.faults) {
        (0, 0) => Err(Error::new(ErrorKind::Usage, "the input holds no message")
            .with_hint("give JSON values, for example one a line")
            .into()),
        (_, 0) => Ok(SUCCESS),
        _ => {
            skipped::tell_all(context, args, &pool, counts);
            Ok(SKIPPED)
        }
    }
}

/// The longest text that is taken when the pool's size is not told, in bytes.
const UNTOLD: u64 = 256 << 20;

/// The longest text that can fit the pool: an escape takes up to six bytes for one stored.
pub(super) fn longest_record(pool: &Pool) -> Result<u64, Error> {
    let ring = match pool.info() {
        Ok(info) => info.ring_size,
        // A server that tells nothing about its pools, but refuses what is too large.
        Err(error) if error.kind() == ErrorKind::Permission => return Ok(UNTOLD),
        Err(error) => return Err(error),
    };
    Ok(ring.saturating_mul(6).saturating_add(64 << 10))
}

fn open(context: &Context, args: &FeedArgs, client: &Client) -> Result<Pool, Failure> {
    let create = args
        .creates()
        .then(|| PoolOptions::new().size(args.create_size.unwrap_or(0)));
    let pool = advice::open_or_create(context, client, &args.pool, create, remedy(args))?;
    advice::refuse_read_only(&pool, "stored")?;
    Ok(pool)
}

/// A file can be read again, standard input cannot.
fn remedy(args: &FeedArgs) -> Remedy {
    let from_pipe = args.data().is_none()
        && args
            .file
            .as_ref()
            .is_none_or(|file| file.as_os_str() == "-");
    match from_pipe {
        true => Remedy::Flag,
        false => Remedy::RepeatWithFlag,
    }
}

/// The error about DATA.
fn about_data(error: Error, data: &str) -> Error {
    // It is one line as a rule, and a record number says nothing: the column does.
    let message = error
        .message()
        .replacen("at line 1, column", "at column", 1);
    let message = message.strip_prefix("record 1: ").unwrap_or(&message);
    let message = message
        .strip_prefix("record 1 on line 1: ")
        .unwrap_or(message);
    let message = format!("DATA: {message}");
    let error = error.with_message(message);
    match data.strip_prefix('@') {
        _ if data == "-" => error.with_hint("standard input is read when DATA is left out"),
        Some(file) if !file.is_empty() => error.with_hint(format!(
            "to append what a file holds: --file {}",
            quoted(file)
        )),
        _ => with_hint(
            error,
            "a message is one JSON value, for example {\"a\":1}, [1,2] or \"text\"",
        ),
    }
}

/// The error with a hint, its own or this.
pub(super) fn with_hint(error: Error, hint: &str) -> Error {
    match error.hint() {
        Some(_) => error,
        None => error.with_hint(hint),
    }
}
