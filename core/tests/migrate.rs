//! Conversion of pools of format 3: every message comes out as it was, or nothing happens at all.
mod common;

use std::fs;
use std::path::PathBuf;

use common::old_pool::{document, names, old_pool, OldPool};
use common::old_pool::{envelopes, is_healthy};
use common::{put, scratch, scratch_in_memory, watchdog};
use plasmite_core::migrate::Migrated;
use plasmite_core::store::{Client, Next, OpenOptions, PoolOptions, Start, TailOptions, Wait};
use plasmite_core::{Error, ErrorKind};

fn migrate(client: &Client, new: Option<&str>) -> Result<Migrated, Error> {
    client.migrate("p", new, &PoolOptions::default())
}

#[test]
fn real_pools() {
    let _watchdog = watchdog();
    let data = std::env::var("PLASMITE_TEST_DATA").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")),
        PathBuf::from,
    );
    let Ok(entries) = fs::read_dir(data.join("pools-v3")) else {
        common::left_out("no shared test data: no pools-v3 in PLASMITE_TEST_DATA");
        return;
    };
    let mut count = 0;
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path
            .extension()
            .is_none_or(|extension| extension != "plasmite")
        {
            continue;
        }
        let (dir, client) = scratch();
        let original = fs::read(&path).unwrap();
        let expected: Vec<serde_json::Value> = fs::read_to_string(path.with_extension("jsonl"))
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        fs::write(dir.path().join("p.plasmite"), &original).unwrap();
        let made = migrate(&client, Some("new")).unwrap();
        assert_eq!(fs::read(dir.path().join("p.plasmite")).unwrap(), original);
        assert_eq!(made.backup, None);
        let replaced = migrate(&client, None).unwrap();
        assert_eq!(
            names(dir.path()),
            ["new.plasmite", "p.plasmite", "p.plasmite.bak"]
        );
        assert_eq!(fs::read(replaced.backup.unwrap()).unwrap(), original);
        for (reference, size) in [("new", made.size), ("p", replaced.size)] {
            assert_eq!(envelopes(&client, reference), expected, "{path:?}");
            is_healthy(&client, reference);
            assert_eq!(size, (original.len() as u64).max(9216), "{path:?}");
            let pool = client.open(reference, &OpenOptions::default()).unwrap();
            assert_eq!(pool.bounds().unwrap().count, expected.len() as u64);
            let newest = expected
                .last()
                .map_or(0, |last| last["seq"].as_u64().unwrap());
            assert_eq!(put(&pool, "\"next\""), newest + 1);
        }
        let info = client
            .open("p", &OpenOptions::default())
            .unwrap()
            .info()
            .unwrap();
        let indexed = path.file_stem().unwrap() != "noindex" && info.file_size > 9216;
        assert_eq!(info.index_capacity > 0, indexed);
        count += 1;
    }
    assert_eq!(count, 6);
}

#[test]
fn wherever_the_ring_begins() {
    let _watchdog = watchdog();
    for start in (0..24_800).step_by(248) {
        let (dir, client) = scratch_in_memory();
        let old = old_pool(start, 100..130);
        fs::write(dir.path().join("p.plasmite"), &old.bytes).unwrap();
        let made = migrate(&client, Some("new")).unwrap();
        assert_eq!(
            (made.messages, made.bounds),
            (30, Some((100, 129))),
            "{start}"
        );
        assert_eq!((made.old_size, made.size), (30_000, 30_000));
        let found = envelopes(&client, "new");
        for (seq, message) in (100..130).zip(&found) {
            let expected = serde_json::json!({
                "seq": seq, "time": format!("1970-01-01T00:0{}:{:02}Z", seq / 60, seq % 60),
                "meta": {"tags": ["a", "ü"]}, "data": {"n": seq, "f": 1.0, "s": "é"},
            });
            assert_eq!(*message, expected);
        }
        assert_eq!(found.len(), 30);
    }
}

