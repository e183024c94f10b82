//! Arguments of `pool create`, `pool info`, `pool list`, `pool delete` and `pool migrate`.

use super::examples;
use super::remote::RemoteArgs;
use super::values::{parse_number, parse_size};
use clap::{Args, Subcommand, ValueEnum};

/// Create, list, describe, convert and delete pools.
#[derive(Debug, Subcommand)]
pub(crate) enum PoolCommand {
    /// Make pools.
    Create(CreateArgs),
    /// Show what is known about a pool.
    Info(InfoArgs),
    /// List the pools of the directory, or of a server.
    List(ListArgs),
    /// Delete pools; their readers and writers are told.
    Delete(DeleteArgs),
    /// Convert a pool of format 3, which builds up to version 1.2 made
    ///
    /// Every message keeps its number, time, tags and data; what was written is read again and compared.
    /// Without NEW the new pool takes the place of the old one at one moment, and the old file is kept
    /// with .bak behind its name: stop the programs that use the pool first. With NEW the old pool
    /// stays as it is.
    #[command(verbatim_doc_comment)]
    Migrate(MigrateArgs),
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
#[command(arg_required_else_help = true, after_help = examples::POOL_CREATE)]
pub(crate) struct CreateArgs {
    /// Names of the new pools, paths of their files, or addresses like https://HOST:9700/POOL.
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// The size of each file, which never grows: bytes, or a number with K, M or G [default: 1M].
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) size: Option<u64>,
    /// Slots of the index that finds messages by number; 0 for none [default: by size].
    #[arg(long, value_name = "N", value_parser = parse_number::<u32>)]
    pub(crate) index_capacity: Option<u32>,
    #[command(flatten)]
    pub(crate) json: JsonOutput,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// Arguments of `pool info`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true, after_help = examples::POOL_INFO)]
pub(crate) struct InfoArgs {
    /// The pool: a name, a path, or an address like https://HOST:9700/POOL.
    #[arg(value_name = "POOL")]
    pub(crate) pool: String,
    #[command(flatten)]
    pub(crate) json: JsonOutput,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// Arguments of `pool list`.
#[derive(Args, Debug)]
#[command(after_help = examples::POOL_LIST)]
pub(crate) struct ListArgs {
    /// The address of a server, like https://HOST:9700, for the pools it has.
    #[arg(value_name = "SERVER_URL")]
    pub(crate) server: Option<String>,
    #[command(flatten)]
    pub(crate) json: JsonOutput,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// Arguments of `pool delete`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true, after_help = examples::POOL_DELETE)]
pub(crate) struct DeleteArgs {
    /// The pools: names, paths, or addresses. All are tried, also when one fails.
    #[arg(value_name = "POOL", required = true)]
    pub(crate) pools: Vec<String>,
    #[command(flatten)]
    pub(crate) json: JsonOutput,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// Arguments of `pool migrate`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true, after_help = examples::POOL_MIGRATE)]
pub(crate) struct MigrateArgs {
    /// The old pool.
    #[arg(value_name = "OLD")]
    pub(crate) old: String,
    /// The new pool; without it the old one's place is taken.
    #[arg(value_name = "NEW")]
    pub(crate) new: Option<String>,
    /// The size of the new file: bytes, or a number with K, M or G [default: as the old one, or as much as
    /// the messages need].
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) size: Option<u64>,
    #[command(flatten)]
    pub(crate) json: JsonOutput,
}
