//! The examination of one pool: what the file is, whether its control words can be believed, and the walk.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::missing::{self, Promised};
use super::report::Issue;
use super::walk::{Walk, Walked};
use super::{Finding, Report};
use crate::error::{Error, ErrorKind, Result};
use crate::format::superblock::{Superblock, MAGIC, VERSION};
use crate::format::PAGE;
use crate::pool::open::open_file;
use crate::pool::survey::survey;
use crate::pool::{signs, Pool};
use crate::ring::memory::Memory;
use crate::ring::snapshot::Check;
use crate::sys::atomic::Ordering;

/// How often an examination begins anew because the pool was recovered under it. Each time some writer has
/// found another boot, another file or damage; more often than once is already odd.
const RESTARTS: u32 = 16;

/// The examination of one pool.
pub(super) struct Examination {
    reference: String,
    path: PathBuf,
    report: Report,
    /// None: what the file is was all there was to see.
    walk: Option<Walk>,
    promised: Option<Promised>,
    /// Bytes to walk.
    whole: u64,
    restarts: u32,
}

impl Examination {
    /// Looks at superblock and control page.
    ///
    /// # Errors
    /// NotFound, Permission, Io.
    pub(super) fn begin(reference: &str, path: &Path) -> Result<Examination> {
        let mut report = Report::new(reference, path.to_path_buf());
        let (mut promised, mut walk) = (None, None);
        if let Some(pool) = open(path, &mut report).map_err(|error| error.or_path(path))? {
            promised = Promised::of(&pool);
            walk = Some(first_look(pool, &mut report)?);
        }
        Ok(Examination {
            reference: reference.to_string(),
            path: path.to_path_buf(),
            report,
            whole: walk.as_ref().map_or(0, Walk::left),
            walk,
            promised,
            restarts: 0,
        })
    }

    /// Walks on; true when the report is complete.
    ///
    /// # Errors
    /// NotFound when the pool was deleted meanwhile; Busy when it is recovered again and again.
    pub(super) fn step(&mut self, bytes: u64) -> Result<bool> {
        let Some(walk) = &mut self.walk else {
            return Ok(true);
        };
        match walk.step(bytes, &mut self.report) {
            Walked::More => Ok(false),
            Walked::Done => {
                if walk.pool().is_deleted() {
                    return Err(walk.pool().gone());
                }
                if let (Some(newest), 0) = (walk.newest(), self.report.issue_count) {
                    missing::behind_newest(newest, walk.next_seq(), &mut self.report);
                }
                if let Some(promised) = &self.promised {
                    promised.compare(walk.pool(), &mut self.report);
                }
                last_look(walk.pool(), &mut self.report);
                Ok(true)
            }
            Walked::Restart if self.restarts == RESTARTS => Err(Error::new(
                ErrorKind::Busy,
                "the pool is recovered again and again while it is looked at",
            )
            .with_path(&self.path)
            .with_hint("stop its writers, then try again")),
            Walked::Restart => {
                let restarts = self.restarts + 1;
                *self = Examination::begin(&self.reference, &self.path)?;
                self.restarts = restarts;
                Ok(false)
            }
        }
    }

    /// Bytes walked.
    pub(super) fn walked(&self) -> u64 {
        self.whole - self.walk.as_ref().map_or(0, Walk::left).min(self.whole)
    }

    pub(super) fn into_report(self) -> Report {
        self.report
    }
}

