//! The protocols between threads and processes under a model checker (`make model`).
//!
//! The code under test is the real one; a model supplies threads, a small ring on the heap, and what
//! the kernel does: [`futex`] for sleeping words, [`lives`] for the byte locks of owners. The checker
//! runs every interleaving, and lets every load return every value that the orderings allow, up to
//! `LOOM_MAX_PREEMPTIONS` forced switches (2 unless set). A thread that sleeps for ever is reported
//! as a deadlock: in the models without deaths no sleep ever times out.

mod flushing;
mod forking;
mod futex;
mod helping;
mod lives;
mod locking;
mod publishing;
mod registry;
mod takeover;
mod waking;

use loom::sync::Arc;

use crate::error::Result;
use crate::format::frame::{self, Header, MIN_LEN};
use crate::format::geometry::Geometry;
use crate::ring::memory::Heap;
use crate::ring::publish::{BeforeTail, Draft};
use crate::ring::snapshot::Check;
use crate::ring::Ring;

/// Of all models that this process has checked.
static RUNS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

/// Checks a model, within the bounds that the environment sets, and says how many interleavings it went through.
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.max_branches = 20_000;
    builder.preemption_bound = builder.preemption_bound.or(Some(2));
    let runs = std::sync::atomic::AtomicUsize::new(0);
    let runs = std::sync::Arc::new(runs);
    let counted = std::sync::Arc::clone(&runs);
    builder.check(move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        model();
    });
    let runs = runs.load(std::sync::atomic::Ordering::Relaxed);
    let all = RUNS.fetch_add(runs, std::sync::atomic::Ordering::Relaxed) + runs;
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    println!("{runs} interleavings, {all} with those before: {name}");
}

/// Runs a part of a model on a thread of its own.
fn beside<T: 'static, R: 'static>(
    shared: &Arc<T>,
    part: impl FnOnce(&T) -> R + 'static,
) -> loom::thread::JoinHandle<R> {
    let shared = Arc::clone(shared);
    loom::thread::spawn(move || part(&shared))
}

const SEED: u64 = 0x5eed;
/// Every message of the models takes one frame of the smallest length.
const FRAME: u64 = MIN_LEN;

type HeapRing = Ring<Heap>;

/// A ring of so many bytes that holds `messages` messages of writer 0.
fn ring(size: u64, messages: u64) -> Arc<HeapRing> {
    let geometry = Geometry {
        file_size: 8192 + size,
        index_slots: 1,
        index_stride: 2,
        ring_offset: 8256,
        ring_size: size,
    };
    let ring = Ring::new(Heap::new((size / 8) as usize, 1), geometry, SEED);
    for seq in 1..=messages {
        append(&ring, 0, seq);
    }
    Arc::new(ring)
}

/// The reclaim rule has nothing to do without a disk.
struct NoDisk;

impl BeforeTail for NoDisk {
    fn before_tail(&mut self, _: u64) -> Result<()> {
        Ok(())
    }
}

fn body(writer: u8, seq: u64) -> [u8; 4] {
    [writer, seq as u8, 0xee, !writer]
}

/// Stores the message that says who wrote it. The caller holds the lock.
fn append(ring: &HeapRing, writer: u8, seq: u64) {
    let body = body(writer, seq);
    let draft = Draft {
        body: &body,
        body_crc: frame::body_crc(&body),
        payload_len: 4,
        signature: u32::from(writer),
        flags: 0,
    };
    ring.append(&draft, seq, seq * 10, &mut NoDisk).unwrap();
}

/// The words of that message's frame.
fn frame_words(position: u64, lap: u32, writer: u8, seq: u64) -> [u64; (FRAME / 8) as usize] {
    let body = body(writer, seq);
    let mut header = Header {
        len: FRAME,
        crc: 0,
        seq,
        time_ns: seq * 10,
        payload_len: 4,
        signature: u32::from(writer),
        tags_len: 0,
        flags: 0,
        lap,
    };
    header.crc = header.checksum(frame::body_crc(&body), position, SEED);
    let words = header.words();
    let last = u64::from(u32::from_le_bytes(body)) | words[0] << 32;
    [words[0], words[1], words[2], words[3], words[4], last]
}

/// Seq and writer of every retained message, all of them good, when nobody writes any more.
fn retained(ring: &HeapRing) -> Vec<(u64, u8)> {
    let (head, mut at) = (ring.head(), ring.tail());
    let mut found = Vec::new();
    while at < head {
        match ring.verify(at, head) {
            Check::Good(header) => {
                found.push((header.seq, header.signature as u8));
                at += header.len;
            }
            Check::Padding(len) => at += len,
            other => panic!("{other:?} at {at} of {head}"),
        }
    }
    assert!(found.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1));
    found
}
