//! What stands in a path: the pool's name and a seq.

use crate::serve::error::Refusal;
use crate::serve::pools::{check_name, Meant};
use crate::serve::state::State;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::HeaderMap;
use std::sync::Arc;

/// The header of a client that means one pool, and none that has taken its name: its id in hex.
const POOL_ID: &str = "plasmite-pool-id";

/// The pool by its name, and by its id when the request has that header. Whether it is that one is asked when it is used:
/// while a body comes, the name may go to another.
pub(crate) struct PoolName(pub(crate) Meant);

/// The pool and a seq.
pub(crate) struct PoolSeq(pub(crate) Meant, pub(crate) u64);

/// The pool of this name, or with that header the one with its id.
pub(super) fn meant(name: String, headers: &HeaderMap) -> Meant {
    let id = headers.get(POOL_ID);
    let id = id.map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    Meant { name, id }
}

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
        Ok(PoolName(meant(name, &parts.headers)))
    }
}

impl FromRequestParts<Arc<State>> for PoolSeq {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<PoolSeq, Refusal> {
        let PoolName(pool) = PoolName::from_request_parts(parts, state).await?;
        let seq = param(parts, state, "seq").await?;
        let plain = seq.bytes().all(|byte| byte.is_ascii_digit());
        match seq.parse() {
            Ok(number) if plain => Ok(PoolSeq(pool, number)),
            _ => Err(Refusal::usage(format!(
                "the seq is to be a whole number, and is {seq:?}"
            ))),
        }
    }
}
