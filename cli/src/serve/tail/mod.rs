//! A tail: the messages of a pool as the body of an answer, each as soon as it is committed.
//!
//! The body is pulled by the connection: when the client reads slowly nothing is read from the pool, and what is
//! overwritten meanwhile is a gap. A tail that has nothing to send waits at its pool's bell (see `waiter`) and costs
//! its stream, its place there and a timer. Messages are read on the async workers, or by the waiter's thread (see `driven`), a few dozen KiB at a time. A
//! tail with tags or filters that has much to look at, or whose filters may take long for a single message, does that in
//! slices on a thread that may take its time, since nothing else bounds how long it goes on without a match.

mod form;
mod leash;
mod meter;
mod plain;
mod wanted;

use super::error::{Answer, Refusal};
use super::log;
use super::pools::{Meant, OpenPool};
use super::state::State;
use crate::{Error, ErrorKind, Stream};
use axum::body::{Body, Bytes};
use form::{EndReason, Fill, Filled};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{sleep, sleep_until, Instant};

pub(crate) use form::Form;
pub(crate) use leash::{Collar, Leash};
pub(crate) use meter::Meter;
pub(crate) use wanted::{moment, Wanted};

/// Messages that a tail with tags or plain filters looks at on an async worker.
const FEW: u64 = 64;
/// After which a scan gives what it found and lets others have its place.
const SLICE: Duration = Duration::from_millis(250);

/// A tail.
pub(crate) struct Tail {
    state: Arc<State>,
    open: Arc<OpenPool>,
    /// Gone while a thread scans with it.
    stream: Option<Stream>,
    fill: Fill,
    /// What the last look at the stream gave and was not dealt with yet.
    found: Option<Filled>,
    wanted: Wanted,
    /// Whether a scan has been through what there was at the start: the last few that match are looked for by the
    /// first step, from all that there is.
    begun: bool,
    /// Of a tail that has its start still to find only if its client has set one: how long that takes, the pool tells.
    deadline: Option<Instant>,
    /// When it gives the next sign of life.
    beat_at: Option<Instant>,
    meter: Arc<Meter>,
    over: bool,
    /// Whether its end is to be a broken connection.
    cut: bool,
    _slot: OwnedSemaphorePermit,
}

/// A place among the tails that may be there at once, held as long as the permit lives.
///
/// # Errors
/// Busy when there are as many as may be.
pub(crate) fn slot(state: &State) -> Answer<OwnedSemaphorePermit> {
    Arc::clone(&state.tails).try_acquire_owned().map_err(|_| {
        Refusal::new(
            axum::http::StatusCode::LOCKED,
            ErrorKind::Busy,
            format!(
                "the server has as many tails as it may have: {}",
                state.config.limits.tails
            ),
        )
        .with_hint("try again later, or start the server with a larger --max-tail-concurrency")
    })
}

impl Tail {
    /// Opens a tail of this pool.
    ///
    /// # Errors
    /// Busy when there are as many as may be; what opening the pool and the stream gives; 406 when the first message
    /// cannot be sent in this form.
    pub(crate) async fn open(
        state: &Arc<State>,
        pool: &Meant,
        form: Form,
        wanted: Wanted,
    ) -> Answer<Tail> {
        let slot = slot(state)?;
        let open = state.pools.meant(&state.storage, pool).await?;
        let (stream, fill, found) = Tail::begin(state, &open, form, &wanted).await?;
        if let (Form::Lite3, Some(Filled::Failed(error)), true) = (form, &found, fill.is_empty()) {
            if error.kind() == ErrorKind::Usage {
                return Err(form::not_lite3(error.clone()));
            }
        }
        let meter = Arc::new(Meter::new(&pool.name, &open, &stream, wanted.backwards));
        state.metrics.tail(&meter);
        Ok(Tail {
            deadline: wanted.deadline(!wanted.searches()),
            beat_at: wanted.next_beat(),
            state: Arc::clone(state),
            stream: Some(stream),
            found,
            open,
            fill,
            begun: false,
            wanted,
            meter,
            over: false,
            cut: false,
            _slot: slot,
        })
    }

