//! Death before every store to a shared word: append, reclaim, index, publish, flush, takeover, recovery, delete, waiting.
//!
//! Each scene runs once to learn its points (every store is one, see `sys::crash`), then once for each point and several
//! of its occurrences with a SIGKILL there. What is left is looked at before anything is written, then opened and
//! appended to. `PLASMITE_CRASH_HITS` occurrences of each point are tried (3 by default: the first, the last, one between).
#![allow(unsafe_code)]

mod common;

use std::collections::BTreeMap;
use std::panic::Location;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use common::{env, fork, inspect, message, patient, scratch_in_memory, sized, Board};
use plasmite_core::doctor::Status;
use plasmite_core::store::{
    BatchItem, Client, ItemEncoding, OpenOptions, Pool, Start, TailOptions, View, Wait,
};
use plasmite_core::sys::crash;
use plasmite_core::ErrorKind;

/// Longest padding of a message, in bytes.
const SPREAD: u64 = 120;
/// A pool whose ring holds some twenty messages, with an index.
const SIZE: u64 = 12_288;

/// Words of the board: messages whose append returned, messages that were being appended.
const ACKED: usize = 0;
const BEGUN: usize = 1;

/// A point and how often it was passed before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    place: String,
    hit: u64,
}

static TRACE: Mutex<BTreeMap<(&str, u32), u64>> = Mutex::new(BTreeMap::new());
static TARGET: OnceLock<Point> = OnceLock::new();
static HITS: AtomicU64 = AtomicU64::new(0);

/// Files whose words are one process's own: they die with it.
const PRIVATE: [&str; 4] = ["sys/", "store/", "pool/mod.rs", "pool/owner.rs"];

fn named(file: &str, line: u32) -> String {
    let file = file.rsplit("src/").next().unwrap_or(file);
    format!("{file}:{line}")
}

fn record(place: &'static Location<'static>) {
    *TRACE
        .lock()
        .unwrap()
        .entry((place.file(), place.line()))
        .or_insert(0) += 1;
}

fn die(place: &'static Location<'static>) {
    let target = TARGET.get().expect("set before the hook");
    if named(place.file(), place.line()) == target.place
        && HITS.fetch_add(1, Ordering::SeqCst) == target.hit
    {
        // SAFETY: ends this process at once.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
        unreachable!("a killed process went on");
    }
}

/// The points of some work, with how often each is passed, learnt in a process that lives.
fn points_of(dir: &Path, work: impl FnOnce()) -> Vec<Point> {
    let list = dir.join("points");
    fork(|| {
        crash::before_stores(record);
        work();
        let lines: Vec<String> = TRACE
            .lock()
            .unwrap()
            .iter()
            .map(|((file, line), count)| format!("{} {count}", named(file, *line)))
            .collect();
        std::fs::write(&list, lines.join("\n")).unwrap();
    })
    .join();
    let text = std::fs::read_to_string(list).unwrap();
    let tries = env("PLASMITE_CRASH_HITS").unwrap_or(3).max(1);
    let mut points = Vec::new();
    for line in text.lines() {
        let (place, count) = line.split_once(' ').unwrap();
        if PRIVATE.iter().any(|file| place.starts_with(file)) {
            continue;
        }
        let last: u64 = count.parse::<u64>().unwrap() - 1;
        let mut hits: Vec<u64> = (0..tries).map(|n| n * last / (tries - 1).max(1)).collect();
        hits.dedup();
        points.extend(hits.into_iter().map(|hit| Point {
            place: place.to_string(),
            hit,
        }));
    }
    assert!(!points.is_empty());
    points
}

/// Does the work in a process that dies at the point; false when it ended before, which only work whose length depends on
/// the clock may do.
fn dies_at(point: &Point, work: impl FnOnce()) -> bool {
    let mut process = fork(|| {
        TARGET.set(point.clone()).unwrap();
        crash::before_stores(die);
        work();
    });
    let status = process.reap();
    let killed = libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL;
    assert!(killed || status == 0, "{point:?}: status {status:#x}");
    killed
}

