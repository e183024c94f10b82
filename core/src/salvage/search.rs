//! The search for intact frames, at every place where one can begin.

use std::collections::HashMap;
use std::fs::File;
use std::mem::offset_of;
use std::os::unix::fs::FileExt;

use crate::error::{Error, Result};
use crate::format::control::{Control, Hot, Recovery};
use crate::format::frame::{self, Header, Size, HEADER, HEADER_WORDS};
use crate::format::geometry::{Geometry, CONTROL_OFFSET};
use crate::format::superblock::Superblock;
use crate::format::PAGE;
use crate::limits;
use crate::pool::survey::MAX_SEQ_JUMP;
use crate::ring::position::{is_sound, nearest_lap};

/// Bytes read at a time; a longer frame is read whole.
const CHUNK: u64 = 1 << 20;

/// How many times the ring's size may be spent on summing up what only looks like a frame. Bytes made up for it
/// could otherwise be summed up over and over.
const SEARCH_LAPS: u64 = 16;

/// So many frames that agree on their pool's seed are enough.
const ENOUGH_VOTES: u64 = 1 << 16;

/// So many different ones are remembered: the first that frames tell.
const MOST_VOTED: usize = 1 << 16;

/// Words of the control page.
const HEAD: usize = offset_of!(Control, hot) + offset_of!(Hot, head);
const TAIL: usize = offset_of!(Control, hot) + offset_of!(Hot, tail);
const NEXT_SEQ: usize = offset_of!(Control, hot) + offset_of!(Hot, next_seq);
const SYNCED: usize = offset_of!(Control, recovery) + offset_of!(Recovery, synced);
const LEFT_OUT: usize = offset_of!(Control, recovery) + offset_of!(Recovery, left_out_from);

/// An intact message: where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) seq: u64,
    pub(super) position: u64,
}

/// What the search found.
pub(super) struct Found {
    /// Rising in seq.
    pub(super) frames: Vec<Frame>,
    /// A seq that no message had yet.
    pub(super) next_seq: u64,
}

/// The damaged file.
pub(super) struct Source<'a> {
    file: &'a File,
    pub(super) file_len: u64,
    pub(super) geometry: Geometry,
    /// How much of the ring the file has: a damaged superblock may claim any size.
    extent: u64,
    pub(super) flags: u32,
    /// See [`frame::seed_part`].
    seed_part: u32,
    chunk: Vec<u8>,
    /// Ring offset of the chunk.
    start: u64,
    control: Vec<u8>,
    /// Laps that the control page names, and the first one: near one of them lies what is in the ring.
    laps: [u64; 4],
}

impl<'a> Source<'a> {
    /// Finds out how the file is laid out, and what is intact in it.
    ///
    /// # Errors
    /// Corrupt, Usage (another format), Io.
    pub(super) fn find(file: &'a File, file_len: u64) -> Result<(Source<'a>, Found)> {
        let mut page = vec![0; PAGE as usize];
        let first = &mut page[..PAGE.min(file_len) as usize];
        let unreadable = file.read_exact_at(first, 0).err().map(|error| {
            first.fill(0);
            Error::from_io(&error, "read the pool's superblock").with_offset(0)
        });
        let (superblock, damage) = Superblock::guess(&page, file_len)?;
        let damage = unreadable.or(damage);
        let mut control = vec![0; PAGE as usize];
        read_what_can_be_read(file, CONTROL_OFFSET, &mut control);
        let mut geometries = vec![superblock.geometry];
        // Sizes that cannot be right, or only seem to be: most pools have those that their length gives.
        if let (Some(_), Ok(plan)) = (&damage, Geometry::plan(file_len, None)) {
            if plan != superblock.geometry {
                geometries.push(plan);
            }
        }
        geometries.retain(Geometry::is_sound);
        let mut best = None;
        for geometry in &geometries {
            let mut source = Source::new(file, file_len, &superblock, *geometry, &control);
            let found = source.search();
            if damage.is_none() {
                return Ok((source, found));
            }
            best = better(best, (source, found));
        }
        if best.is_none() {
            // The seed is damaged as well, or all that is known of it.
            for geometry in geometries {
                let mut source = Source::new(file, file_len, &superblock, geometry, &control);
                if let Some(seed_part) = source.agreed_seed_part() {
                    source.seed_part = seed_part;
                    let found = source.search();
                    best = better(best, (source, found));
                }
            }
        }
        match (best, damage) {
            (Some(best), _) => Ok(best),
            (None, Some(error)) => Err(error.with_hint(
                "nothing can be salvaged: no message was found whose checksum is right for what the superblock says, nor two that agree on another pool id; restore the pool from a copy",
            )),
            (None, None) => Err(Error::corrupt("the pool's superblock gives impossible sizes").with_offset(16)),
        }
    }

