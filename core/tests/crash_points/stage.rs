//! A pool that looks the same before every death, and what must be true of it after one.

use std::mem::offset_of;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use plasmite_core::doctor::Status;
use plasmite_core::format::control::{Hot, WANTED_NONE};
use plasmite_core::pool::wait::{Target, WaitPlan, Woken};
use plasmite_core::ring::lock;
use plasmite_core::store::{AppendOptions, BatchItem, Client, ItemEncoding, OpenOptions, Pool};
use plasmite_core::sys::clock::Deadline;

use crate::common::{inspect, message, patient, scratch_in_memory, sized, Board};
use crate::deaths::{dies_at, points_of, Point};

/// Longest padding of a message, in bytes.
pub(crate) const SPREAD: u64 = 120;
/// A pool whose ring holds some twenty messages, with an index.
pub(crate) const SIZE: u64 = 12_288;

/// Words of the board: messages whose append returned, messages that were being appended; and of scenes with others:
/// the other is ready, it may go on, what it has seen.
pub(crate) const ACKED: usize = 0;
pub(crate) const BEGUN: usize = 1;
pub(crate) const READY: usize = 2;
pub(crate) const GO: usize = 3;
pub(crate) const SEEN: usize = 4;

pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) image: Vec<u8>,
    pub(crate) board: &'static Board,
    /// Messages in the image.
    pub(crate) before: u64,
}

impl Stage {
    pub(crate) fn new(before: u64) -> Stage {
        let (dir, client) = scratch_in_memory();
        let pool = client.create("p", &sized(SIZE)).unwrap();
        // Two flushes near the end: until the ring has been overwritten once more, no other control page has to be on the
        // disk.
        for n in 1..=before {
            pool.append_json(message(1, n, SPREAD).as_bytes(), &patient())
                .unwrap();
            if n + 2 > before {
                pool.flush().unwrap();
            }
        }
        let image = std::fs::read(pool.path()).unwrap();
        Stage {
            client,
            dir,
            image,
            board: Board::new(),
            before,
        }
    }

    /// The image again, in the same file: for its boot and inode the pool is in order. Nobody may have it open.
    pub(crate) fn reset(&self) {
        let path = self.client.resolve("p").unwrap();
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.write_all_at(&self.image, 0).unwrap();
        self.board_is(self.before);
        for word in [READY, GO, SEEN] {
            self.board.set(word, 0);
        }
    }

    /// This many messages were appended and acknowledged.
    pub(crate) fn board_is(&self, newest: u64) {
        self.board.set(ACKED, newest);
        self.board.set(BEGUN, newest);
    }

    pub(crate) fn open(&self) -> Pool {
        self.client.open("p", &OpenOptions::default()).unwrap()
    }

    pub(crate) fn open_for_reading(&self) -> Pool {
        let options = OpenOptions { read_only: true };
        self.client.open("p", &options).unwrap()
    }

    /// A word of the control page, as its file has it.
    pub(crate) fn control_word(&self, offset: usize) -> u64 {
        let file = std::fs::File::open(self.client.resolve("p").unwrap()).unwrap();
        let mut word = [0; 8];
        file.read_exact_at(&mut word, 4096 + offset as u64).unwrap();
        u64::from_le_bytes(word)
    }

    fn lock_word(&self) -> u32 {
        self.control_word(offset_of!(Hot, lock)) as u32
    }

    pub(crate) fn is_locked(&self) -> bool {
        self.lock_word() & lock::ID_MASK != 0
    }

