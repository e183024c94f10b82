//! Deleting a pool: flagged under the lock first, so that every open handle learns of it.

use std::io::{self, ErrorKind::NotFound};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::format::control::STATE_DELETED;
use crate::limits;
use crate::pool::owner::LockWait;
use crate::pool::Pool;
use crate::ring::memory::Memory;
use crate::ring::wake;
use crate::sys::atomic::Ordering;
use crate::sys::file::{self, Identity};
use crate::sys::futex;
use crate::sys::log::{self, Level};
use crate::sys::names::Name;

impl Pool {
    /// Deletes the pool at `path`. Streams on it end and writers get NotFound, in every process.
    /// A plain file that is not a readable pool (damaged, another format) is just removed.
    ///
    /// # Errors
    /// NotFound, Permission, Busy (a stopped writer holds the lock), Io. All with the path.
    pub fn delete(path: &Path) -> Result<()> {
        let removed = match Pool::open_even_deleted(path) {
            Ok(pool) => pool.unlink()?,
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Usage) => {
                // Of a link only the link: nothing says that what it leads to is a pool.
                let removed = Name::of(path).and_then(|name| name.remove().map(|()| name));
                vec![removed
                    .map_err(|error| Error::from_io(&error, "delete the pool").with_path(path))?]
            }
            Err(error) => return Err(error),
        };
        for name in removed {
            if let Err(error) = file::sync_directory_of(&name) {
                log::emit(Level::Warn, || {
                    let path = name.path().display();
                    format!(
                        "{path}: was deleted, and may be there again after a power failure: {error}"
                    )
                });
            }
        }
        Ok(())
    }

    /// Flags and unlinks under the writer lock; gives the names that were removed. Everybody who unlinks this pool holds that
    /// lock and has compared the name's file with the pool's, so nobody unlinks a successor of it. Others who may change the
    /// directory can put another file there after that comparison: then its name goes, and never what a link leads to.
    pub(crate) fn unlink(&self) -> Result<Vec<Name>> {
        let failed = |error| Error::from_io(&error, "delete the pool").with_path(self.path());
        let name = Name::of(self.path()).map_err(failed)?;
        self.may_unlink(&name)?;
        let wait = LockWait::For(std::time::Duration::from_millis(
            limits::DEFAULT_LOCK_WAIT_MS,
        ));
        let (mut locked, _) = self.lock_as_it_is(wait)?;
        // The pool lives on if it cannot be unlinked. A damaged one may go all the same.
        let _ = self.put_in_order(&mut locked);
        let place = Place::of(name).map_err(|error| match error.kind() {
            NotFound => self.gone(),
            _ => failed(error),
        })?;
        if place.identity != self.shared().identity() {
            return Err(self.gone());
        }
        self.may_unlink(&place.file)?;
        let hot = &self.shared().ring().memory.control().hot;
        let before = hot.state.swap(STATE_DELETED, Ordering::Release);
        let removed = place.file.remove();
        if removed.is_err() {
            // Only a flag that was set here is taken back.
            hot.state.store(before, Ordering::Release);
        }
        drop(locked);
        wake::disturb(hot);
        futex::wake(&hot.epoch, u32::MAX);
        removed.map_err(failed)?;
        if let Err(error) = place.remove_link() {
            // The pool is gone, whatever becomes of what led to it.
            log::emit(Level::Warn, || {
                let path = self.path().display();
                format!("{path}: the pool was deleted, and the link to it could not be: {error}")
            });
        }
        Ok(place.names())
    }

    fn may_unlink(&self, name: &Name) -> Result<()> {
        let refused = |what: &str| {
            Err(Error::new(
                ErrorKind::Permission,
                format!("cannot delete the pool: its {what} may not be written"),
            )
            .with_path(self.path())
            .with_hint("check the owner and the mode of the file and of its directory"))
        };
        if !self.shared().is_writable() {
            return refused("file");
        }
        let failed = |error| Error::from_io(&error, "delete the pool").with_path(self.path());
        if !name.may_remove().map_err(failed)? {
            return refused("directory");
        }
        Ok(())
    }
}

/// Where a pool's file lies.
struct Place {
    /// Its name in its directory.
    file: Name,
    identity: Identity,
    /// The link along which it was found, and which link that was.
    link: Option<(Name, Identity)>,
}

impl Place {
    /// Follows the name as opening does.
    fn of(name: Name) -> io::Result<Place> {
        let first = name.identity()?;
        Ok(match name.end()? {
            Some(file) => Place {
                identity: file.identity()?,
                file,
                link: Some((name, first)),
            },
            None => Place {
                file: name,
                identity: first,
                link: None,
            },
        })
    }

    /// Removes the link, if there was one and it is still there.
    fn remove_link(&self) -> io::Result<()> {
        match &self.link {
            Some((link, identity)) if link.identity().is_ok_and(|now| now == *identity) => {
                link.remove()
            }
            _ => Ok(()),
        }
    }

    fn names(self) -> Vec<Name> {
        let link = self.link.map(|(link, _)| link);
        std::iter::once(self.file).chain(link).collect()
    }
}
