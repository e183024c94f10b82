//! Where the new pool goes, and how it gets there at one moment.

use std::fs::File;
use std::io;
use std::os::unix::fs::{fchown, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::pool::blank::Blank;
use crate::sys::file::{self, Identity};
use crate::sys::log::{self, Level};
use crate::sys::names::Name;
use crate::sys::retry::uninterrupted;

/// What is put behind the name of the old file.
const BACKUP_SUFFIX: &str = ".bak";

/// A place for the new pool.
pub(super) struct Target {
    /// Its path.
    pub(super) path: PathBuf,
    /// In place of the old pool: where that stays, and which file it is.
    backup: Option<(PathBuf, Identity)>,
}

impl Target {
    /// Looks whether the place is free.
    ///
    /// # Errors
    /// AlreadyExists; Usage when both are one file; Permission and Io when that cannot be told.
    pub(super) fn find(old: &Path, new: Option<&Path>, identity: Identity) -> Result<Target> {
        let Some(new) = new else {
            // The file itself is replaced, not a link to it; and no other than the one that was opened.
            let failed = |error| Error::from_io(&error, "find the pool").with_path(old);
            let end = Name::of(old).and_then(|name| name.end()).map_err(failed)?;
            let path = end.map_or(old.to_path_buf(), |end| end.path().to_path_buf());
            if !is_same_file(&path, identity)? {
                return Err(replaced(old));
            }
            let mut backup = path.clone().into_os_string();
            backup.push(BACKUP_SUFFIX);
            let backup = PathBuf::from(backup);
            // A second name of the old file is what a crash of an earlier try left behind.
            if is_taken(&backup)? && !is_same_file(&backup, identity)? {
                return Err(taken(&backup));
            }
            return Ok(Target {
                path,
                backup: Some((backup, identity)),
            });
        };
        if is_same_file(new, identity)? {
            return Err(Error::usage("the new pool would be the old one")
                .with_path(new)
                .with_hint("leave the new name out to convert the pool in its place"));
        }
        if is_taken(new)? {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("pool already exists: {}", new.display()),
            )
            .with_path(new)
            .with_hint("choose another name for the new pool"));
        }
        Ok(Target {
            path: new.to_path_buf(),
            backup: None,
        })
    }

    /// A pool that takes the old one's place belongs to the same people, as far as that can be done.
    pub(super) fn adopt_owner(&self, new: &File, old: &File) -> Result<()> {
        if self.backup.is_none() {
            return Ok(());
        }
        let failed = |error: io::Error| {
            Error::from_io(&error, "set the new pool's mode").with_path(&self.path)
        };
        let (from, to) = (
            uninterrupted(|| old.metadata()).map_err(failed)?,
            uninterrupted(|| new.metadata()).map_err(failed)?,
        );
        let owner = (from.uid() != to.uid()).then_some(from.uid());
        let group = (from.gid() != to.gid()).then_some(from.gid());
        if (owner, group) != (None, None) {
            // Only root may give a file away; its group can often be kept all the same.
            let give = |owner| uninterrupted(|| fchown(new, owner, group));
            let changed = give(owner).or_else(|_| give(None));
            if let Err(error) = changed {
                log::emit(Level::Warn, || {
                    format!(
                        "{}: the owner could not be kept: {error}",
                        self.path.display()
                    )
                });
            }
        }
        // After the owner: changing that clears bits.
        new.set_permissions(PermissionsExt::from_mode(from.mode() & 0o777))
            .map_err(failed)
    }

    /// Puts the new pool there; gives its path and that of the old one if that was moved.
    ///
    /// # Errors
    /// AlreadyExists, NotFound (the old one was replaced meanwhile), Permission, Io.
    pub(super) fn put(self, blank: Blank, old: &File) -> Result<(PathBuf, Option<PathBuf>)> {
        let Some((backup, identity)) = self.backup else {
            blank.publish()?;
            return Ok((self.path, None));
        };
        debug_assert!(file::status(old).map_or(true, |status| status.identity == identity));
        keep(&self.path, &backup, identity)?;
        blank.new.replace(&self.path).map_err(|error| {
            // Nothing has changed yet but the second name.
            let _ = uninterrupted(|| std::fs::remove_file(&backup));
            Error::from_io(&error, "put the new pool in the old one's place").with_path(&self.path)
        })?;
        Ok((self.path, Some(backup)))
    }
}

/// Gives the old file its second name.
fn keep(path: &Path, backup: &Path, identity: Identity) -> Result<()> {
    if let Err(error) = uninterrupted(|| std::fs::hard_link(path, backup)) {
        let left_over = error.kind() == io::ErrorKind::AlreadyExists;
        if left_over && is_same_file(backup, identity)? {
            return Ok(());
        }
        return Err(match error.kind() {
            io::ErrorKind::AlreadyExists => taken(backup),
            _ => Error::from_io(&error, "keep the old pool under a second name")
                .with_path(backup)
                .with_hint("give a name for the new pool: then the old one stays where it is"),
        });
    }
    let failure = match is_same_file(backup, identity) {
        Ok(true) => return Ok(()),
        Ok(false) => replaced(path),
        Err(error) => error,
    };
    let _ = uninterrupted(|| std::fs::remove_file(backup));
    Err(failure)
}

fn replaced(path: &Path) -> Error {
    Error::new(
        ErrorKind::NotFound,
        "the pool was deleted or replaced while it was converted",
    )
    .with_path(path)
    .with_hint("try again")
}

/// Whether the path names this file.
fn is_same_file(path: &Path, identity: Identity) -> Result<bool> {
    let found = file::identity_of(path).map_err(|error| unseen(&error, path))?;
    Ok(found == Some(identity))
}

fn unseen(error: &io::Error, path: &Path) -> Error {
    Error::from_io(error, "look at the new pool's place").with_path(path)
}

fn is_taken(path: &Path) -> Result<bool> {
    match uninterrupted(|| path.symlink_metadata()) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(unseen(&error, path)),
    }
}

fn taken(backup: &Path) -> Error {
    Error::new(
        ErrorKind::AlreadyExists,
        format!(
            "there is a file {} already, where the old pool would be kept",
            backup.display()
        ),
    )
    .with_path(backup)
    .with_hint("move that file away, or give a name for the new pool")
}
