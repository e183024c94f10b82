//! Directories in which everybody may put names, and the symbolic links that may have been put there.

#![allow(unsafe_code)]

use std::fs::{Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::sys::file::parent_of;

/// Others may write.
const BY_OTHERS: u32 = 0o002;
/// In such a directory only the owner of a file may replace it.
const STICKY: u32 = 0o1000;

fn is_open_to_all(directory: &Metadata) -> bool {
    directory.mode() & BY_OTHERS != 0
}

/// Whether everybody may replace the files of others in a directory.
pub fn lets_all_replace(directory: &Path) -> io::Result<bool> {
    let data = std::fs::metadata(directory)?;
    Ok(is_open_to_all(&data) && data.mode() & STICKY == 0)
}

/// Where a symbolic link leads. One in a directory in which everybody may put names is followed only if it
/// belongs to this process's user or to the directory's.
///
/// # Errors
/// PermissionDenied for other links; as the system says.
pub fn target_of(link: &Path) -> io::Result<PathBuf> {
    let directory = std::fs::metadata(parent_of(link))?;
    // The link itself, once: what is asked about it and what is read is of the same one.
    let held = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_PATH | libc::O_NOFOLLOW)
        .open(link)?;
    let owner = held.metadata()?.uid();
    // SAFETY: a plain question.
    let mine = owner == unsafe { libc::geteuid() };
    if is_open_to_all(&directory) && !mine && owner != directory.uid() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "a symbolic link of another user, in a directory in which everybody may put one",
        ));
    }
    Ok(parent_of(link).join(read_link(&held)?))
}

fn read_link(held: &std::fs::File) -> io::Result<PathBuf> {
    use std::os::fd::AsRawFd;
    use std::os::unix::ffi::OsStringExt;
    let mut target = vec![0u8; libc::PATH_MAX as usize];
    // SAFETY: an open descriptor, an empty path for the link itself, and a place as large as said.
    let len = unsafe {
        libc::readlinkat(
            held.as_raw_fd(),
            c"".as_ptr(),
            target.as_mut_ptr().cast(),
            target.len(),
        )
    };
    let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
    target.truncate(len);
    Ok(std::ffi::OsString::from_vec(target).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{symlink, PermissionsExt};

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    fn directories() {
        let dir = tempfile::tempdir().unwrap();
        for (mode, all) in [
            (0o700, false),
            (0o770, false),
            (0o1777, false),
            (0o777, true),
        ] {
            set_mode(dir.path(), mode);
            assert_eq!(lets_all_replace(dir.path()).unwrap(), all, "{mode:o}");
        }
        assert!(lets_all_replace(&dir.path().join("none")).is_err());
    }

    #[test]
    fn links() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        symlink("target", &link).unwrap();
        for mode in [0o700, 0o1777, 0o777] {
            set_mode(dir.path(), mode);
            assert_eq!(target_of(&link).unwrap(), dir.path().join("target"));
        }
        assert!(target_of(&dir.path().join("none")).is_err());
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(target_of(&dir.path().join("file")).is_err());
        if std::os::unix::fs::lchown(&link, Some(4321), None).is_err() {
            println!("left out: a link of another user needs the right to make one");
            return;
        }
        for (mode, followed) in [(0o700, true), (0o1777, false), (0o777, false)] {
            set_mode(dir.path(), mode);
            assert_eq!(target_of(&link).is_ok(), followed, "{mode:o}");
        }
        std::os::unix::fs::chown(dir.path(), Some(4321), None).unwrap();
        assert!(target_of(&link).is_ok());
    }
}