#[test]
fn falling_times_are_kept() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let mut old = OldPool::new(30_000, 0, 8);
    for (seq, time) in [(1, 50), (2, 10), (3, 70), (4, 60)] {
        old.put(seq, time, &document(&[], &format!("[{seq}]")));
    }
    fs::write(dir.path().join("p.plasmite"), &old.bytes).unwrap();
    assert!(migrate(&client, None).unwrap().times_unordered);
    is_healthy(&client, "p");
    let pool = client.open("p", &OpenOptions::default()).unwrap();
    let since = |ns: u64| {
        let options = TailOptions {
            start: Start::Time(ns),
            snapshot: true,
            ..TailOptions::default()
        };
        let stream = pool.tail(&options).unwrap();
        let mut seqs = Vec::new();
        while let Next::Message(seq) = stream
            .next(Wait::Try, &mut plasmite_core::store::View::empty())
            .unwrap()
        {
            seqs.push(seq);
        }
        seqs
    };
    assert_eq!(
        (since(55), since(65), since(40)),
        (vec![3, 4], vec![3], vec![1, 3, 4])
    );
}

#[test]
fn sizes() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    // Documents full of tags are longer in the new format: the pool grows.
    let many: Vec<String> = (0..30)
        .map(|n| format!("a tag with the number {n}"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    // The data has raw bytes, which JSON cannot say: the document is kept as it is.
    let mut raw = document(&many, "{\"k\":\"raw\"}");
    let at = raw.windows(3).position(|part| part == b"raw").unwrap();
    raw[at - 5] = 4;
    let mut old = OldPool::new(30_000, 16, 0);
    let frame = (72 + raw.len()).next_multiple_of(8);
    let count = ((30_000 - 4096 - 256) / frame) as u64;
    for seq in 1..=count {
        old.put(seq, seq, &raw);
    }
    fs::write(dir.path().join("p.plasmite"), &old.bytes).unwrap();
    let wanted = |size| PoolOptions {
        size,
        ..PoolOptions::default()
    };
    let refused = client
        .migrate("p", Some("new"), &wanted(20_000))
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Usage);
    let least: u64 = refused
        .hint()
        .unwrap()
        .split(' ')
        .nth(2)
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(names(dir.path()), ["p.plasmite"]);
    let made = client.migrate("p", Some("least"), &wanted(least)).unwrap();
    assert_eq!((made.size, made.messages), (least, count));
    let refused = client.migrate("p", Some("x"), &wanted(least - 4096));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Usage);
    let grown = migrate(&client, Some("grown")).unwrap();
    assert!(grown.size > 30_000 && grown.size == least, "{grown:?}");
    assert_eq!(
        client
            .migrate("p", Some("large"), &wanted(1 << 20))
            .unwrap()
            .size,
        1 << 20
    );
    for name in ["least", "grown", "large"] {
        let pool = client.open(name, &OpenOptions::default()).unwrap();
        assert_eq!(pool.bounds().unwrap().count, count);
        let mut kept = Vec::new();
        pool.get(1)
            .unwrap()
            .message()
            .to_lite3_document(&mut kept)
            .unwrap();
        assert_eq!(kept, raw);
        is_healthy(&client, name);
    }
}

/// An empty pool that has given many seqs goes on behind them; one that has given all is refused.
#[test]
fn seqs_up_to_the_last() {
    let _watchdog = watchdog();
    let last = plasmite_core::limits::SEQ_LIMIT - 1;
    for newest in [0, 1 << 40, 1 << 62, last - 1, last] {
        let (dir, client) = scratch_in_memory();
        let mut old = old_pool(0, 1..1);
        old.bytes[88..96].copy_from_slice(&0u64.to_le_bytes());
        old.bytes[96..104].copy_from_slice(&newest.to_le_bytes());
        fs::write(dir.path().join("p.plasmite"), &old.bytes).unwrap();
        let migrated = migrate(&client, Some("new"));
        if newest == last {
            assert_eq!(migrated.unwrap_err().kind(), ErrorKind::Corrupt);
            continue;
        }
        assert_eq!(migrated.unwrap().messages, 0);
        is_healthy(&client, "new");
        for read_only in [true, false] {
            let pool = client.open("new", &OpenOptions { read_only }).unwrap();
            assert_eq!(pool.bounds().unwrap().count, 0);
        }
        let pool = client.open("new", &OpenOptions::default()).unwrap();
        assert_eq!(put(&pool, "1"), newest + 1);
        is_healthy(&client, "new");
    }
}
