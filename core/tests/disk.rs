//! Disks that are full or may not be written, copies of pools, and sizes that do not fit.

mod common;

use std::path::{Path, PathBuf};

use common::{get, inspect, message, mount, put, scratch, sized, watchdog, with_mounts};
use plasmite_core::format::geometry::MIN_POOL_SIZE;
use plasmite_core::store::{AppendOptions, Client, OpenOptions, PoolOptions};
use plasmite_core::ErrorKind;

fn names(directory: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

#[test]
fn sizes_that_do_not_fit() {
    let (dir, client) = scratch();
    for size in [1, 4096, MIN_POOL_SIZE - 1, u64::MAX] {
        let error = client.create("p", &sized(size)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.message().contains(&size.to_string()));
    }
    assert!(names(dir.path()).is_empty());
    let pool = client.create("p", &sized(MIN_POOL_SIZE)).unwrap();
    let large = format!("\"{}\"", "x".repeat(1100));
    let error = pool
        .append_json(large.as_bytes(), &AppendOptions::default())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.hint().is_some() && !error.maybe_written());
    assert_eq!(
        pool.reserve(1100, &AppendOptions::default())
            .unwrap_err()
            .kind(),
        ErrorKind::Usage
    );
    assert_eq!(put(&pool, "1"), 1);
}

#[test]
fn a_full_disk_is_an_error_of_create() {
    let _watchdog = watchdog();
    let (dir, _) = scratch();
    with_mounts("a disk of its own", || {
        assert!(mount("plasmite", dir.path(), "tmpfs", 0, "size=4m"));
        let client = Client::new(Some(dir.path())).unwrap();
        let error = client.create("p", &sized(8 << 20)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error:?}");
        assert!(error.hint().is_some() && error.path().is_some());
        assert!(names(dir.path()).is_empty(), "something was left behind");
        // A pool that fits has its blocks: it can be filled on a disk that is full by now.
        let pool = client.create("p", &sized(2 << 20)).unwrap();
        std::fs::write(dir.path().join("filler"), vec![1; 3 << 20]).unwrap_err();
        for n in 0..2000 {
            put(&pool, &message(1, n + 1, 4000));
        }
        inspect(&pool, 4000);
        pool.flush().unwrap();
    });
}

/// A sparse copy gets its blocks before anybody stores to it, or is refused: a store to a hole on a full disk would end the
/// process.
#[test]
fn copies_with_holes() {
    use std::os::unix::fs::{FileExt, MetadataExt};
    let _watchdog = watchdog();
    let (elsewhere, client) = scratch();
    put(&client.create("p", &sized(4 << 20)).unwrap(), "1");
    let bytes = std::fs::read(elsewhere.path().join("p.plasmite")).unwrap();
    let (dir, _) = scratch();
    with_mounts("a disk of its own", || {
        assert!(mount("plasmite", dir.path(), "tmpfs", 0, "size=6m"));
        let path = dir.path().join("p.plasmite");
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(4 << 20).unwrap();
        for (n, page) in bytes.chunks(4096).enumerate() {
            if page.iter().any(|byte| *byte != 0) {
                file.write_all_at(page, n as u64 * 4096).unwrap();
            }
        }
        let filler = dir.path().join("filler");
        std::fs::write(&filler, vec![1; 4 << 20]).unwrap();
        let client = Client::new(Some(dir.path())).unwrap();
        let error = client.open("p", &OpenOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error:?}");
        assert!(error.hint().is_some() && error.path().is_some());
        let options = OpenOptions { read_only: true };
        assert_eq!(get(&client.open("p", &options).unwrap(), 1).unwrap(), "1");
        let copy = dir.path().join("q.plasmite");
        std::fs::File::create(&copy)
            .unwrap()
            .set_len(4 << 20)
            .unwrap();
        std::fs::write(&copy, &bytes[..8192]).unwrap();
        std::fs::File::options()
            .write(true)
            .open(&copy)
            .unwrap()
            .set_len(4 << 20)
            .unwrap();
        client.delete("q").unwrap();
        std::fs::remove_file(filler).unwrap();
        let pool = client.open("p", &OpenOptions::default()).unwrap();
        let has = std::fs::metadata(&path).unwrap();
        assert!(has.blocks() * 512 >= has.len(), "{has:?}");
        assert_eq!(put(&pool, "2"), 2);
    });
}

