//! What stands in a path: the pool's name and a seq.

use crate::serve::error::Refusal;
use crate::serve::pools::check_name;
use crate::serve::state::State;
use crate::{Error, ErrorKind};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::HeaderValue;
use std::sync::Arc;

/// The header of a client that means one pool, and none that has taken its name: its id in hex.
const POOL_ID: &str = "plasmite-pool-id";

/// The pool's name.
pub(crate) struct PoolName(pub(crate) String);

/// The pool's name and a seq.
pub(crate) struct PoolSeq(pub(crate) String, pub(crate) u64);

async fn param<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    name: &str,
) -> Result<String, Refusal> {
    let params = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| Refusal::usage("the path is not UTF-8 once it is decoded"))?;
    let value = params.iter().find(|(key, _)| *key == name);
    Ok(value.map(|(_, value)| value.to_owned()).unwrap_or_default())
}

impl FromRequestParts<Arc<State>> for PoolName {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<State>,
    ) -> Result<PoolName, Refusal> {
        let name = param(parts, state, "pool").await?;
        check_name(&name)?;
        if let Some(id) = parts.headers.get(POOL_ID) {
            check_id(state, &name, id).await?;
        }
        Ok(PoolName(name))
    }
}

/// Fails when another pool has taken the name of the one that is meant: a handle of that is none of this.
async fn check_id(state: &State, name: &str, wanted: &HeaderValue) -> Result<(), Refusal> {
    let open = state.pools.get(&state.storage, name).await?;
    let id = format!("{:032x}", u128::from_be_bytes(open.pool.id()?));
    match wanted.as_bytes().eq_ignore_ascii_case(id.as_bytes()) {
        true => Ok(()),
        false => {
            let message =
                "the pool was deleted or replaced; another one has its name now".to_owned();
            let error = Error::new(ErrorKind::NotFound, message).with_path(name);
            Err(error.with_hint("open the pool again").into())
        }
    }
}

impl FromRequestParts<Arc<State>> for PoolSeq {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<PoolSeq, Refusal> {
        let PoolName(name) = PoolName::from_request_parts(parts, state).await?;
        let seq = param(parts, state, "seq").await?;
        let plain = seq.bytes().all(|byte| byte.is_ascii_digit());
        match seq.parse() {
            Ok(number) if plain => Ok(PoolSeq(name, number)),
            _ => Err(Refusal::usage(format!(
                "the seq is to be a whole number, and is {seq:?}"
            ))),
        }
    }
}
