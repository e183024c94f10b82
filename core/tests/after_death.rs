//! What dead writers, and frames that took room and did not come, leave behind in a pool that is otherwise in order.

mod common;

use std::mem::offset_of;
use std::os::unix::fs::FileExt;
use std::sync::atomic::Ordering;

use common::{get, put, scratch, sized, watchdog};
use plasmite_core::doctor::Status;
use plasmite_core::format::control::{Control, Hot, Recovery};
use plasmite_core::format::frame;
use plasmite_core::message::Encoding;
use plasmite_core::ring::memory::Memory;
use plasmite_core::ring::publish::Draft;
use plasmite_core::store::{AppendOptions, Client, OpenOptions, Pool, PoolOptions};

const CONTROL: u64 = 4096;

fn assert_sound(client: &Client, name: &str) {
    let mut doctor = client.doctor(Some(name)).unwrap();
    while doctor.step(1 << 20).unwrap() {}
    let report = &doctor.reports()[0];
    assert_eq!(report.status, Status::Ok, "{report:?}");
}

fn all(pool: &Pool) -> Vec<(u64, String)> {
    let bounds = pool.bounds().unwrap();
    let seqs = bounds.oldest..=bounds.newest;
    seqs.filter_map(|seq| Some((seq, get(pool, seq).ok()?)))
        .collect()
}

/// Stores a word of the control page into the file of a pool.
fn store(client: &Client, name: &str, offset: usize, word: u64) {
    let path = client.resolve(name).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.write_all_at(&word.to_le_bytes(), CONTROL + offset as u64)
        .unwrap();
}

/// As after a start of the machine.
fn in_another_boot(client: &Client, name: &str) -> Pool {
    let boot = offset_of!(Control, recovery) + offset_of!(Recovery, boot);
    store(client, name, boot, 7);
    client.open(name, &OpenOptions::default()).unwrap()
}

/// A message that needs the ring from its start takes all there is behind it, and is then given up.
#[test]
fn nothing_but_filling_is_left() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(9216)).unwrap();
    (0..12).for_each(|_| _ = put(&pool, "1"));
    let head = pool.layout(0).unwrap().head;
    let needed = head as usize - 44;
    drop(pool.reserve(needed, &AppendOptions::default()).unwrap());
    let layout = pool.layout(9).unwrap();
    assert_eq!((layout.tail, layout.frames.len()), (head, 0));
    let generation = pool.generation();
    for read_only in [true, false] {
        let again = client.open("p", &OpenOptions { read_only }).unwrap();
        assert_eq!(again.bounds().unwrap().count, 0);
        assert_eq!(again.generation(), generation, "nothing to recover");
    }
    assert_sound(&client, "p");
    assert_eq!(put(&pool, "13"), 13);
    assert_eq!(all(&pool), [(13, "13".to_string())]);
}

/// What an append or a batch has written behind the head when its writer dies before it commits.
fn die_with(pool: &Pool, seqs: std::ops::RangeInclusive<u64>, time_ns: u64) -> u64 {
    let raw = plasmite_core::pool::Pool::open(pool.path(), false).unwrap();
    let ring = raw.shared().ring();
    let mut at = ring.head();
    let last = *seqs.end();
    for seq in seqs {
        let body = b"0";
        let draft = Draft {
            body,
            body_crc: frame::body_crc(body),
            payload_len: body.len() as u32,
            signature: 0,
            flags: Encoding::JsonText as u8 | if seq < last { frame::FLAG_MORE } else { 0 },
        };
        ring.put(at, seq, time_ns, &draft);
        at += draft.frame_len();
    }
    let hot = &ring.memory.control().hot;
    // Of nobody who lives.
    hot.lock.store(77, Ordering::Release);
    ring.head()
}

#[test]
fn a_batch_whose_writer_died_is_not_there_in_parts() {
    let _watchdog = watchdog();
    // What was wiped is there again: pages from before the wiping are what the disk has.
    for on_disk in [false, true] {
        let (_dir, client) = scratch();
        let pool = client.create("p", &sized(1 << 16)).unwrap();
        (1..=5).for_each(|_| _ = put(&pool, "1"));
        let before = std::fs::read(pool.path()).unwrap();
        let head = die_with(&pool, 6..=8, 1);
        let with_batch = std::fs::read(pool.path()).unwrap();
        // Takes the lock over, and stands where the first of the batch stood.
        assert_eq!(put(&pool, "2"), 6);
        let expected = all(&pool);
        let path = pool.path().to_path_buf();
        let len = pool.layout(9).unwrap().frames[5].len;
        let ring = pool.info().unwrap().ring_offset;
        drop(pool);
        let behind = (ring + head + len) as usize;
        assert_ne!(before[behind..behind + 64], with_batch[behind..behind + 64]);
        let file = std::fs::File::options().write(true).open(path).unwrap();
        if on_disk {
            file.write_all_at(&with_batch[behind..behind + 256], behind as u64)
                .unwrap();
        }
        let pool = in_another_boot(&client, "p");
        assert_eq!(all(&pool), expected);
        assert!(put(&pool, "3") >= 7);
        assert_sound(&client, "p");
    }
}

/// Of the number of a lap a frame tells 32 bits.
#[test]
fn laps_beyond_32_bits() {
    let _watchdog = watchdog();
    for laps in [5, 1 << 32, (3 << 32) - 1, (3 << 32) + 7] {
        let (_dir, client) = scratch();
        let pool = client.create("p", &sized(9216)).unwrap();
        let start = laps * pool.info().unwrap().ring_size;
        let raw = plasmite_core::pool::Pool::open(pool.path(), false).unwrap();
        let hot = &raw.shared().ring().memory.control().hot;
        hot.tail.store(start, Ordering::SeqCst);
        hot.head.store(start, Ordering::SeqCst);
        hot.next_seq.store(100, Ordering::SeqCst);
        (0..10).for_each(|_| _ = put(&pool, "1"));
        pool.flush().unwrap();
        let expected = all(&pool);
        assert_eq!(expected.len(), 10);
        drop((pool, raw));
        let options = PoolOptions::default();
        let salvaged = client.salvage("p", "out", &options).unwrap();
        assert_eq!((salvaged.messages, salvaged.lost), (10, 0), "{laps}");
        // Of the control page nothing is right but about where the ring was.
        let hot = offset_of!(Control, hot);
        for word in [
            offset_of!(Hot, head),
            offset_of!(Hot, tail),
            offset_of!(Hot, next_seq),
        ] {
            store(&client, "p", hot + word, 0);
        }
        let synced = offset_of!(Control, recovery) + offset_of!(Recovery, synced);
        store(&client, "p", synced, start + 8);
        let pool = in_another_boot(&client, "p");
        assert_eq!(all(&pool), expected, "{laps}");
        assert_eq!(put(&pool, "2"), 110);
    }
}