/// Decides what to walk over: the control words' bounds, or those that the frames tell.
fn first_look(pool: Pool, report: &mut Report) -> Result<Walk> {
    if pool.is_deleted() {
        return Err(
            Error::new(ErrorKind::NotFound, "pool not found: it was deleted")
                .with_path(pool.path()),
        );
    }
    let settled = pool.settle_for_reading().is_ok();
    let ring = pool.shared().ring();
    // Before the head: it is then not ahead of it.
    let next_seq = ring.memory.control().hot.next_seq.load(Ordering::Acquire);
    if let Some((tail, head)) = ring.bounds() {
        // Readers cannot open a pool whose oldest or newest message is damaged: then that is what to name.
        let one_end_is_good = || {
            matches!(ring.check(tail, head), Check::Good(_))
                || ring.newest_before(head, tail).is_some()
        };
        if settled || (tail < head && one_end_is_good()) {
            return Ok(Walk::new(pool, true, (tail, head), next_seq));
        }
    }
    report_control(report);
    let found = survey(ring, !pool.shared().superblock().times_unordered());
    let bounds = (found.tail, found.head);
    let walk = Walk::new(pool, false, bounds, found.next_seq);
    Ok(walk.after(report.issue_count))
}

fn report_control(report: &mut Report) {
    let text = "the control page does not fit the messages";
    report.issue(Finding::Control, text, None, Some(PAGE));
}

/// What only shows once all messages have been seen.
fn last_look(pool: &Pool, report: &mut Report) {
    // Readers go by these words, and cannot.
    if pool.settle_for_reading().is_err() {
        if report.issue_count == 0 {
            report_control(report);
        }
        report.hint(Finding::Control.advice().to_string());
    }
    let at_home = pool.is_at_home();
    if !at_home && report.issue_count > 0 {
        report.hint(
            "the machine went down, or the file was copied, since the pool was last in use: opening it for writing recovers what is intact"
                .into(),
        );
    }
    if at_home && report.issue_count == 0 && !pool.looks_sound(true) {
        report.warn("writer_words", signs::ODD_WORDS);
    }
    if pool.sync_failed() {
        report.warn("sync_failed", signs::SYNC_FAILED);
    }
    let left_out = match at_home {
        true => pool.left_out(),
        false => pool.would_leave_out(),
    };
    if let Some(left_out) = left_out {
        report.warn("left_out", signs::left_out(&left_out));
    }
    if let Some(exposed) = signs::exposed(pool.path()) {
        report.warn("exposed", exposed);
    }
}

/// The pool, if it is one that this build can read; else the report says what is wrong with it. The superblock is read
/// anew, though this process may have the pool open, and once: what another program writes meanwhile is not mixed with it.
fn open(path: &Path, report: &mut Report) -> Result<Option<Pool>> {
    let (file, _, status) = open_file(path, true)?;
    let mut page = Vec::new();
    if let Err(error) = (&file).take(PAGE).read_to_end(&mut page) {
        let text = format!("the superblock cannot be read: {error}");
        report.issue(Finding::Read, text, None, Some(page.len() as u64));
        return Ok(None);
    }
    match Superblock::parse(&page, status.len) {
        Ok(superblock) => Pool::open_unsettled(file, path, status, superblock).map(Some),
        Err(error) => {
            report.add(name(&error, &page, status.len));
            Ok(None)
        }
    }
}

/// The finding of a superblock that cannot be parsed.
fn name(error: &Error, page: &[u8], file_len: u64) -> Issue {
    let finding = if !page.starts_with(&MAGIC) {
        Finding::NotAPool
    } else if page
        .get(4..8)
        .is_some_and(|word| word != VERSION.to_le_bytes())
    {
        Finding::Format
    } else if error.kind() == ErrorKind::Usage {
        Finding::Features
    } else {
        let length = page.get(16..24).and_then(|word| word.try_into().ok());
        match length.map(|word| Superblock::parse(page, u64::from_le_bytes(word))) {
            Some(Ok(_)) => Finding::Length,
            _ => Finding::Superblock,
        }
    };
    // The error knows which format it is, and what can be done about that one.
    let advice = match (finding, error.hint()) {
        (Finding::Format | Finding::Features, Some(hint)) => hint,
        _ => finding.advice(),
    };
    // Where the word is that says so; or where the file ends.
    let place = match finding {
        Finding::Format => 4,
        Finding::Features => 64,
        Finding::Length => file_len,
        _ => 0,
    };
    Issue {
        finding,
        message: error.message().to_string(),
        seq: None,
        offset: error.offset().or(Some(place)),
        advice: advice.to_string(),
    }
}
