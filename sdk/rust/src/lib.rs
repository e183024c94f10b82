//! Plasmite for Rust: JSON messages between processes through *pools*, bounded ring-buffer files on disk.
//!
//! ```
//! use plasmite_sdk::{AppendOptions, Client, Next, PoolOptions, Start, TailOptions, Wait};
//!
//! # fn main() -> Result<(), plasmite_sdk::Error> {
//! # let directory = tempfile::tempdir().unwrap();
//! # let directory = directory.path();
//! let client = Client::new(directory)?;
//! let pool = client.create("events", &PoolOptions::new().size(1 << 20))?;
//! let receipt = pool.append(br#"{"sensor":"temp","value":23.5}"#, &AppendOptions::new().tag("lab"))?;
//! assert_eq!(receipt.seq, 1);
//!
//! let mut tail = pool.tail(&TailOptions::new().start(Start::Oldest))?;
//! match tail.next(Wait::Forever)? {
//!     Next::Message(view) => assert_eq!(view.f64("value")?, Some(23.5)),
//!     other => panic!("expected a message, got {other:?}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The crate is a thin, safe layer over the C header `plasmite.h`: every behaviour is the library's, the same for
//! all languages. [`Client`] names pools, [`Pool`] reads and writes one, [`Stream`] follows it, [`View`] shows a
//! message without copying it, [`Message`] owns one. All of them can be used from any thread.
//!
//! Features: `bundled` (default) links the library statically, without it `libplasmite` is looked for in
//! `PLASMITE_LIB_DIR`, in the workspace's release build and through pkg-config; `serde` (default) takes and gives
//! values of your own types.

mod append;
mod bytes;
mod call;
mod cancel;
mod client;
mod codec;
mod doctor;
mod error;
mod filter;
mod info;
mod ingest;
mod library;
mod list;
mod message;
mod migrate;
mod options;
mod pool;
#[rustfmt::skip]
mod raw;
mod replay;
mod reservation;
mod stream;
mod tags;
mod tail;
mod time;
mod value;
mod view;
mod wait;

// Only so that the bundled library is linked: everything goes through the C declarations in `raw`.
#[cfg(all(feature = "bundled", not(feature = "system")))]
use plasmite_capi as _;

pub use append::{AppendOptions, BatchItem, Durability, LockWait, Receipt};
pub use bytes::Buffer;
pub use cancel::Canceller;
pub use client::{default_pool_dir, Client};
pub use codec::{check_json, check_lite3, json_to_lite3, lite3_to_json};
pub use doctor::{Doctor, DoctorIssue, DoctorProgress, DoctorReport, DoctorStatus};
pub use error::{Error, ErrorKind, Result};
pub use filter::{Filter, FilterOptions};
pub use info::{Bounds, FramePlace, Info, Layout};
pub use ingest::{
    Appended, Fault, FaultKind, Ingest, IngestCounts, IngestMode, IngestOptions, IngestStep, Place,
};
pub use library::{
    abi_version, build_info, has_feature, install_guard, pool_formats, set_log, version,
    version_number, LogSink, PoolFormats,
};
pub use list::{ListEntry, PoolList};
pub use message::Message;
pub use migrate::Migrated;
pub use options::{OpenOptions, PoolOptions};
pub use pool::Pool;
pub use replay::{Paced, Replay};
pub use reservation::Reservation;
pub use stream::{Gap, Messages, Next, Stream, StreamStats};
pub use tags::Tags;
pub use tail::{GapPolicy, Start, TailOptions};
pub use time::{format_time, parse_duration, parse_time, write_time};
pub use value::{Value, ValueKind};
pub use view::{Part, View};
pub use wait::{wait_any, Wait};
