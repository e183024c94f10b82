//! The last seqs and the longest filling there can be: refused is what would not fit, and nothing is half written.

mod common;

use common::{get, put, scratch, sized};
use plasmite_core::format::geometry::Geometry;
use plasmite_core::limits::SEQ_LIMIT;
use plasmite_core::ring::mapped::Mapped;
use plasmite_core::ring::memory::Memory;
use plasmite_core::ring::publish::NothingRetired;
use plasmite_core::ring::Ring;
use plasmite_core::store::{AppendOptions, BatchItem, ItemEncoding, Pool};
use plasmite_core::sys::map::Mapping;
use plasmite_core::ErrorKind;
use std::sync::atomic::Ordering;

fn append_batch(pool: &Pool, count: usize) -> plasmite_core::Result<()> {
    let item = BatchItem {
        bytes: b"{}",
        encoding: ItemEncoding::Json,
        tags: &[],
        timestamp_ns: None,
    };
    let items = vec![Ok(item); count].into_iter();
    pool.append_batch(items, &AppendOptions::default(), |_| ())
}

#[test]
fn a_batch_does_not_pass_the_last_seq() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    let raw = plasmite_core::pool::Pool::open(pool.path(), false).unwrap();
    let next = &raw.shared().ring().memory.control().hot.next_seq;
    next.store(SEQ_LIMIT - 3, Ordering::SeqCst);
    assert_eq!(put(&pool, "1"), SEQ_LIMIT - 3);
    for count in [3, 4] {
        let error = append_batch(&pool, count).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{count}");
    }
    assert_eq!(pool.bounds().unwrap().newest, SEQ_LIMIT - 3);
    append_batch(&pool, 2).unwrap();
    assert_eq!(pool.bounds().unwrap().newest, SEQ_LIMIT - 1);
    assert_eq!(get(&pool, SEQ_LIMIT - 1).unwrap(), "{}");
    assert!(append_batch(&pool, 1).is_err());
}

/// Nothing of the file is ever written but a few words.
#[test]
fn filling_that_no_size_word_can_tell_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sparse");
    let geometry = Geometry::plan(5 << 30, Some(0)).unwrap();
    let file = std::fs::File::create_new(&path).unwrap();
    file.set_len(geometry.file_size).unwrap();
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    let mapping = Mapping::new(&file, geometry.file_size as usize, true).unwrap();
    let ring = Ring::new(Mapped::new(mapping, &geometry), geometry, 1);
    let hot = &ring.memory.control().hot;
    let longest = (1u64 << 32) - 8;
    for (room, fits) in [
        (longest + 8, false),
        (geometry.ring_size, false),
        (longest, true),
    ] {
        let head = geometry.ring_size - room;
        hot.tail.store(head, Ordering::Relaxed);
        hot.head.store(head, Ordering::Relaxed);
        match ring.pad(head, &mut NothingRetired) {
            Ok(end) => {
                assert!(fits, "{room}");
                assert_eq!((end, ring.head()), (head + room, head + room));
                assert_eq!(ring.size_at(head, end).map(|size| size.len()), Some(room));
                assert_eq!(
                    ring.size_before(end, head).map(|size| size.len()),
                    Some(room)
                );
            }
            Err(error) => {
                assert!(!fits, "{room}: {error}");
                assert_eq!(error.kind(), ErrorKind::Usage, "{room}");
                assert_eq!(ring.head(), head, "{room}");
            }
        }
    }
}
