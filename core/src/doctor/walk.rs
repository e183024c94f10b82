//! The walk over the retained messages: frame by frame as a reader takes them, and behind damage from
//! byte to byte until a good frame comes.
//!
//! While writers are at work the walk ends at the head of its beginning; what they overwrite before it is
//! looked at is no finding.

use std::io;

use super::frames::{Frames, Look};
use super::index::Slots;
use super::message;
use super::{Finding, Report};
use crate::pool::{signs, Pool};
use crate::ring::memory::Memory;
use crate::sys::atomic::Ordering;

/// How a slice of the walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walked {
    /// There is more.
    More,
    /// At the end.
    Done,
    /// The pool was recovered meanwhile: what was seen does not count.
    Restart,
}

/// What was last found good.
#[derive(Clone, Copy)]
struct Last {
    seq: u64,
    time_ns: u64,
    more: bool,
}

/// A walk from the oldest message to what was the newest when it began.
pub(super) struct Walk {
    frames: Frames,
    generation: u64,
    at: u64,
    next_seq: u64,
    last: Option<Last>,
    /// Where the stretch of damage began that the walk is in.
    lost: Option<u64>,
    slots: Slots,
    /// Issues that were known before: of the control page, not of a message.
    known: u64,
}

impl Walk {
    /// Over `[tail, head)`; `next_seq` is the seq after the newest. `live` says that these are the control
    /// words', which can be believed.
    pub(super) fn new(pool: Pool, live: bool, (tail, head): (u64, u64), next_seq: u64) -> Walk {
        Walk {
            generation: generation(&pool),
            frames: Frames::new(pool, live, head),
            at: tail,
            next_seq,
            last: None,
            lost: None,
            slots: Slots::default(),
            known: 0,
        }
    }

    /// The same after so many issues that concern no message.
    pub(super) fn after(mut self, issues: u64) -> Walk {
        self.known = issues;
        self
    }

    /// The pool.
    pub(super) fn pool(&self) -> &Pool {
        &self.frames.pool
    }

    /// Seq of the message that it ends with; `None` when there was none, or writers were faster.
    pub(super) fn newest(&self) -> Option<u64> {
        self.last.map(|last| last.seq)
    }

    /// The seq after the newest message when it began.
    pub(super) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Bytes left to walk.
    pub(super) fn left(&self) -> u64 {
        self.frames.head.saturating_sub(self.at)
    }

    /// Walks over about so many bytes.
    pub(super) fn step(&mut self, bytes: u64, report: &mut Report) -> Walked {
        let mut left = bytes;
        while left > 0 {
            if self.at >= self.frames.head {
                return self.end(report);
            }
            let from = self.at;
            match self.frames.look(self.at, self.lost.is_some()) {
                Ok(Look::Message) => {
                    self.end_of_damage(Some(self.frames.header.seq), report);
                    if let Err(error) = self.message(report) {
                        return self.unreadable(&error, report);
                    }
                    report.bytes += self.frames.header.len;
                    self.at += self.frames.header.len;
                }
                Ok(Look::Padding(len)) => self.at += len,
                Ok(Look::Overtaken) => {
                    // On, and to a word, whatever an enemy stores as the tail.
                    let tail = self.frames.ring().tail() & !7;
                    self.at = tail.clamp(self.at + 8, self.frames.head);
                    (self.lost, self.last) = (None, None);
                }
                Ok(Look::Damaged) => {
                    if self.is_recovered() {
                        return Walked::Restart;
                    }
                    self.lost.get_or_insert(from);
                    self.at += 8;
                }
                Ok(Look::TooMuch) => {
                    let damage = self.frames.offset(self.lost.unwrap_or(from));
                    let text = format!(
                        "the search for intact messages behind the damage at byte {damage} of the file was given up at byte {}, since \
                         too much there was made up to look like messages: a salvage (doctor --salvage) searches longer",
                        self.frames.offset(from)
                    );
                    self.end_of_damage(None, report);
                    report.warn("search", text);
                    self.at = self.frames.head;
                }
                Err(error) => return self.unreadable(&error, report),
            }
            left = left.saturating_sub((self.at - from).max(64));
        }
        Walked::More
    }

    fn is_recovered(&self) -> bool {
        generation(&self.frames.pool) != self.generation
    }

