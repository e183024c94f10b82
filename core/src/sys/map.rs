//! A shared mapping of a whole file, offered as words.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::OnceLock;

use memmap2::{MmapOptions, MmapRaw};

use crate::sys::atomic::AtomicU64;
use crate::sys::guard;
use crate::sys::retry::uninterrupted;

/// Words of the smallest page there is.
const PAGE_WORDS: usize = 4096 / 8;

/// What a mapping that is not guarded knows of truncation.
static NEVER: AtomicBool = AtomicBool::new(false);

/// Bytes of this machine's pages, which are the smallest there are, or larger.
fn page_size() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    *SIZE.get_or_init(|| {
        // SAFETY: a plain question; the answer is -1 where it is unknown.
        usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(PAGE_WORDS * 8)
    })
}

/// Where the page begins that an offset lies in.
fn page_start(offset: usize, page: usize) -> usize {
    offset - offset % page
}

/// The mapping. Other processes may change its bytes at any time, so it is only ever looked at
/// through atomic words.
#[derive(Debug)]
pub struct Mapping {
    map: MmapRaw,
    writable: bool,
    /// In the guard's table, or [`NEVER`] when that has no room.
    truncated: &'static AtomicBool,
    by_page: AtomicBool,
    slot: Option<guard::Slot>,
}

