//! Wakes idle tails: a few threads wait for all pools, and thousands of tails wait for none of them.
//!
//! Each pool that somebody waits for has one stream of its own here, which stands at the newest message and reads
//! none. A thread sleeps on up to [`MOST`] of them at once; when one has news, it moves that stream to the newest
//! message and rings the pool's [`Bell`], and every tail that waits at the bell looks for itself. A pool whose
//! tails all have something to do is let go, so that its writers need wake nobody.
//!
//! Nothing is missed: a tail first listens at the bell, then makes sure that the pool is watched, then looks once
//! more, then sleeps. What is appended before that look it sees; what is appended after it comes after the place
//! where the watching stream stands, and rings, or was passed over by a ring that the tail hears. A tail that finds
//! another one setting the watch up may look before it stands, and is rung for that once it does.

use super::driven::drive;
use super::pools::OpenPool;
use crate::{wait_any, Canceller, Error, ErrorKind, Next, Start, Stream, TailOptions, Wait};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// Pools a thread waits for: as many as the system sleeps on at once, less some.
const MOST: usize = 120;

/// Where those who wait for a pool's messages are told of them.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    /// Rung for news, and when the pool is gone.
    pub(crate) news: Notify,
    waiting: AtomicUsize,
    watched: AtomicBool,
}

impl Bell {
    /// Counts someone who is about to wait; calls `watch` when nobody watches.
    fn wait(&self, watch: impl FnOnce() -> Result<(), Error>) -> Result<Waiting<'_>, Error> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let waiting = Waiting(self);
        if !self.watched.swap(true, Ordering::SeqCst) {
            let watched = watch();
            if watched.is_err() {
                self.watched.store(false, Ordering::SeqCst);
            }
            if watched.is_err() || self.waiting.load(Ordering::SeqCst) > 1 {
                // Who came meanwhile relies on a watch that did not stand when they looked: they look again, and try
                // for themselves when there is none.
                self.news.notify_waiters();
            }
            watched?;
        }
        Ok(waiting)
    }
}

/// Someone waits at a bell as long as this lives.
#[derive(Debug)]
pub(crate) struct Waiting<'a>(&'a Bell);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A pool that is watched.
#[derive(Debug)]
struct Watch {
    stream: Stream,
    bell: Arc<Bell>,
}

/// One thread's part.
#[derive(Debug, Default)]
struct Shard {
    orders: Mutex<Orders>,
    ordered: Condvar,
    /// Pools that are watched or ordered.
    load: AtomicUsize,
    /// Pools that may only be read: sleepers there cannot be woken, only look again and again.
    polls: bool,
}

#[derive(Debug, Default)]
struct Orders {
    new: Vec<Watch>,
    /// Ends the thread's wait, while it waits.
    interrupt: Option<Canceller>,
}

/// The threads, made as pools need them.
#[derive(Debug, Default)]
pub(crate) struct Waiter(Mutex<Vec<Arc<Shard>>>);

impl Waiter {
    /// Someone is about to wait at this pool's bell. Listen before the call, and look once more after it.
    pub(crate) fn wait<'a>(&self, open: &'a OpenPool) -> Result<Waiting<'a>, Error> {
        open.bell.wait(|| self.watch(open))
    }

    fn watch(&self, open: &OpenPool) -> Result<(), Error> {
        let stream = open.pool.tail(&TailOptions::new().start(Start::Now))?;
        let shard = self.shard(open.pool.is_read_only())?;
        let mut orders = locked(&shard.orders);
        orders.new.push(Watch {
            stream,
            bell: Arc::clone(&open.bell),
        });
        match orders.interrupt.take() {
            Some(canceller) => canceller.cancel(),
            None => shard.ordered.notify_one(),
        }
        Ok(())
    }

    /// A thread with room, of which a place is taken.
    fn shard(&self, polls: bool) -> Result<Arc<Shard>, Error> {
        let mut shards = locked(&self.0);
        let room =
            |shard: &&Arc<Shard>| shard.polls == polls && shard.load.load(Ordering::Relaxed) < MOST;
        if let Some(shard) = shards.iter().find(room) {
            shard.load.fetch_add(1, Ordering::Relaxed);
            return Ok(Arc::clone(shard));
        }
        let shard = Arc::new(Shard {
            polls,
            load: AtomicUsize::new(1),
            ..Shard::default()
        });
        let of_thread = Arc::clone(&shard);
        let runtime = Handle::current();
        std::thread::Builder::new()
            .name("plasmite-wait".into())
            .spawn(move || {
                // Tails that are driven here use the runtime's sockets and timers.
                let _context = runtime.enter();
                of_thread.run();
            })
            .map_err(|error| {
                Error::new(ErrorKind::Io, format!("cannot start a thread: {error}"))
            })?;
        shards.push(Arc::clone(&shard));
        Ok(shard)
    }
}

