//! The tag block of a frame, and the signature that lets a filter skip frames without reading them.
//!
//! A block is the tags one after another, each as its length in bytes (LEB128: seven bits a byte, low
//! ones first, the high bit set on all but the last) and its UTF-8 text. No tags: an empty block.
//!
//! A frame's signature is the union of its tags' signatures: four bits of 32 for each tag. A frame
//! whose signature lacks a bit of a wanted tag's cannot have that tag.

use crate::error::{Error, Result};
use crate::json::write_string;
use crate::limits::MAX_TAGS;
use crate::lite3::{copy_of, Source};
use crate::room;

/// The signature of one tag: up to four bits set.
///
/// FNV-1a over the bytes, its bits mixed, then four numbers of five bits each name a bit. Part of the
/// file format.
#[inline]
pub fn signature_of(tag: &[u8]) -> u32 {
    let mut hash = 0x811c_9dc5u32;
    for &byte in tag {
        hash = (hash ^ byte as u32).wrapping_mul(0x0100_0193);
    }
    hash = (hash ^ hash >> 16).wrapping_mul(0x7feb_352d);
    hash = (hash ^ hash >> 15).wrapping_mul(0x846c_a68b);
    hash ^= hash >> 16;
    1 << (hash & 31) | 1 << (hash >> 5 & 31) | 1 << (hash >> 10 & 31) | 1 << (hash >> 15 & 31)
}

/// Appends the tags as a block to `out`; gives their joint signature.
///
/// Usage when a tag is not UTF-8 or the block would exceed [`MAX_TAGS`]; `out` is then as before.
pub fn encode<'a>(tags: impl IntoIterator<Item = &'a [u8]>, out: &mut Vec<u8>) -> Result<u32> {
    let start = out.len();
    let mut signature = 0;
    for (index, tag) in tags.into_iter().enumerate() {
        let fault = if std::str::from_utf8(tag).is_err() {
            Error::usage(format!("tag {} is not UTF-8", index + 1)).with_hint("tags are UTF-8 text")
        } else if (out.len() - start + tag.len() + 10) as u64 > MAX_TAGS {
            Error::usage(format!(
                "the tags are too large: more than {MAX_TAGS} bytes together"
            ))
            .with_hint("put large values in the data")
        } else {
            let mut len = tag.len();
            while len >= 0x80 {
                out.push(len as u8 | 0x80);
                len >>= 7;
            }
            out.push(len as u8);
            out.extend_from_slice(tag);
            signature |= signature_of(tag);
            continue;
        };
        out.truncate(start);
        return Err(fault);
    }
    Ok(signature)
}

/// The places of a block's tags: offset and length of each. Ends with one Corrupt error when the
/// block is damaged.
#[derive(Clone, Copy, Debug)]
pub struct Ranges<S> {
    block: S,
    at: usize,
}

/// Walks a block.
#[inline]
pub fn ranges<S: Source>(block: S) -> Ranges<S> {
    Ranges { block, at: 0 }
}

impl<S: Source> Iterator for Ranges<S> {
    type Item = Result<(usize, usize)>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.block.len() {
            return None;
        }
        let mut at = self.at;
        let mut len = 0usize;
        for shift in (0..28).step_by(7) {
            let Some(byte) = self.block.u8(at) else { break };
            at += 1;
            len |= ((byte & 0x7f) as usize) << shift;
            if byte < 0x80 {
                if len > self.block.len() - at {
                    break;
                }
                self.at = at + len;
                return Some(Ok((at, len)));
            }
        }
        let bad = self.at;
        self.at = self.block.len();
        Some(Err(damaged(bad)))
    }
}

#[cold]
fn damaged(at: usize) -> Error {
    Error::corrupt(format!("damaged tags at byte {at} of the tag block")).with_offset(at as u64)
}

/// The tags of a private block, as text.
pub fn iter(block: &[u8]) -> impl Iterator<Item = Result<&str>> {
    ranges(block).map(move |range| {
        let (start, len) = range?;
        std::str::from_utf8(&block[start..start + len]).map_err(|_| damaged(start))
    })
}

