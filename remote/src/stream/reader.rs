//! The thread of a stream: reads one connection after another into the inbox, each from where the last one stood.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plasmite_core::store::GapPolicy;
use plasmite_core::sys::log::{self, Level};
use plasmite_core::{Error, ErrorKind, Result};

use super::frames::{Ended, Frame};
use super::inbox::{Inbox, Item};
use super::line::{Connection, Line};
use super::plan::Plan;

/// Between attempts to connect: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

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
    /// An error to be told, and then the end: another connection would bring the same.
    Broken(Error),
    /// Nobody wants more.
    Stopped,
}

/// Connections that cannot be had, or that bring nothing.
#[derive(Default)]
struct Trouble {
    since: Option<Instant>,
    pause: Duration,
}

impl Trouble {
    /// The pause before the next attempt, longer each time.
    fn next_pause(&mut self) -> Duration {
        self.since.get_or_insert_with(Instant::now);
        self.pause = (self.pause * 2).clamp(PAUSES.0, PAUSES.1);
        self.pause
    }
}

/// The reader.
pub(super) struct Reader {
    line: Arc<Line>,
    inbox: Arc<Inbox>,
    plan: Plan,
    policy: GapPolicy,
    /// Whether a loss was told, and not yet that it is over.
    lost: bool,
    /// Whether this connection brought anything.
    got_through: bool,
    trouble: Trouble,
}

impl Reader {
    pub(super) fn new(line: &Arc<Line>, inbox: &Arc<Inbox>, plan: Plan, policy: GapPolicy) -> Self {
        Reader {
            line: Arc::clone(line),
            inbox: Arc::clone(inbox),
            plan,
            policy,
            lost: false,
            got_through: false,
            trouble: Trouble::default(),
        }
    }

    /// Reads until the end, or until it is told to stop: then it gives what another reader goes on with. Without a
    /// connection it makes one.
    pub(super) fn run(mut self, first: Option<Connection>) -> Option<Plan> {
        let mut outcome = match first {
            Some(connection) => self.drain(connection),
            None if self.inbox.park() => Outcome::Renew,
            None => Outcome::Stopped,
        };
        loop {
            let pause = match outcome {
                Outcome::Stopped => return Some(self.plan),
                Outcome::Done => return self.end(),
                Outcome::Broken(error) => {
                    self.inbox.put(Item::Failed(error));
                    return self.end();
                }
                Outcome::Renew => Duration::ZERO,
                Outcome::Lost(why) => {
                    self.note(&why);
                    let pause = self.trouble.next_pause();
                    if self.is_out_of_patience() {
                        self.inbox.note_trouble(self.brings_nothing(&why));
                    }
                    pause
                }
                Outcome::Failed(error) => {
                    if !self.tell(error) {
                        return Some(self.plan);
                    }
                    Duration::ZERO
                }
            };
            outcome = match self.reconnect(pause) {
                Ok(Some(next)) => self.drain(next),
                Ok(None) => Outcome::Stopped,
                Err(error) => failed(error),
            };
        }
    }

    fn end(self) -> Option<Plan> {
        match self.inbox.put(Item::End) {
            true => None,
            false => Some(self.plan),
        }
    }

