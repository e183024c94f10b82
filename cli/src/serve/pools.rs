//! The pools of the served directory, kept open between requests.

use super::error::Answer;
use super::state::Stopping;
use super::storage::Storage;
use super::waiter::Bell;
use crate::shell;
use crate::{Client, Error, ErrorKind, Pool, PoolOptions};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tokio::time::sleep;

/// More than this many are closed again when nobody uses them.
const KEPT: usize = 256;
/// Between looks for pools that others have deleted.
const SWEEP: Duration = Duration::from_secs(2);
/// What a pool's name may leave out.
const SUFFIX: &str = ".plasmite";

/// A pool that is open, and the bell for those who wait for its messages.
#[derive(Debug)]
pub(crate) struct OpenPool {
    pub(crate) pool: Pool,
    pub(crate) bell: Arc<Bell>,
    /// Whether messages are found by their seq without a search.
    pub(crate) is_indexed: bool,
}

/// The pool that a request means: the one of a name, and when it tells an id, that one only.
#[derive(Debug)]
pub(crate) struct Meant {
    pub(crate) name: String,
    /// In hex.
    pub(crate) id: Option<String>,
}

impl Meant {
    /// Whichever has this name.
    pub(crate) fn named(name: String) -> Meant {
        Meant { name, id: None }
    }

    /// Fails when another pool has taken the name of the one that is meant.
    fn check(&self, pool: &Pool) -> Result<(), Error> {
        let Some(wanted) = &self.id else {
            return Ok(());
        };
        let id = format!("{:032x}", u128::from_be_bytes(pool.id()?));
        match wanted.eq_ignore_ascii_case(&id) {
            true => Ok(()),
            false => {
                let message = "the pool was deleted or replaced; another one has its name now";
                let error = Error::new(ErrorKind::NotFound, message).with_path(&self.name);
                Err(error.with_hint("open the pool again"))
            }
        }
    }
}

/// The pools.
#[derive(Debug)]
pub(crate) struct Pools {
    client: Client,
    open: RwLock<HashMap<String, Arc<OpenPool>>>,
}

impl Pools {
    pub(crate) fn new(client: Client) -> Pools {
        Pools {
            client,
            open: RwLock::default(),
        }
    }

    /// The directory.
    pub(crate) fn directory(&self) -> Result<PathBuf, Error> {
        self.client.pool_dir()
    }

    /// The pool of this name. Costs one look at the file's name when it is open already.
    pub(crate) async fn get(
        self: &Arc<Pools>,
        storage: &Storage,
        name: &str,
    ) -> Answer<Arc<OpenPool>> {
        if let Some(open) = self.current(name) {
            return Ok(open);
        }
        let (pools, name) = (Arc::clone(self), name.to_owned());
        storage.run(move || pools.open(&name)).await
    }

    /// The pool that is meant. Names change hands: what is asked for is to be done to what this gives, and the name
    /// is not to be asked again.
    pub(crate) async fn meant(
        self: &Arc<Pools>,
        storage: &Storage,
        meant: &Meant,
    ) -> Answer<Arc<OpenPool>> {
        let open = self.get(storage, &meant.name).await?;
        meant.check(&open.pool)?;
        Ok(open)
    }

    /// An open pool whose file is still there under its name.
    fn current(&self, name: &str) -> Option<Arc<OpenPool>> {
        let open = self.read().get(key(name)).map(Arc::clone)?;
        open.pool.is_current().unwrap_or(false).then_some(open)
    }

    /// Opens it, in place of what was open under its name.
    fn open(&self, name: &str) -> Result<Arc<OpenPool>, Error> {
        self.check(name)?;
        let opened = self.client.open_pool(name);
        if opened.is_err() {
            self.write().remove(key(name));
        }
        // Also behind the opening: the file may have become a link meanwhile.
        let pool = opened.map_err(|error| missing(error, name))?;
        self.check(name)?;
        let is_indexed = pool.info()?.index_capacity > 0;
        let mut open = self.write();
        if let Some(other) = open.get(key(name)) {
            if other.pool.is_current().unwrap_or(false) {
                return Ok(Arc::clone(other));
            }
        }
        if open.len() >= KEPT {
            open.retain(|_, pool| Arc::strong_count(pool) > 1);
        }
        let pool = Arc::new(OpenPool {
            is_indexed,
            pool,
            bell: Arc::default(),
        });
        open.insert(key(name).to_owned(), Arc::clone(&pool));
        Ok(pool)
    }

    /// Lets go of pools that others have deleted, now and then, until the server stops: without it they would be kept,
    /// and their files' space with them, until somebody asks for their names.
    pub(crate) async fn tend(self: Arc<Pools>, mut stopping: Stopping) {
        loop {
            tokio::select! {
                () = sleep(SWEEP) => {}
                () = stopping.came() => return,
            }
            if !self.read().is_empty() {
                let pools = Arc::clone(&self);
                let _ = tokio::task::spawn_blocking(move || pools.sweep()).await;
            }
        }
    }