/// Whether the block holds every wanted tag. Ask the signature first: this reads the block.
pub fn contains_all<S: Source, T: AsRef<[u8]>>(block: S, wanted: &[T]) -> Result<bool> {
    for tag in wanted {
        let tag = tag.as_ref();
        let mut found = false;
        for range in ranges(block) {
            let (start, len) = range?;
            if len == tag.len() && block.equals(start, tag) {
                found = true;
                break;
            }
        }
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Appends the tags as a JSON array of strings; Corrupt when the block is damaged, and `out` may then
/// hold a part of it.
pub(crate) fn write_json<S: Source>(block: S, out: &mut Vec<u8>) -> Result<()> {
    let mut copy = Vec::new();
    let bytes = match block.as_slice() {
        Some(bytes) => bytes,
        None => {
            copy_of(block, &mut copy)?;
            &copy
        }
    };
    if bytes.len() >= room::LARGE {
        // No byte becomes more than six, and a tag has a byte for its length in place of its quotes and comma.
        room::make(out, bytes.len() * 6 + 2)?;
    }
    let mut before = b'[';
    for tag in iter(bytes) {
        out.push(before);
        write_string(tag?.as_bytes(), out);
        before = b',';
    }
    out.push(b']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back() {
        let long = "x".repeat(20_000);
        let tags = [
            "a",
            "",
            "ümlaut \"quoted\"",
            &"y".repeat(127),
            &"y".repeat(128),
            &long,
        ];
        let mut block = vec![1, 2, 3];
        let signature = encode(tags.iter().map(|tag| tag.as_bytes()), &mut block).unwrap();
        let block = &block[3..];
        assert_eq!(
            iter(block).map(|tag| tag.unwrap()).collect::<Vec<_>>(),
            tags
        );
        for tag in tags {
            assert_eq!(
                signature & signature_of(tag.as_bytes()),
                signature_of(tag.as_bytes())
            );
            assert!(contains_all(block, &[tag]).unwrap());
        }
        assert!(contains_all(block, &tags).unwrap());
        assert!(contains_all(block, &[] as &[&str]).unwrap());
        assert!(!contains_all(block, &["a", "b"]).unwrap());
        for end in 0..block.len() {
            // A cut block ends between two tags or with an error, and never beyond its end.
            let read: Result<Vec<&str>> = iter(&block[..end]).collect();
            if let Ok(read) = read {
                assert_eq!(read, tags[..read.len()]);
            }
        }
    }

    #[test]
    fn bad_tags_are_refused_and_leave_nothing() {
        let mut out = vec![9];
        assert!(encode([b"ok".as_slice(), b"\xff"], &mut out).is_err());
        assert!(encode([vec![b'x'; MAX_TAGS as usize].as_slice()], &mut out).is_err());
        assert_eq!(out, [9]);
        assert!(iter(&[0xff; 8]).next().unwrap().is_err());
        assert!(iter(&[5, b'a']).next().unwrap().is_err());
    }

    #[test]
    fn signatures_are_fixed_and_differ() {
        // Part of the file format: these numbers never change.
        let some: Vec<u32> = ["", "a", "b", "alert", "sensor-17"]
            .iter()
            .map(|tag| signature_of(tag.as_bytes()))
            .collect();
        assert_eq!(some, FIXED);
        let mut misses = 0;
        for n in 0..10_000u32 {
            let (one, other) = (
                signature_of(format!("t{n}").as_bytes()),
                signature_of(format!("u{n}").as_bytes()),
            );
            assert!((1..=4).contains(&one.count_ones()));
            misses += u32::from(one & other == other);
        }
        assert!(misses < 50, "{misses} of 10000 pairs cannot be told apart");
    }

    const FIXED: [u32; 5] = [387, 2415929344, 2282750016, 106752, 2113537];
}
