//! Forks in the middle of things: who owns what afterwards.
#![allow(unsafe_code)]

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{
    alone, fork, get, inspect, message, patient, put, scratch, sized, until, watchdog, Board,
    Process,
};
use plasmite_core::store::{
    AppendOptions, LockWait, Next, OpenOptions, Pool, PoolOptions, Start, TailOptions, View, Wait,
};
use plasmite_core::ErrorKind;

fn write(pool: &Pool, writer: u64, count: u64) {
    for n in 1..=count {
        pool.append_json(message(writer, n, 60).as_bytes(), &patient())
            .unwrap();
    }
}

#[test]
fn in_the_middle_of_a_writer_with_many_threads() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 20)).unwrap();
    let stop = AtomicBool::new(false);
    let written: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..=3)
            .map(|writer| {
                let (pool, stop) = (&pool, &stop);
                scope.spawn(move || {
                    let mut n = 0;
                    while !stop.load(Ordering::Relaxed) {
                        n += 1;
                        pool.append_json(message(writer, n, 60).as_bytes(), &patient())
                            .unwrap();
                    }
                    n
                })
            })
            .collect();
        let children: Vec<Process> = (0..40)
            .map(|index| {
                std::thread::sleep(Duration::from_millis(1));
                // The parent's handle, and so its opening, as the fork left it.
                fork(|| write(&pool, 100 + index, 50))
            })
            .collect();
        children.into_iter().for_each(Process::join);
        stop.store(true, Ordering::Relaxed);
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    let (_, newest) = inspect(&pool, 60);
    assert_eq!(
        newest,
        written + 40 * 50,
        "a seq was given twice or skipped"
    );
}

#[test]
fn while_other_threads_open_and_close_pools() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    drop(client.create("p", &PoolOptions::default()).unwrap());
    for index in 0..12 {
        drop(
            client
                .create(&format!("q{index}"), &PoolOptions::default())
                .unwrap(),
        );
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (client, stop) = (&client, &stop);
            scope.spawn(move || {
                let mut round = thread;
                while !stop.load(Ordering::Relaxed) {
                    let pools: Vec<_> = (0..6)
                        .map(|index| {
                            let name = format!("q{}", (round + index * 2) % 12);
                            client.open(&name, &OpenOptions::default()).unwrap()
                        })
                        .collect();
                    put(&pools[0], "1");
                    round += 1;
                }
            });
        }
        for index in 0..200 {
            fork(|| {
                let pool = client.open("p", &OpenOptions::default()).unwrap();
                write(&pool, index, 2);
                drop(
                    client
                        .open(&format!("q{}", index % 12), &OpenOptions::default())
                        .unwrap(),
                );
            })
            .join();
        }
        stop.store(true, Ordering::Relaxed);
    });
    let pool = client.open("p", &OpenOptions::default()).unwrap();
    assert_eq!(inspect(&pool, 60).1, 400);
}

/// A process forks, and is killed while it holds the lock; its child lives on and never touches
/// the pool.
#[test]
fn a_child_that_outlives_its_killed_parent_is_in_nobodys_way() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    drop(client.create("p", &PoolOptions::default()).unwrap());
    for _ in 0..10 {
        let board = Board::new();
        let parent = fork(|| {
            let pool = client.open("p", &OpenOptions::default()).unwrap();
            put(&pool, "1");
            let _room = pool.reserve(64, &patient()).unwrap();
            // SAFETY: the grandchild sleeps, and leaves through _exit.
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                board.set(1, u64::from(std::process::id()));
                until(|| board.get(2) == 1);
                // SAFETY: as above.
                unsafe { libc::_exit(0) };
            }
            board.await_at_least(1, 1);
            board.set(0, 1);
            until(|| false);
        });
        board.await_at_least(0, 1);
        parent.kill();
        // SAFETY: signal 0 only asks whether the process is there.
        assert_eq!(unsafe { libc::kill(board.get(1) as i32, 0) }, 0);
        let pool = client.open("p", &OpenOptions::default()).unwrap();
        let at_once = AppendOptions {
            lock_wait: LockWait::Try,
            ..AppendOptions::default()
        };
        pool.append_json(b"2", &at_once).unwrap();
        board.set(2, 1);
    }
}

#[test]
fn a_reservation_belongs_to_the_process_that_made_it() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    let room = pool.reserve(64, &patient()).unwrap();
    // The child ends with its copy of the reservation untouched; its parent still has the lock.
    fork(|| {
        let short = AppendOptions {
            lock_wait: LockWait::For(Duration::from_millis(20)),
            ..AppendOptions::default()
        };
        assert_eq!(
            pool.append_json(b"1", &short).unwrap_err().kind(),
            ErrorKind::Busy
        );
    })
    .join();
    drop(room);
    fork(|| assert_eq!(put(&pool, "1"), 1)).join();
    assert_eq!(put(&pool, "2"), 2);
}

