//! The walk over the retained messages: frame by frame as a reader takes them, and behind damage from
//! byte to byte until a good frame comes.
//!
//! Frames are read with plain reads into a private window. While writers are at work the walk ends at
//! the head of its beginning; what they overwrite before it is looked at is no finding.

use std::io;
use std::os::unix::fs::FileExt;

use super::index::Slots;
use super::message;
use super::{Finding, Report};
use crate::format::frame::{Header, HEADER};
use crate::pool::Pool;
use crate::ring::mapped::Mapped;
use crate::ring::memory::Memory;
use crate::ring::window::{Framed, Window};
use crate::ring::Ring;
use crate::sys::atomic::Ordering;

/// Bytes read at a time; a longer frame is read whole.
const WINDOW: u64 = 256 * 1024;

/// How many times the ring's size may be spent on summing up what looks like a frame behind damage.
/// What a writer wrote costs at most once; only bytes made up for it cost more.
const SEARCH_LAPS: u64 = 4;

/// What lies at a position.
enum Look {
    Message,
    Padding(u64),
    Damaged,
    /// A frame that looks good so far and is too long to be summed up any more.
    TooMuch,
    Overtaken,
}

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
    pub(super) pool: Pool,
    /// Whether the control words can be believed; else the survey's bounds stand fast.
    live: bool,
    generation: u64,
    at: u64,
    head: u64,
    next_seq: u64,
    window: Window,
    header: Header,
    last: Option<Last>,
    /// Where the stretch of damage began that the walk is in.
    lost: Option<u64>,
    search_left: u64,
    slots: Slots,
}

impl Walk {
    /// Over `[tail, head)`; `next_seq` is the seq after the newest.
    pub(super) fn new(pool: Pool, live: bool, (tail, head): (u64, u64), next_seq: u64) -> Walk {
        let search_left = pool.shared().ring().size().saturating_mul(SEARCH_LAPS);
        Walk {
            generation: generation(&pool),
            pool,
            live,
            at: tail,
            head,
            next_seq,
            window: Window::default(),
            header: Header::default(),
            last: None,
            lost: None,
            search_left,
            slots: Slots::default(),
        }
    }

    fn ring(&self) -> &Ring<Mapped> {
        self.pool.shared().ring()
    }

    /// Whether what was read at `position` before this call was the committed bytes.
    fn retained(&self, position: u64) -> bool {
        !self.live || self.ring().retained(position)
    }

    /// Bytes left to walk.
    pub(super) fn left(&self) -> u64 {
        self.head.saturating_sub(self.at)
    }

    /// Where a position lies in the file.
    fn offset(&self, position: u64) -> u64 {
        self.ring().geometry.ring_offset + self.ring().offset(position)
    }

    fn read_at(&self, position: u64, bytes: &mut [u8]) -> io::Result<()> {
        let file = self.pool.shared().file();
        file.read_exact_at(bytes, self.offset(position))
    }

    /// Walks over about so many bytes.
    pub(super) fn step(&mut self, bytes: u64, report: &mut Report) -> Walked {
        let mut left = bytes;
        while left > 0 {
            if self.at >= self.head {
                return self.end(report);
            }
            let from = self.at;
            match self.look() {
                Ok(Look::Message) => {
                    self.end_of_damage(Some(self.header.seq), report);
                    if let Err(error) = self.message(report) {
                        return self.unreadable(&error, report);
                    }
                    report.bytes += self.header.len;
                    self.at += self.header.len;
                }
                Ok(Look::Padding(len)) => self.at += len,
                Ok(Look::Overtaken) => {
                    self.at = self.ring().tail().min(self.head);
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
                    self.end_of_damage(None, report);
                    report.hint(
                        "warning: the search for intact messages behind the damage was given up"
                            .into(),
                    );
                    self.at = self.head;
                }
                Err(error) => return self.unreadable(&error, report),
            }
            left = left.saturating_sub((self.at - from).max(64));
        }
        Walked::More
    }

    fn is_recovered(&self) -> bool {
        generation(&self.pool) != self.generation
    }

    /// What lies at `at`.
    fn look(&mut self) -> io::Result<Look> {
        let room = self.ring().room(self.at);
        let most = room.min(self.head - self.at);
        let searching = self.lost.is_some();
        let needed = if searching { HEADER.min(most) - 8 } else { 0 };
        if !self.window.holds(self.at + needed) && !self.fill(WINDOW.min(most))? {
            return Ok(Look::Overtaken);
        }
        if searching {
            match self.candidate(most)? {
                None => return Ok(Look::Damaged),
                Some(len) if len > self.search_left => return Ok(Look::TooMuch),
                Some(len) => self.search_left -= len,
            }
        }
        let seed = self.ring().seed;
        let framed = self.window.frame(self.at, room, seed, &mut self.header);
        let framed = match framed {
            Framed::Cut(len) if len <= most => {
                if !self.fill(len)? {
                    return Ok(Look::Overtaken);
                }
                self.window.frame(self.at, room, seed, &mut self.header)
            }
            framed => framed,
        };
        match framed {
            Framed::Message => Ok(Look::Message),
            Framed::Padding if !searching => self.look_at_padding(most),
            _ => Ok(Look::Damaged),
        }
    }

