//! What the process tests share: scratch directories, messages that prove themselves, witnesses.
#![allow(dead_code, unused_imports)] // each test binary uses its part

mod aftermath;
mod forge;
mod left_out;
mod mounts;
mod old_file;
pub(crate) mod old_pool;
mod process;
mod victim;

use std::collections::HashMap;
use std::time::Duration;

use plasmite_core::store::{
    AppendOptions, Client, GapPolicy, LockWait, Pool, PoolOptions, Start, TailOptions, View,
};
use plasmite_core::{Error, ErrorKind};

pub(crate) use aftermath::{hasty, is_held, lasts, nothing_lost, percentiles};
pub(crate) use forge::Forge;
pub(crate) use left_out::left_out;
pub(crate) use mounts::{mount, with_mounts};
pub(crate) use process::{
    alone, become_nobody, fork, say, until, watchdog, watchdog_for, Board, Process,
};
pub(crate) use victim::{envelope, synced, Victim};

/// A directory that goes away, and a client of it.
pub(crate) fn scratch() -> (tempfile::TempDir, Client) {
    let dir = tempfile::tempdir().unwrap();
    let client = Client::new(Some(dir.path())).unwrap();
    (dir, client)
}

/// As [`scratch`], where syncs cost nothing if there is such a place: for tests that sync thousands of times.
pub(crate) fn scratch_in_memory() -> (tempfile::TempDir, Client) {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let dir = dir.unwrap();
    let client = Client::new(Some(dir.path())).unwrap();
    (dir, client)
}

/// What comes from now on, without end.
pub(crate) const NOW: TailOptions<'static> = TailOptions {
    start: Start::Now,
    end_seq: None,
    backwards: false,
    max: None,
    timeout: None,
    gap: GapPolicy::Continue,
    tags: &[],
    filters: &[],
    snapshot: false,
    in_place: false,
    spin: Duration::ZERO,
    poll: false,
};

/// Options for a pool of this size in bytes.
pub(crate) fn sized(size: u64) -> PoolOptions {
    PoolOptions {
        size,
        ..PoolOptions::default()
    }
}

/// Append options that wait so long as it takes.
pub(crate) fn patient() -> AppendOptions<'static> {
    AppendOptions {
        lock_wait: LockWait::Forever,
        ..AppendOptions::default()
    }
}

/// Appends without options.
pub(crate) fn put(pool: &Pool, json: &str) -> u64 {
    pool.append_json(json.as_bytes(), &AppendOptions::default())
        .unwrap()
        .seq
}

/// An unsigned number from the environment.
pub(crate) fn env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// How long a test at full speed runs: `PLASMITE_SOAK` seconds, else this.
pub(crate) fn soak(short: Duration) -> Duration {
    env("PLASMITE_SOAK").map_or(short, Duration::from_secs)
}

/// A small generator of numbers (xorshift), for choices that can be repeated.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// The n-th message of a writer: its text follows from the two numbers, so that a reader can tell
/// whether what it got is what was written. The padding is shorter than `spread` bytes. The workers of the soak in
/// other languages (tests/soak) make the same.
pub(crate) fn message(writer: u64, n: u64, spread: u64) -> String {
    let mut state = (writer as u32)
        .wrapping_mul(0x9e37_79b1)
        .wrapping_add((n as u32).wrapping_mul(0x85eb_ca77));
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    let len = 30 + next() as usize % spread.max(1) as usize;
    let mut text = format!("{{\"w\":{writer},\"n\":{n},\"p\":\"");
    while text.len() < len {
        text.push((b'a' + (next() % 26) as u8) as char);
    }
    text.push_str("\"}");
    text
}

/// Writer and n of a message text, which must be exactly what was written.
pub(crate) fn proven(text: &str, spread: u64) -> (u64, u64) {
    let number = |name: &str| -> u64 {
        let start = text
            .find(name)
            .unwrap_or_else(|| panic!("no {name}: {text}"))
            + name.len();
        let rest = &text[start..];
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap();
        rest[..end].parse().unwrap()
    };
    let (writer, n) = (number("\"w\":"), number("\"n\":"));
    assert_eq!(text, message(writer, n, spread), "not what was written");
    (writer, n)
}

