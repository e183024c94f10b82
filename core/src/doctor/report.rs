//! What an examination found, as values and as the JSON that all hosts show.

use std::path::PathBuf;

use crate::error::{Error, ErrorKind};
use crate::json::{object, write_string, Members};
use crate::limits;

/// What is wrong, by a name that stays the same in all versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finding {
    /// The file does not begin as pools do.
    NotAPool,
    /// The superblock is damaged.
    Superblock,
    /// The file is not as long as its superblock says.
    Length,
    /// The pool has another format.
    Format,
    /// The pool uses features this build does not know.
    Features,
    /// The control page does not fit the messages.
    Control,
    /// Messages that were flushed are not there, and no writer has recovered the pool since.
    Flushed,
    /// The disk cannot read a part of the file.
    Read,
    /// A frame is not what a writer wrote.
    Frame,
    /// The filling at the ring's end is not what a writer wrote.
    Filling,
    /// A batch ends before its last message.
    Batch,
    /// Seqs do not rise.
    SeqOrder,
    /// Times fall.
    TimeOrder,
    /// A payload of an unknown encoding.
    Encoding,
    /// Tags cannot be read, or are not those of the document.
    Tags,
    /// The signature of the tags lacks some, so that filters skip the message.
    Signature,
    /// A payload is no Lite3, no JSON, or no message document.
    Payload,
    /// The pool could not be looked at.
    Unreadable(ErrorKind),
}

impl Finding {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Finding::NotAPool => "not_a_pool",
            Finding::Superblock => "superblock",
            Finding::Length => "length",
            Finding::Format => "format",
            Finding::Features => "features",
            Finding::Control => "control",
            Finding::Flushed => "flushed",
            Finding::Read => "read",
            Finding::Frame => "frame",
            Finding::Filling => "filling",
            Finding::Batch => "batch",
            Finding::SeqOrder => "seq_order",
            Finding::TimeOrder => "time_order",
            Finding::Encoding => "encoding",
            Finding::Tags => "tags",
            Finding::Signature => "signature",
            Finding::Payload => "payload",
            Finding::Unreadable(_) => "unreadable",
        }
    }

    /// The broad class, as in `corrupt`.
    pub fn code(self) -> &'static str {
        match self {
            Finding::Format | Finding::Features => "format",
            Finding::Unreadable(ErrorKind::Permission) => "permission",
            Finding::Unreadable(_) => "io",
            _ => "corrupt",
        }
    }

    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Finding::NotAPool => "look what the file really is; if it was a pool, restore it from a copy, or try what a salvage (doctor --salvage) finds",
            Finding::Superblock | Finding::Length => {
                "restore the file from a copy, or try what a salvage (doctor --salvage) finds: as it is, nothing in it can be read safely"
            }
            Finding::Format => "convert it with `pool migrate`",
            Finding::Features => "use a newer build",
            Finding::Control => {
                "open it once for writing, for example by feeding a message: that recovers what is intact"
            }
            Finding::Flushed => {
                "before anything is written to the pool, copy what is intact into a new one by a salvage (doctor --salvage); look for another copy of the file, and check the disk"
            }
            Finding::Read => "save what can be read by a salvage (doctor --salvage), and check the disk",
            Finding::Unreadable(_) => "check the file's owner, mode and type",
            _ => {
                "the messages around the damage can still be read, and copied into a new pool by a salvage (doctor --salvage); it goes away when newer messages overwrite it"
            }
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// What.
    pub finding: Finding,
    /// In words, with the place.
    pub message: String,
    /// The message concerned, or the first of them.
    pub seq: Option<u64>,
    /// Where in the file, in bytes.
    pub offset: Option<u64>,
    /// What to do.
    pub advice: String,
}

/// What is no damage, but worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What, by a name that stays the same in all versions.
    pub name: &'static str,
    /// In words.
    pub message: String,
}

/// How a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// Everything a reader relies on is in order.
    Ok = 0,
    /// Something is damaged.
    Corrupt = 1,
    /// It could not be looked at; among the pools of a directory only.
    Unreadable = 2,
}

impl Status {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Corrupt => "corrupt",
            Status::Unreadable => "unreadable",
        }
    }
}

