//! Examining pools: in slices, with reports.
#![allow(unsafe_code)]

use crate::call::{c_text, call};
use crate::error::{borrowed_path, borrowed_text};
use crate::{raw, Bounds, Buffer, Error, Result};
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};

/// How a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DoctorStatus {
    /// Everything a reader relies on is in order.
    Ok,
    /// Something is damaged, or the pool has another format.
    Corrupt,
    /// It could not be looked at; among the pools of a directory only.
    Unreadable,
}

/// How far a doctor has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoctorProgress {
    /// Pools done.
    pub pools_done: u64,
    /// Pools in all.
    pub pools: u64,
    /// Bytes of files done.
    pub bytes_done: u64,
    /// Bytes of files in all.
    pub bytes: u64,
    /// The pool that is being looked at; `None` when all are done.
    pub path: Option<PathBuf>,
}

/// What was found out about one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoctorReport<'a> {
    /// How it is.
    pub status: DoctorStatus,
    /// The reference as given; of a pool found in a directory, its path.
    pub pool_ref: &'a str,
    /// The path of its file.
    pub path: &'a Path,
    /// The newest message up to which, from the oldest on, all are intact.
    pub last_good_seq: Option<u64>,
    /// Oldest and newest intact message, and how many are intact.
    pub bounds: Bounds,
    /// How many issues were found.
    pub issue_count: u64,
    /// The first 256 of them.
    pub issues: Vec<DoctorIssue<'a>>,
    /// What to do; what is no damage and worth knowing begins with `warning: `.
    pub hints: Vec<&'a str>,
    /// Bytes of messages looked at.
    pub checked_bytes: u64,
    /// Index slots compared with the messages they belong to.
    pub checked_slots: u64,
}

/// One thing that is wrong with a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoctorIssue<'a> {
    /// The broad class: `corrupt`, `format`, `permission` or `io`.
    pub code: &'a str,
    /// What exactly, by a name that stays the same in all versions.
    pub finding: &'a str,
    /// In words, with the place.
    pub message: &'a str,
    /// What to do about it.
    pub advice: &'a str,
    /// The message concerned, or the first of them.
    pub seq: Option<u64>,
    /// Where in the file, in bytes.
    pub offset: Option<u64>,
}

/// An examination of one pool, or of all pools of a directory. Writes nothing. Dropped before it is done, it is
/// cancelled.
///
/// ```
/// # use plasmite_sdk::*;
/// # let directory = tempfile::tempdir().unwrap();
/// # let client = Client::new(directory.path())?;
/// # client.create("events", &PoolOptions::new())?.append(b"1", &AppendOptions::new())?;
/// let mut doctor = client.doctor("events")?;
/// while doctor.step(1 << 20)? {
///     let progress = doctor.progress();
///     println!("{} of {} bytes", progress.bytes_done, progress.bytes);
/// }
/// assert_eq!(doctor.report(0)?.status, DoctorStatus::Ok);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Doctor {
    handle: NonNull<raw::plsm_doctor_t>,
    progress: DoctorProgress,
}

// SAFETY: the library's handles may be used from any thread.
unsafe impl Send for Doctor {}
// SAFETY: as above; what reports borrow never changes while the handle lives.
unsafe impl Sync for Doctor {}

impl Doctor {
    /// `None` means every pool of the directory.
    pub(crate) fn open(client: *mut raw::plsm_client_t, reference: Option<&str>) -> Result<Doctor> {
        let reference = reference
            .map(|reference| c_text(reference, "the pool reference"))
            .transpose()?;
        let reference = reference.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        let mut handle = ptr::null_mut();
        // SAFETY: the caller's live handle, NULL or a NUL-terminated text; the outputs are ours.
        call(|error| unsafe { raw::plsm_doctor_open(client, reference, &mut handle, error) })?;
        let handle = NonNull::new(handle).ok_or_else(|| Error::take(ptr::null_mut()))?;
        let progress = DoctorProgress::default();
        Ok(Doctor { handle, progress })
    }

