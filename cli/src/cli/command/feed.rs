//! `feed`

use super::advice::{self, Remedy};
use crate::cli::args::{self, FeedArgs};
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SUCCESS};
use crate::cli::input::{Line, LineReader, Source};
use crate::cli::output::{human, json};
use crate::{AppendOptions, Client, Error, ErrorKind, Pool, PoolOptions, Receipt};
use std::io::Write;
use std::time::Duration;

const RETRY_DELAY: Duration = Duration::from_millis(50);

pub(super) fn run(context: &mut Context, args: &FeedArgs) -> Outcome {
    if args.retry_delay.is_some() && args.retry == 0 {
        return Err(Error::new(ErrorKind::Usage, "--retry-delay needs --retry")
            .with_hint("say with --retry how often to try again")
            .into());
    }
    let client = context.client()?;
    let outcome = match &args.data {
        Some(data) => feed_data(context, args, &client, data),
        None => feed_source(context, args, &client),
    };
    outcome.map(|()| SUCCESS)
}

fn feed_data(
    context: &mut Context,
    args: &FeedArgs,
    client: &Client,
    data: &str,
) -> Result<(), Failure> {
    if wants_creation(args) && !client.exists(&args.pool)? {
        // A bad message must not leave an empty pool behind.
        crate::check_json(data.as_bytes()).map_err(|error| about_data(error, "DATA"))?;
    }
    let pool = open(context, args, client)?;
    let mut feeder = Feeder::new(context, args, &pool);
    feeder
        .append(data.as_bytes())
        .map_err(|error| about_data(error, "DATA"))?;
    feeder.release()
}

fn feed_source(context: &mut Context, args: &FeedArgs, client: &Client) -> Result<(), Failure> {
    let source = Source::open(args.file.as_deref())?;
    let pool = open(context, args, client)?;
    let mut feeder = Feeder::new(context, args, &pool);
    let mut lines = LineReader::new(source);
    let outcome = feeder.append_all(&mut lines);
    // What was appended gets its receipts, whatever happened after it.
    let released = feeder.release();
    outcome.and(released)
}

fn wants_creation(args: &FeedArgs) -> bool {
    args.create || args.create_size.is_some()
}

fn open(context: &Context, args: &FeedArgs, client: &Client) -> Result<Pool, Failure> {
    if wants_creation(args) {
        let options = PoolOptions::new().size(args.create_size.unwrap_or(0));
        return Ok(client.ensure(&args.pool, &options)?.0);
    }
    // A file can be read again, standard input cannot.
    let from_pipe = args.data.is_none()
        && args
            .file
            .as_ref()
            .is_none_or(|file| file.as_os_str() == "-");
    let remedy = if from_pipe {
        Remedy::Flag
    } else {
        Remedy::RepeatWithFlag
    };
    client
        .open_pool(&args.pool)
        .map_err(|error| advice::about_missing(context, error, &args.pool, remedy).into())
}

/// Says which record an error is about.
pub(super) fn about_data(error: Error, record: &str) -> Error {
    if error.kind() != ErrorKind::Usage {
        return error;
    }
    // The library counts lines inside the record, which has one: two line numbers would only confuse.
    let message = error
        .message()
        .replacen("at line 1, column", "at column", 1);
    let message = format!("{record}: {message}");
    let hinted = error.hint().is_some();
    let error = error.with_message(message);
    match hinted {
        true => error,
        false => {
            error.with_hint("a message is one JSON value, for example {\"a\":1}, [1,2] or \"text\"")
        }
    }
}

/// The longest text that can fit the pool: an escape takes up to six bytes for one stored.
pub(super) fn longest_record(pool: &Pool) -> Result<u64, Error> {
    let ring_size = pool.info()?.ring_size;
    Ok(ring_size.saturating_mul(6).saturating_add(64 << 10))
}

