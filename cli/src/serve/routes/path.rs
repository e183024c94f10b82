//! What stands in a path: the pool's name and a seq.

use crate::serve::error::Refusal;
use crate::serve::pools::check_name;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

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

impl<S: Send + Sync> FromRequestParts<S> for PoolName {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PoolName, Refusal> {
        let name = param(parts, state, "pool").await?;
        check_name(&name)?;
        Ok(PoolName(name))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PoolSeq {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PoolSeq, Refusal> {
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