/// A pool that looks the same before every death.
struct Stage {
    client: Client,
    dir: tempfile::TempDir,
    image: Vec<u8>,
    board: &'static Board,
    /// Messages in the image.
    before: u64,
}

impl Stage {
    fn new(before: u64) -> Stage {
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

    /// The image again, in the same file: for its boot and inode the pool is in order.
    fn reset(&self) {
        use std::os::unix::fs::FileExt;
        let path = self.client.resolve("p").unwrap();
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.write_all_at(&self.image, 0).unwrap();
        self.board.set(ACKED, self.before);
        self.board.set(BEGUN, self.before);
    }

    fn open(&self) -> Pool {
        self.client.open("p", &OpenOptions::default()).unwrap()
    }

    /// Appends `count` messages one by one.
    fn append(&self, pool: &Pool, count: u64) {
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

    fn append_batches(&self, pool: &Pool, count: u64) {
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

    /// What must be true of the pool after a death, first untouched, then with another message.
    fn check(&self, point: &Point) {
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

    /// Dies at every point of the work, which begins with an open pool.
    fn each_death(&self, work: impl Fn(&Pool)) -> usize {
        let _watchdog = common::watchdog();
        self.reset();
        let points = points_of(self.dir.path(), || work(&self.open()));
        for point in &points {
            self.reset();
            assert!(dies_at(point, || work(&self.open())), "{point:?}");
            self.check(point);
        }
        points.len()
    }
}

fn say(what: &str, deaths: usize) {
    println!("{what}: {deaths} deaths survived");
}

#[test]
fn appends_over_a_lap() {
    let stage = Stage::new(70);
    say("appends", stage.each_death(|pool| stage.append(pool, 80)));
}

#[test]
fn appends_into_an_empty_ring() {
    let stage = Stage::new(12);
    say(
        "first appends",
        stage.each_death(|pool| stage.append(pool, 3)),
    );
}

#[test]
fn batches_over_a_lap() {
    let stage = Stage::new(70);
    say(
        "batches",
        stage.each_death(|pool| stage.append_batches(pool, 25)),
    );
}

#[test]
fn reservations_over_a_lap() {
    let stage = Stage::new(70);
    let deaths = stage.each_death(|pool| {
        for _ in 0..40 {
            let n = stage.board.get(ACKED) + 1;
            let mut data = Vec::new();
            plasmite_core::json::Encoder::new()
                .encode(message(1, n, SPREAD).as_bytes(), &mut data)
                .unwrap();
            stage.board.set(BEGUN, n);
            let mut room = pool.reserve(data.len(), &patient()).unwrap();
            // SAFETY: the room has this length and is ours until the commit.
            unsafe { room.payload_mut().copy_from(data.as_ptr(), data.len()) };
            room.commit().unwrap();
            stage.board.set(ACKED, n);
        }
    });
    say("reservations", deaths);
}

#[test]
fn flushes_over_a_lap() {
    let stage = Stage::new(70);
    let deaths = stage.each_death(|pool| {
        for _ in 0..12 {
            stage.append(pool, 4);
            pool.flush().unwrap();
        }
    });
    say("flushes", deaths);
}

#[test]
fn takeovers_from_each_death() {
    let _watchdog = common::watchdog();
    let stage = Stage::new(70);
    stage.reset();
    let first: Vec<Point> = points_of(stage.dir.path(), || stage.append(&stage.open(), 40))
        .into_iter()
        .filter(|point| point.hit > 0)
        .collect();
    let mut deaths = 0;
    for early in &first {
        // After the first death: everything that the next writer does.
        let die_early = || {
            stage.reset();
            assert!(
                dies_at(early, || stage.append(&stage.open(), 40)),
                "{early:?}"
            );
            let pool = stage.client.open("p", &OpenOptions { read_only: true });
            let newest = inspect(&pool.unwrap(), SPREAD).1;
            stage.board.set(ACKED, newest);
            stage.board.set(BEGUN, newest);
        };
        die_early();
        let mut points = points_of(stage.dir.path(), || stage.append(&stage.open(), 1));
        points.retain(|point| point.hit == 0);
        for late in &points {
            die_early();
            assert!(
                dies_at(late, || stage.append(&stage.open(), 1)),
                "{early:?}, {late:?}"
            );
            stage.check(late);
            deaths += 1;
        }
    }
    say("takeovers", deaths);
}

/// As after a power cut: the file is another one, and its control page older than its messages.
#[test]
fn recoveries() {
    let _watchdog = common::watchdog();
    let stage = Stage::new(70);
    stage.reset();
    let pool = stage.open();
    for n in stage.before + 1..stage.before + 8 {
        pool.append_json(message(1, n, SPREAD).as_bytes(), &patient())
            .unwrap();
    }
    drop(pool);
    let path = stage.client.resolve("p").unwrap();
    let mut image = std::fs::read(&path).unwrap();
    image[4096..8192].copy_from_slice(&stage.image[4096..8192]);
    let fresh = || {
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, &image).unwrap();
    };
    fresh();
    let newest = inspect(&stage.open(), SPREAD).1;
    assert!(newest >= stage.before);
    fresh();
    let points = points_of(stage.dir.path(), || drop(stage.open()));
    assert!(points.len() > 10, "{points:?}");
    for point in &points {
        fresh();
        assert!(dies_at(point, || drop(stage.open())), "{point:?}");
        stage.board.set(ACKED, newest);
        stage.board.set(BEGUN, newest);
        stage.check(point);
    }
    say("recoveries", points.len());
}

#[test]
fn deletions() {
    let _watchdog = common::watchdog();
    let stage = Stage::new(70);
    let path = stage.client.resolve("p").unwrap();
    let fresh = || {
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, &stage.image).unwrap();
        drop(stage.open()); // at home
    };
    fresh();
    let points = points_of(stage.dir.path(), || stage.client.delete("p").unwrap());
    for point in &points {
        fresh();
        let follower = stage
            .client
            .open("p", &OpenOptions { read_only: true })
            .unwrap();
        let stream = follower
            .tail(&TailOptions {
                start: Start::Now,
                ..TailOptions::default()
            })
            .unwrap();
        assert!(
            dies_at(point, || stage.client.delete("p").unwrap()),
            "{point:?}"
        );
        match stage.client.open("p", &OpenOptions { read_only: true }) {
            // Not yet: it is whole and goes on.
            Ok(pool) => {
                assert_eq!(inspect(&pool, SPREAD).1, stage.before);
                let n = stage.before + 1;
                stage
                    .open()
                    .append_json(message(1, n, SPREAD).as_bytes(), &patient())
                    .unwrap();
                assert!(stream.next(Wait::Try, &mut View::empty()).is_ok());
                stage.client.delete("p").unwrap();
            }
            // Gone for everybody, whether or not its name was still there.
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{point:?}: {error}");
                let ended = stream.next(Wait::For(Duration::from_secs(20)), &mut View::empty());
                assert!(
                    matches!(&ended, Err(error) if error.kind() == ErrorKind::NotFound)
                        || format!("{ended:?}").contains("Gone"),
                    "{point:?}: {ended:?}"
                );
            }
        }
        let (pool, created) = stage.client.ensure("p", &sized(SIZE)).unwrap();
        assert!(created, "{point:?}");
        assert_eq!(common::put(&pool, &message(1, 1, SPREAD)), 1);
        drop(pool);
        stage.client.delete("p").unwrap();
    }
    say("deletions", points.len());
}

/// A reader that dies before or after it has said what it waits for leaves writers as they were.
#[test]
fn waits() {
    let stage = Stage::new(70);
    let deaths = stage.each_death(|pool| {
        let stream = pool
            .tail(&TailOptions {
                start: Start::Now,
                ..TailOptions::default()
            })
            .unwrap();
        for _ in 0..3 {
            let _ = stream.next(Wait::For(Duration::from_millis(2)), &mut View::empty());
        }
    });
    say("waits", deaths);
}
