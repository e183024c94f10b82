//! A stream of messages from a server.
//!
//! A thread reads the connection into an inbox ([`reader`], [`inbox`]); the calls here take from it. When the
//! connection ends before the stream does, the thread connects again and resumes where the server said it stood
//! ([`plan`]), so that nothing is lost, repeated or reordered; what the server overwrote meanwhile is a gap as ever.

mod frames;
mod inbox;
mod line;
mod plan;
mod reader;
mod running;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plasmite_core::message::TimeCache;
use plasmite_core::store::{
    moved_token, GapPolicy, Next, OwnedMessage, Stats, TailOptions, View, Wait,
};
use plasmite_core::sys::atomic::{AtomicU64, Ordering};
use plasmite_core::sys::clock::Deadline;
use plasmite_core::sys::{event_fd, fork};
use plasmite_core::{Error, ErrorKind, Result};

use crate::Pool;
use inbox::{Inbox, Item};
use plan::Plan;
use running::Running;

/// A stream. Any thread may use it; calls that take messages take turns, [`Stream::cancel`] and the getters never wait
/// for one that sleeps.
pub struct Stream {
    pool: Pool,
    inbox: Arc<Inbox>,
    state: Mutex<State>,
    running: Mutex<Option<Running>>,
    policy: GapPolicy,
    /// How many messages are wanted from each place on to which the stream is moved.
    max: Option<u64>,
    deadline: Deadline,
    delivered: AtomicU64,
    dropped: AtomicU64,
    /// The process in which its thread runs.
    born: u32,
}

struct State {
    plan: Plan,
    /// What views were given of in the last call.
    lent: Vec<OwnedMessage>,
    times: TimeCache,
    left: Option<u64>,
    /// Nothing more comes.
    done: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// Opens a stream: connects, and waits for the server to say where it stands. It lives on when the pool handle is
    /// dropped.
    ///
    /// # Errors
    /// NotFound, Usage (options, a bad token), RetentionGap (a token); those of requests.
    pub fn tail(&self, options: &TailOptions<'_>) -> Result<Stream> {
        if options.in_place {
            return Err(
                Error::usage("messages of a server's pool cannot be read in place")
                    .with_path(self.name())
                    .with_hint("open the stream without in_place"),
            );
        }
        let deadline = options.timeout.map_or(Deadline::NEVER, Deadline::after);
        let stream = Stream {
            pool: self.clone(),
            inbox: Arc::new(Inbox::new(deadline)),
            state: Mutex::new(State {
                plan: Plan::new(options)?,
                lent: Vec::new(),
                times: TimeCache::new(),
                left: options.max,
                done: false,
            }),
            running: Mutex::new(None),
            policy: options.gap,
            max: options.max,
            deadline,
            delivered: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            born: fork::generation(),
        };
        let mut state = lock(&stream.state);
        stream.begin(&mut state)?;
        drop(state);
        Ok(stream)
    }
}

impl Stream {
    #[cold]
    fn in_child(&self) -> Error {
        Error::usage("the stream's connection belongs to the parent process")
            .with_hint("open a stream of its own in the forked child")
    }

    fn check_process(&self) -> Result<()> {
        match self.born == fork::generation() {
            true => Ok(()),
            false => Err(self.in_child()),
        }
    }

    /// The next message, or why there is none. The view is written only for a message; it is good until the next call
    /// on the stream.
    ///
    /// # Errors
    /// RetentionGap (with [`GapPolicy::Error`]; the stream has ended then), NotFound (the pool is gone), Usage with a
    /// seq (a filter failed on the message), Corrupt, Permission, Io.
    pub fn next(&self, wait: Wait, view: &mut View) -> Result<Next> {
        let (next, _state) = self.step(wait, |state, message| {
            *view = message.view();
            state.lent.push(message);
            Ok(())
        })?;
        Ok(next)
    }

    /// As [`Stream::next`] for as many messages as there are, at most as many as there are views. Only the first is
    /// waited for.
    ///
    /// # Errors
    /// As [`Stream::next`].
    pub fn next_many(&self, wait: Wait, views: &mut [View]) -> Result<(Next, usize)> {
        let Some((first, rest)) = views.split_first_mut() else {
            self.check_process()?;
            return Ok((Next::Timeout, 0));
        };
        let (next, mut state) = self.step(wait, |state, message| {
            *first = message.view();
            state.lent.push(message);
            Ok(())
        })?;
        if !matches!(next, Next::Message(_)) {
            return Ok((next, 0));
        }
        let mut count = 1;
        for view in rest {
            if state.left == Some(0) {
                break;
            }
            let Some(message) = self.inbox.take_message() else {
                break;
            };
            self.delivered(&mut state, &message);
            *view = message.view();
            state.lent.push(message);
            count += 1;
        }
        Ok((next, count))
    }

