//! A disk that forgets: what a pool's file can look like after a power cut.
//!
//! The file is copied after every step and, where stores can be seen, at times between two of them (`within`). Since the
//! last sync each page (or sector) may have been
//! written out in any of its states, in any order: an image takes any state of each. A sync that fails has written
//! any of its pages, or none.

pub(crate) mod beside;
mod contents;
mod examined;
mod random;
pub(crate) mod refusing;
pub(crate) mod within;

use std::cell::Cell;
use std::os::unix::fs::FileExt;
use std::path::Path;

use plasmite_core::format::frame;
use plasmite_core::format::PAGE;
use plasmite_core::message::Encoding;
use plasmite_core::pool::append::WriteOptions;
use plasmite_core::pool::batch::{Body, Entry};
use plasmite_core::pool::owner::LockWait;
use plasmite_core::pool::Pool;
use plasmite_core::ring::memory::Memory;
use plasmite_core::ring::publish::Draft;
use plasmite_core::ErrorKind;
use std::sync::atomic::Ordering;

pub(crate) use random::Random;

const CONTROL: usize = PAGE as usize;
/// The words that recovery goes by, in one sector.
const RECOVERY: usize = CONTROL + 512;

thread_local! {
    static CUTS: Cell<u64> = const { Cell::new(0) };
}

/// How many images this test has made so far.
pub(crate) fn cuts() -> u64 {
    CUTS.get()
}

/// What may be torn apart from what.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tear {
    /// Each page takes any of its states.
    Pages,
    /// Each 512-byte sector does.
    Sectors,
    /// The control page the oldest, all others the newest.
    OldControl,
    /// The control page the newest, all others the oldest.
    NewControl,
}

impl Tear {
    /// Bytes that stay together.
    fn piece(self) -> usize {
        match self {
            Tear::Sectors => 512,
            _ => CONTROL,
        }
    }
}

/// A directory in memory where there is one: these tests sync a lot.
pub(crate) fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

pub(crate) fn generation(pool: &Pool) -> u64 {
    let recovery = &pool.shared().ring().memory.control().recovery;
    recovery.generation.load(Ordering::Relaxed)
}

pub(crate) fn next_seq(pool: &Pool) -> u64 {
    let hot = &pool.shared().ring().memory.control().hot;
    hot.next_seq.load(Ordering::Relaxed)
}

/// Appends a message and gives its seq.
pub(crate) fn append_one(pool: &Pool) -> u64 {
    pool.append(&Disk::draft(b"\"we go\""), None, &Disk::options())
        .unwrap()
        .seq
}

/// A pool in use, and every state its file has had since the last sync.
pub(crate) struct Disk {
    pool: Pool,
    /// Body of the message with seq index + 1; none where a power cut took the message.
    bodies: Vec<Option<Vec<u8>>>,
    flushed: u64,
    images: Vec<Vec<u8>>,
    /// For each page the first image whose state of it may still be the one on the disk.
    since: Vec<usize>,
    /// Chooses whether others append while a flush syncs, and what; if they ever do.
    beside: Option<Random>,
}

impl Drop for Disk {
    fn drop(&mut self) {
        refusing::unwatch();
    }
}

impl Disk {
    pub(crate) fn new(pool: Pool) -> Disk {
        let images = vec![std::fs::read(pool.path()).unwrap()];
        let mapping = pool.shared().ring().memory.mapping();
        refusing::watch(mapping.base(), mapping.len());
        let since = vec![0; images[0].len().div_ceil(CONTROL)];
        Disk {
            pool,
            bodies: Vec::new(),
            flushed: 0,
            images,
            since,
            beside: None,
        }
    }

    /// Lets others append while this one's flushes sync.
    pub(crate) fn beside(mut self, random: Option<Random>) -> Disk {
        self.beside = random;
        self
    }

