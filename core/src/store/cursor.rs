//! A reader's place in the pool, and its next step: never waits for messages.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::format::frame::Header;
use crate::message::{Encoding, Message};
use crate::pool::wait::Target;
use crate::ring::locate::Place;
use crate::ring::memory::Memory;
use crate::ring::search::Budget;
use crate::ring::snapshot::Found;
use crate::ring::window::{Framed, Window, WINDOW};
use crate::ring::{mapped::Mapped, Ring};
use crate::store::backwards::Below;
use crate::store::rewind::Rewind;
use crate::store::{Gap, GapPolicy, Pool, View};
use crate::sys::atomic::Ordering;

/// What a step found. The particulars stay in the cursor: they are large, and most are looked at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A message: [`Cursor::header`] and [`Cursor::header_at`].
    Message,
    /// Seqs that will not come: [`Cursor::last_gap`].
    Gap,
    /// Nothing yet: [`Cursor::target`].
    Wait,
    /// Nothing among many; there may be more. Gives the caller a chance to look whether it still wants any.
    Pause,
    /// Nothing any more.
    End,
}

/// The place and its rules.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) pool: Pool,
    /// Position of the next frame; going backwards, the end of it.
    pub(super) at: u64,
    /// The [generation](crate::pool::Pool::generation_in_file) that all positions are of.
    pub(super) generation: u64,
    /// How often it has followed others elsewhere, since the call began or woke up.
    pub(super) follows: u32,
    /// The seq that must come next if nothing is lost; going backwards, the most that may come.
    pub(super) expect: Option<u64>,
    /// The least seq that may come when none is expected, behind damage: what lies there may be made up.
    pub(super) floor: u64,
    /// A seq to go to before anything is read.
    pub(super) seek: Option<u64>,
    /// Messages before this time do not count.
    pub(super) since: u64,
    pub(super) end_seq: Option<u64>,
    /// Everything up to `end_seq` was committed once: nothing before it is to be waited for.
    pub(super) end_is_committed: bool,
    /// How many are wanted from a start on.
    pub(super) max: Option<u64>,
    /// How many of them are still to come.
    pub(super) left: Option<u64>,
    pub(super) backwards: bool,
    /// What is known to come next, going backwards.
    pub(super) below: Option<Below>,
    /// Views are to point into the pool's memory.
    pub(super) in_place: bool,
    /// They do: not before somebody has recovered the pool.
    lends: bool,
    /// What searches behind damage may still cost, and the position where the last one ended.
    pub(super) search: Option<(Budget, u64)>,
    pub(super) policy: GapPolicy,
    pub(super) wanted: Vec<Vec<u8>>,
    pub(super) wanted_signature: u32,
    pub(super) filters: Vec<Arc<Filter>>,
    /// Steps of the filters since the last [`Step`] that was told.
    pub(super) effort: u64,
    /// Matching messages to be counted backwards before anything is read.
    pub(super) rewind: Option<Box<Rewind>>,
    pub(super) done: bool,
    pub(super) dropped: u64,
    pub(super) last_gap: Option<Gap>,
    /// Header of the message last found, and its position.
    pub(super) header: Header,
    pub(super) header_at: u64,
    /// What to wait for.
    pub(super) target: Target,
    /// Head as last seen; frames before it are committed.
    pub(super) head: u64,
    pub(super) window: Window,
    /// Bytes that the window takes at a time.
    pub(super) reach: u64,
    /// Views point into the window: a step must not move it. See [`Cursor::step_at_hand`].
    lent: bool,
    /// Found by a look ahead and not delivered yet.
    pub(super) pending: Option<Result<Step>>,
}

impl Cursor {
    pub(super) fn new(pool: Pool) -> Cursor {
        let generation = pool.pool.generation_in_file();
        Cursor {
            pool,
            at: 0,
            generation,
            follows: 0,
            expect: None,
            floor: 0,
            seek: None,
            since: 0,
            end_seq: None,
            end_is_committed: false,
            max: None,
            left: None,
            backwards: false,
            below: None,
            in_place: false,
            lends: false,
            search: None,
            policy: GapPolicy::Continue,
            wanted: Vec::new(),
            wanted_signature: 0,
            filters: Vec::new(),
            effort: 0,
            rewind: None,
            done: false,
            dropped: 0,
            last_gap: None,
            header: Header::default(),
            header_at: 0,
            target: Target {
                head: 0,
                seq: 0,
                future: false,
                generation,
            },
            head: 0,
            window: Window::default(),
            reach: WINDOW,
            lent: false,
            pending: None,
        }
    }

    #[inline]
    pub(super) fn ring(&self) -> &Ring<Mapped> {
        self.pool.pool.shared().ring()
    }

