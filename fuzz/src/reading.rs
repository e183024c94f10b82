//! Reads a pool in every way there is, and checks what must hold whatever its bytes are.

use std::sync::{Arc, OnceLock};

use plasmite_core::filter::{Filter, FilterOptions};
use plasmite_core::store::{GapPolicy, Next, OpenOptions, Pool, Start, TailOptions, View, Wait};
use plasmite_core::{Error, ErrorKind};

use crate::{scratch, tally};

/// More steps than any pool here has frames: a stream that takes them does not end.
const STEPS: usize = 4000;

/// What a stream from the oldest message on gave.
#[derive(Debug, PartialEq)]
pub struct Read {
    pub seqs: Vec<u64>,
    pub errors: usize,
}

/// Opens the pool; an error must be one that a damaged file may give.
pub fn open(name: &str, read_only: bool) -> Option<Pool> {
    match scratch::client().open(name, &OpenOptions { read_only }) {
        Ok(pool) => Some(pool),
        Err(error) => {
            // NotFound: its control page says that it was deleted.
            known(
                &error,
                &[ErrorKind::Corrupt, ErrorKind::Usage, ErrorKind::NotFound],
            );
            None
        }
    }
}

pub fn known(error: &Error, kinds: &[ErrorKind]) {
    assert!(kinds.contains(&error.kind()), "{error:?}");
    assert!(!error.message().is_empty());
    tell(error);
}

/// Damage is what an input is refused for; that a seq is not there is not.
fn tell(error: &Error) {
    if error.kind() == ErrorKind::Corrupt {
        tally::refused();
    }
}

fn filters() -> &'static [Arc<Filter>] {
    static FILTERS: OnceLock<Vec<Arc<Filter>>> = OnceLock::new();
    FILTERS.get_or_init(|| {
        // One that is a plan, one that only the engine can run.
        let compiled = [
            ".data.n > 3 or (.meta.tags | contains([\"three\"]))",
            "[.data] | length > 0",
        ];
        let filter =
            |text: &&str| Arc::new(Filter::new(text, &FilterOptions::default()).expect("a filter"));
        compiled.iter().map(filter).collect()
    })
}

/// The same while others alter the file, who may make messages up: in one way, by turns.
pub fn racing(pool: &Pool, turn: usize) {
    let ways = ways();
    stream(pool, &ways[turn % ways.len()], false);
    each(pool, [1, 7, u64::MAX]);
}

fn ways() -> [TailOptions<'static>; 6] {
    [
        TailOptions::default(),
        TailOptions {
            start: Start::Last(3),
            tags: &[b"three"],
            ..TailOptions::default()
        },
        TailOptions {
            start: Start::Time(1),
            gap: GapPolicy::Event,
            ..TailOptions::default()
        },
        TailOptions {
            start: Start::Now,
            backwards: true,
            ..TailOptions::default()
        },
        TailOptions {
            start: Start::Seq(7),
            gap: GapPolicy::Error,
            ..TailOptions::default()
        },
        TailOptions {
            filters: filters(),
            max: Some(9),
            ..TailOptions::default()
        },
    ]
}

/// Everything. Damage gives Corrupt or a gap, never anything but JSON, never no end, and seqs rise.
pub fn everything(pool: &Pool) -> Read {
    let [_, others @ ..] = ways();
    for options in others {
        stream(pool, &options, true);
    }
    let plain = plainly(pool);
    in_place(pool);
    each(
        pool,
        plain
            .seqs
            .iter()
            .copied()
            .take(6)
            .chain([0, 1, 2, 50, u64::MAX]),
    );
    plain
}

/// A stream of all there is.
pub fn plainly(pool: &Pool) -> Read {
    stream(pool, &TailOptions::default(), true)
}

