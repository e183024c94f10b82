//! The writer's side of the ring. Every function here needs the writer lock.

use crate::error::{Error, ErrorKind, Result};
use crate::format::frame::{self, Header, Size, HEADER_WORDS};
use crate::ring::memory::Memory;
use crate::ring::position::is_sound;
use crate::ring::search::Budget;
use crate::ring::Ring;
use crate::sys::atomic::{fence, prefetch_for_write, Ordering};

/// How far ahead of the next frame lines are asked for, in words.
const PREFETCH_AHEAD: usize = 64;

/// Bytes retired at a time, in a ring large enough.
const STRIDE: u64 = 16 << 10;
/// Longest stretch asked for at a time, in bytes.
const MAX_PREFETCH: u64 = 1024;

/// A message ready to be stored: everything that could be worked out before the lock.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// Payload, then tag block.
    pub body: &'a [u8],
    /// [`frame::body_crc`] of the body.
    pub body_crc: u32,
    /// Bytes of the payload.
    pub payload_len: u32,
    /// Signature of the tags.
    pub signature: u32,
    /// Encoding, and [`frame::FLAG_MORE`] inside a batch.
    pub flags: u8,
}

impl Draft<'_> {
    /// Length of its frame in bytes.
    #[inline]
    pub fn frame_len(&self) -> u64 {
        frame::len_for(self.body.len() as u64)
    }
}

/// What has to happen before the tail may move: see the reclaim rule in `pool::flush`.
pub trait BeforeTail {
    /// Called with the tail about to be published.
    fn before_tail(&mut self, tail: u64) -> Result<()>;

    /// Called with the tail that was published, before anything is overwritten.
    fn after_tail(&mut self, _tail: u64) -> Result<()> {
        Ok(())
    }
}

/// For a ring that is filled once and never full: nothing is retired there, so nothing has to happen before it.
pub struct NothingRetired;

impl BeforeTail for NothingRetired {
    fn before_tail(&mut self, _: u64) -> Result<()> {
        Err(Error::new(
            ErrorKind::Internal,
            "a pool that was to take every message would have lost one",
        ))
    }
}

