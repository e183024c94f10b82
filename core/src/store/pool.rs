//! An open pool: what it is, and messages by seq.

use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::format::frame::Header;
use crate::format::geometry::{CONTROL_OFFSET, INDEX_OFFSET};
use crate::limits;
use crate::message::{Encoding, Message};
use crate::pool::{self, owner};
use crate::ring::locate::Place;
use crate::ring::memory::Memory;
use crate::ring::snapshot::Check;
use crate::ring::window::{Framed, Window};
use crate::store::copies::Copies;
use crate::store::{scratch, Bounds, FramePlace, Info, Layout, OwnedMessage, View};
use crate::sys::atomic::Ordering;
use crate::POOL_FORMAT;

/// A handle on an open pool; clones share it. Usable from any thread.
#[derive(Clone, Debug)]
pub struct Pool {
    pub(super) pool: Arc<pool::Pool>,
    name: Arc<str>,
    /// What was shown as copies instead of in place.
    pub(super) copies: Arc<Copies>,
}

impl Pool {
    pub(super) fn new(pool: pool::Pool, name: &str) -> Pool {
        let copies = Copies::new(pool.shared().ring().size());
        Pool {
            pool: Arc::new(pool),
            name: name.into(),
            copies: Arc::new(copies),
        }
    }

    /// The reference it was opened by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Absolute path of its file.
    pub fn path(&self) -> &Path {
        self.pool.path()
    }

    /// Random identity of the pool, kept by copies of the file.
    pub fn id(&self) -> [u8; 16] {
        self.pool.shared().superblock().id
    }

    /// How often recovery took something back.
    pub fn generation(&self) -> u64 {
        self.pool
            .shared()
            .ring()
            .memory
            .control()
            .recovery
            .generation
            .load(Ordering::Relaxed)
    }

    /// Whether this opening may not write.
    pub fn is_read_only(&self) -> bool {
        !self.pool.shared().is_writable()
    }

    /// Whether the path still names this pool.
    ///
    /// # Errors
    /// Permission or Io when that cannot be found out.
    pub fn is_current(&self) -> Result<bool> {
        self.pool.is_current()
    }

    /// The retained seqs.
    ///
    /// # Errors
    /// Corrupt when another program cut the file.
    pub fn bounds(&self) -> Result<Bounds> {
        self.pool.follow_copy_up()?;
        let ends = self.pool.shared().ring().ends();
        self.pool.check_truncated()?;
        Ok(
            ends.map_or(Bounds::default(), |((_, oldest), (_, newest))| {
                bounds_of(&oldest, &newest)
            }),
        )
    }

    /// Settings and state.
    ///
    /// # Errors
    /// As [`Pool::bounds`].
    pub fn info(&self) -> Result<Info> {
        self.pool.follow_copy_up()?;
        let shared = self.pool.shared();
        let (ring, superblock) = (shared.ring(), shared.superblock());
        let geometry = &superblock.geometry;
        let ends = ring.ends();
        let used_bytes = ring
            .head()
            .saturating_sub(ring.tail())
            .min(geometry.ring_size);
        self.pool.check_truncated()?;
        Ok(Info {
            name: self.name.to_string(),
            path: self.path().to_path_buf(),
            file_size: geometry.file_size,
            index_offset: INDEX_OFFSET,
            index_capacity: geometry.index_slots,
            index_size_bytes: geometry.index_bytes(),
            ring_offset: geometry.ring_offset,
            ring_size: geometry.ring_size,
            bounds: ends.map_or(Bounds::default(), |((_, oldest), (_, newest))| {
                bounds_of(&oldest, &newest)
            }),
            used_bytes,
            free_bytes: geometry.ring_size - used_bytes,
            oldest_time_ns: ends.map(|((_, oldest), _)| oldest.time_ns),
            newest_time_ns: ends.map(|(_, (_, newest))| newest.time_ns),
            created_ns: superblock.created_ns,
            generation: self.generation(),
            id: superblock.id,
            format: POOL_FORMAT,
            read_only: self.is_read_only(),
        })
    }

