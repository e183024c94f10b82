//! The tool that waits for messages: at the bell of the pool, as idle tails do, without a thread.

use super::arguments::Arguments;
use super::outcome::{Done, Failed, Outcome};
use super::read::{batch_after, gone, told, Batch, Selection, LAST};
use super::tools::{missing, CHECK_NAME};
use crate::serve::pools::OpenPool;
use crate::serve::state::State;
use crate::serve::tail;
use crate::{Error, ErrorKind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep_until, Instant};

/// The longest wait, and how long one is unless told, in milliseconds.
pub(super) const MOST_MS: u64 = 60_000;
pub(super) const USUAL_MS: u64 = 10_000;

/// `plasmite_wait`
pub(super) async fn wait(
    state: &Arc<State>,
    mut arguments: Arguments<'_>,
    begun: &Notify,
) -> Outcome {
    let name = arguments.pool("pool")?;
    let after = arguments.number("after_seq", 0, u64::MAX)?;
    let timeout_ms = arguments.number("timeout_ms", 0, MOST_MS)?;
    let selection = Arc::new(Selection::take(&mut arguments)?);
    arguments.end()?;
    let deadline = Instant::now() + Duration::from_millis(timeout_ms.unwrap_or(USUAL_MS));
    let slot = tail::slot(state)?;
    let open = state
        .pools
        .get(&state.storage, &name)
        .await
        .map_err(|refusal| missing(refusal.error, CHECK_NAME))?;
    let after = match after {
        Some(after) => after,
        None => open.pool.bounds()?.newest,
    };
    begun.notify_one();
    // Let go in this order: who sees one wait less finds its place free.
    let _place = (slot, state.metrics.wait());
    let found = until(state, &open, after, &selection, deadline).await?;
    let timed_out = found.is_empty();
    let text = match timed_out {
        true => format!("No message came to the pool {name:?} in that time."),
        false => told(&found, &name),
    };
    Ok(Done {
        text,
        content: found.json(Some(timed_out)),
    })
}

/// The first batch that is not empty, or an empty one at the deadline and when the server stops.
async fn until(
    state: &Arc<State>,
    open: &Arc<OpenPool>,
    mut after: u64,
    wanted: &Arc<Selection>,
    deadline: Instant,
) -> Result<Batch, Failed> {
    let mut fell_behind = false;
    let mut stopping = state.stopping.clone();
    loop {
        // Listen, be watched, look, then sleep: so nothing is missed.
        let mut news = pin!(open.bell.news.notified());
        news.as_mut().enable();
        let _waiting = state.waiter.wait(open)?;
        // Before the look: what came until then is in it.
        let due = state.stopping.is_now() || Instant::now() >= deadline;
        // The last look has a moment of its own.
        let until = deadline.max(Instant::now() + LAST);
        let mut found = batch_after(state, open, after, wanted, until)
            .await
            .map_err(|refusal| gone(refusal.error))?;
        fell_behind |= found.fell_behind;
        found.fell_behind = fell_behind;
        after = found.next_after.unwrap_or(after);
        if due || found.cut || !found.is_empty() {
            return Ok(found);
        }
        if !open.pool.is_current()? {
            return Err(
                Error::new(ErrorKind::NotFound, "the pool was deleted or replaced")
                    .with_hint(CHECK_NAME)
                    .into(),
            );
        }
        tokio::select! {
            () = news => {}
            // Then a last look.
            () = sleep_until(deadline) => {}
            () = stopping.came() => {}
        }
    }
}
