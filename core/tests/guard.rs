//! The guard: a pool's file cut under its mapping is an error in its own pool alone.

mod common;

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{get, message, put, scratch, sized, watchdog};
use plasmite_core::store::{AppendOptions, Client, OpenOptions, Pool};
use plasmite_core::{sys, ErrorKind};

/// Cuts the file behind the control page; what lies in the ring is gone.
fn cut(pool: &Pool) {
    let file = File::options().write(true).open(pool.path()).unwrap();
    file.set_len(8192).unwrap();
}

fn assert_cut(pool: &Pool) {
    let refused = pool.append_json(b"1", &AppendOptions::default());
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(pool.bounds().unwrap_err().kind(), ErrorKind::Corrupt);
}

fn filled(client: &Client, name: &str, size: u64) -> Pool {
    let pool = client.create(name, &sized(size)).unwrap();
    for n in 1..=5 {
        put(&pool, &message(1, n, 60));
    }
    pool
}

#[test]
fn a_cut_pool_leaves_no_mark_on_the_next_one() {
    let _watchdog = watchdog();
    sys::guard::install().unwrap();
    let (_dir, client) = scratch();
    let whole = filled(&client, "whole", 1 << 16);
    for round in 0..10 {
        // Dropped before the next is mapped, which so gets its place in the guard's table.
        let pool = filled(&client, "p", 1 << (14 + round % 4));
        cut(&pool);
        assert_cut(&pool);
        client.delete("p").unwrap();
        drop(pool);
        let next = filled(&client, "next", 1 << 16);
        assert_eq!(get(&next, 5).unwrap(), message(1, 5, 60));
        client.delete("next").unwrap();
        assert_eq!(get(&whole, 5).unwrap(), message(1, 5, 60));
    }
}

/// A fault in one thread while others map and unmap, so that the handler looks at entries that change.
#[test]
fn faults_while_other_threads_open_and_close_pools() {
    let _watchdog = watchdog();
    sys::guard::install().unwrap();
    let (_dir, client) = scratch();
    for index in 0..8 {
        drop(filled(&client, &format!("q{index}"), 1 << (14 + index % 4)));
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (client, stop) = (&client, &stop);
            scope.spawn(move || {
                let mut round = thread;
                while !stop.load(Ordering::Relaxed) {
                    let name = format!("q{}", round % 8);
                    let pool = client.open(&name, &OpenOptions::default()).unwrap();
                    let text = message(2, round, 60);
                    assert_eq!(get(&pool, put(&pool, &text)).unwrap(), text);
                    round += 1;
                }
            });
        }
        for round in 0..100 {
            let pool = filled(&client, "p", 1 << (14 + round % 4));
            cut(&pool);
            assert_cut(&pool);
            client.delete("p").unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
}
