//! Deep nesting, keys that collide, giant keys, counts and lengths: taken or refused, in memory that the input's size
//! bounds and without work that grows with its square, at which the watchdog would bark.
#![allow(unsafe_code)]

mod codec;
mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use codec::{nested, use_everything};
use common::{data_of, patient, scratch_in_memory, sized, watchdog};
use plasmite_core::filter::{Filter, FilterOptions, LONGEST};
use plasmite_core::ingest::{Ingest, Mode, OnFault, Options, Step};
use plasmite_core::json::{Encoded, Encoder};
use plasmite_core::limits::MAX_DEPTH;
use plasmite_core::message::tags;
use plasmite_core::store::AppendOptions;
use plasmite_core::ErrorKind;

/// Counts what is allocated.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller's contract is the system's.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test at a time, since all allocate from the same.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// Runs `work`, which may take `factor` times the input's size, and a mebibyte for what is always there.
#[track_caller]
fn within<T>(factor: usize, input: usize, work: impl FnOnce() -> T) -> T {
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let result = work();
    let taken = PEAK.load(Ordering::Relaxed).saturating_sub(before);
    let most = factor * input + (1 << 20);
    assert!(taken <= most, "{taken} bytes for an input of {input}");
    result
}

fn alone() -> std::sync::MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Keys with one DJB2 hash: each two letters weigh the same.
fn colliding(bits: u32) -> impl Iterator<Item = String> {
    let letters = move |key: u32, bit: u32| ["Ez", "FY"][(key >> bit & 1) as usize];
    (0..1 << bits).map(move |key| (0..bits).map(|bit| letters(key, bit)).collect())
}

#[test]
fn nesting() {
    let _alone = alone();
    let _watchdog = watchdog();
    let mut encoder = Encoder::new();
    for depth in [MAX_DEPTH, MAX_DEPTH + 1, 100_000, 3_000_000] {
        for form in 0..3 {
            let text = nested(depth, form);
            for cut in [text.len(), text.len() / 2] {
                let text = &text.as_bytes()[..cut];
                let mut out = Vec::new();
                let encoded = within(4, text.len(), || encoder.encode(text, &mut out));
                let whole = cut == depth * 2 + 1 || cut == nested(depth, form).len();
                assert_eq!(
                    encoded.is_ok(),
                    depth <= MAX_DEPTH && whole,
                    "{depth}, {cut}"
                );
                if let Err(error) = encoded {
                    assert_eq!(error.kind(), ErrorKind::Usage);
                }
                for mode in [
                    Mode::Auto,
                    Mode::JsonLines,
                    Mode::Json,
                    Mode::Sequence,
                    Mode::Events,
                ] {
                    within(8, text.len(), || read(mode, text, usize::MAX));
                }
            }
        }
    }
}

/// Reads all records; how many there were, and how many faults.
fn read(mode: Mode, input: &[u8], piece: usize) -> (u64, u64) {
    let options = Options {
        mode,
        on_fault: OnFault::Skip,
        ..Options::default()
    };
    let mut ingest = Ingest::new(options);
    let mut rest = input;
    loop {
        match ingest.next_checked() {
            Step::More if rest.is_empty() => ingest.finish(),
            Step::More => {
                let (now, behind) = rest.split_at(piece.min(rest.len()));
                ingest.push(now);
                rest = behind;
            }
            Step::End => return (ingest.counts().records, ingest.counts().faults),
            _ => {}
        }
    }
}

#[test]
fn a_record_that_comes_in_crumbs() {
    let _alone = alone();
    let _watchdog = watchdog();
    // Whoever looked at all of it again with each piece would look at 32 GiB.
    let text = format!("[\"{}\"]", "x".repeat(8 << 20));
    for mode in [Mode::Auto, Mode::Values, Mode::JsonLines, Mode::Json] {
        let found = within(8, text.len(), || read(mode, text.as_bytes(), 1024));
        assert_eq!(found, (1, 0), "{mode:?}");
    }
    let lines = "data: 1,\n".repeat(400_000);
    let events = format!("data: [\n{lines}data: 1]\n\n");
    let found = within(8, events.len(), || {
        read(Mode::Events, events.as_bytes(), 100)
    });
    assert_eq!(found, (1, 0));
}

