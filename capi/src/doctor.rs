//! The doctor: examines pools in slices and tells what it found.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, CString};
use std::sync::OnceLock;

use plasmite_core::doctor::{self, Doctor, Issue, Report, Status};
use plasmite_core::sys::fork_lock::ForkLock;
use plasmite_core::{Error, Result};

use crate::bytes::{give_built, plsm_buf_t};
use crate::client::{plsm_client_t, target};
use crate::error::plsm_error_t;
use crate::guard::{plain, status, truth, Out};
use crate::handle::{self, Opaque};
use crate::info::plsm_bounds_t;
use crate::options::{self, Versioned};
use crate::text::c_string;

/// An examination of one pool or of all pools of a directory.
pub struct plsm_doctor {
    _opaque: [u8; 0],
}

/// An examination of pools. See plsm_doctor.
pub type plsm_doctor_t = plsm_doctor;

impl Opaque for plsm_doctor {
    type Inner = OpenDoctor;
    const MAGIC: u64 = 0x706c_736d_0009_d0c7;
    const NAME: &'static str = "doctor handle";
}

/// A doctor, and its reports in the form in which C borrows them.
pub struct OpenDoctor {
    paths: Vec<CString>,
    doctor: ForkLock<Doctor>,
    /// As many as there are pools; each stays as it is once it was asked for.
    rows: Box<[OnceLock<Row>]>,
}

struct Row {
    status: Status,
    pool_ref: CString,
    path: CString,
    last_good_seq: Option<u64>,
    bounds: plsm_bounds_t,
    issue_count: u64,
    issues: Vec<IssueRow>,
    hints: Vec<CString>,
    bytes: u64,
    slots: u64,
}

struct IssueRow {
    code: CString,
    finding: CString,
    message: CString,
    advice: CString,
    seq: Option<u64>,
    offset: Option<u64>,
}

impl From<&Issue> for IssueRow {
    fn from(issue: &Issue) -> IssueRow {
        IssueRow {
            code: c_string(issue.finding.code()),
            finding: c_string(issue.finding.name()),
            message: c_string(&issue.message),
            advice: c_string(&issue.advice),
            seq: issue.seq,
            offset: issue.offset,
        }
    }
}

impl From<&Report> for Row {
    fn from(report: &Report) -> Row {
        let (oldest, newest) = report.bounds.unwrap_or((0, 0));
        Row {
            status: report.status,
            pool_ref: c_string(&report.pool_ref),
            path: path_text(&report.path),
            last_good_seq: report.last_good_seq,
            bounds: plsm_bounds_t {
                oldest,
                newest,
                count: report.messages,
            },
            issue_count: report.issue_count,
            issues: report.issues.iter().map(IssueRow::from).collect(),
            hints: report.hints.iter().map(|hint| c_string(hint)).collect(),
            bytes: report.bytes,
            slots: report.slots,
        }
    }
}

fn path_text(path: &std::path::Path) -> CString {
    CString::new(path.as_os_str().as_encoded_bytes()).unwrap_or_default()
}

/// How a pool is, according to a doctor.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum plsm_doctor_status {
    /// Everything a reader relies on is in order.
    PLSM_DOCTOR_OK = 0,
    /// Something is damaged, or the pool has another format.
    PLSM_DOCTOR_CORRUPT = 1,
    /// It could not be looked at. Only among the pools of a directory; of a single pool that is an error.
    PLSM_DOCTOR_UNREADABLE = 2,
}

/// How a pool is. See plsm_doctor_status.
pub type plsm_doctor_status_t = plsm_doctor_status;

fn status_number(status: Status) -> u32 {
    let number = match status {
        Status::Ok => plsm_doctor_status::PLSM_DOCTOR_OK,
        Status::Corrupt => plsm_doctor_status::PLSM_DOCTOR_CORRUPT,
        Status::Unreadable => plsm_doctor_status::PLSM_DOCTOR_UNREADABLE,
    };
    number as u32
}

