//! What can be said of a pool as a whole, as values and as the JSON that all hosts show.

use std::path::PathBuf;

use crate::error::Error;
use crate::json::{object, write_string, Members};
use crate::message::TimeCache;
use crate::store::client::ListEntry;
use crate::sys::clock;

/// The retained seqs. All 0 when there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Oldest retained seq.
    pub oldest: u64,
    /// Newest seq.
    pub newest: u64,
    /// Seqs from the oldest to the newest: the retained messages, and those between them whose seqs a power cut took.
    /// Counting frames would mean to go over all of them.
    pub count: u64,
}

/// A pool's settings and state. Sizes and offsets in bytes.
#[derive(Clone, Debug)]
pub struct Info {
    /// The reference it was opened by; in lists the file name without extension.
    pub name: String,
    /// Path of the file.
    pub path: PathBuf,
    /// Length of the file.
    pub file_size: u64,
    /// Offset of the index.
    pub index_offset: u64,
    /// Slots of the index.
    pub index_capacity: u64,
    /// Bytes of the index.
    pub index_size_bytes: u64,
    /// Offset of the ring.
    pub ring_offset: u64,
    /// Bytes of the ring.
    pub ring_size: u64,
    /// Retained seqs.
    pub bounds: Bounds,
    /// Bytes of the ring in use.
    pub used_bytes: u64,
    /// Bytes of the ring not in use.
    pub free_bytes: u64,
    /// Time of the oldest retained message, ns since the epoch.
    pub oldest_time_ns: Option<u64>,
    /// Time of the newest message, ns since the epoch.
    pub newest_time_ns: Option<u64>,
    /// Time of creation, ns since the epoch.
    pub created_ns: u64,
    /// How often recovery took something back.
    pub generation: u64,
    /// Random identity.
    pub id: [u8; 16],
    /// Format of the file.
    pub format: u32,
    /// Whether this opening may not write.
    pub read_only: bool,
}

/// Where a frame lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FramePlace {
    /// Seq of its message.
    pub seq: u64,
    /// Its offset in the file.
    pub offset: u64,
    /// Its length in bytes, framing included.
    pub len: u64,
}

/// The retained part of the ring, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Position (bytes since creation) of the oldest frame.
    pub tail: u64,
    /// Position after the newest frame.
    pub head: u64,
    /// The frames, as many as were asked for.
    pub frames: Vec<FramePlace>,
}

fn time(members: &mut Members<'_>, name: &str, ns: Option<u64>) {
    let out = members.name(name);
    match ns {
        Some(ns) => {
            out.push(b'"');
            TimeCache::new().write(ns, out);
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
}

impl Bounds {
    fn write_members(&self, members: &mut Members<'_>) {
        if self.count > 0 {
            members.number("oldest", self.oldest);
            members.number("newest", self.newest);
        }
    }
}

impl Info {
    /// Appends the pool info object.
    pub(super) fn write_json(&self, writers: u32, warnings: &[String], out: &mut Vec<u8>) {
        let now = clock::wall_ns();
        let age = |time: Option<u64>| time.map(|time| now.saturating_sub(time) / 1_000_000);
        object(out, |members| {
            members.text("name", &self.name);
            members.text("path", &self.path.to_string_lossy());
            members.number("file_size", self.file_size);
            members.number("index_offset", self.index_offset);
            members.number("index_capacity", self.index_capacity);
            members.number("index_size_bytes", self.index_size_bytes);
            members.number("ring_offset", self.ring_offset);
            members.number("ring_size", self.ring_size);
            members.object("bounds", |members| self.bounds.write_members(members));
            members.object("metrics", |members| {
                members.number("message_count", self.bounds.count);
                let span = if self.bounds.count > 0 {
                    self.bounds.newest - self.bounds.oldest + 1
                } else {
                    0
                };
                members.number("seq_span", span);
                members.object("utilization", |members| {
                    members.number("used_bytes", self.used_bytes);
                    members.number("free_bytes", self.free_bytes);
                    // Cut to two decimals, never rounded up to a full pool.
                    let percent =
                        (self.used_bytes as u128 * 10_000 / self.ring_size.max(1) as u128) as u64;
                    let text = format!("{}.{:02}", percent / 100, percent % 100);
                    let text = text.trim_end_matches('0');
                    let text = if text.ends_with('.') {
                        format!("{text}0")
                    } else {
                        text.to_string()
                    };
                    members
                        .name("used_percent")
                        .extend_from_slice(text.as_bytes());
                });
                members.object("age", |members| {
                    time(members, "oldest_time", self.oldest_time_ns);
                    time(members, "newest_time", self.newest_time_ns);
                    members.number_or_null("oldest_age_ms", age(self.oldest_time_ns));
                    members.number_or_null("newest_age_ms", age(self.newest_time_ns));
                });
            });
            members.number("format", u64::from(self.format));
            let id: String = self.id.iter().map(|byte| format!("{byte:02x}")).collect();
            members.text("id", &id);
            members.number("generation", self.generation);
            time(members, "created", Some(self.created_ns));
            members.number("writers", u64::from(writers));
            if !warnings.is_empty() {
                members.array("warnings", warnings, |text, out| {
                    write_string(text.as_bytes(), out)
                });
            }
        });
    }
}

fn write_error(error: &Error, out: &mut Vec<u8>) {
    object(out, |members| {
        members.object("error", |members| {
            members.text("kind", error.kind().name());
            members.text("message", error.message());
            if let Some(hint) = error.hint() {
                members.text("hint", hint);
            }
            if let Some(path) = error.path() {
                members.text("path", &path.to_string_lossy());
            }
            if let Some(seq) = error.seq() {
                members.number("seq", seq);
            }
            if let Some(offset) = error.offset() {
                members.number("offset", offset);
            }
        });
    });
}

/// Appends `{"pools":[…]}`; a pool that cannot be read has an `error` in place of its state.
pub fn write_list_json(entries: &[ListEntry], out: &mut Vec<u8>) {
    object(out, |members| {
        members.array("pools", entries, |entry, out| {
            object(out, |members| write_entry(entry, members));
        });
    });
}

fn write_entry(entry: &ListEntry, members: &mut Members<'_>) {
    members.text("name", &entry.name);
    members.text("path", &entry.path.to_string_lossy());
    match &entry.info {
        Ok(info) => {
            members.number("file_size", info.file_size);
            members.object("bounds", |members| info.bounds.write_members(members));
            time(members, "mtime", entry.modified_ns);
        }
        Err(error) => write_error(error, members.name("error")),
    }
}
