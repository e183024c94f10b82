//! Salvage: every message whose bytes are intact comes out as it went in, whatever else was damaged, and nothing else.

mod common;

use std::collections::BTreeSet;
use std::os::unix::fs::{FileExt, PermissionsExt};

use common::{inspect, message, patient, put, scratch_in_memory, sized, watchdog, Random, Victim};
use plasmite_core::salvage::Salvaged;
use plasmite_core::store::{AppendOptions, Client, OpenOptions, Pool, PoolOptions};
use plasmite_core::{Error, ErrorKind};

const SPREAD: u64 = 90;

fn salvage(client: &Client) -> Result<Salvaged, Error> {
    let _ = std::fs::remove_file(client.resolve("out").unwrap());
    client.salvage("p", "out", &PoolOptions::default())
}

/// Seqs in the new pool, each of whose messages is the one that was written.
fn intact(victim: &Victim, salvaged: &Salvaged) -> BTreeSet<u64> {
    let out = victim
        .client
        .open("out", &OpenOptions { read_only: false })
        .unwrap();
    let mut seqs = BTreeSet::new();
    for seq in 1..=victim.newest() {
        match common::envelope(&out, seq) {
            Ok(found) => {
                assert_eq!(found, victim.envelopes[seq as usize], "altered");
                seqs.insert(seq);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
        }
    }
    assert_eq!(seqs.len() as u64, salvaged.messages);
    assert_eq!(
        salvaged.bounds,
        seqs.first().map(|first| (*first, *seqs.last().unwrap()))
    );
    let mut doctor = victim.client.doctor(Some("out")).unwrap();
    while doctor.step(1 << 20).unwrap() {}
    assert_eq!(
        doctor.reports()[0].issue_count,
        0,
        "{:?}",
        doctor.reports()[0]
    );
    // It goes on behind everything that ever was.
    let next = put(&out, "1");
    assert!(next > seqs.last().copied().unwrap_or(0));
    seqs
}

fn victim() -> Victim {
    let options = PoolOptions {
        size: 12_288,
        ..PoolOptions::default()
    };
    Victim::new(options, 200)
}

#[test]
fn a_pool_in_order_is_copied_whole() {
    let _watchdog = watchdog();
    let victim = victim();
    let salvaged = salvage(&victim.client).unwrap();
    let seqs = intact(&victim, &salvaged);
    assert_eq!(seqs, (victim.oldest..=victim.newest()).collect());
    assert_eq!((salvaged.lost, &salvaged.lost_ranges[..]), (0, &[][..]));
    assert_eq!(salvaged.size, 12_288);
}

/// One byte at a time: at most the message that it belongs to is lost, wherever it is.
#[test]
fn each_flipped_byte_costs_at_most_one_message() {
    let _watchdog = watchdog();
    let victim = victim();
    let all: BTreeSet<u64> = (victim.oldest..=victim.newest()).collect();
    let mut without_superblock = 0;
    for at in (0..victim.good.len()).filter(|at| *at < 200 || *at >= 4096) {
        if (8192..victim.ring).contains(&at) && at % 64 != 0 {
            continue; // index
        }
        victim.restore();
        let bad = [victim.good[at] ^ 0x21];
        victim.file.write_all_at(&bad, at as u64).unwrap();
        match salvage(&victim.client) {
            Ok(salvaged) => {
                let seqs = intact(&victim, &salvaged);
                let lost: Vec<_> = all.difference(&seqs).collect();
                assert!(lost.len() <= 1, "byte {at}: {lost:?}");
                if let [lost] = lost[..] {
                    // The oldest is missed by nobody who does not know what was there.
                    let told = salvaged.lost_ranges.contains(&(*lost, *lost));
                    assert!(told || *lost == victim.oldest, "byte {at}: {salvaged:?}");
                }
                assert!(seqs.difference(&all).all(|seq| *seq < victim.oldest));
            }
            Err(error) => {
                assert!(at < 96, "byte {at}: {error:?}");
                assert!(error.hint().is_some());
                assert!(!victim.client.exists("out").unwrap());
                without_superblock += 1;
            }
        }
    }
    // The version: a pool of another one is laid out in another way.
    assert_eq!(without_superblock, 4);
}

/// One bit of a size that flips can leave sizes that are as possible, by which a part of the messages is found.
#[test]
fn each_flipped_bit_of_the_sizes() {
    let _watchdog = watchdog();
    for size in [12_288, 65_536] {
        // Not round the ring yet: positions do not tell its size.
        let options = PoolOptions {
            size,
            ..PoolOptions::default()
        };
        let victim = Victim::new(options, 40);
        let all: BTreeSet<u64> = (victim.oldest..=victim.newest()).collect();
        for bit in 16 * 8..64 * 8 {
            victim.restore();
            let bad = [victim.good[bit / 8] ^ 1 << (bit % 8)];
            victim.file.write_all_at(&bad, bit as u64 / 8).unwrap();
            let salvaged = salvage(&victim.client).unwrap();
            assert_eq!(intact(&victim, &salvaged), all, "bit {bit}");
        }
    }
}

/// Without any of the superblock the messages tell what it said, but of a single one that cannot be told.
#[test]
fn without_a_superblock() {
    let _watchdog = watchdog();
    let victim = victim();
    let all: BTreeSet<u64> = (victim.oldest..=victim.newest()).collect();
    for (what, byte) in [("zeros", 0), ("ones", 0xff)] {
        victim.restore();
        victim.file.write_all_at(&[byte; 4096], 0).unwrap();
        let salvaged = salvage(&victim.client).expect(what);
        assert_eq!(intact(&victim, &salvaged), all, "{what}");
        // Nor the control page.
        victim.file.write_all_at(&[byte; 8192], 0).unwrap();
        let salvaged = salvage(&victim.client).expect(what);
        assert!(intact(&victim, &salvaged).is_superset(&all), "{what}");
        // A damaged message is found as such.
        let (seq, from, _) = frames_of(&victim)[5];
        let bad = [victim.good[from + 16] ^ 0x21];
        victim.file.write_all_at(&bad, from as u64 + 16).unwrap();
        let salvaged = salvage(&victim.client).expect(what);
        assert!(!intact(&victim, &salvaged).contains(&seq), "{what}");
    }
    let (_dir, client) = scratch_in_memory();
    let pool = client.create("p", &sized(12_288)).unwrap();
    put(&pool, "1");
    let file = std::fs::File::options().write(true).open(pool.path());
    file.unwrap().write_all_at(&[0; 4096], 0).unwrap();
    let error = salvage(&client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.hint().unwrap().contains("nothing can be salvaged"));
}

/// Stretches of noise over everything but the superblock: what lies between them comes out.
#[test]
fn what_lies_between_damaged_stretches_comes_out() {
    let _watchdog = watchdog();
    let victim = victim();
    let mut random = Random(77);
    for _ in 0..300 {
        victim.restore();
        for _ in 0..=random.below(4) {
            let at = 4096 + random.below(victim.good.len() as u64 - 4096);
            let len = (1 + random.below(400)).min(victim.good.len() as u64 - at);
            let noise: Vec<u8> = (0..len).map(|_| random.below(256) as u8).collect();
            victim.file.write_all_at(&noise, at).unwrap();
        }
        let damaged = std::fs::read(&victim.path).unwrap();
        let salvaged = salvage(&victim.client).unwrap();
        let seqs = intact(&victim, &salvaged);
        // The twin: a message is there when no byte of its frame has changed.
        let frames = frames_of(&victim);
        for (seq, from, to) in frames {
            let untouched = damaged[from..to] == victim.good[from..to];
            assert_eq!(seqs.contains(&seq), untouched, "message {seq}");
        }
    }
}

/// Seq, first byte and end of each retained frame.
fn frames_of(victim: &Victim) -> Vec<(u64, usize, usize)> {
    let copy = victim.client.resolve("copy").unwrap();
    std::fs::write(&copy, &victim.good).unwrap();
    let pool = victim
        .client
        .open("copy", &OpenOptions { read_only: true })
        .unwrap();
    let layout = pool.layout(usize::MAX).unwrap();
    let frames = layout.frames.iter();
    let found = frames
        .map(|frame| {
            let from = frame.offset as usize;
            (frame.seq, from, from + frame.len as usize)
        })
        .collect();
    drop(pool);
    std::fs::remove_file(copy).unwrap();
    found
}

#[test]
fn files_cut_short_and_grown() {
    let _watchdog = watchdog();
    let victim = victim();
    let mut before = BTreeSet::new();
    for len in (8192..=victim.good.len()).step_by(512) {
        victim.restore();
        victim.file.set_len(len as u64).unwrap();
        match salvage(&victim.client) {
            Ok(salvaged) => {
                let seqs = intact(&victim, &salvaged);
                assert!(seqs.is_superset(&before), "{len}");
                before = seqs;
            }
            Err(error) => {
                assert!(before.is_empty(), "{len}: {error}");
                assert_eq!(error.kind(), ErrorKind::Corrupt);
            }
        }
    }
    assert_eq!(before.len() as u64, victim.newest() + 1 - victim.oldest);
    victim.restore();
    victim.file.set_len(40_000).unwrap();
    let salvaged = salvage(&victim.client).unwrap();
    assert_eq!(intact(&victim, &salvaged).len() as u64, salvaged.messages);
}

/// A damaged superblock that claims to be of any size: nothing that is not there is looked through, nor is as much
/// reserved for the new pool.
#[test]
fn claims_of_a_damaged_superblock() {
    let _watchdog = watchdog();
    let victim = victim();
    let word = |at: usize| u64::from_le_bytes(victim.good[at..at + 8].try_into().unwrap());
    for size in [1u64 << 20, 1 << 33, 1 << 40, (1 << 44) - 8] {
        for ring in [word(56), size - victim.ring as u64] {
            victim.restore();
            victim.file.write_all_at(&size.to_le_bytes(), 16).unwrap();
            victim.file.write_all_at(&ring.to_le_bytes(), 56).unwrap();
            let salvaged = salvage(&victim.client).unwrap();
            assert_eq!(salvaged.size, victim.good.len() as u64);
            // In a ring of another size, or of laps that are not those of the frames, those of the first lap count.
            let seqs = intact(&victim, &salvaged);
            assert!(ring != word(56) || seqs.len() as u64 == victim.newest() + 1 - victim.oldest);
        }
    }
}

/// Puts the pool's bytes into another file, as a copy, a restored backup and a reboot do.
fn move_home(victim: &Victim) {
    let bytes = std::fs::read(&victim.path).unwrap();
    std::fs::remove_file(&victim.path).unwrap();
    std::fs::write(&victim.path, bytes).unwrap();
}

/// Opens the pool, and gives what it warns of: what recovery left out, or nothing.
fn left_out(victim: &Victim) -> (Pool, Option<String>) {
    let pool = victim.client.open("p", &OpenOptions::default()).unwrap();
    let mut doctor = victim.client.doctor(Some("p")).unwrap();
    while doctor.step(1 << 20).unwrap() {}
    let report = &doctor.reports()[0];
    assert_eq!(report.issue_count, 0, "{report:?}");
    let told = report.warnings.iter().find(|told| told.name == "left_out");
    let text = told.map(|told| told.message.clone());
    // A look at a sample takes seqs that recovery lost for such as the index should know.
    let mut warnings = pool.warnings();
    warnings.retain(|warning| !warning.contains("the index misses"));
    assert_eq!(warnings, text.iter().cloned().collect::<Vec<_>>());
    (pool, text)
}

/// Messages on one side of a damaged stretch are lost to a recovery, but not without a word, and not to a salvage.
#[test]
fn what_a_recovery_left_out() {
    let _watchdog = watchdog();
    for flushed in [false, true] {
        let victim = victim();
        if flushed {
            let pool = victim.client.open("p", &OpenOptions::default()).unwrap();
            pool.flush().unwrap();
        }
        let frames = frames_of(&victim);
        let (middle, from, _) = frames[frames.len() / 2];
        victim.file.write_all_at(&[0; 24], from as u64).unwrap();
        move_home(&victim);
        // What is known to have been on the disk bounds the loss.
        let expected: Vec<u64> = match flushed {
            true => (victim.oldest..middle).collect(),
            false => (middle + 1..=victim.newest()).collect(),
        };
        let text = format!(
            "{} intact messages (seqs {} to {})",
            expected.len(),
            expected[0],
            expected[expected.len() - 1]
        );
        // However often it is recovered.
        for again in [false, false, true, true] {
            if again {
                move_home(&victim);
            }
            let (pool, told) = left_out(&victim);
            assert!(
                told.as_ref().is_some_and(|told| told.contains(&text)),
                "{told:?}"
            );
            assert!(expected.iter().all(|seq| common::get(&pool, *seq).is_err()));
            let salvaged = salvage(&victim.client).unwrap();
            let seqs = intact(&victim, &salvaged);
            let all = victim.oldest..=victim.newest();
            assert_eq!(seqs, all.filter(|seq| *seq != middle).collect());
            assert_eq!(salvaged.lost_ranges, [(middle, middle)]);
        }
        // Newer ones take their place, the oldest first.
        let (pool, _) = left_out(&victim);
        let mut left = &expected[..];
        while !left.is_empty() {
            put(&pool, "\"new\"");
            salvage(&victim.client).unwrap();
            let out = victim.client.open("out", &OpenOptions::default()).unwrap();
            let is_there = |seq: &&u64| common::get(&out, **seq).is_ok();
            let count = expected.iter().filter(is_there).count();
            assert!(count <= left.len());
            left = &expected[expected.len() - count..];
            assert!(left.iter().all(|seq| is_there(&seq)), "{left:?}");
            assert_eq!(left_out(&victim).1.is_some(), count > 0);
        }
    }
}

#[test]
fn batches_that_lost_a_part() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch_in_memory();
    let pool = client.create("p", &sized(20_000)).unwrap();
    let texts: Vec<String> = (1..=4).map(|n| message(1, n, SPREAD)).collect();
    let items = texts.iter().map(|text| {
        Ok(plasmite_core::store::BatchItem {
            bytes: text.as_bytes(),
            encoding: plasmite_core::store::ItemEncoding::Json,
            tags: &[],
            timestamp_ns: None,
        })
    });
    pool.append_batch(items.collect::<Vec<_>>().into_iter(), &patient(), |_| ())
        .unwrap();
    let at = pool.layout(9).unwrap().frames[2].offset;
    let path = pool.path().to_path_buf();
    drop(pool);
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.write_all_at(&[9; 8], at + 16).unwrap();
    let salvaged = salvage(&client).unwrap();
    assert_eq!(
        (salvaged.messages, &salvaged.lost_ranges[..]),
        (3, &[(3, 3)][..])
    );
    let out = client.open("out", &OpenOptions::default()).unwrap();
    for seq in [1, 2, 4] {
        assert_eq!(common::get(&out, seq).unwrap(), texts[seq as usize - 1]);
    }
    assert_eq!(put(&out, "5"), 5);
    let mut doctor = client.doctor(Some("out")).unwrap();
    while doctor.step(1 << 20).unwrap() {}
    assert_eq!(doctor.reports()[0].issue_count, 0);
}

