//! A stream of messages: a cursor that waits.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::message::TimeCache;
use crate::pool::notify::Notifier;
use crate::pool::wait::Target;
use crate::store::cursor::{Cursor, Step};
use crate::store::{token, Gap, Next, Pool, Start, Stats, TailOptions, View, Wait};
use crate::sys::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sys::clock::{self, Deadline};
use crate::sys::fork_lock::{ForkGuard, ForkLock};
use crate::sys::set_once::SetOnce;

/// A stream. Any thread may use it; calls that step take turns, and none waits for one that is asleep or searches.
/// [`Stream::cancel`] waits for none at all.
#[derive(Debug)]
pub struct Stream {
    pub(super) pool: Pool,
    pub(super) state: ForkLock<State>,
    /// Held by whoever is next at the state.
    pub(super) turn: ForkLock<()>,
    /// How often the stream was moved, or came to its end before the pool's: who sleeps somewhere else looks again.
    pub(super) moves: AtomicU64,
    /// How many sleep, or are about to.
    pub(super) sleepers: AtomicU64,
    pub(super) cancelled: AtomicBool,
    delivered: AtomicU64,
    dropped: AtomicU64,
    next_seq: AtomicU64,
    /// No lock: a signal handler may cancel the stream while its thread is anywhere in here.
    notifier: SetOnce<Notifier>,
    starting: ForkLock<()>,
    pub(super) deadline: Deadline,
    pub(super) spin: Duration,
    pub(super) poll: bool,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) cursor: Cursor,
    times: TimeCache,
    delivered: u64,
    delivered_at_wait: u64,
}

impl State {
    /// Whether a writer is about: something came since the last wait. Where there is one processor
    /// only, looking again would keep it from writing.
    fn has_company(&mut self, target: &Target) -> bool {
        let came = self.delivered != std::mem::replace(&mut self.delivered_at_wait, self.delivered);
        came && !target.future && clock::processors() > 1
    }
}

/// A seq nobody has: the next seq is to be worked out. (0 is what comes after the first message going backwards.)
const UNKNOWN: u64 = u64::MAX;

impl Pool {
    /// Opens a stream. It lives on when the pool handle is dropped.
    ///
    /// # Errors
    /// Usage (options, a bad token), RetentionGap (a token), Corrupt.
    pub fn tail(&self, options: &TailOptions<'_>) -> Result<Stream> {
        let mut cursor = Cursor::new(self.clone());
        cursor.backwards = options.backwards;
        cursor.in_place = options.in_place;
        cursor.policy = options.gap;
        cursor.end_seq = options.end_seq;
        cursor.max = options.max;
        cursor.want(options);
        cursor.go_to(&options.start)?;
        if options.snapshot && !options.backwards {
            cursor.end_at_newest();
        }
        self.pool.check_truncated()?;
        Ok(Stream {
            pool: self.clone(),
            state: ForkLock::new(State {
                cursor,
                times: TimeCache::new(),
                delivered: 0,
                delivered_at_wait: 0,
            }),
            turn: ForkLock::new(()),
            moves: AtomicU64::new(0),
            sleepers: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
            delivered: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            next_seq: AtomicU64::new(UNKNOWN),
            notifier: SetOnce::new(),
            starting: ForkLock::new(()),
            deadline: options.timeout.map_or(Deadline::NEVER, Deadline::after),
            spin: options.spin,
            poll: options.poll,
        })
    }
}

impl Stream {
    /// The next message, or why there is none. The view is written only for a message; it is good until
    /// the next call on the stream or, in place, while it says so.
    ///
    /// # Errors
    /// RetentionGap (with [`crate::store::GapPolicy::Error`]; the stream has ended then), Corrupt (the
    /// next call goes on behind the damage), NotFound (the pool is gone).
    #[inline]
    pub fn next(&self, wait: Wait, view: &mut View) -> Result<Next> {
        let (next, _) = self.step(wait, |state| state.cursor.view(view).map(|()| true))?;
        Ok(next)
    }

