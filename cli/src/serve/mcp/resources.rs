//! Pools as resources: reading one gives its newest messages.

use super::read::{batch, Selection, USUAL};
use super::rpc::{self, Failure, Members};
use super::tools::{missing, CHECK_NAME};
use crate::json;
use crate::serve::pools::check_name;
use crate::serve::routes::pools as described;
use crate::serve::state::State;
use crate::{Error, ErrorKind};
use std::sync::Arc;

const PREFIX: &str = "plasmite:///pools/";
const JSON: &str = "application/json";

fn readable(state: &State) -> Result<(), Failure> {
    match state.config.access.reads() {
        true => Ok(()),
        false => {
            let error = Error::new(ErrorKind::Permission, "this server is write-only");
            Err(Failure::Resource(error.with_hint("feed messages instead")))
        }
    }
}

/// `resources/list`
pub(super) async fn list(state: &Arc<State>) -> Result<Vec<u8>, Failure> {
    readable(state)?;
    let shared = Arc::clone(state);
    let list = state
        .storage
        .run(move || described::listed(&shared))
        .await
        .map_err(|refusal| Failure::Resource(refusal.error))?;
    let mut pools: Vec<(String, &str, String)> = list
        .iter()
        .map(|pool| {
            let name = pool.name.as_str();
            let about = match pool.file_size {
                Some(size) => format!(
                    "Up to {USUAL} of the newest messages of the pool {name:?}. Its file has {size} bytes; the oldest messages are overwritten when it is full."
                ),
                None => format!("The pool {name:?}, which cannot be read at the moment."),
            };
            (uri(name), name, about)
        })
        .collect();
    pools.sort();
    let mut out = Vec::new();
    json::object(&mut out, |top| {
        top.member("resources", |out| {
            json::array(&pools, out, |(uri, name, about), out| {
                json::object(out, |resource| {
                    resource
                        .text("uri", uri)
                        .text("name", name)
                        .text("description", about)
                        .text("mimeType", JSON);
                });
            });
        });
    });
    Ok(out)
}

/// `resources/read`
pub(super) async fn read(state: &Arc<State>, params: &Members<'_>) -> Result<Vec<u8>, Failure> {
    let Some(uri) = rpc::string(params.get("uri")) else {
        return Err(Failure::Params(
            "uri, a string, is to say what is read".to_owned(),
        ));
    };
    let name = pool_name(&uri).ok_or_else(|| {
        Failure::Params(format!("{uri:?} is no resource: {PREFIX}NAME is wanted"))
    })?;
    readable(state)?;
    let open = state
        .pools
        .get(&state.storage, &name)
        .await
        .map_err(|refusal| Failure::Resource(missing(refusal.error, CHECK_NAME)))?;
    let newest = batch(state, &open, None, &Arc::new(Selection::newest()))
        .await
        .map_err(|refusal| Failure::Resource(refusal.error))?
        .json(None);
    let mut out = Vec::new();
    json::object(&mut out, |top| {
        top.member("contents", |out| {
            json::array([newest], out, |newest, out| {
                json::object(out, |content| {
                    content
                        .text("uri", &uri)
                        .text("mimeType", JSON)
                        .text("text", &String::from_utf8_lossy(&newest));
                });
            });
        });
    });
    Ok(out)
}

/// The URI of a pool: everything but the letters, digits and signs that never mean anything is encoded.
fn uri(name: &str) -> String {
    let mut uri = PREFIX.to_owned();
    for byte in name.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => uri.push(char::from(byte)),
            false => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// The name in the URI of a pool.
fn pool_name(uri: &str) -> Option<String> {
    let mut rest = uri.strip_prefix(PREFIX)?.as_bytes();
    let mut name = Vec::new();
    while let [first, more @ ..] = rest {
        rest = more;
        match first {
            b'/' | b'?' | b'#' => return None,
            b'%' => {
                let (code, behind) = rest.split_at_checked(2)?;
                let code = std::str::from_utf8(code).ok()?;
                let hex = code.bytes().all(|byte| byte.is_ascii_hexdigit());
                name.push(u8::from_str_radix(code, 16).ok().filter(|_| hex)?);
                rest = behind;
            }
            other => name.push(*other),
        }
    }
    let name = String::from_utf8(name).ok()?;
    (!name.is_empty() && check_name(&name).is_ok()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_uris() {
        for name in ["lab", "a b", "ä%?#", "x.y-z_~"] {
            assert_eq!(pool_name(&uri(name)).as_deref(), Some(name));
        }
        assert_eq!(uri("a b"), "plasmite:///pools/a%20b");
        assert_eq!(pool_name("plasmite:///pools/a b").as_deref(), Some("a b"));
        for bad in [
            "plasmite:///pools/",
            "plasmite:///pools/a/b",
            "plasmite:///pools/a%2Fb",
            "plasmite:///pools/a?x",
            "plasmite:///pools/a#x",
            "plasmite:///pools/%",
            "plasmite:///pools/%+1",
            "plasmite:///pools/%é",
            "plasmite:///pools/%ff",
            "plasmite://host/pools/a",
            "http:///pools/a",
            "",
        ] {
            assert_eq!(pool_name(bad), None, "{bad}");
        }
    }
}
