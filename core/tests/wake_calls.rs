//! Whoever changes what readers wait for wakes them. Each wait ends by itself after a while, so that a reader which nobody
//! wakes is late and nothing else: here a thread sleeps on the pool's word as readers do, and for longer than any test.
#![allow(unsafe_code)]

mod common;

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::Arc;

use common::{patient, put, scratch, sized, until, watchdog};
use plasmite_core::format::control::{Hot, WANTED_NONE};
use plasmite_core::pool;
use plasmite_core::ring::memory::Memory;
use plasmite_core::store::{BatchItem, Client, ItemEncoding, Next, Start, TailOptions, View, Wait};

const DATA: &[u8] = b"{\"woken\":true}";

fn hot(pool: &pool::Pool) -> &Hot {
    &pool.shared().ring().memory.control().hot
}

/// Sleeps on the epoch as it is now, until somebody wakes it.
fn sleep(pool: &pool::Pool, thread: &AtomicI32) {
    let epoch = &hot(pool).epoch;
    let now = epoch.load(Ordering::SeqCst);
    // SAFETY: no arguments.
    thread.store(unsafe { libc::gettid() }, Ordering::SeqCst);
    // SAFETY: the word is mapped as long as the pool is open.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            epoch.as_ptr(),
            libc::FUTEX_WAIT,
            now,
            std::ptr::null::<libc::timespec>(),
        );
    }
}

fn is_asleep(thread: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat"));
    stat.is_ok_and(|stat| stat.rsplit(") ").next().unwrap().starts_with('S'))
}

/// Does something while a reader waits for the next message, and a thread sleeps beside it.
fn wakes(what: &str, name: &str, client: &Client, work: impl FnOnce(&plasmite_core::store::Pool)) {
    println!("{what}");
    let pool = client.create(name, &sized(1 << 16)).unwrap();
    put(&pool, "1");
    let raw = Arc::new(pool::Pool::open(pool.path(), false).unwrap());
    let stream = Arc::new(
        pool.tail(&TailOptions {
            start: Start::Now,
            ..TailOptions::default()
        })
        .unwrap(),
    );
    let reader = {
        let stream = Arc::clone(&stream);
        std::thread::spawn(move || stream.next(Wait::Forever, &mut View::empty()))
    };
    // Its wish stands there from before its first sleep to its last.
    until(|| hot(&raw).wanted.load(Ordering::SeqCst) != WANTED_NONE);
    let thread = Arc::new(AtomicI32::new(0));
    let sleeper = {
        let (raw, thread) = (Arc::clone(&raw), Arc::clone(&thread));
        std::thread::spawn(move || sleep(&raw, &thread))
    };
    until(|| is_asleep(thread.load(Ordering::SeqCst)));
    work(&pool);
    // Not woken: the watchdog.
    sleeper.join().unwrap();
    stream.cancel();
    let _ = reader.join().unwrap();
}

#[test]
fn all_who_change_what_is_waited_for() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    wakes("append", "a", &client, |pool| _ = put(pool, "2"));
    wakes("batch", "b", &client, |pool| {
        let item = BatchItem {
            bytes: DATA,
            encoding: ItemEncoding::Json,
            tags: &[],
            timestamp_ns: None,
        };
        pool.append_batch([Ok(item)].into_iter(), &patient(), |_| ())
            .unwrap();
    });
    wakes("reservation", "c", &client, |pool| {
        let mut data = Vec::new();
        plasmite_core::json::Encoder::new()
            .encode(DATA, &mut data)
            .unwrap();
        let mut room = pool.reserve(data.len(), &patient()).unwrap();
        // SAFETY: so much room was reserved.
        unsafe { room.payload_mut().copy_from(data.as_ptr(), data.len()) };
        room.commit().unwrap();
    });
    wakes("delete", "d", &client, |_| client.delete("d").unwrap());
    wakes("cancel", "e", &client, |pool| {
        let stream = pool.tail(&TailOptions::default()).unwrap();
        stream.cancel();
    });
    wakes("takeover from the dead", "f", &client, |pool| {
        let raw = pool::Pool::open(pool.path(), false).unwrap();
        // The owner with this id is not alive, and may have committed what it woke nobody for.
        hot(&raw).lock.store(77, Ordering::SeqCst);
        hot(&raw).wanted.store(WANTED_NONE, Ordering::SeqCst);
        drop(pool.reserve(8, &patient()).unwrap());
    });
    wakes("recovery", "g", &client, |pool| {
        let raw = pool::Pool::open(pool.path(), false).unwrap();
        let recovery = &raw.shared().ring().memory.control().recovery;
        recovery.boot[1].fetch_xor(1, Ordering::Relaxed);
        client.open("g", &Default::default()).unwrap();
    });
}

/// A reader that was woken has what it waited for.
#[test]
fn a_woken_reader_has_the_message() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    let stream = pool.tail(&TailOptions::default()).unwrap();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| stream.next(Wait::Forever, &mut View::empty()));
        let raw = pool::Pool::open(pool.path(), false).unwrap();
        until(|| hot(&raw).wanted.load(Ordering::SeqCst) != WANTED_NONE);
        put(&pool, "1");
        assert!(matches!(reader.join().unwrap(), Ok(Next::Message(1))));
    });
}