    /// As [`Stream::next`] for as many messages as there are, at most as many as there are views; the
    /// number says how many of the first views were filled. Only the first is waited for. Fewer come
    /// when there are no more just now, at the end of the private copy, and before whatever is no message,
    /// which the next call then tells.
    ///
    /// # Errors
    /// As [`Stream::next`].
    pub fn next_many(&self, wait: Wait, views: &mut [View]) -> Result<(Next, usize)> {
        let Some((first, rest)) = views.split_first_mut() else {
            return Ok((Next::Timeout, 0));
        };
        let (next, mut state) = self.step(wait, |state| state.cursor.view(first).map(|()| true))?;
        if !matches!(next, Next::Message(_)) {
            return Ok((next, 0));
        }
        let mut count = 1;
        // Steps also pass over messages that are not wanted; where the stream stands is told from those it gave.
        let mut last = state.cursor.header.seq;
        for view in rest {
            match state.cursor.step_at_hand() {
                Ok(Step::Pause) => break,
                Ok(Step::Message) => match state.cursor.view(view) {
                    Ok(()) => {
                        count += 1;
                        last = state.cursor.header.seq;
                    }
                    Err(error) => {
                        state.cursor.pending = Some(Err(error));
                        break;
                    }
                },
                other => {
                    state.cursor.pending = Some(other);
                    break;
                }
            }
        }
        state.delivered += count as u64 - 1;
        self.delivered.store(state.delivered, Ordering::Relaxed);
        self.stands_at(state.cursor.behind(last));
        self.dropped.store(state.cursor.dropped, Ordering::Relaxed);
        self.tell_if_last(&state.cursor);
        Ok((next, count))
    }

    /// As [`Stream::next`]; gives a private view to `read`, which no other thread's call can end meanwhile.
    ///
    /// # Errors
    /// As [`Stream::next`]; those of `read`.
    pub fn next_then<T>(
        &self,
        wait: Wait,
        mut read: impl FnMut(&View) -> Result<T>,
    ) -> Result<(Next, Option<T>)> {
        let mut result = None;
        let (next, _) = self.step(wait, |state| {
            if !state.cursor.copy()? {
                return Ok(false);
            }
            let mut view = View::empty();
            view.set_private(&state.cursor.message()?);
            result = Some(read(&view)?);
            Ok(true)
        })?;
        Ok((next, result))
    }

    /// As [`Stream::next`]; appends the message's JSON envelope to `out`.
    ///
    /// # Errors
    /// As [`Stream::next`].
    #[inline]
    pub fn next_envelope(&self, wait: Wait, out: &mut Vec<u8>) -> Result<Next> {
        let (next, _) = self.step(wait, |state| {
            let State { cursor, times, .. } = state;
            if !cursor.copy()? {
                return Ok(false);
            }
            let message = cursor.message()?;
            message
                .write_envelope(out, times)
                .map_err(|error| cursor.pool.in_message(error, message.seq))?;
            Ok(true)
        })?;
        Ok(next)
    }

    /// Steps until there is something to say, about the state that comes with it. `deliver` gives false for a message that
    /// was overtaken just now.
    #[inline]
    fn step(
        &self,
        wait: Wait,
        mut deliver: impl FnMut(&mut State) -> Result<bool>,
    ) -> Result<(Next, ForkGuard<'_, State>)> {
        let (mut until, mut state) = (None, self.lock());
        state.cursor.follows = 0;
        loop {
            if self.cancelled.load(Ordering::Acquire) {
                return Ok((Next::Cancelled, state));
            }
            if !self.deadline.is_never() && self.deadline.passed() {
                return Ok((Next::Deadline, state));
            }
            let step = state.cursor.step();
            self.dropped.store(state.cursor.dropped, Ordering::Relaxed);
            if !matches!(step, Ok(Step::Message | Step::Pause)) {
                // Whatever is told now is behind us: a failed message, damage, a gap, what was not wanted.
                self.stands_where(&mut state.cursor);
            }
            match step? {
                Step::Message => {
                    let seq = state.cursor.header.seq;
                    let delivered = deliver(&mut state);
                    if !matches!(delivered, Ok(false)) {
                        self.stands_at(state.cursor.behind(seq));
                    }
                    if delivered? {
                        state.delivered += 1;
                        self.delivered.store(state.delivered, Ordering::Relaxed);
                        self.tell_if_last(&state.cursor);
                        return Ok((Next::Message(seq), state));
                    }
                    state.cursor.expect = Some(seq);
                    if let Some(left) = &mut state.cursor.left {
                        *left += 1;
                    }
                }
                Step::Pause => {
                    // What was passed over is behind us, whoever ends this here. Counting back leads elsewhere first.
                    if state.cursor.rewind.is_none() {
                        self.stands_where(&mut state.cursor);
                    }
                    if let Wait::For(_) = wait {
                        if until.get_or_insert_with(|| deadline_of(wait)).passed() {
                            // There is more to look at.
                            self.raise();
                            return Ok((Next::Timeout, state));
                        }
                    }
                    drop(state);
                    state = self.queue();
                }
                Step::Gap => {
                    let gap = state.cursor.last_gap.unwrap_or_default();
                    return Ok((Next::Gap(gap), state));
                }
                Step::End => {
                    self.raise();
                    return Ok((Next::End, state));
                }
                Step::Wait => {
                    let target = state.cursor.target;
                    let until = *until.get_or_insert_with(|| deadline_of(wait));
                    let lingers = state.has_company(&target);
                    if lingers && !until.passed() && self.pool.pool.linger(&target) {
                        continue;
                    }
                    if until.passed() {
                        if self.has_nothing(&target)? {
                            return Ok((Next::Timeout, state));
                        }
                        continue;
                    }
                    let moves = self.moves.load(Ordering::Relaxed);
                    self.sleepers.fetch_add(1, Ordering::Relaxed);
                    // Others may look meanwhile, and take what comes. So what it was that ended the sleep, a look tells.
                    drop(state);
                    let slept = self.sleep(&target, until, moves);
                    self.sleepers.fetch_sub(1, Ordering::Relaxed);
                    slept?;
                    state = self.lock();
                    state.cursor.follows = 0;
                }
            }
        }
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(super) fn polls(&self) -> bool {
        self.poll
    }

    pub(super) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Ends the wait of another thread, and makes every further step say Cancelled. Takes no lock: a signal handler may
    /// call it.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.pool.pool.disturb();
        self.raise();
    }

