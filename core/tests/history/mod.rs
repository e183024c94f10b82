//! Recorded histories of a pool, and whether they are linearizable: whether each operation can be given one moment
//! between its begin and its end so that a plain log, doing them in the order of these moments, would have answered the
//! same.
#![allow(dead_code)] // each test binary uses its part

use std::collections::BTreeMap;

/// An operation and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Appended this value, and was given this seq.
    Append { value: u64, seq: u64 },
    /// The message with this seq was that value; or there was none yet.
    Get { seq: u64, value: Option<u64> },
    /// This was the newest seq; 0 for none.
    Newest { seq: u64 },
}

/// An operation with the moments of its begin and end on one clock. An append whose end nobody saw has `u64::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) operation: Operation,
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

/// When an append may have taken effect.
#[derive(Clone, Copy, Debug)]
struct Span {
    value: u64,
    from: u64,
    to: u64,
}

/// Checks a history of a pool whose first seq is `first`, of which every append is recorded and none was overwritten.
///
/// The log's order is that of the seqs, so nothing has to be searched for: each read moves the earliest or the latest
/// moment of one append or two, and what is left must have room for all appends one after another.
pub(crate) fn check(history: &[Recorded], first: u64) -> Result<(), String> {
    let mut appends: BTreeMap<u64, Span> = BTreeMap::new();
    for recorded in history {
        let Operation::Append { value, seq } = recorded.operation else {
            continue;
        };
        let span = Span {
            value,
            from: recorded.begin,
            to: recorded.end,
        };
        if recorded.begin > recorded.end {
            return Err(format!("an operation ends before it begins: {recorded:?}"));
        }
        if let Some(other) = appends.insert(seq, span) {
            return Err(format!(
                "seq {seq} was given to {} and to {value}",
                other.value
            ));
        }
    }
    if let Some((expected, found)) = (first..).zip(appends.keys()).find(|(a, b)| a != *b) {
        return Err(format!("seq {found} was given, and {expected} was not"));
    }
    let end = first + appends.len() as u64;
    for recorded in history {
        narrow(&mut appends, recorded, first, end)?;
    }
    let mut earliest = 0;
    for (seq, span) in &appends {
        earliest = earliest.max(span.from);
        if earliest > span.to {
            return Err(format!(
                "the append of seq {seq} had ended at {} and cannot have happened before {earliest}",
                span.to
            ));
        }
    }
    Ok(())
}

/// What a read says of the appends around it.
fn narrow(
    appends: &mut BTreeMap<u64, Span>,
    recorded: &Recorded,
    first: u64,
    end: u64,
) -> Result<(), String> {
    let mut at_last = |seq: u64| {
        if let Some(span) = appends.get_mut(&seq) {
            span.to = span.to.min(recorded.end);
        }
    };
    match recorded.operation {
        Operation::Append { .. } => {}
        Operation::Get { seq, value: None } => {
            if let Some(span) = appends.get_mut(&seq) {
                span.from = span.from.max(recorded.begin);
            }
        }
        Operation::Get {
            seq,
            value: Some(value),
        } => {
            at_last(seq);
            let written = appends.get(&seq).map(|span| span.value);
            if written != Some(value) {
                return Err(format!(
                    "seq {seq} was read as {value}, and was {written:?}"
                ));
            }
        }
        Operation::Newest { seq } => {
            if seq != 0 && !(first..end).contains(&seq) {
                return Err(format!("{seq} was the newest, and nobody appended it"));
            }
            at_last(seq);
            let next = if seq == 0 { first } else { seq + 1 };
            if let Some(span) = appends.get_mut(&next) {
                span.from = span.from.max(recorded.begin);
            }
        }
    }
    Ok(())
}