/// How far a doctor has come. Set struct_size before the call, or start from PLSM_DOCTOR_PROGRESS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_doctor_progress {
    /// sizeof(plsm_doctor_progress_t), set by the caller.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Pools done.
    pub pools_done: u64,
    /// Pools in all.
    pub pools: u64,
    /// Bytes of files done.
    pub bytes_done: u64,
    /// Bytes of files in all.
    pub bytes: u64,
    /// Path of the pool that is being looked at, or NULL when all are done. Borrowed from the doctor.
    pub path: *const c_char,
}

/// How far a doctor has come. See plsm_doctor_progress.
pub type plsm_doctor_progress_t = plsm_doctor_progress;

// SAFETY: repr(C), integers and pointers only, starts with struct_size.
unsafe impl Versioned for plsm_doctor_progress {
    const FIRST_SIZE: usize = 48;
    const NAME: &'static str = "plsm_doctor_progress_t";
}

/// What a doctor found out about one pool. Everything it points to is borrowed from the doctor. Set
/// struct_size before the call, or start from PLSM_DOCTOR_REPORT_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_doctor_report {
    /// sizeof(plsm_doctor_report_t), set by the caller.
    pub struct_size: u32,
    /// A plsm_doctor_status_t.
    pub status: u32,
    /// The reference as given; of a pool found in a directory, its path.
    pub pool_ref: *const c_char,
    /// The path of its file.
    pub path: *const c_char,
    /// The newest message up to which, from the oldest on, all are intact; only when has_last_good_seq.
    pub last_good_seq: u64,
    /// Whether last_good_seq counts: 0 or 1.
    pub has_last_good_seq: u64,
    /// Oldest and newest intact message, and how many are intact.
    pub bounds: plsm_bounds_t,
    /// How many issues were found.
    pub issue_count: u64,
    /// How many of them plsm_doctor_issue tells: the first 256.
    pub issues_listed: u64,
    /// How many hints plsm_doctor_hint tells.
    pub hint_count: u64,
    /// Bytes of messages looked at.
    pub checked_bytes: u64,
    /// Index slots compared with the messages they belong to.
    pub checked_slots: u64,
}

/// What a doctor found out about one pool. See plsm_doctor_report.
pub type plsm_doctor_report_t = plsm_doctor_report;

// SAFETY: repr(C), integers and pointers only, starts with struct_size.
unsafe impl Versioned for plsm_doctor_report {
    const FIRST_SIZE: usize = 104;
    const NAME: &'static str = "plsm_doctor_report_t";
}

/// One thing that is wrong with a pool. Its texts are borrowed from the doctor. Set struct_size before the
/// call, or start from PLSM_DOCTOR_ISSUE_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct plsm_doctor_issue {
    /// sizeof(plsm_doctor_issue_t), set by the caller.
    pub struct_size: u32,
    /// Whether seq counts: 0 or 1.
    pub has_seq: u32,
    /// Whether offset counts: 0 or 1.
    pub has_offset: u32,
    /// 0.
    pub reserved: u32,
    /// The message concerned, or the first of them.
    pub seq: u64,
    /// Where in the file, in bytes.
    pub offset: u64,
    /// The broad class: "corrupt", "format", "permission" or "io".
    pub code: *const c_char,
    /// What exactly: a name that stays the same in all versions, such as "frame". Later versions add names.
    pub finding: *const c_char,
    /// In words, with the place.
    pub message: *const c_char,
    /// What to do about it.
    pub advice: *const c_char,
}

/// One thing that is wrong with a pool. See plsm_doctor_issue.
pub type plsm_doctor_issue_t = plsm_doctor_issue;

// SAFETY: repr(C), integers and pointers only, starts with struct_size.
unsafe impl Versioned for plsm_doctor_issue {
    const FIRST_SIZE: usize = 64;
    const NAME: &'static str = "plsm_doctor_issue_t";
}