    /// Makes a cancelled stream usable again.
    pub fn reset_cancel(&self) {
        self.cancelled.store(false, Ordering::Release);
    }

    #[inline]
    fn stands_at(&self, next_seq: u64) {
        self.next_seq.store(next_seq, Ordering::Relaxed);
    }

    /// Where the cursor is. Backwards that is worked out when somebody asks: what is damaged there has to be summed.
    fn stands_where(&self, cursor: &mut Cursor) {
        self.stands_at(match cursor.backwards {
            true => UNKNOWN,
            false => cursor.next_seq(),
        });
    }

    /// Seq of the message that would come next if nothing is lost or filtered; 0 going backwards when there is none. While
    /// the last few that match are still looked for, which steps do, that is the oldest of those found so far.
    pub fn next_seq(&self) -> u64 {
        match self.next_seq.load(Ordering::Relaxed) {
            UNKNOWN => self.lock().cursor.next_seq(),
            seq => seq,
        }
    }

    /// Totals.
    pub fn stats(&self) -> Stats {
        Stats {
            delivered: self.delivered.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }

    /// The last gap, if there was one.
    pub fn last_gap(&self) -> Option<Gap> {
        self.lock().cursor.last_gap
    }

    /// A text that another stream can resume from. Where the last few that match are not found yet it looks for them first,
    /// but not beyond a cancel and the stream's deadline.
    pub fn token(&self) -> String {
        if self.next_seq.load(Ordering::Relaxed) == UNKNOWN {
            let mut state = self.lock();
            while !self.is_over() && !state.cursor.rewind() {
                drop(state);
                state = self.queue();
            }
        }
        token::make(&self.pool, self.next_seq())
    }

    fn is_over(&self) -> bool {
        self.cancelled.load(Ordering::Acquire) || self.deadline.passed()
    }

    /// Goes elsewhere; filters and end stay as they are, and the maximum counts anew. Who waits goes along.
    ///
    /// # Errors
    /// As [`Pool::tail`].
    pub fn seek(&self, start: &Start) -> Result<()> {
        let mut state = self.lock();
        state.cursor.done = false;
        let moved = state.cursor.go_to(start);
        self.stands_at(UNKNOWN);
        self.raise();
        self.call_sleepers();
        moved
    }

    /// A descriptor that is readable when a step would not wait (it may then still find that nothing
    /// matches the filter). It belongs to the stream: do not read from it or close it; a step that
    /// finds nothing makes it quiet again. A helper thread stands behind it, which a forked child does
    /// not have: there the call fails and the descriptor stays as it was.
    ///
    /// # Errors
    /// Io when it cannot be had; Usage in a forked child.
    pub fn event_fd(&self) -> Result<std::os::fd::RawFd> {
        let _starting = self.starting.lock();
        if let Some(notifier) = self.notifier.get() {
            if !notifier.is_ours() {
                return Err(Error::new(
                    ErrorKind::Usage,
                    "the descriptor's helper thread is in the parent process",
                )
                .with_hint("open a stream of its own in the forked child"));
            }
            return Ok(notifier.fd());
        }
        let new = Notifier::start(self.pool.pool.share(), self.poll, self.deadline)?;
        // Nobody has looked yet.
        new.raise();
        Ok(self.notifier.set(new).fd())
    }

    pub(super) fn arm(&self, target: &Target) {
        if let Some(notifier) = self.notifier.get() {
            notifier.arm(*target);
            // Arming made the descriptor quiet, perhaps right after a cancel had raised it.
            if self.cancelled.load(Ordering::Acquire) {
                notifier.raise();
            }
        }
    }

    pub(super) fn raise(&self) {
        if let Some(notifier) = self.notifier.get() {
            notifier.raise();
        }
    }
}

fn deadline_of(wait: Wait) -> Deadline {
    match wait {
        Wait::Forever => Deadline::NEVER,
        Wait::For(wait) => Deadline::after(wait),
        Wait::Try => Deadline::after(Duration::ZERO),
    }
}
