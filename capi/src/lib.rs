//! `libplasmite`: the C ABI of Plasmite.
//!
//! Every function here is declared in `include/plasmite.h`, which cbindgen makes from these files; the rules
//! that hold for all of them stand at its top (`capi/cbindgen.toml`). This crate translates and owns no
//! behaviour: a call checks its arguments, calls [`plasmite_core`] or, for pools of a server, [`plasmite_remote`]
//! (`backend` decides), and turns the result into what C gets.
//!
//! - [`guard`] is the boundary: panics, status numbers, outputs. `handle`, `bytes`, `text`, `tags` and
//!   `options` translate one sort of argument each.
//! - The other modules are one C type or group of verbs each.
//!
//! The functions are `unsafe` in Rust because they believe pointers; what each pointer must be is in the
//! header's documentation. Rust programs use the crate `plasmite-sdk` instead.

// C's names, so that the header can be made from this source.
#![allow(non_camel_case_types)]
// What makes a call safe is said once, in the header's rules, and not in a section of each function.
#![allow(clippy::missing_safety_doc)]
// C has no structs of arguments for functions whose signature is frozen.
#![allow(clippy::too_many_arguments)]

mod backend;
mod guard;
mod handle;
mod memory;
mod options;
mod tags;
mod text;

pub mod bytes;
pub mod error;
pub mod kind;

pub mod library;
pub mod quiet;

pub mod client;
pub mod client_options;
pub mod info;
pub mod list;
pub mod pool;

pub mod doctor;
pub mod migrate;
pub mod salvage;

pub mod append;
pub mod append_old;
pub mod batch;
pub mod reserve;

pub mod field;
pub mod frame;
pub mod message;
pub mod value;
pub mod view;

pub mod filter;

pub mod ingest;
pub mod ingest_options;

pub mod lite3_stream;
pub mod next;
pub mod replay;
pub mod stream;
pub mod tail;
pub mod wait;

pub mod codec;
pub mod time;
