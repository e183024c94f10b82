//! Appends what an ingest reads, and prints receipts.

use super::{skipped, with_hint};
use crate::cli::args::{Durability, FeedArgs, OnError};
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::input::{Source, CHUNK};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::human;
use crate::cli::output::progress::Progress;
use crate::cli::output::stdout::harmless;
use crate::cli::terminal::printable;
use crate::json;
use crate::{
    AppendOptions, Appended, Error, ErrorKind, Fault, Ingest, IngestCounts, IngestStep, LockWait,
    Place, Pool, Receipt,
};
use std::io::Write;
use std::time::{Duration, Instant};

const RETRY_DELAY: Duration = Duration::from_millis(50);

/// How long an append waits for other writers before everything in hand is given out. Other writers are
/// done within microseconds, or hold the pool for long.
const SHORT_WAIT: Duration = Duration::from_millis(20);

/// When receipts are printed even though more input is at hand.
const MANY_RECEIPTS: usize = 64 << 10;

/// Records between two looks at the clock.
const LOOK_EVERY: u64 = 1024;

/// Appends records and prints receipts.
pub(super) struct Feeder<'a> {
    context: &'a mut Context,
    args: &'a FeedArgs,
    pool: &'a Pool,
    ingest: Ingest,
    /// Waits for other writers, but not for long.
    hasty: AppendOptions<'a>,
    /// Waits as long as the library does.
    patient: AppendOptions<'a>,
    /// Receipts wait until everything appended so far is on disk.
    flush: bool,
    unflushed: bool,
    is_remote: bool,
    /// A receipt's text behind its time, unless the message brought its own tags.
    receipt_end: Vec<u8>,
    /// The tags that the last message brought, as a JSON array.
    copied_tags: Vec<u8>,
    /// Receipts of which nothing was printed yet, and the number in the last one.
    receipts: Vec<u8>,
    last_seq: u64,
    progress: Progress,
}