    fn new(
        file: &'a File,
        file_len: u64,
        superblock: &Superblock,
        geometry: Geometry,
        control: &[u8],
    ) -> Source<'a> {
        let behind = file_len.saturating_sub(geometry.ring_offset);
        let lap = |at: usize| word_at(control, at) / geometry.ring_size;
        Source {
            file,
            file_len,
            geometry,
            extent: geometry.ring_size.min(behind),
            flags: superblock.flags,
            seed_part: frame::seed_part(superblock.seed()),
            chunk: Vec::new(),
            start: 0,
            control: control.to_vec(),
            laps: [lap(HEAD), lap(TAIL), lap(SYNCED), 0],
        }
    }

    /// What the seed changes in the checksums, as the frames tell it: the difference between what a checksum is and what it
    /// would be without a seed is the same in all that are intact. `None` when no two agree.
    fn agreed_seed_part(&mut self) -> Option<u32> {
        let mut votes: HashMap<u32, u64> = HashMap::new();
        let mut offset = 0;
        while offset + frame::MIN_LEN <= self.extent {
            let Some((words, header)) = self.candidate(offset, u64::MAX) else {
                offset += 8;
                continue;
            };
            let mut parts: Vec<_> = self
                .sums(offset, words, &header)
                .map(|(_, sum)| sum ^ header.crc)
                .collect();
            // Most often all laps lead to one position.
            parts.sort_unstable();
            parts.dedup();
            for part in parts {
                if votes.len() < MOST_VOTED || votes.contains_key(&part) {
                    let count = votes.entry(part).or_default();
                    *count += 1;
                    if *count == ENOUGH_VOTES {
                        return Some(part);
                    }
                }
            }
            offset += header.len;
        }
        let most = votes
            .into_iter()
            .max_by_key(|(part, count)| (*count, *part));
        most.filter(|(_, count)| *count > 1).map(|(part, _)| part)
    }

    fn search(&mut self) -> Found {
        let mut frames = Vec::new();
        let mut budget = self.extent.saturating_mul(SEARCH_LAPS);
        let mut offset = 0;
        while offset + frame::MIN_LEN <= self.extent {
            match self.look(offset, &mut budget) {
                Some((header, position)) => {
                    frames.push(Frame {
                        seq: header.seq,
                        position,
                    });
                    offset += header.len;
                }
                None => offset += 8,
            }
        }
        self.order(frames)
    }

    /// Messages in their order, without those that were retired. Behind the newest there can be remains from before a
    /// recovery; of those with a seq that was given again none is taken.
    fn order(&self, mut frames: Vec<Frame>) -> Found {
        frames.sort_unstable_by_key(|frame| frame.position);
        let word = |at: usize| word_at(&self.control, at);
        let (head, tail, next_seq) = (word(HEAD), word(TAIL), word(NEXT_SEQ));
        let left_out = word(LEFT_OUT)..word(LEFT_OUT + 8);
        let retained = |frame: &Frame| (tail..head).contains(&frame.position);
        if is_sound(tail, head, self.geometry.ring_size) && frames.iter().any(retained) {
            frames.retain(|frame| frame.position >= tail || left_out.contains(&frame.position));
            let (mut kept, others): (Vec<_>, Vec<_>) = frames.into_iter().partition(retained);
            rising(&mut kept);
            // What a recovery cut off lies behind what was appended since, whose seqs go on behind its own.
            frames = kept;
            frames.extend(others);
            frames.sort_by_key(|frame| frame.seq);
        }
        rising(&mut frames);
        let kept = frames;
        let behind = kept.last().map_or(1, |last| last.seq + 1);
        let remembered = (behind..behind.saturating_add(MAX_SEQ_JUMP)).contains(&next_seq)
            || (kept.is_empty() && (1..=limits::SEQ_LIMIT).contains(&next_seq));
        Found {
            frames: kept,
            next_seq: if remembered { next_seq } else { behind },
        }
    }

    /// The intact message frame at a ring offset, and its position.
    fn look(&mut self, offset: u64, budget: &mut u64) -> Option<(Header, u64)> {
        let (words, header) = self.candidate(offset, *budget)?;
        let sum = header.crc ^ self.seed_part;
        let its = self
            .sums(offset, words, &header)
            .find(|(_, without_seed)| *without_seed == sum);
        let Some((position, _)) = its else {
            *budget -= header.len;
            return None;
        };
        Some((header, position))
    }

    /// What looks like a message frame of at most so many bytes at a ring offset: lengths at both ends. Its bytes are at hand.
    fn candidate(&mut self, offset: u64, most: u64) -> Option<([u64; HEADER_WORDS], Header)> {
        let size = self.word(offset)?;
        let Some(Size::Message(len)) = Size::parse(size as u32) else {
            return None;
        };
        if offset + len > self.extent || len > most {
            return None;
        }
        let words = self.words(offset)?;
        let header = Header::parse(words)?;
        let end = offset + len - 8;
        let trailer = if self.holds(end, 8) {
            self.word(end)?
        } else {
            let mut bytes = [0; 8];
            read_what_can_be_read(self.file, self.geometry.ring_offset + end, &mut bytes);
            u64::from_le_bytes(bytes)
        };
        if (trailer >> 32) as u32 != size as u32 {
            return None;
        }
        self.ensure(offset, len);
        Some((words, header))
    }

    /// The positions that a candidate can have, and the checksum that it would have there in a pool with the seed 0.
    fn sums<'s>(
        &'s self,
        offset: u64,
        words: [u64; HEADER_WORDS],
        header: &'s Header,
    ) -> impl Iterator<Item = (u64, u32)> + 's {
        let body_crc = frame::body_crc(self.bytes(offset + HEADER, header.body_len()));
        self.laps.iter().filter_map(move |near| {
            let start = nearest_lap(header.lap, *near).checked_mul(self.geometry.ring_size)?;
            let position = start.checked_add(offset)?;
            Some((position, frame::checksum(words, body_crc, position, 0)))
        })
    }

    /// A message that the search found: its header and its body.
    ///
    /// # Errors
    /// Corrupt when it is not intact any more: a writer overwrote it, or the disk changed its mind.
    pub(super) fn message(&mut self, frame: &Frame) -> Result<(Header, &[u8])> {
        let offset = frame.position % self.geometry.ring_size;
        match self.look(offset, &mut { u64::MAX }) {
            Some((header, position)) if position == frame.position && header.seq == frame.seq => {
                Ok((header, self.bytes(offset + HEADER, header.body_len())))
            }
            _ => Err(
                Error::corrupt(format!("message {} changed while it was copied", frame.seq))
                    .with_seq(frame.seq)
                    .with_offset(self.geometry.ring_offset + offset)
                    .with_hint("stop the programs that use the pool, then try again"),
            ),
        }
    }

    fn holds(&self, offset: u64, len: u64) -> bool {
        offset >= self.start && offset + len <= self.start + self.chunk.len() as u64
    }

    /// Reads the bytes at a ring offset unless they are at hand.
    fn ensure(&mut self, offset: u64, len: u64) {
        if self.holds(offset, len) {
            return;
        }
        let len = len.max(CHUNK).min(self.extent - offset);
        self.chunk.resize(len as usize, 0);
        read_what_can_be_read(
            self.file,
            self.geometry.ring_offset + offset,
            &mut self.chunk,
        );
        self.start = offset;
    }

    fn bytes(&self, offset: u64, len: u64) -> &[u8] {
        let at = (offset - self.start) as usize;
        &self.chunk[at..at + len as usize]
    }

    fn word(&mut self, offset: u64) -> Option<u64> {
        self.ensure(offset, 8);
        let bytes = self.bytes(offset, 8);
        bytes.try_into().ok().map(u64::from_le_bytes)
    }

    fn words(&mut self, offset: u64) -> Option<[u64; HEADER_WORDS]> {
        self.ensure(offset, HEADER);
        let mut words = [0; HEADER_WORDS];
        for (place, bytes) in words
            .iter_mut()
            .zip(self.bytes(offset, HEADER).chunks_exact(8))
        {
            *place = u64::from_le_bytes(bytes.try_into().ok()?);
        }
        Some(words)
    }
}

