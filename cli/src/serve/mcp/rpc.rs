//! JSON-RPC 2.0: one message in, at most one out. Values inside are kept as text, so that numbers stay exact.

use crate::json;
use crate::serve::error::Veil;
use crate::Error;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The members of an object; of several with one key the last counts.
pub(super) type Members<'a> = BTreeMap<String, &'a RawValue>;

/// A request that wants an answer.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The id as JSON.
    pub(crate) id: String,
    pub(crate) method: String,
    pub(super) params: Option<Box<RawValue>>,
}

/// What came in.
#[derive(Debug)]
pub(crate) enum Incoming {
    Request(Request),
    /// Nobody waits for an answer; the id of a request that is wanted no longer, as JSON.
    Notification {
        cancelled: Option<String>,
    },
    /// An answer to a request we never sent.
    Response,
    /// Not JSON at all; the answer.
    Garbage(Vec<u8>),
    /// No request; the answer.
    Invalid(Vec<u8>),
}

/// Why a request failed as such.
#[derive(Debug)]
pub(super) enum Failure {
    /// -32601
    UnknownMethod(String),
    /// -32602
    Params(String),
    /// -32000: a resource could not be had.
    Resource(Error),
}

const NO_ID: &str = "null";

impl Incoming {
    /// Reads one message.
    pub(crate) fn parse(bytes: &[u8]) -> Incoming {
        let garbage = |why: String| {
            Incoming::Garbage(error(
                NO_ID,
                -32700,
                &format!("this is not JSON: {why}"),
                None,
            ))
        };
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(wrong) => return garbage(format!("{wrong}")),
        };
        if let Err(wrong) = serde_json::from_str::<IgnoredAny>(text) {
            return garbage(wrong.to_string());
        }
        let invalid = |id: &str, why: &str| Incoming::Invalid(error(id, -32600, why, None));
        let Ok(members) = serde_json::from_str::<Members<'_>>(text) else {
            return invalid(NO_ID, "a request is one JSON object; batches are not taken");
        };
        let id = match members.get("id").map(|id| id.get()) {
            Some(id) if !is_id(id) => {
                return invalid(NO_ID, "the id is to be a string, an integer or null")
            }
            id => id,
        };
        let shown = id.unwrap_or(NO_ID);
        if string(members.get("jsonrpc")).as_deref() != Some("2.0") {
            return invalid(shown, "the member jsonrpc is to be \"2.0\"");
        }
        let Some(method) = members.get("method") else {
            return match members.contains_key("result") || members.contains_key("error") {
                true => Incoming::Response,
                false => invalid(shown, "the request has no method"),
            };
        };
        let Some(method) = string(Some(method)) else {
            return invalid(shown, "the method is to be a string");
        };
        let params = members.get("params").copied();
        match id {
            None => Incoming::Notification {
                cancelled: (method == "notifications/cancelled")
                    .then(|| cancelled(params))
                    .flatten(),
            },
            Some(id) => Incoming::Request(Request {
                id: id.to_owned(),
                method,
                params: params.map(ToOwned::to_owned),
            }),
        }
    }
}

impl Request {
    /// The params: none, null and an object are fine.
    pub(super) fn params(&self) -> Result<Members<'_>, Failure> {
        object(self.params.as_deref(), "params")
    }
}

/// An object that may be left out or null.
pub(super) fn object<'a>(value: Option<&'a RawValue>, what: &str) -> Result<Members<'a>, Failure> {
    match value.map(RawValue::get) {
        None | Some("null") => Ok(Members::new()),
        Some(text) => serde_json::from_str(text)
            .map_err(|_| Failure::Params(format!("{what} is to be an object"))),
    }
}

/// A string value.
pub(super) fn string(value: Option<&&RawValue>) -> Option<String> {
    serde_json::from_str(value?.get()).ok()
}

fn cancelled(params: Option<&RawValue>) -> Option<String> {
    let members = object(params, "params").ok()?;
    Some(members.get("requestId")?.get().to_owned())
}

fn is_id(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    integer || text.starts_with('"') || text == "null"
}

/// An answer with a result, which is JSON already.
pub(super) fn result(id: &str, result: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(result.len() + id.len() + 40);
    json::object(&mut out, |top| {
        top.text("jsonrpc", "2.0")
            .member("id", |out| out.extend_from_slice(id.as_bytes()))
            .member("result", |out| out.extend_from_slice(result));
    });
    out
}

/// An answer that says why there is no result.
pub(super) fn failure(id: &str, failure: &Failure, veil: &Veil) -> Vec<u8> {
    match failure {
        Failure::UnknownMethod(method) => error(
            id,
            -32601,
            &format!("there is no method {method:?} here"),
            None,
        ),
        Failure::Params(why) => error(id, -32602, why, None),
        Failure::Resource(failed) => {
            let mut data = Vec::new();
            json::object(&mut data, |data| {
                super::outcome::describe(data, failed, veil)
            });
            error(id, -32000, &veil.over(failed.message()), Some(&data))
        }
    }
}

fn error(id: &str, code: i32, message: &str, data: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    json::object(&mut out, |top| {
        top.text("jsonrpc", "2.0")
            .member("id", |out| out.extend_from_slice(id.as_bytes()))
            .object("error", |object| {
                object
                    .member("code", |out| {
                        out.extend_from_slice(code.to_string().as_bytes())
                    })
                    .text("message", message);
                if let Some(data) = data {
                    object.member("data", |out| out.extend_from_slice(data));
                }
            });
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(incoming: Incoming) -> (i64, serde_json::Value) {
        let (Incoming::Garbage(answer) | Incoming::Invalid(answer)) = incoming else {
            panic!("{incoming:?}");
        };
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["jsonrpc"], "2.0");
        (
            answer["error"]["code"].as_i64().unwrap(),
            answer["id"].clone(),
        )
    }

    #[test]
    fn what_is_no_request() {
        let null = serde_json::Value::Null;
        for (text, wanted, id) in [
            (&b"{"[..], -32700, null.clone()),
            (b"\xff", -32700, null.clone()),
            (b"{} x", -32700, null.clone()),
            (b"[]", -32600, null.clone()),
            (b"1", -32600, null.clone()),
            (b"{}", -32600, null.clone()),
            (
                br#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#,
                -32600,
                7.into(),
            ),
            (br#"{"jsonrpc":"2.0","id":"a"}"#, -32600, "a".into()),
            (br#"{"jsonrpc":"2.0","id":7,"method":1}"#, -32600, 7.into()),
            (
                br#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
                -32600,
                null.clone(),
            ),
            (
                br#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
                -32600,
                null.clone(),
            ),
            (
                br#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#,
                -32600,
                null,
            ),
        ] {
            assert_eq!(code(Incoming::parse(text)), (wanted, id), "{text:?}");
        }
    }

    #[test]
    fn what_needs_no_answer() {
        let parsed = Incoming::parse(br#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
        assert!(matches!(parsed, Incoming::Response));
        let parsed = Incoming::parse(
            br#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}"#,
        );
        let Incoming::Notification { cancelled } = parsed else {
            panic!("{parsed:?}");
        };
        assert_eq!(cancelled.as_deref(), Some("\"x\""));
        assert!(matches!(
            Incoming::parse(br#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#),
            Incoming::Request(_)
        ));
    }
}