    /// Lets go of those that are not under their names any more. Who still uses one has a share in it.
    fn sweep(&self) {
        // Files are looked at, and unmapped, without the lock that every request takes.
        let mut gone: Vec<_> = self.read().values().map(Arc::clone).collect();
        gone.retain(|open| matches!(open.pool.is_current(), Ok(false)));
        if !gone.is_empty() {
            self.write()
                .retain(|_, open| !gone.iter().any(|gone| Arc::ptr_eq(gone, open)));
        }
    }

    /// Creates a pool.
    pub(crate) fn create(&self, name: &str, options: &PoolOptions) -> Result<Pool, Error> {
        self.check(name)?;
        self.client.create(name, options)
    }

    /// Deletes a pool; its tails learn of it at once.
    pub(crate) fn delete(&self, meant: &Meant) -> Result<(), Error> {
        let name = &meant.name;
        self.check(name)?;
        if meant.id.is_some() {
            // The library deletes by name: this is as late as it can be asked.
            let open = self.current(name).map_or_else(|| self.open(name), Ok)?;
            meant.check(&open.pool)?;
        }
        self.write().remove(key(name));
        self.client
            .delete(name)
            .map_err(|error| missing(error, name))
    }

    /// What is known about a pool, as JSON. It need not be open, and is not kept open.
    pub(crate) fn info(&self, name: &str) -> Result<crate::Buffer, Error> {
        match self.current(name) {
            Some(open) => open.pool.info_json(),
            None => self.client.open_pool(name)?.info_json(),
        }
    }

    /// The list as JSON, and the names in it that lead out of the directory.
    pub(crate) fn list(&self) -> Result<(crate::Buffer, Vec<String>), Error> {
        let mut foreign = Vec::new();
        let list = self.client.list_json()?;
        if let Ok(entries) = std::fs::read_dir(self.directory()?) {
            for entry in entries.flatten() {
                let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                if let (true, Some(name)) = (is_link, entry.file_name().to_str()) {
                    if self.check(name).is_err() {
                        foreign.push(key(name).to_owned());
                    }
                }
            }
        }
        Ok((list, foreign))
    }

    /// Whether a name means a file of the directory.
    ///
    /// # Errors
    /// Usage for what is no name, Permission for a link that leads elsewhere.
    fn check(&self, name: &str) -> Result<(), Error> {
        check_name(name)?;
        let path = self.client.resolve(name)?;
        let is_link = path
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_symlink());
        if is_link && !leads_inside(&path, &self.directory()?) {
            let message = format!("{name:?} is a link that leads out of the pool directory");
            return Err(Error::new(ErrorKind::Permission, message)
                .with_hint("the server only serves files of its own directory"));
        }
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<String, Arc<OpenPool>>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<String, Arc<OpenPool>>> {
        self.open.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names are the library's, less those that are paths.
///
/// # Errors
/// Usage.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    if name.contains('/') {
        let message = format!("{name:?} is no pool name: it contains a slash");
        return Err(Error::new(ErrorKind::Usage, message)
            .with_hint("give the name alone; the server only serves pools of its own directory"));
    }
    Ok(())
}

fn key(name: &str) -> &str {
    name.strip_suffix(SUFFIX).unwrap_or(name)
}

fn leads_inside(path: &Path, directory: &Path) -> bool {
    match (path.canonicalize(), directory.canonicalize()) {
        (Ok(target), Ok(directory)) => target.starts_with(directory),
        // Leads nowhere: whoever made it could let it lead anywhere.
        _ => false,
    }
}

/// Says of a missing pool what to do from afar.
fn missing(error: Error, name: &str) -> Error {
    match error.kind() {
        ErrorKind::NotFound if error.seq().is_none() => {
            let name = key(name);
            let dashes = if name.starts_with('-') { "-- " } else { "" };
            error.with_hint(format!(
                "create it on the server with `pls pool create {dashes}{}`, or POST /v0/pools",
                shell::quoted(name)
            ))
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_takes_nothing_from_those_who_use_it() {
        let directory = tempfile::tempdir().unwrap();
        let pools = Pools::new(Client::new(directory.path()).unwrap());
        let open = |name: &str| {
            pools.create(name, &PoolOptions::new()).unwrap();
            pools.open(name).unwrap()
        };
        let used = open("used");
        for name in ["deleted", "removed", "kept"] {
            open(name);
        }
        let other = Client::new(directory.path()).unwrap();
        other.delete("used").unwrap();
        other.delete("deleted").unwrap();
        std::fs::remove_file(directory.path().join("removed.plasmite")).unwrap();
        pools.sweep();
        assert_eq!(pools.read().keys().collect::<Vec<_>>(), ["kept"]);
        assert_eq!(used.pool.bounds().unwrap().count, 0, "it can be looked at");
        assert_eq!(Arc::strong_count(&used), 1);
    }
}