impl Shard {
    fn run(&self) {
        let mut watches: Vec<Watch> = Vec::new();
        loop {
            self.take_orders(&mut watches);
            let streams: Vec<&Stream> = watches.iter().map(|watch| &watch.stream).collect();
            let ready = wait_any(&streams, Wait::Forever);
            let interrupted = locked(&self.orders).interrupt.take().is_none();
            if interrupted {
                watches[0].stream.reset_cancel();
                continue;
            }
            match ready {
                Ok(Some(index)) => {
                    if !watches[index].look() {
                        watches.swap_remove(index);
                        self.load.fetch_sub(1, Ordering::Relaxed);
                    }
                }
                Ok(None) => {}
                // Which of them it is about is not said: each is looked at.
                Err(_) => {
                    let before = watches.len();
                    watches.retain_mut(Watch::look);
                    self.load
                        .fetch_sub(before - watches.len(), Ordering::Relaxed);
                }
            }
        }
    }

    /// Takes new watches; waits while there are none at all.
    fn take_orders(&self, watches: &mut Vec<Watch>) {
        let mut orders = locked(&self.orders);
        while watches.is_empty() && orders.new.is_empty() {
            orders = self
                .ordered
                .wait(orders)
                .unwrap_or_else(PoisonError::into_inner);
        }
        watches.append(&mut orders.new);
        orders.interrupt = Some(watches[0].stream.canceller());
    }
}

impl Watch {
    /// Rings when there is something; false when the pool is to be watched no longer.
    fn look(&mut self) -> bool {
        let alive = match self.stream.next(Wait::Try) {
            Ok(Next::TimedOut) => return true,
            Ok(_) => self.stream.seek(Start::Now).is_ok(),
            // Damage is the tails' to tell; the pool may go on behind it.
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                self.stream.seek(Start::Now).is_ok()
            }
            Err(_) => false,
        };
        if !alive {
            // Before the ring: who hears it and waits again finds that nobody watches.
            self.bell.watched.store(false, Ordering::SeqCst);
        }
        drive(|| self.bell.news.notify_waiters());
        if !alive {
            return false;
        }
        if self.bell.waiting.load(Ordering::SeqCst) > 0 {
            return true;
        }
        // Nobody waits: let go, unless somebody came just now, who then relies on us.
        self.bell.watched.store(false, Ordering::SeqCst);
        self.bell.waiting.load(Ordering::SeqCst) > 0
            && !self.bell.watched.swap(true, Ordering::SeqCst)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::driven::driven;
    use super::*;
    use crate::{Client, PoolOptions};
    use tokio::runtime::Builder;

    fn open(client: &Client) -> OpenPool {
        OpenPool {
            pool: client.create("lab", &PoolOptions::new()).unwrap(),
            bell: Arc::default(),
            is_indexed: false,
        }
    }

    /// Who is told that the pool is gone does not take it for watched.
    #[test]
    fn a_watch_ends_before_it_rings_for_the_last_time() {
        let directory = tempfile::tempdir().unwrap();
        let client = Client::new(directory.path()).unwrap();
        let open = open(&client);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        let _context = runtime.enter();
        open.bell.watched.store(true, Ordering::SeqCst);
        let mut watch = Watch {
            stream: open
                .pool
                .tail(&TailOptions::new().start(Start::Now))
                .unwrap(),
            bell: Arc::clone(&open.bell),
        };
        let (bell, (sender, receiver)) = (Arc::clone(&open.bell), std::sync::mpsc::channel());
        runtime.spawn(driven(async move {
            bell.news.notified().await;
            let _ = sender.send(bell.watched.load(Ordering::SeqCst));
        }));
        // The one worker has polled it.
        runtime.block_on(runtime.spawn(async {})).unwrap();
        client.delete("lab").unwrap();
        assert!(!watch.look());
        assert!(!receiver.recv().unwrap());
    }

    /// Who relies on another one's watch hears when there is none.
    #[test]
    fn a_watch_that_fails_rings() {
        let bell = Bell::default();
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut news = std::pin::pin!(bell.news.notified());
            news.as_mut().enable();
            let failed = || Err(Error::new(ErrorKind::Io, "no thread"));
            assert!(bell.wait(failed).is_err());
            assert_eq!(bell.waiting.load(Ordering::SeqCst), 0);
            let watched = Box::pin(news);
            let rung = futures_util::future::FutureExt::now_or_never(watched);
            assert!(rung.is_some());
            assert!(bell.wait(|| Ok(())).is_ok(), "the next one tries again");
        });
    }

    /// What comes after a look of somebody who relies on a watch, and before the watch stands, rings for nobody: so the
    /// watch itself does.
    #[test]
    fn a_watch_that_stands_rings_for_those_who_came_before_it() {
        use futures_util::future::FutureExt;
        let bell = Bell::default();
        let listen = || {
            let mut news = Box::pin(bell.news.notified());
            news.as_mut().enable();
            news
        };
        let second_news = listen();
        let mut second = None;
        let first = bell.wait(|| {
            second = bell.wait(|| panic!("it is watched already")).ok();
            Ok(())
        });
        assert!(first.is_ok() && second.is_some());
        assert!(second_news.now_or_never().is_some());
        // Behind the watch nobody is rung for it.
        let third_news = listen();
        assert!(bell.wait(|| panic!("it is watched already")).is_ok());
        assert!(third_news.now_or_never().is_none());
    }
}
