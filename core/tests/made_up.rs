//! Bytes that look like the beginning of a long message at every place: no search sums them all up, which would take as
//! long as the square of the ring. The watchdog would bark. What writers wrote is found behind damage all the same.

mod common;

use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::Ordering;

use common::{message, put, scratch_in_memory, sized, watchdog};
use plasmite_core::format::frame::{self, Header, Size};
use plasmite_core::ring::mapped::Mapped;
use plasmite_core::ring::memory::Memory;
use plasmite_core::ring::Ring;
use plasmite_core::store::{Client, Next, OpenOptions, Pool, Start, TailOptions, View, Wait};
use plasmite_core::ErrorKind;

const SIZE: u64 = 16 << 20;

/// From `from` on, for nearly half of the ring, every 40 bytes a message begins that is about half as long as the ring, by its
/// header and by its end. No checksum is right. Gives where the last one ends.
fn make_up(ring: &Ring<Mapped>, from: u64) -> u64 {
    let len = ring.size() / 16 * 8 - from;
    let words = ring.memory.ring();
    let mut header = Header {
        len,
        crc: 1,
        time_ns: 1,
        payload_len: (len - frame::HEADER - frame::TRAILER) as u32,
        ..Header::default()
    };
    let end = from + len - 64;
    let mut at = from;
    while at + 40 <= end {
        header.seq = 1000 + at;
        let first = (at / 8) as usize;
        for (place, word) in words[first..].iter().zip(header.words()) {
            place.store(word, Ordering::Relaxed);
        }
        at += 40;
    }
    let trailer = u64::from(Size::Message(len).word()) << 32;
    let last = (from + 2 * len - 64) / 8;
    for place in &words[(end / 8) as usize..last as usize] {
        place.store(trailer, Ordering::Relaxed);
    }
    last * 8
}

/// The seqs that a stream delivers, and its errors.
fn told(pool: &Pool, start: Start) -> (Vec<u64>, Vec<plasmite_core::Error>) {
    let options = TailOptions {
        start,
        ..TailOptions::default()
    };
    let (stream, mut seqs, mut errors) = (pool.tail(&options).unwrap(), Vec::new(), Vec::new());
    loop {
        match stream.next(Wait::Try, &mut View::empty()) {
            Ok(Next::Message(seq)) => seqs.push(seq),
            Ok(Next::Timeout) => return (seqs, errors),
            Ok(other) => panic!("{other:?}"),
            Err(error) => errors.push(error),
        }
    }
}

/// Nothing but what is made up, between tail and head.
fn hostile(client: &Client) -> Pool {
    let pool = client.create("p", &sized(SIZE)).unwrap();
    let raw = plasmite_core::pool::Pool::open(pool.path(), false).unwrap();
    let ring = raw.shared().ring();
    // The first word is no frame, so that a writer has to search as well.
    let end = make_up(ring, 8);
    let hot = &ring.memory.control().hot;
    hot.next_seq.store(1 << 40, Ordering::SeqCst);
    hot.head.store(end, Ordering::SeqCst);
    pool
}

#[test]
fn readers_and_writers_give_their_search_up() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch_in_memory();
    let pool = hostile(&client);
    for start in [
        Start::Oldest,
        Start::Time(1),
        Start::Last(3),
        Start::Seq(2000),
    ] {
        let (seqs, errors) = told(&pool, start.clone());
        assert!(seqs.is_empty() && !errors.is_empty(), "{start:?}: {seqs:?}");
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{start:?}: {error}");
        }
    }
    let (_, errors) = told(&pool, Start::Oldest);
    let hint = errors[0].hint().unwrap();
    assert!(hint.contains("given up"), "{hint}");
    let error = pool.get(1 << 30).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "nobody knows: {error}");
    assert_eq!(pool.bounds().unwrap().count, 0);
    // Longer than what is free: the writer has to go over all of it.
    let text = format!("\"{}\"", "x".repeat(SIZE as usize / 2));
    let seq = put(&pool, &text);
    assert_eq!(pool.bounds().unwrap().newest, seq);
}

/// The file again, as another one: it needs recovery.
fn copied(client: &Client, from: &Path) {
    std::fs::copy(from, client.resolve("copy").unwrap()).unwrap();
}

#[test]
fn recovery_gives_its_search_up() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch_in_memory();
    let pool = hostile(&client);
    copied(&client, pool.path());
    let read_only = client.open("copy", &OpenOptions { read_only: true });
    assert_eq!(read_only.unwrap().bounds().unwrap().count, 0);
    let copy = client.open("copy", &OpenOptions::default()).unwrap();
    let seq = put(&copy, "1");
    assert_eq!(told(&copy, Start::Oldest).0, [seq]);
}

#[test]
fn what_is_made_up_behind_the_head_is_wiped() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch_in_memory();
    let pool = client.create("p", &sized(SIZE)).unwrap();
    for n in 1..=3 {
        put(&pool, &message(1, n, 40));
    }
    let raw = plasmite_core::pool::Pool::open(pool.path(), false).unwrap();
    make_up(raw.shared().ring(), raw.shared().ring().head());
    copied(&client, pool.path());
    let copy = client.open("copy", &OpenOptions::default()).unwrap();
    assert_eq!(put(&copy, "1"), 4);
    let (seqs, errors) = told(&copy, Start::Oldest);
    assert_eq!((seqs, errors.len()), (vec![1, 2, 3, 4], 0));
}

/// Far more is damaged, in all, than one search may sum up in vain.
#[test]
fn every_second_message_is_found_however_much_is_damaged() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch_in_memory();
    let pool = client.create("p", &sized(1 << 20)).unwrap();
    let path = pool.path().to_path_buf();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let stream = pool.tail(&TailOptions::default()).unwrap();
    let mut next = 1;
    for _ in 0..20 {
        let first = next;
        while next < first + 800 {
            next = put(&pool, &message(1, next, 900)) + 1;
        }
        for frame in pool.layout(usize::MAX).unwrap().frames {
            if frame.seq >= first && frame.seq % 2 == 0 {
                file.write_all_at(b"?!", frame.offset + 50).unwrap();
            }
        }
        let (mut seqs, mut errors) = (Vec::new(), 0);
        loop {
            match stream.next(Wait::Try, &mut View::empty()) {
                Ok(Next::Message(seq)) => seqs.push(seq),
                Ok(Next::Timeout) => break,
                Ok(other) => panic!("{other:?}"),
                Err(_) => errors += 1,
            }
        }
        let odd: Vec<u64> = (first..next).filter(|seq| seq % 2 == 1).collect();
        assert_eq!((seqs, errors), (odd, 400));
        for seq in (first..next).step_by(37) {
            assert_eq!(pool.get(seq).is_ok(), seq % 2 == 1, "{seq}");
        }
        // A whole ring without damage, so that the layout tells all frames again.
        for n in 0..1000 {
            next = put(&pool, &message(2, n, 900)) + 1;
        }
        while let Ok(Next::Message(_)) = stream.next(Wait::Try, &mut View::empty()) {}
    }
}
