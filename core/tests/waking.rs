//! Sleeping readers are woken by whatever concerns them, and by nothing else.
#![allow(unsafe_code)]

mod common;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{fork, put, scratch, sized, watchdog, NOW};
use plasmite_core::format::frame;
use plasmite_core::message::Encoding;
use plasmite_core::ring::memory::Memory;
use plasmite_core::ring::publish::Draft;
use plasmite_core::store::{
    wait_any, Next, OpenOptions, Pool, PoolOptions, Start, Stream, TailOptions, View, Wait,
};
use plasmite_core::ErrorKind;

fn is_message(next: Next, seq: u64) {
    assert!(
        matches!(next, Next::Message(found) if found == seq),
        "{next:?}"
    );
}

/// Long enough for a thread or process that is about to sleep to be asleep.
fn settle() {
    std::thread::sleep(Duration::from_millis(30));
}

#[test]
fn another_process_wakes_every_kind_of_reader() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    let read_only = client.open("p", &OpenOptions { read_only: true }).unwrap();
    let spinning = TailOptions {
        spin: Duration::from_millis(20),
        ..NOW
    };
    let cases = [
        (&pool, NOW),
        (&pool, TailOptions { poll: true, ..NOW }),
        (
            &pool,
            TailOptions {
                in_place: true,
                ..NOW
            },
        ),
        (&pool, spinning.clone()),
        (&read_only, NOW),
        (&read_only, spinning),
    ];
    for (seq, (pool, options)) in (1..).zip(cases) {
        let stream = pool.tail(&options).unwrap();
        let writer = fork(|| {
            let pool = client.open("p", &OpenOptions::default()).unwrap();
            settle();
            put(&pool, "1");
        });
        is_message(stream.next(Wait::Forever, &mut View::empty()).unwrap(), seq);
        writer.join();
    }
}

#[test]
fn cancel_and_delete_end_a_wait() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    for read_only in [false, true] {
        drop(client.create("p", &PoolOptions::default()).unwrap());
        let pool = client.open("p", &OpenOptions { read_only }).unwrap();
        let stream = pool.tail(&NOW).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| stream.next(Wait::Forever, &mut View::empty()).unwrap());
            settle();
            stream.cancel();
            assert!(matches!(waiting.join().unwrap(), Next::Cancelled));
            assert!(matches!(
                stream.next(Wait::Forever, &mut View::empty()).unwrap(),
                Next::Cancelled
            ));
            stream.reset_cancel();
            let waiting = scope.spawn(|| stream.next(Wait::Forever, &mut View::empty()));
            settle();
            fork(|| client.delete("p").unwrap()).join();
            let error = waiting.join().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert_eq!(error.path(), Some(pool.path()));
        });
    }
}

#[test]
fn times_are_waited_out() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    let wait = Duration::from_millis(40);
    let start = Instant::now();
    let stream = pool
        .tail(&TailOptions {
            timeout: Some(3 * wait),
            ..NOW
        })
        .unwrap();
    assert!(matches!(
        stream.next(Wait::For(wait), &mut View::empty()).unwrap(),
        Next::Timeout
    ));
    assert!(start.elapsed() >= wait);
    assert!(matches!(
        stream.next(Wait::Forever, &mut View::empty()).unwrap(),
        Next::Deadline
    ));
    assert!(start.elapsed() >= 3 * wait);
    assert!(matches!(
        stream.next(Wait::Forever, &mut View::empty()).unwrap(),
        Next::Deadline
    ));
    let streams = [pool.tail(&NOW).unwrap(), pool.tail(&NOW).unwrap()];
    let start = Instant::now();
    assert_eq!(
        wait_any(&[&streams[0], &streams[1]], Wait::For(wait)).unwrap(),
        None
    );
    assert!(start.elapsed() >= wait);
    assert_eq!(wait_any(&[&streams[0]], Wait::Try).unwrap(), None);
}

/// Voluntary context switches of this process's threads so far: each sleep is one.
fn sleeps() -> u64 {
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("status")).ok())
        .filter_map(|status| {
            let line = status.lines().find(|line| line.starts_with("voluntary"))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        })
        .sum()
}