/// The bytes behind the last whole word of `body` as a word, zeros behind them. Through a load that
/// overlaps where it can: bytes written one by one and loaded as a word make the processor wait.
#[inline]
fn last_word(body: &[u8], rest: &[u8]) -> u64 {
    match body.last_chunk::<8>() {
        _ if rest.is_empty() => 0,
        Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
        None => rest
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

impl<M: Memory> Ring<M> {
    /// Head and tail as the lock's holder sees them.
    ///
    /// # Errors
    /// Corrupt when they cannot be right.
    #[inline]
    pub fn bounds_locked(&self) -> Result<(u64, u64)> {
        let hot = &self.memory.control().hot;
        let (tail, head) = (
            hot.tail.load(Ordering::Relaxed),
            hot.head.load(Ordering::Relaxed),
        );
        if is_sound(tail, head, self.size()) {
            Ok((tail, head))
        } else {
            Err(
                Error::corrupt("the pool's control page gives impossible positions")
                    .with_offset(4096 + 8),
            )
        }
    }

    /// Retires messages until everything before `end` can be written, and some more: readers look at the
    /// tail after every message, and should find its cache line unchanged nearly always.
    #[inline]
    pub fn reclaim(&self, end: u64, before: &mut impl BeforeTail) -> Result<()> {
        let hot = &self.memory.control().hot;
        let tail = hot.tail.load(Ordering::Relaxed);
        if end <= tail + self.size() {
            // Another writer may have moved the tail; what this one overwrites makes it visible all the same.
            fence(Ordering::Release); // (B)
            return Ok(());
        }
        let head = hot.head.load(Ordering::Relaxed);
        let target = end - self.size();
        let target = target.max((tail + self.stride()).min(head));
        // All at once: the walk by itself would wait for one line after the other.
        self.prefetch_lines((self.offset(tail) / 8) as usize, target - tail);
        let (mut new, mut budget) = (tail, self.budget());
        while new < target {
            new = self.after_locked(new, head, &mut budget);
        }
        before.before_tail(new)?;
        hot.tail.store(new, Ordering::Relaxed);
        fence(Ordering::Release); // (B)
        before.after_tail(new)
    }

    /// Bytes retired at a time.
    #[inline]
    fn stride(&self) -> u64 {
        (self.size() / 64).min(STRIDE)
    }

    /// Position after the frame at `position`, for reclaim: a damaged frame is jumped over to the
    /// next good one, so that the pool stays writable; to the head where the search would be too long, since others wait
    /// for the lock.
    #[inline]
    fn after_locked(&self, position: u64, head: u64, budget: &mut Budget) -> u64 {
        match self.size_at(position, head) {
            Some(size) => position + size.len(),
            None => self
                .next_good_within(position + 8, head, budget)
                .unwrap_or(head),
        }
    }

    /// Writes filling from `position` to the ring's end and commits it.
    ///
    /// # Errors
    /// Usage when that is further than a size word can tell: only for a batch of more bytes than that.
    #[inline(never)]
    pub fn pad(&self, position: u64, before: &mut impl BeforeTail) -> Result<u64> {
        let room = self.room(position);
        if room > frame::MAX_LEN {
            return Err(Error::usage(format!(
                "the batch does not fit before the ring's end, and {room} bytes there are too many to be passed over"
            ))
            .with_hint("split the batch into some of at most 4 GiB")
            .with_too_large());
        }
        self.reclaim(position + room, before)?;
        self.put_padding(position, room);
        self.memory
            .control()
            .hot
            .head
            .store(position + room, Ordering::Release); // (A)
        Ok(position + room)
    }

    /// Writes filling of `len` bytes without committing it. Its lap tells recovery that it is not left
    /// over from an earlier one; filling of one word has no room for it, and nothing else fits there.
    pub fn put_padding(&self, position: u64, len: u64) {
        let word = u64::from(Size::Padding(len).word());
        let words = self.memory.ring();
        let at = (self.offset(position) / 8) as usize;
        let last = at + (len / 8) as usize - 1;
        let lap = self.places.lap(position) << 32;
        words[at].store(word | lap, Ordering::Relaxed);
        let kept = words[last].load(Ordering::Relaxed) & 0xffff_ffff;
        words[last].store(kept | word << 32, Ordering::Relaxed);
    }

    /// Writes a message's frame and index slot at a position whose bytes were reclaimed, without
    /// committing it. The frame must not straddle the ring's end.
    #[inline]
    pub fn put(&self, position: u64, seq: u64, time_ns: u64, draft: &Draft<'_>) {
        let body = draft.body;
        let header = self.header_for(
            position,
            seq,
            time_ns,
            draft,
            body.len() as u64,
            draft.body_crc,
        );
        let frame = self.frame_words(position, header.len);
        let (head, rest) = frame.split_at(HEADER_WORDS);
        for (place, word) in head.iter().zip(header.words()) {
            place.store(word, Ordering::Relaxed);
        }
        let (last, middle) = rest
            .split_last()
            .expect("a frame is longer than its header");
        let chunks = body.chunks_exact(8);
        let tail = chunks.remainder();
        let whole = body.len() / 8;
        for (place, chunk) in middle.iter().zip(chunks) {
            place.store(
                u64::from_le_bytes(chunk.try_into().unwrap_or_default()),
                Ordering::Relaxed,
            );
        }
        let end = last_word(body, tail);
        let size = u64::from(Size::Message(header.len).word()) << 32;
        // The rest of the body shares the last word with the trailer when it fits its lower half.
        match middle.get(whole) {
            Some(place) => {
                place.store(end, Ordering::Relaxed);
                last.store(size, Ordering::Relaxed);
            }
            None => last.store(end | size, Ordering::Relaxed),
        }
        self.put_slot(position, seq);
    }

    /// Writes the header, trailer and slot of a frame whose body is in the ring already.
    pub fn put_around(
        &self,
        position: u64,
        seq: u64,
        time_ns: u64,
        draft: &Draft<'_>,
        body_len: u64,
    ) {
        let header = self.header_for(position, seq, time_ns, draft, body_len, draft.body_crc);
        let frame = self.frame_words(position, header.len);
        for (place, word) in frame.iter().zip(header.words()) {
            place.store(word, Ordering::Relaxed);
        }
        let last = &frame[frame.len() - 1];
        let kept = last.load(Ordering::Relaxed) & 0xffff_ffff;
        last.store(
            kept | u64::from(Size::Message(header.len).word()) << 32,
            Ordering::Relaxed,
        );
        self.put_slot(position, seq);
    }

    #[inline]
    fn header_for(
        &self,
        position: u64,
        seq: u64,
        time_ns: u64,
        draft: &Draft<'_>,
        body: u64,
        crc: u32,
    ) -> Header {
        let mut header = Header {
            len: frame::len_for(body),
            crc: 0,
            seq,
            time_ns,
            payload_len: draft.payload_len,
            signature: draft.signature,
            tags_len: (body - u64::from(draft.payload_len)) as u32,
            flags: draft.flags,
            lap: self.places.lap(position) as u32,
        };
        header.crc = header.checksum(crc, position, self.seed);
        header
    }

    /// The ring's words of a frame.
    #[inline]
    fn frame_words(&self, position: u64, len: u64) -> &[crate::sys::atomic::AtomicU64] {
        let at = (self.offset(position) / 8) as usize;
        &self.memory.ring()[at..at + (len / 8) as usize]
    }

    #[inline]
    fn put_slot(&self, position: u64, seq: u64) {
        if let Some(slot) = self.geometry.slot_of(seq) {
            self.memory.index()[slot as usize].store(position, Ordering::Relaxed);
        }
    }

    /// Asks for the cache lines that the next appends will write, while other work is done. Without
    /// it the unlock waits for the lines of this frame.
    #[inline]
    fn prefetch(&self, from: u64, len: u64) {
        self.prefetch_lines(
            ((self.offset(from) + self.stride()) / 8) as usize + PREFETCH_AHEAD,
            len.min(MAX_PREFETCH),
        );
    }

    /// Asks for the lines of `len` bytes, `ahead` bytes behind the head of this moment.
    #[inline]
    pub fn prefetch_behind_head(&self, ahead: u64, len: u64) {
        let head = self.memory.control().hot.head.load(Ordering::Relaxed);
        self.prefetch_lines(
            ((self.offset(head) + self.stride() + ahead) / 8) as usize,
            len.min(MAX_PREFETCH),
        );
    }

    #[inline]
    fn prefetch_lines(&self, at: usize, len: u64) {
        let words = self.memory.ring();
        for line in 0..len / 64 + 1 {
            if let Some(word) = words.get(at + line as usize * 8) {
                prefetch_for_write(word);
            }
        }
    }

    /// Commits everything written before `head`; `seq` and `time_ns` are the newest message's.
    #[inline]
    pub fn commit(&self, head: u64, seq: u64, time_ns: u64) {
        let hot = &self.memory.control().hot;
        hot.head.store(head, Ordering::Release); // (A)
                                                 // Release: who sees it sees the head of its messages. Without it a reader at its last seq could take one that is just
                                                 // coming for lost, and a flush would note a seq that it does not cover.
        hot.next_seq.store(seq + 1, Ordering::Release);
        hot.last_time.store(time_ns, Ordering::Relaxed);
    }

    /// Stores one message. Its frame must fit the ring.
    #[inline]
    pub fn append(
        &self,
        draft: &Draft<'_>,
        seq: u64,
        time_ns: u64,
        before: &mut impl BeforeTail,
    ) -> Result<u64> {
        let (_, head) = self.bounds_locked()?;
        let len = draft.frame_len();
        // The filling is committed by itself: together with the frame it could be longer than the
        // ring, and the tail must never pass a head that is still the committed one.
        let at = if len > self.room(head) {
            self.pad(head, before)?
        } else {
            head
        };
        self.reclaim(at + len, before)?;
        self.put(at, seq, time_ns, draft);
        self.prefetch(at + len, len);
        self.commit(at + len, seq, time_ns);
        Ok(at + len)
    }

    /// After the death of a lock's holder: `head` is the truth, the rest follows from it.
    pub fn repair(&self) -> Result<()> {
        let hot = &self.memory.control().hot;
        let (tail, head) = self.bounds_locked()?;
        if let Some((_, newest)) = self.newest_before(head, tail) {
            if hot.next_seq.load(Ordering::Relaxed) <= newest.seq {
                hot.next_seq.store(newest.seq + 1, Ordering::Release);
            }
            if hot.last_time.load(Ordering::Relaxed) < newest.time_ns {
                hot.last_time.store(newest.time_ns, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}
