//! A frame: one message, or the filling up to the ring's end.
//!
//! ```text
//! word 0   size word (u32): length / 8 in bits 0..29, kind in bits 29..32 | CRC-32C (u32)
//! word 1   seq
//! word 2   time, ns since the epoch
//! word 3   payload length (u32) | signature of the tags (u32)
//! word 4   length of the tag block (24 bits), flags (8 bits) | lap, low 32 bits (u32)
//! ...      payload, tag block, anything up to the last word's end
//! last     its last 4 bytes: the size word again, so that the ring can be walked backwards
//! ```
//!
//! The checksum is the CRC-32C of eight words: words 0 (without itself) to 4, the position, the first
//! half of the pool's id, and the CRC-32C of payload and tags, multiplied ([`crc::mixed`]). Neither
//! bytes that look like a frame nor a frame of an earlier lap can pass.

use crate::limits::SEQ_LIMIT;
use crate::sys::crc::{self, Word};

/// Bytes of the header.
pub const HEADER: u64 = 40;
/// Words of the header.
pub const HEADER_WORDS: usize = 5;
/// Bytes of the size word at the end.
pub const TRAILER: u64 = 4;
/// Length of the shortest message frame.
pub const MIN_LEN: u64 = 48;

const ENCODING_MASK: u8 = 0b0000_0011;
/// Another frame of the same batch follows.
pub const FLAG_MORE: u8 = 0b1000_0000;

const KIND_SHIFT: u32 = 29;
const KIND_MESSAGE: u32 = 1;
const KIND_PADDING: u32 = 2;
const LEN_MASK: u32 = (1 << KIND_SHIFT) - 1;
/// Longest frame or filling that a size word can tell.
pub const MAX_LEN: u64 = LEN_MASK as u64 * 8;

/// Length of the frame of a message whose payload and tags have `body` bytes.
#[inline]
pub const fn len_for(body: u64) -> u64 {
    (HEADER + body + TRAILER + 7) & !7
}

/// What a size word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A message frame of this length in bytes.
    Message(u64),
    /// Filling of this length in bytes, up to the ring's end.
    Padding(u64),
}

impl Size {
    /// Reads a size word; `None` for one that no writer writes.
    #[inline]
    pub fn parse(word: u32) -> Option<Size> {
        let len = u64::from(word & LEN_MASK) * 8;
        match word >> KIND_SHIFT {
            KIND_MESSAGE if len >= MIN_LEN => Some(Size::Message(len)),
            KIND_PADDING if len >= 8 => Some(Size::Padding(len)),
            _ => None,
        }
    }

    /// The size word.
    #[inline]
    pub fn word(self) -> u32 {
        match self {
            Size::Message(len) => (len / 8) as u32 | KIND_MESSAGE << KIND_SHIFT,
            Size::Padding(len) => (len / 8) as u32 | KIND_PADDING << KIND_SHIFT,
        }
    }

    /// Length in bytes; never 0.
    #[inline]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(self) -> u64 {
        match self {
            Size::Message(len) | Size::Padding(len) => len,
        }
    }
}

/// Header of a message frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Length of the whole frame in bytes.
    pub len: u64,
    /// The stored checksum.
    pub crc: u32,
    /// Seq of the message.
    pub seq: u64,
    /// Time of the message, ns since the epoch.
    pub time_ns: u64,
    /// Bytes of the payload.
    pub payload_len: u32,
    /// Signature of the tags.
    pub signature: u32,
    /// Bytes of the tag block.
    pub tags_len: u32,
    /// Encoding and `FLAG_` bits.
    pub flags: u8,
    /// Low 32 bits of the lap the frame was written in.
    pub lap: u32,
}

impl Header {
    /// Reads a header; `None` unless its lengths fit each other and its seq is one that writers give.
    #[inline]
    pub fn parse(words: [u64; HEADER_WORDS]) -> Option<Header> {
        let Some(Size::Message(len)) = Size::parse(words[0] as u32) else {
            return None;
        };
        let header = Header {
            len,
            crc: (words[0] >> 32) as u32,
            seq: words[1],
            time_ns: words[2],
            payload_len: words[3] as u32,
            signature: (words[3] >> 32) as u32,
            tags_len: words[4] as u32 & 0xff_ffff,
            flags: (words[4] >> 24) as u8,
            lap: (words[4] >> 32) as u32,
        };
        let given = header.seq.wrapping_sub(1) < SEQ_LIMIT - 1;
        (given && len_for(header.body_len()) == len).then_some(header)
    }

    /// The header's words, with the checksum as it stands in the header.
    #[inline]
    pub fn words(&self) -> [u64; HEADER_WORDS] {
        [
            u64::from(Size::Message(self.len).word()) | u64::from(self.crc) << 32,
            self.seq,
            self.time_ns,
            u64::from(self.payload_len) | u64::from(self.signature) << 32,
            u64::from(self.tags_len) | u64::from(self.flags) << 24 | u64::from(self.lap) << 32,
        ]
    }

    /// Bytes of payload and tags.
    #[inline]
    pub fn body_len(&self) -> u64 {
        u64::from(self.payload_len) + u64::from(self.tags_len)
    }

    /// How the payload is encoded: a number of [`Encoding`](crate::message::Encoding), or 3, which none is.
    #[inline]
    pub fn encoding(&self) -> u8 {
        self.flags & ENCODING_MASK
    }

    /// Whether another frame of the same batch follows.
    #[inline]
    pub fn more(&self) -> bool {
        self.flags & FLAG_MORE != 0
    }