/// The data part of an envelope.
pub(crate) fn data_of(envelope: &[u8]) -> &str {
    let text = std::str::from_utf8(envelope).unwrap();
    &text[text.find(",\"data\":").unwrap() + 8..text.len() - 1]
}

/// The data of a message by seq.
pub(crate) fn get(pool: &Pool, seq: u64) -> Result<String, Error> {
    let mut out = Vec::new();
    pool.get_envelope(seq, &mut out)?;
    Ok(data_of(&out).to_string())
}

/// The bytes of the data behind a view, whatever they are; `None` when they cannot be read or were overwritten.
pub(crate) fn look_at_all(view: &View) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let message = view.message().ok()?;
    message.write_data(&mut out).ok()?;
    view.still_valid().then_some(out)
}

/// The data behind a view; `None` when it was overwritten while we looked.
pub(crate) fn look(view: &View) -> Option<String> {
    let mut out = Vec::new();
    let result = view
        .message()
        .and_then(|message| message.write_data(&mut out));
    if !view.still_valid() {
        return None;
    }
    result.unwrap();
    Some(String::from_utf8(out).unwrap())
}

/// Checks what one reader sees: seqs without holes but the reported ones, and each writer's
/// messages in its own order, without holes but the reported ones.
#[derive(Default)]
pub(crate) struct Witness {
    pub(crate) next: Option<u64>,
    pub(crate) seen: u64,
    last_of: HashMap<u64, u64>,
    gap: HashMap<u64, bool>,
}

impl Witness {
    pub(crate) fn saw(&mut self, seq: u64, (writer, n): (u64, u64)) {
        if let Some(next) = self.next {
            assert_eq!(
                seq, next,
                "a seq came twice, too late, or was skipped without a word"
            );
        }
        self.next = Some(seq + 1);
        self.seen += 1;
        let after_gap = self.gap.insert(writer, false).unwrap_or(true);
        if let Some(last) = self.last_of.insert(writer, n) {
            if after_gap {
                assert!(n > last, "writer {writer}: {n} after {last}");
            } else {
                assert_eq!(n, last + 1, "writer {writer} at seq {seq}");
            }
        }
    }

    /// A gap, and the oldest seq that the pool had when it was asked afterwards, 0 if it held none.
    pub(crate) fn lost(&mut self, first: u64, last: u64, oldest: u64) {
        assert!(first <= last);
        assert!(
            oldest == 0 || oldest > last,
            "a gap from {first} to {last} has what is retained, from {oldest} on"
        );
        if let Some(next) = self.next {
            assert_eq!(first, next, "the gap does not begin where reading ended");
        }
        self.next = Some(last + 1);
        self.gap.values_mut().for_each(|gap| *gap = true);
    }
}

/// Looks at a whole pool with fresh eyes: layout, every retained message by seq and in a stream,
/// all proven, without a hole. Nobody may be writing.
pub(crate) fn inspect(pool: &Pool, spread: u64) -> (u64, u64) {
    use plasmite_core::store::{Next, TailOptions, Wait};
    let bounds = pool.bounds().unwrap();
    let layout = pool.layout(usize::MAX).unwrap();
    assert_eq!(layout.frames.len() as u64, bounds.count);
    let seqs: Vec<u64> = layout.frames.iter().map(|frame| frame.seq).collect();
    let stream = pool.tail(&TailOptions::default()).unwrap();
    let mut witness = Witness::default();
    let mut out = Vec::new();
    loop {
        out.clear();
        match stream.next_envelope(Wait::Try, &mut out).unwrap() {
            Next::Message(seq) => {
                let text = data_of(&out);
                assert_eq!(get(pool, seq).unwrap(), text);
                assert_eq!(seqs.get(witness.seen as usize), Some(&seq));
                witness.saw(seq, proven(text, spread));
            }
            Next::Timeout => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(witness.seen, bounds.count);
    for seq in [bounds.oldest.wrapping_sub(1), bounds.newest + 1] {
        assert_eq!(get(pool, seq).unwrap_err().kind(), ErrorKind::NotFound);
    }
    (bounds.oldest, bounds.newest)
}
