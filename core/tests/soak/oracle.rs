//! What all workers of a round told, held against each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::history::{check, Operation, Recorded};
use super::parts::Parts;
use super::told::Told;
use super::worker::{Role, Worker};

/// One that was there.
struct Teller {
    writer: u64,
    language: String,
    role: Role,
    told: Arc<Told>,
}

/// Writers and readers that were there, dead ones too.
#[derive(Default)]
pub(crate) struct Oracle {
    tellers: Vec<Teller>,
    /// Receipts of the one that looks: seq, n, begin and end.
    pub(crate) own: Vec<(u64, u64, u64, u64)>,
}

fn value(writer: u64, n: u64) -> u64 {
    writer << 32 | n
}

impl Oracle {
    pub(crate) fn heed(&mut self, worker: &Worker) {
        self.tellers.push(Teller {
            writer: worker.writer,
            language: worker.language.name.clone(),
            role: worker.role,
            told: Arc::clone(&worker.told),
        });
    }

    /// Gives account of who did how much.
    pub(crate) fn account(&self, parts: &mut Parts<'_>) {
        for teller in &self.tellers {
            parts.add(&teller.language, teller.role, &teller.told);
        }
    }

    /// Receipts and readers agree on what each seq is, no seq was given twice or left out, and receipts that followed
    /// each other in time have rising seqs. Gives how many messages there were and how many deliveries.
    pub(crate) fn judge(&self) -> (u64, u64) {
        let mut appends: BTreeMap<u64, Recorded> = BTreeMap::new();
        let mut record = |seq: u64, value: u64, begin: u64, end: u64| {
            let operation = Operation::Append { value, seq };
            let recorded = Recorded {
                operation,
                begin,
                end,
            };
            if let Some(other) = appends.insert(seq, recorded) {
                panic!("a seq was given twice: {recorded:?}, {other:?}");
            }
        };
        for (seq, n, begin, end) in &self.own {
            record(*seq, value(0, *n), *begin, *end);
        }
        for Teller { writer, told, .. } in &self.tellers {
            for acked in told.appends.lock().unwrap().iter() {
                for index in 0..acked.count {
                    let value = value(*writer, acked.n + index);
                    record(acked.seq + index, value, acked.begin, acked.end);
                }
            }
            for (child, acked) in told.of_children.lock().unwrap().iter() {
                for index in 0..acked.count {
                    let value = value(*child, acked.n + index);
                    record(acked.seq + index, value, acked.begin, acked.end);
                }
            }
        }
        let mut delivered = 0;
        for Teller { told, .. } in &self.tellers {
            for (seq, writer, n) in told.read.lock().unwrap().iter() {
                delivered += 1;
                let value = value(*writer, *n);
                // What was never acknowledged: its writer died first.
                let known = appends.entry(*seq).or_insert_with(|| unseen(*seq, value));
                let agreed = Operation::Append { value, seq: *seq };
                assert_eq!(
                    known.operation, agreed,
                    "seq {seq} was read as something else"
                );
            }
        }
        // Nor was what nobody lived to tell of.
        let newest = appends.keys().next_back().copied().unwrap_or(0);
        for seq in 1..=newest {
            appends.entry(seq).or_insert_with(|| unseen(seq, 0));
        }
        let history: Vec<Recorded> = appends.into_values().collect();
        check(&history, 1, None).unwrap_or_else(|error| panic!("{error}"));
        (newest, delivered)
    }
}

/// An append that nobody acknowledged.
fn unseen(seq: u64, value: u64) -> Recorded {
    Recorded {
        operation: Operation::Append { value, seq },
        begin: 0,
        end: u64::MAX,
    }
}
