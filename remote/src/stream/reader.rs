//! The thread of a stream: reads one connection after another into the inbox, each from where the last one stood.

use std::io::{self, BufReader, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use plasmite_core::store::GapPolicy;
use plasmite_core::sys::log::{self, Level};
use plasmite_core::{Error, ErrorKind, Result};
use ureq::{Agent, BodyReader};

use super::frames::{self, Ended, Frame};
use super::inbox::{Inbox, Item};
use super::plan::{Plan, SILENCE};
use crate::agent::{agent, Purpose};
use crate::request::Call;
use crate::Pool;

/// Between attempts to connect: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How much of a connection is read at once.
const BUFFER: usize = 64 << 10;

/// A connection on which a tail comes in.
pub(super) struct Connection {
    body: BufReader<BodyReader<'static>>,
}

/// Connections of one stream, made with an agent of its own, so that they can be broken off from outside.
pub(super) struct Line {
    pool: Pool,
    agent: Mutex<Option<Agent>>,
}

impl Line {
    pub(super) fn new(pool: &Pool) -> Line {
        let agent = agent(&pool.link.settings, Purpose::Stream(SILENCE));
        Line {
            pool: pool.clone(),
            agent: Mutex::new(Some(agent)),
        }
    }

    fn agent(&self) -> MutexGuard<'_, Option<Agent>> {
        self.agent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a tail, and waits for the head of its answer.
    ///
    /// # Errors
    /// The server's, or those of the way to it.
    pub(super) fn connect(&self, plan: &Plan) -> Result<Connection> {
        let agent = self.agent().clone();
        let Some(agent) = agent else {
            return Err(Error::new(ErrorKind::Io, "the stream was closed"));
        };
        let route = self.pool.route(&format!("/tail_lite3{}", plan.query()));
        let call = self.pool.call(Call::get(&route));
        let response = self.pool.link.open(&agent, &call).map_err(|error| {
            let is_old = error.kind() == ErrorKind::Usage && error.message().contains("gap_policy");
            match is_old {
                true => error.with_hint("the server is older than this client: upgrade it"),
                false => error,
            }
        })?;
        let (_, body) = response.into_parts();
        // A tail has no largest size; its frames have.
        let body = body.into_with_config().limit(u64::MAX).reader();
        Ok(Connection {
            body: BufReader::with_capacity(BUFFER, body),
        })
    }

    /// Breaks the connections off, for ever.
    pub(super) fn break_off(&self) {
        let agent = self.agent().take();
        if let Some(agent) = agent {
            agent.shutdown();
        }
    }

    /// In a forked child: leaves the parent's connections alone.
    pub(super) fn forget(&self) {
        let agent = self.agent().take();
        std::mem::forget(agent);
    }
}

impl Connection {
    /// Reads the next frame.
    ///
    /// # Errors
    /// The connection's.
    pub(super) fn next(&mut self, largest: u64, pool: &str) -> io::Result<Frame> {
        frames::read(&mut self.body, largest, pool)
    }
}

/// How a connection ended.
enum Outcome {
    /// All was read.
    Done,
    /// It goes on with another connection, at once.
    Renew,
    /// It goes on with another connection after a while.
    Lost(String),
    /// An error to be told; then another connection.
    Failed(Error),
    /// Nobody wants more.
    Stopped,
}

/// The reader.
pub(super) struct Reader {
    pub(super) line: Arc<Line>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) plan: Plan,
    pub(super) policy: GapPolicy,
    /// Whether a loss was told, and not yet that it is over.
    pub(super) lost: bool,
}

impl Reader {
    /// Reads until the end, or until it is told to stop.
    pub(super) fn run(mut self, first: Connection) {
        let mut connection = Some(first);
        loop {
            let outcome = match connection.take() {
                Some(connection) => self.drain(connection),
                None => Outcome::Renew,
            };
            let pause = match outcome {
                Outcome::Stopped => return,
                Outcome::Done => {
                    self.inbox.put(Item::End);
                    return;
                }
                Outcome::Renew => Duration::ZERO,
                Outcome::Lost(why) => {
                    self.note(&why);
                    PAUSES.0
                }
                Outcome::Failed(error) => {
                    let is_end = error.kind() == ErrorKind::RetentionGap;
                    if !self.inbox.fail(error) || is_end {
                        return;
                    }
                    Duration::ZERO
                }
            };
            match self.reconnect(pause) {
                Ok(Some(next)) => connection = Some(next),
                Ok(None) => return,
                Err(error) => {
                    let is_end = error.kind() == ErrorKind::RetentionGap;
                    if !self.inbox.fail(error) || is_end {
                        return;
                    }
                }
            }
        }
    }

