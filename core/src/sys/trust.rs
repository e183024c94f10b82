//! Directories in which everybody may put names, and what may have been put there.

#![allow(unsafe_code)]

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::sys::file::parent_of;
use crate::sys::retry::uninterrupted;

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
    let directory = uninterrupted(|| std::fs::metadata(parent_of(file)))?;
    if !is_open_to_all(&directory) {
        return Ok(None);
    }
    if !is_sticky(&directory) {
        return Ok(Some(Exposure::Replaceable));
    }
    let owner = uninterrupted(|| std::fs::metadata(file))?.uid();
    let is_known = is_mine(owner) || owner == directory.uid();
    Ok((!is_known).then_some(Exposure::OfStranger(owner)))
}

fn me() -> u32 {
    // SAFETY: a plain question.
    unsafe { libc::geteuid() }
}

fn is_mine(owner: u32) -> bool {
    owner == me()
}

/// Whether only the owner of a file may replace or remove it in that directory.
pub(super) fn is_sticky(directory: &Metadata) -> bool {
    directory.mode() & STICKY != 0
}

/// Whether this process's user may remove a file of that owner from that sticky directory: its owner may, the directory's,
/// and root.
pub(super) fn may_remove_from_sticky(owner: u32, directory: &Metadata) -> bool {
    is_mine(owner) || is_mine(directory.uid()) || me() == 0
}

/// Whether a symbolic link in that directory may be followed: in one in which everybody may put names only if it belongs to
/// this process's user or to the directory's.
pub(super) fn may_follow(link: &Metadata, directory: &Metadata) -> bool {
    !is_open_to_all(directory) || is_mine(link.uid()) || link.uid() == directory.uid()
}

#[cfg(test)]
#[path = "../../tests/common/left_out.rs"]
pub(super) mod left_out;

#[cfg(test)]
mod tests {
    use super::left_out::left_out;
    use super::*;
    use std::os::unix::fs::PermissionsExt;

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
}