/// Seqs of lost messages are not given again, modes and sizes are as asked.
#[test]
fn the_new_pool() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch_in_memory();
    let pool = client.create("p", &sized(30_000)).unwrap();
    for n in 1..=20 {
        put(&pool, &message(1, n, SPREAD));
    }
    let at = pool.layout(99).unwrap().frames[19].offset;
    let path = pool.path().to_path_buf();
    drop(pool);
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.write_all_at(&[9; 8], at + 16).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    let before = std::fs::read(&path).unwrap();
    let salvaged = salvage(&client).unwrap();
    assert_eq!(salvaged.lost_ranges, [(20, 20)]);
    assert_eq!((salvaged.lost, salvaged.bounds), (1, Some((1, 19))));
    assert!(
        std::fs::read(&path).unwrap() == before,
        "the damaged pool was written to"
    );
    let out = client.open("out", &OpenOptions::default()).unwrap();
    assert_eq!(inspect(&out, SPREAD), (1, 19));
    assert_eq!(put(&out, "1"), 21);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(out.path()) & 0o777, 0o640);
    let error = client
        .salvage("p", "out", &PoolOptions::default())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let error = client.salvage("p", "small", &sized(9300)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(!client.exists("small").unwrap());
    let large = client.salvage("p", "large", &sized(100_000)).unwrap();
    assert_eq!(large.size, 100_000);
    for (name, kind) in [
        ("nothing", ErrorKind::NotFound),
        ("text", ErrorKind::Corrupt),
    ] {
        std::fs::write(client.resolve("text").unwrap(), [b'x'; 20_000]).unwrap();
        let error = client
            .salvage(name, "new", &PoolOptions::default())
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(!client.exists("new").unwrap());
    }
}

/// Bytes that claim to be long frames over and over cost bounded time.
#[test]
fn made_up_frames() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch_in_memory();
    let pool = client.create("p", &sized(4 << 20)).unwrap();
    let offset = pool.info().unwrap().ring_offset;
    let size = pool.info().unwrap().ring_size;
    for n in 1..=50 {
        pool.append_json(message(1, n, SPREAD).as_bytes(), &AppendOptions::default())
            .unwrap();
    }
    let path = pool.path().to_path_buf();
    drop(pool);
    let file = std::fs::File::options().write(true).open(path).unwrap();
    // Each eight bytes: a size word of half the ring, which is also the trailer of one that long before.
    let word = (size / 2 / 8) as u32 | 1 << 29;
    let bytes: Vec<u8> = [word.to_le_bytes(), word.to_le_bytes()].concat();
    let noise = bytes.repeat((size as usize - 20_000) / 8);
    file.write_all_at(&noise, offset + 20_000 / 8 * 8).unwrap();
    let salvaged = salvage(&client).unwrap();
    assert_eq!(salvaged.messages, 50);
}