    /// Reads on from `at`; false when that was overtaken.
    fn fill(&mut self, len: u64) -> io::Result<bool> {
        let (file, offset) = (self.pool.shared().file(), self.offset(self.at));
        self.window
            .fill_from(self.at, len, |bytes| file.read_exact_at(bytes, offset))?;
        Ok(self.retained(self.at))
    }

    /// Length of the good frame that can be at `at`, by what costs little: lengths, lap, and the size word
    /// at its end. Behind damage any bytes may claim to be a long frame, over and over.
    fn candidate(&self, most: u64) -> io::Result<Option<u64>> {
        let lap = (self.at / self.ring().size()) as u32;
        let header = match self.window.header(self.at) {
            Some(header) if header.len <= most && header.lap == lap => header,
            _ => return Ok(None),
        };
        let end = self.at + header.len - 8;
        let trailer = if self.window.holds(end) {
            self.window.word(end)
        } else {
            let mut word = [0; 8];
            self.read_at(end, &mut word)?;
            u64::from_le_bytes(word)
        };
        let closed = (trailer >> 32) as u32 == self.window.word(self.at) as u32;
        Ok(closed.then_some(header.len))
    }

    /// Filling is of this lap, goes to the ring's end, and can be walked backwards.
    fn look_at_padding(&mut self, most: u64) -> io::Result<Look> {
        let (at, len) = (self.at, self.header.len);
        let first = self.window.word(at);
        let lap = (at / self.ring().size()) as u32;
        let mut last = [0; 8];
        if len > most {
            return Ok(Look::Damaged);
        }
        self.read_at(at + len - 8, &mut last)?;
        if !self.retained(at) {
            return Ok(Look::Overtaken);
        }
        let of_this_lap = len == 8 || (first >> 32) as u32 == lap;
        let closed = (u64::from_le_bytes(last) >> 32) as u32 == first as u32;
        Ok(if of_this_lap && closed {
            Look::Padding(len)
        } else {
            Look::Damaged
        })
    }

    /// Checks the good frame at `at`: its place among the others, its slot, and what is in it.
    fn message(&mut self, report: &mut Report) -> io::Result<()> {
        let header = self.header;
        let (seq, offset) = (header.seq, self.offset(self.at));
        let mut good = true;
        let mut bad = |finding, text: String| {
            good = false;
            report.issue(finding, text, Some(seq), Some(offset));
        };
        if seq == 0 || seq >= 1 << 63 {
            bad(
                Finding::SeqOrder,
                format!("a message has the impossible seq {seq}"),
            );
        }
        if let Some(last) = self.last {
            if seq <= last.seq {
                bad(
                    Finding::SeqOrder,
                    format!("message {seq} comes after message {}", last.seq),
                );
            }
            let sorted = !self.pool.shared().superblock().times_unordered();
            if sorted && header.time_ns < last.time_ns {
                bad(
                    Finding::TimeOrder,
                    format!("message {seq} is older than message {} before it", last.seq),
                );
            }
        }
        let (payload, tags) = self.window.body(self.at, &header);
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
        let (file, geometry) = (self.pool.shared().file(), self.ring().geometry);
        if !self.slots.agrees(file, &geometry, seq, self.at)? && self.retained(self.at) {
            self.slots.note(seq);
        }
        Ok(())
    }

    fn good(&mut self, report: &mut Report) {
        let seq = self.header.seq;
        if let (Some(last), None) = (self.last, self.lost) {
            if seq > last.seq + 1 && report.issue_count == 0 {
                report.hint(format!(
                    "warning: there are no messages {} to {}: they were lost when the machine went down",
                    last.seq + 1,
                    seq - 1
                ));
            }
        }
        if report.issue_count == 0 {
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
        let finding = if self.is_filling(from) {
            Finding::Filling
        } else {
            Finding::Frame
        };
        report.issue(finding, text, seq, Some(self.offset(from)));
    }

    /// Whether the damaged bytes at a position claim to be filling.
    fn is_filling(&self, position: u64) -> bool {
        use crate::format::frame::Size;
        let mut word = [0; 8];
        let read = self.read_at(position, &mut word);
        let size = Size::parse(u64::from_le_bytes(word) as u32);
        read.is_ok() && matches!(size, Some(Size::Padding(_)))
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
            report.hint(format!(
                "warning: the index misses {count} of {} messages it should know, the first is {seq}: they are found by a slower search, until newer messages take their slots",
                self.slots.compared
            ));
        }
        Walked::Done
    }

    fn unreadable(&mut self, error: &io::Error, report: &mut Report) -> Walked {
        self.end_of_damage(None, report);
        let offset = self.offset(self.at);
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
