//! The Model Context Protocol: pools as tools and resources for language models.
//!
//! One dispatcher for both transports: [`stdio`] has lines on standard input and output, `routes::mcp` has requests
//! over HTTP. `rpc` is JSON-RPC, `dispatch` its methods, `tools` the table of tools; `arguments` and `outcome` are
//! what goes into a tool and what comes out of it, `schema` describes both to clients. The tools themselves are in
//! `pools`, `messages`, `read` and `wait`; `resources` shows each pool as a resource. No sessions: a request stands
//! for itself.

mod arguments;
mod dispatch;
mod messages;
mod outcome;
mod pools;
mod read;
mod resources;
mod rpc;
mod schema;
mod stdio;
mod tools;
mod wait;

pub(crate) use dispatch::{answer, is_wait};
pub(crate) use rpc::Incoming;
pub(crate) use stdio::run;

/// The versions of the protocol that are spoken, newest first. Older ones have no `structuredContent`, where all that
/// tools give is, and their clients may send batches.
pub(crate) const VERSIONS: [&str; 2] = ["2025-11-25", "2025-06-18"];
