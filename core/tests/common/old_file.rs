//! Pools of format 3 as other builds wrote them, for tests of their conversion.
#![allow(dead_code)]

/// A file being written.
pub(crate) struct OldPool {
    pub(crate) bytes: Vec<u8>,
    ring: usize,
    size: usize,
    at: usize,
    /// Offset of each frame in the file, and its seq.
    pub(crate) frames: Vec<(usize, u64)>,
}

const HEADER: usize = 64;

impl OldPool {
    /// Of this many bytes, with an index of so many slots, its first frame `start` bytes behind the ring's
    /// beginning.
    pub(crate) fn new(file: usize, slots: usize, start: usize) -> OldPool {
        let ring = (4096 + slots * 16).next_multiple_of(8);
        let size = (file - ring) & !7;
        let mut pool = OldPool {
            bytes: vec![0; file],
            ring,
            size,
            at: start,
            frames: Vec::new(),
        };
        pool.bytes[..4].copy_from_slice(b"PLSM");
        pool.u32(4, 3);
        pool.bytes[8] = 1;
        pool.u32(32, slots as u32);
        for (at, word) in [(16, file), (24, 4096), (40, ring), (48, size)] {
            pool.u64(at, word as u64);
        }
        for at in [64, 72] {
            pool.u64(at, start as u64);
        }
        pool
    }

    fn u32(&mut self, at: usize, word: u32) {
        self.bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }

    fn u64(&mut self, at: usize, word: u64) {
        self.bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }

    /// Appends a message; its payload is the Lite3 document. What it overwrites is the caller's business.
    pub(crate) fn put(&mut self, seq: u64, time_ns: u64, payload: &[u8]) {
        let len = (HEADER + payload.len() + 8).next_multiple_of(8);
        let room = self.size - self.at;
        if len > room {
            if room >= HEADER {
                let at = self.ring + self.at;
                self.bytes[at..at + HEADER].fill(0);
                self.bytes[at..at + 4].copy_from_slice(b"FRM1");
                self.u32(at + 4, 3);
                self.u32(at + 12, HEADER as u32);
                self.u32(at + 36, u32::MAX);
            }
            self.at = 0;
        }
        assert!(len <= self.size - self.at, "too small a ring");
        let at = self.ring + self.at;
        self.bytes[at..at + 4].copy_from_slice(b"FRM1");
        self.u32(at + 4, 2);
        self.u32(at + 8, 0);
        self.u32(at + 12, HEADER as u32);
        self.u64(at + 16, seq);
        self.u64(at + 24, time_ns);
        self.u32(at + 32, payload.len() as u32);
        self.u32(at + 36, !(payload.len() as u32));
        self.u32(at + 40, 0);
        let end = at + HEADER + payload.len();
        self.bytes[at + HEADER..end].copy_from_slice(payload);
        self.bytes[end..end + 8].copy_from_slice(b"PLSMCMIT");
        self.frames.push((at, seq));
        self.at = (at - self.ring + len) % self.size;
        let (head, tail_next) = (self.at as u64, self.at as u64);
        let oldest = self.frames[0].1;
        for (place, word) in [(64, head), (80, tail_next), (88, oldest), (96, seq)] {
            self.u64(place, word);
        }
    }
}
