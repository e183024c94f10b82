//! Files that are no pools, pools of other formats, and what once went wrong elsewhere.
#![allow(unsafe_code)]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::{fork, get, put, scratch, sized, watchdog};
use plasmite_core::store::{
    Client, GapPolicy, Next, OpenOptions, Pool, PoolOptions, Start, TailOptions, View, Wait,
};
use plasmite_core::ErrorKind;

/// Opens in both ways and expects this error; deletes nothing and changes nothing.
fn refused(client: &Client, path: &Path, kind: ErrorKind) {
    let before = std::fs::metadata(path)
        .ok()
        .map(|data| (data.len(), data.modified().unwrap()));
    for read_only in [true, false] {
        let reference = path.to_str().unwrap();
        let error = client
            .open(reference, &OpenOptions { read_only })
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert_eq!(error.path(), Some(path));
        let taken = client
            .create(reference, &PoolOptions::default())
            .unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AlreadyExists, "{taken:?}");
        assert_eq!(
            client
                .ensure(reference, &PoolOptions::default())
                .unwrap_err()
                .kind(),
            kind
        );
    }
    let after = std::fs::metadata(path)
        .ok()
        .map(|data| (data.len(), data.modified().unwrap()));
    assert_eq!(before, after);
}

#[test]
fn files_that_are_no_pools() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = dir.path().join(format!("{name}.plasmite"));
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let header = |version: u32| {
        let mut bytes = vec![0; 64 * 1024];
        bytes[..4].copy_from_slice(b"PLSM");
        bytes[4..8].copy_from_slice(&version.to_le_bytes());
        bytes
    };
    let noise: Vec<u8> = {
        let mut random = common::Random(3);
        (0..20_000).map(|_| random.next() as u8).collect()
    };
    put(
        &client.create("good", &PoolOptions::default()).unwrap(),
        "1",
    );
    let cases = [
        (file("empty", b""), ErrorKind::Corrupt),
        (file("short", b"PLSM"), ErrorKind::Corrupt),
        (file("text", b"{\"not\":\"a pool\"}\n"), ErrorKind::Corrupt),
        (file("noise", &noise), ErrorKind::Corrupt),
        (file("zeros", &[0; 30_000]), ErrorKind::Corrupt),
        (file("blank", &header(4)), ErrorKind::Corrupt),
        (file("old", &header(3)), ErrorKind::Usage),
        (file("new", &header(5)), ErrorKind::Usage),
        (
            file(
                "program",
                &std::fs::read("/proc/self/exe").unwrap()[..50_000],
            ),
            ErrorKind::Corrupt,
        ),
    ];
    for (path, kind) in &cases {
        refused(&client, path, *kind);
    }
    let error = client.open("old", &OpenOptions::default()).unwrap_err();
    assert!(error.message().contains("format 3") && error.hint().is_some());
    let directory = dir.path().join("directory.plasmite");
    std::fs::create_dir(&directory).unwrap();
    refused(&client, &directory, ErrorKind::Io);
    let fifo = dir.path().join("fifo.plasmite");
    let name = std::ffi::CString::new(fifo.to_str().unwrap()).unwrap();
    // SAFETY: a NUL-terminated path.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    refused(&client, &fifo, ErrorKind::Io);
    refused(&client, Path::new("/dev/null"), ErrorKind::Io);
    // None of them keeps the others from being listed.
    let list = client.list().unwrap();
    assert_eq!(list.len(), cases.len() + 3);
    assert!(list.windows(2).all(|pair| pair[0].name < pair[1].name));
    for entry in &list {
        assert_eq!(entry.info.is_ok(), entry.name == "good", "{entry:?}");
    }
    // A plain file may be deleted, whatever is in it; a directory may not.
    for (path, _) in &cases {
        client.delete(path.to_str().unwrap()).unwrap();
        assert!(!path.exists());
    }
    assert_eq!(
        client.delete("directory").unwrap_err().kind(),
        ErrorKind::Io
    );
    for (reference, kind) in [
        ("missing", ErrorKind::NotFound),
        ("good.plasmite/below", ErrorKind::Usage),
        ("./good.plasmite/below", ErrorKind::NotFound),
        ("", ErrorKind::Usage),
        ("a\nb", ErrorKind::Usage),
        ("http://host/pool", ErrorKind::Usage),
    ] {
        let error = client.open(reference, &OpenOptions::default()).unwrap_err();
        let expected = if reference.starts_with("good") {
            ErrorKind::NotFound
        } else {
            kind
        };
        assert_eq!(error.kind(), expected, "{reference:?}: {error:?}");
        assert!(error.hint().is_some() || kind == ErrorKind::Usage);
    }
}

#[test]
fn real_pools_of_format_3() {
    let data = std::env::var("PLASMITE_TEST_DATA").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")),
        PathBuf::from,
    );
    let Ok(entries) = std::fs::read_dir(data.join("pools-v3")) else {
        println!("left out: no pools-v3 in PLASMITE_TEST_DATA");
        return;
    };
    let (dir, client) = scratch();
    let mut count = 0;
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path
            .extension()
            .is_some_and(|extension| extension == "plasmite")
        {
            let copy = dir.path().join(path.file_name().unwrap());
            std::fs::copy(&path, &copy).unwrap();
            refused(&client, &copy, ErrorKind::Usage);
            assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(&path).unwrap());
            count += 1;
        }
    }
    assert!(count > 0);
}