    /// Whether somebody sleeps until the lock is free.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.lock_word() & lock::WAITERS != 0
    }

    /// Whether a reader has said that it sleeps.
    pub(crate) fn has_sleeper(&self) -> bool {
        self.control_word(offset_of!(Hot, wanted)) != WANTED_NONE
    }

    /// Appends `count` messages one by one.
    pub(crate) fn append(&self, pool: &Pool, count: u64) {
        for _ in 0..count {
            let n = self.board.get(ACKED) + 1;
            self.board.set(BEGUN, n);
            let receipt = pool
                .append_json(message(1, n, SPREAD).as_bytes(), &patient())
                .unwrap();
            assert_eq!(receipt.seq, n);
            self.board.set(ACKED, n);
        }
    }

    pub(crate) fn append_batches(&self, pool: &Pool, count: u64) {
        for _ in 0..count {
            let n = self.board.get(ACKED);
            let texts = [1, 2, 3].map(|index| message(1, n + index, SPREAD));
            let items = texts.each_ref().map(|text| BatchItem {
                bytes: text.as_bytes(),
                encoding: ItemEncoding::Json,
                tags: &[],
                timestamp_ns: None,
            });
            self.board.set(BEGUN, n + 3);
            pool.append_batch(items.iter().copied().map(Ok), &patient(), |_| ())
                .unwrap();
            self.board.set(ACKED, n + 3);
        }
    }

    pub(crate) fn reserve(&self, pool: &Pool, count: u64, tags: &[&[u8]]) {
        for _ in 0..count {
            let n = self.board.get(ACKED) + 1;
            let mut data = Vec::new();
            plasmite_core::json::Encoder::new()
                .encode(message(1, n, SPREAD).as_bytes(), &mut data)
                .unwrap();
            self.board.set(BEGUN, n);
            let options = AppendOptions { tags, ..patient() };
            let mut room = pool.reserve(data.len(), &options).unwrap();
            // SAFETY: the room has this length and is ours until the commit.
            unsafe { room.payload_mut().copy_from(data.as_ptr(), data.len()) };
            room.commit().unwrap();
            self.board.set(ACKED, n);
        }
    }

    /// What must be true of the pool after a death, first untouched, then with another message.
    pub(crate) fn check(&self, point: &Point) {
        let (acked, begun) = (self.board.get(ACKED), self.board.get(BEGUN));
        let mut newest = 0;
        for read_only in [true, false] {
            let pool = self
                .client
                .open("p", &OpenOptions { read_only })
                .unwrap_or_else(|error| panic!("{point:?}: {error}"));
            let found = inspect(&pool, SPREAD);
            assert!(
                found.1 == acked || found.1 == begun,
                "{point:?}: {found:?}, acknowledged {acked}, begun {begun}"
            );
            assert!(!read_only || newest <= found.1);
            newest = found.1;
            if read_only && newest > self.before {
                self.ends_the_wait_for(newest, point);
            }
            let mut doctor = self.client.doctor(Some("p")).unwrap();
            while doctor.step(1 << 20).unwrap() {}
            let report = &doctor.reports()[0];
            assert_eq!(report.status, Status::Ok, "{point:?}: {report:?}");
        }
        let pool = self.open();
        let retained = pool.bounds().unwrap().count;
        let text = message(1, newest + 1, SPREAD);
        let receipt = pool.append_json(text.as_bytes(), &patient()).unwrap();
        assert_eq!(receipt.seq, newest + 1, "{point:?}");
        assert_eq!(inspect(&pool, SPREAD).1, newest + 1, "{point:?}");
        // What the dead writer had retired for its messages may be lost early, and no more.
        assert!(retained > 8, "{point:?}: {retained} retained");
    }

    /// Whoever waited for the newest message from the beginning on, with others to come before it, is not left waiting.
    fn ends_the_wait_for(&self, newest: u64, point: &Point) {
        let path = self.client.resolve("p").unwrap();
        let pool = plasmite_core::pool::Pool::open(&path, true).unwrap();
        let word = |at: usize| u64::from_le_bytes(self.image[at..at + 8].try_into().unwrap());
        let target = Target {
            head: word(4096 + offset_of!(Hot, head)),
            seq: newest,
            future: true,
            generation: pool.generation_in_file(),
        };
        let plan = WaitPlan {
            deadline: Deadline::after(Duration::ZERO),
            spin: Duration::ZERO,
            poll: true,
        };
        let woken = pool.wait_news(&target, &plan, || false);
        assert_eq!(woken.unwrap(), Woken::News, "{point:?}: {target:?}");
    }

    /// Dies at every point of the work, which begins with an open pool.
    pub(crate) fn each_death(&self, work: impl Fn(&Pool)) -> usize {
        self.reset();
        let points = points_of(self.dir.path(), || work(&self.open()));
        for point in &points {
            self.reset();
            dies_at(point, || work(&self.open()));
            self.check(point);
        }
        points.len()
    }
}
