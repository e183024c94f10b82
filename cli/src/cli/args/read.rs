//! Options of the commands that show messages as they come: `follow` and `duplex`.

use super::values::{parse_duration, parse_number, parse_since, Since, Span};
use crate::PoolOptions;
use clap::{Args, ValueEnum};

/// Where to begin, when to end, how to print.
#[derive(Args, Debug)]
pub(crate) struct ReadArgs {
    /// Make the pool (1M) when there is none; only on this machine.
    #[arg(long)]
    pub(crate) create: bool,
    /// Begin with the last N messages that match.
    #[arg(short = 'n', long, value_name = "N", value_parser = parse_number::<u64>, conflicts_with_all = ["since", "from"])]
    pub(crate) tail: Option<u64>,
    /// Begin with the messages since a time: an age like 30m (s, m, h, d) or a time like 2026-01-02T03:04:05Z.
    #[arg(long, value_name = "TIME", value_parser = parse_since, conflicts_with = "from")]
    pub(crate) since: Option<Since>,
    /// Begin with this message number, or with the oldest retained one after it.
    #[arg(long, value_name = "SEQ", value_parser = parse_number::<u64>)]
    pub(crate) from: Option<u64>,
    /// End with exit code 124 when nothing was shown for this long, for example 500ms, 5s, 1m.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) timeout: Option<Span>,
    /// How messages are printed [default: pretty].
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Format>,
    /// Print one line for each message; the same as --format jsonl.
    #[arg(long, conflicts_with = "format")]
    jsonl: bool,
}

/// How messages are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Indented.
    Pretty,
    /// One line each.
    #[value(alias = "json")]
    Jsonl,
}

impl ReadArgs {
    /// How the pool is made when there is none, if it is to be.
    pub(crate) fn create(&self) -> Option<PoolOptions> {
        self.create.then(PoolOptions::new)
    }

    /// The form asked for, if one was.
    pub(crate) fn format(&self) -> Option<Format> {
        match self.jsonl {
            true => Some(Format::Jsonl),
            false => self.format,
        }
    }
}
