//! Arguments of `doctor`.

use super::pool::JsonOutput;
use clap::Args;

/// Arguments of `doctor`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true, after_long_help = EXAMPLES)]
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
    #[command(flatten)]
    pub(crate) json: JsonOutput,
}

const EXAMPLES: &str = "\
Examples:
  pls doctor chat                    is this pool in order?
  pls doctor --all                   are all of them?
  pls doctor --all --json            the same for a program

Exit status: 0 when all is in order, 7 when a pool is damaged.";