    /// How many processes write to the pool: they have appended, or tried to, since they opened it, and have not closed
    /// it. Counted up to [`limits::COUNTED_WRITERS`].
    ///
    /// # Errors
    /// Io when the system does not tell.
    pub fn writers(&self) -> Result<u32> {
        owner::count_writers(self.pool.shared(), limits::COUNTED_WRITERS)
    }

    /// What is odd about the pool although it works, a sentence each: from the control page and a sample of the index.
    /// Only a doctor looks at everything.
    pub fn warnings(&self) -> Vec<String> {
        self.pool.signs()
    }

    /// Appends settings, state, writers and warnings as the JSON object that CLI, HTTP and MCP share.
    ///
    /// # Errors
    /// As [`Pool::info`] and [`Pool::writers`].
    pub fn write_info_json(&self, out: &mut Vec<u8>) -> Result<()> {
        let (info, writers, warnings) = (self.info()?, self.writers()?, self.warnings());
        info.write_json(writers, &warnings, out);
        Ok(())
    }

    /// Where the retained frames lie, oldest first, at most `limit` of them.
    ///
    /// # Errors
    /// Corrupt at a damaged frame, with its offset.
    pub fn layout(&self, limit: usize) -> Result<Layout> {
        let ring = self.pool.shared().ring();
        loop {
            let Some((tail, head)) = ring.bounds() else {
                return Err(self.impossible());
            };
            let mut layout = Layout {
                tail,
                head,
                frames: Vec::new(),
            };
            let mut at = tail;
            while layout.frames.len() < limit && at < head {
                match ring.check(at, head) {
                    Check::Good(header) => {
                        let offset = ring.geometry.ring_offset + ring.offset(at);
                        layout.frames.push(FramePlace {
                            seq: header.seq,
                            offset,
                            len: header.len,
                        });
                        at += header.len;
                    }
                    Check::Padding(len) => at += len,
                    Check::Overtaken => break,
                    Check::Damaged => return Err(self.damaged(at, None)),
                }
            }
            if ring.retained(tail) {
                self.pool.check_truncated()?;
                return Ok(layout);
            }
        }
    }

    #[cold]
    pub(super) fn damaged(&self, position: u64, seq: Option<u64>) -> Error {
        let ring = self.pool.shared().ring();
        let offset = ring.geometry.ring_offset + ring.offset(position);
        let text = match seq {
            Some(seq) => format!("message {seq} is damaged"),
            None => "a message is damaged".to_string(),
        };
        let error = Error::corrupt(text)
            .with_path(self.path())
            .with_offset(offset)
            .with_hint("its bytes in the file are not what was written; the messages around it can still be read");
        match seq {
            Some(seq) => error.with_seq(seq),
            None => error,
        }
    }

    #[cold]
    fn impossible(&self) -> Error {
        Error::corrupt("the pool's control page gives impossible positions")
            .with_path(self.path())
            .with_offset(CONTROL_OFFSET + 8)
            .with_hint("a process that may write to the pool recovers it when it opens it")
    }

    #[cold]
    fn absent(&self, seq: u64, place: Place) -> Error {
        let text = match place {
            Place::Future => format!("message {seq} not found: it has not been written yet"),
            _ if seq == 0 => "message 0 not found: seqs begin with 1".to_string(),
            _ => format!("message {seq} not found: it is not retained any more"),
        };
        Error::new(ErrorKind::NotFound, text)
            .with_seq(seq)
            .with_hint("ask for the pool's bounds to see which are there")
    }

    #[inline]
    fn place(&self, seq: u64) -> Result<u64> {
        let ring = self.pool.shared().ring();
        let mut place = ring.guess(seq);
        if place == Place::Future {
            self.pool.follow_copy_up()?;
            place = ring.guess(seq);
        }
        match place {
            Place::At(at) => Ok(at),
            Place::Missing => Err(Error::corrupt(format!(
                "message {seq} cannot be found: the pool is damaged there"
            ))
            .with_path(self.path())
            .with_seq(seq)
            .with_hint("the messages around it can still be read")),
            place => {
                // A file that was cut short reads as zeros: an empty pool.
                self.pool.check_truncated()?;
                Err(self.absent(seq, place))
            }
        }
    }

