//! Arguments of `follow`.

use super::values::{parse_duration, parse_since, parse_tag, Since, Span};
use clap::{Args, ValueEnum};

/// Arguments of `follow`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub(crate) struct FollowArgs {
    /// The pool.
    #[arg(value_name = "POOL")]
    pub(crate) pool: String,
    /// Make the pool (1M) when there is none.
    #[arg(long)]
    pub(crate) create: bool,
    /// Begin with the last N messages that match.
    #[arg(short = 'n', long, value_name = "N", conflicts_with_all = ["since", "from"])]
    pub(crate) tail: Option<u64>,
    /// Begin with the messages since a time: an age like 30m (s, m, h, d) or a time like 2026-01-02T03:04:05Z.
    #[arg(long, value_name = "TIME", value_parser = parse_since, conflicts_with = "from")]
    pub(crate) since: Option<Since>,
    /// Begin with this message number, or with the oldest retained one after it.
    #[arg(long, value_name = "SEQ")]
    pub(crate) from: Option<u64>,
    /// End at the newest message as of now instead of waiting for more.
    #[arg(long)]
    pub(crate) no_follow: bool,
    /// End after one message; with --tail N, wait for N matches and show the newest of them.
    #[arg(long)]
    pub(crate) one: bool,
    /// End with exit code 124 when nothing was shown for this long, for example 500ms, 5s, 1m.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) timeout: Option<Span>,
    /// Show only messages with this tag; may be repeated, all must be there.
    #[arg(long = "tag", value_name = "TAG", value_parser = parse_tag)]
    pub(crate) tags: Vec<String>,
    /// Show the data of each message alone.
    #[arg(long)]
    pub(crate) data_only: bool,
    /// How messages are printed [default: pretty].
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Format>,
    /// Print one line for each message; the same as --format jsonl.
    #[arg(long, conflicts_with = "format")]
    jsonl: bool,
    /// Do not report messages that were overwritten before they could be shown.
    #[arg(long)]
    pub(crate) quiet_drops: bool,
    /// Look for new messages at intervals instead of being woken.
    #[arg(long)]
    pub(crate) no_notify: bool,
}

/// How messages are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Indented.
    Pretty,
    /// One line each.
    Jsonl,
}

impl FollowArgs {
    /// The form asked for.
    pub(crate) fn format(&self) -> Format {
        match self.jsonl {
            true => Format::Jsonl,
            false => self.format.unwrap_or(Format::Pretty),
        }
    }
}
