//! The connections of a stream.

use std::io::{self, BufReader, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use plasmite_core::{Error, ErrorKind, Result};
use ureq::{Agent, BodyReader};

use super::frames::{self, Frame};
use super::plan::{Plan, SILENCE};
use crate::agent::{agent, Purpose};
use crate::request::Call;
use crate::Pool;

/// How much of a connection is read at once.
const BUFFER: usize = 64 << 10;

/// A connection on which a tail comes in.
pub(super) struct Connection {
    body: BufReader<BodyReader<'static>>,
    /// When it was asked for.
    pub(super) since: Instant,
}

/// Connections of one stream, made with an agent of its own, so that they can be broken off from outside.
pub(super) struct Line {
    pub(super) pool: Pool,
    agent: Mutex<Option<Agent>>,
}

impl Line {
    pub(super) fn new(pool: &Pool) -> Line {
        let agent = agent(&pool.link.settings, Purpose::Stream(SILENCE));
        Line {
            pool: pool.clone(),
            agent: Mutex::new(Some(agent)),
        }
    }

    fn agent(&self) -> MutexGuard<'_, Option<Agent>> {
        self.agent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a tail, and waits for the head of its answer: the server has begun it then, and finds out where a
    /// snapshot ends.
    ///
    /// # Errors
    /// The server's, or those of the way to it.
    pub(super) fn connect(&self, plan: &mut Plan) -> Result<Connection> {
        let agent = self.agent().clone();
        let Some(agent) = agent else {
            return Err(Error::new(ErrorKind::Io, "the stream was closed"));
        };
        let route = self.pool.route(&format!("/tail_lite3{}", plan.query()));
        let call = self.pool.call(Call::get(&route));
        let since = Instant::now();
        let response = self.pool.link.open(&agent, &call).map_err(|error| {
            let is_old = error.kind() == ErrorKind::Usage && error.message().contains("gap_policy");
            match is_old {
                true => error.with_hint("the server is older than this client: upgrade it"),
                false => error,
            }
        })?;
        if plan.wants_end() {
            plan.end_at(self.pool.bounds()?.newest);
        }
        let (_, body) = response.into_parts();
        // A tail has no largest size; its frames have.
        let body = body.into_with_config().limit(u64::MAX).reader();
        Ok(Connection {
            body: BufReader::with_capacity(BUFFER, body),
            since,
        })
    }

    /// Breaks the connections off, for ever.
    pub(super) fn break_off(&self) {
        let agent = self.agent().take();
        if let Some(agent) = agent {
            agent.shutdown();
        }
    }
}

impl Connection {
    /// Reads the next frame.
    ///
    /// # Errors
    /// The connection's.
    pub(super) fn next(&mut self, largest: u64, pool: &str) -> io::Result<Frame> {
        frames::read(&mut self.body, largest, pool)
    }

    /// Reads what is behind the last frame, so that the connection can be used again.
    pub(super) fn finish(mut self) {
        let _ = self.body.read(&mut [0; 1]);
    }
}