/// Another pool copied over the bytes of one that is open: nothing is appended to what nobody could read.
#[test]
fn a_pool_that_is_overwritten() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    put(&pool, "1");
    let other = client.create("other", &PoolOptions::default()).unwrap();
    put(&other, "2");
    let bytes = std::fs::read(other.path()).unwrap();
    let mut of_another_format = bytes.clone();
    of_another_format[4] += 1;
    let damaged = [&[0; 100], &bytes[100..]].concat();
    for (now, kind) in [
        (&bytes, ErrorKind::NotFound),
        (&of_another_format, ErrorKind::NotFound),
        (&damaged, ErrorKind::Corrupt),
    ] {
        std::fs::write(pool.path(), now).unwrap();
        // The path is looked at each 100 microseconds.
        std::thread::sleep(std::time::Duration::from_millis(1));
        let error = pool.append_json(b"3", &AppendOptions::default());
        assert_eq!(error.unwrap_err().kind(), kind);
    }
    std::fs::write(pool.path(), bytes).unwrap();
    let again = client.open("p", &OpenOptions::default()).unwrap();
    assert_eq!((put(&again, "3"), get(&again, 1).unwrap()), (2, "2".into()));
}

#[test]
fn a_read_only_file_system() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    put(&client.create("p", &PoolOptions::default()).unwrap(), "1");
    with_mounts("a read-only file system", || {
        let path = dir.path().to_str().unwrap();
        assert!(mount(path, dir.path(), "", libc::MS_BIND, ""));
        let flags = libc::MS_BIND | libc::MS_REMOUNT | libc::MS_RDONLY;
        assert!(mount("", dir.path(), "", flags, ""));
        let pool = client.open("p", &OpenOptions::default()).unwrap();
        assert!(pool.is_read_only());
        assert_eq!(get(&pool, 1).unwrap(), "1");
        let refused = [
            pool.append_json(b"1", &AppendOptions::default())
                .unwrap_err(),
            pool.flush().unwrap_err(),
            client.create("q", &PoolOptions::default()).unwrap_err(),
            client.delete("p").unwrap_err(),
        ];
        for error in refused {
            assert_eq!(error.kind(), ErrorKind::Permission, "{error:?}");
            assert!(error.path().is_some());
        }
    });
    assert_eq!(names(dir.path()).len(), 1);
}

#[test]
fn nothing_is_left_of_a_create_that_fails() {
    let (dir, client) = scratch();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let below = dir.path().join("file/below/p.plasmite");
    let error = client
        .create(below.to_str().unwrap(), &PoolOptions::default())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error:?}");
    assert!(error.path().is_some());
    std::os::unix::fs::symlink("nowhere", dir.path().join("dangling.plasmite")).unwrap();
    let made = [
        client.create("dangling", &PoolOptions::default()),
        client
            .ensure("dangling", &PoolOptions::default())
            .map(|(pool, _)| pool),
    ];
    for refused in made {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error:?}");
        assert!(error.message().contains("leads nowhere"), "{error:?}");
        assert!(error.path().is_some() && error.hint().is_some());
    }
    assert_eq!(names(dir.path()).len(), 2);
}

/// A copy is another file: the first writer to open it recovers it, and nothing is lost.
#[test]
fn copies_go_their_own_way() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    for (round, size) in [9216, 20_000, 1 << 20].into_iter().enumerate() {
        for (flushed, count) in [(0, 0), (0, 5), (3, 5), (30, 200), (0, 200), (200, 200)] {
            let name = format!("p{round}-{flushed}-{count}");
            let pool = client.create(&name, &sized(size)).unwrap();
            for n in 1..=count {
                put(&pool, &message(1, n, 100));
                if n == flushed {
                    pool.flush().unwrap();
                }
            }
            let before = inspect(&pool, 100);
            let copied = format!("{name}-copy");
            let to = client.resolve(&copied).unwrap();
            std::fs::copy(pool.path(), &to).unwrap();
            // A reader may come first, and stay.
            let reader = client
                .open(&copied, &OpenOptions { read_only: true })
                .unwrap();
            assert_eq!(inspect(&reader, 100), before);
            let copy = client.open(&copied, &OpenOptions::default()).unwrap();
            assert_eq!(inspect(&copy, 100), before, "{name}");
            assert_eq!(copy.id(), pool.id());
            assert_eq!(
                copy.generation(),
                pool.generation() + 1,
                "a copy may be older than what its readers saw"
            );
            assert_eq!(put(&copy, &message(2, 1, 100)), count + 1);
            assert_eq!(put(&pool, &message(3, 1, 100)), count + 1);
            let (ours, theirs) = (
                get(&pool, count + 1).unwrap(),
                get(&reader, count + 1).unwrap(),
            );
            assert_eq!((ours, theirs), (message(3, 1, 100), message(2, 1, 100)));
            // Restored over itself: the same name, another file again.
            let restored = std::fs::read(&to).unwrap();
            drop((reader, copy));
            std::fs::remove_file(&to).unwrap();
            std::fs::write(&to, restored).unwrap();
            let copy = client.open(&copied, &OpenOptions::default()).unwrap();
            assert_eq!(inspect(&copy, 100).1, count + 1);
            assert_eq!(put(&copy, &message(2, 2, 100)), count + 2);
        }
    }
}
