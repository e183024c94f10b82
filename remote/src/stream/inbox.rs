//! What the thread of a stream has read and the stream has not taken yet: a bounded queue that wakes sleepers and a
//! descriptor.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use plasmite_core::store::{Gap, OwnedMessage};
use plasmite_core::sys::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use plasmite_core::sys::clock::Deadline;
use plasmite_core::sys::event_fd::EventFd;
use plasmite_core::sys::futex;
use plasmite_core::{Error, Result};

use super::plan::Place;

/// The reader stops reading when so many bytes wait; TCP then holds the server back.
const ROOM: usize = 1 << 20;
/// What an item costs besides its bytes.
const OVERHEAD: usize = 128;
/// The longest single sleep. Nothing depends on it.
const SLICE: Duration = Duration::from_secs(60);

/// What came.
#[derive(Debug)]
pub(super) enum Item {
    Message(OwnedMessage),
    Gap(Gap),
    /// The reader waits until it is asked for more.
    Failed(Error),
    /// The error of one message. The reader goes on behind it by itself.
    Spoilt(Error),
    /// A token, good once what was before it is taken. It is never the first.
    Token(String),
    End,
}

impl Item {
    /// The first seq that it is about, if that is known.
    fn seq(&self) -> Option<u64> {
        match self {
            Item::Message(message) => Some(message.message().seq),
            Item::Gap(gap) => Some(gap.first),
            Item::Failed(error) | Item::Spoilt(error) => error.seq(),
            Item::Token(_) | Item::End => None,
        }
    }

    fn cost(&self) -> usize {
        match self {
            Item::Message(message) => cost_of(message),
            Item::Gap(_) | Item::Failed(_) | Item::Spoilt(_) | Item::Token(_) | Item::End => {
                OVERHEAD
            }
        }
    }
}

fn cost_of(message: &OwnedMessage) -> usize {
    let message = message.message();
    OVERHEAD + message.payload.len() + message.tags.len()
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    cost: usize,
    /// A token of the pool, as new as what was taken: a recovery at the server makes those from before it worthless.
    token: String,
    /// The server still looks for the start, and `next_seq` is how far it has come.
    searching: bool,
    /// Why nothing comes at present.
    trouble: Option<Error>,
    /// The reader waits behind an error.
    parked: bool,
    /// The reader has ended.
    ended: bool,
}

impl Queue {
    fn push(&mut self, item: Item) {
        self.cost += item.cost();
        self.items.push_back(item);
    }

    fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        self.cost -= item.cost();
        while let Some(Item::Token(token)) = self.items.front_mut() {
            self.cost -= OVERHEAD;
            self.token = std::mem::take(token);
            self.items.pop_front();
        }
        Some(item)
    }
}

/// The queue. The mutex is of one process: a forked child has no reader, and must not ask.
#[derive(Debug)]
pub(super) struct Inbox {
    queue: Mutex<Queue>,
    /// For the reader: there is room, it is to go on, or to stop.
    room: Condvar,
    /// Changes with everything that a sleeper waits for.
    epoch: AtomicU32,
    cancelled: AtomicBool,
    stopped: AtomicBool,
    descriptor: OnceLock<EventFd>,
    /// The stream's, which the descriptor tells as well.
    deadline: Deadline,
    /// The seq that comes next, once everything here is taken and as far as it is known.
    pub(super) next_seq: AtomicU64,
}

