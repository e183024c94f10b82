//! The library's operations as its hosts know them: clients, pools, appends, messages, streams.
//!
//! This layer joins the pool's frames with what they mean: JSON and Lite3 in, messages out.

mod append;
mod backwards;
mod batch;
mod client;
mod copies;
mod cursor;
mod feed;
mod info;
mod lost;
mod options;
mod pool;
mod recovered;
mod reference;
mod reserve;
mod rewind;
mod scratch;
mod select;
mod start;
mod stream;
mod token;
mod turns;
mod view;
mod wait_any;

pub use crate::pool::owner::LockWait;
pub use crate::ring::racing::RacingBytes;
pub use append::{check_data, no_tags_beside_document};
pub use client::{default_pool_dir, Client, ListEntry};
pub use feed::append_next;
pub use info::{write_list_json, Bounds, FramePlace, Info, Layout};
pub use options::{
    AppendOptions, BatchItem, Gap, GapPolicy, ItemEncoding, Next, OpenOptions, PoolOptions,
    Receipt, Start, Stats, TailOptions, Wait,
};
pub use pool::Pool;
pub use reserve::Reservation;
pub use stream::Stream;
pub use token::moved as moved_token;
pub use view::{OwnedMessage, View};
pub use wait_any::wait_any;
