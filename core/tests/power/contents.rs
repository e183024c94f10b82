//! That what is left of a pool holds what it must, and nothing else.

use std::sync::atomic::Ordering;

use plasmite_core::pool::Pool;
use plasmite_core::ring::mapped::Mapped;
use plasmite_core::ring::memory::Memory;
use plasmite_core::ring::snapshot::Check;
use plasmite_core::ring::Ring;

use super::Disk;

impl Disk {
    /// Walks the pool: whole messages in order, byte for byte, none missing that must be there.
    /// Gives the newest seq.
    pub(crate) fn check_contents(&self, pool: &Pool, seed: u64) -> u64 {
        let (newest, damaged) = self.check_messages(pool, seed);
        assert_eq!(damaged, 0, "seed {seed}");
        newest
    }

    /// The same, with damaged places between the messages; gives their number too.
    pub(crate) fn check_messages(&self, pool: &Pool, seed: u64) -> (u64, u64) {
        let live = self.pool.shared().ring();
        let must_from = self.oldest(live);
        let ring = pool.shared().ring();
        let (mut at, head) = (ring.tail(), ring.head());
        let mut seqs = Vec::new();
        let (mut more, mut damaged) = (false, 0);
        while at < head {
            match ring.check(at, head) {
                Check::Padding(len) => at += len,
                Check::Good(header) => {
                    let start = (ring.body_offset(at)) as usize;
                    let words = &ring.memory.ring()[start / 8..];
                    let bytes: Vec<u8> = words
                        .iter()
                        .flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes())
                        .take(header.body_len() as usize)
                        .collect();
                    let body = &self.bodies[header.seq as usize - 1];
                    assert_eq!(
                        Some(&bytes),
                        body.as_ref(),
                        "seed {seed}, seq {}",
                        header.seq
                    );
                    seqs.push(header.seq);
                    more = header.more();
                    at += header.len;
                }
                Check::Damaged => {
                    damaged += 1;
                    at = ring.next_good(at, head).unwrap_or(head);
                }
                Check::Overtaken => panic!("seed {seed}: overtaken at {at} of {head}"),
            }
        }
        assert!(!more, "seed {seed}: half a batch");
        let is_lost = |seq: u64| self.bodies[seq as usize - 1].is_none();
        assert!(
            seqs.windows(2)
                .all(|pair| pair[1] > pair[0]
                    && (damaged > 0 || (pair[0] + 1..pair[1]).all(is_lost))),
            "seed {seed}: {seqs:?}"
        );
        for seq in must_from..=self.flushed {
            assert!(
                seqs.contains(&seq) || is_lost(seq),
                "seed {seed}: {seq} of {must_from}..={} is not in {seqs:?}",
                self.flushed
            );
        }
        (seqs.last().copied().unwrap_or(0), damaged)
    }

    /// The oldest intact message of the pool in use; one that is not there yet when there is none.
    pub(super) fn oldest(&self, live: &Ring<Mapped>) -> u64 {
        let (mut at, head) = (live.tail(), live.head());
        while at < head {
            match live.check(at, head) {
                Check::Good(header) => return header.seq,
                Check::Padding(len) => at += len,
                _ => at = live.next_good(at, head).unwrap_or(head),
            }
        }
        self.bodies.len() as u64 + 1
    }

    /// That exactly these messages are there.
    pub(crate) fn assert_holds(&self, pool: &Pool, first: u64, last: u64) {
        assert_eq!(self.check_contents(pool, 0), last);
        let ring = pool.shared().ring();
        let (_, oldest) = ring.message_from(ring.tail(), ring.head()).unwrap();
        assert_eq!(oldest.seq, first);
    }
}