/// The child commits or drops its copy: neither writes anything, nor lets go of the parent's lock.
#[test]
fn a_childs_copy_of_a_reservation_is_void() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    let mut data = Vec::new();
    plasmite_core::json::Encoder::new()
        .encode(b"{\"n\":1}", &mut data)
        .unwrap();
    for round in 0..4 {
        let mut room = Some(pool.reserve(data.len(), &patient()).unwrap());
        let place = room.as_mut().unwrap().payload_mut();
        // SAFETY: the room has that many bytes, which nobody reads before the commit.
        unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), place, data.len()) };
        fork(|| {
            let room = room.take().unwrap();
            if round % 2 == 0 {
                let error = room.commit().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Usage, "{error:?}");
            } else {
                drop(room);
            }
            assert_eq!(pool.bounds().unwrap().newest, round);
            let short = AppendOptions {
                lock_wait: LockWait::For(Duration::from_millis(20)),
                ..AppendOptions::default()
            };
            let error = pool.append_json(b"1", &short).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}");
        })
        .join();
        assert_eq!(room.take().unwrap().commit().unwrap().seq, round + 1);
    }
    // A reservation of the child itself is good.
    fork(|| drop(pool.reserve(64, &patient()).unwrap())).join();
    assert_eq!(put(&pool, "1"), 5);
}

#[test]
fn streams_from_before_the_fork_go_on_on_both_sides() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    let stream = pool
        .tail(&TailOptions {
            start: Start::Now,
            ..TailOptions::default()
        })
        .unwrap();
    put(&pool, "1");
    put(&pool, "2");
    assert!(matches!(
        stream.next(Wait::Forever, &mut View::empty()).unwrap(),
        Next::Message(1)
    ));
    let read_on = || {
        for seq in [2, 3] {
            assert!(
                matches!(stream.next(Wait::Forever, &mut View::empty()).unwrap(), Next::Message(found) if found == seq)
            );
        }
    };
    let child = fork(read_on);
    std::thread::sleep(Duration::from_millis(20));
    put(&pool, "3");
    child.join();
    read_on();
}

/// In a program of its own, so that the pool was only read before the fork, the first time.
#[test]
fn a_child_may_drop_a_stream_whose_descriptor_was_used() {
    let _watchdog = watchdog();
    if !alone("a_child_may_drop_a_stream_whose_descriptor_was_used") {
        return;
    }
    let (_dir, client) = scratch();
    drop(client.create("p", &PoolOptions::default()).unwrap());
    for read_only in [true, false] {
        let pool = client.open("p", &OpenOptions { read_only }).unwrap();
        let stream = pool.tail(&TailOptions::default()).unwrap();
        let fd = stream.event_fd().unwrap();
        assert!(matches!(
            stream.next(Wait::Try, &mut View::empty()).unwrap(),
            Next::Timeout
        ));
        let mut stream = Some(stream);
        fork(|| {
            let stream = stream.take().unwrap();
            assert_eq!(stream.event_fd().unwrap_err().kind(), ErrorKind::Usage);
            assert!(matches!(
                stream.next(Wait::Try, &mut View::empty()).unwrap(),
                Next::Timeout
            ));
            // A new thread takes the stack, and so the name, of the helper thread that is not here.
            let (go, wait) = std::sync::mpsc::channel::<()>();
            let thread = std::thread::Builder::new()
                .stack_size(128 * 1024)
                .spawn(move || wait.recv());
            drop(stream);
            drop(go);
            assert!(thread.unwrap().join().unwrap().is_err());
        })
        .join();
        let stream = stream.take().unwrap();
        assert_eq!(stream.event_fd().unwrap(), fd);
        assert!(matches!(
            stream.next(Wait::Try, &mut View::empty()).unwrap(),
            Next::Timeout
        ));
        drop(stream);
    }
}

#[test]
fn handles_and_threads_of_one_process_share_the_pool() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let first = client.create("p", &sized(1 << 20)).unwrap();
    let second = client.open("p", &OpenOptions::default()).unwrap();
    std::thread::scope(|scope| {
        for writer in 1..=4 {
            let pool = if writer % 2 == 0 { &first } else { &second };
            scope.spawn(move || write(pool, writer, 300));
        }
    });
    drop(first);
    // The other handle keeps its part in the lock.
    assert_eq!(put(&second, &message(9, 1, 60)), 1201);
    fork(|| {
        let pool = client.open("p", &OpenOptions::default()).unwrap();
        assert_eq!(put(&pool, &message(8, 1, 60)), 1202);
    })
    .join();
    assert_eq!(inspect(&second, 60).1, 1202);
}

#[test]
fn one_pool_by_many_paths() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    drop(client.create("p", &PoolOptions::default()).unwrap());
    let path = dir.path().join("p.plasmite");
    let link = dir.path().join("link.plasmite");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    // In a process of its own: it changes its working directory.
    fork(|| {
        std::env::set_current_dir(dir.path()).unwrap();
        let by = |reference: &str| client.open(reference, &OpenOptions::default()).unwrap();
        let pools = [
            by("p"),
            by("./p.plasmite"),
            by(link.to_str().unwrap()),
            by("link"),
        ];
        std::env::set_current_dir("/").unwrap();
        std::thread::scope(|scope| {
            for (writer, pool) in (1..).zip(&pools) {
                scope.spawn(move || write(pool, writer, 100));
            }
        });
        // Long enough for the paths to be looked at again.
        std::thread::sleep(Duration::from_millis(1));
        for (index, pool) in pools.iter().enumerate() {
            assert!(pool.is_current().unwrap());
            assert_eq!(
                put(pool, &message(10 + index as u64, 1, 60)),
                401 + index as u64
            );
            assert_eq!(get(pool, 1).unwrap(), get(&pools[0], 1).unwrap());
        }
        inspect(&pools[3], 60);
    })
    .join();
}
