//! The tools for one message: append it, fetch it.

use super::arguments::Arguments;
use super::outcome::{Done, Outcome};
use super::tools::{missing, CHECK_NAME};
use crate::serve::error::Answer;
use crate::serve::pools::OpenPool;
use crate::serve::state::State;
use crate::{AppendOptions, Error, ErrorKind, PoolOptions};
use std::sync::Arc;

/// `plasmite_feed`
pub(super) async fn feed(state: &Arc<State>, mut arguments: Arguments<'_>) -> Outcome {
    let name = arguments.pool("pool")?;
    let data = arguments.json("data")?.get().as_bytes().to_vec();
    let tags = arguments.tags()?;
    let create = arguments.switch("create")?;
    arguments.end()?;
    const HOW_TO_CREATE: &str =
        "give create: true, or make the pool with plasmite_pool_create first";
    let open = pool(state, &name, create)
        .await
        .map_err(|refusal| missing(refusal.error, HOW_TO_CREATE))?;
    let bytes = data.len() as u64;
    let (receipt, message) = state
        .storage
        .run(move || {
            let mut options = AppendOptions::new();
            for tag in &tags {
                options = options.tag(tag);
            }
            open.pool.append_envelope(&data, &options)
        })
        .await?;
    state.metrics.appended(1, bytes);
    let text = format!("Appended message {} to the pool {name:?}.", receipt.seq);
    Ok(Done::member(text, "message", &message))
}

/// The pool, made when it is to be and is not there.
async fn pool(state: &Arc<State>, name: &str, create: bool) -> Answer<Arc<OpenPool>> {
    let found = state.pools.get(&state.storage, name).await;
    match found {
        Err(refusal) if create && refusal.error.kind() == ErrorKind::NotFound => {}
        found => return found,
    }
    let (pools, created) = (Arc::clone(&state.pools), name.to_owned());
    state
        .storage
        .run(move || match pools.create(&created, &PoolOptions::new()) {
            // Somebody else was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            other => other.map(|_| ()),
        })
        .await?;
    state.pools.get(&state.storage, name).await
}

/// `plasmite_fetch`
pub(super) async fn fetch(state: &Arc<State>, mut arguments: Arguments<'_>) -> Outcome {
    let name = arguments.pool("pool")?;
    let seq = arguments.seq("seq")?;
    arguments.end()?;
    let open = state
        .pools
        .get(&state.storage, &name)
        .await
        .map_err(|refusal| missing(refusal.error, CHECK_NAME))?;
    let message = state
        .storage
        .run(move || open.pool.get_json(seq))
        .await
        .map_err(|refusal| retained(refusal.error))?;
    let text = format!("Message {seq} of the pool {name:?}.");
    Ok(Done::member(text, "message", &message))
}

fn retained(error: Error) -> Error {
    match (error.kind(), error.seq()) {
        (ErrorKind::NotFound, Some(_)) => error.with_hint(
            "plasmite_pool_info tells which messages are there, plasmite_read shows them",
        ),
        _ => missing(error, CHECK_NAME),
    }
}
