//! Local or remote: what a reference means, and one type each for both kinds of pool and of stream. All that the C ABI
//! knows of the difference is here.

mod client;
mod pool;
mod stream;

pub(crate) use client::Client;
pub(crate) use pool::Pool;
pub(crate) use stream::{wait_any, Stream};