#[test]
fn a_hundred_waiters_for_a_later_seq_are_left_asleep() {
    let _watchdog = watchdog();
    if !common::alone("a_hundred_waiters_for_a_later_seq_are_left_asleep") {
        return;
    }
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 20)).unwrap();
    let woken = AtomicU64::new(0);
    const GOAL: u64 = 20_001;
    std::thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                let stream = pool
                    .tail(&TailOptions {
                        start: Start::Seq(GOAL),
                        ..NOW
                    })
                    .unwrap();
                is_message(
                    stream.next(Wait::Forever, &mut View::empty()).unwrap(),
                    GOAL,
                );
                woken.fetch_add(1, Ordering::SeqCst);
            });
        }
        settle();
        let before = sleeps();
        (1..GOAL).for_each(|_| _ = put(&pool, "1"));
        // By themselves they look four times a second; a wake-up for each append would be 2 million.
        let meanwhile = sleeps() - before;
        assert!(
            meanwhile < 100_000,
            "{meanwhile} sleeps during {GOAL} appends"
        );
        assert_eq!(woken.load(Ordering::SeqCst), 0);
        put(&pool, "2");
    });
    assert_eq!(woken.load(Ordering::SeqCst), 100);
}

#[test]
fn many_streams_and_pools_at_once() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    for count in [1, 3, 200] {
        let pools: Vec<Pool> = (0..count.min(20))
            .map(|index| {
                client
                    .create(&format!("p{count}-{index}"), &sized(9216))
                    .unwrap()
            })
            .collect();
        let streams: Vec<Stream> = (0..count)
            .map(|index| pools[index % pools.len()].tail(&NOW).unwrap())
            .collect();
        let all: Vec<&Stream> = streams.iter().collect();
        for target in [0, pools.len() - 1] {
            let writer = fork(|| {
                settle();
                put(&pools[target], "1");
            });
            let ready = wait_any(&all, Wait::Forever).unwrap().unwrap();
            assert_eq!(ready % pools.len(), target);
            for stream in streams.iter().skip(target).step_by(pools.len()) {
                assert!(matches!(
                    stream.next(Wait::Try, &mut View::empty()).unwrap(),
                    Next::Message(_)
                ));
            }
            writer.join();
        }
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| wait_any(&all, Wait::Forever).unwrap());
            settle();
            streams[count - 1].cancel();
            assert_eq!(waiting.join().unwrap(), Some(count - 1));
            streams[count - 1].reset_cancel();
            let waiting = scope.spawn(|| wait_any(&all, Wait::Forever).unwrap());
            settle();
            client.delete(&format!("p{count}-0")).unwrap();
            assert_eq!(waiting.join().unwrap().unwrap() % pools.len(), 0);
        });
        assert_eq!(
            streams[0]
                .next(Wait::Try, &mut View::empty())
                .unwrap_err()
                .kind(),
            ErrorKind::NotFound
        );
    }
}

/// As a writer leaves it that is killed between its stores of the head and of the next seq; nobody repairs it.
#[test]
fn a_future_seq_has_come_although_its_writer_died_at_once() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    for _ in 1..=3 {
        put(&pool, "1");
    }
    let raw = plasmite_core::pool::Pool::open(pool.path(), false).unwrap();
    let ring = raw.shared().ring();
    let hot = &ring.memory.control().hot;
    let open = |spin: u64, poll: bool| {
        let options = TailOptions {
            start: Start::Seq(5),
            spin: Duration::from_millis(spin),
            poll,
            ..NOW
        };
        pool.tail(&options).unwrap()
    };
    let streams = [open(0, false), open(20, false), open(0, true)];
    let (together, by_fd) = (open(0, false), open(0, false));
    std::thread::scope(|scope| {
        for stream in &streams {
            scope.spawn(|| {
                let next = stream.next(Wait::Forever, &mut View::empty());
                is_message(next.unwrap(), 5);
            });
        }
        scope.spawn(|| {
            let found = wait_any(&[&together], Wait::Forever);
            assert_eq!(found.unwrap(), Some(0));
        });
        let fd = by_fd.event_fd().unwrap();
        scope.spawn(move || {
            let mut asked = libc::pollfd {
                fd,
                events: libc::POLLIN,
                revents: 0,
            };
            // SAFETY: one entry, of a descriptor that the stream keeps open.
            while unsafe { libc::poll(&mut asked, 1, -1) } != 1 {}
        });
        settle();
        hot.lock.store(77, Ordering::SeqCst);
        let body = b"1";
        let draft = Draft {
            body,
            body_crc: frame::body_crc(body),
            payload_len: 1,
            signature: 0,
            flags: Encoding::JsonText as u8,
        };
        // A batch of two: the seq that is waited for is not the first of it.
        let mut head = ring.head();
        for seq in 4..=5 {
            ring.put(head, seq, hot.last_time.load(Ordering::Relaxed), &draft);
            head += draft.frame_len();
        }
        hot.head.store(head, Ordering::Release);
    });
}
