//! JSON-RPC with the commands, as a client of the Model Context Protocol speaks it.

use super::server::seqs;
use super::{Ran, Scratch};
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout};

/// A request.
pub(crate) fn request(id: impl Into<Value>, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

/// A call of a tool.
pub(crate) fn call(id: impl Into<Value>, tool: &str, arguments: Value) -> Value {
    let params = json!({"name": format!("plasmite_{tool}"), "arguments": arguments});
    request(id, "tools/call", params)
}

/// What a tool gave; it did not fail.
#[track_caller]
pub(crate) fn content(answer: &Value) -> Value {
    let result = &answer["result"];
    assert!(result.get("isError").is_none(), "{answer}");
    let text = result["content"][0]["text"].as_str().expect("a sentence");
    assert!(!text.is_empty() && result["content"][0]["type"] == "text");
    result["structuredContent"].clone()
}

/// Why a tool failed.
#[track_caller]
pub(crate) fn failure(answer: &Value, kind: &str) -> Value {
    let result = &answer["result"];
    assert_eq!(result["isError"], true, "{answer}");
    let content = &result["structuredContent"];
    assert_eq!(content["error_kind"], kind, "{answer}");
    let tool = content["tool"].as_str().expect("the tool");
    assert!(tool.starts_with("plasmite_"));
    content.clone()
}

/// The code of an error of the protocol.
#[track_caller]
pub(crate) fn code(answer: &Value) -> i64 {
    assert_eq!(answer["jsonrpc"], "2.0");
    let message = answer["error"]["message"].as_str();
    assert!(message.is_some_and(|text| !text.is_empty()), "{answer}");
    answer["error"]["code"].as_i64().expect("a code")
}

/// `mcp` with this input to its end; its answers.
pub(crate) fn run(scratch: &Scratch, input: &[u8]) -> Vec<Value> {
    let ran: Ran = scratch.run_with(&["mcp"], input);
    ran.lines()
}

/// A running `mcp`, spoken with line by line.
pub(crate) struct Session {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Session {
    pub(crate) fn start(scratch: &Scratch) -> Session {
        let mut child = scratch.spawn(&["mcp"]);
        Session {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().expect("piped")),
            child,
        }
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let input = self.input.as_mut().expect("open");
        writeln!(input, "{message}").expect("sent");
    }

    #[track_caller]
    pub(crate) fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("read");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, message: &Value) -> Value {
        self.send(message);
        let answer = self.answer();
        assert_eq!(answer["id"], message["id"], "{answer}");
        answer
    }

    /// Calls a tool.
    #[track_caller]
    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask(&call(1, tool, arguments))
    }

    /// Ends the input; what else is answered, and the exit code.
    pub(crate) fn end(mut self) -> (Vec<Value>, Option<i32>) {
        drop(self.input.take());
        let rest = self.output.by_ref().lines().map(|line| {
            let line = line.expect("UTF-8");
            serde_json::from_str(&line).expect("JSON")
        });
        let rest = rest.collect();
        (rest, self.child.wait().expect("it ends").code())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The seqs of a batch.
#[track_caller]
pub(crate) fn batch_seqs(batch: &Value) -> Vec<u64> {
    seqs(batch["messages"].as_array().expect("messages"))
}

/// A session with messages 1 to `count`, of which the even ones are tagged so.
pub(crate) fn filled(scratch: &Scratch, count: u64) -> Session {
    let mut session = Session::start(scratch);
    for number in 1..=count {
        let tag = if number % 2 == 0 { "even" } else { "odd" };
        let arguments =
            json!({"pool": "lab", "data": {"n": number}, "tags": [tag], "create": true});
        content(&session.call("feed", arguments));
    }
    session
}
