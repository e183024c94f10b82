//! Examines pools: everything a reader relies on, without ever writing. Nothing is repaired.
//!
//! The superblock, the control page, the checksum of every retained frame, the order of seqs and times,
//! the filling, the index, the tags, and every payload are looked at, in one pass over the retained part
//! and in memory of constant size (but for a message larger than that). Frames are read with plain reads;
//! the mapping, read-only, serves for the control words alone, so that a pool with writers at work is
//! seen as its readers see it: what they overwrite meanwhile is not damage.
//!
//! A [`Doctor`] works in slices, so that a host can show progress and stop; nothing has to be undone.

mod examination;
mod frames;
mod index;
mod message;
mod missing;
mod report;
mod walk;

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::sys::retry::uninterrupted;
use examination::Examination;
pub use report::{write_json, Finding, Issue, Report, Status, Warning};

/// How far a doctor has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Pools done.
    pub pools_done: usize,
    /// Pools in all.
    pub pools: usize,
    /// Bytes of files done.
    pub bytes_done: u64,
    /// Bytes of files in all.
    pub bytes: u64,
}

struct Target {
    reference: String,
    path: PathBuf,
    bytes: u64,
}

/// An examination of one pool, or of many after each other.
pub struct Doctor {
    targets: Vec<Target>,
    /// Whether a pool that cannot be looked at is a row and not an error.
    many: bool,
    done: usize,
    current: Option<Examination>,
    reports: Vec<Report>,
}

impl Doctor {
    /// Of one pool.
    ///
    /// # Errors
    /// NotFound, Permission, Io (no plain file): there is nothing to report on.
    pub fn of_one(reference: &str, path: &Path) -> Result<Doctor> {
        let mut doctor = Doctor::new(vec![(reference.to_string(), path.to_path_buf())]);
        doctor.many = false;
        doctor.current = Some(Examination::begin(reference, path)?);
        Ok(doctor)
    }

    /// Of these files, in this order. One that is gone by then is left out.
    pub fn of_all(paths: Vec<PathBuf>) -> Doctor {
        let named = |path: PathBuf| (path.to_string_lossy().into_owned(), path);
        Doctor::new(paths.into_iter().map(named).collect())
    }

    fn new(targets: Vec<(String, PathBuf)>) -> Doctor {
        let target = |(reference, path): (String, PathBuf)| Target {
            bytes: uninterrupted(|| std::fs::metadata(&path)).map_or(0, |data| data.len()),
            reference,
            path,
        };
        Doctor {
            targets: targets.into_iter().map(target).collect(),
            many: true,
            done: 0,
            current: None,
            reports: Vec::new(),
        }
    }

    /// Looks at about so many bytes more; one message is never cut, nor is the opening of a pool. False when
    /// all is done.
    ///
    /// # Errors
    /// Of one pool: as [`Doctor::of_one`], and NotFound when it was deleted meanwhile. There is no report
    /// then.
    pub fn step(&mut self, bytes: u64) -> Result<bool> {
        let Some(target) = self.targets.get(self.done) else {
            return Ok(false);
        };
        let outcome = match &mut self.current {
            Some(examination) => examination.step(bytes),
            None => Examination::begin(&target.reference, &target.path).map(|examination| {
                self.current = Some(examination);
                false
            }),
        };
        match outcome {
            Ok(false) => return Ok(true),
            Ok(true) => {
                let done = self.current.take().map(Examination::into_report);
                self.reports.extend(done);
            }
            Err(error) => {
                self.current = None;
                self.skip(error)?;
            }
        }
        self.done += 1;
        Ok(self.done < self.targets.len())
    }

    /// A pool that cannot be looked at.
    fn skip(&mut self, error: Error) -> Result<()> {
        let target = &self.targets[self.done];
        if !self.many {
            self.done = self.targets.len();
            return Err(error);
        }
        if error.kind() != ErrorKind::NotFound {
            self.reports.push(Report::unreadable(
                &target.reference,
                target.path.clone(),
                &error,
            ));
        }
        Ok(())
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        let bytes = |targets: &[Target]| targets.iter().map(|target| target.bytes).sum::<u64>();
        let within = match (&self.current, self.targets.get(self.done)) {
            (Some(examination), Some(target)) => examination.walked().min(target.bytes),
            _ => 0,
        };
        Progress {
            pools_done: self.done,
            pools: self.targets.len(),
            bytes_done: bytes(&self.targets[..self.done]) + within,
            bytes: bytes(&self.targets),
        }
    }

    /// Paths of the pools, in the order in which they are looked at.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.targets.iter().map(|target| target.path.as_path())
    }

    /// The reports on the pools done, in their order.
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }
}
