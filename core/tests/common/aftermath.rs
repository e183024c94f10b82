//! What is left of a pool whose writers have died.

use std::collections::HashMap;
use std::time::Duration;

use plasmite_core::store::{AppendOptions, Client, LockWait, Pool};

/// Whether the lock word, at the beginning of the control page, names an owner.
pub(crate) fn is_held(client: &Client) -> bool {
    let bytes = std::fs::read(client.resolve("p").unwrap()).unwrap();
    bytes[4096..4100] != [0; 4]
}

/// For an append after the death of all others: it may not wait, so the lock of a dead owner is taken over by looking
/// whether the owner lives, or not at all.
pub(crate) fn hasty() -> AppendOptions<'static> {
    AppendOptions {
        lock_wait: LockWait::Try,
        ..AppendOptions::default()
    }
}

/// The n of each writer's last retained message.
pub(crate) fn lasts(pool: &Pool, oldest: u64, newest: u64) -> HashMap<u64, u64> {
    let mut found = HashMap::new();
    for seq in oldest.max(1)..=newest {
        let text = super::get(pool, seq).unwrap();
        let mut numbers = text
            .split(|c: char| !c.is_ascii_digit())
            .filter(|word| !word.is_empty())
            .map(|word| word.parse::<u64>().unwrap());
        if let (Some(writer), Some(n)) = (numbers.next(), numbers.next()) {
            found.insert(writer, n);
        }
    }
    found
}

/// A writer that died: of what was acknowledged nothing is missing, and at most what it was at is there beyond.
pub(crate) fn nothing_lost(known: Option<u64>, writer: u64, acked: u64, slack: u64, oldest: u64) {
    // What is retained is the end of the log: the last message of a writer goes last. Nothing of it is retained when
    // the others wrote a whole ring since, which takes the first message of all away.
    let known = known.unwrap_or(if oldest == 1 { 0 } else { acked });
    assert!(
        known >= acked,
        "writer {writer}: {acked} acknowledged, {known} there, oldest {oldest}"
    );
    assert!(
        known <= acked + slack,
        "writer {writer}: {known} there, {acked} acknowledged, oldest {oldest}"
    );
}

fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[(times.len() - 1) * percent / 100]
}

/// Of the times that others took to go on.
pub(crate) fn percentiles(times: &[Duration]) -> String {
    if times.is_empty() {
        return "none".to_owned();
    }
    let [p50, p99, max] = [50, 99, 100].map(|percent| percentile(times, percent));
    format!("p50 {p50:?}, p99 {p99:?}, max {max:?}")
}
