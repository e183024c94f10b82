//! Arguments of `feed`.

use super::values::{parse_duration, parse_size, parse_tag, Durability, Span};
use clap::Args;
use std::path::PathBuf;

/// Arguments of `feed`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub(crate) struct FeedArgs {
    /// The pool.
    #[arg(value_name = "POOL")]
    pub(crate) pool: String,
    /// The message, one JSON value; without it messages are read from --file or standard input.
    #[arg(value_name = "DATA")]
    pub(crate) data: Option<String>,
    /// Put this tag on each message; may be repeated.
    #[arg(long = "tag", value_name = "TAG", value_parser = parse_tag)]
    pub(crate) tags: Vec<String>,
    /// Read messages from this file, one a line; `-` is standard input.
    #[arg(short, long, value_name = "PATH", conflicts_with = "data")]
    pub(crate) file: Option<PathBuf>,
    /// When a message counts as written: seen by all processes, or also on disk.
    #[arg(long, value_name = "WHEN", value_enum, default_value = "fast")]
    pub(crate) durability: Durability,
    /// Make the pool when there is none.
    #[arg(long)]
    pub(crate) create: bool,
    /// The size of a pool made by this command: bytes, or a number with K, M or G; implies --create [default: 1M].
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) create_size: Option<u64>,
    /// Try this many times more when other writers keep the pool busy.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) retry: u32,
    /// How long to wait before trying again, for example 50ms or 2s; needs --retry [default: 50ms].
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) retry_delay: Option<Span>,
}