/// What has more messages; `None` if neither has any.
fn better<'a>(
    best: Option<(Source<'a>, Found)>,
    other: (Source<'a>, Found),
) -> Option<(Source<'a>, Found)> {
    let most = best.as_ref().map_or(0, |(_, found)| found.frames.len());
    if other.1.frames.len() > most {
        Some(other)
    } else {
        best
    }
}

fn word_at(page: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(page[at..at + 8].try_into().unwrap_or_default())
}

/// Leaves out what does not rise in seq.
fn rising(frames: &mut Vec<Frame>) {
    let mut last = 0;
    frames.retain(|frame| {
        let rises = frame.seq > last;
        last = last.max(frame.seq);
        rises
    });
}

/// Reads; what cannot be read, because the disk is bad there or the file ends, is zero.
fn read_what_can_be_read(file: &File, offset: u64, bytes: &mut [u8]) {
    if file.read_exact_at(bytes, offset).is_ok() {
        return;
    }
    for (index, page) in bytes.chunks_mut(PAGE as usize).enumerate() {
        let from = offset + index as u64 * PAGE;
        let mut filled = 0;
        while filled < page.len() {
            match file.read_at(&mut page[filled..], from + filled as u64) {
                Ok(count) if count > 0 => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                _ => break,
            }
        }
        page[filled..].fill(0);
    }
}
