//! Arguments of `fetch`.

use super::examples;
use super::remote::RemoteArgs;
use super::values::parse_number;
use clap::Args;

/// Arguments of `fetch`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true, after_help = examples::FETCH)]
pub(crate) struct FetchArgs {
    /// The pool: a name, a path, or an address like https://HOST:9700/POOL.
    #[arg(value_name = "POOL")]
    pub(crate) pool: String,
    /// The message's number; the first of a pool is 1.
    #[arg(value_name = "SEQ", value_parser = parse_number::<u64>)]
    pub(crate) seq: u64,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}