/// Begins to examine a pool, or with `pool_ref` NULL every pool of the client's directory, by name. Looks at
/// everything a reader relies on: superblock, control page, checksum and contents of each message, order of
/// seqs and times, index. Writes nothing, also works on pools that may only be read, and on pools in use:
/// what writers overwrite meanwhile is not damage. Takes time in proportion to the messages, and memory for
/// the largest of them. NotFound: no such pool, or directory. Permission and Io: a single pool cannot be
/// looked at. Free with plsm_doctor_free, also before it is done: that cancels it. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_doctor_open(
    client: *mut plsm_client_t,
    pool_ref: *const c_char,
    out_doctor: *mut *mut plsm_doctor_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a pointer.
        let out = unsafe { Out::new(out_doctor, "out_doctor") }?;
        let doctor = if pool_ref.is_null() {
            // SAFETY: the caller passes a client handle.
            unsafe { handle::get(client) }?.directory()?.doctor(None)?
        } else {
            // SAFETY: the caller passes a client handle and a string.
            let (client, reference) = unsafe { target(client, pool_ref) }?;
            client.local(reference)?.doctor(Some(reference))?
        };
        let paths: Vec<CString> = doctor.paths().map(path_text).collect();
        out.set(handle::into_raw(OpenDoctor {
            rows: paths.iter().map(|_| OnceLock::new()).collect(),
            doctor: ForkLock::new(doctor),
            paths,
        }));
        Ok(())
    })
}

/// Looks at about so many bytes more; 0 means all that are left. `out_progress` may be NULL. 1: there is
/// more. 0: all is done. -1: a single pool was deleted meanwhile, say; there is no report then. 1, 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_doctor_step(
    doctor: *mut plsm_doctor_t,
    bytes: u64,
    out_progress: *mut plsm_doctor_progress_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    truth(out_err, || {
        // SAFETY: the caller passes a doctor.
        let open = unsafe { handle::get(doctor) }?;
        let out = if out_progress.is_null() {
            None
        } else {
            // SAFETY: not NULL, so a struct of the size it says.
            Some(unsafe { options::answer_in(out_progress, "out_progress") }?)
        };
        let mut doctor = open.doctor.lock();
        let more = if bytes == 0 {
            while doctor.step(u64::MAX)? {}
            false
        } else {
            doctor.step(bytes)?
        };
        if let Some(out) = out {
            let progress = doctor.progress();
            let path = open.paths.get(progress.pools_done);
            out.set(&plsm_doctor_progress {
                struct_size: 0,
                reserved: 0,
                pools_done: progress.pools_done as u64,
                pools: progress.pools as u64,
                bytes_done: progress.bytes_done,
                bytes: progress.bytes,
                path: path.map_or(std::ptr::null(), |path| path.as_ptr()),
            });
        }
        Ok(more)
    })
}

/// How many reports there are so far, one for each pool done; 0 for a bad handle.
#[no_mangle]
pub unsafe extern "C" fn plsm_doctor_report_count(doctor: *mut plsm_doctor_t) -> usize {
    plain(0, || {
        // SAFETY: the caller passes NULL or a doctor.
        let open = unsafe { handle::get(doctor) };
        open.map_or(0, |open| open.doctor.lock().reports().len())
    })
}

impl OpenDoctor {
    /// One report, in memory that stays where it is until the handle is freed.
    fn row(&self, index: usize) -> Result<&Row> {
        let doctor = self.doctor.lock();
        let reports = doctor.reports();
        match (self.rows.get(index), reports.get(index)) {
            (Some(row), Some(report)) => Ok(row.get_or_init(|| report.into())),
            _ => Err(Error::usage(format!(
                "there is no report {index}: {} pools have been examined",
                reports.len()
            ))
            .with_hint("call plsm_doctor_step until it gives 0")),
        }
    }
}

