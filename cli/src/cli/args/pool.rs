//! Arguments of `pool create`, `pool info`, `pool list` and `pool delete`.

use super::values::parse_size;
use clap::{Args, Subcommand, ValueEnum};

/// Create, list, describe and delete pools.
#[derive(Debug, Subcommand)]
pub(crate) enum PoolCommand {
    /// Make pools.
    Create(CreateArgs),
    /// Show what is known about a pool.
    Info(InfoArgs),
    /// List the pools of the directory.
    List(ListArgs),
    /// Delete pools; their readers and writers are told.
    Delete(DeleteArgs),
}

/// Whether a report is wanted as JSON.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct JsonOutput {
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// The same as --json.
    #[arg(long, value_name = "FORMAT", value_enum, conflicts_with = "json")]
    format: Option<ReportFormat>,
}

impl JsonOutput {
    /// Whether it is.
    pub(crate) fn wanted(self) -> bool {
        self.json || matches!(self.format, Some(ReportFormat::Json))
    }
}

/// The forms of a report that can be asked for by name.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReportFormat {
    /// One compact line in a pipe, indented on a terminal.
    Json,
}

/// Arguments of `pool create`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub(crate) struct CreateArgs {
    /// Names of the new pools, or paths of their files.
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// The size of each file, which never grows: bytes, or a number with K, M or G [default: 1M].
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) size: Option<u64>,
    /// Slots of the index that finds messages by number; 0 for none [default: by size].
    #[arg(long, value_name = "N")]
    pub(crate) index_capacity: Option<u32>,
    #[command(flatten)]
    pub(crate) json: JsonOutput,
}

/// Arguments of `pool info`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub(crate) struct InfoArgs {
    /// The pool.
    #[arg(value_name = "POOL")]
    pub(crate) pool: String,
    #[command(flatten)]
    pub(crate) json: JsonOutput,
}

/// Arguments of `pool list`.
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) json: JsonOutput,
}

/// Arguments of `pool delete`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub(crate) struct DeleteArgs {
    /// The pools. All are tried, also when one fails.
    #[arg(value_name = "POOL", required = true)]
    pub(crate) pools: Vec<String>,
    #[command(flatten)]
    pub(crate) json: JsonOutput,
}
