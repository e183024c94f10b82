//! Converts pools of format 3, which other builds made, into pools of this format.
//!
//! Every message keeps its seq, its time, its tags and its data; what was written is read back and compared
//! before anybody sees the new pool. The old file is locked as its writers lock it and is never written to.
//! The new one is filled without a name and gets it at one moment: before that there is only the old pool,
//! after it the whole new one, whatever happens in between.

mod convert;
mod place;
mod v3;

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::format::superblock;
use crate::pool::create::CreateOptions;
use crate::pool::open::open_file;
use crate::sys::file_lock::{self, FileLock};
use crate::sys::retry::uninterrupted;
use convert::Converted;
use v3::OldPool;

/// What a conversion made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Path of the new pool.
    pub path: PathBuf,
    /// Path under which the old pool was kept, when the new one took its place.
    pub backup: Option<PathBuf>,
    /// Messages converted.
    pub messages: u64,
    /// Seqs of the oldest and the newest; `None` when there were none.
    pub bounds: Option<(u64, u64)>,
    /// Length of the old file in bytes.
    pub old_size: u64,
    /// Length of the new file in bytes.
    pub size: u64,
    /// Whether times fall from one message to the next, so that searches by time look at every message.
    pub times_unordered: bool,
}

/// Converts the pool at `old` into a new one at `new`; without that into one in its place, and the old file
/// stays beside it with `.bak` behind its name.
///
/// Of the options, size 0 is the old file's size, or as much more as the messages need; no index capacity is
/// the default, or no index if the old pool had none; no file mode is the old file's. Nothing is left of a
/// failure.
///
/// # Errors
/// NotFound; Usage (not of format 3, or too large for the size asked for); Busy (a writer holds the old
/// pool); AlreadyExists (the new pool, or the `.bak` file); Corrupt, with the place; Permission; Io.
pub fn migrate(old: &Path, new: Option<&Path>, options: &CreateOptions) -> Result<Migrated> {
    let (file, _, status) = open_file(old, true).map_err(|error| error.with_path(old))?;
    let source = |error: Error| error.or_path(old);
    check_version(&file).map_err(source)?;
    let _locked = lock(&file).map_err(source)?;
    let pool = OldPool::open(&file, status.len).map_err(source)?;
    let target = place::Target::find(old, new, status.identity)?;
    let mode = uninterrupted(|| file.metadata())
        .map_err(|error| Error::from_io(&error, "look at the pool").with_path(old))?
        .mode();
    let wanted = CreateOptions {
        size: options.size,
        index_capacity: options.index_capacity.or((!pool.has_index).then_some(0)),
        file_mode: Some(options.file_mode.unwrap_or(mode & 0o777)),
        flags: options.flags,
    };
    let Converted {
        blank,
        size,
        messages,
        times_unordered,
    } = convert(&pool, &target.path, &wanted, status.len).map_err(source)?;
    let bounds = (messages > 0).then(|| (pool.first_seq(), pool.first_seq() + messages - 1));
    if options.file_mode.is_none() {
        target.adopt_owner(&blank.new.file, &file)?;
    }
    let (path, backup) = target.put(blank, &file)?;
    Ok(Migrated {
        path,
        backup,
        messages,
        bounds,
        old_size: status.len,
        size,
        times_unordered,
    })
}

/// Fills a new pool of the size asked for, or of the old one's; of a larger one if that is too small.
fn convert(
    pool: &OldPool<'_>,
    path: &Path,
    options: &CreateOptions,
    old_size: u64,
) -> Result<Converted> {
    if let Some(converted) = convert::fill(pool, path, &options.inheriting(old_size))? {
        return Ok(converted);
    }
    let larger = options.enlarged(convert::least_size(pool, options)?)?;
    convert::fill(pool, path, &larger)?
        .ok_or_else(|| Error::new(ErrorKind::Internal, "a pool's size was computed too small"))
}

fn check_version(file: &File) -> Result<()> {
    let refused = |text: String, hint: &str| Err(Error::usage(text).with_hint(hint));
    match v3::version_of(file)? {
        Some(v3::VERSION) => Ok(()),
        Some(superblock::VERSION) => refused(
            format!("the pool has format {} already", superblock::VERSION),
            "there is nothing to convert: use it as it is",
        ),
        Some(version) if version > superblock::VERSION => refused(
            format!("the pool has format {version}, which this build does not know"),
            "use a newer build",
        ),
        Some(version) => refused(
            format!("the pool has format {version}, and only format 3 can be converted"),
            "use the build that wrote it",
        ),
        None => Err(
            Error::corrupt("not a pool: the file does not begin with the mark of one")
                .with_offset(0),
        ),
    }
}

/// Keeps the writers of older builds out.
fn lock(old: &File) -> Result<FileLock<'_>> {
    let locked = file_lock::try_exclusive(old)
        .map_err(|error| Error::from_io(&error, "lock the old pool"))?;
    locked.ok_or_else(|| {
        let text = "a writer of an older build holds the pool";
        Error::new(ErrorKind::Busy, text)
            .with_hint("stop the programs that use the pool, then try again")
    })
}
