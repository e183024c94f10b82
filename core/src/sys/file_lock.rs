//! The whole-file lock (`flock`) that writers of older pool formats hold while they append.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// The lock, held; given back when dropped, also when a forked child has inherited the descriptor.
#[derive(Debug)]
pub struct FileLock<'a>(&'a File);

/// Takes the file for oneself, without waiting; `None` when another description of it has it.
pub fn try_exclusive(file: &File) -> io::Result<Option<FileLock<'_>>> {
    loop {
        // SAFETY: an open descriptor.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
            return Ok(Some(FileLock(file)));
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EWOULDBLOCK) => return Ok(None),
            Some(libc::EINTR) => continue,
            _ => return Err(error),
        }
    }
}

impl Drop for FileLock<'_> {
    fn drop(&mut self) {
        // SAFETY: an open descriptor, which the lock borrows.
        unsafe { libc::flock(self.0.as_raw_fd(), libc::LOCK_UN) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "").unwrap();
        let (a, b) = (File::open(&path).unwrap(), File::open(&path).unwrap());
        let held = try_exclusive(&a).unwrap();
        assert!(held.is_some() && try_exclusive(&b).unwrap().is_none());
        // Another descriptor of the same description does not keep it.
        let _inherited = a.try_clone().unwrap();
        drop(held);
        assert!(try_exclusive(&b).unwrap().is_some());
    }
}