/// Tells what was found out about one pool, counted from 0, in a struct whose struct_size the caller has
/// set. Usage: that pool is not done yet. 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_doctor_report(
    doctor: *mut plsm_doctor_t,
    index: usize,
    out_report: *mut plsm_doctor_report_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a struct of the size it says, and a doctor.
        let (out, open) = unsafe {
            (
                options::answer_in(out_report, "out_report")?,
                handle::get(doctor)?,
            )
        };
        let row = open.row(index)?;
        out.set(&plsm_doctor_report {
            struct_size: 0,
            status: status_number(row.status),
            pool_ref: row.pool_ref.as_ptr(),
            path: row.path.as_ptr(),
            last_good_seq: row.last_good_seq.unwrap_or(0),
            has_last_good_seq: u64::from(row.last_good_seq.is_some()),
            bounds: row.bounds,
            issue_count: row.issue_count,
            issues_listed: row.issues.len() as u64,
            hint_count: row.hints.len() as u64,
            checked_bytes: row.bytes,
            checked_slots: row.slots,
        });
        Ok(())
    })
}

/// Tells one issue of a report, both counted from 0, in a struct whose struct_size the caller has set. 0 or
/// -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_doctor_issue(
    doctor: *mut plsm_doctor_t,
    report: usize,
    index: usize,
    out_issue: *mut plsm_doctor_issue_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a struct of the size it says, and a doctor.
        let (out, open) = unsafe {
            (
                options::answer_in(out_issue, "out_issue")?,
                handle::get(doctor)?,
            )
        };
        let issues = &open.row(report)?.issues;
        let issue = issues.get(index).ok_or_else(|| {
            let count = issues.len();
            Error::usage(format!("there is no issue {index} in a list of {count}"))
        })?;
        out.set(&plsm_doctor_issue {
            struct_size: 0,
            has_seq: u32::from(issue.seq.is_some()),
            has_offset: u32::from(issue.offset.is_some()),
            reserved: 0,
            seq: issue.seq.unwrap_or(0),
            offset: issue.offset.unwrap_or(0),
            code: issue.code.as_ptr(),
            finding: issue.finding.as_ptr(),
            message: issue.message.as_ptr(),
            advice: issue.advice.as_ptr(),
        });
        Ok(())
    })
}

/// One hint of a report, both counted from 0: what to do, or, when it begins with "warning: ", what is no
/// damage and worth knowing. Borrowed from the doctor; NULL beyond the last.
#[no_mangle]
pub unsafe extern "C" fn plsm_doctor_hint(
    doctor: *mut plsm_doctor_t,
    report: usize,
    index: usize,
) -> *const c_char {
    plain(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a doctor.
        let Ok(open) = (unsafe { handle::get(doctor) }) else {
            return std::ptr::null();
        };
        let hint = open
            .row(report)
            .ok()
            .and_then(|report| report.hints.get(index));
        hint.map_or(std::ptr::null(), |hint| hint.as_ptr())
    })
}

/// The reports so far as one compact JSON object, `{"reports":[...]}`: the one that `doctor --json` prints.
/// 0 or -1.
#[no_mangle]
pub unsafe extern "C" fn plsm_doctor_json(
    doctor: *mut plsm_doctor_t,
    out_json: *mut plsm_buf_t,
    out_err: *mut *mut plsm_error_t,
) -> c_int {
    status(out_err, || {
        // SAFETY: the caller passes NULL or a place for a buffer, and a doctor.
        let (out, open) = unsafe { (Out::new(out_json, "out_json")?, handle::get(doctor)?) };
        out.set(give_built(|json| {
            doctor::write_json(open.doctor.lock().reports(), json);
            Ok(())
        })?);
        Ok(())
    })
}

/// Frees a doctor with everything borrowed from it. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn plsm_doctor_free(doctor: *mut plsm_doctor_t) {
    // SAFETY: the caller passes NULL or a doctor that no call uses.
    unsafe { handle::free(doctor) }
}