impl Inbox {
    pub(super) fn new(deadline: Deadline) -> Inbox {
        Inbox {
            queue: Mutex::default(),
            room: Condvar::new(),
            epoch: AtomicU32::new(0),
            cancelled: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            descriptor: OnceLock::new(),
            deadline,
            next_seq: AtomicU64::new(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever sleeps. Takes no lock: also called by signal handlers.
    fn wake(&self) {
        self.epoch.fetch_add(1, Ordering::Release);
        futex::wake(&self.epoch, u32::MAX);
        if let Some(descriptor) = self.descriptor.get() {
            descriptor.raise();
        }
    }

    // The reader's side.

    /// Puts an item in once there is room. False when the reader is to stop.
    pub(super) fn put(&self, item: Item) -> bool {
        let mut queue = self.lock();
        while queue.cost >= ROOM && !self.is_stopped() {
            queue = self
                .room
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if self.is_stopped() {
            return false;
        }
        match (&item, item.seq()) {
            (_, Some(seq)) => {
                // The first that comes is where the start was.
                if std::mem::replace(&mut queue.searching, false) {
                    self.next_seq.store(seq, Ordering::Relaxed);
                }
                queue.trouble = None;
            }
            (Item::Failed(error), None) => queue.trouble = Some(error.clone()),
            // Behind an error it is not the end of the search.
            _ => queue.searching &= queue.trouble.is_some(),
        }
        queue.parked = matches!(item, Item::Failed(_));
        queue.push(item);
        drop(queue);
        self.wake();
        true
    }

    /// Behind an error: waits until more is asked for. False when the reader is to stop.
    pub(super) fn park(&self) -> bool {
        let mut queue = self.lock();
        while queue.parked && !self.is_stopped() {
            queue = self
                .room
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        !self.is_stopped()
    }

    /// Takes note of where the server stands, which is behind all that waits here.
    pub(super) fn stand_at(&self, place: &Place) {
        let mut queue = self.lock();
        queue.trouble = None;
        match queue.items.back_mut() {
            Some(Item::Token(token)) => return place.token.clone_into(token),
            Some(_) => return queue.push(Item::Token(place.token.clone())),
            None => place.token.clone_into(&mut queue.token),
        }
        self.next_seq.store(place.next_seq, Ordering::Relaxed);
        let searched = std::mem::replace(&mut queue.searching, place.searching);
        drop(queue);
        if searched && !place.searching {
            self.wake();
        }
    }

    /// Takes note of why nothing comes, for as long as nothing does.
    pub(super) fn note_trouble(&self, error: Error) {
        self.lock().trouble = Some(error);
        self.wake();
    }

    /// Sleeps. False when the reader is to stop.
    pub(super) fn pause(&self, pause: Duration) -> bool {
        let until = Deadline::after(pause);
        let mut queue = self.lock();
        while !self.is_stopped() {
            match until.left() {
                Some(left) if !left.is_zero() => {
                    let slept = self.room.wait_timeout(queue, left);
                    queue = slept.unwrap_or_else(PoisonError::into_inner).0;
                }
                _ => return true,
            }
        }
        false
    }

    /// The reader is done.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.room.notify_all();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    // The stream's side.

    /// Tells the reader to stop.
    pub(super) fn stop(&self) {
        let _queue = self.lock();
        self.stopped.store(true, Ordering::Release);
        self.room.notify_all();
    }

    /// Makes it as new, once the reader has stopped. A cancel stays.
    pub(super) fn restart(&self) {
        let mut queue = self.lock();
        let token = std::mem::take(&mut queue.token);
        *queue = Queue {
            token,
            ..Queue::default()
        };
        drop(queue);
        self.stopped.store(false, Ordering::Release);
    }

    /// Lets another reader go on where the one that was told to stop has stopped.
    pub(super) fn go_on(&self) {
        self.lock().ended = false;
        self.stopped.store(false, Ordering::Release);
    }

    /// Takes the next item, if there is one.
    pub(super) fn take(&self) -> Option<Item> {
        let mut queue = self.lock();
        match queue.pop() {
            Some(item) => {
                self.room.notify_one();
                Some(item)
            }
            None => {
                self.ask_for_more(&mut queue);
                None
            }
        }
    }

    /// Takes the next item if it is a message.
    pub(super) fn take_message(&self) -> Option<OwnedMessage> {
        let mut queue = self.lock();
        if !matches!(queue.items.front(), Some(Item::Message(_))) {
            return None;
        }
        match queue.pop() {
            Some(Item::Message(message)) => {
                self.room.notify_one();
                Some(message)
            }
            _ => None,
        }
    }

    /// Waits for the end of the reader, which was told to stop; false when it takes longer than `most`.
    pub(super) fn wait_ended(&self, most: Duration) -> bool {
        let queue = self.lock();
        let waited = self
            .room
            .wait_timeout_while(queue, most, |queue| !queue.ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.ended
    }

    /// Whether something waits here. If not, whoever asks waits for it.
    pub(super) fn has_items(&self) -> bool {
        let mut queue = self.lock();
        let has_items = !queue.items.is_empty();
        if !has_items {
            self.ask_for_more(&mut queue);
        }
        has_items
    }

    /// Lets a reader that waits behind an error go on.
    fn ask_for_more(&self, queue: &mut Queue) {
        if std::mem::replace(&mut queue.parked, false) {
            queue.trouble = None;
            self.room.notify_one();
        }
    }

    /// What [`Inbox::sleep`] is to be given; read before looking for items.
    pub(super) fn epoch(&self) -> u32 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Sleeps until something has happened since `epoch` was read, or until the deadline.
    pub(super) fn sleep(&self, epoch: u32, until: Deadline) {
        let left = until.left().map_or(SLICE, |left| left.min(SLICE));
        futex::wait(&self.epoch, epoch, left);
    }

    /// Whether the server still looks for the start.
    ///
    /// # Errors
    /// What keeps it from that.
    pub(super) fn is_searching(&self) -> Result<bool> {
        let queue = self.lock();
        match &queue.trouble {
            Some(error) if queue.searching => Err(error.clone()),
            _ => Ok(queue.searching),
        }
    }

    /// A token of the pool, as new as what was taken.
    pub(super) fn token(&self) -> String {
        self.lock().token.clone()
    }

    /// As [`Inbox::token`] in a forked child, where the lock may be held for ever: `None` then.
    pub(super) fn token_in_child(&self) -> Option<String> {
        let queue = self.queue.try_lock().ok()?;
        Some(queue.token.clone())
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    pub(super) fn set_cancelled(&self, cancelled: bool) {
        self.cancelled.store(cancelled, Ordering::Release);
        if cancelled {
            self.wake();
        }
    }

    /// The descriptor, which is readable at first.
    pub(super) fn descriptor(&self) -> std::io::Result<&EventFd> {
        if let Some(descriptor) = self.descriptor.get() {
            return Ok(descriptor);
        }
        let new = EventFd::with_deadline(self.deadline)?;
        new.raise();
        Ok(self.descriptor.get_or_init(|| new))
    }

    /// Makes the descriptor quiet, unless there is something.
    pub(super) fn quiet(&self) {
        if let Some(descriptor) = self.descriptor.get() {
            descriptor.clear();
            if self.is_cancelled() || self.has_items() {
                descriptor.raise();
            }
        }
    }

    /// Makes the descriptor readable: at an end, which stays.
    pub(super) fn raise(&self) {
        if let Some(descriptor) = self.descriptor.get() {
            descriptor.raise();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::place;
    use super::*;

    /// Who has not taken what is from before a recovery gets a token from before it.
    #[test]
    fn tokens_are_as_new_as_what_was_taken() {
        let inbox = Inbox::new(Deadline::NEVER);
        inbox.stand_at(&place(1, "old"));
        assert_eq!(inbox.token(), "old");
        let gap = |first| Item::Gap(Gap { first, last: first });
        assert!(inbox.put(gap(1)) && inbox.put(gap(2)));
        inbox.stand_at(&place(3, "not so old"));
        inbox.stand_at(&place(3, "newer"));
        assert!(inbox.put(gap(3)));
        inbox.stand_at(&place(4, "newest"));
        for token in ["old", "newer", "newest"] {
            assert!(matches!(inbox.take(), Some(Item::Gap(_))));
            assert_eq!(inbox.token(), token);
        }
        assert!(inbox.take().is_none());
        assert_eq!(inbox.lock().cost, 0);
        inbox.restart();
        assert_eq!(inbox.token(), "newest");
    }
}
