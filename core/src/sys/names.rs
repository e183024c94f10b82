//! Names in directories that are held open. Whatever others do to the names on the way to such a directory, what is looked
//! at, followed and removed lies in the same one.

#![allow(unsafe_code)]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::sys::file::{c_path, check, parent_of, Identity};
use crate::sys::retry::{uninterrupted, uninterrupted_once};
use crate::sys::trust;

/// As many as the kernel follows.
const MOST_LINKS: usize = 40;

/// The last part of a path, in its directory.
#[derive(Debug)]
pub struct Name {
    directory: File,
    name: CString,
    path: PathBuf,
}

impl Name {
    /// The path's last part. The directories before it are the system's business.
    ///
    /// # Errors
    /// As the system says of the directory.
    pub fn of(path: &Path) -> io::Result<Name> {
        Name::from(libc::AT_FDCWD, path, path.to_path_buf())
    }

    /// `path` from a directory on; `shown` is what it is called outside.
    fn from(start: libc::c_int, path: &Path, shown: PathBuf) -> io::Result<Name> {
        let is_directory = path.as_os_str().as_bytes().ends_with(b"/");
        let (directory, name) = match path.file_name() {
            Some(name) if !is_directory => (parent_of(path), Path::new(name)),
            // The directory itself, under a name that can be neither followed nor removed.
            _ => (path, Path::new(".")),
        };
        let flags = libc::O_PATH | libc::O_DIRECTORY;
        Ok(Name {
            directory: open_at(start, &c_path(directory)?, flags)?,
            name: c_path(name)?,
            path: shown,
        })
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of that name; of a link the link itself.
    fn hold(&self) -> io::Result<File> {
        self.open(libc::O_PATH | libc::O_NOFOLLOW)
    }

    /// Opens the file of that name with these flags.
    pub(super) fn open(&self, flags: libc::c_int) -> io::Result<File> {
        open_at(self.directory.as_raw_fd(), &self.name, flags)
    }

    /// Which file has the name; of a link the link itself.
    ///
    /// # Errors
    /// NotFound; as the system says.
    pub fn identity(&self) -> io::Result<Identity> {
        let data = self.stat()?;
        Ok(Identity {
            device: data.st_dev,
            inode: data.st_ino,
        })
    }

    fn stat(&self) -> io::Result<libc::stat> {
        let mut data = MaybeUninit::<libc::stat>::uninit();
        // Without a descriptor: it is asked for when there may be none left.
        uninterrupted(|| {
            // SAFETY: an open descriptor, a NUL-terminated name, and a place for the answer.
            check(unsafe {
                libc::fstatat(
                    self.directory.as_raw_fd(),
                    self.name.as_ptr(),
                    data.as_mut_ptr(),
                    libc::AT_SYMLINK_NOFOLLOW,
                )
            })
        })?;
        // SAFETY: filled, as the call has succeeded.
        Ok(unsafe { data.assume_init() })
    }

    /// Where the name leads if it is a symbolic link; `None` if it is none. One in a directory in which everybody may put
    /// names is followed only if it belongs to this process's user or to the directory's.
    ///
    /// # Errors
    /// PermissionDenied for other links; as the system says.
    pub fn target(&self) -> io::Result<Option<Name>> {
        // The link itself, once: what is asked about it and what is read is of the same one.
        let held = self.hold()?;
        let link = uninterrupted(|| held.metadata())?;
        if !link.is_symlink() {
            return Ok(None);
        }
        let directory = uninterrupted(|| self.directory.metadata())?;
        if !trust::may_follow(&link, &directory) {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "a symbolic link of another user, in a directory in which everybody may put one",
            ));
        }
        let target = read_link(&held)?;
        let shown = parent_of(&self.path).join(&target);
        Name::from(self.directory.as_raw_fd(), &target, shown).map(Some)
    }

    /// What is at the end of the links that the name leads along; `None` if it is none itself.
    ///
    /// # Errors
    /// As [`Name::target`].
    pub fn end(&self) -> io::Result<Option<Name>> {
        let mut end = None;
        for _ in 0..MOST_LINKS {
            match end.as_ref().unwrap_or(self).target()? {
                Some(next) => end = Some(next),
                None => return Ok(end),
            }
        }
        Err(io::Error::from_raw_os_error(libc::ELOOP))
    }

    /// Removes the name, and what it leads to never.
    ///
    /// # Errors
    /// As the system says.
    pub fn remove(&self) -> io::Result<()> {
        let removed = || {
            // SAFETY: an open descriptor and a NUL-terminated name.
            let code = unsafe { libc::unlinkat(self.directory.as_raw_fd(), self.name.as_ptr(), 0) };
            check(code).map(drop)
        };
        uninterrupted_once(removed, io::ErrorKind::NotFound)
    }

    /// Whether it may be removed, as far as that can be told before it is tried: whether names in its directory may be
    /// changed, and in a sticky one this name.
    ///
    /// # Errors
    /// As the system says, when that is neither yes nor no.
    pub fn may_remove(&self) -> io::Result<bool> {
        let allowed = uninterrupted(|| {
            // SAFETY: an open descriptor and a NUL-terminated name.
            check(unsafe {
                libc::faccessat(
                    self.directory.as_raw_fd(),
                    c".".as_ptr(),
                    libc::W_OK | libc::X_OK,
                    libc::AT_EACCESS,
                )
            })
        });
        match allowed {
            Ok(_) => self.is_mine_where_that_counts(),
            Err(error) => match error.raw_os_error() {
                Some(libc::EACCES | libc::EPERM | libc::EROFS) => Ok(false),
                _ => Err(error),
            },
        }
    }

    fn is_mine_where_that_counts(&self) -> io::Result<bool> {
        let directory = uninterrupted(|| self.directory.metadata())?;
        if !trust::is_sticky(&directory) {
            return Ok(true);
        }
        match self.stat() {
            Ok(file) => Ok(trust::may_remove_from_sticky(file.st_uid, &directory)),
            // Whoever removes it finds out.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Its directory, open for reading.
    pub(super) fn directory(&self) -> io::Result<File> {
        open_at(
            self.directory.as_raw_fd(),
            c".",
            libc::O_RDONLY | libc::O_DIRECTORY,
        )
    }
}

fn open_at(start: libc::c_int, name: &std::ffi::CStr, flags: libc::c_int) -> io::Result<File> {
    let fd = uninterrupted(|| {
        // SAFETY: a directory's descriptor, and a NUL-terminated name.
        check(unsafe { libc::openat(start, name.as_ptr(), flags | libc::O_CLOEXEC) })
    })?;
    // SAFETY: a new descriptor, which nobody else has.
    Ok(unsafe { File::from_raw_fd(fd) })
}

fn read_link(held: &File) -> io::Result<PathBuf> {
    let mut target = vec![0u8; libc::PATH_MAX as usize];
    let len = uninterrupted(|| {
        // SAFETY: an open descriptor, an empty path for the link itself, and a place as large as said.
        let len = unsafe {
            libc::readlinkat(
                held.as_raw_fd(),
                c"".as_ptr(),
                target.as_mut_ptr().cast(),
                target.len(),
            )
        };
        usize::try_from(len).map_err(|_| io::Error::last_os_error())
    })?;
    target.truncate(len);
    Ok(std::ffi::OsString::from_vec(target).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::trust::left_out::left_out;
    use std::os::unix::fs::{symlink, PermissionsExt};

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    fn links() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        symlink("target", &link).unwrap();
        let target = |path: &Path| Name::of(path)?.target();
        for mode in [0o700, 0o1777, 0o777] {
            set_mode(dir.path(), mode);
            let found = target(&link).unwrap().unwrap();
            assert_eq!(found.path(), dir.path().join("target"));
        }
        assert!(target(&dir.path().join("none")).is_err());
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(target(&dir.path().join("file")).unwrap().is_none());
        assert!(target(dir.path()).unwrap().is_none());
        if std::os::unix::fs::lchown(&link, Some(4321), None).is_err() {
            left_out("a link of another user needs the right to make one");
            return;
        }
        for (mode, followed) in [(0o700, true), (0o1777, false), (0o777, false)] {
            set_mode(dir.path(), mode);
            assert_eq!(target(&link).is_ok(), followed, "{mode:o}");
        }
        std::os::unix::fs::chown(dir.path(), Some(4321), None).unwrap();
        assert!(target(&link).is_ok());
    }

    #[test]
    fn ends_of_links() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        std::fs::create_dir(root.join("a")).unwrap();
        std::fs::write(root.join("a/file"), "").unwrap();
        for (name, target) in [
            ("one", "a/file"),
            ("two", "a/../one"),
            ("round", "round"),
            ("slash", "a/"),
            ("up", ".."),
            ("none", "nowhere"),
        ] {
            symlink(target, root.join(name)).unwrap();
        }
        let end = |name: &str| Name::of(&root.join(name)).unwrap().end();
        let identity = Name::of(&root.join("a/file")).unwrap().identity().unwrap();
        for name in ["one", "two"] {
            let found = end(name).unwrap().unwrap();
            assert_eq!(found.identity().unwrap(), identity);
            assert!(found.path().exists());
        }
        assert!(end("a/file").unwrap().is_none());
        assert_eq!(end("round").unwrap_err().raw_os_error(), Some(libc::ELOOP));
        assert_eq!(end("none").unwrap_err().kind(), io::ErrorKind::NotFound);
        for name in ["slash", "up"] {
            assert!(end(name).unwrap().unwrap().remove().is_err(), "{name}");
        }
        // The directory that was looked at, whatever has its name now.
        let held = Name::of(&root.join("a/file")).unwrap();
        std::fs::rename(root.join("a"), root.join("b")).unwrap();
        std::fs::create_dir(root.join("a")).unwrap();
        std::fs::write(root.join("a/file"), "").unwrap();
        held.remove().unwrap();
        assert!(root.join("a/file").exists() && !root.join("b/file").exists());
    }
}