fn each(pool: &Pool, seqs: impl IntoIterator<Item = u64>) {
    for seq in seqs {
        let mut out = Vec::new();
        match pool.get_envelope(seq, &mut out) {
            Ok(()) => json(&out),
            Err(error) => known(&error, &[ErrorKind::NotFound, ErrorKind::Corrupt]),
        }
        if let Ok(message) = pool.get(seq) {
            let _ = message.message().to_lite3_document(&mut out);
        }
    }
    let _ = (
        pool.bounds(),
        pool.info(),
        pool.layout(STEPS),
        pool.warnings(),
        pool.writers(),
    );
}

fn stream(pool: &Pool, options: &TailOptions<'_>, calm: bool) -> Read {
    let mut read = Read {
        seqs: Vec::new(),
        errors: 0,
    };
    let stream = match pool.tail(options) {
        Ok(stream) => stream,
        Err(error) => {
            known(
                &error,
                &[
                    ErrorKind::Corrupt,
                    ErrorKind::Usage,
                    ErrorKind::NotFound,
                    ErrorKind::RetentionGap,
                ],
            );
            read.errors = 1;
            return read;
        }
    };
    // Backwards, messages made up with right checksums come as they lie.
    let in_order = calm && !options.backwards;
    let mut out = Vec::new();
    for _ in 0..STEPS {
        out.clear();
        match stream.next_envelope(Wait::Try, &mut out) {
            Ok(Next::Message(seq)) => {
                json(&out);
                if let (Some(last), true) = (read.seqs.last(), in_order) {
                    assert!(seq > *last, "{seq} after {last}");
                }
                read.seqs.push(seq);
            }
            Ok(Next::Gap(gap)) => assert!(gap.first <= gap.last, "{gap:?}"),
            Ok(Next::Timeout | Next::End) => return read,
            Ok(other) => panic!("{other:?}"),
            Err(error) => {
                // Usage: a message for which a filter gives no truth value.
                known(
                    &error,
                    &[
                        ErrorKind::Corrupt,
                        ErrorKind::RetentionGap,
                        ErrorKind::Usage,
                        ErrorKind::NotFound,
                    ],
                );
                read.errors += 1;
                // A control page that is altered under a stream stays so: each call tells.
                if error.kind() == ErrorKind::NotFound || (!calm && read.errors > 20) {
                    return read;
                }
            }
        }
    }
    panic!("no end: {options:?}");
}

/// Views into the file itself, also while others write to it.
pub fn in_place(pool: &Pool) {
    let options = TailOptions {
        in_place: true,
        snapshot: true,
        ..TailOptions::default()
    };
    let Ok(stream) = pool.tail(&options) else {
        return;
    };
    let mut views = [const { View::empty() }; 4];
    let mut errors = 0;
    for _ in 0..STEPS {
        match stream.next_many(Wait::Try, &mut views) {
            Ok((Next::Message(_), count)) => views[..count].iter().for_each(look),
            Ok((Next::Timeout | Next::End, _)) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound || errors > 20 => return,
            Err(_) => errors += 1,
        }
    }
    panic!("no end of views");
}

fn look(view: &View) {
    let mut out = Vec::new();
    let _ = view.quick_member(b"n").map(|value| value.as_i64());
    let Ok(message) = view.message() else { return };
    for filter in filters() {
        let _ = filter.matches(&message, || view.still_valid(), &mut 0);
    }
    if let Ok(Some(value)) = message.data_value() {
        let _ = value.get(b"a").map(|found| found.map(|array| array.at(1)));
        let _ = value.entries().map(|entries| entries.take(50).count());
    }
    let _ = message.write_data(&mut out);
}

/// What goes out as JSON is JSON.
fn json(text: &[u8]) {
    let parsed: Result<serde::de::IgnoredAny, _> = {
        let mut parser = serde_json::Deserializer::from_slice(text);
        serde::Deserialize::deserialize(&mut parser)
    };
    // The twin's own limit of nesting is lower than ours.
    if let Err(error) = parsed {
        assert!(
            error.to_string().contains("recursion"),
            "{error}: {}",
            String::from_utf8_lossy(text)
        );
    }
}