    /// Opens the stream. Without a filter it takes a first look too; with one that could take long, and the head of
    /// the answer is to be sent at once.
    async fn begin(
        state: &State,
        open: &Arc<OpenPool>,
        form: Form,
        wanted: &Wanted,
    ) -> Answer<(Stream, Fill, Option<Filled>)> {
        let (open, wanted) = (Arc::clone(open), wanted.clone());
        let filtered = wanted.is_filtered();
        let begin = move || -> Result<_, Error> {
            let mut stream = wanted.open(&open.pool)?;
            let mut fill = Fill::new(form, wanted.backwards);
            fill.begin(&mut stream, wanted.searches(), open.pool.bounds()?.newest);
            let found = (!filtered).then(|| fill.from(&mut stream));
            Ok((stream, fill, found))
        };
        state.storage.run(begin).await
    }

    /// The body that it is.
    pub(crate) fn into_body(self) -> Body {
        Body::from_stream(futures_util::stream::unfold(self, |mut tail| async move {
            let piece = tail.next_piece().await?;
            Some((piece, tail))
        }))
    }

    /// The next piece of the body; `None` at its end, an error when the connection is to be cut.
    async fn next_piece(&mut self) -> Option<io::Result<Bytes>> {
        while !self.over {
            let found = match self.found.take() {
                Some(found) => found,
                None => self.look().await,
            };
            match found {
                Filled::More | Filled::Idle if !self.fill.is_empty() => {
                    // Look again behind it, once it is sent.
                    return Some(Ok(self.take()));
                }
                // Nothing for this client: a slice of a scan without a match, or messages for others. However many of
                // those there are, a sign of life is given in its time.
                found @ (Filled::More | Filled::Idle) => {
                    let passed = match (self.beat_if_due(), found) {
                        (Ok(()), Filled::Idle) if self.fill.is_empty() => self.wait().await,
                        (beaten, _) => beaten,
                    };
                    if let Err(error) = passed {
                        self.found = Some(Filled::Failed(error));
                    } else if !self.fill.is_empty() {
                        return Some(Ok(self.take()));
                    }
                }
                Filled::End(reason) => {
                    self.over = true;
                    let searching = self.is_searching();
                    self.fill.end(self.stream.as_mut(), searching, reason);
                }
                Filled::Failed(error) => {
                    self.over = true;
                    self.state.metrics.error(error.kind());
                    if error.kind() == ErrorKind::Corrupt {
                        log::error(format_args!("tail: {error}"));
                    }
                    if !self.fill.fail(&error, &self.state.veil) {
                        self.cut = true;
                    }
                }
            }
        }
        if !self.fill.is_empty() {
            return Some(Ok(self.take()));
        }
        if std::mem::take(&mut self.cut) {
            // A pause, so that the connection sends what it has before it breaks.
            tokio::task::yield_now().await;
            return Some(Err(io::Error::other("the tail broke")));
        }
        None
    }

    fn is_searching(&self) -> bool {
        self.wanted.searches() && !self.begun
    }

    fn beat_if_due(&mut self) -> Result<(), Error> {
        let searching = self.is_searching();
        if let (Some(at), Some(stream)) = (self.beat_at, &mut self.stream) {
            if Instant::now() >= at {
                self.beat_at = self.wanted.next_beat();
                let newest = self.open.pool.bounds()?.newest;
                self.fill.beat(stream, searching, newest);
            }
        }
        Ok(())
    }

    fn take(&mut self) -> Bytes {
        self.beat_at = self.wanted.next_beat();
        let (messages, bytes) = self.fill.take();
        let lost = self
            .stream
            .as_ref()
            .map_or(0, |stream| self.meter.note(stream));
        self.state.metrics.sent(messages, bytes.len(), lost);
        bytes
    }

    /// Why it is to end without another message, if it is.
    fn due(&self) -> Option<EndReason> {
        if self.state.stopping.is_now() {
            return Some(EndReason::Stopping);
        }
        let over = self.deadline.is_some_and(|end| Instant::now() >= end);
        over.then_some(EndReason::Timeout)
    }

