//! The whole-file lock (`flock`) that writers of older pool formats hold while they append.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Takes the file for oneself, without waiting; false when another description of it has it. Given back
/// when the file is closed.
pub fn try_exclusive(file: &File) -> io::Result<bool> {
    loop {
        // SAFETY: an open descriptor.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
            return Ok(true);
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EWOULDBLOCK) => return Ok(false),
            Some(libc::EINTR) => continue,
            _ => return Err(error),
        }
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
        assert!(try_exclusive(&a).unwrap());
        assert!(!try_exclusive(&b).unwrap());
        drop(a);
        assert!(try_exclusive(&b).unwrap());
    }
}
