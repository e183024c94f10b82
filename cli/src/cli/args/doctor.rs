//! Arguments of `doctor`.

use super::examples;
use super::pool::JsonOutput;
use clap::Args;

/// Arguments of `doctor`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true, after_help = examples::DOCTOR)]
pub(crate) struct DoctorArgs {
    /// The pool.
    #[arg(
        value_name = "POOL",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub(crate) pool: Option<String>,
    /// Every pool of the directory.
    #[arg(long)]
    pub(crate) all: bool,
    /// Copy every intact message of the damaged pool into the new pool NEW, and say what is lost.
    #[arg(long, value_name = "NEW", conflicts_with = "all", requires = "pool")]
    pub(crate) salvage: Option<String>,
    #[command(flatten)]
    pub(crate) json: JsonOutput,
}