    /// Goes on with what a power cut leaves, in another file; what it took is lost for ever.
    pub(crate) fn live_on(
        mut self,
        path: &Path,
        random: &mut Random,
        tear: Tear,
        seed: u64,
    ) -> Disk {
        std::fs::write(path, self.torn(random, tear)).unwrap();
        CUTS.set(CUTS.get() + 1);
        let pool = Pool::open(path, false).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let newest = self.check_contents(&pool, seed);
        let mut bodies = std::mem::take(&mut self.bodies);
        bodies
            .iter_mut()
            .skip(newest as usize)
            .for_each(|body| *body = None);
        bodies.resize(next_seq(&pool) as usize - 1, None);
        std::fs::remove_file(self.pool.path()).unwrap();
        let beside = self.beside.take();
        drop(self);
        let mut disk = Disk::new(pool).beside(beside);
        disk.flushed = bodies.len() as u64;
        disk.bodies = bodies;
        disk
    }

    /// Seq of the newest message that was appended and not lost.
    fn newest(&self) -> u64 {
        let newest = self.bodies.iter().rposition(Option::is_some);
        newest.map_or(0, |index| index as u64 + 1)
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The file as it is now.
    pub(crate) fn image(&self) -> Vec<u8> {
        std::fs::read(self.pool.path()).unwrap()
    }

    fn look(&mut self) {
        let within = within::end();
        let image = self.image();
        let synced = beside::synced_control(self.images.last(), &image);
        self.saw(within, image, synced);
    }

    /// Other states on the way to the last one, and whether the control page was synced on that way: then none of before
    /// can be on the disk.
    fn saw(&mut self, within: Vec<Vec<u8>>, image: Vec<u8>, synced_control: bool) {
        if synced_control {
            assert!(!refusing::is_unwritten(1), "a sync that wrote nothing");
            self.since[1] = self.images.len() - 1;
        }
        self.images.extend(within);
        self.images.push(image);
    }

    fn options() -> WriteOptions {
        WriteOptions {
            lock_wait: LockWait::Forever,
            expect_newest: None,
        }
    }

    fn draft(body: &[u8]) -> Draft<'_> {
        Draft {
            body,
            body_crc: frame::body_crc(body),
            payload_len: body.len() as u32,
            signature: 0,
            flags: Encoding::JsonText as u8,
        }
    }

    pub(crate) fn append(&mut self, mut body: Vec<u8>) {
        body.truncate(self.pool.shared().ring().size() as usize - 48);
        within::watch(self.pool.path(), self.bodies.len() as u64);
        let result = self
            .pool
            .append(&Disk::draft(&body), None, &Disk::options());
        if let Some(stored) = Disk::accepted(result) {
            self.bodies.push(Some(body));
            assert_eq!(stored.seq, self.bodies.len() as u64);
        }
        self.look();
    }

    pub(crate) fn append_batch(&mut self, bodies: Vec<Vec<u8>>) {
        let mut entries: Vec<_> = bodies
            .iter()
            .map(|body| Entry {
                body: Body::Borrowed(body),
                body_crc: frame::body_crc(body),
                payload_len: body.len() as u32,
                signature: 0,
                flags: Encoding::JsonText as u8,
                time_ns: None,
            })
            .collect();
        let len = |entry: &Entry<'_>| frame::len_for(entry.body_len());
        if entries.iter().map(len).sum::<u64>() > self.pool.shared().ring().size() {
            return;
        }
        within::watch(self.pool.path(), self.bodies.len() as u64);
        let result = self.pool.append_batch(&mut entries, &[], &Disk::options());
        if Disk::accepted(result).is_some() {
            self.bodies.extend(bodies.into_iter().map(Some));
        }
        self.look();
    }

    /// Nothing is appended when the control page could not be synced on the way.
    fn accepted<T>(result: plasmite_core::Result<T>) -> Option<T> {
        match result {
            Err(error) if refusing::refuses() => {
                assert_eq!(error.kind(), ErrorKind::Io);
                assert!(!error.maybe_written());
                None
            }
            result => Some(result.unwrap()),
        }
    }

    /// Whether there are messages that no flush has covered.
    pub(crate) fn is_flush_needed(&self) -> bool {
        self.flushed < self.bodies.len() as u64
    }

