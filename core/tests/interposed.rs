//! What is asked of the system, told by functions of this program's own in place of the system's: which directories are
//! synced, and what happens when the wall clock stands still.
#![allow(unsafe_code)]

mod common;

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Mutex;

use common::{put, scratch, sized, watchdog};
use plasmite_core::store::{AppendOptions, Client};
use plasmite_core::ErrorKind;

static SYNCED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Notes the file, and goes on to the system's.
#[no_mangle]
extern "C" fn fsync(fd: libc::c_int) -> libc::c_int {
    let path = std::fs::read_link(format!("/proc/self/fd/{fd}"));
    SYNCED.lock().unwrap().extend(path);
    // SAFETY: the caller's descriptor.
    unsafe { libc::syscall(libc::SYS_fsync, fd) as libc::c_int }
}

/// The seconds at which the wall clock stands still; `GOES` when it does not.
static STANDS_AT: AtomicI64 = AtomicI64::new(GOES);
const GOES: i64 = i64::MIN;

/// The system's clocks, but for a wall clock that stands still.
#[no_mangle]
unsafe extern "C" fn clock_gettime(
    clock: libc::clockid_t,
    time: *mut libc::timespec,
) -> libc::c_int {
    let stands_at = STANDS_AT.load(Ordering::Relaxed);
    if clock == libc::CLOCK_REALTIME && stands_at != GOES {
        // SAFETY: the caller's place for the result.
        unsafe { (*time).tv_sec = stands_at as _ };
        // SAFETY: as above.
        unsafe { (*time).tv_nsec = 7 };
        return 0;
    }
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) as libc::c_int }
}

#[test]
fn the_names_of_new_directories_are_synced() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let pools = root.join("new/newer");
    let client = Client::new(Some(&pools)).unwrap();
    let is_synced = |path: &PathBuf| SYNCED.lock().unwrap().contains(path);
    client.create("p", &sized(1 << 16)).unwrap();
    for directory in [root.clone(), root.join("new"), pools.clone()] {
        assert!(is_synced(&directory), "{}", directory.display());
    }
    // Those that are there already are left alone.
    SYNCED.lock().unwrap().clear();
    client.create("q", &sized(1 << 16)).unwrap();
    assert!(is_synced(&pools) && !is_synced(&root) && !is_synced(&root.join("new")));
}

#[test]
fn a_removed_file_is_noticed_though_the_wall_clock_stands_still() {
    let _watchdog = watchdog();
    for seconds in [1_800_000_000, 0, -5] {
        let (_dir, client) = scratch();
        let pool = client.create("p", &sized(1 << 16)).unwrap();
        STANDS_AT.store(seconds, Ordering::Relaxed);
        put(&pool, "1");
        std::fs::remove_file(pool.path()).unwrap();
        // As often as it takes; the watchdog barks.
        let error = loop {
            match pool.append_json(b"1", &AppendOptions::default()) {
                Ok(_) => std::thread::yield_now(),
                Err(error) => break error,
            }
        };
        STANDS_AT.store(GOES, Ordering::Relaxed);
        assert_eq!(error.kind(), ErrorKind::NotFound, "{seconds}: {error}");
    }
}
