//! What is asked of the system, told by functions of this program's own in place of the system's: which directories are
//! synced, what happens when the wall clock stands still, and when a name becomes another one in the middle of a call.
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

/// The calls by which a pool could be found and removed once more, at each of which another user may act.
const MOMENTS: [&str; 6] = [
    "realpath",
    "faccessat",
    "openat",
    "readlinkat",
    "unlink",
    "unlinkat",
];
/// Which of them is the moment: its number above, and how many of those calls come before it.
static MOMENT: Mutex<Option<(&str, usize)>> = Mutex::new(None);
/// What is put in the place of what.
static SWAP: Mutex<Option<(PathBuf, PathBuf)>> = Mutex::new(None);

/// Acts as the other user, if this is the moment.
fn moment(call: &str) {
    {
        let mut moment = MOMENT.lock().unwrap();
        match &mut *moment {
            Some((name, 0)) if *name == call => {}
            Some((name, left)) if *name == call => {
                *left -= 1;
                return;
            }
            _ => return,
        }
        *moment = None;
    }
    if let Some((new, path)) = SWAP.lock().unwrap().take() {
        std::fs::rename(new, path).unwrap();
    }
}

/// Functions that note the moment and go on to the system's.
macro_rules! at_a_moment {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty = $call:ident($($given:expr),*);)*) => {$(
        #[no_mangle]
        unsafe extern "C" fn $name($($arg: $type),*) -> $answer {
            moment(stringify!($name));
            // SAFETY: the caller's arguments.
            unsafe { libc::syscall(libc::$call, $($given),*) as $answer }
        }
    )*};
}

type Text = *const libc::c_char;
type Int = libc::c_int;

at_a_moment! {
    faccessat(at: Int, path: Text, mode: Int, _flags: Int) -> Int = SYS_faccessat(at, path, mode);
    openat(at: Int, path: Text, flags: Int, mode: libc::mode_t) -> Int = SYS_openat(at, path, flags, mode);
    readlinkat(at: Int, path: Text, to: *mut libc::c_char, len: usize) -> isize = SYS_readlinkat(at, path, to, len);
    unlink(path: Text) -> Int = SYS_unlinkat(libc::AT_FDCWD, path, 0);
    unlinkat(at: Int, path: Text, flags: Int) -> Int = SYS_unlinkat(at, path, flags);
}

/// The same for a function that is more than a call.
#[no_mangle]
unsafe extern "C" fn realpath(path: Text, to: *mut libc::c_char) -> *mut libc::c_char {
    moment("realpath");
    // SAFETY: the caller's arguments, and a function of the C library's.
    unsafe {
        let real = libc::dlsym(libc::RTLD_NEXT, c"realpath".as_ptr());
        let real: unsafe extern "C" fn(Text, *mut libc::c_char) -> *mut libc::c_char =
            std::mem::transmute(real);
        real(path, to)
    }
}

/// What lies behind a link that took the pool's name, at any moment of its deletion, is no part of it.
#[test]
fn a_pool_that_becomes_a_link_while_it_is_deleted() {
    let _watchdog = watchdog();
    let mut swapped = 0;
    for call in MOMENTS {
        for nth in 0..8 {
            for through_link in [false, true] {
                let (dir, client) = scratch();
                let foreign = tempfile::tempdir().unwrap();
                let precious = foreign.path().join("precious");
                std::fs::write(&precious, "x").unwrap();
                let pool = client.create("p", &sized(1 << 16)).unwrap();
                let link = dir.path().join("link");
                std::os::unix::fs::symlink(&precious, &link).unwrap();
                let name = if through_link { "to" } else { "p" };
                if through_link {
                    let to = dir.path().join("to.plasmite");
                    std::os::unix::fs::symlink("p.plasmite", to).unwrap();
                }
                *SWAP.lock().unwrap() = Some((link, pool.path().to_path_buf()));
                *MOMENT.lock().unwrap() = Some((call, nth));
                let deleted = client.delete(name);
                *MOMENT.lock().unwrap() = None;
                swapped += usize::from(SWAP.lock().unwrap().take().is_none());
                assert!(precious.exists(), "{call} {nth}: {deleted:?}");
                if let Err(error) = deleted {
                    assert_eq!(error.kind(), ErrorKind::NotFound, "{call} {nth}: {error}");
                }
            }
        }
    }
    assert!(swapped > 10, "{swapped}");
}
