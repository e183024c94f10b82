//! Opening a pool: what the file is, whether its words fit each other, and recovery when they do not.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::format::control::{Control, STATE_DELETED};
use crate::format::geometry::MIN_POOL_SIZE;
use crate::format::superblock::{self, Superblock};
use crate::format::PAGE;
use crate::limits;
use crate::pool::owner::LockWait;
use crate::pool::shared::Shared;
use crate::pool::survey::MAX_SEQ_JUMP;
use crate::pool::{place, signs, Pool};
use crate::ring::mapped::Mapped;
use crate::ring::memory::Memory;
use crate::ring::position::is_sound;
use crate::ring::snapshot::Check;
use crate::sys::atomic::Ordering;
use crate::sys::file::{self, Status};
use crate::sys::file_system::{self, Sharing};
use crate::sys::log::{self, Level};
use crate::sys::map::Mapping;

/// Looks at a pool in motion before a writer is taken for damage. A live writer needs nanoseconds
/// between the stores that a look may fall between.
const LOOKS: usize = 1000;

impl Pool {
    /// Opens an existing pool; for reading only when asked to, or when writing is not permitted.
    ///
    /// # Errors
    /// NotFound, Permission, Io (not a plain file), Corrupt, Usage (another format), Busy (another
    /// process is recovering it and does not get done), Io (a file system that its users do not share). All with the path.
    pub fn open(path: &Path, read_only: bool) -> Result<Pool> {
        Pool::open_as_it_is(path, read_only, false)
            .and_then(|pool| pool.check().map(|()| pool))
            .map_err(|error| error.or_path(path))
    }

    /// Opens a pool that may be flagged as deleted, and does not look at its messages.
    pub(crate) fn open_even_deleted(path: &Path) -> Result<Pool> {
        Pool::open_as_it_is(path, false, true).map_err(|error| error.or_path(path))
    }

    /// Opens a pool of which the file is open, for reading only, and the superblock was parsed: whatever its control words
    /// say, see [`Pool::settle_for_reading`].
    pub(crate) fn open_unsettled(
        file: File,
        path: &Path,
        status: Status,
        superblock: Superblock,
    ) -> Result<Pool> {
        let opening = Opening {
            writable: false,
            copies_up: place::check(&file, path).is_ok_and(|sharing| sharing == Sharing::CopiesUp),
            anywhere: true,
            file,
            path,
            status,
        };
        let id = superblock.id;
        opening.share(id, |_, _| Ok(superblock))
    }

    /// `anywhere`: also on a file system that does not let its users share the pool.
    fn open_as_it_is(path: &Path, read_only: bool, anywhere: bool) -> Result<Pool> {
        let (file, writable, status) = open_file(path, read_only)?;
        let copies_up = match place::check(&file, path) {
            Ok(sharing) => sharing == Sharing::CopiesUp && !writable,
            Err(_) if anywhere => false,
            Err(error) => return Err(error),
        };
        let mut id = [0; 16];
        // What is no pool is told when it is mapped.
        let _ = file.read_exact_at(&mut id, superblock::ID as u64);
        let opening = Opening {
            file,
            path,
            status,
            writable,
            copies_up,
            anywhere,
        };
        opening.share(id, read_superblock)
    }

    /// Cross-checks the control words against the frames they name.
    fn check(&self) -> Result<()> {
        let control = self.shared().ring().memory.control();
        if control.hot.state.load(Ordering::Acquire) == STATE_DELETED {
            // Deleted through the library; a crash may have left the name behind.
            return Err(Error::new(
                ErrorKind::NotFound,
                "pool not found: it was deleted",
            ));
        }
        if self.shared().is_writable() {
            if let Some(exposed) = signs::exposed(self.path()) {
                log::emit(Level::Warn, || {
                    format!("{}: {exposed}", self.path().display())
                });
            }
            if !self.is_at_home() {
                self.recover(false)?;
            }
            if !self.looks_sound(true) || !self.is_sound_without_dead_owner() {
                self.recover(true)?;
            }
        } else {
            self.settle_for_reading()?;
        }
        self.check_truncated()
    }

