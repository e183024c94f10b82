//! Messages in asynchronous programs: woken, cancelled, dropped, ended.
#![cfg(feature = "stream")]

mod common;

use common::Scratch;
use futures::executor::block_on;
use futures::future::{join, select, Either};
use futures::{FutureExt, Stream as _, StreamExt};
use plasmite_sdk::{AppendOptions, ErrorKind, GapPolicy, PoolOptions, Start, TailOptions};
use std::pin::{pin, Pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

#[test]
fn messages_that_come_later_wake_the_task() {
    let scratch = Scratch::new();
    let (pool, other) = (scratch.pool("lab"), scratch.pool("other"));
    let mut messages = pool
        .tail(&TailOptions::new())
        .unwrap()
        .into_async()
        .unwrap();
    let mut others = other
        .tail(&TailOptions::new())
        .unwrap()
        .into_async()
        .unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..100 {
                std::thread::sleep(Duration::from_micros(300));
                let pool = if n % 2 == 0 { &pool } else { &other };
                pool.append(b"{}", &AppendOptions::new()).unwrap();
            }
        });
        // Two tasks on one thread: neither holds the other up.
        let count = |n: usize, seqs: Vec<u64>| {
            assert_eq!(seqs, (1..=n as u64).collect::<Vec<_>>());
        };
        block_on(async {
            let seq = |message: plasmite_sdk::Result<plasmite_sdk::Message>| message.unwrap().seq();
            let (a, b) = join(
                (&mut messages).take(50).map(seq).collect::<Vec<_>>(),
                (&mut others).take(50).map(seq).collect::<Vec<_>>(),
            )
            .await;
            count(50, a);
            count(50, b);
        });
    });
}

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A task that waits is not woken for nothing, which polling would do.
#[test]
fn nothing_polls() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let mut messages = pool
        .tail(&TailOptions::new())
        .unwrap()
        .into_async()
        .unwrap();
    let woken = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    // The descriptor is readable at first: one wake-up may come of that.
    while Pin::new(&mut messages).poll_next(&mut context).is_pending()
        && woken.0.swap(0, Ordering::SeqCst) != 0
    {}
    std::thread::sleep(Duration::from_millis(200));
    while woken.0.swap(0, Ordering::SeqCst) != 0 {
        assert!(Pin::new(&mut messages).poll_next(&mut context).is_pending());
    }
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(woken.0.load(Ordering::SeqCst), 0, "woken without a message");
    pool.append(b"1", &AppendOptions::new()).unwrap();
    while woken.0.load(Ordering::SeqCst) == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(block_on(messages.next()).unwrap().unwrap().seq(), 1);
}

#[test]
fn a_cancel_ends_the_messages() {
    let scratch = Scratch::new();
    let pool = scratch.filled("lab", &["1"]);
    let mut messages = pool
        .tail(&TailOptions::new())
        .unwrap()
        .into_async()
        .unwrap();
    let canceller = messages.canceller();
    let waiting = std::thread::spawn(move || {
        assert_eq!(block_on((&mut messages).count()), 1);
        assert!(block_on(messages.next()).is_none());
    });
    std::thread::sleep(Duration::from_millis(20));
    canceller.cancel();
    waiting.join().unwrap();
}

/// A future that is dropped while it waits takes no message with it.
#[test]
fn a_dropped_wait_loses_nothing() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let mut messages = pool
        .tail(&TailOptions::new())
        .unwrap()
        .into_async()
        .unwrap();
    block_on(async {
        match select(messages.next(), pin!(async {})).await {
            Either::Left(_) => panic!("a message out of nothing"),
            Either::Right(_) => {}
        }
    });
    pool.append(b"1", &AppendOptions::new()).unwrap();
    assert_eq!(block_on(messages.next()).unwrap().unwrap().seq(), 1);
    assert!(messages.next().now_or_never().is_none());
    let mut stream = messages.into_inner();
    pool.append(b"2", &AppendOptions::new()).unwrap();
    assert_eq!(stream.messages().next().unwrap().unwrap().seq(), 2);
}

#[test]
fn ends_and_errors() {
    let scratch = Scratch::new();
    let pool = scratch.filled("lab", &["1", "2", "3"]);
    let tail = |options: TailOptions| pool.tail(&options).unwrap().into_async().unwrap();
    assert_eq!(block_on(tail(TailOptions::new().max(2)).count()), 2);
    assert_eq!(block_on(tail(TailOptions::new().snapshot(true)).count()), 3);
    let timeout = TailOptions::new()
        .timeout(Duration::from_millis(30))
        .start(Start::Now);
    assert_eq!(block_on(tail(timeout).count()), 0);

    // A lost message is an error once, then the end.
    let small = scratch
        .client
        .create("small", &PoolOptions::new().size(1 << 16))
        .unwrap();
    small.append(b"1", &AppendOptions::new()).unwrap();
    let strict = TailOptions::new()
        .gap(GapPolicy::Error)
        .start(Start::Seq(1));
    let mut strict = small.tail(&strict).unwrap().into_async().unwrap();
    let filler = format!("\"{}\"", "x".repeat(4000));
    for _ in 0..40 {
        small
            .append(filler.as_bytes(), &AppendOptions::new())
            .unwrap();
    }
    let error = block_on(strict.next()).unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.seq()),
        (ErrorKind::RetentionGap, Some(1))
    );
    assert!(block_on(strict.next()).is_none());

    // Deleted while it waits.
    let mut waiting = tail(TailOptions::new().start(Start::Now));
    let deleted = std::thread::spawn(move || block_on(waiting.next()).unwrap().unwrap_err().kind());
    std::thread::sleep(Duration::from_millis(20));
    scratch.client.delete("lab").unwrap();
    assert_eq!(deleted.join().unwrap(), ErrorKind::NotFound);
}
