//! Signs that something may be wrong with a pool which still works: what a look at the control page and at a
//! sample of the index tells. Only a doctor looks at everything.

use std::path::Path;

use crate::pool::left_out::LeftOut;
use crate::pool::Pool;
use crate::sys::file;
use crate::sys::trust::{self, Exposure};

/// How many slots of the index are looked at.
const SAMPLE: u64 = 64;

/// Words that only writers go by do not look right.
pub(crate) const ODD_WORDS: &str =
    "the control page has words that only writers go by and that cannot be right; the next writer puts them right";
/// The disk refused a sync.
pub(crate) const SYNC_FAILED: &str =
    "a sync to the disk failed; check the disk, and flush until that succeeds";

/// Recoveries left intact messages out.
pub(crate) fn left_out(left_out: &LeftOut) -> String {
    let (first, last) = left_out.seqs;
    format!(
        "recovery leaves out {} intact messages (seqs {first} to {last}), which damage or a loss parts from the others: a salvage (doctor --salvage) copies them, until newer messages have taken their place",
        left_out.messages
    )
}

/// The index does not know messages that it should know.
pub(crate) fn missed(count: u64, of: u64, first: u64) -> String {
    format!(
        "the index misses {count} of {of} messages it should know, the first is {first}: they are found by a slower search, until newer messages take their slots"
    )
}

/// Everybody may replace the pool's file, or may have put it there.
pub(crate) fn exposed(path: &Path) -> Option<String> {
    let directory = file::parent_of(path).display();
    // No answer: there is no file yet, which nobody has put there.
    match trust::exposure_of(path).ok()?? {
        Exposure::Replaceable => Some(format!(
            "everybody may replace the files in {directory}: take the right to write from others (chmod o-w), or let them replace only their own (chmod +t)"
        )),
        Exposure::OfStranger(owner) => Some(format!(
            "the pool belongs to user {owner}, in {directory} where everybody may put files: unless you know that user, do not trust what it holds or write to it"
        )),
    }
}

impl Pool {
    /// The signs there are, each a sentence.
    pub(crate) fn signs(&self) -> Vec<String> {
        let mut signs = Vec::new();
        if self.is_at_home() && !self.looks_sound(true) {
            signs.push(ODD_WORDS.to_string());
        }
        if self.sync_failed() {
            signs.push(SYNC_FAILED.to_string());
        }
        signs.extend(self.left_out().as_ref().map(left_out));
        signs.extend(self.missed_in_sample());
        signs.extend(exposed(self.path()));
        signs
    }

    /// Looks at some slots of the index, evenly spread over the retained messages.
    fn missed_in_sample(&self) -> Option<String> {
        let ring = self.shared().ring();
        let ((_, oldest), (_, newest)) = ring.ends()?;
        let stride = self.shared().superblock().geometry.index_stride;
        let first = oldest.seq.next_multiple_of(stride);
        let slots = (newest.seq + 1).saturating_sub(first).div_ceil(stride);
        let looks = slots.min(SAMPLE);
        let seqs = (0..looks).map(|look| first + look * (slots / looks) * stride);
        let seqs: Vec<u64> = seqs.filter(|seq| !ring.index_knows(*seq)).collect();
        // What was overwritten meanwhile has lost its slot to a newer message.
        let ((_, oldest), _) = ring.ends()?;
        let mut unknown = seqs.into_iter().filter(|seq| *seq >= oldest.seq);
        let first = unknown.next()?;
        Some(missed(1 + unknown.count() as u64, looks, first))
    }
}