    /// The checksum the header should have; see [`checksum`].
    #[inline]
    pub fn checksum(&self, body_crc: u32, position: u64, seed: u64) -> u32 {
        checksum(self.words(), body_crc, position, seed)
    }
}

/// The checksum that belongs into the header with these words at `position` of the pool with this
/// seed, when its body sums to `body_crc`. The checksum among the words does not count.
///
/// The body's sum comes last, so that the processor works on both at once.
#[inline]
pub fn checksum(words: [u64; HEADER_WORDS], body_crc: u32, position: u64, seed: u64) -> u32 {
    let mut bytes = [0u8; 64];
    let [a, b, c, d, e, f, g] = before_body(words, position, seed);
    let summed = [a, b, c, d, e, f, g, crc::mixed(body_crc)];
    for (place, word) in bytes.chunks_exact_mut(8).zip(summed) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    crc_fast::crc32_iscsi(&bytes)
}

/// As [`checksum`], with the body as words: its `body_len` bytes are the first of them.
#[inline]
pub fn checksum_of<W: Word>(
    words: [u64; HEADER_WORDS],
    body: &[W],
    body_len: u64,
    position: u64,
    seed: u64,
) -> u32 {
    crc::with_body(before_body(words, position, seed), body, body_len as usize)
}

/// What a pool's seed changes in each of its checksums: the same whatever else is summed, since a CRC is linear.
pub fn seed_part(seed: u64) -> u32 {
    let of_nothing = |seed| checksum([0; HEADER_WORDS], 0, 0, seed);
    of_nothing(seed) ^ of_nothing(0)
}

/// What is summed before the body's sum.
#[inline]
fn before_body(words: [u64; HEADER_WORDS], position: u64, seed: u64) -> [u64; 7] {
    let [first, second, third, fourth, fifth] = words;
    let first = first & 0xffff_ffff;
    [first, second, third, fourth, fifth, position, seed]
}

/// CRC-32C of payload and tags, which goes into a frame's checksum.
#[inline]
pub fn body_crc(body: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Header {
        Header {
            len: len_for(20),
            crc: 0xdead_beef,
            seq: 7,
            time_ns: 8,
            payload_len: 17,
            signature: 0x8000_0001,
            tags_len: 3,
            flags: 1 | FLAG_MORE,
            lap: 9,
        }
    }

    #[test]
    fn header_comes_back() {
        let header = sample();
        assert_eq!(Header::parse(header.words()), Some(header));
        assert_eq!(header.encoding(), 1);
        assert!(header.more());
    }

    #[test]
    fn lengths_must_agree() {
        for payload_len in [0, 16 + 8, 1000, u32::MAX] {
            let header = Header {
                payload_len,
                ..sample()
            };
            assert_eq!(Header::parse(header.words()), None);
        }
        assert_eq!(Header::parse([0; 5]), None);
    }

    #[test]
    fn seqs_are_ones_that_writers_give() {
        for (seq, good) in [
            (0, false),
            (1, true),
            (SEQ_LIMIT - 1, true),
            (SEQ_LIMIT, false),
            (u64::MAX, false),
        ] {
            let header = Header { seq, ..sample() };
            assert_eq!(Header::parse(header.words()).is_some(), good, "{seq}");
        }
    }

    #[test]
    fn every_field_and_the_place_count() {
        let header = sample();
        let crc = header.checksum(1, 64, 2);
        let mut others = vec![
            header.checksum(2, 64, 2),
            header.checksum(1, 72, 2),
            header.checksum(1, 64, 3),
        ];
        for word in 1..5 {
            for bit in 0..64 {
                let mut words = header.words();
                words[word] ^= 1 << bit;
                if let Some(other) = Header::parse(words) {
                    others.push(other.checksum(1, 64, 2));
                }
            }
        }
        assert!(others.len() > 190);
        assert!(others.iter().all(|other| *other != crc));
    }

    /// Wherever they are: of one sum in the other, each would have had a bit that hides it.
    #[test]
    fn two_bits_that_flip_count() {
        let (header, body) = (sample(), [0x5a_u64.to_le(); 9]);
        let words = header.words();
        let sum = |words, body: &[u64]| checksum_of(words, body, 70, 64, 2);
        let crc = sum(words, &body);
        for at in 0..70 * 8 {
            let mut body = body;
            body[at / 64] ^= (1u64 << (at % 64)).to_le();
            for word in 0..HEADER_WORDS {
                for bit in if word == 0 { 0..32 } else { 0..64 } {
                    let mut words = words;
                    words[word] ^= 1 << bit;
                    assert_ne!(sum(words, &body), crc, "{at} {word} {bit}");
                }
            }
        }
    }

    #[test]
    fn seeds_change_all_checksums_alike() {
        for seed in [0, 1, 2, 1 << 63, u64::MAX, 0x1234_5678_9abc_def0] {
            for (body_crc, position) in [(0, 0), (7, 64), (u32::MAX, 1 << 40)] {
                let sum = |seed| sample().checksum(body_crc, position, seed);
                assert_eq!(sum(0) ^ seed_part(seed), sum(seed));
            }
        }
    }

    #[test]
    fn size_words() {
        assert_eq!(Size::parse(0), None);
        assert_eq!(Size::parse(u32::MAX), None);
        assert_eq!(Size::parse(Size::Message(40).word()), None);
        for size in [
            Size::Message(48),
            Size::Padding(8),
            Size::Message(LEN_MASK as u64 * 8),
        ] {
            assert_eq!(Size::parse(size.word()), Some(size));
        }
        assert_eq!((len_for(0), len_for(4), len_for(5)), (48, 48, 56));
    }
}
