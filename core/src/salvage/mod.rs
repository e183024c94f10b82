//! Copies every intact message of a damaged pool into a new one, and says what was lost.
//!
//! A message is intact when its checksum is right, which covers its place, its seq, its time and its pool. So the
//! control page and the index are not needed. Nor is the superblock, of a pool with the sizes that its length gives: what
//! its id changes in the checksums is the same in all of them, so that intact messages, if there are two, agree on it. But
//! a version word of another format is believed. Behind damage the search goes on: also for messages that a recovery left
//! out because they stood behind a damaged stretch. The old file is read with plain reads, never written to, and not
//! locked: damage comes without its writers, and a frame that is being overwritten has a wrong checksum.

mod copy;
mod search;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::pool::create::CreateOptions;
use crate::pool::open::open_file;
use crate::sys::file;
use crate::sys::retry::uninterrupted;
use search::Source;

/// Most ranges of lost messages that are listed; all are counted.
pub const LISTED: usize = 256;

/// What a salvage brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Path of the new pool.
    pub path: PathBuf,
    /// Messages copied.
    pub messages: u64,
    /// Seqs of the oldest and the newest; `None` when there were none.
    pub bounds: Option<(u64, u64)>,
    /// Messages known to be lost: between the oldest that is intact and the newest that ever was.
    pub lost: u64,
    /// In how many stretches they stood.
    pub stretches: u64,
    /// First and last seq of each stretch, at most [`LISTED`].
    pub lost_ranges: Vec<(u64, u64)>,
    /// Length of the new file in bytes.
    pub size: u64,
}

/// Copies what is intact in the pool at `damaged` into a new pool at `new`, each message with its seq, time and tags.
///
/// Of the options, size 0 is the old pool's as far as the file goes, or as much more as the messages need, and no
/// file mode is the old file's. Nothing is left of a failure.
///
/// # Errors
/// NotFound; AlreadyExists (the new pool); Usage (of another format, or too large for the size asked for); Corrupt (not a
/// pool, or not enough of it left to tell where messages lie and to check them); Permission; Io.
pub fn salvage(damaged: &Path, new: &Path, options: &CreateOptions) -> Result<Salvaged> {
    let (file, _, status) = open_file(damaged, true).map_err(|error| error.with_path(damaged))?;
    let place = file::identity_of(new)
        .map_err(|error| Error::from_io(&error, "look at the new pool's place").with_path(new))?;
    if place.is_some() {
        return Err(Error::new(
            ErrorKind::AlreadyExists,
            format!("pool already exists: {}", new.display()),
        )
        .with_path(new)
        .with_hint("choose another name for the new pool"));
    }
    let (mut source, found) =
        Source::find(&file, status.len).map_err(|error| error.with_path(damaged))?;
    let mode = uninterrupted(|| file.metadata())
        .map_err(|error| Error::from_io(&error, "look at the pool").with_path(damaged))?
        .mode();
    let options = CreateOptions {
        file_mode: Some(options.file_mode.unwrap_or(mode & 0o777)),
        ..*options
    };
    let (blank, size) = copy::copy(&mut source, &found, new, &options)?;
    blank.publish()?;
    let mut salvaged = Salvaged {
        path: new.to_path_buf(),
        messages: found.frames.len() as u64,
        size,
        ..Salvaged::default()
    };
    if let (Some(first), Some(last)) = (found.frames.first(), found.frames.last()) {
        salvaged.bounds = Some((first.seq, last.seq));
        let mut lose = |from: u64, to: u64| {
            if from <= to {
                salvaged.lost += to - from + 1;
                salvaged.stretches += 1;
                if salvaged.lost_ranges.len() < LISTED {
                    salvaged.lost_ranges.push((from, to));
                }
            }
        };
        for pair in found.frames.windows(2) {
            lose(pair[0].seq + 1, pair[1].seq - 1);
        }
        lose(last.seq + 1, found.next_seq - 1);
    }
    Ok(salvaged)
}
