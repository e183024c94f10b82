//! Flush: alone, by many at once, and with a disk that refuses.

mod common;

use std::os::unix::fs::FileExt;
use std::process::Command;

use common::{fork, patient, put, scratch, synced, watchdog};
use plasmite_core::store::{
    AppendOptions, BatchItem, Client, ItemEncoding, OpenOptions, PoolOptions,
};
use plasmite_core::ErrorKind;

fn flushing() -> AppendOptions<'static> {
    AppendOptions {
        flush: true,
        ..patient()
    }
}

fn write_flushing(client: &Client, count: u64) {
    let pool = client.open("p", &OpenOptions::default()).unwrap();
    for n in 0..count {
        // The message is retained: between the append and these looks others write little.
        let receipt = pool
            .append_json(n.to_string().as_bytes(), &flushing())
            .unwrap();
        let durable = synced(pool.path());
        let layout = pool.layout(usize::MAX).unwrap();
        let mut end = layout.tail;
        for frame in &layout.frames {
            end += frame.len;
            if frame.seq == receipt.seq {
                break;
            }
        }
        assert!(
            durable >= end,
            "seq {} returned with {durable} synced of {end}",
            receipt.seq
        );
    }
}

#[test]
fn one_writer() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    write_flushing(&client, 10);
    let item = BatchItem {
        bytes: b"1",
        encoding: ItemEncoding::Json,
        tags: &[],
        timestamp_ns: None,
    };
    pool.append_batch([item; 5].into_iter().map(Ok), &flushing(), |_| ())
        .unwrap();
    assert_eq!(synced(pool.path()), pool.layout(1).unwrap().head);
    put(&pool, "1");
    assert!(synced(pool.path()) < pool.layout(1).unwrap().head);
    pool.flush().unwrap();
    assert_eq!(synced(pool.path()), pool.layout(1).unwrap().head);
    let reader = client.open("p", &OpenOptions { read_only: true }).unwrap();
    assert_eq!(reader.flush().unwrap_err().kind(), ErrorKind::Permission);
}

#[test]
fn eight_threads() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| write_flushing(&client, 8));
        }
    });
    assert_eq!(pool.bounds().unwrap().newest, 64);
}

#[test]
fn eight_processes() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    let writers: Vec<_> = (0..8)
        .map(|_| fork(|| write_flushing(&client, 8)))
        .collect();
    writers.into_iter().for_each(common::Process::join);
    assert_eq!(pool.bounds().unwrap().newest, 64);
}

#[test]
fn a_flushing_writer_of_a_small_ring_laps_itself() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &common::sized(9216)).unwrap();
    for n in 1..=60u64 {
        let text = common::message(1, n, 200);
        let options = if n % 7 == 0 { flushing() } else { patient() };
        assert_eq!(pool.append_json(text.as_bytes(), &options).unwrap().seq, n);
    }
    common::inspect(&pool, 200);
}

/// Fails fdatasync with EIO while the file named by PLASMITE_TEST_FAIL exists.
const SHIM: &str = r#"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/syscall.h>
int fdatasync(int fd) {
    const char *flag = getenv("PLASMITE_TEST_FAIL");
    if (flag && access(flag, F_OK) == 0) { errno = EIO; return -1; }
    return (int)syscall(SYS_fdatasync, fd);
}
"#;

#[test]
fn a_disk_that_refuses() {
    let _watchdog = watchdog();
    let (dir, _) = scratch();
    let (source, shim, flag) = (
        dir.path().join("shim.c"),
        dir.path().join("shim.so"),
        dir.path().join("fail"),
    );
    std::fs::write(&source, SHIM).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&shim, &source])
        .status();
    if !built.is_ok_and(|status| status.success()) {
        common::left_out("there is no C compiler for the shim (apt-get install gcc)");
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "with_the_shim", "--nocapture"])
        .env("LD_PRELOAD", &shim)
        .env("PLASMITE_TEST_FAIL", &flag)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("the shim failed it"),
        "{text}"
    );
}

/// Runs in a process of its own, under the shim.
#[test]
fn with_the_shim() {
    let Some(flag) = std::env::var_os("PLASMITE_TEST_FAIL") else {
        return;
    };
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    pool.append_json(b"1", &flushing()).unwrap();
    let before = synced(pool.path());
    std::fs::write(&flag, "").unwrap();
    for _ in 0..2 {
        let error = pool.append_json(b"2", &flushing()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.maybe_written() && error.hint().is_some());
        assert_eq!(error.path(), Some(pool.path()));
    }
    println!("the shim failed it");
    // The messages are there all the same, and others go on.
    assert_eq!(pool.bounds().unwrap().newest, 3);
    assert_eq!(put(&pool, "4"), 4);
    assert_eq!(synced(pool.path()), before);
    // In another process too: the failure is the pool's, not the handle's.
    fork(|| {
        let pool = client.open("p", &OpenOptions::default()).unwrap();
        assert_eq!(pool.flush().unwrap_err().kind(), ErrorKind::Io);
    })
    .join();
    std::fs::remove_file(&flag).unwrap();
    pool.flush().unwrap();
    assert_eq!(synced(pool.path()), pool.layout(1).unwrap().head);
    pool.append_json(b"5", &flushing()).unwrap();
    // The kernel may drop what it could not write: no flush succeeds while a message is lost like that.
    std::fs::write(&flag, "").unwrap();
    pool.append_json(b"6", &flushing()).unwrap_err();
    let place = pool.layout(usize::MAX).unwrap().frames[5];
    let file = std::fs::File::options().write(true).open(pool.path());
    file.unwrap().write_all_at(&[0; 48], place.offset).unwrap();
    std::fs::remove_file(&flag).unwrap();
    for _ in 0..2 {
        let error = pool.flush().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert_eq!(error.offset(), Some(place.offset));
        assert!(error.hint().is_some() && error.path() == Some(pool.path()));
    }
    let large = format!("\"{}\"", "x".repeat(100_000));
    while pool.append_json(large.as_bytes(), &flushing()).is_err() {}
    pool.flush().unwrap();
}