    /// Flushes; whether that succeeded.
    pub(crate) fn flush(&mut self) -> bool {
        let (before, syncs) = (self.image(), refusing::syncs());
        let control_syncs = refusing::control_syncs();
        let others = beside::prepare(&self.pool, &mut self.beside);
        within::watch(self.pool.path(), self.bodies.len() as u64);
        let flushed = self.pool.flush_all().is_ok();
        refusing::during_next_sync(None);
        let at_the_end = within::end();
        let after = self.image();
        if flushed {
            self.flushed = self.bodies.len() as u64;
            if refusing::syncs() > syncs {
                self.images.push(before);
                let written = |page: &usize| !refusing::is_unwritten(*page);
                for page in (0..self.since.len()).filter(written) {
                    self.since[page] = self.images.len() - 1;
                }
            }
        }
        let mut by_others = 0;
        for step in others.take() {
            by_others += u64::from(step.synced_control);
            self.saw(step.within, step.image, step.synced_control);
            self.bodies.push(Some(step.body));
        }
        self.images.extend(at_the_end);
        self.images.push(after);
        if flushed && refusing::control_syncs() - control_syncs > by_others {
            // The flush itself saw to it that the control page names what it covered.
            self.since[1] = self.images.len() - 1;
        }
        let needed = *self.since.iter().min().unwrap();
        self.images.drain(..needed);
        self.since.iter_mut().for_each(|since| *since -= needed);
        flushed
    }

    /// Under pressure the kernel drops pages that count as clean, and reads them from the disk again.
    pub(crate) fn drop_clean_pages(&mut self, random: &mut Random) {
        let file = std::fs::File::options().write(true).open(self.pool.path());
        let file = file.unwrap();
        for page in 2..self.since.len() {
            if refusing::is_unwritten(page) && random.below(3) == 0 {
                let state = self.state_of(page, random);
                let start = page * CONTROL;
                let end = (start + CONTROL).min(self.images[0].len());
                let bytes = &self.images[state][start..end];
                file.write_all_at(bytes, start as u64).unwrap();
            }
        }
        self.images.push(self.image());
    }

    /// Some state that a page can have on the disk.
    fn state_of(&self, page: usize, random: &mut Random) -> usize {
        let (first, count) = (self.since[page], self.images.len());
        // Often the ends: all new or all old is what most cuts look like.
        match random.below(4) {
            0 => first,
            1 => count - 1,
            _ => first + random.below((count - first) as u64) as usize,
        }
    }

    /// An image as a power cut now may leave it.
    pub(crate) fn torn(&self, random: &mut Random, tear: Tear) -> Vec<u8> {
        let count = self.images.len();
        let mut image = self.images[0].clone();
        for start in (0..image.len()).step_by(tear.piece()) {
            let end = (start + tear.piece()).min(image.len());
            let page = start / CONTROL;
            let from = match (tear, page == 1) {
                (Tear::OldControl, true) | (Tear::NewControl, false) => self.since[page],
                (Tear::OldControl, false) | (Tear::NewControl, true) => count - 1,
                _ => self.state_of(page, random),
            };
            image[start..end].copy_from_slice(&self.images[from][start..end]);
        }
        if random.below(4) == 0 {
            // Some writer held the lock when the page went out.
            image[CONTROL..CONTROL + 4].copy_from_slice(&77u32.to_le_bytes());
        }
        image
    }