impl Mapping {
    /// Maps the first `len` bytes, which the file must have.
    pub fn new(file: &File, len: usize, writable: bool) -> io::Result<Mapping> {
        let mut options = MmapOptions::new();
        options.len(len);
        let map = if writable {
            options.map_raw(file)?
        } else {
            options.map_raw_read_only(file)?
        };
        let slot = guard::register(map.as_ptr() as usize, len);
        let truncated = slot.as_ref().map_or(&NEVER, guard::Slot::truncated);
        Ok(Mapping {
            map,
            writable,
            truncated,
            by_page: AtomicBool::new(false),
            slot,
        })
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether it is empty; no pool's mapping is.
    pub fn is_empty(&self) -> bool {
        self.map.len() == 0
    }

    /// Whether words may be stored to.
    pub fn is_writable(&self) -> bool {
        self.writable
    }

    /// Whether the file was cut under the mapping; known only with [`guard::install`].
    #[inline]
    pub fn is_truncated(&self) -> bool {
        self.truncated.load(Ordering::Relaxed)
    }

    /// Base address, for views that cross the C boundary.
    pub fn base(&self) -> *const u8 {
        self.map.as_ptr()
    }

    /// The words from byte `offset` on, `count` of them. In a read-only mapping they must only be
    /// loaded; a store faults.
    ///
    /// # Panics
    /// If `offset` is not a multiple of 8 or the range leaves the mapping.
    pub fn words(&self, offset: usize, count: usize) -> &[AtomicU64] {
        let len = count.checked_mul(8).expect("a range of memory");
        assert!(
            offset.is_multiple_of(8)
                && offset.checked_add(len).is_some_and(|end| end <= self.len())
        );
        // SAFETY: in bounds, aligned (the base is page aligned), alive as long as `self`. Atomics are
        // interior mutable, so other processes' and threads' changes are allowed; nothing in the
        // library makes a plain reference to these bytes.
        unsafe {
            std::slice::from_raw_parts(self.map.as_ptr().add(offset).cast::<AtomicU64>(), count)
        }
    }

    /// A reference to a structure of atomics at byte `offset`.
    ///
    /// # Safety
    /// `T` must consist of atomics and padding only, so that any bytes are a valid value and
    /// concurrent changes are allowed.
    ///
    /// # Panics
    /// If it does not lie in the mapping, aligned.
    pub unsafe fn structure<T>(&self, offset: usize) -> &T {
        assert!(offset.is_multiple_of(std::mem::align_of::<T>()));
        assert!(offset
            .checked_add(std::mem::size_of::<T>())
            .is_some_and(|end| end <= self.len()));
        // SAFETY: in bounds, aligned, alive as long as `self`; the rest is the caller's promise.
        unsafe { &*self.map.as_ptr().add(offset).cast::<T>() }
    }

    /// Has the kernel cache the file page by page from now on. By itself it reads ahead in units of up to 2 MiB, and
    /// a sync writes the whole unit when one byte of it changed. Only advice; what is cached already stays as it is.
    #[inline]
    pub fn cache_by_page(&self) {
        if !self.by_page.load(Ordering::Relaxed) {
            self.by_page.store(true, Ordering::Relaxed);
            // SAFETY: the mapping's own range; the advice changes no contents.
            unsafe { libc::madvise(self.map.as_mut_ptr().cast(), self.len(), libc::MADV_RANDOM) };
        }
    }

    /// Puts another file, of the same length, in the place of this one's at one moment. Of a mapping that is only read.
    pub fn replace(&self, file: &impl AsRawFd) -> io::Result<()> {
        assert!(!self.writable);
        // SAFETY: replaces pages of a mapping that `self` owns and never lends out as plain references.
        let placed = unsafe {
            libc::mmap(
                self.map.as_mut_ptr().cast(),
                self.len(),
                libc::PROT_READ,
                libc::MAP_SHARED | libc::MAP_FIXED,
                file.as_raw_fd(),
                0,
            )
        };
        if placed == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// Makes every page dirty, so that the next sync writes it, without changing a byte.
    pub fn dirty(&self) {
        for word in self.words(0, self.len() / 8).iter().step_by(PAGE_WORDS) {
            // Not an addition of 0: the compiler knows that it changes nothing, and leaves it out.
            let mut value = word.load(Ordering::Relaxed);
            while let Err(now) =
                word.compare_exchange(value, value, Ordering::Relaxed, Ordering::Relaxed)
            {
                value = now;
            }
        }
    }

    /// Waits until the pages of a range are on the disk.
    pub fn sync(&self, offset: usize, len: usize) -> io::Result<()> {
        self.sync_pages(offset, len, page_size())
    }

    /// The same on a machine with pages of that size.
    fn sync_pages(&self, offset: usize, len: usize, page: usize) -> io::Result<()> {
        let end = (offset + len).min(self.len());
        let start = page_start(offset, page).min(end);
        uninterrupted(|| {
            // SAFETY: the range lies in the mapping.
            let result = unsafe {
                let first = self.map.as_ptr().add(start).cast_mut().cast();
                libc::msync(first, end - start, libc::MS_SYNC)
            };
            match result {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            guard::unregister(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// What this thread asked the system to sync: address and length.
        static SYNCED: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
        /// How many of its next syncs a signal interrupts.
        static INTERRUPTED: Cell<u32> = const { Cell::new(0) };
    }

    /// In the place of the system's, for all of this test program. Notes the range, and goes on to the system's with whole
    /// pages of this machine.
    #[no_mangle]
    extern "C" fn msync(start: *mut libc::c_void, len: usize, flags: libc::c_int) -> libc::c_int {
        SYNCED.set((start as usize, len));
        let interrupted = INTERRUPTED.get();
        INTERRUPTED.set(interrupted.saturating_sub(1));
        // SAFETY: this thread's own word, and the caller's range.
        unsafe {
            if interrupted > 0 {
                *libc::__errno_location() = libc::EINTR;
                return -1;
            }
            libc::syscall(libc::SYS_msync, start, len, flags) as libc::c_int
        }
    }

    fn mapped(bytes: &[u8]) -> (tempfile::TempDir, Mapping) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        (dir, Mapping::new(&file, bytes.len(), true).unwrap())
    }

    /// The control page lies in the first page of the file where pages are larger than 4 KiB.
    #[test]
    fn syncs_begin_where_a_page_begins() {
        assert!(page_size().is_power_of_two() && page_size() >= PAGE_WORDS * 8);
        let (_dir, map) = mapped(&[7; 200_000]);
        let base = map.base() as usize;
        for (page, offset, len, start) in [
            (65536, 4096, 4096, 0),
            (16384, 4096, 4096, 0),
            (65536, 70_000, 8, 65536),
            (4096, 4096 + 512, 8, 4096),
            (65536, 150_000, 100_000, 131_072),
        ] {
            map.sync_pages(offset, len, page).unwrap();
            let end = (offset + len).min(map.len());
            assert_eq!(SYNCED.get(), (base + start, end - start), "{page} {offset}");
        }
        map.sync(page_size() + 8, 8).unwrap();
        assert_eq!(SYNCED.get(), (base + page_size(), 16));
    }

    #[test]
    fn interrupted_syncs_go_on() {
        let (_dir, map) = mapped(&[7; 4096]);
        INTERRUPTED.set(3);
        map.sync(0, 4096).unwrap();
        assert_eq!(INTERRUPTED.get(), 0);
    }

    /// A store that was left out would not end the child.
    #[test]
    fn dirtying_stores_to_every_page() {
        let bytes: Vec<u8> = (0..3 * 4096 + 16).map(|at| at as u8).collect();
        let (dir, map) = mapped(&bytes);
        map.dirty();
        assert_eq!(std::fs::read(dir.path().join("file")).unwrap(), bytes);
        for page in 0..4 {
            // SAFETY: the child only stores to its own copy of the mapping; nothing else runs in it.
            let status = unsafe {
                let child = libc::fork();
                if child == 0 {
                    libc::signal(libc::SIGSEGV, libc::SIG_DFL);
                    let start = map.base().add(page * 4096).cast_mut().cast();
                    libc::mprotect(start, 4096, libc::PROT_READ);
                    map.dirty();
                    libc::_exit(0);
                }
                let mut status = 0;
                assert_eq!(libc::waitpid(child, &mut status, 0), child);
                status
            };
            assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGSEGV);
        }
    }
}
