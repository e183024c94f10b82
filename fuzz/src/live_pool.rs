//! A pool is altered while readers read it and a writer writes to it.

use std::sync::atomic::{AtomicBool, Ordering};

use libfuzzer_sys::arbitrary::Unstructured;
use plasmite_core::store::{AppendOptions, LockWait, Pool};

use crate::{image, reading};

/// Most changes of an input.
const CHANGES: usize = 24;
/// Looks of a reader, at most: it ends when the changes are made.
const LOOKS: usize = 200;

pub fn run(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let Ok(base) = input.choose(image::bases()) else {
        return;
    };
    let file = image::write("p", &base.bytes, true);
    let (Some(writable), Some(read_only)) = (reading::open("p", false), reading::open("p", true))
    else {
        panic!("a sound pool");
    };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers = [
            scope.spawn(|| reader(&writable, &done, true)),
            scope.spawn(|| reader(&read_only, &done, false)),
        ];
        let mut bytes = base.bytes.clone();
        for _ in 0..CHANGES {
            if input.is_empty() {
                break;
            }
            match input.ratio(1, 4) {
                Ok(true) => append(&writable),
                // The length stays: a file that is cut under a mapping is not survived without the guard.
                _ => {
                    let before = bytes.clone();
                    let _ = image::alter(base, &mut bytes, &mut input);
                    bytes.resize(before.len(), 0);
                    write_changes(&file, &before, &bytes);
                }
            }
        }
        done.store(true, Ordering::Relaxed);
        // Joined, and not just awaited: what a thread keeps for itself is freed at its very end.
        for reader in readers {
            if let Err(panic) = reader.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    let _ = writable.get(1);
    drop(read_only);
}

fn append(pool: &Pool) {
    let options = AppendOptions {
        lock_wait: LockWait::Try,
        ..AppendOptions::default()
    };
    // Whatever it says: what it writes to is not sound.
    let _ = pool.append_json(b"{\"n\":4,\"a\":[true]}", &options);
}

/// Writes what differs, and nothing else of what writers have written meanwhile.
fn write_changes(file: &std::fs::File, before: &[u8], after: &[u8]) {
    use std::os::unix::fs::FileExt;
    let differs = |at: &usize| before[*at] != after[*at];
    let Some(first) = (0..before.len()).find(differs) else {
        return;
    };
    let last = (0..before.len()).rev().find(differs).unwrap_or(first);
    file.write_all_at(&after[first..=last], first as u64)
        .expect("room");
}

fn reader(pool: &Pool, done: &AtomicBool, all: bool) {
    for turn in 0..LOOKS {
        let last = done.load(Ordering::Relaxed);
        if all {
            reading::racing(pool, turn);
        } else {
            reading::in_place(pool);
        }
        if last {
            return;
        }
    }
}
