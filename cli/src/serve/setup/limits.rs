//! How much clients may have.

use super::config::usage;
use crate::Error;

/// How much at once, and how large.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of a request's body.
    pub(crate) body: usize,
    /// Longest life of a tail, in milliseconds.
    pub(crate) tail_ms: u64,
    /// Tails at once.
    pub(crate) tails: u32,
}

impl Limits {
    /// Connections beyond those of tails.
    const OTHERS: u32 = 448;
    /// As many files as Linux lets a process have; each of so many calls may have a thread, too.
    const MOST_TAILS: u32 = 1 << 20;

    /// Calls at once that may block.
    pub(crate) fn storage(&self) -> u32 {
        self.tails
    }

    /// Connections at once: whatever tails take, there is room for others.
    pub(crate) fn connections(&self) -> u32 {
        self.tails + Limits::OTHERS
    }

    /// # Errors
    /// Usage for what is none, and for more than there can be.
    pub(super) fn check(&self) -> Result<(), Error> {
        let zero = [
            ("--max-body-bytes", self.body == 0),
            ("--max-tail-timeout-ms", self.tail_ms == 0),
            ("--max-tail-concurrency", self.tails == 0),
        ];
        if let Some((option, _)) = zero.iter().find(|(_, zero)| *zero) {
            return Err(usage(
                format!("{option} must be more than 0"),
                "leave the option out for its default",
            ));
        }
        match self.tails > Limits::MOST_TAILS {
            true => Err(usage(
                format!(
                    "--max-tail-concurrency can be at most {}",
                    Limits::MOST_TAILS
                ),
                "leave the option out for its default",
            )),
            false => Ok(()),
        }
    }
}
