//! Files: identity, reserved blocks, syncing, and names that appear and vanish atomically.

#![allow(unsafe_code)]

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::sys::log::{self, Level};
use crate::sys::names::Name;
use crate::sys::retry::{uninterrupted, uninterrupted_once};

const PAGE: libc::off_t = 4096;

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The device's number.
    pub device: u64,
    /// The inode's number on that device.
    pub inode: u64,
}

/// What an open file is.
#[derive(Clone, Copy, Debug)]
pub struct Status {
    /// Its identity.
    pub identity: Identity,
    /// Its length in bytes.
    pub len: u64,
    /// Bytes that have blocks on the disk.
    pub allocated: u64,
    /// Whether it is a plain file.
    pub is_file: bool,
}

pub(super) fn c_path(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the path contains a NUL byte"))
}

pub(super) fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Opens an existing file; never creates, never follows into a terminal, never leaks into a child. Of symbolic links
/// in the place of the file only those are followed that [`Name::target`] lets pass.
pub fn open(path: &Path, writable: bool) -> io::Result<File> {
    // O_NONBLOCK: opening a FIFO by mistake must not hang. It means nothing for plain files.
    const FLAGS: libc::c_int = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_NOFOLLOW;
    // How often what is no link may have become one before it was opened.
    const TRIES: usize = 40;
    let mut opened = OpenOptions::new()
        .read(true)
        .write(writable)
        .custom_flags(FLAGS)
        .open(path);
    for _ in 0..TRIES {
        match &opened {
            Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {}
            _ => break,
        }
        let access = match writable {
            true => libc::O_RDWR,
            false => libc::O_RDONLY,
        };
        let name = Name::of(path)?;
        opened = name.end()?.unwrap_or(name).open(FLAGS | access);
    }
    opened
}

/// A second, independent description of an open file.
pub fn reopen(file: &File, path: &Path, identity: Identity, writable: bool) -> io::Result<OwnedFd> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(writable)
        .custom_flags(libc::O_NOCTTY);
    let opened = options.open(format!("/proc/self/fd/{}", file.as_raw_fd()));
    if let Ok(file) = opened {
        return Ok(file.into());
    }
    // No /proc: by name, which must still be the same file.
    let file = options
        .custom_flags(libc::O_NOCTTY | libc::O_NONBLOCK)
        .open(path)?;
    if status(&file)?.identity != identity {
        return Err(io::Error::from_raw_os_error(libc::ESTALE));
    }
    Ok(file.into())
}

/// What the open file is.
pub fn status(file: &File) -> io::Result<Status> {
    let data = uninterrupted(|| file.metadata())?;
    Ok(Status {
        identity: Identity {
            device: data.dev(),
            inode: data.ino(),
        },
        len: data.len(),
        allocated: data.blocks() * 512,
        is_file: data.is_file(),
    })
}

