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
    /// The message with this seq was there no more.
    Gone { seq: u64 },
    /// This was the newest seq; 0 for none.
    Newest { seq: u64 },
}

/// What a ring that overwrites can hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holds {
    /// A message that has as many newer ones, or more, may be gone.
    pub(crate) least: u64,
    /// A message that has as many newer ones is gone.
    pub(crate) most: u64,
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

/// Checks a history of a pool whose first seq is `first`, of which every append is recorded. Without `holds` nothing was
/// overwritten; else what is gone must have been so old that it may be, and stay gone.
///
/// The log's order is that of the seqs, so nothing has to be searched for: each read moves the earliest or the latest
/// moment of one append or two, and what is left must have room for all appends one after another.
pub(crate) fn check(history: &[Recorded], first: u64, holds: Option<Holds>) -> Result<(), String> {
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
        narrow(&mut appends, recorded, first, end, holds)?;
    }
    // Nothing has to follow what is gone, but for this: the order of appends has no part in it.
    stays_gone(history)?;
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
    holds: Option<Holds>,
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
            if let Some(span) = holds.and_then(|holds| appends.get_mut(&(seq + holds.most))) {
                span.from = span.from.max(recorded.begin);
            }
        }
        Operation::Gone { seq } => {
            let newer = holds.map_or(u64::MAX, |holds| seq + holds.least);
            at_last(newer);
            if !(first..end).contains(&newer) || seq < first {
                return Err(format!(
                    "seq {seq} was gone, and nobody appended as many as that takes"
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

/// That nobody reads a message after another found it, or a newer one, gone.
fn stays_gone(history: &[Recorded]) -> Result<(), String> {
    let mut by_end: Vec<&Recorded> = history.iter().collect();
    by_end.sort_by_key(|recorded| recorded.end);
    let mut by_begin: Vec<&Recorded> = history.iter().collect();
    by_begin.sort_by_key(|recorded| recorded.begin);
    let (mut ended, mut gone) = (by_end.into_iter().peekable(), 0);
    for recorded in by_begin {
        while let Some(before) = ended.next_if(|other| other.end < recorded.begin) {
            if let Operation::Gone { seq } = before.operation {
                gone = gone.max(seq);
            }
        }
        match recorded.operation {
            Operation::Get {
                seq,
                value: Some(_),
            } if seq <= gone => {
                return Err(format!("seq {seq} was read after {gone} had gone"));
            }
            _ => {}
        }
    }
    Ok(())
}
