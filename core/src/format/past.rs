//! What the recoveries of a pool found, so that a resume token of before several of them can be held against each.

use crate::sys::atomic::{AtomicU64, Ordering};

/// How many recoveries are known one by one.
const KNOWN: usize = 16;
/// Looks in search of two that agree. A recovery takes much longer than two looks, and only an enemy changes more often.
const LOOKS: usize = 1000;

/// The generations that recoveries began and the next seqs that they found, in any order; 0 is no generation. When there is
/// no room, the two oldest become one with the lower seq: the oldest stands for all before it.
///
/// At each moment of a change, also one that is broken off, it says at least as much as before. What it says about
/// a generation counts once the control page has that.
#[derive(Debug)]
#[repr(C)]
pub struct Past([Found; KNOWN]);

#[derive(Debug)]
#[repr(C)]
struct Found {
    generation: AtomicU64,
    next_seq: AtomicU64,
}

impl Past {
    /// No recoveries.
    pub fn new() -> Past {
        Past(std::array::from_fn(|_| Found {
            generation: AtomicU64::new(0),
            next_seq: AtomicU64::new(0),
        }))
    }

    /// The lowest next seq of recoveries after one generation, up to another.
    pub fn lowest(&self, after: u64, up_to: u64) -> Option<u64> {
        let counts = |(generation, _): &(u64, u64)| *generation > after && *generation <= up_to;
        let found = self.look().into_iter().filter(counts);
        found.map(|(_, next_seq)| next_seq).min()
    }

    /// All of it as it was at one moment: a look beside a recovery could miss what moves from one place to another.
    fn look(&self) -> [(u64, u64); KNOWN] {
        let look = || {
            std::array::from_fn(|place| {
                let Found {
                    generation,
                    next_seq,
                } = &self.0[place];
                let generation = generation.load(Ordering::Acquire);
                (generation, next_seq.load(Ordering::Acquire))
            })
        };
        let mut seen = look();
        for _ in 0..LOOKS {
            let again = look();
            if again == seen {
                break;
            }
            seen = again;
        }
        seen
    }

    /// Whether there is a recovery of this generation.
    pub fn knows(&self, generation: u64) -> bool {
        self.place_of(generation).is_some()
    }

    /// Notes a recovery. The caller holds the writer lock, or has the only reference.
    pub fn note(&self, generation: u64, next_seq: u64) {
        // Of this generation: of a recovery that was broken off.
        let place = match self.place_of(generation).or_else(|| self.place_of(0)) {
            Some(place) => place,
            None => self.join_oldest(),
        };
        place.generation.store(0, Ordering::Release);
        place.next_seq.store(next_seq, Ordering::Release);
        place.generation.store(generation, Ordering::Release);
    }

    /// Notes all that another one knows.
    pub fn note_all(&self, other: &Past) {
        for (generation, next_seq) in other.look() {
            if generation != 0 {
                self.note(generation, next_seq);
            }
        }
    }

    fn place_of(&self, generation: u64) -> Option<&Found> {
        let is_there = |found: &&Found| found.generation.load(Ordering::Relaxed) == generation;
        self.0.iter().find(is_there)
    }

    /// Makes the second oldest stand for the oldest too, whose place it gives.
    fn join_oldest(&self) -> &Found {
        let mut by_age: [&Found; KNOWN] = std::array::from_fn(|place| &self.0[place]);
        by_age.sort_by_key(|found| found.generation.load(Ordering::Relaxed));
        let [oldest, second, ..] = by_age;
        let lower = oldest.next_seq.load(Ordering::Relaxed);
        if lower < second.next_seq.load(Ordering::Relaxed) {
            second.next_seq.store(lower, Ordering::Release);
        }
        oldest
    }
}

impl Default for Past {
    fn default() -> Past {
        Past::new()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_of_those_in_between() {
        let past = Past::new();
        assert_eq!(past.lowest(0, u64::MAX), None);
        for (generation, next_seq) in [(1, 50), (2, 11), (3, 41), (4, 60)] {
            past.note(generation, next_seq);
        }
        for (after, up_to, lowest) in [
            (0, 4, Some(11)),
            (1, 4, Some(11)),
            (2, 4, Some(41)),
            (3, 4, Some(60)),
            (3, 3, None),
            (4, 9, None),
            (0, 1, Some(50)),
        ] {
            assert_eq!(past.lowest(after, up_to), lowest, "{after} to {up_to}");
        }
        // The recovery of generation 4 was broken off and done again.
        past.note(4, 61);
        assert_eq!(past.lowest(3, 4), Some(61));
        assert!(past.knows(4) && !past.knows(5));
    }

    #[test]
    fn more_than_there_is_room_for() {
        let past = Past::new();
        let next_of = |generation: u64| 1000 * generation - 990 * (generation % 7);
        for generation in 1..=100 {
            past.note(generation, next_of(generation));
            for after in 0..generation {
                let exact = (after + 1..=generation).map(next_of).min();
                let found = past.lowest(after, generation);
                // Of old ones rather too much is taken for lost.
                assert!(found <= exact, "{after} to {generation}");
                if after + KNOWN as u64 > generation {
                    assert_eq!(found, exact, "{after} to {generation}");
                }
            }
        }
        let copy = Past::new();
        copy.note_all(&past);
        for after in 0..100 {
            assert_eq!(copy.lowest(after, 100), past.lowest(after, 100));
        }
    }
}
