//! Floors of the benches: the least work that a path cannot avoid, timed over many messages in one call.
//!
//! Every function runs `count` times over the given texts in turn and returns the nanoseconds that took on
//! the monotonic clock, or 0 when its input was unusable (not JSON, no texts, a ring too small).

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One text; the layout of `plsm_bytes_t`.
#[repr(C)]
pub struct Text {
    data: *const u8,
    len: usize,
}

/// # Safety
/// `texts` points to `texts_len` texts, each of which points to `len` readable bytes, for the whole of `'a`.
unsafe fn slices<'a>(texts: *const Text, texts_len: usize) -> Vec<&'a [u8]> {
    // SAFETY: the caller's promise.
    let texts = unsafe { std::slice::from_raw_parts(texts, texts_len) };
    // SAFETY: the caller's promise.
    texts
        .iter()
        .map(|text| unsafe { std::slice::from_raw_parts(text.data, text.len) })
        .collect()
}

fn elapsed(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos())
        .unwrap_or(u64::MAX)
        .max(1)
}

/// P: serde_json walks each text and keeps nothing (`IgnoredAny`).
///
/// # Safety
/// As `slices`.
#[no_mangle]
pub unsafe extern "C" fn floor_parse(texts: *const Text, texts_len: usize, count: u64) -> u64 {
    // SAFETY: the caller's promise.
    let texts = unsafe { slices(texts, texts_len) };
    let start = Instant::now();
    for text in texts.iter().cycle().take(count as usize) {
        match serde_json::from_slice::<serde_core::de::IgnoredAny>(black_box(text)) {
            Ok(value) => black_box(value),
            Err(_) => return 0,
        };
    }
    elapsed(start)
}

/// W: serde_json writes each text, parsed to a `Value` before the clock starts, into one reused `Vec`.
///
/// # Safety
/// As `slices`.
#[no_mangle]
pub unsafe extern "C" fn floor_write(texts: *const Text, texts_len: usize, count: u64) -> u64 {
    // SAFETY: the caller's promise.
    let texts = unsafe { slices(texts, texts_len) };
    let values: Result<Vec<serde_json::Value>, _> = texts
        .iter()
        .map(|text| serde_json::from_slice(text))
        .collect();
    let Ok(values) = values else { return 0 };
    let mut out = Vec::with_capacity(4096);
    let start = Instant::now();
    for value in values.iter().cycle().take(count as usize) {
        out.clear();
        if serde_json::to_writer(&mut out, black_box(value)).is_err() {
            return 0;
        }
        black_box(out.as_slice());
    }
    elapsed(start)
}

/// F: for each message the wall clock, a compare-and-swap to lock and one to unlock, a copy into the ring
/// and a CRC-32C, which is stored behind it with the time.
///
/// # Safety
/// As `slices`; `ring` points to `ring_len` writable bytes, 8-aligned, that nobody else uses meanwhile. Its first
/// 64 bytes hold the lock.
#[no_mangle]
pub unsafe extern "C" fn floor_frame(
    ring: *mut u8,
    ring_len: usize,
    texts: *const Text,
    texts_len: usize,
    count: u64,
) -> u64 {
    const START: usize = 64;
    // SAFETY: the caller's promise.
    let texts = unsafe { slices(texts, texts_len) };
    let longest = texts.iter().map(|text| text.len()).max().unwrap_or(0);
    if texts.is_empty() || ring_len < START + longest + 24 {
        return 0;
    }
    // SAFETY: the ring is 8-aligned and longer than the lock; atomics may be shared.
    let lock = unsafe { &*ring.cast::<AtomicU32>() };
    lock.store(0, Ordering::Relaxed);
    let mut place = START;
    let start = Instant::now();
    for text in texts.iter().cycle().take(count as usize) {
        let text = black_box(*text);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_nanos() as u64);
        let crc = crc32c::crc32c(text);
        if lock
            .compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            return 0;
        }
        let padded = text.len().next_multiple_of(8);
        if place + padded + 16 > ring_len {
            place = START;
        }
        // SAFETY: `place + padded + 16 <= ring_len` holds, after the wrap too because the longest text fits; the text is
        // outside the ring.
        unsafe {
            let target = ring.add(place);
            std::ptr::copy_nonoverlapping(text.as_ptr(), target, text.len());
            target.add(padded).cast::<u64>().write(now);
            target.add(padded + 8).cast::<u64>().write(u64::from(crc));
        }
        place += padded + 16;
        if lock
            .compare_exchange(1, 0, Ordering::Release, Ordering::Relaxed)
            .is_err()
        {
            return 0;
        }
    }
    elapsed(start)
}
