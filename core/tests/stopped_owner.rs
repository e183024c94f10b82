//! A stopped process is alive: what it holds is waited for, as long as the caller wants, and not
//! taken away.
#![allow(unsafe_code)]

mod common;

use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use common::{fork, get, patient, put, scratch, watchdog, Board};
use plasmite_core::store::{AppendOptions, LockWait, OpenOptions, PoolOptions};
use plasmite_core::ErrorKind;

fn waiting(lock_wait: LockWait) -> AppendOptions<'static> {
    AppendOptions {
        lock_wait,
        ..AppendOptions::default()
    }
}

#[test]
fn a_stopped_lock_holder_makes_others_busy_until_it_goes_on() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    put(&pool, "1");
    let board = Board::new();
    let holder = fork(|| {
        let pool = client.open("p", &OpenOptions::default()).unwrap();
        let room = pool.reserve(64, &patient()).unwrap();
        board.set(0, 1);
        board.await_at_least(1, 1);
        room.abort();
        put(&pool, "\"from the holder\"");
        board.set(0, 2);
        board.await_at_least(1, 2);
    });
    board.await_at_least(0, 1);
    holder.stop();
    for (wait, least) in [
        (LockWait::Try, Duration::ZERO),
        (
            LockWait::For(Duration::from_millis(50)),
            Duration::from_millis(50),
        ),
    ] {
        let start = Instant::now();
        let error = pool.append_json(b"2", &waiting(wait)).unwrap_err();
        assert!(start.elapsed() >= least);
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert_eq!(error.path(), Some(pool.path()));
        assert!(error.hint().is_some() && !error.maybe_written());
        assert_eq!(
            pool.reserve(8, &waiting(wait)).unwrap_err().kind(),
            ErrorKind::Busy
        );
    }
    // Reading and opening go on meanwhile.
    assert_eq!(get(&pool, 1).unwrap(), "1");
    for read_only in [true, false] {
        let opened = client.open("p", &OpenOptions { read_only }).unwrap();
        assert_eq!(opened.bounds().unwrap().newest, 1);
    }
    let writers: Vec<_> = (0..3)
        .map(|_| {
            fork(|| {
                let pool = client.open("p", &OpenOptions::default()).unwrap();
                board
                    .word(2)
                    .fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                pool.append_json(b"\"patient\"", &patient()).unwrap();
            })
        })
        .collect();
    board.await_at_least(2, 3);
    assert_eq!(pool.bounds().unwrap().newest, 1);
    board.set(1, 1);
    holder.resume();
    writers.into_iter().for_each(common::Process::join);
    board.await_at_least(0, 2);
    // Stopped without the lock it is in nobody's way.
    holder.stop();
    pool.append_json(b"3", &waiting(LockWait::Try)).unwrap();
    holder.resume();
    board.set(1, 2);
    holder.join();
    assert_eq!(pool.bounds().unwrap().newest, 6);
    assert_eq!(get(&pool, 6).unwrap(), "3");
}

#[test]
fn a_stopped_holder_in_the_same_process_is_waited_for_too() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    let other = client.open("p", &OpenOptions::default()).unwrap();
    let room = pool.reserve(64, &patient()).unwrap();
    let short = waiting(LockWait::For(Duration::from_millis(20)));
    assert_eq!(
        other.append_json(b"1", &short).unwrap_err().kind(),
        ErrorKind::Busy
    );
    drop(room);
    assert_eq!(put(&other, "1"), 1);
}

#[test]
fn a_delete_says_busy_too() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    let room = pool.reserve(64, &patient()).unwrap();
    let board = Board::new();
    let deleter = fork(|| {
        board.set(0, 1);
        client.delete("p").unwrap();
    });
    board.await_at_least(0, 1);
    std::thread::sleep(Duration::from_millis(50));
    assert!(pool.is_current().unwrap());
    drop(room);
    deleter.join();
    assert_eq!(client.delete("p").unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_stopped_flush_leader_is_not_waited_for() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    let flushing = AppendOptions {
        flush: true,
        ..AppendOptions::default()
    };
    for _ in 0..4 {
        let board = Board::new();
        let leader = fork(|| {
            let pool = client.open("p", &OpenOptions::default()).unwrap();
            loop {
                // The lock is held as seldom as can be: what is stopped is nearly always a flush.
                pool.append_json(b"\"leader\"", &flushing).unwrap();
                board.set(0, 1);
            }
        });
        board.await_at_least(0, 1);
        leader.stop();
        // Once in a great while the stop falls into the append itself.
        let free = pool.append_json(b"0", &waiting(LockWait::For(Duration::from_millis(50))));
        for _ in 0..if free.is_ok() { 3 } else { 0 } {
            pool.append_json(b"\"follower\"", &flushing).unwrap();
        }
        pool.flush().unwrap();
        leader.resume();
        leader.kill();
    }
}

/// Who may only read the file can lock its bytes, also all of those by which writers show that they live.
#[test]
fn ids_that_are_all_locked_make_writers_busy_and_not_hang() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let path = client
        .create("p", &PoolOptions::default())
        .unwrap()
        .path()
        .to_path_buf();
    let reader = std::fs::File::open(&path).unwrap();
    // SAFETY: plain numbers, of which zeros are some.
    let mut all: libc::flock = unsafe { std::mem::zeroed() };
    all.l_type = libc::F_RDLCK as _;
    all.l_start = 1 << 62;
    all.l_len = (1 << 31) + 1;
    // SAFETY: an open descriptor and a lock that is only read.
    let locked = unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_OFD_SETLK, &all) };
    assert_eq!(locked, 0);
    let pool = client.open("p", &OpenOptions::default()).unwrap();
    for wait in [
        LockWait::Try,
        LockWait::For(Duration::from_millis(100)),
        LockWait::Forever,
    ] {
        let error = pool.append_json(b"1", &waiting(wait)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{wait:?}");
        assert_eq!(error.path(), Some(&*path), "{wait:?}");
    }
    assert_eq!(pool.bounds().unwrap().count, 0);
    drop(reader);
    assert_eq!(put(&pool, "1"), 1);
}
