//! Large allocations that the system refuses, each in turn: whoever reads messages gets Io, and the process lives. What does
//! not ask for memory before it takes it would end this program.
#![allow(unsafe_code)]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::{scratch_in_memory, sized, watchdog};
use plasmite_core::filter::{Filter, FilterOptions};
use plasmite_core::store::{
    AppendOptions, Client, Next, OpenOptions, Pool, TailOptions, View, Wait,
};
use plasmite_core::{ErrorKind, Result};

/// From how many bytes on an allocation is large.
const LARGE: usize = 64 << 10;

thread_local! {
    /// Which of this thread's next large allocations is refused, from 1 on; 0 for none.
    static REFUSED: Cell<usize> = const { Cell::new(0) };
    /// Whether all later ones are refused as well.
    static FOR_EVER: Cell<bool> = const { Cell::new(false) };
}
thread_local! {
    /// Bytes that this thread has from the allocator.
    static LIVE: Cell<usize> = const { Cell::new(0) };
}
thread_local! {
    /// How many of this thread's were refused.
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fn refuses(size: usize) -> bool {
    if size < LARGE || REFUSED.get() == 0 {
        return false;
    }
    if REFUSED.get() > 1 {
        REFUSED.set(REFUSED.get() - 1);
        return false;
    }
    if !FOR_EVER.get() {
        REFUSED.set(0);
    }
    COUNT.set(COUNT.get() + 1);
    true
}

fn count(more: usize, less: usize) {
    // What another thread gave up may be more than this one ever had.
    LIVE.set(LIVE.get().wrapping_add(more).wrapping_sub(less));
}

/// Refuses what it is told to.
struct Refusing;

// SAFETY: the system's allocator does the work; null is an answer that it may give as well.
unsafe impl GlobalAlloc for Refusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match refuses(layout.size()) {
            true => std::ptr::null_mut(),
            false => {
                count(layout.size(), 0);
                // SAFETY: the caller's contract is the system's.
                unsafe { System.alloc(layout) }
            }
        }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match refuses(layout.size()) {
            true => std::ptr::null_mut(),
            false => {
                count(layout.size(), 0);
                // SAFETY: as above.
                unsafe { System.alloc_zeroed(layout) }
            }
        }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match refuses(size) {
            true => std::ptr::null_mut(),
            false => {
                count(size, layout.size());
                // SAFETY: as above.
                unsafe { System.realloc(pointer, layout, size) }
            }
        }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Refusing = Refusing;

/// Runs `work` with each of its large allocations refused, once and with all behind it. It succeeds, or fails as it should.
fn with_each_refused(name: &str, work: impl FnMut() -> Result<()>) {
    assert!(refusals(name, work) > 0, "{name} takes nothing");
}

/// The same; gives how many there were.
fn refusals(name: &str, mut work: impl FnMut() -> Result<()>) -> usize {
    let mut met = 0;
    for for_ever in [false, true] {
        for nth in 1.. {
            assert!(nth < 10_000, "{name} asks for ever more");
            COUNT.set(0);
            FOR_EVER.set(for_ever);
            REFUSED.set(nth);
            let result = work();
            REFUSED.set(0);
            if COUNT.get() == 0 {
                result.unwrap_or_else(|error| panic!("{name}: {error:?}"));
                break;
            }
            met += 1;
            if let Err(error) = result {
                assert_eq!(error.kind(), ErrorKind::Io, "{name}, {nth}: {error:?}");
                let hint = error.hint().unwrap_or_default();
                assert!(hint.contains("ulimit -v"), "{name}, {nth}: {error:?}");
            }
        }
    }
    met
}

/// JSON of all forms that are long in a way of their own.
fn long_ones() -> Vec<(&'static str, String)> {
    let count = 60_000;
    let list = |item: &dyn Fn(usize) -> String| {
        let items: Vec<String> = (0..count).map(item).collect();
        items.join(",")
    };
    vec![
        ("text", format!("{{\"n\":\"{}\"}}", "x".repeat(1 << 20))),
        (
            "escapes",
            format!("{{\"n\":\"{}\"}}", "\\u0001\\n".repeat(1 << 18)),
        ),
        (
            "numbers",
            format!("{{\"n\":[{}]}}", list(&|n| n.to_string())),
        ),
        ("floats", format!("[{}]", list(&|n| format!("{n}.5e-7")))),
        (
            "keys",
            format!("{{{}}}", list(&|n| format!("\"key{n}\":null"))),
        ),
        (
            "nested",
            format!(
                "{{\"n\":[{}]}}",
                list(&|n| match n % 10 {
                    0 => "[[1,[2]],{\"a\":{}}]".to_string(),
                    _ => n.to_string(),
                })
            ),
        ),
        ("scalar", format!("\"{}\"", "y\\t".repeat(1 << 18))),
        (
            "large numbers",
            format!("[{}]", list(&|n| format!("18446744073709{n:06}"))),
        ),
    ]
}

fn read_only() -> OpenOptions {
    OpenOptions { read_only: true }
}

/// Everything that a stream with these options gives.
fn read_all(pool: &Pool, options: &TailOptions<'_>) -> Result<()> {
    let stream = pool.tail(options)?;
    let mut view = View::empty();
    loop {
        match stream.next(Wait::Try, &mut view)? {
            Next::Message(_) => {
                let mut out = Vec::new();
                view.message()?
                    .write_envelope(&mut out, &mut Default::default())?;
            }
            Next::Gap(_) => {}
            _ => return Ok(()),
        }
    }
}

fn read_texts(pool: &Pool, options: &TailOptions<'_>) -> Result<()> {
    let stream = pool.tail(options)?;
    let mut out = Vec::new();
    loop {
        out.clear();
        match stream.next_envelope(Wait::Try, &mut out)? {
            Next::End | Next::Timeout => return Ok(()),
            _ => {}
        }
    }
}

fn filled(client: &Client, json: &str) -> Pool {
    let pool = client.create("p", &sized(16 << 20)).unwrap();
    let tags = ["a", "b"];
    let options = AppendOptions {
        tags: &tags.map(str::as_bytes),
        ..AppendOptions::default()
    };
    for data in ["1", json, "2"] {
        pool.append_json(data.as_bytes(), &options).unwrap();
    }
    pool
}

#[test]
fn readers_of_long_messages() {
    let _watchdog = watchdog();
    for (name, json) in long_ones() {
        let (dir, client) = scratch_in_memory();
        let pool = filled(&client, &json);
        let called = |what: &str| format!("{name}, {what}");
        with_each_refused(&called("get"), || pool.get(2).map(drop));
        with_each_refused(&called("get as text"), || {
            pool.get_envelope(2, &mut Vec::new())
        });
        with_each_refused(&called("get in place"), || {
            let view = pool.view(2)?;
            let mut out = Vec::new();
            view.message()?.write_data(&mut out)?;
            view.message()?
                .to_lite3_document(&mut out)
                .or_else(|error| {
                    // What Lite3 cannot hold.
                    match error.kind() {
                        ErrorKind::Usage => Ok(()),
                        _ => Err(error),
                    }
                })
        });
        for in_place in [false, true] {
            for backwards in [false, true] {
                let options = TailOptions {
                    in_place,
                    backwards,
                    ..TailOptions::default()
                };
                with_each_refused(&called("stream"), || read_all(&pool, &options));
                with_each_refused(&called("stream of texts"), || read_texts(&pool, &options));
            }
        }
        // A copy of the file that nobody has recovered: views in place are copies.
        let copy = dir.path().join("copy.plasmite");
        std::fs::copy(pool.path(), &copy).unwrap();
        with_each_refused(&called("copies"), || {
            let copied = client.open("copy", &read_only())?;
            copied.view(2)?;
            let options = TailOptions {
                in_place: true,
                ..TailOptions::default()
            };
            read_all(&copied, &options)
        });
    }
}

#[test]
fn filters_of_long_messages() {
    let _watchdog = watchdog();
    let mut met = 0;
    // Data that is kept as text is built out of small pieces.
    for (name, json) in long_ones().into_iter().take(6) {
        let (_dir, client) = scratch_in_memory();
        let pool = filled(&client, &json);
        for expression in [
            ".data.n? == \"x\"",
            ".data.n? | contains(\"yx\")?",
            "[.data?] | length > 7",
            ".data.n? | length? > 7",
            "(.data | tojson | length) > 7",
        ] {
            let Ok(filter) = Filter::new(expression, &FilterOptions::default()) else {
                panic!("{expression}");
            };
            let filters = [std::sync::Arc::new(filter)];
            for in_place in [false, true] {
                let options = TailOptions {
                    in_place,
                    filters: &filters,
                    ..TailOptions::default()
                };
                met += refusals(&format!("{name}, {expression}"), || {
                    match read_all(&pool, &options) {
                        // A limit of its own comes first.
                        Err(error) if error.kind() == ErrorKind::Usage => Ok(()),
                        result => result,
                    }
                });
            }
        }
    }
    assert!(met > 0);
}

/// A thread's buffers are for messages of usual length.
#[test]
fn what_a_long_message_took_is_given_back() {
    let (_dir, client) = scratch_in_memory();
    let long = format!("\"{}\"", "x".repeat(4 << 20));
    let pool = filled(&client, &long);
    let before = LIVE.get();
    let mut out = Vec::new();
    pool.get_envelope(2, &mut out).unwrap();
    drop(out);
    let kept = LIVE.get().saturating_sub(before);
    assert!(kept < 2 << 20, "{kept} bytes are kept");
}