#[test]
fn without_permission() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let open_up = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    open_up(pool.path(), 0o000);
    open_up(dir.path(), 0o755);
    let as_nobody = |work: &dyn Fn()| {
        fork(|| {
            // SAFETY: plain calls; the child gives up root, if it has it, for nobody.
            unsafe {
                libc::setgid(65534);
                libc::setuid(65534);
            }
            work();
        })
        .join();
    };
    let is_refused = |error: plasmite_core::Error| {
        assert_eq!(error.kind(), ErrorKind::Permission, "{error:?}");
        assert!(error.path().is_some() && error.hint().is_some());
    };
    as_nobody(&|| {
        for read_only in [true, false] {
            is_refused(client.open("p", &OpenOptions { read_only }).unwrap_err());
        }
        is_refused(client.delete("p").unwrap_err());
        let list = client.list().unwrap();
        assert_eq!(
            list[0].info.as_ref().unwrap_err().kind(),
            ErrorKind::Permission
        );
    });
    open_up(dir.path(), 0o555);
    // SAFETY: no arguments.
    if unsafe { libc::geteuid() } != 0 {
        open_up(dir.path(), 0o755);
        println!("left out: a directory of another user needs root");
        return;
    }
    as_nobody(&|| is_refused(client.create("q", &PoolOptions::default()).unwrap_err()));
    open_up(dir.path(), 0o000);
    as_nobody(&|| {
        is_refused(client.open("p", &OpenOptions::default()).unwrap_err());
        is_refused(client.create("q", &PoolOptions::default()).unwrap_err());
        is_refused(client.list().unwrap_err());
        is_refused(client.exists("p").unwrap_err());
    });
    open_up(dir.path(), 0o755);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// Seqs that a finite stream delivers.
fn seqs(pool: &Pool, start: Start) -> Vec<u64> {
    let options = TailOptions {
        start,
        snapshot: true,
        ..TailOptions::default()
    };
    let stream = pool.tail(&options).unwrap();
    let mut seqs = Vec::new();
    loop {
        match stream.next(Wait::Forever, &mut View::empty()).unwrap() {
            Next::Message(seq) => seqs.push(seq),
            Next::End => return seqs,
            other => panic!("{other:?}"),
        }
    }
}

/// Every number of bytes left at the ring's end, every start (known defects A1 and A2).
#[test]
fn little_room_at_the_end_of_a_wrapped_ring() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    for left in 0..12 {
        let pool = client.create(&format!("p{left}"), &sized(9216)).unwrap();
        for n in 1..=60 {
            // A string of k characters takes a frame of 40 + k + 2 + 4 bytes, rounded up to 8.
            put(
                &pool,
                &format!(
                    "\"{}\"",
                    "x".repeat(if n % 20 == 0 { 2 + 8 * left } else { 18 })
                ),
            );
            let bounds = pool.bounds().unwrap();
            let all: Vec<u64> = (bounds.oldest..=n).collect();
            assert_eq!(seqs(&pool, Start::Oldest), all);
            assert_eq!(seqs(&pool, Start::Time(0)), all);
            let last = &all[all.len().saturating_sub(3)..];
            assert_eq!(seqs(&pool, Start::Last(3)), last);
            assert_eq!(seqs(&pool, Start::Seq(1)), all);
            assert_eq!(seqs(&pool, Start::Now), [0; 0]);
        }
    }
}

/// Known defect A3: a live follower of an exactly full ring gets no history.
#[test]
fn an_exactly_full_ring() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(9216)).unwrap();
    for n in 1..=64 {
        put(&pool, &format!("\"{}\"", "x".repeat(18)));
        let layout = pool.layout(usize::MAX).unwrap();
        assert!(layout.frames.iter().all(|frame| frame.len == 64));
        assert_eq!(layout.head - layout.tail, 64 * n.min(16));
        let live = pool
            .tail(&TailOptions {
                start: Start::Now,
                ..TailOptions::default()
            })
            .unwrap();
        assert!(matches!(
            live.next(Wait::Try, &mut View::empty()).unwrap(),
            Next::Timeout
        ));
        assert_eq!(seqs(&pool, Start::Oldest).len() as u64, n.min(16));
        assert_eq!(pool.info().unwrap().free_bytes, 1024 - 64 * n.min(16));
    }
}

/// Known defect A4: an overtaken follower goes on with the oldest retained message and counts right.
#[test]
fn an_overtaken_follower() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(9216)).unwrap();
    for gap in [GapPolicy::Event, GapPolicy::Continue] {
        let options = TailOptions {
            start: Start::Now,
            gap,
            ..TailOptions::default()
        };
        let stream = pool.tail(&options).unwrap();
        let first = put(&pool, "0");
        let (mut seen, mut missing) = (0, 0);
        for burst in [5, 300, 3, 40] {
            let newest = (0..burst).map(|_| put(&pool, "1")).last().unwrap();
            loop {
                match stream.next(Wait::Try, &mut View::empty()).unwrap() {
                    Next::Message(seq) => {
                        seen += 1;
                        get(&pool, seq).unwrap();
                    }
                    Next::Gap(gap) => {
                        missing += gap.last - gap.first + 1;
                        assert_eq!(gap.last + 1, pool.bounds().unwrap().oldest);
                    }
                    Next::Timeout => break,
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(stream.stats().delivered, seen);
            assert_eq!(seen + stream.stats().dropped, newest - first + 1);
        }
        let expected = if gap == GapPolicy::Event {
            missing
        } else {
            stream.stats().dropped
        };
        assert_eq!(stream.stats().dropped, expected);
    }
}
