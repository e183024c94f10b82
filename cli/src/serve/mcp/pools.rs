//! The tools that list, create, describe and delete pools.

use super::arguments::Arguments;
use super::outcome::{Done, Outcome};
use super::tools::{missing, CHECK_NAME};
use crate::json;
use crate::serve::pools::Meant;
use crate::serve::routes::pools as described;
use crate::serve::state::State;
use crate::{Error, ErrorKind, PoolOptions};
use std::sync::Arc;

/// `plasmite_pool_list`
pub(super) async fn list(state: &Arc<State>, arguments: Arguments<'_>) -> Outcome {
    arguments.end()?;
    let shared = Arc::clone(state);
    let list = state
        .storage
        .run(move || described::listed(&shared))
        .await?;
    let text = match list.len() {
        0 => "There are no pools.".to_owned(),
        1 => "There is 1 pool.".to_owned(),
        count => format!("There are {count} pools."),
    };
    Ok(Done::member(
        text,
        "pools",
        &described::Listed::array(&list),
    ))
}

/// `plasmite_pool_create`
pub(super) async fn create(state: &Arc<State>, mut arguments: Arguments<'_>) -> Outcome {
    let name = arguments.pool("name")?;
    let size = arguments.number("size", 1, u64::MAX)?;
    arguments.end()?;
    let mut options = PoolOptions::new();
    if let Some(size) = size {
        options = options.size(size);
    }
    let shared = Arc::clone(state);
    let made = state
        .storage
        .run(move || {
            let pool = shared.pools.create(&name, &options)?;
            let info = described::described(&shared, &name, &pool)?;
            Ok::<_, Error>((name, info))
        })
        .await;
    let (name, info) = made.map_err(|refusal| match refusal.error.kind() {
        ErrorKind::AlreadyExists => refusal
            .error
            .with_hint("the pool is unchanged and can be used as it is"),
        _ => refusal.error,
    })?;
    let text = format!("Created the pool {name:?}.");
    Ok(Done::member(text, "pool", info.to_string().as_bytes()))
}

/// `plasmite_pool_info`
pub(super) async fn info(state: &Arc<State>, mut arguments: Arguments<'_>) -> Outcome {
    let name = arguments.pool("pool")?;
    arguments.end()?;
    let open = state
        .pools
        .get(&state.storage, &name)
        .await
        .map_err(|refusal| missing(refusal.error, CHECK_NAME))?;
    let shared = Arc::clone(state);
    let (text, info) = state
        .storage
        .run(move || {
            let bounds = open.pool.bounds()?;
            let text = match bounds.count {
                0 => format!("The pool {name:?} is empty."),
                _ => format!(
                    "The pool {name:?} holds messages {} to {}.",
                    bounds.oldest, bounds.newest
                ),
            };
            let info = described::described(&shared, &name, &open.pool)?;
            Ok::<_, Error>((text, info))
        })
        .await?;
    Ok(Done::member(text, "pool", info.to_string().as_bytes()))
}

/// `plasmite_pool_delete`
pub(super) async fn delete(state: &Arc<State>, mut arguments: Arguments<'_>) -> Outcome {
    let name = arguments.pool("pool")?;
    arguments.end()?;
    let (pools, deleted) = (Arc::clone(&state.pools), Meant::named(name.clone()));
    state
        .storage
        .run(move || pools.delete(&deleted))
        .await
        .map_err(|refusal| missing(refusal.error, CHECK_NAME))?;
    let mut content = Vec::new();
    json::object(&mut content, |object| {
        object.text("pool", &name);
    });
    let text = format!("Deleted the pool {name:?} and all its messages.");
    Ok(Done::member(text, "deleted", &content))
}