impl<'a> Feeder<'a> {
    pub(super) fn new(
        context: &'a mut Context,
        args: &'a FeedArgs,
        pool: &'a Pool,
        ingest: Ingest,
    ) -> Feeder<'a> {
        // Appended fast also under `flush`: one flush then covers all that came together.
        let is_remote = context.is_remote(&args.pool);
        let patient = AppendOptions::new().tags(args.tags.iter().map(String::as_str).collect());
        Feeder {
            receipt_end: receipt_end(context.out.is_terminal(), &args.tags),
            copied_tags: Vec::new(),
            context,
            args,
            pool,
            ingest,
            hasty: patient.clone().lock_wait(LockWait::For(SHORT_WAIT)),
            patient,
            flush: args.durability == Durability::Flush,
            unflushed: false,
            is_remote,
            receipts: Vec::new(),
            last_seq: 0,
            progress: Progress::new(false, None),
        }
    }

    /// Appends the one record of the ingest; gives what is wrong with it.
    pub(super) fn append_one(&mut self) -> Result<Option<Fault>, Failure> {
        match self.append(None)? {
            IngestStep::Fault(fault) => Ok(Some(*fault)),
            IngestStep::Record((_, receipt)) => {
                self.receipt(receipt)?;
                Ok(None)
            }
            IngestStep::More | IngestStep::End => {
                Err(Error::new(ErrorKind::Usage, "DATA is empty")
                    .with_hint(
                        "a message is one JSON value, for example {\"a\":1}, [1,2] or \"text\"",
                    )
                    .into())
            }
        }
    }

    /// Appends every record of a source; receipts are out before each wait for more input.
    pub(super) fn append_all(
        &mut self,
        source: &mut Source,
        interrupt: &mut Interrupt<'_>,
    ) -> Result<IngestCounts, Failure> {
        let size = source.size();
        let shown =
            self.context.err.is_terminal() && (size.is_some() || !self.context.out.is_terminal());
        self.progress = Progress::new(shown, size);
        let mut input = vec![0; CHUNK];
        loop {
            match self.append(Some(&mut *interrupt))? {
                IngestStep::Record((place, receipt)) => {
                    self.receipt(receipt)?;
                    // A server's answer takes longer than a write, and the next may not come.
                    if self.is_remote || self.receipts.len() >= MANY_RECEIPTS {
                        self.release()?;
                    }
                    if place.index % LOOK_EVERY == 0 {
                        self.progress.tick(place.index, &self.context.err);
                    }
                }
                IngestStep::Fault(fault) => self.fault(*fault)?,
                IngestStep::More => {
                    self.release()?;
                    let count = interrupt.idle(|| source.read(&mut input))?;
                    self.progress.add(count);
                    match count {
                        0 => self.ingest.finish()?,
                        _ => self.ingest.push(&input[..count])?,
                    }
                }
                IngestStep::End => return Ok(self.ingest.counts()?),
            }
            if interrupt.wanted() {
                // The caller prints the receipts and ends the program.
                return Ok(self.ingest.counts()?);
            }
        }
    }

    /// A bad record: the end, or a notice.
    fn fault(&mut self, fault: Fault) -> Result<(), Failure> {
        if self.args.errors == OnError::Stop {
            let hint = "a message is one JSON value; --errors skip passes over bad records";
            return Err(with_hint(fault.error, hint).into());
        }
        self.progress.hide(&self.context.err);
        // People see both in one place, and in order.
        if self.context.out.is_terminal() {
            self.release()?;
        }
        skipped::tell(self.context, self.args, self.pool, &fault);
        Ok(())
    }

    /// Appends the next record.
    #[inline]
    fn append(
        &mut self,
        interrupt: Option<&mut Interrupt<'_>>,
    ) -> Result<IngestStep<(Place, Receipt)>, Failure> {
        let tags = &mut self.copied_tags;
        match self.ingest.append(self.pool, &self.hasty) {
            Ok(step) => Ok(step.map(|appended| keep_tags(appended, tags))),
            Err(error) if error.kind() == ErrorKind::Busy => self.append_patiently(interrupt),
            Err(error) => Err(error.into()),
        }
    }

    /// Appends the next record once other writers let it. Meanwhile nothing is in hand.
    #[cold]
    fn append_patiently(
        &mut self,
        interrupt: Option<&mut Interrupt<'_>>,
    ) -> Result<IngestStep<(Place, Receipt)>, Failure> {
        self.release()?;
        let begun = Instant::now();
        let delay = self
            .args
            .retry_delay
            .as_ref()
            .map_or(RETRY_DELAY, |delay| delay.duration);
        let attempts = u64::from(self.args.retry) + 1;
        let (ingest, tags) = (&mut self.ingest, &mut self.copied_tags);
        let (pool, options) = (self.pool, &self.patient);
        let mut attempt = 1;
        let mut wait = || loop {
            match ingest.append(pool, options) {
                Err(error) if error.kind() == ErrorKind::Busy && attempt < attempts => {
                    attempt += 1;
                    std::thread::sleep(delay);
                }
                Err(error) => return Err(error),
                Ok(step) => return Ok(step.map(|appended| keep_tags(appended, tags))),
            }
        };
        let outcome = match interrupt {
            Some(interrupt) => interrupt.idle(wait),
            None => wait(),
        };
        outcome.map_err(|error| match error.kind() {
            ErrorKind::Busy if attempts > 1 => {
                let seconds = begun.elapsed().as_secs_f64();
                let hint =
                    format!("gave up after {attempts} attempts in {seconds:.1} s, {delay:?} apart");
                error.with_hint(hint).into()
            }
            _ => error.into(),
        })
    }

    fn receipt(&mut self, receipt: Receipt) -> Result<(), Error> {
        self.unflushed = self.flush;
        self.last_seq = receipt.seq;
        if self.context.out.is_terminal() {
            let when = human::second(receipt.time_ns)?;
            self.receipts
                .extend_from_slice(format!("fed seq={} at {when}", receipt.seq).as_bytes());
        } else {
            let _ = write!(self.receipts, "{{\"seq\":{},\"time\":\"", receipt.seq);
            crate::write_time(receipt.time_ns, &mut self.receipts)?;
        }
        match self.copied_tags.is_empty() {
            true => self.receipts.extend_from_slice(&self.receipt_end),
            false => self.receipts.extend(receipt_end_with(
                self.context.out.is_terminal(),
                &self.copied_tags,
            )),
        }
        Ok(())
    }

    /// Prints the receipts so far, under `flush` after the disk has what they speak of.
    pub(super) fn release(&mut self) -> Result<(), Failure> {
        if self.receipts.is_empty() {
            return Ok(());
        }
        if self.unflushed {
            // When it fails the receipts stay: nothing is said of messages that may be lost.
            self.pool.flush()?;
            self.unflushed = false;
        }
        if self.context.out.is_terminal() {
            self.progress.hide(&self.context.err);
        }
        self.context.out.buffer().append(&mut self.receipts);
        self.context.out.flush().map_err(|failure| match failure {
            Failure::Error(error) => self.without_receipt(error),
            failure => failure,
        })
    }

    /// The error about receipts that cannot be printed: who repeats the command would append its messages once more.
    fn without_receipt(&self, error: Error) -> Failure {
        let seq = self.last_seq;
        let message = format!("{}; messages up to {seq} are stored", error.message());
        Failure::Stored(error.with_message(message), seq)
    }

    /// Prints the last receipts.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        let released = self.release();
        self.progress.hide(&self.context.err);
        released
    }
}

/// Keeps the tags that a message brought.
#[inline]
fn keep_tags(appended: Appended<'_>, tags: &mut Vec<u8>) -> (Place, Receipt) {
    tags.clear();
    tags.extend_from_slice(appended.copied_tags.unwrap_or_default().as_bytes());
    (appended.place, appended.receipt)
}

/// A receipt's text behind its time.
fn receipt_end(terminal: bool, tags: &[String]) -> Vec<u8> {
    if terminal {
        return match tags {
            [] => b"\n".to_vec(),
            tags => format!("  tags: {}\n", printable(&tags.join(","))).into_bytes(),
        };
    }
    let mut array = Vec::new();
    json::strings(tags, &mut array);
    receipt_end_with(terminal, &array)
}

/// The same for tags that are a JSON array.
fn receipt_end_with(terminal: bool, tags: &[u8]) -> Vec<u8> {
    match terminal {
        true if tags == b"[]" => b"\n".to_vec(),
        // Without memory to show them they are left out: the message is stored.
        true => [b"  tags: ", &*harmless(tags).unwrap_or_default(), b"\n"].concat(),
        false => [&b"\",\"meta\":{\"tags\":"[..], tags, b"}}\n"].concat(),
    }
}
