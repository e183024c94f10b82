//! Names of pools: created once among many who try, deleted and replaced under those who use them.

mod common;

use std::time::Duration;

use common::{fork, message, patient, put, scratch, sized, until, watchdog, Board, Process};
use plasmite_core::store::{
    Client, GapPolicy, Next, OpenOptions, PoolOptions, Start, TailOptions, View, Wait,
};
use plasmite_core::{ErrorKind, Result};

/// What is in a directory.
fn files(client: &Client) -> Vec<String> {
    std::fs::read_dir(client.pool_dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn of_many_creators_one_wins() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    for round in 0..20 {
        let (board, name) = (Board::new(), format!("p{round}"));
        let creators: Vec<Process> = (0..6u64)
            .map(|index| {
                let (client, name) = (&client, &name);
                fork(move || {
                    until(|| board.get(0) == 1);
                    let created = if index % 2 == 0 {
                        match client.create(name, &sized(9216 + index)) {
                            Ok(_) => true,
                            Err(error) => {
                                assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error:?}");
                                assert!(error.path().is_some());
                                false
                            }
                        }
                    } else {
                        let (pool, created) = client.ensure(name, &sized(9216 + index)).unwrap();
                        put(&pool, "1");
                        created
                    };
                    board
                        .word(1)
                        .fetch_add(u64::from(created), std::sync::atomic::Ordering::SeqCst);
                })
            })
            .collect();
        board.set(0, 1);
        creators.into_iter().for_each(Process::join);
        assert_eq!(board.get(1), 1, "exactly one creates");
        let pool = client.open(&name, &OpenOptions::default()).unwrap();
        assert_eq!(pool.bounds().unwrap().newest, 3);
        drop(pool);
        client.delete(&name).unwrap();
        assert_eq!(files(&client), [""; 0], "something was left behind");
    }
}

#[test]
fn create_append_and_delete_at_once() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let board = Board::new();
    let gone = |result: Result<()>| {
        if let Err(error) = result {
            let kind = error.kind();
            assert!(
                matches!(kind, ErrorKind::NotFound | ErrorKind::AlreadyExists),
                "{error:?}"
            );
        }
    };
    let workers: Vec<Process> = (0..5u64)
        .map(|worker| {
            let client = &client;
            fork(move || {
                let mut count = 0;
                while board.get(0) == 0 {
                    count += 1;
                    match worker {
                        0 => gone(client.delete("p")),
                        1 => gone(client.create("p", &sized(9216)).map(drop)),
                        2 => gone(client.open("p", &OpenOptions { read_only: true }).and_then(
                            |pool| {
                                // A pool that can be opened is whole.
                                let bounds = pool.bounds()?;
                                assert!(bounds.oldest <= bounds.newest);
                                assert_eq!(pool.info()?.file_size, 9216);
                                Ok(())
                            },
                        )),
                        _ => gone(client.ensure("p", &sized(9216)).and_then(|(pool, _)| {
                            (0..3).try_for_each(|_| pool.append_json(b"1", &patient()).map(drop))
                        })),
                    }
                }
                assert!(count > 1);
            })
        })
        .collect();
    std::thread::sleep(common::soak(Duration::from_millis(700)));
    board.set(0, 1);
    workers.into_iter().for_each(Process::join);
    client.ensure("p", &sized(9216)).unwrap();
    client.delete("p").unwrap();
    assert_eq!(files(&client), [""; 0], "something was left behind");
}

/// Ends a pool in every way a name can lose its file, under a busy writer and a follower in
/// processes of their own.
#[test]
fn writers_and_followers_learn_that_their_pool_is_gone() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let path = client.resolve("p").unwrap();
    let ways: [&dyn Fn(); 5] = [
        &|| client.delete("p").unwrap(),
        &|| std::fs::remove_file(&path).unwrap(),
        &|| {
            drop(client.create("q", &PoolOptions::default()).unwrap());
            std::fs::rename(client.resolve("q").unwrap(), &path).unwrap();
        },
        &|| {
            client.delete("p").unwrap();
            put(
                &client.create("p", &PoolOptions::default()).unwrap(),
                "\"other\"",
            );
        },
        &|| {
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, "no pool").unwrap();
        },
    ];
    for end in ways {
        drop(client.create("p", &PoolOptions::default()).unwrap());
        let board = Board::new();
        let is_gone = |error: plasmite_core::Error| {
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert_eq!(error.path(), Some(path.as_path()));
        };
        let writer = fork(|| {
            let pool = client.open("p", &OpenOptions::default()).unwrap();
            let mut n = 0;
            let error = loop {
                n += 1;
                board.set(0, n);
                if let Err(error) = pool.append_json(message(1, n, 10).as_bytes(), &patient()) {
                    break error;
                }
            };
            is_gone(error);
            is_gone(pool.append_json(b"1", &patient()).unwrap_err());
            assert!(!pool.is_current().unwrap());
        });
        let followers = [false, true].map(|read_only| {
            let (client, is_gone) = (&client, &is_gone);
            fork(move || {
                let pool = client.open("p", &OpenOptions { read_only }).unwrap();
                // Live and behind the end of everything: asleep when the pool goes.
                let options = TailOptions {
                    start: Start::Seq(1 << 40),
                    gap: GapPolicy::Event,
                    ..TailOptions::default()
                };
                let stream = pool.tail(&options).unwrap();
                let live = pool.tail(&TailOptions::default()).unwrap();
                board
                    .word(1)
                    .fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                is_gone(stream.next(Wait::Forever, &mut View::empty()).unwrap_err());
                // What is retained can still be read to the end.
                is_gone(loop {
                    match live.next(Wait::Forever, &mut View::empty()) {
                        Ok(next) => assert!(matches!(next, Next::Message(_)), "{next:?}"),
                        Err(error) => break error,
                    }
                });
            })
        });
        board.await_at_least(0, 100);
        board.await_at_least(1, 2);
        end();
        writer.join();
        followers.into_iter().for_each(Process::join);
        let _ = std::fs::remove_file(&path);
    }
}

/// A process died between flagging the pool and removing its name.
#[test]
fn a_deletion_cut_short_is_finished_by_whoever_comes() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let flagged = || {
        let path = client
            .create("p", &PoolOptions::default())
            .unwrap()
            .path()
            .to_path_buf();
        let mut bytes = std::fs::read(&path).unwrap();
        let at = 4096 + std::mem::offset_of!(plasmite_core::format::control::Hot, state);
        let flag = plasmite_core::format::control::STATE_DELETED.to_le_bytes();
        bytes[at..at + 4].copy_from_slice(&flag);
        std::fs::write(&path, bytes).unwrap();
    };
    flagged();
    let error = client.open("p", &OpenOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        put(&client.create("p", &PoolOptions::default()).unwrap(), "1"),
        1
    );
    client.delete("p").unwrap();
    flagged();
    assert!(client.ensure("p", &PoolOptions::default()).unwrap().1);
    client.delete("p").unwrap();
    flagged();
    client.delete("p").unwrap();
    assert_eq!(files(&client), [""; 0]);
}