    /// Looks at about so many bytes more, 0 meaning all; false when all is done.
    ///
    /// # Errors
    /// NotFound when a single pool was deleted meanwhile; Io.
    pub fn step(&mut self, bytes: u64) -> Result<bool> {
        let mut progress = raw::plsm_doctor_progress_t {
            struct_size: size_of::<raw::plsm_doctor_progress_t>() as u32,
            ..Default::default()
        };
        // SAFETY: a live handle; a struct of the stated size, which is ours.
        let more = call(|error| unsafe {
            raw::plsm_doctor_step(self.handle.as_ptr(), bytes, &mut progress, error)
        })?;
        self.progress = DoctorProgress {
            pools_done: progress.pools_done,
            pools: progress.pools,
            bytes_done: progress.bytes_done,
            bytes: progress.bytes,
            // SAFETY: NULL or a path that lives as long as the handle.
            path: (!progress.path.is_null())
                .then(|| unsafe { borrowed_path(progress.path) }.to_path_buf()),
        };
        Ok(more != 0)
    }

    /// How far it had come after the last step.
    pub fn progress(&self) -> &DoctorProgress {
        &self.progress
    }

    /// How many reports there are so far, one for each pool done.
    pub fn report_count(&self) -> usize {
        // SAFETY: a live handle.
        unsafe { raw::plsm_doctor_report_count(self.handle.as_ptr()) }
    }

    /// The report on a pool, from 0.
    ///
    /// # Errors
    /// Usage when that pool is not done yet.
    pub fn report(&self, index: usize) -> Result<DoctorReport<'_>> {
        let mut report = raw::plsm_doctor_report_t {
            struct_size: size_of::<raw::plsm_doctor_report_t>() as u32,
            ..Default::default()
        };
        let handle = self.handle.as_ptr();
        // SAFETY: a live handle; a struct of the stated size, which is ours.
        call(|error| unsafe { raw::plsm_doctor_report(handle, index, &mut report, error) })?;
        let issues = (0..report.issues_listed as usize)
            .map(|issue| self.issue(index, issue))
            .collect::<Result<_>>()?;
        // SAFETY: a live handle; the library filled the report, and what it points to lives as long as the
        // handle, which the result borrows.
        unsafe {
            let hint = |hint| borrowed_text(raw::plsm_doctor_hint(handle, index, hint));
            Ok(DoctorReport {
                status: match report.status {
                    raw::PLSM_DOCTOR_OK => DoctorStatus::Ok,
                    raw::PLSM_DOCTOR_UNREADABLE => DoctorStatus::Unreadable,
                    _ => DoctorStatus::Corrupt,
                },
                pool_ref: borrowed_text(report.pool_ref),
                path: borrowed_path(report.path),
                last_good_seq: (report.has_last_good_seq != 0).then_some(report.last_good_seq),
                bounds: report.bounds.into(),
                issue_count: report.issue_count,
                issues,
                hints: (0..report.hint_count as usize).map(hint).collect(),
                checked_bytes: report.checked_bytes,
                checked_slots: report.checked_slots,
            })
        }
    }

    fn issue(&self, report: usize, index: usize) -> Result<DoctorIssue<'_>> {
        let mut issue = raw::plsm_doctor_issue_t {
            struct_size: size_of::<raw::plsm_doctor_issue_t>() as u32,
            ..Default::default()
        };
        // SAFETY: a live handle; a struct of the stated size, which is ours.
        call(|error| unsafe {
            raw::plsm_doctor_issue(self.handle.as_ptr(), report, index, &mut issue, error)
        })?;
        // SAFETY: as in `report`.
        unsafe {
            Ok(DoctorIssue {
                code: borrowed_text(issue.code),
                finding: borrowed_text(issue.finding),
                message: borrowed_text(issue.message),
                advice: borrowed_text(issue.advice),
                seq: (issue.has_seq != 0).then_some(issue.seq),
                offset: (issue.has_offset != 0).then_some(issue.offset),
            })
        }
    }

    /// The reports so far as JSON: `{"reports":[…]}`.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn json(&self) -> Result<Buffer> {
        // SAFETY: a live handle; the outputs are ours.
        Buffer::fill(|buffer, error| unsafe {
            raw::plsm_doctor_json(self.handle.as_ptr(), buffer, error)
        })
    }
}

impl Drop for Doctor {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, no call is running on it, and it is freed once.
        unsafe { raw::plsm_doctor_free(self.handle.as_ptr()) }
    }
}