    /// Forgets everything that depends on the place.
    pub(super) fn moved(&mut self) {
        self.window.clear();
        self.head = 0;
        self.pending = None;
        self.rewind = None;
        self.search = None;
        self.below = None;
    }

    /// The next step, counting and remembering what it takes.
    ///
    /// # Errors
    /// Corrupt (the next call goes on behind the damage), RetentionGap (the cursor is done).
    #[inline]
    pub(super) fn step(&mut self) -> Result<Step> {
        if let Some(step) = self.pending.take() {
            return step;
        }
        if self.rewind.is_some() && !self.rewind() {
            return Ok(Step::Pause);
        }
        if self.done || self.left == Some(0) || self.is_past_end() {
            self.done = true;
            return Ok(Step::End);
        }
        if self.backwards {
            return self.step_back();
        }
        if self.seek.is_some() {
            if let Some(wait) = self.go_to_seek()? {
                return Ok(wait);
            }
        }
        if self.in_place && !self.lends && !self.lent {
            self.lends = self.ring().memory.lends();
            // Of before that, or nothing.
            self.head = 0;
        }
        loop {
            // Padding, or a message that does not match, may have been the last in the window.
            if self.lent && !self.has_more_at_hand() {
                return Ok(Step::Pause);
            }
            let ring = self.pool.pool.shared().ring();
            if self.at >= self.head {
                self.head = ring.head();
                if self.at >= self.head {
                    match self.at_head()? {
                        Some(step) => return Ok(step),
                        None => continue,
                    }
                }
            }
            let found = if self.lends {
                let found = ring.check_into(self.at, self.head, &mut self.header);
                if self.is_current() {
                    found
                } else {
                    Found::Damaged
                }
            } else {
                self.look_in_copy()?
            };
            match found {
                Found::Good => {
                    if let Some(step) = self.take()? {
                        return Ok(step);
                    }
                }
                // Each step leads on, whatever the control words say: no filling is as long as the ring, and no
                // tail that overtakes is where we stand.
                Found::Padding if self.header.len < self.ring().size() => {
                    self.at = self.at.saturating_add(self.header.len);
                }
                Found::Overtaken if self.ring().tail() > self.at => self.at = self.ring().tail(),
                Found::Damaged | Found::Padding | Found::Overtaken => {
                    if !self.is_elsewhere() {
                        return Err(self.skip_damage());
                    }
                }
            }
        }
    }

    /// [`Cursor::step`] while views point into the private copy: a pause where going on would wait or move it.
    pub(super) fn step_at_hand(&mut self) -> Result<Step> {
        self.lent = self.has_more_at_hand();
        let step = self.lent.then(|| self.step());
        self.lent = false;
        step.unwrap_or(Ok(Step::Pause))
    }

    pub(super) fn is_past_end(&self) -> bool {
        !self.backwards
            && matches!((self.end_seq, self.expect), (Some(end), Some(expect)) if expect > end)
    }

    /// What to do at the head, or beyond one that went back: `None` to look again, elsewhere.
    fn at_head(&mut self) -> Result<Option<Step>> {
        if self.is_recovered()? {
            return Ok(None);
        }
        self.stand_at_head();
        if let Some(end) = self.end_seq {
            let next = &self.ring().memory.control().hot.next_seq;
            self.end_is_committed |= next.load(Ordering::Acquire) > end;
            if self.end_is_committed {
                return self.end_at_head(end);
            }
        }
        let seq = self.expect.unwrap_or(0);
        self.target = Target {
            head: self.at,
            seq,
            future: false,
            generation: self.generation,
        };
        Ok(Some(Step::Wait))
    }

    /// Goes to the seq that the stream was to start at; a step when it has to wait for it.
    fn go_to_seek(&mut self) -> Result<Option<Step>> {
        let Some(seq) = self.seek else {
            return Ok(None);
        };
        let generation = self.pool.pool.generation_in_file();
        let ring = self.ring();
        let head = ring.head();
        match ring.locate(seq) {
            Place::At(at) => self.at = at,
            Place::Gone | Place::Missing => self.at = ring.behind_older(seq),
            // It was there: the head tells that it is lost.
            Place::Future if self.end_is_committed => self.at = head,
            Place::Future => {
                self.at = head;
                if self.end_seq.is_some_and(|end| end < seq) {
                    self.done = true;
                    return Ok(Some(Step::End));
                }
                self.target = Target {
                    head,
                    seq,
                    future: true,
                    generation,
                };
                return Ok(Some(Step::Wait));
            }
        }
        self.generation = generation;
        self.expect = Some(seq);
        self.seek = None;
        Ok(None)
    }

