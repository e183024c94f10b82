//! What the fuzzers do with an input, one module a target. An input that ends in a panic, in memory that is not its own,
//! or not in time, is a finding.

pub mod image;
pub mod ingest;
pub mod jq;
pub mod json;
pub mod lite3;
pub mod live_pool;
pub mod old_pool;
pub mod pool_file;
pub mod reading;
pub mod scratch;
pub mod tally;
pub mod texts;

#[cfg(feature = "http")]
pub mod http;

/// The engine's tests' own twin of the codec.
#[path = "../../core/tests/codec/mod.rs"]
mod codec;
/// The engine's tests' own naive readers.
#[path = "../../core/tests/ingest/naive.rs"]
mod naive;
/// Writes pools of format 3.
#[path = "../../core/tests/common/old_file.rs"]
mod old_file;
