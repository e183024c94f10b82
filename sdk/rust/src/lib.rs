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
//! Values of your own types go in with [`Pool::append_value`] and [`Pool::append_values`], and come out with
//! [`Message::data`] and [`View::data`]. A [`Stream`] is iterated over with `for message in stream`, and awaited as
//! `AsyncMessages`.
//!
//! Features:
//! - `bundled` (default) links the library statically, built from its crate: nothing has to be installed.
//! - `system` links the installed `libplasmite.so` instead, found in `PLASMITE_LIB_DIR`, in the workspace's release
//!   build or through pkg-config. That is also the rule without `bundled`.
//! - `static` links the installed `libplasmite.a`, found in the same way.
//! - `serde` (default) takes and gives values of your own types.
//! - `stream` has messages as a `futures::Stream`, for every runtime.
//!
//! Needs Rust 1.89 or later; raising that is a minor version. Linux only so far.

mod append;
#[cfg(feature = "stream")]
mod async_messages;
mod bytes;
mod call;
mod cancel;
mod client;
mod client_options;
mod codec;
mod doctor;
mod error;
mod filter;
#[cfg(feature = "serde")]
mod finite;
mod info;
mod ingest;
#[cfg(feature = "serde")]
mod json_text;
mod library;
mod list;
mod lite3_frame;
mod message;
mod migrate;
mod options;
mod pool;
#[rustfmt::skip]
mod raw;
mod replay;
mod reservation;
mod salvage;
#[cfg(feature = "serde")]
mod serde_value;
mod stream;
mod tags;
mod tail;
mod time;
mod value;
mod view;
mod wait;

// Only so that the bundled library is linked: everything goes through the C declarations in `raw`.
#[cfg(all(feature = "bundled", not(any(feature = "system", feature = "static"))))]
use plasmite_capi as _;

pub use append::{AppendOptions, BatchItem, Durability, LockWait, Receipt};
#[cfg(feature = "stream")]
pub use async_messages::AsyncMessages;
pub use bytes::Buffer;
pub use cancel::Canceller;
pub use client::{default_pool_dir, Client};
pub use client_options::ClientOptions;
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
pub use lite3_frame::Lite3Frame;
pub use message::Message;
pub use migrate::Migrated;
pub use options::{OpenOptions, PoolOptions};
pub use pool::Pool;
pub use replay::{Paced, Replay};
pub use reservation::Reservation;
pub use salvage::Salvaged;
pub use stream::{Gap, IntoMessages, Messages, Next, Stream, StreamStats, ViewBatch, Views};
pub use tags::Tags;
pub use tail::{GapPolicy, Start, TailOptions};
pub use time::{format_time, parse_duration, parse_time, write_time};
pub use value::{Entries, Value, ValueKind};
pub use view::{Part, View};
pub use wait::{wait_any, Wait};

/// The examples of README.md are tests.
#[cfg(all(doctest, feature = "serde", feature = "stream"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
