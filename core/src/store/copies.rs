//! Messages that were shown as copies in the place of views in place, kept for as long as those could be looked at.

use crate::error::{Error, Result};
use crate::format::frame;
use crate::message::Message;
use crate::store::OwnedMessage;
use crate::sys::atomic::{AtomicU64, Ordering};
use crate::sys::set_once::SetOnce;

/// Contents that are kept of one seq. There are two where a recovery gave it again.
const MOST_OF_ONE: u32 = 8;
/// How many times the ring may be kept, as far as its messages change.
const LAPS: u64 = 4;

/// One copy of each message, so that they take no more memory than what the pool held. A tree that branches by the seq's bits,
/// the lowest ones first; only ever added to, so that it needs no lock, which a forked child might find held. It is no
/// deeper than a seq has pairs of bits, and contents: so deep it may recurse when it is dropped.
#[derive(Debug)]
pub(super) struct Copies {
    root: SetOnce<Node>,
    /// Bytes that may still be kept.
    left: AtomicU64,
}

#[derive(Debug)]
struct Node {
    copy: OwnedMessage,
    below: [SetOnce<Node>; 4],
}

impl Copies {
    /// Of messages in a ring of so many bytes.
    pub(super) fn new(ring: u64) -> Copies {
        Copies {
            root: SetOnce::new(),
            left: AtomicU64::new(ring.saturating_mul(LAPS)),
        }
    }

    /// The copy of this message. Another one with the same seq, of before a recovery, is not it.
    ///
    /// # Errors
    /// Corrupt when messages change as those that somebody appended do not; Io when there is no memory for a long one.
    pub(super) fn keep(&self, message: &Message<&[u8]>) -> Result<&OwnedMessage> {
        let (mut place, mut bits, mut others) = (&self.root, message.seq, 0);
        loop {
            let node = match place.get() {
                Some(node) => node,
                None => {
                    let len = frame::len_for((message.payload.len() + message.tags.len()) as u64);
                    if others == MOST_OF_ONE || !self.pay(len) {
                        return Err(changes());
                    }
                    // Another thread may be faster, perhaps with another message.
                    place.set(Node {
                        copy: OwnedMessage::copy(message)?,
                        below: Default::default(),
                    })
                }
            };
            let kept = node.copy.message();
            if is_same(&kept, message) {
                return Ok(&node.copy);
            }
            others += u32::from(kept.seq == message.seq);
            place = &node.below[(bits & 3) as usize];
            bits >>= 2;
        }
    }

    fn pay(&self, len: u64) -> bool {
        let order = (Ordering::Relaxed, Ordering::Relaxed);
        let pay = |left: u64| left.checked_sub(len);
        self.left.fetch_update(order.0, order.1, pay).is_ok()
    }
}

#[cold]
fn changes() -> Error {
    Error::corrupt("the pool's messages change all the time: no more copies of them are kept")
        .with_hint("another program writes to the pool's file; a process that may write to the pool recovers it when it opens it")
}

fn is_same(one: &Message<&[u8]>, other: &Message<&[u8]>) -> bool {
    (one.seq, one.time_ns, one.encoding) == (other.seq, other.time_ns, other.encoding)
        && (one.payload, one.tags) == (other.payload, other.tags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Encoding;

    #[test]
    fn each_message_once() {
        let copies = Copies::new(1 << 16);
        let message = |seq, payload| Message {
            seq,
            time_ns: 7,
            encoding: Encoding::Lite3Data,
            payload,
            tags: &b"t"[..],
        };
        let (first, second) = (&b"12345678"[..], &b"87654321"[..]);
        let kept: Vec<_> = (1..200)
            .flat_map(|seq| [message(seq, first), message(seq, second)])
            .map(|message| (copies.keep(&message).unwrap(), message))
            .collect();
        for (copy, message) in kept {
            assert!(is_same(&copy.message(), &message));
            assert!(std::ptr::eq(copy, copies.keep(&message).unwrap()));
        }
    }

    fn message(seq: u64, time_ns: u64) -> Message<&'static [u8]> {
        Message {
            seq,
            time_ns,
            encoding: Encoding::Lite3Data,
            payload: b"12345678",
            tags: b"",
        }
    }

    #[test]
    fn messages_that_change_all_the_time() {
        let copies = Copies::new(1 << 40);
        for time_ns in 0..u64::from(MOST_OF_ONE) {
            copies.keep(&message(7, time_ns)).unwrap();
        }
        for time_ns in [8, 9, u64::MAX] {
            let error = copies.keep(&message(7, time_ns)).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Corrupt);
        }
        // What is kept stays, and so does room for others.
        copies.keep(&message(7, 3)).unwrap();
        copies.keep(&message(8, 3)).unwrap();
    }

    #[test]
    fn more_messages_than_the_ring_holds() {
        let copies = Copies::new(4800);
        let kept = (1..100_000).take_while(|seq| copies.keep(&message(*seq, 7)).is_ok());
        assert_eq!(kept.count(), (LAPS * 4800 / 56) as usize);
    }
}