#[test]
fn keys_that_collide() {
    let _alone = alone();
    let _watchdog = watchdog();
    let (_dir, client) = scratch_in_memory();
    let pool = client.create("p", &sized(64 << 20)).unwrap();
    for bits in [3, 7, 8, 12, 18] {
        let members: Vec<String> = colliding(bits).map(|key| format!("\"{key}\":1")).collect();
        let object = format!("{{{}}}", members.join(","));
        let twice = format!("[{object},{object}]");
        // Each key comes twice: the last value is the one that counts.
        let again = format!(
            "{{{},{}}}",
            members.join(","),
            members.join(",").replace(":1", ":2")
        );
        for (text, expected) in [
            (&object, object.clone()),
            (&twice, twice.clone()),
            (&again, object.replace(":1", ":2")),
        ] {
            let text = text.as_bytes();
            let seq = within(40, text.len(), || {
                pool.append_json(text, &patient()).unwrap().seq
            });
            let mut out = Vec::new();
            within(8, text.len(), || pool.get_envelope(seq, &mut out).unwrap());
            assert!(data_of(&out) == expected, "{bits} bits came out other");
        }
    }
}

#[test]
fn giant_keys_and_counts() {
    let _alone = alone();
    let _watchdog = watchdog();
    let mut encoder = Encoder::new();
    let mut out = Vec::new();
    let many = |count: usize, item: &dyn Fn(usize) -> String| {
        (0..count).map(item).collect::<Vec<_>>().join(",")
    };
    let escaped = "\\u00e9".repeat(1 << 19);
    for text in [
        format!("{{\"{}\":1}}", "k".repeat(8 << 20)),
        format!("{{\"{escaped}\":\"{escaped}\"}}"),
        format!("[{}]", many(1_000_000, &|_| "0".into())),
        format!("{{{}}}", many(500_000, &|n| format!("\"{n}\":{n}"))),
        format!("[{}]", many(300_000, &|_| "{}".into())),
        format!("[{}]", "9".repeat(4 << 20)),
        format!("[0.{}1e-5]", "0".repeat(4 << 20)),
        format!(
            "[{}]",
            many(60_000, &|n| format!(
                "{{\"{}\":[]}}",
                "\u{1f600}".repeat(n % 7)
            ))
        ),
    ] {
        out.clear();
        // A Lite3 node of 96 bytes is what "{}" takes.
        let encoded = within(150, text.len(), || {
            encoder.encode(text.as_bytes(), &mut out)
        });
        match encoded {
            Ok(Encoded::Lite3) => within(20, out.len() + text.len(), || use_everything(&out)),
            Ok(Encoded::Text) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::Usage),
        }
    }
    // A sum with the tags' length that begins anew at 0 is no length.
    let (_dir, client) = scratch_in_memory();
    let pool = client.create("p", &sized(20_000)).unwrap();
    for len in (0..100).map(|less| usize::MAX - less) {
        let options = AppendOptions {
            tags: &[b"twenty bytes of a tag", b"and more"],
            ..patient()
        };
        let error = pool.reserve(len, &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{len}");
    }
    let tag = vec![b't'; 17 << 20];
    let error = within(1, tag.len(), || {
        tags::encode([&tag[..]], &mut Vec::new()).unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::Usage);
}

/// Documents that claim more than they have. They are written as JSON in several ways into one buffer.
#[test]
fn claims_of_lite3() {
    let _alone = alone();
    let _watchdog = watchdog();
    let mut sound = Vec::new();
    let text = "{\"key\":\"value\",\"list\":[1,2,3,4,5,6,7,8,9,10],\"o\":{\"a\":{}}}";
    Encoder::new().encode(text.as_bytes(), &mut sound).unwrap();
    sound.resize(1 << 16, 0);
    for at in (0..400).step_by(2) {
        for claim in [
            u32::MAX,
            1 << 31,
            1 << 26,
            (1 << 16) - 4,
            (1 << 26) - 1,
            96,
            0,
        ] {
            let mut document = sound.clone();
            document[at..at + 4].copy_from_slice(&claim.to_le_bytes());
            within(100, document.len(), || use_everything(&document));
        }
    }
    // Nothing but nodes that name each other.
    for word in [0u32, 96, 4, 1 << 6 | 7, 7 << 26 | 96] {
        let document: Vec<u8> = word.to_le_bytes().repeat(1 << 14);
        within(100, document.len(), || use_everything(&document));
    }
}

#[test]
fn expressions() {
    let _alone = alone();
    let _watchdog = watchdog();
    for piece in [
        "(",
        "[",
        "{a:",
        ".a|",
        "not|",
        "if .a then ",
        "\"\\(",
        ".[",
        "..|",
        "-",
        "try ",
        "def f: ",
        "1,",
        "(.) as $x|",
        "//1",
    ] {
        for close in ["", "1"] {
            let text = piece.repeat((LONGEST - 8) / piece.len()) + close;
            // Refused or compiled; a term takes some hundred bytes.
            within(2000, text.len(), || {
                let _ = Filter::new(&text, &FilterOptions::default());
            });
        }
    }
    let long = "1,".repeat(LONGEST);
    let error = Filter::new(&long, &FilterOptions::default()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Usage);
}
