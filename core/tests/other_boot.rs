//! Readers whose boot id is another one than the writers': in another container, or where the system tells none. To them a
//! pool in use looks like one that nobody has recovered.

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use common::{get, message, mount, put, scratch, sized, watchdog, with_mounts};
use plasmite_core::format::control::Control;
use plasmite_core::pool as raw;
use plasmite_core::ring::memory::Memory;
use plasmite_core::store::{Client, GapPolicy, Next, OpenOptions, Pool, Stream, TailOptions};
use plasmite_core::store::{View, Wait};

const READ_ONLY: OpenOptions = OpenOptions { read_only: true };

/// A pool of writers in another boot, as far as its identity tells; with its words.
fn elsewhere(client: &Client, messages: u64, lock: u32) -> (Pool, raw::Pool) {
    let pool = client.create("p", &sized(1 << 14)).unwrap();
    for n in 1..=messages {
        put(&pool, &message(1, n, 40));
    }
    let words = raw::Pool::open(pool.path(), false).unwrap();
    let control = control(&words);
    control.recovery.boot[1].fetch_xor(1, Ordering::Relaxed);
    control.hot.lock.store(lock, Ordering::Relaxed);
    (pool, words)
}

fn control(words: &raw::Pool) -> &Control {
    words.shared().ring().memory.control()
}

fn step(stream: &Stream) -> Next {
    stream.next(Wait::Try, &mut View::empty()).unwrap()
}

#[test]
fn a_reader_that_came_when_the_pool_was_empty() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let (writer, _words) = elsewhere(&client, 0, 0);
    let reader = client.open("p", &READ_ONLY).unwrap();
    let stream = reader.tail(&TailOptions::default()).unwrap();
    assert_eq!(step(&stream), Next::Timeout);
    for n in 1..=500 {
        put(&writer, &message(1, n, 40));
        assert_eq!(step(&stream), Next::Message(n));
        assert_eq!(get(&reader, n).unwrap(), message(1, n, 40));
        assert_eq!(reader.bounds().unwrap(), writer.bounds().unwrap());
    }
    let token = stream.token();
    let view = reader.view(500).unwrap();
    assert_eq!(view.flags, View::IN_PLACE);
    // Later openings see what the first one does.
    let later = client.open("p", &READ_ONLY).unwrap();
    assert_eq!(later.bounds().unwrap(), writer.bounds().unwrap());
    assert_eq!(later.generation(), writer.generation());
    let start = plasmite_core::store::Start::Token(token);
    let resumed = TailOptions {
        start,
        ..TailOptions::default()
    };
    let resumed = later.tail(&resumed).unwrap();
    put(&writer, &message(1, 501, 40));
    assert_eq!(step(&resumed), Next::Message(501));
}

/// The lock was held, perhaps since before a reboot: such a reader goes by the frames. What it has not read and is
/// overwritten meanwhile is a gap, and no damage.
#[test]
fn a_writer_beside_others_who_recovered_the_pool_flushes() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let (writer, words) = elsewhere(&client, 3, 0);
    for n in 4..=6 {
        put(&writer, &message(1, n, 40));
        writer.flush().unwrap();
        let (synced, head) = (&control(&words).recovery.synced, &control(&words).hot.head);
        assert_eq!(synced.load(Ordering::Relaxed), head.load(Ordering::Relaxed));
    }
}

#[test]
fn a_reader_that_came_when_the_lock_was_held() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let (writer, _words) = elsewhere(&client, 20, 77);
    let reader = client.open("p", &READ_ONLY).unwrap();
    let options = TailOptions {
        gap: GapPolicy::Event,
        ..TailOptions::default()
    };
    let stream = reader.tail(&options).unwrap();
    assert_eq!(step(&stream), Next::Message(1));
    for n in 21..=1000 {
        put(&writer, &message(1, n, 40));
    }
    let bounds = writer.bounds().unwrap();
    assert_eq!(reader.bounds().unwrap(), bounds);
    let mut next = 2;
    loop {
        match step(&stream) {
            Next::Gap(gap) => {
                assert_eq!(gap.first, next);
                next = gap.last + 1;
            }
            Next::Message(seq) => {
                assert_eq!(seq, next);
                next += 1;
            }
            Next::Timeout => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(next, 1001);
}

/// A recovery changes the same words. What it leaves in between is no use of the pool, and a reader goes on with what it
/// found, also when the recovery is broken off there.
#[test]
fn a_recovery_that_is_broken_off() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let (writer, words) = elsewhere(&client, 20, 77);
    let place = |seq: u64| {
        let frames = writer.layout(usize::MAX).unwrap().frames;
        let first = frames[0].offset;
        frames[seq as usize - 1].offset - first
    };
    let (middle, hot) = (place(11), &control(&words).hot);
    let reader = client.open("p", &READ_ONLY).unwrap();
    let bounds = || {
        let bounds = reader.bounds().unwrap();
        (bounds.oldest, bounds.newest)
    };
    let (tail, head) = (&hot.tail, &hot.head);
    tail.store(head.load(Ordering::Relaxed), Ordering::Relaxed);
    assert_eq!(bounds(), (1, 20));
    head.store(middle, Ordering::Relaxed);
    assert_eq!(bounds(), (1, 20));
    tail.store(0, Ordering::Relaxed);
    assert_eq!(bounds(), (1, 10));
}

const ROLE: &str = "PLASMITE_TEST_ROLE";

/// What a process of [`two_boot_ids`] does; nothing in a run of the tests.
#[test]
fn role() {
    let Some(role) = std::env::var_os(ROLE) else {
        return;
    };
    let _watchdog = watchdog();
    let dir = std::env::var("PLASMITE_TEST_POOLS").unwrap();
    let client = Client::new(Some(Path::new(&dir))).unwrap();
    if role == "writer" {
        let pool = client.create("p", &sized(1 << 16)).unwrap();
        println!("ready");
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
        for n in 1..=50 {
            put(&pool, &message(1, n, 40));
        }
        std::io::stdin().read_line(&mut line).unwrap();
    } else {
        let pool = client.open("p", &READ_ONLY).unwrap();
        let stream = pool.tail(&TailOptions::default()).unwrap();
        println!("ready");
        for n in 1..=50 {
            let next = stream.next(Wait::Forever, &mut View::empty()).unwrap();
            assert_eq!(next, Next::Message(n));
        }
        println!("ready");
    }
}

#[test]
fn two_boot_ids() {
    let _watchdog = watchdog();
    let (dir, _) = scratch();
    with_mounts("another boot id", || {
        let start = |role: &str| {
            let mut process = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "role", "--nocapture"])
                .env(ROLE, role)
                .env("PLASMITE_TEST_POOLS", dir.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(process.stdout.take().unwrap()).lines();
            (process, lines.map(Result::unwrap))
        };
        let (mut writer, mut written) = start("writer");
        assert!(written.any(|line| line.ends_with("ready")));
        let id = dir.path().join("boot_id");
        std::fs::write(&id, "01234567-89ab-cdef-0123-456789abcdef\n").unwrap();
        let place = Path::new("/proc/sys/kernel/random/boot_id");
        assert!(mount(id.to_str().unwrap(), place, "", libc::MS_BIND, ""));
        let (mut reader, mut read) = start("reader");
        assert!(read.any(|line| line.ends_with("ready")));
        let mut input = writer.stdin.take().unwrap();
        std::io::Write::write_all(&mut input, b"\n").unwrap();
        assert!(read.any(|line| line.ends_with("ready")));
        assert!(reader.wait().unwrap().success());
        drop(input);
        assert!(writer.wait().unwrap().success());
    });
}