    /// Makes sure that the control words, or what stands in for them, can be read by.
    ///
    /// # Errors
    /// Corrupt when they fit no messages.
    pub(crate) fn settle_for_reading(&self) -> Result<()> {
        let memory = &self.shared().ring().memory;
        if self.is_at_home() {
            memory.settle();
        } else if !memory.is_settled() {
            let before = self.come_before();
            if !self.is_at_rest() || !self.looks_sound(false) {
                self.stand_in(before);
            }
        }
        if self.looks_sound(false) {
            return Ok(());
        }
        Err(
            Error::corrupt("the pool's control page does not fit its messages")
                .with_offset(PAGE)
                .with_hint("a process that may write to the pool recovers it when it opens it"),
        )
    }

    /// Whether the control words can be those of a pool that nobody is changing just now. The machine went down, or the file
    /// is a copy, and no writer has recovered it yet, or one has died while it did: a lock that is held, and a
    /// ring that is empty, then say nothing. Where the pool is in use (by those who see another boot id) the lock is free at
    /// some look.
    fn is_at_rest(&self) -> bool {
        let hot = &self.shared().ring().memory.control_in_file().hot;
        let is_free = || {
            let free = hot.lock.load(Ordering::Acquire) == 0;
            if !free {
                std::thread::yield_now();
            }
            free
        };
        (0..LOOKS).any(|_| is_free())
            && hot.tail.load(Ordering::Acquire) != hot.head.load(Ordering::Acquire)
    }

    /// Whether the positions are possible, the frame at tail and the frame before head are good,
    /// and the next seq follows; for a writer also the words that only writers go by. A live writer
    /// changes them while we look, so a bad look counts only when nothing moved during it.
    pub(crate) fn looks_sound(&self, to_writer: bool) -> bool {
        let ring = self.shared().ring();
        let hot = &ring.memory.control().hot;
        for _ in 0..LOOKS {
            let lock = hot.lock.load(Ordering::Acquire);
            let (tail, head) = (ring.tail(), ring.head());
            let next_seq = hot.next_seq.load(Ordering::Acquire);
            let last_time = hot.last_time.load(Ordering::Acquire);
            let synced = ring
                .memory
                .control()
                .recovery
                .synced
                .load(Ordering::Acquire);
            if is_sound(tail, head, ring.size()) {
                let first = ring.check(tail, head);
                // Nothing but filling is left when a frame that came behind it had to give up.
                let is_empty =
                    tail == head || matches!(first, Check::Padding(len) if tail + len == head);
                if is_empty
                    && (1..=limits::SEQ_LIMIT).contains(&next_seq)
                    && (!to_writer || synced <= head)
                {
                    return true;
                }
                let newest = ring.newest_before(head, tail);
                if !matches!(first, Check::Damaged)
                    && newest.is_some_and(|(_, newest)| {
                        newest.seq < next_seq
                            && next_seq - newest.seq <= MAX_SEQ_JUMP
                            && (!to_writer || (last_time <= newest.time_ns && synced <= head))
                    })
                {
                    return true;
                }
            }
            let moved = ring.head() != head || ring.tail() != tail || lock != 0;
            if !moved && hot.lock.load(Ordering::Acquire) == 0 {
                return false;
            }
            std::thread::yield_now();
        }
        // Somebody has held the lock all the while: a stopped or a dead writer. Its successor
        // repairs; a reader may go on with what can be seen.
        ring.bounds().is_some()
    }

    /// The look of a writer at a pool whose lock is held: an owner that is dead, or that damage
    /// invented, is buried, and the pool looked at again.
    fn is_sound_without_dead_owner(&self) -> bool {
        let lock = &self.shared().ring().memory.control().hot.lock;
        if lock.load(Ordering::Acquire) == 0 {
            return true;
        }
        match self.lock(LockWait::Try) {
            Ok(locked) => drop(locked),
            Err(error) => return error.kind() != ErrorKind::Corrupt,
        }
        self.looks_sound(true)
    }
}

