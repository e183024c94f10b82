//! A directory for each test, and a watchdog.
#![allow(dead_code)]

use plasmite_sdk::{AppendOptions, Client, Pool, PoolOptions};
use std::sync::mpsc::{channel, RecvTimeoutError, Sender};
use std::time::Duration;

/// A test that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client of a directory of its own.
pub(crate) struct Scratch {
    pub(crate) client: Client,
    pub(crate) dir: tempfile::TempDir,
    _watchdog: Sender<()>,
}

impl Scratch {
    pub(crate) fn new() -> Scratch {
        let dir = tempfile::tempdir().expect("a temporary directory");
        Scratch {
            client: Client::new(dir.path()).expect("a client"),
            dir,
            _watchdog: watchdog(),
        }
    }

    /// A pool of 1 MiB.
    pub(crate) fn pool(&self, name: &str) -> Pool {
        self.client
            .create(name, &PoolOptions::new())
            .expect("a pool")
    }

    /// A pool of 1 MiB with these messages.
    pub(crate) fn filled(&self, name: &str, messages: &[&str]) -> Pool {
        let pool = self.pool(name);
        for message in messages {
            pool.append(message.as_bytes(), &AppendOptions::new())
                .expect("an append");
        }
        pool
    }
}

fn watchdog() -> Sender<()> {
    let (sender, receiver) = channel::<()>();
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    std::thread::spawn(move || {
        if receiver.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{test} hangs: it takes longer than {PATIENCE:?}");
            std::process::abort();
        }
    });
    sender
}
