//! Open-file-description byte locks: held until the description's last descriptor is closed, which
//! the kernel does when a process dies.

#![allow(unsafe_code)]

use std::io;
use std::ops::Range;

fn request(kind: libc::c_int, at: i64) -> libc::flock {
    request_range(kind, at, 1)
}

fn request_range(kind: libc::c_int, at: i64, len: i64) -> libc::flock {
    // SAFETY: all-zero is a valid flock; l_pid must be 0 for these commands.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = at;
    lock.l_len = len;
    lock
}

fn set(fd: libc::c_int, kind: libc::c_int, at: i64) -> io::Result<bool> {
    let lock = request(kind, at);
    loop {
        // SAFETY: `lock` lives through the call.
        if unsafe { libc::fcntl(fd, libc::F_OFD_SETLK, &lock) } == 0 {
            return Ok(true);
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EAGAIN) | Some(libc::EACCES) => return Ok(false),
            Some(libc::EINTR) => continue,
            _ => return Err(error),
        }
    }
}

/// Takes the byte for writing; false when another description has it in any way.
pub fn try_write(fd: libc::c_int, at: i64) -> io::Result<bool> {
    set(fd, libc::F_WRLCK, at)
}

/// Takes the byte for reading; false when another description has it for writing.
pub fn try_read(fd: libc::c_int, at: i64) -> io::Result<bool> {
    set(fd, libc::F_RDLCK, at)
}

/// Gives the byte back.
pub fn unlock(fd: libc::c_int, at: i64) -> io::Result<()> {
    set(fd, libc::F_UNLCK, at).map(|_| ())
}

/// Whether another description holds the byte for writing. One's own lock does not show.
pub fn is_write_locked(fd: libc::c_int, at: i64) -> io::Result<bool> {
    Ok(write_lock_in(fd, at, 1)?.is_some())
}

/// How many locks for writing other descriptions have in a range, counted up to `most`.
pub fn count_write_locks(fd: libc::c_int, range: Range<i64>, most: u32) -> io::Result<u32> {
    // The kernel tells one lock, not the first one: what lies on both sides of it is still to be asked about.
    let mut ranges = vec![range];
    let mut count = 0;
    while let Some(range) = ranges.pop().filter(|_| count < most) {
        if range.is_empty() {
            continue;
        }
        if let Some(lock) = write_lock_in(fd, range.start, range.end - range.start)? {
            count += 1;
            let end = lock.l_start.saturating_add(lock.l_len.max(1));
            ranges.push(range.start..lock.l_start);
            ranges.push(end..range.end);
        }
    }
    Ok(count)
}

/// A lock for writing that another description has in a range.
fn write_lock_in(fd: libc::c_int, at: i64, len: i64) -> io::Result<Option<libc::flock>> {
    let mut lock = request_range(libc::F_RDLCK, at, len);
    loop {
        // SAFETY: `lock` is valid for the kernel's answer.
        if unsafe { libc::fcntl(fd, libc::F_OFD_GETLK, &mut lock) } == 0 {
            let found = i32::from(lock.l_type) != libc::F_UNLCK;
            return Ok(found.then_some(lock));
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::EINTR) {
            return Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn locks_exclude_other_descriptions_and_end_with_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "").unwrap();
        let open = || {
            std::fs::OpenOptions::new()
                .read(true)
                .write(true)
                .open(&path)
                .unwrap()
        };
        let (a, b) = (open(), open());
        let at = (1 << 62) + 5;
        assert!(try_write(a.as_raw_fd(), at).unwrap());
        assert!(!is_write_locked(a.as_raw_fd(), at).unwrap());
        assert!(is_write_locked(b.as_raw_fd(), at).unwrap());
        assert!(!try_read(b.as_raw_fd(), at).unwrap());
        assert!(try_write(b.as_raw_fd(), at + 1).unwrap());
        let count = |most| count_write_locks(a.as_raw_fd(), at - 9..at + 9, most).unwrap();
        assert_eq!((count(9), count(0)), (1, 0), "its own does not show");
        let third = open();
        assert!(try_write(third.as_raw_fd(), at - 9).unwrap());
        assert!(try_read(third.as_raw_fd(), at + 3).unwrap());
        assert!(try_write(third.as_raw_fd(), at + 9).unwrap());
        assert_eq!((count(9), count(1)), (2, 1));
        drop(a);
        assert!(!is_write_locked(b.as_raw_fd(), at).unwrap());
        assert!(try_read(b.as_raw_fd(), at).unwrap());
        unlock(b.as_raw_fd(), at).unwrap();
    }
}
