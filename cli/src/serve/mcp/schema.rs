//! What clients are told of the tools: descriptions, annotations, and schemas of what goes in and what comes out.

use super::read::{MOST, MOST_MIB, USUAL};
use super::tools::Tool;
use super::wait::{MOST_MS, USUAL_MS};
use crate::serve::setup::Access;
use crate::ErrorKind;
use serde_json::{json, Map, Value};

/// `tools/list`: the tools that are allowed.
pub(super) fn list(access: Access) -> Vec<u8> {
    let tools: Vec<Value> = Tool::ALL
        .into_iter()
        .filter(|tool| tool.is_allowed(access))
        .map(described)
        .collect();
    json!({ "tools": tools }).to_string().into_bytes()
}

fn described(tool: Tool) -> Value {
    json!({
        "name": tool.name(),
        "title": title(tool),
        "description": description(tool),
        "inputSchema": input(tool),
        "outputSchema": output(tool),
        "annotations": {
            "title": title(tool),
            "readOnlyHint": !tool.writes(),
            "destructiveHint": tool == Tool::PoolDelete,
            "idempotentHint": tool != Tool::Feed,
            "openWorldHint": false,
        },
    })
}

fn title(tool: Tool) -> &'static str {
    match tool {
        Tool::PoolList => "List pools",
        Tool::PoolCreate => "Create a pool",
        Tool::PoolInfo => "Describe a pool",
        Tool::PoolDelete => "Delete a pool",
        Tool::Feed => "Append a message",
        Tool::Fetch => "Fetch one message",
        Tool::Read => "Read messages",
        Tool::Wait => "Wait for messages",
    }
}

fn description(tool: Tool) -> &'static str {
    match tool {
        Tool::PoolList => "Lists all pools with their sizes and the range of messages each holds.",
        Tool::PoolCreate => {
            "Creates a pool of fixed size. When it is full the newest messages overwrite the oldest. A pool that exists is left as it is, and that is an error of kind AlreadyExists."
        }
        Tool::PoolInfo => "Tells a pool's size, how full it is, and which messages it holds.",
        Tool::PoolDelete => "Deletes a pool with all its messages. This cannot be undone.",
        Tool::Feed => {
            "Appends one message, any JSON value, and gives it back with its seq and time. Calling it twice appends two messages."
        }
        Tool::Fetch => "Gives the one message with this seq, while the pool still holds it.",
        Tool::Read => {
            "Reads messages that are there: the newest ones, or with after_seq the first ones after a seq. It never waits. Give next_after_seq back as after_seq to go on."
        }
        Tool::Wait => {
            "Waits for messages that match, and returns as soon as there are some: new ones, or with after_seq also those after that seq that are there already. When none came in time, timed_out is true, which is no error."
        }
    }
}

fn input(tool: Tool) -> Value {
    let name = |about: &str| json!({"type": "string", "minLength": 1, "description": about});
    let number = |least: u64, most: Option<u64>, usual: Option<u64>, about: &str| {
        let mut schema = json!({"type": "integer", "minimum": least, "description": about});
        if let Some(most) = most {
            schema["maximum"] = most.into();
        }
        if let Some(usual) = usual {
            schema["default"] = usual.into();
        }
        schema
    };
    let tags = |about: &str| {
        json!({
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "description": about,
        })
    };
    let pool = || ("pool", true, name("The pool's name."));
    let count = || {
        let about = format!(
            "At most so many messages. An answer has fewer when they come to more than {MOST_MIB} MiB."
        );
        ("count", false, number(1, Some(MOST), Some(USUAL), &about))
    };
    let all_tags = || {
        (
            "tags",
            false,
            tags("Only messages that have all of these tags."),
        )
    };
    let condition = || {
        let about = "Only messages for which this jq expression is true, such as .data.status == \"red\". It sees the whole message: .seq, .time, .meta.tags, .data.";
        (
            "where",
            false,
            json!({"type": "string", "description": about}),
        )
    };
    match tool {
        Tool::PoolList => object(vec![]),
        Tool::PoolCreate => {
            let about = "The size of the pool's file in bytes.";
            object(vec![
                ("name", true, name("The name of the new pool: no slash.")),
                ("size", false, number(1, None, Some(1 << 20), about)),
            ])
        }
        Tool::PoolInfo | Tool::PoolDelete => object(vec![pool()]),
        Tool::Feed => object(vec![
            pool(),
            ("data", true, json!({"description": "The message's data: any JSON value."})),
            ("tags", false, tags("Tags of the message.")),
            (
                "create",
                false,
                json!({"type": "boolean", "default": false, "description": "Make the pool (1 MiB) when there is none."}),
            ),
        ]),
        Tool::Fetch => object(vec![
            pool(),
            ("seq", true, number(0, None, None, "The message's seq.")),
        ]),
        Tool::Read => {
            let about = "Only messages from this time on: an age like 30m (s, m, h, d), or a time like 2026-01-02T03:04:05Z.";
            object(vec![
                pool(),
                count(),
                ("after_seq", false, number(0, None, None, "The first messages after this seq instead of the newest ones.")),
                ("since", false, json!({"type": "string", "description": about})),
                all_tags(),
                condition(),
            ])
        }
        Tool::Wait => object(vec![
            pool(),
            ("after_seq", false, number(0, None, None, "Messages after this seq, also those that are there already; without it only new ones.")),
            count(),
            ("timeout_ms", false, number(0, Some(MOST_MS), Some(USUAL_MS), "How long to wait, in milliseconds.")),
            all_tags(),
            condition(),
        ]),
    }
}

