//! The one door for atomics and fences, so that a model checker can stand in for them.

#[cfg(all(feature = "crash-points", not(loom)))]
pub use super::crash::{AtomicU32, AtomicU64};
#[cfg(loom)]
pub use super::mortal::{fence, AtomicU32, AtomicU64, Ordering};
#[cfg(not(loom))]
pub use std::sync::atomic::{compiler_fence, fence, AtomicBool, AtomicI32, AtomicUsize, Ordering};
#[cfg(all(not(feature = "crash-points"), not(loom)))]
pub use std::sync::atomic::{AtomicU32, AtomicU64};

/// A full barrier between stores before and loads after, for a place that follows a sequentially
/// consistent read-modify-write with nothing but the barrier in between.
///
/// On x86 that read-modify-write is a full barrier already and only the compiler has to be held
/// (saves about 10 ns an append); elsewhere it is a real fence.
#[inline(always)]
pub fn full_fence_after_rmw() {
    #[cfg(all(target_arch = "x86_64", not(loom)))]
    compiler_fence(Ordering::SeqCst);
    #[cfg(not(all(target_arch = "x86_64", not(loom))))]
    fence(Ordering::SeqCst);
}

/// Asks for the cache line of a word, to be written soon. Only a hint.
#[inline(always)]
pub fn prefetch_for_write(word: &AtomicU64) {
    #[cfg(all(target_arch = "x86_64", not(loom)))]
    // SAFETY: a prefetch does not access memory.
    #[allow(unsafe_code)]
    unsafe {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_ET0};
        _mm_prefetch::<_MM_HINT_ET0>(word.as_ptr().cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(loom))))]
    let _ = word;
}

/// Asks for the cache line of a word, to be read soon. Only a hint.
#[inline(always)]
pub fn prefetch_for_read(word: &AtomicU64) {
    #[cfg(all(target_arch = "x86_64", not(loom)))]
    // SAFETY: a prefetch does not access memory.
    #[allow(unsafe_code)]
    unsafe {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        _mm_prefetch::<_MM_HINT_T0>(word.as_ptr().cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(loom))))]
    let _ = word;
}

/// Tells the processor that this is a spin loop.
#[inline(always)]
pub fn pause() {
    #[cfg(not(loom))]
    std::hint::spin_loop();
    #[cfg(loom)]
    loom::thread::yield_now();
}