/// Opens a plain file, for reading only when asked to or when writing is not permitted; says whether it
/// may be written.
///
/// # Errors
/// NotFound, Permission, Io.
pub(crate) fn open_file(path: &Path, read_only: bool) -> Result<(File, bool, Status)> {
    let refused = |error: std::io::Error| {
        let mut found = Error::from_io(&error, "open the pool");
        if matches!(found.kind(), ErrorKind::NotFound)
            || error.kind() == std::io::ErrorKind::NotADirectory
        {
            found = Error::new(
                ErrorKind::NotFound,
                format!("pool not found: {}", path.display()),
            )
            .with_hint("create it first, or check the name and the directory");
        }
        found
    };
    let opened = match file::open(path, !read_only) {
        Ok(file) => Ok((file, !read_only)),
        Err(error) => match error.raw_os_error() {
            Some(libc::EACCES) | Some(libc::EPERM) | Some(libc::EROFS) if !read_only => {
                file::open(path, false).map(|file| (file, false))
            }
            _ => Err(error),
        },
    };
    let (file, writable) = opened.map_err(refused)?;
    let status = file::status(&file).map_err(|error| Error::from_io(&error, "look at the pool"))?;
    if !status.is_file {
        return Err(Error::new(
            ErrorKind::Io,
            "cannot open the pool: it is a directory or a special file",
        ));
    }
    Ok((file, writable, status))
}

/// The path from the root on.
pub(super) fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| Error::from_io(&error, "find the working directory"))
}

/// The file of a pool that is being opened.
struct Opening<'a> {
    file: File,
    path: &'a Path,
    status: Status,
    writable: bool,
    copies_up: bool,
    /// Also on a file system that does not let its users share the pool.
    anywhere: bool,
}

impl Opening<'_> {
    /// The process's mapping of the pool with this id; a new one, by the superblock that `read` tells, if there is none.
    fn share(
        self,
        id: [u8; 16],
        read: impl FnOnce(&File, &Status) -> Result<Superblock>,
    ) -> Result<Pool> {
        let absolute = absolute(self.path)?;
        let shared = match Shared::find(self.status.identity, id, self.writable) {
            Some(shared) if shared.superblock().geometry.file_size == self.status.len => shared,
            _ => {
                let superblock = read(&self.file, &self.status)?;
                self.map(superblock)?.enter()
            }
        };
        Ok(Pool::new(shared, absolute))
    }

    fn map(self, superblock: Superblock) -> Result<Shared> {
        let status = self.status;
        debug_assert!(status.len >= MIN_POOL_SIZE && std::mem::size_of::<Control>() as u64 <= PAGE);
        let len = usize::try_from(status.len)
            .map_err(|_| Error::usage("the pool is too large for this machine's address space"))?;
        let has_holes = status.allocated < status.len;
        if self.writable && !self.anywhere && has_holes && file_system::keeps_blocks(&self.file) {
            // A sparse copy: on a full disk a store to one of its holes would end the process.
            file::allocate(&self.file, status.len).map_err(|error| {
                Error::from_io(&error, "give the holes of the pool's file their blocks")
            })?;
        }
        let mapping = Mapping::new(&self.file, len, self.writable)
            .map_err(|error| Error::from_io(&error, "map the pool"))?;
        let memory = Mapped::new(mapping, &superblock.geometry);
        Ok(Shared::new(
            self.file,
            self.path,
            status.identity,
            superblock,
            memory,
            self.copies_up,
        ))
    }
}

fn read_superblock(file: &File, status: &Status) -> Result<Superblock> {
    let mut page = vec![0; PAGE as usize];
    let mut filled = 0;
    while filled < page.len() {
        match file.read_at(&mut page[filled..], filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Error::from_io(&error, "read the pool")),
        }
    }
    Superblock::parse(&page[..filled], status.len)
}

impl Pool {
    /// Another opening of the same file, for a stream that outlives its pool handle.
    pub fn share(&self) -> Pool {
        Pool::new(Arc::clone(self.shared()), self.path().to_path_buf())
    }
}
