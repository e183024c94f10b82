//! Arguments of `feed`.

use super::examples;
use super::remote::RemoteArgs;
use super::values::{parse_duration, parse_number, parse_size, parse_tag, Durability, Span};
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Arguments of `feed`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true, after_help = examples::FEED)]
pub(crate) struct FeedArgs {
    /// The pool: a name, a path, or an address like https://HOST:9700/POOL.
    #[arg(value_name = "POOL")]
    pub(crate) pool: String,
    /// The message, one JSON value; without it messages are read from --file or standard input.
    #[arg(value_name = "DATA")]
    data: Option<String>,
    /// The same as DATA, for values that start with `-`: --data=-1.
    #[arg(long = "data", value_name = "JSON", conflicts_with_all = ["data", "file", "copy"])]
    data_option: Option<String>,
    /// Put this tag on each message; may be repeated.
    #[arg(long = "tag", value_name = "TAG", value_parser = parse_tag)]
    pub(crate) tags: Vec<String>,
    /// Read messages from this file; `-` is standard input.
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::FilePath, conflicts_with = "data")]
    pub(crate) file: Option<PathBuf>,
    /// What --file or standard input looks like.
    #[arg(
        short = 'i',
        long = "in",
        value_name = "FORM",
        value_enum,
        default_value = "auto",
        conflicts_with_all = ["data", "data_option"]
    )]
    pub(crate) form: Form,
    /// What a bad record does: end the command, or be reported and passed over.
    #[arg(
        short,
        long,
        value_name = "POLICY",
        value_enum,
        default_value = "stop",
        conflicts_with_all = ["data", "data_option"]
    )]
    pub(crate) errors: OnError,
    /// Copy complete messages, as `follow --jsonl` prints them: their data and tags, with a new seq and time.
    /// Other values are data.
    #[arg(long, conflicts_with = "tags")]
    pub(crate) copy: bool,
    /// When a message counts as written: seen by all processes, or also on disk.
    #[arg(long, value_name = "WHEN", value_enum, default_value = "fast")]
    pub(crate) durability: Durability,
    /// Make the pool when there is none; only on this machine.
    #[arg(long)]
    pub(crate) create: bool,
    /// The size of a pool made by this command: bytes, or a number with K, M or G; implies --create [default: 1M].
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) create_size: Option<u64>,
    /// Try this many times more when other writers keep the pool busy.
    #[arg(long, value_name = "N", value_parser = parse_number::<u32>, default_value_t = 0)]
    pub(crate) retry: u32,
    /// How long to wait before trying again, for example 50ms or 2s; needs --retry [default: 50ms].
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) retry_delay: Option<Span>,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

impl FeedArgs {
    /// The message on the command line.
    pub(crate) fn data(&self) -> Option<&str> {
        self.data.as_deref().or(self.data_option.as_deref())
    }

    /// Whether a missing pool is to be made.
    pub(crate) fn creates(&self) -> bool {
        self.create || self.create_size.is_some()
    }
}

/// What an input looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// By its first bytes: a sequence, an event stream, or else values one after another.
    Auto,
    /// One value a line.
    Jsonl,
    /// One value, the whole input.
    Json,
    /// A JSON text sequence (RFC 7464), as of `journalctl -o json-seq`.
    Seq,
    /// Values with white space or nothing between them, as for jq.
    Jq,
}

/// What a bad record does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnError {
    /// It ends the command.
    Stop,
    /// It is reported, and the next one is taken.
    Skip,
}
