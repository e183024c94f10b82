//! A power cut took the newest messages, and their seqs are not given again: what readers and writers make of the hole.

mod common;

use common::{message, put, scratch, sized};
use plasmite_core::store::{
    AppendOptions, BatchItem, Client, ItemEncoding, Next, OpenOptions, Pool, Start, TailOptions,
    View, Wait,
};
use plasmite_core::ErrorKind;

/// A pool with messages 1 to 100 whose next one is 200.
fn with_a_hole() -> (tempfile::TempDir, Client, Pool) {
    let (dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    for n in 1..=100 {
        put(&pool, &message(1, n, 40));
    }
    pool.flush().unwrap();
    let mut image = std::fs::read(pool.path()).unwrap();
    for n in 101..=199 {
        put(&pool, &message(1, n, 40));
    }
    // The control page came to the disk, what it speaks of did not.
    let later = std::fs::read(pool.path()).unwrap();
    image[4096..4096 + 128].copy_from_slice(&later[4096..4096 + 128]);
    std::fs::write(client.resolve("cut").unwrap(), image).unwrap();
    let cut = client.open("cut", &OpenOptions::default()).unwrap();
    assert_eq!(cut.bounds().unwrap().newest, 100);
    (dir, client, cut)
}

fn expecting(seq: u64) -> AppendOptions<'static> {
    AppendOptions {
        expect_newest: Some(seq),
        ..AppendOptions::default()
    }
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Append,
    Batch,
    Reserve,
}

const WAYS: [Way; 3] = [Way::Append, Way::Batch, Way::Reserve];

/// Stores one message, and gives its seq.
fn store(pool: &Pool, way: Way, options: &AppendOptions<'_>) -> plasmite_core::Result<u64> {
    match way {
        Way::Append => Ok(pool.append_json(b"{}", options)?.seq),
        Way::Batch => {
            let item = BatchItem {
                bytes: b"{}",
                encoding: ItemEncoding::Json,
                tags: &[],
                timestamp_ns: None,
            };
            let mut seq = 0;
            let items = [Ok(item)].into_iter();
            pool.append_batch(items, options, |receipt| seq = receipt.seq)?;
            Ok(seq)
        }
        Way::Reserve => {
            let room = pool.reserve(16, options)?;
            room.abort();
            Ok(put(pool, "{}"))
        }
    }
}

#[test]
fn every_way_to_append_looks_at_the_newest() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    for way in WAYS {
        let newest = put(&pool, "{}");
        for other in [0, newest - 1, newest + 1, 999] {
            let error = store(&pool, way, &expecting(other)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{way:?} {other}");
            assert_eq!(error.seq(), Some(newest), "{way:?} {other}");
        }
        let stored = store(&pool, way, &expecting(newest));
        assert_eq!(stored.unwrap(), newest + 1, "{way:?}");
    }
}

#[test]
fn the_newest_is_the_one_that_can_be_read() {
    for way in WAYS {
        let (_dir, _client, cut) = with_a_hole();
        let error = store(&cut, way, &expecting(150)).unwrap_err();
        assert_eq!(error.seq(), Some(100), "{way:?}: {error:?}");
        let stored = store(&cut, way, &expecting(100));
        assert_eq!(stored.unwrap(), 200, "{way:?}");
        assert_eq!(store(&cut, way, &expecting(200)).unwrap(), 201, "{way:?}");
    }
    // The newest that ever was counts as well: its writer may still know it.
    for way in WAYS {
        let (_dir, _client, cut) = with_a_hole();
        assert_eq!(store(&cut, way, &expecting(199)).unwrap(), 200, "{way:?}");
    }
}

/// The seqs that a stream delivers now, and how many errors.
fn told(pool: &Pool, start: Start) -> (Vec<u64>, usize) {
    let stream = pool.tail(&TailOptions {
        start,
        ..TailOptions::default()
    });
    let (stream, mut seqs, mut errors) = (stream.unwrap(), Vec::new(), 0);
    loop {
        match stream.next(Wait::Try, &mut View::empty()) {
            Ok(Next::Message(seq)) => seqs.push(seq),
            Ok(Next::Timeout) => return (seqs, errors),
            Ok(other) => panic!("{other:?}"),
            Err(_) => errors += 1,
        }
    }
}

#[test]
fn the_last_ones_are_counted_and_not_computed() {
    let (_dir, _client, cut) = with_a_hole();
    for n in 0..5 {
        put(&cut, &message(2, n, 40));
    }
    let all: Vec<u64> = (1..=100).chain(200..=204).collect();
    for count in [1, 4, 5, 6, 10, 104, 105, 106, 150, 204, 1000] {
        let from = all.len().saturating_sub(count);
        assert_eq!(
            told(&cut, Start::Last(count as u64)),
            (all[from..].to_vec(), 0)
        );
    }
}

#[test]
fn a_damaged_message_is_one_of_the_last_ones() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    for n in 1..=50 {
        put(&pool, &message(1, n, 40));
    }
    let frames = pool.layout(usize::MAX).unwrap().frames;
    let damaged = &frames[40];
    assert_eq!(damaged.seq, 41);
    let mut image = std::fs::read(pool.path()).unwrap();
    drop(pool);
    // Within the payload, then the size word at its end, by which the way leads back.
    for at in [
        damaged.offset + 44,
        damaged.offset + damaged.len - 2,
        damaged.offset + 1,
    ] {
        image[at as usize] ^= 0x55;
        let path = client.resolve("p").unwrap();
        std::fs::write(path, &image).unwrap();
        image[at as usize] ^= 0x55;
        let pool = client.open("p", &OpenOptions::default()).unwrap();
        for count in [9, 10, 11] {
            let (seqs, errors) = told(&pool, Start::Last(count));
            let first = 51 - count;
            let whole: Vec<u64> = (first..=50).filter(|seq| *seq != 41).collect();
            let expected = usize::from(first <= 41);
            assert_eq!((seqs, errors), (whole, expected), "{at}, {count}");
        }
    }
}