/// What the examination of one pool found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The reference as given; of a pool found in a directory, its path.
    pub pool_ref: String,
    /// Path of the file.
    pub path: PathBuf,
    /// How it is.
    pub status: Status,
    /// Newest message up to which everything from the oldest on is intact.
    pub last_good_seq: Option<u64>,
    /// What is wrong, in the order found: the first [`limits::DOCTOR_ISSUES`].
    pub issues: Vec<Issue>,
    /// How many issues there are, listed or not.
    pub issue_count: u64,
    /// What to do; also the warnings, which begin with `warning: `.
    pub hints: Vec<String>,
    /// What is no damage, but worth knowing.
    pub warnings: Vec<Warning>,
    /// Oldest and newest intact message; `None` when there is none.
    pub bounds: Option<(u64, u64)>,
    /// Intact messages.
    pub messages: u64,
    /// Bytes of messages looked at.
    pub bytes: u64,
    /// Index slots compared with the messages they belong to.
    pub slots: u64,
}

impl Report {
    pub(super) fn new(pool_ref: &str, path: PathBuf) -> Report {
        Report {
            pool_ref: pool_ref.to_string(),
            path,
            status: Status::Ok,
            last_good_seq: None,
            issues: Vec::new(),
            issue_count: 0,
            hints: Vec::new(),
            warnings: Vec::new(),
            bounds: None,
            messages: 0,
            bytes: 0,
            slots: 0,
        }
    }

    /// The row of a pool that cannot be looked at.
    pub(super) fn unreadable(pool_ref: &str, path: PathBuf, error: &Error) -> Report {
        let mut report = Report::new(pool_ref, path);
        let finding = Finding::Unreadable(error.kind());
        let advice = error.hint().unwrap_or(finding.advice()).to_string();
        report.add(Issue {
            finding,
            message: error.message().to_string(),
            seq: None,
            offset: error.offset(),
            advice,
        });
        report.status = Status::Unreadable;
        report
    }

    /// Adds an issue with the advice of its kind.
    pub(super) fn issue(
        &mut self,
        finding: Finding,
        message: impl Into<String>,
        seq: Option<u64>,
        offset: Option<u64>,
    ) {
        self.add(Issue {
            finding,
            message: message.into(),
            seq,
            offset,
            advice: finding.advice().to_string(),
        });
    }

    pub(super) fn add(&mut self, issue: Issue) {
        self.status = Status::Corrupt;
        self.issue_count += 1;
        self.hint(issue.advice.clone());
        if self.issues.len() < limits::DOCTOR_ISSUES {
            self.issues.push(issue);
        }
    }

    /// Adds what is no damage but worth knowing.
    pub(super) fn warn(&mut self, name: &'static str, message: impl Into<String>) {
        let warning = Warning {
            name,
            message: message.into(),
        };
        if !self.warnings.contains(&warning) {
            self.hint(format!("warning: {}", warning.message));
            self.warnings.push(warning);
        }
    }

    /// Adds a hint, once.
    pub(super) fn hint(&mut self, hint: String) {
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
    }

    fn write_members(&self, members: &mut Members<'_>) {
        members.text("pool_ref", &self.pool_ref);
        members.text("path", &self.path.to_string_lossy());
        members.text("status", self.status.name());
        members.number_or_null("last_good_seq", self.last_good_seq);
        members.number("issue_count", self.issue_count);
        members.array("issues", &self.issues, |issue, out| {
            object(out, |members| {
                members.text("code", issue.finding.code());
                members.text("finding", issue.finding.name());
                members.text("message", &issue.message);
                members.number_or_null("seq", issue.seq);
                members.number_or_null("offset", issue.offset);
                members.text("advice", &issue.advice);
            });
        });
        members.array("remediation_hints", &self.hints, |hint, out| {
            write_string(hint.as_bytes(), out);
        });
        if !self.warnings.is_empty() {
            members.array("warnings", &self.warnings, |warning, out| {
                object(out, |members| {
                    members.text("finding", warning.name);
                    members.text("message", &warning.message);
                });
            });
        }
        members.name("snapshot_path").extend_from_slice(b"null");
        members.object("bounds", |members| {
            if let Some((oldest, newest)) = self.bounds {
                members.number("oldest", oldest);
                members.number("newest", newest);
            }
        });
        members.number("message_count", self.messages);
        members.number("checked_bytes", self.bytes);
        members.number("checked_slots", self.slots);
    }
}

/// Appends `{"reports":[…]}`.
pub fn write_json<'a>(reports: impl IntoIterator<Item = &'a Report>, out: &mut Vec<u8>) {
    object(out, |members| {
        members.array("reports", reports, |report, out| {
            object(out, |members| report.write_members(members));
        });
    });
}
