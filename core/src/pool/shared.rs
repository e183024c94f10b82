//! What all openings of one file in one process share, and the table that finds it.

use std::fs::File;
use std::os::fd::{IntoRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::format::superblock::{self, Superblock};
use crate::pool::owner::Owner;
use crate::ring::mapped::Mapped;
use crate::ring::Ring;
use crate::sys::atomic::{AtomicBool, Ordering};
use crate::sys::file::{self, Identity};
use crate::sys::fork;
use crate::sys::fork_lock::ForkLock;
use crate::sys::registry::Registry;

/// The mapping of a pool file, its lock descriptor and owner id.
#[derive(Debug)]
pub struct Shared {
    identity: Identity,
    superblock: Superblock,
    ring: Ring<Mapped>,
    owner: Owner,
    /// The leader of this process's flushes holds it.
    pub(crate) flushing: ForkLock<()>,
    /// The description the mapping came from. Never locked: a mapping keeps it open.
    file: File,
    /// A path it was opened by, for systems that cannot open a descriptor again.
    path: PathBuf,
    /// Whether the mapping may be of a file in a lower layer of an overlay, which writers leave behind.
    pub(crate) copies_up: AtomicBool,
}

/// Writable and read-only openings have mappings of their own, and so has each pool that comes into the same file.
type Key = (u64, u64, [u8; 16], bool);

static TABLE: Registry<Key, Shared> = Registry::new();

/// Lets forked children find the table whole.
pub(crate) fn hold_table_over_forks() {
    static HELD: OnceLock<()> = OnceLock::new();
    HELD.get_or_init(|| fork::hold(&TABLE));
}

/// The table, which a forked child finds whole.
fn table() -> &'static Registry<Key, Shared> {
    hold_table_over_forks();
    &TABLE
}

impl Shared {
    pub(crate) fn new(
        file: File,
        path: &Path,
        identity: Identity,
        superblock: Superblock,
        memory: Mapped,
        copies_up: bool,
    ) -> Shared {
        let ring = Ring::new(memory, superblock.geometry, superblock.seed());
        let path = path.to_path_buf();
        Shared {
            identity,
            superblock,
            ring,
            owner: Owner::new(),
            flushing: ForkLock::new(()),
            file,
            path,
            copies_up: AtomicBool::new(copies_up),
        }
    }

    /// Which file it is.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// A path that it was opened by.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the pool is.
    pub fn superblock(&self) -> &Superblock {
        &self.superblock
    }

    /// The ring.
    #[inline]
    pub fn ring(&self) -> &Ring<Mapped> {
        &self.ring
    }

    /// This process's part in the writer lock.
    #[inline]
    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// A second description of the file, for locks and syncs.
    pub(crate) fn reopen(&self) -> std::io::Result<RawFd> {
        Ok(file::reopen(&self.file, &self.path, self.identity, true)?.into_raw_fd())
    }

    /// A second description of the file, of what it is by now.
    pub(crate) fn reopen_for_reading(&self) -> std::io::Result<OwnedFd> {
        file::reopen(&self.file, &self.path, self.identity, false)
    }

    /// The open file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Whether this opening may write.
    #[inline]
    pub fn is_writable(&self) -> bool {
        self.ring.memory.mapping().is_writable()
    }

    /// Whether another pool was copied over this one's bytes, in the same file: its frames and ours know each other's
    /// checksums for wrong.
    pub(crate) fn is_overwritten(&self) -> bool {
        let words = self.ring.memory.mapping().words(superblock::ID, 2);
        let now = words.iter().map(|word| word.load(Ordering::Relaxed));
        !now.eq(self.superblock.id_words())
    }

    /// The opening this process already has of the pool in a file.
    pub(crate) fn find(identity: Identity, id: [u8; 16], writable: bool) -> Option<Arc<Shared>> {
        table().find(&(identity.device, identity.inode, id, writable))
    }

    fn key(&self) -> Key {
        let Identity { device, inode } = self.identity;
        (device, inode, self.superblock.id, self.is_writable())
    }

    /// Puts a new opening into the table, or returns the one that another thread put there first.
    pub(crate) fn enter(self) -> Arc<Shared> {
        table().enter(self.key(), self)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        table().leave(&self.key());
    }
}
