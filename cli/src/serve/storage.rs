//! Calls into pools: which of them run where.
//!
//! An append without a flush, a read by seq and a look at the bounds take a microsecond or so and wait for nobody:
//! they run on the async workers, since a hop to another thread and back would cost ten times as much. An append
//! first only tries the writer lock; when it is taken, when a flush is asked for, and for everything that opens
//! files or lists them, the call runs on a thread that may block. How many do so at once is limited; more are refused
//! (Busy), never queued. Scans, which tails with filters make, have a few threads of their own and wait for them.

use super::error::{Answer, Refusal};
use crate::{Error, ErrorKind};
use axum::http::StatusCode;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Admission to the threads that may block.
#[derive(Debug)]
pub(crate) struct Storage {
    permits: Arc<Semaphore>,
    count: u32,
    scans: Arc<Semaphore>,
}

/// Scans at once.
pub(crate) const SCANS: usize = 8;

/// A place among the scans.
#[derive(Debug)]
pub(crate) struct ScanPlace(OwnedSemaphorePermit);

impl ScanPlace {
    /// Runs a call that may take long. It goes on when nobody waits for it any more: whoever asks sees to its end.
    pub(crate) async fn run<T: Send + 'static, E: Into<Refusal> + Send + 'static>(
        self,
        call: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Answer<T> {
        on_thread(self.0, call).await
    }
}

impl Storage {
    /// For so many calls at once.
    pub(crate) fn new(count: u32) -> Storage {
        Storage {
            permits: Arc::new(Semaphore::new(count as usize)),
            count,
            scans: Arc::new(Semaphore::new(SCANS)),
        }
    }

    fn admit(&self) -> Answer<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().map_err(|_| {
            Refusal::new(
                StatusCode::LOCKED,
                ErrorKind::Busy,
                format!(
                    "the server is busy: {} requests that may have to wait are running",
                    self.count
                ),
            )
            .with_hint("try again in a moment")
        })
    }

    /// Runs a call that may block.
    pub(crate) async fn run<T: Send + 'static, E: Into<Refusal> + Send + 'static>(
        &self,
        call: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Answer<T> {
        let permit = self.admit()?;
        on_thread(permit, call).await
    }

    /// Waits for a place among the scans. Whoever waits bounds that, since those before may take long.
    pub(crate) async fn scan_place(&self) -> Answer<ScanPlace> {
        match Arc::clone(&self.scans).acquire_owned().await {
            Ok(permit) => Ok(ScanPlace(permit)),
            Err(_) => Err(failed()),
        }
    }

    /// Waits until no call runs any more, and admits no others.
    pub(crate) async fn idle(&self) {
        if let Ok(permits) = self.permits.acquire_many(self.count).await {
            permits.forget();
        }
    }
}

async fn on_thread<T: Send + 'static, E: Into<Refusal> + Send + 'static>(
    permit: OwnedSemaphorePermit,
    call: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Answer<T> {
    let done = tokio::task::spawn_blocking(move || {
        let result = call();
        drop(permit);
        result
    })
    .await;
    match done {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(failed()),
    }
}

fn failed() -> Refusal {
    Refusal::from(Error::new(
        ErrorKind::Internal,
        "the server failed at this request",
    ))
}
