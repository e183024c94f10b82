//! What all requests share.

use super::error::Veil;
use super::host::Hosts;
use super::metrics::Metrics;
use super::pools::Pools;
use super::setup::Config;
use super::storage::Storage;
use super::waiter::Waiter;
use crate::{Client, Error};
use std::sync::Arc;
use tokio::sync::{watch, Semaphore};

/// What all requests share.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) pools: Arc<Pools>,
    pub(crate) storage: Storage,
    pub(crate) waiter: Waiter,
    /// One permit a tail.
    pub(crate) tails: Arc<Semaphore>,
    pub(crate) metrics: Metrics,
    pub(crate) veil: Veil,
    pub(crate) hosts: Hosts,
    pub(crate) stopping: Stopping,
}

/// Tells when the server is to stop.
#[derive(Clone, Debug)]
pub(crate) struct Stopping(pub(super) watch::Receiver<bool>);

impl Stopping {
    /// Whether it is.
    pub(crate) fn is_now(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is.
    pub(crate) async fn came(&mut self) {
        // The other end only goes away with the server.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

impl State {
    /// Begins what is done without anybody asking for it.
    pub(crate) fn tend(&self) {
        tokio::spawn(Arc::clone(&self.pools).tend(self.stopping.clone()));
    }

    pub(crate) fn new(
        config: Config,
        client: Client,
        stopping: watch::Receiver<bool>,
    ) -> Result<State, Error> {
        let pools = Pools::new(client);
        Ok(State {
            veil: Veil::new(&pools.directory()?, config.show_paths),
            hosts: Hosts::new(&config),
            storage: Storage::new(config.limits.storage()),
            tails: Arc::new(Semaphore::new(config.limits.tails as usize)),
            waiter: Waiter::default(),
            metrics: Metrics::default(),
            pools: Arc::new(pools),
            config,
            stopping: Stopping(stopping),
        })
    }
}