/// A closed object of these members, some of them required.
fn object(members: Vec<(&str, bool, Value)>) -> Value {
    let required: Vec<&str> = members
        .iter()
        .filter(|(_, required, _)| *required)
        .map(|(name, _, _)| *name)
        .collect();
    let properties: Map<String, Value> = members
        .iter()
        .map(|(name, _, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    let mut object = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        object["required"] = required.into();
    }
    object
}

fn output(tool: Tool) -> Value {
    let success = match tool {
        Tool::PoolList => object(vec![(
            "pools",
            true,
            json!({"type": "array", "items": info()}),
        )]),
        Tool::PoolCreate | Tool::PoolInfo => object(vec![("pool", true, info())]),
        Tool::PoolDelete => {
            let deleted = object(vec![("pool", true, json!({"type": "string"}))]);
            object(vec![("deleted", true, deleted)])
        }
        Tool::Feed | Tool::Fetch => object(vec![("message", true, message())]),
        Tool::Read => batch(vec![]),
        Tool::Wait => batch(vec![("timed_out", true, json!({"type": "boolean"}))]),
    };
    json!({"type": "object", "oneOf": [success, failure()]})
}

/// What is known about a pool; more may come.
fn info() -> Value {
    json!({
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}},
    })
}

fn message() -> Value {
    let tags = json!({"type": "array", "items": {"type": "string"}});
    object(vec![
        ("seq", true, json!({"type": "integer", "minimum": 1})),
        ("time", true, json!({"type": "string"})),
        ("meta", true, object(vec![("tags", true, tags)])),
        ("data", true, json!({})),
    ])
}

fn batch(more: Vec<(&str, bool, Value)>) -> Value {
    let seq = || json!({"type": ["integer", "null"], "minimum": 0});
    let mut members = vec![
        (
            "messages",
            true,
            json!({"type": "array", "items": message()}),
        ),
        ("next_after_seq", true, seq()),
        ("last_returned_seq", true, seq()),
        ("oldest_available_seq", true, seq()),
        ("newest_available_seq", true, seq()),
        ("fell_behind", true, json!({"type": "boolean"})),
    ];
    members.extend(more);
    object(members)
}

fn failure() -> Value {
    let kinds: Vec<&str> = ErrorKind::ALL.into_iter().map(ErrorKind::name).collect();
    let text = || json!({"type": "string"});
    let number = || json!({"type": "integer", "minimum": 0});
    json!({
        "type": "object",
        "required": ["tool", "error_kind"],
        "properties": {
            "tool": text(),
            "error_kind": {"type": "string", "enum": kinds},
            "message": text(),
            "hint": text(),
            "field": text(),
            "detail": text(),
            "path": text(),
            "seq": number(),
            "offset": number(),
            "maybe_written": {"type": "boolean"},
        },
    })
}
