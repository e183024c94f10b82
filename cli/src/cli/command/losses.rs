//! Messages a follower lost: told at most once a second, later losses together.

use crate::cli::context::Context;
use crate::cli::output::human::count;
use crate::cli::output::notice::Notice;
use crate::Gap;
use std::time::{Duration, Instant};

/// Least time between two notices.
const PAUSE: Duration = Duration::from_secs(1);

/// What was lost, and what of it was told.
#[derive(Debug)]
pub(super) struct Losses<'a> {
    command: &'a str,
    pool: &'a str,
    path: String,
    quiet: bool,
    /// Lost and not told yet: the range from the first to the last, and how many of it.
    untold: Option<Gap>,
    told: Option<Instant>,
    any: bool,
}

impl<'a> Losses<'a> {
    pub(super) fn new(command: &'a str, pool: &'a str, path: String, quiet: bool) -> Losses<'a> {
        Losses {
            command,
            pool,
            path,
            quiet,
            untold: None,
            told: None,
            any: false,
        }
    }

    /// Whether anything was lost at all.
    pub(super) fn any(&self) -> bool {
        self.any
    }

    /// Takes note of a gap.
    pub(super) fn add(&mut self, gap: Gap) {
        self.any = true;
        // Messages seen between two gaps are not lost: the counts are added, the ranges joined.
        self.untold = Some(match self.untold {
            Some(earlier) => Gap {
                first: earlier.first,
                last: gap.last,
                count: earlier.count.saturating_add(gap.count),
            },
            None => gap,
        });
    }

    /// When [`Losses::tell`] has something to say, if it has.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.quiet {
            return None;
        }
        self.untold
            .map(|_| self.told.map_or_else(Instant::now, |told| told + PAUSE))
    }

    /// Tells what is due now.
    pub(super) fn tell(&mut self, context: &Context) {
        if self.due().is_some_and(|due| due <= Instant::now()) {
            self.tell_all(context);
        }
    }

    /// Tells what was not told yet, due or not: nothing comes after it.
    pub(super) fn tell_all(&mut self, context: &Context) {
        let Some(gap) = self.untold.take().filter(|_| !self.quiet) else {
            return;
        };
        self.told = Some(Instant::now());
        let lost = count(usize::try_from(gap.count).unwrap_or(usize::MAX), "message");
        let message = format!(
            "{lost} overwritten before they could be shown; a larger pool keeps them longer"
        );
        let notice = Notice {
            kind: "drop",
            command: self.command,
            pool: self.pool,
            message: &message,
        };
        notice.print(&context.err, |details| {
            details.number("last_seen_seq", gap.first.saturating_sub(1));
            details.number("next_seen_seq", gap.last.saturating_add(1));
            details
                .number("dropped_count", gap.count)
                .text("pool_path", &self.path);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_gaps_count_only_what_was_lost() {
        let mut losses = Losses::new("follow", "lab", "lab.plasmite".into(), false);
        assert!(!losses.any() && losses.due().is_none());
        losses.add(Gap {
            first: 2,
            last: 4,
            count: 3,
        });
        losses.add(Gap {
            first: 9,
            last: 9,
            count: 1,
        });
        assert!(losses.any() && losses.due().is_some());
        assert_eq!(
            losses.untold,
            Some(Gap {
                first: 2,
                last: 9,
                count: 4
            })
        );
    }
}
