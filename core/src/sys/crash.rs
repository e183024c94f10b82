//! The atomics of a build in which a process can be made to die before any of its stores to shared words, for the test
//! of these deaths. Every store is a point, named after its place in the source, so that none can be forgotten.

use std::panic::Location;
use std::sync::atomic as plain;
use std::sync::atomic::Ordering;
use std::sync::OnceLock;

/// What is called before each store.
pub type Hook = fn(&'static Location<'static>);

static HOOK: OnceLock<Hook> = OnceLock::new();

/// Has `hook` called before each store of this process from now on; only the first one counts.
pub fn before_stores(hook: Hook) {
    let _ = HOOK.set(hook);
}

#[inline]
fn point(place: &'static Location<'static>) {
    if let Some(hook) = HOOK.get() {
        hook(place);
    }
}

macro_rules! atomic {
    ($name:ident, $number:ty) => {
        /// A shared word.
        #[derive(Debug, Default)]
        #[repr(transparent)]
        pub struct $name(plain::$name);

        // Not one by `Deref`: an operation that stores and is not here is to be an error of the compiler.
        #[allow(missing_docs)] // as in std
        impl $name {
            pub const fn new(value: $number) -> $name {
                $name(plain::$name::new(value))
            }

            /// # Safety
            /// As for the standard library's.
            #[allow(unsafe_code)]
            pub const unsafe fn from_ptr<'a>(place: *mut $number) -> &'a $name {
                // SAFETY: this type has the layout of the standard library's, whose rules the caller keeps.
                unsafe { &*place.cast() }
            }

            // Loads are no points.
            pub fn load(&self, order: Ordering) -> $number {
                self.0.load(order)
            }

            pub const fn as_ptr(&self) -> *mut $number {
                self.0.as_ptr()
            }

            #[track_caller]
            pub fn store(&self, value: $number, order: Ordering) {
                point(Location::caller());
                self.0.store(value, order);
            }

            #[track_caller]
            pub fn swap(&self, value: $number, order: Ordering) -> $number {
                point(Location::caller());
                self.0.swap(value, order)
            }

            #[track_caller]
            pub fn fetch_add(&self, value: $number, order: Ordering) -> $number {
                point(Location::caller());
                self.0.fetch_add(value, order)
            }

            #[track_caller]
            pub fn fetch_sub(&self, value: $number, order: Ordering) -> $number {
                point(Location::caller());
                self.0.fetch_sub(value, order)
            }

            #[track_caller]
            pub fn fetch_update(
                &self,
                stored: Ordering,
                loaded: Ordering,
                update: impl FnMut($number) -> Option<$number>,
            ) -> Result<$number, $number> {
                point(Location::caller());
                self.0.fetch_update(stored, loaded, update)
            }

            #[track_caller]
            pub fn fetch_max(&self, value: $number, order: Ordering) -> $number {
                point(Location::caller());
                self.0.fetch_max(value, order)
            }

            #[track_caller]
            pub fn fetch_xor(&self, value: $number, order: Ordering) -> $number {
                point(Location::caller());
                self.0.fetch_xor(value, order)
            }

            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $number,
                new: $number,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$number, $number> {
                point(Location::caller());
                self.0.compare_exchange(current, new, success, failure)
            }
        }
    };
}

atomic!(AtomicU32, u32);
atomic!(AtomicU64, u64);
