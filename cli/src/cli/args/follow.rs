//! Arguments of `follow`.

use super::examples;
use super::read::ReadArgs;
use super::remote::RemoteArgs;
use super::values::{parse_speed, parse_tag};
use clap::Args;

/// Arguments of `follow`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true, after_help = examples::FOLLOW)]
pub(crate) struct FollowArgs {
    /// The pool: a name, a path, or an address like https://HOST:9700/POOL.
    #[arg(value_name = "POOL")]
    pub(crate) pool: String,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// End at the newest message as of now instead of waiting for more.
    #[arg(long)]
    pub(crate) no_follow: bool,
    /// Show what --tail, --since or --from selects with the gaps it once had, divided by SPEED (0: no gaps), and end;
    /// only on this machine.
    #[arg(long, value_name = "SPEED", value_parser = parse_speed)]
    pub(crate) replay: Option<f64>,
    /// End after one message; with --tail N, wait for N matches and show the newest of them.
    #[arg(long)]
    pub(crate) one: bool,
    /// Show only messages for which this jq expression is true; may be repeated, all must hold. It sees whole messages:
    /// '.data.status == "green"', '.seq >= 40', '.meta.tags[] == "a"', '.data.msg | test("timeout")'.
    #[arg(long = "where", value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) wheres: Vec<String>,
    /// Show only messages with this tag; may be repeated, all must be there.
    #[arg(long = "tag", value_name = "TAG", value_parser = parse_tag)]
    pub(crate) tags: Vec<String>,
    /// Show the data of each message alone.
    #[arg(long)]
    pub(crate) data_only: bool,
    /// Do not report messages that were overwritten before they could be shown.
    #[arg(long)]
    pub(crate) quiet_drops: bool,
    /// Look for new messages at intervals instead of being woken; only on this machine.
    #[arg(long)]
    pub(crate) no_notify: bool,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

impl FollowArgs {
    /// Whether it ends at what was the newest message at the start.
    pub(crate) fn is_finite(&self) -> bool {
        self.no_follow || self.replay.is_some()
    }
}
