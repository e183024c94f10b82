//! A helper thread that waits in an event loop's place: news, orders and the end reach it, whatever it sleeps on.

use loom::sync::Arc;

use super::futex::Futex;
use super::{beside, check};
use crate::format::control::{Hot, WANTED_NONE};
use crate::ring::memory::{Heap, Memory};
use crate::ring::wake::{disturb, epoch, must_wake, want};
use crate::sys::atomic::{AtomicU32, Ordering};
use crate::sys::orders::{Known, Order, Orders};

/// A stream with a descriptor: `raised` is what the event loop would see.
struct Stream {
    memory: Heap,
    news: Futex,
    orders: Orders<u64>,
    rest: Futex,
    raised: AtomicU32,
    cancelled: AtomicU32,
    looks: Futex,
}

impl Stream {
    fn new() -> Arc<Stream> {
        let memory = Heap::new(8, 1);
        memory
            .control()
            .hot
            .wanted
            .store(WANTED_NONE, Ordering::Relaxed);
        Arc::new(Stream {
            memory,
            news: Futex::new(),
            orders: Orders::new(),
            rest: Futex::new(),
            raised: AtomicU32::new(0),
            cancelled: AtomicU32::new(0),
            looks: Futex::new(),
        })
    }

    fn hot(&self) -> &Hot {
        &self.memory.control().hot
    }

    /// One message; a head is all there is of it.
    fn commit(&self, seq: u64) {
        self.hot().head.store(seq, Ordering::Release);
        // The unlock, which orders as the real one does.
        self.hot().lock.swap(0, Ordering::SeqCst);
        if must_wake(self.hot(), seq) {
            self.news.wake_all();
        }
    }

    fn raise(&self) {
        self.raised.store(1, Ordering::SeqCst);
        self.looks.wake_all();
    }

    fn order(&self, order: Order<u64>) {
        self.orders.give(order, &self.rest);
        disturb(self.hot());
        self.news.wake_all();
    }

    /// What `Stream::arm` does once a step found nothing.
    fn arm(&self, seq: u64) {
        self.raised.store(0, Ordering::SeqCst);
        self.order(Order::Do(seq));
        if self.cancelled.load(Ordering::Acquire) == 1 {
            self.raise();
        }
    }

    fn cancel(&self) {
        self.cancelled.store(1, Ordering::Release);
        disturb(self.hot());
        self.news.wake_all();
        self.raise();
    }

    /// What the helper of `pool::notify` does.
    fn help(&self) {
        loop {
            match self.orders.take() {
                (Order::Stop, _) => return,
                (Order::Do(seq), known) => self.watch(seq, known),
                (Order::Rest, known) => self.orders.rest(known, &self.rest),
            }
        }
    }

    fn watch(&self, seq: u64, known: Known) {
        while !self.orders.is_outdated(known) {
            let slept_on = epoch(self.hot());
            want(self.hot(), seq);
            if self.hot().head.load(Ordering::Acquire) >= seq {
                return self.raise();
            }
            if self.orders.is_outdated(known) {
                return;
            }
            self.news.wait(&self.hot().epoch, slept_on);
        }
    }

    /// An event loop: sleeps until the descriptor is readable.
    fn until_raised(&self) {
        while self.raised.load(Ordering::SeqCst) == 0 {
            self.looks.wait(&self.raised, 0);
        }
    }

    /// With the helper, to the end of both.
    fn with_helper(this: &Arc<Stream>, life: impl FnOnce(&Arc<Stream>)) {
        let helper = beside(this, |stream| stream.help());
        life(this);
        this.order(Order::Stop);
        helper.join().unwrap();
    }
}

#[test]
fn news_come_through() {
    check(|| {
        let stream = Stream::new();
        let writer = beside(&stream, move |stream| stream.commit(1));
        Stream::with_helper(&stream, |stream| {
            stream.arm(1);
            stream.until_raised();
        });
        writer.join().unwrap();
    });
}

#[test]
fn news_after_news_come_through() {
    check(|| {
        let stream = Stream::new();
        Stream::with_helper(&stream, |stream| {
            stream.arm(1);
            stream.commit(1);
            stream.until_raised();
            stream.arm(2);
            stream.commit(2);
            stream.until_raised();
        });
    });
}

#[test]
fn a_cancel_comes_through() {
    check(|| {
        let stream = Stream::new();
        let canceller = beside(&stream, move |stream| stream.cancel());
        Stream::with_helper(&stream, |stream| {
            stream.arm(1);
            stream.until_raised();
        });
        canceller.join().unwrap();
    });
}

#[test]
fn the_end_comes_at_any_moment() {
    check(|| {
        let stream = Stream::new();
        let writer = beside(&stream, move |stream| stream.commit(1));
        // Armed, and closed at once.
        Stream::with_helper(&stream, |stream| stream.arm(1));
        writer.join().unwrap();
    });
}
