//! Tasks that the thread which has news for them drives itself.
//!
//! A task that sleeps in the runtime is woken through a worker: the one who has the news wakes the worker's thread,
//! and that one polls the task. Where the news comes from a thread of our own that is one wake-up too many. So the
//! tasks here can be polled by any thread: what a call of [`drive`] wakes is polled there and then, and all other
//! wake-ups go to the runtime as always.

use futures_util::task::AtomicWaker;
use std::cell::RefCell;
use std::future::{poll_fn, Future};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Tasks that one call drives; more are left to the runtime, which has several threads for them.
const MOST: usize = 4;

/// Runs a future as a task of the runtime that [`drive`] may drive as well.
pub(crate) fn driven(
    future: impl Future<Output = ()> + Send + 'static,
) -> impl Future<Output = ()> + Send {
    // Not an async function: that would keep room for the future beside its box.
    let task = Arc::new(Task {
        future: Mutex::new(Some(Box::pin(future))),
        runtime: AtomicWaker::new(),
    });
    poll_fn(move |context| {
        // Before the poll: who finds the future locked from here on wakes this one again.
        task.runtime.register(context.waker());
        task.poll()
    })
}

/// Calls `news`, then polls up to [`MOST`] tasks that it woke, on this thread. Needs the context of a runtime.
pub(crate) fn drive(news: impl FnOnce()) {
    WOKEN.set(Some(Vec::new()));
    news();
    // What is woken from here on, also by the polls themselves, is the runtime's.
    for task in WOKEN.take().unwrap_or_default() {
        // A panic ends the task, as it would in the runtime, and not this thread.
        let polled = catch_unwind(AssertUnwindSafe(|| task.poll()));
        if polled.is_err() {
            *task.future() = None;
        }
        if !matches!(polled, Ok(Poll::Pending)) {
            task.runtime.wake();
        }
    }
}

thread_local! {
    /// What was woken by the `news` that this thread is calling.
    static WOKEN: RefCell<Option<Vec<Arc<Task>>>> = const { RefCell::new(None) };
}

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Task {
    /// Gone when it is done. Whoever polls it holds the lock.
    future: Mutex<Option<Boxed>>,
    /// Lets the runtime poll.
    runtime: AtomicWaker,
}

impl Task {
    fn future(&self) -> MutexGuard<'_, Option<Boxed>> {
        self.future.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll(self: &Arc<Self>) -> Poll<()> {
        let mut future = self.future();
        let waker = Waker::from(Arc::clone(self));
        let polled = match future.as_mut() {
            Some(future) => future.as_mut().poll(&mut Context::from_waker(&waker)),
            None => Poll::Ready(()),
        };
        if polled.is_ready() {
            *future = None;
        }
        polled
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let kept = WOKEN.with_borrow_mut(|woken| match woken {
            Some(woken) if woken.len() < MOST => {
                woken.push(Arc::clone(self));
                true
            }
            _ => false,
        });
        if !kept {
            self.runtime.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::ThreadId;
    use std::time::Duration;
    use tokio::runtime::{Builder, Runtime};
    use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};
    use tokio::sync::Notify;

    fn runtime() -> Runtime {
        Builder::new_multi_thread()
            .worker_threads(1)
            .enable_time()
            .build()
            .unwrap()
    }

    /// A task that says on which thread it heard each ring of the bell.
    async fn listener(bell: Arc<Notify>, heard: UnboundedSender<ThreadId>) {
        loop {
            bell.notified().await;
            if heard.send(std::thread::current().id()).is_err() {
                return;
            }
        }
    }

    /// Listeners, all of which wait.
    fn listeners(runtime: &Runtime, count: usize) -> (Arc<Notify>, UnboundedReceiver<ThreadId>) {
        let bell = Arc::new(Notify::new());
        let (heard, hears) = unbounded_channel();
        for _ in 0..count {
            runtime.spawn(driven(listener(Arc::clone(&bell), heard.clone())));
        }
        // The one worker has polled all that were spawned before this one.
        runtime.block_on(runtime.spawn(async {})).unwrap();
        (bell, hears)
    }

    #[test]
    fn a_few_are_driven_here_and_the_others_by_the_runtime() {
        let runtime = runtime();
        let _context = runtime.enter();
        let here = std::thread::current().id();
        let (bell, mut heard) = listeners(&runtime, MOST + 3);
        for _ in 0..100 {
            drive(|| bell.notify_waiters());
            let mut by_us = 0;
            for _ in 0..MOST + 3 {
                by_us += usize::from(heard.blocking_recv() == Some(here));
            }
            assert_eq!(by_us, MOST);
            // Those of the runtime listen again.
            runtime.block_on(runtime.spawn(async {})).unwrap();
        }
    }

    #[test]
    fn who_is_driven_sleeps_in_the_runtime_again() {
        let runtime = runtime();
        let _context = runtime.enter();
        let bell = Arc::new(Notify::new());
        let rung = Arc::clone(&bell);
        let task = runtime.spawn(driven(async move {
            rung.notified().await;
            tokio::time::sleep(Duration::from_millis(5)).await;
            rung.notified().await;
        }));
        runtime.block_on(runtime.spawn(async {})).unwrap();
        drive(|| bell.notify_waiters());
        // A wake-up that this thread does not call for is the runtime's.
        while !task.is_finished() {
            bell.notify_waiters();
            std::thread::sleep(Duration::from_millis(1));
        }
        runtime.block_on(task).unwrap();
    }

    #[test]
    fn a_panic_ends_the_task_alone() {
        let runtime = runtime();
        let _context = runtime.enter();
        let (bell, mut heard) = listeners(&runtime, 1);
        let rung = Arc::clone(&bell);
        let task = runtime.spawn(driven(async move {
            rung.notified().await;
            panic!("meant to");
        }));
        runtime.block_on(runtime.spawn(async {})).unwrap();
        drive(|| bell.notify_waiters());
        runtime.block_on(task).unwrap();
        assert_eq!(heard.blocking_recv(), Some(std::thread::current().id()));
        drive(|| bell.notify_waiters());
        assert_eq!(heard.blocking_recv(), Some(std::thread::current().id()));
    }
}