    /// The frame at the place a seq was thought to be at is not good: perhaps another one has it.
    #[cold]
    fn place_besides(&self, damaged: u64, seq: u64) -> Result<u64> {
        match self.pool.shared().ring().locate(seq) {
            Place::At(at) if at != damaged => Ok(at),
            _ => Err(self.damaged(damaged, Some(seq))),
        }
    }

    /// Copies a message into the window and runs `work` on it.
    #[inline]
    pub(super) fn with_message<R>(
        &self,
        seq: u64,
        window: &mut Window,
        work: impl FnOnce(&Message<&[u8]>) -> Result<R>,
    ) -> Result<R> {
        let ring = self.pool.shared().ring();
        let mut at = self.place(seq)?;
        let mut header = Header::default();
        loop {
            let filled = window.fill_one(ring, at, ring.head());
            self.pool.check_truncated()?;
            if !filled {
                return Err(match window.take_refused() {
                    Some(bytes) => self.in_message(Error::out_of_memory(bytes as usize), seq),
                    None => self.absent(seq, Place::Gone),
                });
            }
            let framed = window.frame(at, ring.room(at), ring.seed, &mut header);
            if framed == Framed::Message && header.seq == seq {
                break;
            }
            at = self.place_besides(at, seq)?;
        }
        let (payload, tags) = window.body(at, &header);
        let encoding = self.encoding(&header, at)?;
        let message = Message {
            seq,
            time_ns: header.time_ns,
            encoding,
            payload,
            tags,
        };
        work(&message).map_err(|error| self.in_message(error, seq))
    }

    #[inline]
    pub(super) fn encoding(&self, header: &Header, at: u64) -> Result<Encoding> {
        Encoding::from_number(header.encoding()).ok_or_else(|| self.damaged(at, Some(header.seq)))
    }

    /// An error found in a stored message, with its place.
    #[cold]
    pub(super) fn in_message(&self, error: Error, seq: u64) -> Error {
        let error = error.with_seq(seq);
        if error.kind() == ErrorKind::Corrupt {
            error.with_path(self.path())
        } else {
            error
        }
    }

    /// A message as a private copy.
    ///
    /// # Errors
    /// NotFound with the seq and without a path; Corrupt; Io when there is no memory for a long one.
    pub fn get(&self, seq: u64) -> Result<OwnedMessage> {
        let mut window = Window::default();
        self.with_message(seq, &mut window, OwnedMessage::copy)
    }

    /// Appends a message's JSON envelope to `out`.
    ///
    /// # Errors
    /// As [`Pool::get`]; `out` is then as before.
    #[inline]
    pub fn get_envelope(&self, seq: u64, out: &mut Vec<u8>) -> Result<()> {
        scratch::with(|scratch| {
            let (window, times) = (&mut scratch.window, &mut scratch.times);
            self.with_message(seq, window, |message| message.write_envelope(out, times))
        })
    }

    /// A message in place, in the pool's shared memory; a copy that stays as long as the pool where this opening may only
    /// read, and nobody has recovered the pool since the machine went down or the file was copied.
    ///
    /// # Errors
    /// As [`Pool::get`].
    pub fn view(&self, seq: u64) -> Result<View> {
        let ring = self.pool.shared().ring();
        if !ring.memory.lends() {
            let mut window = Window::default();
            return self.with_message(seq, &mut window, |message| {
                Ok(self.copies.keep(message)?.view())
            });
        }
        let mut at = self.place(seq)?;
        loop {
            let found = ring.check(at, ring.head());
            self.pool.check_truncated()?;
            match found {
                Check::Good(header) if header.seq == seq => {
                    return Ok(View::in_place(ring, at, &header))
                }
                Check::Overtaken => return Err(self.absent(seq, Place::Gone)),
                _ => at = self.place_besides(at, seq)?,
            }
        }
    }
}

fn bounds_of(oldest: &Header, newest: &Header) -> Bounds {
    Bounds {
        oldest: oldest.seq,
        newest: newest.seq,
        count: newest.seq.saturating_sub(oldest.seq) + 1,
    }
}
