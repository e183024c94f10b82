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

/// What others can do to a file by way of its directory, or may have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Everybody may put another file in its place.
    Replaceable,
    /// Everybody may put files there, and this one is of a user who is neither this process's nor the directory's.
    OfStranger(u32),
}

/// How a file is exposed, if it is.
///
/// # Errors
/// As the system says.
pub fn exposure_of(file: &Path) -> io::Result<Option<Exposure>> {
    let directory = std::fs::metadata(parent_of(file))?;
    if !is_open_to_all(&directory) {
        return Ok(None);
    }
    if directory.mode() & STICKY == 0 {
        return Ok(Some(Exposure::Replaceable));
    }
    let owner = std::fs::metadata(file)?.uid();
    let is_known = is_mine(owner) || owner == directory.uid();
    Ok((!is_known).then_some(Exposure::OfStranger(owner)))
}

fn is_mine(owner: u32) -> bool {
    // SAFETY: a plain question.
    owner == unsafe { libc::geteuid() }
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
    if is_open_to_all(&directory) && !is_mine(owner) && owner != directory.uid() {
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
#[path = "../../tests/common/left_out.rs"]
mod left_out;

#[cfg(test)]
mod tests {
    use super::left_out::left_out;
    use super::*;
    use std::os::unix::fs::{symlink, PermissionsExt};

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    fn exposed_files() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let exposures = || {
            [0o700, 0o770, 0o1777, 0o777].map(|mode| {
                set_mode(dir.path(), mode);
                exposure_of(&file).unwrap()
            })
        };
        let replaceable = Some(Exposure::Replaceable);
        assert_eq!(exposures(), [None, None, None, replaceable]);
        assert!(exposure_of(&dir.path().join("none/file")).is_err());
        if std::os::unix::fs::chown(&file, Some(4321), None).is_err() {
            left_out("a file of another user needs the right to make one");
            return;
        }
        let of_stranger = Some(Exposure::OfStranger(4321));
        assert_eq!(exposures(), [None, None, of_stranger, replaceable]);
        std::os::unix::fs::chown(dir.path(), Some(4321), None).unwrap();
        assert_eq!(exposures(), [None, None, None, replaceable]);
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
            left_out("a link of another user needs the right to make one");
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