    /// Checks the good frame at `at`: its place among the others, its slot, and what is in it.
    fn message(&mut self, report: &mut Report) -> io::Result<()> {
        let header = self.frames.header;
        let (seq, offset) = (header.seq, self.frames.offset(self.at));
        let mut good = true;
        let mut bad = |finding, text: String| {
            good = false;
            report.issue(finding, text, Some(seq), Some(offset));
        };
        if let Some(last) = self.last {
            if seq <= last.seq {
                bad(
                    Finding::SeqOrder,
                    format!("message {seq} comes after message {}", last.seq),
                );
            }
            let sorted = !self.frames.pool.shared().superblock().times_unordered();
            if sorted && header.time_ns < last.time_ns {
                bad(
                    Finding::TimeOrder,
                    format!("message {seq} is older than message {} before it", last.seq),
                );
            }
        }
        let (payload, tags) = self.frames.body(self.at);
        if let Err((finding, error)) = message::check(&header, payload, tags) {
            bad(finding, format!("message {seq} cannot be read: {error}"));
        }
        if good {
            self.good(report);
        }
        self.last = Some(Last {
            seq,
            time_ns: header.time_ns,
            more: header.more(),
        });
        let (file, geometry) = (self.frames.file(), self.frames.ring().geometry);
        if !self.slots.agrees(file, &geometry, seq, self.at)? && self.frames.retained(self.at) {
            self.slots.note(seq);
        }
        Ok(())
    }

    fn good(&mut self, report: &mut Report) {
        let seq = self.frames.header.seq;
        if let (Some(last), None) = (self.last, self.lost) {
            if seq > last.seq + 1 && report.issue_count == self.known {
                let text = format!(
                    "there are no messages {} to {} before byte {} of the file: they were lost when the machine went down, or to damage, and \
                     cannot be had back; durability `flush` loses none when the machine goes down",
                    last.seq + 1,
                    seq - 1,
                    self.frames.offset(self.at)
                );
                report.warn("lost", text);
            }
        }
        if report.issue_count == self.known {
            report.last_good_seq = Some(seq);
        }
        let oldest = report.bounds.map_or(seq, |(oldest, _)| oldest);
        report.bounds = Some((oldest, seq));
        report.messages += 1;
    }

    /// Reports the stretch of damage that ends here, if there is one: before message `next`, or at the
    /// end of the pool.
    fn end_of_damage(&mut self, next: Option<u64>, report: &mut Report) {
        let Some(from) = self.lost.take() else {
            return;
        };
        let first = self.last.map(|last| last.seq + 1);
        let end = next.or((self.next_seq > 0).then_some(self.next_seq));
        let last = end.map(|end| end.saturating_sub(1));
        let (text, seq) = match (first, last) {
            (Some(first), Some(last)) if first == last => {
                (format!("message {first} is damaged"), Some(first))
            }
            (Some(first), Some(last)) if first < last => (
                format!("messages {first} to {last} are damaged"),
                Some(first),
            ),
            (Some(first), Some(_)) => (
                format!("the bytes behind message {} are damaged", first - 1),
                None,
            ),
            (Some(first), None) => (
                format!("everything from message {first} on is damaged"),
                Some(first),
            ),
            (None, Some(last)) => (
                format!("the oldest messages are damaged, up to message {last}"),
                Some(last),
            ),
            (None, None) => ("all messages are damaged".to_string(), None),
        };
        let finding = if self.frames.claims_filling(from) {
            Finding::Filling
        } else {
            Finding::Frame
        };
        report.issue(finding, text, seq, Some(self.frames.offset(from)));
    }

    fn end(&mut self, report: &mut Report) -> Walked {
        if self.is_recovered() {
            return Walked::Restart;
        }
        self.end_of_damage(None, report);
        if let Some(last) = self.last.filter(|last| last.more) {
            let text = format!("the batch of message {} has no end", last.seq);
            report.issue(Finding::Batch, text, Some(last.seq), None);
        }
        report.slots = self.slots.compared;
        if let Some((seq, count)) = self.slots.wrong {
            report.warn("index", signs::missed(count, self.slots.compared, seq));
        }
        Walked::Done
    }

    fn unreadable(&mut self, error: &io::Error, report: &mut Report) -> Walked {
        self.end_of_damage(None, report);
        let offset = self.frames.offset(self.at);
        let (finding, text) = match error.kind() {
            io::ErrorKind::UnexpectedEof => (
                Finding::Length,
                "the file was cut short while it was looked at".to_string(),
            ),
            _ => (
                Finding::Read,
                format!("a part of the file cannot be read: {error}"),
            ),
        };
        report.issue(finding, text, None, Some(offset));
        Walked::Done
    }
}

/// How often the pool was recovered.
fn generation(pool: &Pool) -> u64 {
    let control = pool.shared().ring().memory.control();
    control.recovery.generation.load(Ordering::Acquire)
}
