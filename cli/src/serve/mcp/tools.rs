//! The table of tools, and a call of one.

use super::arguments::Arguments;
use super::outcome::{self, Outcome};
use super::rpc::{self, Failure, Members};
use super::{messages, pools, read, wait};
use crate::serve::setup::Access;
use crate::serve::state::State;
use crate::{Error, ErrorKind};
use std::sync::Arc;
use tokio::sync::Notify;

/// A tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    PoolList,
    PoolCreate,
    PoolInfo,
    PoolDelete,
    Feed,
    Fetch,
    Read,
    Wait,
}

impl Tool {
    /// All, in the order in which they are shown.
    pub(super) const ALL: [Tool; 8] = [
        Tool::PoolList,
        Tool::PoolCreate,
        Tool::PoolInfo,
        Tool::PoolDelete,
        Tool::Feed,
        Tool::Fetch,
        Tool::Read,
        Tool::Wait,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Tool::PoolList => "plasmite_pool_list",
            Tool::PoolCreate => "plasmite_pool_create",
            Tool::PoolInfo => "plasmite_pool_info",
            Tool::PoolDelete => "plasmite_pool_delete",
            Tool::Feed => "plasmite_feed",
            Tool::Fetch => "plasmite_fetch",
            Tool::Read => "plasmite_read",
            Tool::Wait => "plasmite_wait",
        }
    }

    /// Whether it changes anything.
    pub(super) fn writes(self) -> bool {
        matches!(self, Tool::PoolCreate | Tool::PoolDelete | Tool::Feed)
    }

    /// Whether it may be used.
    pub(super) fn is_allowed(self, access: Access) -> bool {
        match self.writes() {
            true => access.writes(),
            false => access.reads(),
        }
    }
}

/// `tools/call`
pub(super) async fn call(
    state: &Arc<State>,
    params: &Members<'_>,
    begun: &Notify,
) -> Result<Vec<u8>, Failure> {
    let Some(name) = rpc::string(params.get("name")) else {
        return Err(Failure::Params(
            "name, a string, is to say which tool is called".to_owned(),
        ));
    };
    let tool = Tool::ALL.into_iter().find(|tool| tool.name() == name);
    let tool = tool.ok_or_else(|| Failure::Params(format!("there is no tool {name:?}")))?;
    let arguments = rpc::object(params.get("arguments").copied(), "arguments")?;
    let outcome = run(state, tool, Arguments(arguments), begun).await;
    if let Err(outcome::Failed::Operation(error)) = &outcome {
        state.metrics.error(error.kind());
    }
    Ok(outcome::write(tool.name(), outcome, &state.veil))
}

async fn run(state: &Arc<State>, tool: Tool, arguments: Arguments<'_>, begun: &Notify) -> Outcome {
    let access = state.config.access;
    if !tool.is_allowed(access) {
        let message = format!(
            "this server is {}, which forbids {}",
            access.name(),
            tool.name()
        );
        return Err(Error::new(ErrorKind::Permission, message)
            .with_hint("tools/list shows the tools that are allowed")
            .into());
    }
    match tool {
        Tool::PoolList => pools::list(state, arguments).await,
        Tool::PoolCreate => pools::create(state, arguments).await,
        Tool::PoolInfo => pools::info(state, arguments).await,
        Tool::PoolDelete => pools::delete(state, arguments).await,
        Tool::Feed => messages::feed(state, arguments).await,
        Tool::Fetch => messages::fetch(state, arguments).await,
        Tool::Read => read::read(state, arguments).await,
        Tool::Wait => wait::wait(state, arguments, begun).await,
    }
}

/// What to do about a pool that is not there.
pub(super) fn missing(error: Error, hint: &str) -> Error {
    match error.kind() {
        ErrorKind::NotFound if error.seq().is_none() => error.with_hint(hint),
        _ => error,
    }
}

/// The hint of tools that make no pool.
pub(super) const CHECK_NAME: &str = "check the name: plasmite_pool_list shows the pools there are";