    #[inline]
    fn look_in_copy(&mut self) -> Result<Found> {
        let mut most = self.reach;
        loop {
            let ring = self.pool.pool.shared().ring();
            if !self.window.holds(self.at) {
                if !self.window.fill(ring, self.at, self.head, most) {
                    // Without memory it stands where it was, and the next call tries again.
                    self.check_refused()?;
                    return Ok(Found::Overtaken);
                }
                self.pool.pool.check_truncated()?;
                if !self.is_current() {
                    self.window.clear();
                    return Ok(Found::Damaged);
                }
            }
            let room = ring.room(self.at);
            match self
                .window
                .frame(self.at, room, ring.seed, &mut self.header)
            {
                Framed::Message => return Ok(Found::Good),
                Framed::Padding => return Ok(Found::Padding),
                Framed::Damaged => return Ok(Found::Damaged),
                Framed::Cut(len) if len > self.head - self.at => return Ok(Found::Damaged),
                Framed::Cut(len) => {
                    self.window.clear();
                    most = most.max(len);
                }
            }
        }
    }

    /// Takes the good message that was found at `at`: skipped (`None`), delivered, or preceded by a gap.
    #[inline]
    fn take(&mut self) -> Result<Option<Step>> {
        let (seq, len) = (self.header.seq, self.header.len);
        if self.expect != Some(seq) {
            if let Some(next) = self.unexpected(seq, len)? {
                return Ok(next);
            }
        }
        if self.end_seq.is_some_and(|end| seq > end) {
            self.done = true;
            return Ok(Some(Step::End));
        }
        self.header_at = self.at;
        self.expect = Some(seq + 1);
        self.at += len;
        let matches = if self.header.time_ns < self.since {
            Some(false)
        } else {
            self.matches()?
        };
        if matches != Some(true) {
            if matches.is_none() {
                // Overwritten meanwhile: the next step finds out, and what is lost begins here.
                self.expect = Some(seq);
            }
            if self.is_past_end() {
                self.done = true;
                return Ok(Some(Step::End));
            }
            return Ok(self.is_tired().then_some(Step::Pause));
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        Ok(Some(Step::Message))
    }

    /// Whether messages are found in the private copy.
    #[inline]
    pub(super) fn is_private(&self) -> bool {
        !self.lends || self.backwards
    }

    /// The message of the last [`Step::Message`], in the private copy.
    #[inline]
    pub(super) fn message(&self) -> Result<Message<&[u8]>> {
        let header = &self.header;
        let (payload, tags) = self.window.body(self.header_at, header);
        let encoding = self.pool.encoding(header, self.header_at)?;
        Ok(Message {
            seq: header.seq,
            time_ns: header.time_ns,
            encoding,
            payload,
            tags,
        })
    }

    /// Points the view at the message of the last [`Step::Message`].
    #[inline]
    pub(super) fn view(&self, view: &mut View) -> Result<()> {
        if self.is_private() {
            let message = self.message()?;
            if self.in_place && !self.backwards {
                // It may be looked at for as long as one in place.
                let kept = self.pool.copies.keep(&message);
                *view = kept
                    .map_err(|error| self.pool.in_message(error, message.seq))?
                    .view();
            } else {
                view.set_private(&message);
            }
            return Ok(());
        }
        if Encoding::from_number(self.header.encoding()).is_none() {
            return Err(self.pool.damaged(self.header_at, Some(self.header.seq)));
        }
        view.set_in_place(self.ring(), self.header_at, &self.header);
        Ok(())
    }

    /// Whether another step finds something without waiting or moving the private copy.
    #[inline]
    fn has_more_at_hand(&self) -> bool {
        if self.pending.is_some() || self.backwards {
            return false;
        }
        if self.lends {
            self.at < self.head
        } else {
            self.window.holds_whole(self.at)
        }
    }

    /// Makes sure that [`Cursor::message`] has a private copy, also when reading in place. False when
    /// the message was overtaken.
    ///
    /// # Errors
    /// Io when there is no memory for a long one.
    #[inline]
    pub(super) fn copy(&mut self) -> Result<bool> {
        if self.is_private() {
            return Ok(true);
        }
        self.copy_in_place()
    }

    fn copy_in_place(&mut self) -> Result<bool> {
        let ring = self.pool.pool.shared().ring();
        let (at, len) = (self.header_at, self.header.len);
        if !self.window.fill(ring, at, at + len, len) {
            self.check_refused()?;
            return Ok(false);
        }
        let seq = self.header.seq;
        let framed = self
            .window
            .frame(at, ring.room(at), ring.seed, &mut self.header);
        Ok(framed == Framed::Message && self.header.seq == seq && self.is_current())
    }

    /// Whether it was for want of memory that the copy could not be made.
    pub(super) fn check_refused(&mut self) -> Result<()> {
        match self.window.take_refused() {
            Some(bytes) => Err(Error::out_of_memory(bytes as usize).with_path(self.pool.path())),
            None => Ok(()),
        }
    }
}