    /// As [`Stream::next`]; gives the view to `read`, which no other thread's call can end meanwhile.
    ///
    /// # Errors
    /// As [`Stream::next`]; those of `read`.
    pub fn next_then<T>(
        &self,
        wait: Wait,
        read: impl FnOnce(&View) -> Result<T>,
    ) -> Result<(Next, Option<T>)> {
        let mut result = None;
        let (next, _state) = self.step(wait, |_, message| {
            result = Some(read(&message.view())?);
            Ok(())
        })?;
        Ok((next, result))
    }

    /// As [`Stream::next`]; appends the message's JSON envelope to `out`.
    ///
    /// # Errors
    /// As [`Stream::next`].
    pub fn next_envelope(&self, wait: Wait, out: &mut Vec<u8>) -> Result<Next> {
        let (next, _state) = self.step(wait, |state, message| {
            message.message().write_envelope(out, &mut state.times)
        })?;
        Ok(next)
    }

    fn state_of_ours(&self) -> Result<MutexGuard<'_, State>> {
        // Before the lock: in a child it may be held for ever.
        self.check_process()?;
        let mut state = lock(&self.state);
        state.lent.clear();
        Ok(state)
    }

    fn delivered(&self, state: &mut State, message: &OwnedMessage) {
        self.passed(state, message.message().seq);
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    /// One of the most that are wanted is behind.
    fn passed(&self, state: &mut State, seq: u64) {
        if let Some(left) = &mut state.left {
            *left = left.saturating_sub(1);
        }
        self.stands_behind(state, seq);
    }

    fn stands_behind(&self, state: &State, seq: u64) {
        let next = state.plan.behind(seq);
        self.inbox.next_seq.store(next, Ordering::Relaxed);
    }

    /// Nobody waits for a thread that sleeps in here: it lets go of the state, and looks again when it wakes up.
    fn step(
        &self,
        wait: Wait,
        deliver: impl FnOnce(&mut State, OwnedMessage) -> Result<()>,
    ) -> Result<(Next, MutexGuard<'_, State>)> {
        let until = deadline_of(wait);
        let mut state = self.state_of_ours()?;
        loop {
            // Before anything that a sleep is decided by: what happens from now on ends it.
            let epoch = self.inbox.epoch();
            if self.inbox.is_cancelled() {
                return Ok((Next::Cancelled, state));
            }
            if self.deadline.passed() {
                self.inbox.raise();
                return Ok((Next::Deadline, state));
            }
            if state.done || state.left == Some(0) {
                self.inbox.raise();
                return Ok((Next::End, state));
            }
            match self.inbox.take() {
                Some(Item::Message(message)) => {
                    let seq = message.message().seq;
                    self.delivered(&mut state, &message);
                    deliver(&mut state, message)?;
                    return Ok((Next::Message(seq), state));
                }
                Some(Item::Gap(gap)) => {
                    let count = gap.last.saturating_sub(gap.first).saturating_add(1);
                    // Only whoever has the state stores it.
                    let dropped = self.dropped.load(Ordering::Relaxed);
                    self.dropped
                        .store(dropped.saturating_add(count), Ordering::Relaxed);
                    self.inbox
                        .next_seq
                        .store(gap.last.saturating_add(1), Ordering::Relaxed);
                    match self.policy {
                        GapPolicy::Continue => {}
                        GapPolicy::Event => return Ok((Next::Gap(gap), state)),
                        GapPolicy::Error => {
                            state.done = true;
                            return Err(gap.into_error());
                        }
                    }
                }
                Some(Item::Failed(error)) => {
                    state.done |= error.kind() == ErrorKind::RetentionGap;
                    if let (false, Some(seq)) = (state.done, error.seq()) {
                        self.stands_behind(&state, seq);
                    }
                    return Err(error);
                }
                // Locally, too, it is one of the most that are wanted.
                Some(Item::Spoilt(error)) => {
                    self.passed(&mut state, error.seq().unwrap_or_default());
                    return Err(error);
                }
                // Taken note of in the inbox.
                Some(Item::Token(_)) => {}
                Some(Item::End) => state.done = true,
                None if until.passed() => {
                    self.inbox.quiet();
                    return Ok((Next::Timeout, state));
                }
                None => {
                    drop(state);
                    self.inbox.sleep(epoch, self.deadline.sooner(until));
                    state = lock(&self.state);
                }
            }
        }
    }

    /// Whether a step would not wait.
    fn is_ready(&self) -> bool {
        let at_end = || {
            let state = lock(&self.state);
            state.done || state.left == Some(0)
        };
        self.inbox.is_cancelled() || self.deadline.passed() || self.inbox.has_items() || at_end()
    }

    /// Ends the wait of another thread, and makes every further step say Cancelled. May be called from a signal
    /// handler.
    pub fn cancel(&self) {
        self.inbox.set_cancelled(true);
    }

    /// Makes a cancelled stream usable again.
    pub fn reset_cancel(&self) {
        self.inbox.set_cancelled(false);
    }

    /// Seq of the message that would come next if nothing is lost or filtered; 0 going backwards when there is none.
    pub fn next_seq(&self) -> u64 {
        self.inbox.next_seq.load(Ordering::Relaxed)
    }

    /// Totals.
    pub fn stats(&self) -> Stats {
        Stats {
            delivered: self.delivered.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }

    /// A text that another stream can resume from, of this pool there or on the server's machine. Where the server still
    /// looks for the last few that match it waits for them, but not beyond a cancel and the stream's deadline.
    ///
    /// # Errors
    /// While they are looked for: what keeps the server from that, the error of the last step or of the connection. A
    /// later step tries again. Usage in a forked child that cannot tell.
    pub fn token(&self) -> Result<String> {
        // Nobody tells a forked child more.
        let token = match self.check_process() {
            Ok(()) => self.token_found()?,
            Err(error) => self.inbox.token_in_child().ok_or(error)?,
        };
        Ok(moved_token(&token, self.next_seq()).unwrap_or_default())
    }

    /// A token, once the start is found.
    fn token_found(&self) -> Result<String> {
        loop {
            let epoch = self.inbox.epoch();
            let is_over = self.inbox.is_cancelled() || self.deadline.passed();
            if is_over || !self.inbox.is_searching()? {
                return Ok(self.inbox.token());
            }
            self.inbox.sleep(epoch, self.deadline);
        }
    }

    /// A descriptor that is readable when a step would not wait. It belongs to the stream; a step that finds nothing
    /// makes it quiet again.
    ///
    /// # Errors
    /// Io when it cannot be had; Usage in a forked child.
    pub fn event_fd(&self) -> Result<std::os::fd::RawFd> {
        self.check_process()?;
        self.inbox
            .descriptor()
            .map(|descriptor| descriptor.raw())
            .map_err(|error| no_descriptor(&error))
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("pool", &self.pool)
            .field("next_seq", &self.next_seq())
            .finish_non_exhaustive()
    }
}

/// Index of a stream whose next step would not wait; `None` when the time is up first.
///
/// # Errors
/// Usage in a forked child; Io when there are no descriptors to sleep on.
pub fn wait_any(streams: &[&Stream], wait: Wait) -> Result<Option<usize>> {
    let until = deadline_of(wait);
    loop {
        let mut descriptors = Vec::with_capacity(streams.len());
        let mut soonest = until;
        for stream in streams {
            stream.check_process()?;
            let descriptor = stream.inbox.descriptor();
            descriptors.push(descriptor.map_err(|error| no_descriptor(&error))?);
            stream.inbox.quiet();
            soonest = soonest.sooner(stream.deadline);
        }
        if let Some(index) = streams.iter().position(|stream| stream.is_ready()) {
            // Its descriptor says so as well.
            streams[index].inbox.raise();
            return Ok(Some(index));
        }
        if until.passed() {
            return Ok(None);
        }
        event_fd::wait_any(&descriptors, soonest.left());
    }
}

fn no_descriptor(error: &std::io::Error) -> Error {
    Error::from_io(error, "make a descriptor for the stream")
}

fn deadline_of(wait: Wait) -> Deadline {
    match wait {
        Wait::Forever => Deadline::NEVER,
        Wait::For(wait) => Deadline::after(wait),
        Wait::Try => Deadline::after(Duration::ZERO),
    }
}