    /// Reads what there is, as far as it goes into one piece.
    async fn look(&mut self) -> Filled {
        if let Some(reason) = self.due() {
            return Filled::End(reason);
        }
        if self.wanted.is_filtered() && (!self.begun || !self.wanted.plain || self.backlog() > FEW)
        {
            return self.scan().await;
        }
        match &mut self.stream {
            Some(stream) => self.fill.from(stream),
            None => Filled::End(EndReason::Timeout),
        }
    }

    fn backlog(&self) -> u64 {
        self.stream
            .as_ref()
            .map_or(0, |stream| self.meter.behind(stream))
    }

    /// As `look`, on a thread that may take its time. Time up, a stop and the end of a slice end it at the next message.
    async fn scan(&mut self) -> Filled {
        let state = Arc::clone(&self.state);
        let mut stopping = state.stopping.clone();
        let place = tokio::select! {
            place = state.storage.scan_place() => place,
            () = until(self.deadline) => return Filled::End(EndReason::Timeout),
            () = until(self.beat_at) => return Filled::More,
            () = stopping.came() => return Filled::End(EndReason::Stopping),
        };
        let place = match place {
            Ok(place) => place,
            Err(refusal) => return Filled::Failed(refusal.error),
        };
        let Some(mut stream) = self.stream.take() else {
            return Filled::End(EndReason::Timeout);
        };
        let mut fill = std::mem::take(&mut self.fill);
        let anew = fill.anew();
        // When the client goes away, this future does too.
        let leash = Leash::of(&stream);
        let mut scan = pin!(place.run(move || {
            let found = fill.from(&mut stream);
            Ok::<_, Error>((stream, fill, found))
        }));
        let early = tokio::select! {
            done = &mut scan => Err(done),
            () = until(self.deadline) => Ok(Some(EndReason::Timeout)),
            () = stopping.came() => Ok(Some(EndReason::Stopping)),
            () = sleep(SLICE) => Ok(None),
        };
        let searched = self.is_searching();
        let (done, end) = match early {
            Err(done) => {
                self.begun = true;
                (done, None)
            }
            Ok(end) => {
                leash.pull();
                // Where it stands is to be told.
                (scan.await, end)
            }
        };
        leash.release();
        match done {
            Ok((mut stream, fill, found)) => {
                stream.reset_cancel();
                self.fill = fill;
                // What it gave came from its start on, also when it was cut short behind that.
                self.begun |= has_given(&stream);
                if searched && self.begun {
                    self.deadline = self.deadline.or(self.wanted.deadline(true));
                    self.fill.found_start(&stream);
                }
                self.stream = Some(stream);
                end.map_or(found, Filled::End)
            }
            Err(_) => {
                self.fill = anew;
                Filled::End(end.unwrap_or(EndReason::Timeout))
            }
        }
    }

    /// Waits for news, for its time to be up, or for the moment of a sign of life.
    async fn wait(&mut self) -> Result<(), Error> {
        let open = Arc::clone(&self.open);
        let mut news = pin!(open.bell.news.notified());
        // Listen, be watched, look once more, then sleep: so nothing is missed.
        news.as_mut().enable();
        let _waiting = self.state.waiter.wait(&open)?;
        match self.look().await {
            Filled::Idle if self.fill.is_empty() => {}
            found => {
                self.found = Some(found);
                return Ok(());
            }
        }
        let mut stopping = self.state.stopping.clone();
        tokio::select! {
            () = news => {}
            () = until(self.deadline) => {}
            () = until(self.beat_at) => self.found = Some(Filled::Idle),
            () = stopping.came() => {}
        }
        Ok(())
    }
}

/// Whether messages came out of it, or were told as lost.
fn has_given(stream: &Stream) -> bool {
    stream
        .stats()
        .is_ok_and(|stats| stats.delivered > 0 || stats.dropped > 0)
}

/// Waits until then; for ever for none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
