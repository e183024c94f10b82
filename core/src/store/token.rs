//! Resume tokens: where a stream was, in which pool, and before or after which recovery.
//!
//! A recovery may take back messages that a reader saw, and give their seqs to others. It leaves in the
//! control page the seq from which on that is so, which a token from before it is held against, also when others followed.

use crate::error::{Error, ErrorKind, Result};
use crate::ring::memory::Memory;
use crate::store::Pool;

const PREFIX: &str = "pls1";

/// The token of a stream of this pool that would read `next_seq` next.
pub(super) fn make(pool: &Pool, next_seq: u64) -> String {
    let id: String = pool.id().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{PREFIX}.{id}.{}.{next_seq}", pool.generation())
}

/// The token of the same pool and generation that would read `next_seq` next; `None` for a text that is no token.
pub fn moved(token: &str, next_seq: u64) -> Option<String> {
    let (place, seq) = token.rsplit_once('.')?;
    let is_token = place.starts_with(PREFIX) && seq.parse::<u64>().is_ok();
    is_token.then(|| format!("{place}.{next_seq}"))
}

/// The seq that a token resumes at.
///
/// # Errors
/// Usage for a text that is no token, or of another pool; RetentionGap when the pool was recovered
/// since and seqs that the reader saw were lost, even if they have been given again.
pub(super) fn seq_in(token: &str, pool: &Pool) -> Result<u64> {
    let bad = || {
        Error::usage(format!("{token:?} is no resume token"))
            .with_hint("pass a token as a stream gave it")
    };
    let parts: Vec<&str> = token.split('.').collect();
    let [PREFIX, id, generation, seq] = parts[..] else {
        return Err(bad());
    };
    let generation: u64 = generation.parse().map_err(|_| bad())?;
    let seq: u64 = seq.parse().map_err(|_| bad())?;
    let own: String = pool.id().iter().map(|byte| format!("{byte:02x}")).collect();
    if id != own {
        return Err(Error::usage("the resume token is of another pool")
            .with_path(pool.path())
            .with_hint(
                "the pool was deleted and created again, or this is another one: start anew",
            ));
    }
    let recovery = &pool.pool.shared().ring().memory.control().recovery;
    if let Some(first) = recovery.lowest_since(generation) {
        pool.pool.check_truncated()?;
        if seq > first {
            return Err(Error::new(
                ErrorKind::RetentionGap,
                format!(
                    "the pool was recovered since the token was made: messages {first} to {} of \
                     that time are lost",
                    seq - 1
                ),
            )
            .with_path(pool.path())
            .with_seq(first)
            .with_hint(format!(
                "start at seq {first} for all that came after the recovery; messages appended \
                 with flush are never lost"
            )));
        }
    }
    Ok(seq)
}