/// Which file the path names now; `None` when there is none.
pub fn identity_of(path: &Path) -> io::Result<Option<Identity>> {
    match uninterrupted(|| std::fs::metadata(path)) {
        Ok(data) => Ok(Some(Identity {
            device: data.dev(),
            inode: data.ino(),
        })),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// A new file that has no name yet or a temporary one; [`NewFile::publish`] gives it its name.
/// Dropped before that, nothing is left of it.
#[derive(Debug)]
pub struct NewFile {
    /// The open file.
    pub file: File,
    temporary: Option<std::path::PathBuf>,
}

impl NewFile {
    /// Creates the file in the directory that `path` will be in.
    pub fn create(path: &Path, mode: u32) -> io::Result<NewFile> {
        let parent = parent_of(path);
        let unnamed = OpenOptions::new()
            .read(true)
            .write(true)
            .mode(mode)
            .custom_flags(libc::O_TMPFILE)
            .open(parent);
        match unnamed {
            Ok(file) => {
                return Ok(NewFile {
                    file,
                    temporary: None,
                })
            }
            Err(error) => match error.raw_os_error() {
                // The file system (or an old kernel) has no unnamed files.
                Some(libc::EOPNOTSUPP) | Some(libc::EISDIR) | Some(libc::EINVAL) => {}
                _ => return Err(error),
            },
        }
        let temporary = parent.join(format!(".plasmite-{:016x}.new", crate::sys::random::word()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&temporary)?;
        Ok(NewFile {
            file,
            temporary: Some(temporary),
        })
    }

    /// Gives the file its name, unless the name is taken (AlreadyExists), and makes that durable.
    pub fn publish(mut self, path: &Path) -> io::Result<()> {
        // Before the name is there: to take it back no descriptor may be missing.
        let name = Name::of(path)?;
        match &self.temporary {
            None => self.link_unnamed(path)?,
            // link(2) never replaces.
            Some(temporary) => self.link(|| std::fs::hard_link(temporary, path), path)?,
        }
        self.remove_temporary();
        sync_directory(parent_of(path)).inspect_err(|_| {
            // What may be gone after a power cut is better not there at all. Another file is left alone.
            let _ = self.remove_name(&name);
        })
    }

    /// Puts the file in the place of the one at `path`, at one moment and durably.
    pub fn replace(mut self, path: &Path) -> io::Result<()> {
        if self.temporary.is_none() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // Always the same name: what a crash left under it is cleared away by the next try.
            let temporary = parent_of(path).join(format!(".{name}.new"));
            match uninterrupted(|| std::fs::remove_file(&temporary)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            self.link_unnamed(&temporary)?;
            self.temporary = Some(temporary);
        }
        if let Some(temporary) = &self.temporary {
            let renamed = || std::fs::rename(temporary, path);
            uninterrupted_once(renamed, io::ErrorKind::NotFound)?;
            self.temporary = None;
        }
        if let Err(error) = sync_directory(parent_of(path)) {
            // It is there and cannot be taken back.
            log::emit(Level::Warn, || {
                format!(
                    "{}: may be the old file again after a power failure: {error}",
                    path.display()
                )
            });
        }
        Ok(())
    }

    /// Gives an unnamed file a name that is free.
    fn link_unnamed(&self, path: &Path) -> io::Result<()> {
        let from = CString::new(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
            .map_err(io::Error::other)?;
        let to = c_path(path)?;
        let linked = || {
            // SAFETY: two NUL-terminated paths.
            let code = unsafe {
                libc::linkat(
                    libc::AT_FDCWD,
                    from.as_ptr(),
                    libc::AT_FDCWD,
                    to.as_ptr(),
                    libc::AT_SYMLINK_FOLLOW,
                )
            };
            check(code).map(drop)
        };
        self.link(linked, path)
    }

    /// A name that is taken by an interrupted try of this is told from somebody else's.
    fn link(&self, linked: impl FnMut() -> io::Result<()>, path: &Path) -> io::Result<()> {
        let is_mine = || {
            let named = Name::of(path).and_then(|name| name.identity());
            named.is_ok_and(|named| self.identity().is_ok_and(|own| own == named))
        };
        match uninterrupted(linked) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_mine() => Ok(()),
            result => result,
        }
    }

    fn identity(&self) -> io::Result<Identity> {
        Ok(status(&self.file)?.identity)
    }

    /// Removes the name if it is this file's.
    fn remove_name(&self, name: &Name) -> io::Result<()> {
        if name.identity()? == self.identity()? {
            name.remove()?;
        }
        Ok(())
    }

    fn remove_temporary(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            // Nothing is lost if this fails: the name is random and the file has its real one.
            let _ = uninterrupted(|| std::fs::remove_file(&temporary));
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        self.remove_temporary();
    }
}

/// The directory a path's last part lies in.
pub fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes names in the directory durable, where the file system has a call for that and the directory may be read.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    sync_opened(File::open(directory))
}

/// The same for the directory that a name lies in.
pub fn sync_directory_of(name: &Name) -> io::Result<()> {
    sync_opened(name.directory())
}

fn sync_opened(directory: io::Result<File>) -> io::Result<()> {
    let directory = match directory {
        Ok(directory) => directory,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
        Err(error) => return Err(error),
    };
    match directory.sync_all() {
        Err(error)
            if !matches!(
                error.raw_os_error(),
                Some(libc::EINVAL | libc::EOPNOTSUPP | libc::EROFS | libc::ENOSYS)
            ) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Makes the file `len` bytes long with all its blocks on the disk, so that writing to a mapping of
/// it cannot run out of space. False when the file system gives no such promise although the
/// blocks were written.
pub fn reserve(file: &File, len: u64) -> io::Result<bool> {
    if allocate(file, len)? {
        return Ok(true);
    }
    let zeros = vec![0u8; 1 << 20];
    let mut at = 0;
    while at < len {
        let count = (len - at).min(zeros.len() as u64) as usize;
        file.write_all_at(&zeros[..count], at)?;
        at += count as u64;
    }
    Ok(false)
}

/// Gives every part of a file its blocks, whatever is in it. False when the file system does not do that.
pub fn allocate(file: &File, len: u64) -> io::Result<bool> {
    let size = libc::off_t::try_from(len).map_err(|_| io::Error::from_raw_os_error(libc::EFBIG))?;
    let (mut done, mut piece) = (0, size);
    loop {
        let count = piece.min(size - done);
        if count == 0 {
            return Ok(true);
        }
        // SAFETY: an open descriptor.
        match check(unsafe { libc::fallocate(file.as_raw_fd(), 0, done, count) }) {
            Ok(_) => done += count,
            // A file system in memory gives back what it had when a signal came: with a timer that fires more often than
            // the whole takes, it would never be done.
            Err(error) if error.raw_os_error() == Some(libc::EINTR) => {
                piece = (count / 2 / PAGE * PAGE).max(PAGE);
            }
            Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

/// The next range at or behind `from` that was ever written, as far as the file system tells; `None` when there is none.
pub fn written_from(file: &File, from: u64) -> Option<(u64, u64)> {
    let seek = |from: u64, whence| {
        let from =
            libc::off_t::try_from(from).map_err(|_| io::Error::from_raw_os_error(libc::ENXIO))?;
        // SAFETY: an open descriptor, whose offset nobody goes by.
        let found = unsafe { libc::lseek(file.as_raw_fd(), from, whence) };
        u64::try_from(found).map_err(|_| io::Error::last_os_error())
    };
    match seek(from, libc::SEEK_DATA) {
        Ok(start) => Some((start, seek(start, libc::SEEK_HOLE).unwrap_or(u64::MAX))),
        Err(error) if error.raw_os_error() == Some(libc::ENXIO) => None,
        // It does not tell.
        Err(_) => Some((from, u64::MAX)),
    }
}

/// Waits until the file's bytes are on the disk.
pub fn sync_data(fd: RawFd) -> io::Result<()> {
    // SAFETY: the caller's descriptor.
    uninterrupted(|| check(unsafe { libc::fdatasync(fd) })).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publish_never_replaces_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let new = NewFile::create(&path, 0o600).unwrap();
        assert!(reserve(&new.file, 10_000).is_ok());
        new.publish(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 10_000);
        let again = NewFile::create(&path, 0o600).unwrap();
        assert_eq!(
            again.publish(&path).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        drop(NewFile::create(&dir.path().join("b"), 0o600).unwrap());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn replace_replaces_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "old").unwrap();
        // As a crash leaves it.
        std::fs::write(dir.path().join(".a.new"), "stale").unwrap();
        let new = NewFile::create(&path, 0o600).unwrap();
        new.file.write_all_at(b"new", 0).unwrap();
        new.replace(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        std::fs::create_dir(dir.path().join("d")).unwrap();
        let refused = NewFile::create(&path, 0o600).unwrap();
        assert!(refused.replace(&dir.path().join("d")).is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn identity_follows_the_file_not_the_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert_eq!(identity_of(&path).unwrap(), None);
        std::fs::write(&path, "x").unwrap();
        let file = open(&path, true).unwrap();
        let status = status(&file).unwrap();
        assert_eq!(identity_of(&path).unwrap(), Some(status.identity));
        let again = reopen(&file, &path, status.identity, true).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(identity_of(&path).unwrap(), None);
        drop(again);
    }
}
