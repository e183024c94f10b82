//! Messages that were shown as copies in the place of views in place, kept for as long as those could be looked at.

use crate::error::Result;
use crate::message::Message;
use crate::store::OwnedMessage;
use crate::sys::set_once::SetOnce;

/// One copy of each message, so that they take no more memory than what the pool held. A tree that branches by the seq's bits,
/// the lowest ones first; only ever added to, so that it needs no lock, which a forked child might find held.
#[derive(Debug, Default)]
pub(super) struct Copies(SetOnce<Node>);

#[derive(Debug)]
struct Node {
    copy: OwnedMessage,
    below: [SetOnce<Node>; 4],
}

impl Copies {
    /// The copy of this message. Another one with the same seq, of before a recovery, is not it.
    ///
    /// # Errors
    /// Io when there is no memory for a long one.
    pub(super) fn keep(&self, message: &Message<&[u8]>) -> Result<&OwnedMessage> {
        let (mut place, mut bits) = (&self.0, message.seq);
        loop {
            let node = match place.get() {
                Some(node) => node,
                // Another thread may be faster, perhaps with another message.
                None => place.set(Node {
                    copy: OwnedMessage::copy(message)?,
                    below: Default::default(),
                }),
            };
            if is_same(&node.copy.message(), message) {
                return Ok(&node.copy);
            }
            place = &node.below[(bits & 3) as usize];
            bits >>= 2;
        }
    }
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
        let copies = Copies::default();
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
}
