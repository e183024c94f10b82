//! Points, and processes that die at them.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use plasmite_core::sys::crash;

use crate::common::{env, fork, Board, Process};

/// A point and how often it was passed before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    /// File below src, and line.
    pub(crate) place: String,
    pub(crate) hit: u64,
}

/// Files whose words are one process's own: they die with it.
const PRIVATE: [&str; 5] = [
    "sys/",
    "store/",
    "pool/mod.rs",
    "pool/owner.rs",
    "ring/position.rs",
];

static TRACE: Mutex<BTreeMap<(&str, u32), u64>> = Mutex::new(BTreeMap::new());
static TARGET: OnceLock<Point> = OnceLock::new();
static HITS: AtomicU64 = AtomicU64::new(0);
static PAUSED: OnceLock<(&'static Board, usize)> = OnceLock::new();
/// Places at which a process of this run has died.
static DIED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

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

fn is_target(place: &'static Location<'static>) -> bool {
    let target = TARGET.get().expect("set before the hook");
    named(place.file(), place.line()) == target.place
        && HITS.fetch_add(1, Ordering::SeqCst) == target.hit
}

fn die(place: &'static Location<'static>) {
    if is_target(place) {
        // SAFETY: ends this process at once.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
        unreachable!("a killed process went on");
    }
}

fn stand(place: &'static Location<'static>) {
    if is_target(place) {
        let (board, word) = PAUSED.get().expect("set before the hook");
        board.set(*word, 1);
        loop {
            // SAFETY: plain call.
            unsafe { libc::pause() };
        }
    }
}

/// From now on this process dies at the point.
pub(crate) fn die_at(point: &Point) {
    TARGET.set(point.clone()).unwrap();
    crash::before_stores(die);
}

/// From now on this process stands still for ever at the point, and says so on the board.
pub(crate) fn stand_at(point: &Point, board: &'static Board, word: usize) {
    TARGET.set(point.clone()).unwrap();
    assert!(PAUSED.set((board, word)).is_ok());
    crash::before_stores(stand);
}

/// Writes down the points of some work.
pub(crate) fn trace(list: &Path, work: impl FnOnce()) {
    crash::before_stores(record);
    work();
    let lines: Vec<String> = TRACE
        .lock()
        .unwrap()
        .iter()
        .map(|((file, line), count)| format!("{} {count}", named(file, *line)))
        .collect();
    std::fs::write(list, lines.join("\n")).unwrap();
}

/// The points that were written down, with the occurrences to be tried.
pub(crate) fn traced(list: &Path) -> Vec<Point> {
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

/// The points of some work, learnt in a process that lives.
pub(crate) fn points_of(dir: &Path, work: impl FnOnce()) -> Vec<Point> {
    let list = dir.join("points");
    fork(|| trace(&list, work)).join();
    traced(&list)
}

/// Reaps a process that was to die at the point.
pub(crate) fn must_have_died(mut process: Process, point: &Point) {
    let status = process.reap();
    let killed = libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL;
    assert!(killed, "{point:?}: status {status:#x}");
    DIED.lock().unwrap().insert(point.place.clone());
}

/// Does the work in a process that dies at the point.
pub(crate) fn dies_at(point: &Point, work: impl FnOnce()) {
    let process = fork(|| {
        die_at(point);
        work();
    });
    must_have_died(process, point);
}

/// Places at which processes of this run have died.
pub(crate) fn places_of_death() -> BTreeSet<String> {
    DIED.lock().unwrap().clone()
}

/// Whether a process has ended; it is not reaped.
pub(crate) fn has_ended(process: &Process) -> bool {
    // SAFETY: a child of ours, and a valid place.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let what = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        assert_eq!(
            libc::waitid(libc::P_PID, process.pid as libc::id_t, &mut info, what),
            0
        );
        info.si_pid() != 0
    }
}
