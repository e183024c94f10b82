//! Pools: list, create, open, describe, delete.

use super::path::{self, PoolName};
use super::{json, member, Shared};
use crate::json::array;
use crate::serve::body;
use crate::serve::error::{Answer, Refusal, Veil};
use crate::serve::pools::{check_name, Meant};
use crate::serve::state::State;
use crate::{Error, ErrorKind, Pool, PoolOptions};
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::Value;
use std::sync::Arc;

#[derive(Deserialize)]
struct Create {
    pool: String,
    size_bytes: Option<u64>,
    index_capacity: Option<u32>,
}

#[derive(Deserialize)]
struct Open {
    pool: String,
}

/// A pool of the list.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) name: String,
    /// Unless it cannot be read.
    pub(crate) file_size: Option<u64>,
    /// Its info as it is told.
    json: String,
}

impl Listed {
    /// The JSON array of them.
    pub(crate) fn array(pools: &[Listed]) -> Vec<u8> {
        let mut out = Vec::with_capacity(pools.iter().map(|pool| pool.json.len() + 1).sum());
        array(pools, &mut out, |pool, out| {
            out.extend_from_slice(pool.json.as_bytes())
        });
        out
    }
}

/// What the library says of all pools; of each, what is to be read one at a time.
#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    pools: Vec<&'a RawValue>,
}

/// `GET /v0/pools`
pub(crate) async fn list(state: Shared) -> Answer {
    let shared = Arc::clone(&state.0);
    state
        .storage
        .run(move || Ok::<_, Error>(member("pools", &Listed::array(&listed(&shared)?))))
        .await
}

/// All pools. There may be many thousands: they are kept as text, since parsed JSON takes ten times as much memory.
pub(crate) fn listed(state: &State) -> Result<Vec<Listed>, Error> {
    let (list, foreign) = state.pools.list()?;
    let list: List<'_> = parsed(&list)?;
    let pools = list.pools.into_iter().map(|pool| {
        let pool: Value = parsed(pool.get().as_bytes())?;
        let name = pool["name"].as_str().unwrap_or_default().to_owned();
        let info = entry(state, &name, pool, foreign.contains(&name));
        Ok(Listed {
            file_size: info["file_size"].as_u64(),
            json: info.to_string(),
            name,
        })
    });
    pools.collect()
}

/// A pool of the list as it is told: its whole info, or why there is none.
fn entry(state: &State, name: &str, listed: Value, foreign: bool) -> Value {
    if foreign {
        let error = Error::new(
            ErrorKind::Permission,
            "a link that leads out of the pool directory",
        );
        return with_error(name, &error, &state.veil);
    }
    let info = match state.pools.info(name) {
        Ok(info) => parsed(&info),
        Err(error) => return with_error(name, &error, &state.veil),
    };
    let Ok(Value::Object(mut info)) = info else {
        return listed;
    };
    if let Some(modified) = listed.get("mtime") {
        info.insert("mtime".into(), modified.clone());
    }
    veiled(name, Value::Object(info), &state.veil)
}

fn with_error(name: &str, error: &Error, veil: &Veil) -> Value {
    let mut text = Vec::new();
    veil.write(error, &mut text);
    let mut pool: Value = serde_json::from_slice(&text).unwrap_or_default();
    let mut whole = serde_json::Map::new();
    whole.insert("name".into(), name.into());
    whole.insert("error".into(), pool["error"].take());
    Value::Object(whole)
}

fn parsed<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(json).map_err(|error| {
        Error::new(
            ErrorKind::Internal,
            format!("the library gave JSON that cannot be read: {error}"),
        )
    })
}

/// An info with the name that was asked for, and its path as far as clients may see it.
fn veiled(name: &str, mut info: Value, veil: &Veil) -> Value {
    info["name"] = name.into();
    if let Some(path) = info.get("path").and_then(Value::as_str) {
        info["path"] = veil.over(path).into();
    }
    info
}

/// What is known about a pool, as it is told.
pub(crate) fn described(state: &State, name: &str, pool: &Pool) -> Result<Value, Error> {
    Ok(veiled(name, parsed(&pool.info_json()?)?, &state.veil))
}

/// `{"pool":<info>}`
fn answer(state: &State, name: &str, pool: &Pool) -> Result<Response, Error> {
    let info = described(state, name, pool)?;
    Ok(member("pool", info.to_string().as_bytes()))
}

/// `POST /v0/pools`
pub(crate) async fn create(state: Shared, headers: HeaderMap, body: Body) -> Answer {
    body::require_json(&headers)?;
    let bytes = body::read(&state, &headers, body).await?;
    let wanted: Create = body::parse(&bytes)?;
    check_name(&wanted.pool)?;
    let mut options = PoolOptions::new();
    if let Some(size) = wanted.size_bytes {
        if size == 0 {
            return Err(
                Refusal::usage("size_bytes is 0, which is too small for a pool")
                    .with_hint("leave it out for 1 MiB"),
            );
        }
        options = options.size(size);
    }
    if let Some(slots) = wanted.index_capacity {
        options = options.index_capacity(slots);
    }
    let shared = Arc::clone(&state.0);
    state
        .storage
        .run(move || {
            let pool = shared.pools.create(&wanted.pool, &options)?;
            answer(&shared, &wanted.pool, &pool)
        })
        .await
}

/// `POST /v0/pools/open`
pub(crate) async fn open(state: Shared, headers: HeaderMap, body: Body) -> Answer {
    body::require_json(&headers)?;
    let bytes = body::read(&state, &headers, body).await?;
    let wanted: Open = body::parse(&bytes)?;
    check_name(&wanted.pool)?;
    describe(state, Meant::named(wanted.pool)).await
}

/// `GET /v0/pools/{pool}/info`
pub(crate) async fn info(state: Shared, PoolName(pool): PoolName) -> Answer {
    describe(state, pool).await
}

async fn describe(state: Shared, pool: Meant) -> Answer {
    let open = state.pools.meant(&state.storage, &pool).await?;
    let shared = Arc::clone(&state.0);
    state
        .storage
        .run(move || answer(&shared, &pool.name, &open.pool))
        .await
}

/// `DELETE /v0/pools/{pool}`
pub(crate) async fn delete(state: Shared, PoolName(pool): PoolName) -> Answer {
    delete_meant(state, pool).await
}

/// `DELETE /v0/pools/open`
pub(crate) async fn delete_open(state: Shared, headers: HeaderMap) -> Answer {
    delete_meant(state, path::meant("open".to_owned(), &headers)).await
}

async fn delete_meant(state: Shared, pool: Meant) -> Answer {
    let pools = Arc::clone(&state.pools);
    state.storage.run(move || pools.delete(&pool)).await?;
    Ok(json(br#"{"ok":true}"#.to_vec()))
}
