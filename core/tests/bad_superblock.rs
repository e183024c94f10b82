//! Superblocks that the disk cannot read, or that another program damages while they are looked at.
#![allow(unsafe_code)]

mod common;

use std::cell::Cell;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use common::{put, scratch, sized, watchdog};
use plasmite_core::doctor::Report;
use plasmite_core::store::{Client, PoolOptions};

/// What happens when this thread next reads the superblock with pread.
#[derive(Clone, Copy)]
enum Next {
    Nothing,
    /// The disk cannot read it.
    Fails,
    /// Before that, another program damages it in this file.
    Damaged(i32),
}

thread_local! {
    static NEXT: Cell<Next> = const { Cell::new(Next::Nothing) };
}

/// pread of this test program.
#[no_mangle]
extern "C" fn pread64(fd: i32, bytes: *mut libc::c_void, len: usize, offset: i64) -> isize {
    if offset < 4096 {
        match NEXT.with(Cell::get) {
            Next::Nothing => {}
            Next::Fails => {
                // SAFETY: the thread's own place for it.
                unsafe { *libc::__errno_location() = libc::EIO };
                return -1;
            }
            Next::Damaged(file) => {
                NEXT.with(|next| next.set(Next::Nothing));
                // SAFETY: one byte of a constant, to a file that the test keeps open.
                unsafe { libc::pwrite(file, b"!".as_ptr().cast(), 1, 200) };
            }
        }
    }
    // SAFETY: the caller's arguments, passed on.
    unsafe { libc::syscall(libc::SYS_pread64, fd, bytes, len, offset) as isize }
}

/// A pool of nine messages, and its file.
fn patient() -> (tempfile::TempDir, Client, File) {
    let (dir, client) = scratch();
    let pool = client.create("p", &sized(12_288)).unwrap();
    (0..9).for_each(|_| _ = put(&pool, "1"));
    let file = File::options().read(true).write(true).open(pool.path());
    (dir, client, file.unwrap())
}

fn examine(client: &Client) -> Report {
    let mut doctor = client.doctor(Some("p")).unwrap();
    while doctor.step(10_000).unwrap() {}
    doctor.reports()[0].clone()
}

/// One look at the superblock decides, which is made with read: an examination ended with an error when it was damaged
/// before another one with pread. The enemies (enemy.rs) damage it at any time.
#[test]
fn damaged_meanwhile() {
    let _watchdog = watchdog();
    let (_dir, client, file) = patient();
    NEXT.with(|next| next.set(Next::Damaged(file.as_raw_fd())));
    let report = examine(&client);
    NEXT.with(|next| next.set(Next::Nothing));
    assert_eq!(report.issue_count, 0, "{report:?}");
    file.write_all_at(b"!", 200).unwrap();
    let found = examine(&client).issues;
    assert_eq!(found[0].finding.name(), "superblock", "{found:?}");
}

/// The messages tell what it said.
#[test]
fn salvaged_without_it() {
    let _watchdog = watchdog();
    let (_dir, client, _file) = patient();
    NEXT.with(|next| next.set(Next::Fails));
    let salvaged = client.salvage("p", "out", &PoolOptions::default());
    NEXT.with(|next| next.set(Next::Nothing));
    assert_eq!(salvaged.unwrap().messages, 9);
}