    fn note(&mut self, why: &str) {
        self.lost = true;
        log::emit(Level::Warn, || {
            format!(
                "the connection to {} was lost ({why}); trying again",
                self.line.pool.url().display()
            )
        });
    }

    /// Connects again, for as long as it takes. `None` when it is to stop.
    ///
    /// # Errors
    /// What trying again does not help against; Io after a while, when what is read has an end.
    fn reconnect(&mut self, pause: Duration) -> Result<Option<Connection>> {
        let began = Instant::now();
        let mut pause = pause;
        loop {
            if !pause.is_zero() && !self.inbox.pause(pause) || self.inbox.is_stopped() {
                return Ok(None);
            }
            let error = match self.line.connect(&self.plan) {
                Ok(connection) => {
                    if std::mem::take(&mut self.lost) {
                        let url = self.line.pool.url();
                        log::emit(Level::Info, || {
                            format!("the connection to {} is there again", url.display())
                        });
                    }
                    return Ok(Some(connection));
                }
                Err(error) => error,
            };
            if self.inbox.is_stopped() {
                return Ok(None);
            }
            match error.kind() {
                ErrorKind::Io | ErrorKind::Busy => {
                    let patience = self.line.pool.link.settings.request_timeout;
                    if self.plan.is_finite() && began.elapsed() >= patience {
                        return Err(error);
                    }
                    if pause < PAUSES.0 {
                        self.note(error.message());
                    }
                }
                // All else was accepted before.
                ErrorKind::Usage if self.plan.resumes() => {
                    return Err(Error::new(
                        ErrorKind::NotFound,
                        "the pool was deleted or replaced while the connection was lost",
                    )
                    .with_path(self.line.pool.name())
                    .with_cause(error.message())
                    .with_hint("open a new stream to read the pool of that name"));
                }
                _ => return Err(error),
            }
            pause = (pause * 2).clamp(PAUSES.0, PAUSES.1);
        }
    }

    /// Reads a connection to its end.
    fn drain(&mut self, mut connection: Connection) -> Outcome {
        let largest = self.line.pool.link.settings.largest;
        let pool = self.line.pool.clone();
        loop {
            let frame = connection.next(largest, pool.name());
            if self.inbox.is_stopped() {
                return Outcome::Stopped;
            }
            let taken = match frame {
                Err(error) => return Outcome::Lost(lost(&error)),
                Ok(frame) => self.take(frame),
            };
            if let Some(outcome) = taken {
                // To its end, so that the connection can be used again.
                if matches!(outcome, Outcome::Done | Outcome::Renew) {
                    let _ = connection.body.read(&mut [0; 1]);
                }
                return outcome;
            }
        }
    }

    fn take(&mut self, frame: Frame) -> Option<Outcome> {
        let wanted = match frame {
            Frame::Message(message) => {
                let header = message.message();
                let (seq, time_ns) = (header.seq, header.time_ns);
                if time_ns < self.plan.not_before() {
                    return Some(Outcome::Done);
                }
                self.plan.came(seq);
                self.inbox.put(Item::Message(message))
            }
            Frame::Gap(gap) => {
                self.plan.pass(gap.last);
                if self.policy == GapPolicy::Error {
                    self.inbox.put(Item::Gap(gap));
                    return Some(Outcome::Stopped);
                }
                self.inbox.put(Item::Gap(gap))
            }
            Frame::Position(next_seq, token) => {
                self.plan.stands_at(next_seq, token);
                self.inbox.stand_at(next_seq);
                true
            }
            Frame::Failed(error) => {
                if let Some(seq) = error.seq() {
                    // The next call goes on behind the message.
                    self.plan.pass(seq);
                }
                return Some(Outcome::Failed(error));
            }
            Frame::End(Ended::Done) => return Some(Outcome::Done),
            Frame::End(Ended::Timeout) => return Some(Outcome::Renew),
            Frame::End(Ended::Stopping) => {
                return Some(Outcome::Lost("the server stops".to_owned()))
            }
            Frame::Unknown => true,
        };
        match wanted {
            false => Some(Outcome::Stopped),
            true => self.plan.is_done().then_some(Outcome::Done),
        }
    }
}

fn lost(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ended".to_owned(),
        _ => error.to_string(),
    }
}
