//! The Rust shim: the SDK, with a serde struct as the object. See ../native.h.

use plasmite_sdk::{AppendOptions, Client, Next, Pool, Result, TailOptions, ViewBatch, Wait};
use std::ffi::{c_char, CStr};
use std::time::Instant;

#[derive(serde::Serialize, serde::Deserialize)]
struct Reading {
    sensor: String,
    reading: f64,
    count: i64,
    ok: bool,
    note: String,
}

/// One text; the layout of `plsm_bytes_t`.
#[repr(C)]
pub struct Text {
    data: *const u8,
    len: usize,
}

/// # Safety
/// As [`rust_append_text`] says.
unsafe fn slices<'a>(texts: *const Text, texts_len: usize) -> Vec<&'a [u8]> {
    // SAFETY: the caller's promise.
    let texts = unsafe { std::slice::from_raw_parts(texts, texts_len) };
    // SAFETY: the caller's promise.
    texts
        .iter()
        .map(|text| unsafe { std::slice::from_raw_parts(text.data, text.len) })
        .collect()
}

/// # Safety
/// A path that ends in NUL.
unsafe fn pool_at(path: *const c_char) -> Result<Pool> {
    // SAFETY: the caller's promise.
    let path = unsafe { CStr::from_ptr(path) }.to_string_lossy();
    Client::new("")?.open_pool(&path)
}

fn readings(texts: &[&[u8]]) -> Vec<Reading> {
    texts
        .iter()
        .map(|text| serde_json::from_slice(text).expect("a standard message"))
        .collect()
}

/// Nanoseconds, or 0 after a failure, which is told.
fn timed(work: impl FnOnce() -> Result<()>) -> u64 {
    let start = Instant::now();
    match work() {
        Ok(()) => u64::try_from(start.elapsed().as_nanos()).unwrap_or(0),
        Err(error) => {
            eprintln!("bench: Rust: {error}");
            0
        }
    }
}

/// # Safety
/// `path` ends in NUL; `texts` are `texts_len` texts of readable bytes.
#[no_mangle]
pub unsafe extern "C" fn rust_append_text(
    path: *const c_char,
    texts: *const Text,
    texts_len: usize,
    count: u64,
) -> u64 {
    // SAFETY: the caller's promise.
    let (texts, pool) = unsafe { (slices(texts, texts_len), pool_at(path)) };
    let options = AppendOptions::new();
    let pool = pool.expect("the pool");
    timed(|| {
        for text in texts.iter().cycle().take(count as usize) {
            pool.append(text, &options)?;
        }
        Ok(())
    })
}

/// # Safety
/// As [`rust_append_text`].
#[no_mangle]
pub unsafe extern "C" fn rust_append_objects(
    path: *const c_char,
    texts: *const Text,
    texts_len: usize,
    count: u64,
) -> u64 {
    // SAFETY: the caller's promise.
    let (texts, pool) = unsafe { (slices(texts, texts_len), pool_at(path)) };
    let (objects, options) = (readings(&texts), AppendOptions::new());
    let pool = pool.expect("the pool");
    timed(|| {
        for object in objects.iter().cycle().take(count as usize) {
            pool.append_value(object, &options)?;
        }
        Ok(())
    })
}

/// # Safety
/// As [`rust_append_text`].
#[no_mangle]
pub unsafe extern "C" fn rust_append_batches(
    path: *const c_char,
    texts: *const Text,
    texts_len: usize,
    count: u64,
) -> u64 {
    // SAFETY: the caller's promise.
    let (texts, pool) = unsafe { (slices(texts, texts_len), pool_at(path)) };
    let (objects, options) = (readings(&texts), AppendOptions::new());
    let pool = pool.expect("the pool");
    timed(|| {
        for batch in objects.chunks(64).cycle().take(count as usize / 64) {
            pool.append_values(batch, &options)?;
        }
        Ok(())
    })
}

/// # Safety
/// `path` ends in NUL; `out_sum` may be written.
#[no_mangle]
pub unsafe extern "C" fn rust_read_objects(
    path: *const c_char,
    expected: u64,
    out_sum: *mut i64,
) -> u64 {
    // SAFETY: the caller's promise.
    let pool = unsafe { pool_at(path) }.expect("the pool");
    let mut tail = pool
        .tail(&TailOptions::new().snapshot(true))
        .expect("a stream");
    let mut batch = ViewBatch::new(32);
    let (mut sum, mut seen) = (0, 0);
    let took = timed(|| {
        while let Next::Message(views) = tail.next_views(&mut batch, Wait::Forever)? {
            for view in views {
                let object: Reading = view.data()?;
                sum += object.count;
                seen += u64::from(object.sensor.len() == 9 && object.reading > 0.0);
            }
        }
        Ok(())
    });
    // SAFETY: the caller's promise.
    unsafe { *out_sum = sum };
    if seen == expected {
        took
    } else {
        0
    }
}
