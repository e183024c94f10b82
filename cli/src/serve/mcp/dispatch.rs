//! The methods.

use super::rpc::{self, Failure, Request};
use super::{resources, schema, tools, VERSIONS};
use crate::json;
use crate::serve::state::State;
use std::sync::Arc;
use tokio::sync::Notify;

/// What a client is told that knows nothing.
const INSTRUCTIONS: &str = "Plasmite pools are append-only logs of JSON messages that programs on this machine share. \
A message has a seq (1, 2, 3, …), a time, tags and data. Pools are bounded: when one is full the newest messages \
overwrite the oldest. The tools you see are what you are allowed to do. Start with plasmite_pool_list; if you were \
given a pool's name, use that; if there is no pool yet, plasmite_feed with create makes it. Use plasmite_fetch for one \
message whose seq you know, plasmite_read for recent messages, a time window or to go on where you stopped, and \
plasmite_wait for messages that are yet to come, instead of asking again and again. Tags narrow down: a message must \
have all of them. To go on later, give the next_after_seq of an answer back as after_seq; fell_behind says that \
messages in between were overwritten before you read them. Errors carry error_kind and mostly a hint. Feeding is not \
idempotent: doing it twice appends two messages.";

/// Answers a request. A wait tells `begun` once it has fixed what it waits for.
pub(crate) async fn answer(state: &Arc<State>, request: &Request, begun: &Notify) -> Vec<u8> {
    match result(state, request, begun).await {
        Ok(result) => rpc::result(&request.id, &result),
        Err(failure) => rpc::failure(&request.id, &failure, &state.veil),
    }
}

/// Whether a request may wait for long, and is to be served beside others.
pub(crate) fn is_wait(request: &Request) -> bool {
    let is_call = request.method == "tools/call";
    is_call
        && request
            .params()
            .is_ok_and(|params| rpc::string(params.get("name")).as_deref() == Some("plasmite_wait"))
}

async fn result(state: &Arc<State>, request: &Request, begun: &Notify) -> Result<Vec<u8>, Failure> {
    let params = || request.params();
    match request.method.as_str() {
        "initialize" => {
            let params = params()?;
            Ok(initialize(rpc::string(params.get("protocolVersion"))))
        }
        "ping" | "notifications/initialized" => params().map(|_| b"{}".to_vec()),
        "tools/list" => {
            params()?;
            Ok(schema::list(state.config.access))
        }
        "tools/call" => tools::call(state, &params()?, begun).await,
        "resources/list" => {
            params()?;
            resources::list(state).await
        }
        "resources/read" => resources::read(state, &params()?).await,
        other => Err(Failure::UnknownMethod(other.to_owned())),
    }
}

/// Answers with the version that was asked for when it is spoken here, else with the newest one.
fn initialize(asked: Option<String>) -> Vec<u8> {
    let version = VERSIONS
        .into_iter()
        .find(|version| asked.as_deref() == Some(version))
        .unwrap_or(VERSIONS[0]);
    let no = |object: &mut json::Object<'_>, names: &[&str]| {
        for name in names {
            object.member(name, |out| out.extend_from_slice(b"false"));
        }
    };
    let mut out = Vec::new();
    json::object(&mut out, |top| {
        top.text("protocolVersion", version)
            .object("capabilities", |capabilities| {
                capabilities
                    .object("tools", |tools| no(tools, &["listChanged"]))
                    .object("resources", |resources| {
                        no(resources, &["subscribe", "listChanged"])
                    });
            })
            .object("serverInfo", |info| {
                info.text("name", "plasmite")
                    .text("version", env!("CARGO_PKG_VERSION"));
            })
            .text("instructions", INSTRUCTIONS);
    });
    out
}
