//! Pools of a Plasmite server: the operations of [`plasmite_core::store`], over HTTP(S).
//!
//! | here | there (docs/http.md) |
//! | --- | --- |
//! | [`Server`]: create, open, list, delete | `/v0/pools…` |
//! | [`Pool`]: info, append, get | `/v0/pools/{pool}/…` |
//! | [`Stream`] | `/v0/pools/{pool}/tail_lite3` with control frames |
//!
//! Names, options, errors and messages are those of local pools. All calls are synchronous; a stream has a thread that
//! reads its connection. What a client brings along (its token, what it trusts) is in [`Settings`].

mod address;
mod agent;
mod append;
mod error;
mod info;
mod pool;
mod request;
mod server;
mod settings;
mod stream;

pub use address::Address;
pub use pool::Pool;
pub use server::Server;
pub use settings::{Options, Settings};
pub use stream::{wait_any, Stream};
