//! Arguments of `duplex`.

use super::examples;
use super::read::ReadArgs;
use super::remote::RemoteArgs;
use clap::Args;

/// Arguments of `duplex`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true, after_help = examples::DUPLEX)]
pub(crate) struct DuplexArgs {
    /// The pool: a name, a path, or an address like https://HOST:9700/POOL.
    #[arg(value_name = "POOL")]
    pub(crate) pool: String,
    /// Who you are: lines typed on a terminal are sent from NAME, and messages from NAME are not shown.
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    pub(crate) me: Option<String>,
    /// Show messages from NAME as well.
    #[arg(long)]
    pub(crate) echo_self: bool,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

fn parse_name(text: &str) -> Result<String, String> {
    match text.is_empty() {
        true => Err("a name cannot be empty".into()),
        false => Ok(text.to_owned()),
    }
}