    /// Tells an error, and waits until more is asked for. False when it is to stop.
    fn tell(&mut self, error: Error) -> bool {
        let seq = error.seq();
        if !self.inbox.put(Item::Failed(error)) {
            return false;
        }
        if let Some(seq) = seq {
            // The next call goes on behind the message.
            self.plan.pass(seq);
        }
        self.trouble = Trouble::default();
        self.inbox.park()
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

    /// Whether a connection that brings something has been waited for long enough.
    fn is_out_of_patience(&self) -> bool {
        let patience = self.line.pool.link.settings.request_timeout;
        let since = self.trouble.since;
        since.is_some_and(|since| since.elapsed() >= patience)
    }

    /// What has no end is waited for as long as it takes.
    fn gives_up(&self) -> bool {
        self.plan.is_finite() && self.is_out_of_patience()
    }

    #[cold]
    fn brings_nothing(&self, why: &str) -> Error {
        Error::new(
            ErrorKind::Io,
            format!("connections to the server bring nothing: {why}"),
        )
        .with_path(self.line.pool.name())
        .with_hint("look at what is between here and the server")
    }

    /// Connects again, for as long as it takes. `None` when it is to stop.
    ///
    /// # Errors
    /// What trying again does not help against; Io after a while, when what is read has an end.
    fn reconnect(&mut self, mut pause: Duration) -> Result<Option<Connection>> {
        self.trouble.since.get_or_insert_with(Instant::now);
        loop {
            if !pause.is_zero() && !self.inbox.pause(pause) || self.inbox.is_stopped() {
                return Ok(None);
            }
            let error = match self.line.connect(&mut self.plan) {
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
                    if self.gives_up() {
                        return Err(error);
                    }
                    if !self.lost {
                        self.note(error.message());
                    }
                    if self.is_out_of_patience() {
                        self.inbox.note_trouble(error);
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
            pause = self.trouble.next_pause();
        }
    }

    /// Reads a connection to its end, and judges whether it was worth having.
    fn drain(&mut self, connection: Connection) -> Outcome {
        let since = connection.since;
        self.got_through = false;
        let outcome = self.read(connection);
        let long = match outcome {
            // A server may have short times for its tails.
            Outcome::Renew => PAUSES.0,
            _ => PAUSES.1,
        };
        if self.got_through || since.elapsed() >= long {
            self.trouble = Trouble::default();
            return outcome;
        }
        match outcome {
            Outcome::Renew => Outcome::Lost("it ended at once".to_owned()),
            Outcome::Lost(why) if self.gives_up() => Outcome::Failed(self.brings_nothing(&why)),
            outcome => outcome,
        }
    }

    fn read(&mut self, mut connection: Connection) -> Outcome {
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
                if matches!(outcome, Outcome::Done | Outcome::Renew) {
                    connection.finish();
                }
                return outcome;
            }
        }
    }

    fn take(&mut self, frame: Frame) -> Option<Outcome> {
        // Put in first, noted then: who goes on after a stop neither repeats nor leaves out anything.
        let wanted = match frame {
            Frame::Message(message) => {
                let header = message.message();
                let (seq, time_ns) = (header.seq, header.time_ns);
                if time_ns < self.plan.not_before() {
                    return Some(Outcome::Done);
                }
                self.put_message(seq, Item::Message(message))
            }
            Frame::Spoilt(seq, error) => self.put_message(seq, Item::Spoilt(error)),
            Frame::Gap(gap) => {
                self.got_through = true;
                let wanted = self.inbox.put(Item::Gap(gap));
                if wanted {
                    self.plan.pass(gap.last);
                }
                if wanted && self.policy == GapPolicy::Error {
                    return Some(Outcome::Done);
                }
                wanted
            }
            Frame::Position(place) => {
                self.inbox.stand_at(&place);
                self.got_through |= self.plan.stands_at(place);
                true
            }
            Frame::Failed(error) => return Some(failed(error)),
            Frame::Broken(error) => return Some(Outcome::Broken(error)),
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

    /// A message, or the error in its place. False when it is to stop.
    fn put_message(&mut self, seq: u64, item: Item) -> bool {
        self.got_through = true;
        let wanted = self.inbox.put(item);
        if wanted {
            self.plan.came(seq);
        }
        wanted
    }
}

fn failed(error: Error) -> Outcome {
    match error.kind() {
        // What is missing stays missing.
        ErrorKind::RetentionGap => Outcome::Broken(error),
        _ => Outcome::Failed(error),
    }
}

fn lost(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ended".to_owned(),
        _ => error.to_string(),
    }
}