/// Appends records and prints receipts.
struct Feeder<'a> {
    context: &'a mut Context,
    pool: &'a Pool,
    options: AppendOptions<'a>,
    /// Receipts wait until everything appended so far is on disk.
    flush: bool,
    unflushed: bool,
    retries: u32,
    retry_delay: Duration,
    /// A receipt's text behind its time.
    receipt_end: Vec<u8>,
    /// Receipts of which nothing was printed yet.
    receipts: Vec<u8>,
}

/// When receipts are printed even though more input is at hand.
const MANY_RECEIPTS: usize = 64 << 10;

impl<'a> Feeder<'a> {
    fn new(context: &'a mut Context, args: &'a FeedArgs, pool: &'a Pool) -> Feeder<'a> {
        let mut receipt_end = Vec::new();
        if context.out.is_terminal() {
            if !args.tags.is_empty() {
                receipt_end
                    .extend_from_slice(format!("  tags: {}", args.tags.join(",")).as_bytes());
            }
        } else {
            receipt_end.extend_from_slice(b"\",\"meta\":{\"tags\":");
            json::strings(&args.tags, &mut receipt_end);
            receipt_end.extend_from_slice(b"}}");
        }
        receipt_end.push(b'\n');
        Feeder {
            context,
            pool,
            // Appended fast also under `flush`: one flush then covers all that came together.
            options: AppendOptions::new().tags(args.tags.iter().map(String::as_str).collect()),
            flush: args.durability == args::Durability::Flush,
            unflushed: false,
            retries: args.retry,
            retry_delay: args
                .retry_delay
                .as_ref()
                .map_or(RETRY_DELAY, |delay| delay.duration),
            receipt_end,
            receipts: Vec::new(),
        }
    }

    /// Appends every record of a source; receipts are out before each wait for more input.
    fn append_all(&mut self, lines: &mut LineReader<Source>) -> Result<(), Failure> {
        let mut any = false;
        loop {
            while let Some(Line { number, text }) = lines.buffered() {
                self.append(text)
                    .map_err(|error| about_data(error, &format!("line {number}")))?;
                any = true;
                if self.receipts.len() >= MANY_RECEIPTS {
                    self.release()?;
                }
            }
            self.release()?;
            if !lines.fill(|| longest_record(self.pool))? {
                break;
            }
        }
        match any {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Usage, "the input holds no message")
                .with_hint("give one JSON value a line")
                .into()),
        }
    }

    fn append(&mut self, json: &[u8]) -> Result<(), Error> {
        let mut attempt = 0;
        let receipt = loop {
            match self.pool.append(json, &self.options) {
                Ok(receipt) => break receipt,
                Err(error) if error.kind() == ErrorKind::Busy && attempt < self.retries => {
                    attempt += 1;
                    std::thread::sleep(self.retry_delay);
                }
                Err(error) if error.kind() == ErrorKind::Busy && attempt > 0 => {
                    let attempts = attempt + 1;
                    let hint = format!(
                        "gave up after {attempts} attempts, {:?} apart",
                        self.retry_delay
                    );
                    return Err(error.with_hint(hint));
                }
                Err(error) => return Err(error),
            }
        };
        self.unflushed = self.flush;
        self.receipt(receipt)
    }

    fn receipt(&mut self, receipt: Receipt) -> Result<(), Error> {
        if self.context.out.is_terminal() {
            let when = human::second(receipt.time_ns)?;
            self.receipts
                .extend_from_slice(format!("fed seq={} at {when}", receipt.seq).as_bytes());
        } else {
            let _ = write!(self.receipts, "{{\"seq\":{},\"time\":\"", receipt.seq);
            crate::write_time(receipt.time_ns, &mut self.receipts)?;
        }
        self.receipts.extend_from_slice(&self.receipt_end);
        Ok(())
    }

    /// Prints the receipts so far, under `flush` after the disk has what they speak of.
    fn release(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.unflushed) {
            self.pool.flush()?;
        }
        self.context.out.buffer().append(&mut self.receipts);
        self.context.out.flush()
    }
}
