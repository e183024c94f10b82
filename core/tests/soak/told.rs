//! What workers tell, line by line, see tests/soak/worker.c.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;

use super::common::{proven, Witness};

/// An append that was acknowledged: of `count` messages from `n` on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acked {
    pub(crate) n: u64,
    pub(crate) seq: u64,
    pub(crate) count: u64,
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

impl Acked {
    fn new([n, seq, count, begin, end]: [u64; 5]) -> Acked {
        Acked {
            n,
            seq,
            count,
            begin,
            end,
        }
    }
}

/// What a worker told so far.
#[derive(Default)]
pub(crate) struct Told {
    /// How often it began: more than once if it started itself anew.
    pub(crate) begun: AtomicU64,
    /// Children that it forked, and that did what they had to.
    pub(crate) forks: AtomicU64,
    /// Gaps that the commands passed over, and notices that they gave of them.
    pub(crate) gaps: AtomicU64,
    pub(crate) notices: AtomicU64,
    /// The n of the last message acknowledged.
    pub(crate) acked: AtomicU64,
    /// The last seq that a reader was given.
    pub(crate) seen: AtomicU64,
    pub(crate) appends: Mutex<Vec<Acked>>,
    /// The same of its children, each with its number.
    pub(crate) of_children: Mutex<Vec<(u64, Acked)>>,
    /// Seq, writer and n of what a reader was given.
    pub(crate) read: Mutex<Vec<(u64, u64, u64)>>,
}

impl Told {
    pub(crate) fn acknowledge(&self, numbers: [u64; 5]) {
        let acked = Acked::new(numbers);
        self.appends.lock().unwrap().push(acked);
        self.acked
            .store(acked.n + acked.count - 1, Ordering::SeqCst);
    }

    pub(crate) fn saw(&self, witness: &mut Witness, seq: u64, text: &str, spread: u64) {
        self.proves(witness, seq, text, spread);
        self.seen.store(seq, Ordering::SeqCst);
    }

    fn proves(&self, witness: &mut Witness, seq: u64, text: &str, spread: u64) {
        let (writer, n) = proven(text, spread);
        witness.saw(seq, (writer, n));
        self.read.lock().unwrap().push((seq, writer, n));
    }

    /// What a child says: it works beside its parent.
    fn child(&self, child: u64, witness: &mut Witness, line: &str, spread: u64) {
        let (kind, rest) = line.split_once(' ').unwrap();
        match kind {
            "a" => {
                let acked = Acked::new(numbers(rest));
                self.of_children.lock().unwrap().push((child, acked));
            }
            "m" => {
                let (seq, text) = rest.split_once(' ').unwrap();
                self.proves(witness, seq.parse().unwrap(), text, spread);
            }
            "g" => lost(witness, rest),
            _ => panic!("a child says {line}"),
        }
    }

    pub(crate) fn begins(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
    }
}

/// Hears a worker out.
pub(crate) fn listen(told: &Told, output: impl Read, spread: u64) {
    let mut witness = Witness::default();
    let mut children: HashMap<u64, Witness> = HashMap::new();
    for_each_line(output, |text| {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        match kind {
            "r" => {
                // Who starts anew reads from the oldest message again.
                witness = Witness::default();
                told.begins();
            }
            "c" => {
                let (child, line) = rest.split_once(' ').unwrap();
                let child = child.parse().unwrap();
                told.child(child, children.entry(child).or_default(), line, spread);
            }
            "f" => drop(told.forks.fetch_add(1, Ordering::SeqCst)),
            "a" => told.acknowledge(numbers(rest)),
            "m" => {
                let (seq, text) = rest.split_once(' ').unwrap();
                told.saw(&mut witness, seq.parse().unwrap(), text, spread);
            }
            "g" => lost(&mut witness, rest),
            // The harness of the engine's worker says something of its own.
            _ => {}
        }
    });
}

/// Each whole line of what somebody says until the end: what is cut by a kill is not a line.
pub(crate) fn for_each_line(output: impl Read, mut hear: impl FnMut(&str)) {
    let mut output = BufReader::new(output);
    let mut line = String::new();
    while output.read_line(&mut line).unwrap_or(0) > 0 && line.ends_with('\n') {
        hear(line.trim_end());
        line.clear();
    }
}

fn lost(witness: &mut Witness, rest: &str) {
    let [first, last, oldest] = numbers(rest);
    witness.lost(first, last, oldest);
}

fn numbers<const N: usize>(text: &str) -> [u64; N] {
    let mut words = text.split(' ').map(|word| word.parse().unwrap());
    std::array::from_fn(|_| words.next().unwrap_or_else(|| panic!("too few: {text}")))
}
