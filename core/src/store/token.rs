//! Resume tokens: where a stream was, in which pool, and before or after which recovery.

use crate::error::{Error, ErrorKind, Result};
use crate::store::Pool;

const PREFIX: &str = "pls1";

/// The token of a stream of this pool that would read `next_seq` next.
pub(super) fn make(pool: &Pool, next_seq: u64) -> String {
    let id: String = pool.id().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{PREFIX}.{id}.{}.{next_seq}", pool.generation())
}

/// The seq that a token resumes at.
///
/// # Errors
/// Usage for a text that is no token, or of another pool; RetentionGap when the pool was recovered
/// since, so that seqs the reader saw may have been given again.
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
    let newest = pool.bounds()?.newest;
    if generation != pool.generation() && seq > newest.saturating_add(1) {
        return Err(Error::new(
            ErrorKind::RetentionGap,
            format!(
                "the pool was recovered since the token was made: messages {} to {} are lost",
                newest + 1,
                seq - 1
            ),
        )
        .with_seq(newest + 1)
        .with_hint("start at the newest message; messages appended with flush are never lost"));
    }
    Ok(seq)
}
