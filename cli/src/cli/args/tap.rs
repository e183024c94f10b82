//! Arguments of `tap`.

use super::examples;
use super::remote::RemoteArgs;
use super::values::{parse_size, parse_tag, Durability};
use clap::Args;
use std::ffi::OsString;

/// Arguments of `tap`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true, after_help = examples::TAP)]
pub(crate) struct TapArgs {
    /// The pool: a name, a path, or an address like https://HOST:9700/POOL.
    #[arg(value_name = "POOL")]
    pub(crate) pool: String,
    /// Make the pool when there is none; only on this machine.
    #[arg(long)]
    pub(crate) create: bool,
    /// The size of a pool made by this command: bytes, or a number with K, M or G; implies --create [default: 1M].
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) create_size: Option<u64>,
    /// Put this tag on each line; may be repeated.
    #[arg(long = "tag", value_name = "TAG", value_parser = parse_tag)]
    pub(crate) tags: Vec<String>,
    /// Record the output without showing it.
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// When a line counts as written: seen by all processes, or also on disk.
    #[arg(long, value_name = "WHEN", value_enum, default_value = "fast")]
    pub(crate) durability: Durability,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
    /// The command to run and its arguments, after `--`.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}
