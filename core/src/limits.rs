//! Every maximum and default, with its unit, in one table.

/// Size of a pool when none is asked for, in bytes.
pub const DEFAULT_POOL_SIZE: u64 = 1024 * 1024;

/// Smallest ring a pool can have, in bytes.
pub const MIN_RING_SIZE: u64 = 1024;

/// Largest pool file, in bytes (16 TiB: the largest file of the common file systems).
pub const MAX_POOL_SIZE: u64 = 1 << 44;

/// Seqs and positions stay below this; no pool gets there by writing.
pub const SEQ_LIMIT: u64 = 1 << 63;

/// Largest message body (payload and tags together), in bytes. A message must also fit the ring.
pub const MAX_BODY: u64 = (1 << 31) - 1;

/// Largest tag block of one message, in bytes (tags and their length prefixes).
pub const MAX_TAGS: u64 = (1 << 24) - 1;

/// How deep arrays and objects of `data` may nest. An array of scalars is one level.
pub const MAX_DEPTH: usize = 512;

/// Largest record taken from an input unless told otherwise, in bytes of its text.
pub const DEFAULT_LONGEST_RECORD: usize = 256 << 20;

/// How long a writer waits for the lock unless told otherwise, in milliseconds.
pub const DEFAULT_LOCK_WAIT_MS: u64 = 10_000;

/// Longest sleep of a waiting reader before it looks again by itself, in milliseconds. A net under
/// lost wake-ups (a writer can die between commit and wake-up); delivery never depends on it.
pub const WAIT_SLICE_MS: u64 = 250;

/// How long a reader that was just given a message looks again before it sleeps, in microseconds: a
/// writer that is busy is then not made to wake it for every message.
pub const LINGER_US: u64 = 20;

/// Longest pause between two looks of a reader that cannot be woken (no write access to the pool),
/// in microseconds.
pub const POLL_CAP_US: u64 = 5_000;

/// How often a busy writer checks that its pool's path still names its pool, in nanoseconds.
pub const PATH_CHECK_NS: u64 = 100_000;

/// Most index hops a lookup by seq takes in a pool with the default index.
pub const DEFAULT_INDEX_STRIDE: u64 = 8;

/// Most issues that the report on one pool lists; all are counted.
pub const DOCTOR_ISSUES: usize = 256;

/// Writers of a pool are counted up to this many: each costs a look at all of them.
pub const COUNTED_WRITERS: u32 = 1000;