    /// Cuts the power, opens what is left, and checks every promise.
    pub(crate) fn cut(&self, path: &Path, random: &mut Random, tear: Tear, seed: u64) {
        let image = self.torn(random, tear);
        CUTS.set(CUTS.get() + 1);
        std::fs::write(path, &image).unwrap();
        let is_examined = seed.is_multiple_of(4);
        if is_examined {
            let must = self.oldest(self.pool.shared().ring())..=self.flushed;
            examined::torn(path, must, &self.bodies, seed);
        }
        within::watch_each(path);
        let pool = Pool::open(path, false).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let on_the_way = within::end_with_syncs();
        let newest = self.check_contents(&pool, seed);
        if is_examined {
            examined::recovered(path, &pool, seed);
        }
        assert!(next_seq(&pool) > self.flushed.max(newest), "seed {seed}");
        if newest < self.newest() {
            assert!(generation(&pool) > generation(&self.pool), "seed {seed}");
        }
        let ring = pool.shared().ring();
        let found = (ring.tail(), ring.head(), next_seq(&pool), generation(&pool));
        drop(pool);
        let settled = std::fs::read(path).unwrap();
        self.cut_again(path, [&image, &settled], tear, seed);
        self.cut_within(path, &on_the_way, newest, tear, seed);
        let pool = Pool::open(path, false).unwrap();
        assert_eq!(
            std::fs::read(path).unwrap(),
            settled,
            "seed {seed}: opened again"
        );
        let next = next_seq(&pool);
        assert_eq!(next, found.2);
        assert_eq!(append_one(&pool), next);
        let ring = pool.shared().ring();
        assert!(matches!(
            ring.newest_before(ring.head(), ring.tail()),
            Some((_, header)) if header.seq == next
        ));
        drop(pool);
        std::fs::remove_file(path).unwrap();
    }

    /// Cuts the power once more, while the pool is being recovered: any part of what the recovery stores is on the disk,
    /// but for the words that it stores after its first sync, which are there only with all the rest.
    fn cut_again(&self, path: &Path, [torn, settled]: [&[u8]; 2], tear: Tear, seed: u64) {
        // Of its own, so that seeds which found something before go on doing so.
        let random = &mut Random::new(seed ^ self.images.len() as u64);
        let synced = random.below(2) == 0;
        let mut image = if synced { settled } else { torn }.to_vec();
        for start in (0..image.len()).step_by(tear.piece()) {
            let end = (start + tear.piece()).min(image.len());
            let is_last = (start..end).contains(&RECOVERY);
            if (synced == is_last || tear.piece() == CONTROL) && random.below(2) == 0 {
                let state = if synced { torn } else { settled };
                image[start..end].copy_from_slice(&state[start..end]);
            }
        }
        self.recover_again(path, &image, seed);
    }

    /// Cuts the power once more between any two stores of the recovery, or ends its process there: the next one finds what
    /// this one has found.
    fn cut_within(
        &self,
        path: &Path,
        on_the_way: &[within::State],
        newest: u64,
        tear: Tear,
        seed: u64,
    ) {
        if on_the_way.is_empty() {
            return;
        }
        let random = &mut Random::new(seed.wrapping_mul(3) ^ self.images.len() as u64);
        for _ in 0..2 {
            let last = random.below(on_the_way.len() as u64) as usize;
            // Each part of the file may be in any of its states since the last sync.
            let syncs = on_the_way[last].syncs;
            let first = on_the_way.partition_point(|state| state.syncs < syncs);
            let dies = random.below(3) == 0;
            let mut image = on_the_way[last].image.clone();
            for start in (0..image.len()).step_by(tear.piece()) {
                let end = (start + tear.piece()).min(image.len());
                let state = match random.below(3) {
                    _ if dies => last,
                    0 => first,
                    1 => last,
                    _ => first + random.below((last - first) as u64 + 1) as usize,
                };
                image[start..end].copy_from_slice(&on_the_way[state].image[start..end]);
            }
            let found = self.recover_again(path, &image, seed);
            assert_eq!(
                found, newest,
                "seed {seed}, cut in the recovery, {first}..={last}"
            );
        }
    }

    /// Opens what another power cut has left; the newest message then.
    fn recover_again(&self, path: &Path, image: &[u8], seed: u64) -> u64 {
        // Another file than the one that was recovered, as after another start of the machine.
        let path = path.with_extension("again");
        std::fs::write(&path, image).unwrap();
        CUTS.set(CUTS.get() + 1);
        let pool = Pool::open(&path, false)
            .unwrap_or_else(|error| panic!("seed {seed}, cut again: {error}"));
        let newest = self.check_contents(&pool, seed);
        assert!(
            next_seq(&pool) > self.flushed.max(newest),
            "seed {seed}, cut again"
        );
        if newest < self.newest() {
            assert!(generation(&pool) > generation(&self.pool), "seed {seed}");
        }
        drop(pool);
        std::fs::remove_file(path).unwrap();
        newest
    }
}
