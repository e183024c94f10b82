//! One request and its answer.

use std::io::Read;

use plasmite_core::sys::fork;
use plasmite_core::sys::fork_lock::ForkLock;
use plasmite_core::{Error, ErrorKind, Result};
use ureq::http::{header, Method, Request, Response};
use ureq::{Agent, Body};

use crate::agent::{agent, Purpose};
use crate::error;
use crate::settings::Settings;

/// The media type of one Lite3 document.
pub(crate) const LITE3: &str = "application/x-plasmite-lite3";
/// The media type of many, each in a frame.
pub(crate) const LITE3_STREAM: &str = "application/x-plasmite-lite3-stream";
/// The header that tells which pool is meant by its name: its id in hex.
const POOL_ID: &str = "plasmite-pool-id";
/// The media type of JSON.
pub(crate) const JSON: &str = "application/json";

/// Whether the server takes a body larger than this is asked before it is sent: a server that refuses one closes the
/// connection, and the refusal is lost when the body is still on its way. In bytes.
const ASKED_FIRST: usize = 64 << 10;

/// An answer is at most so many times as large as what it is about: a control character of Lite3 takes six bytes in
/// JSON, and a receipt seven times the shortest line.
const GROWTH: u64 = 8;
/// And so much beside that, in bytes.
const SMALL: u64 = 64 << 10;

/// A server's address, with what a client brings along.
#[derive(Debug)]
pub(crate) struct Link {
    base: String,
    pub(crate) settings: Settings,
    /// With the fork generation it was made in. A forked child must not talk over its parent's connections, nor close
    /// them.
    agent: ForkLock<(u32, Option<Agent>)>,
}

/// What is asked.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Path and query, encoded.
    pub(crate) path: &'a str,
    /// Media type and bytes.
    pub(crate) body: Option<(&'static str, &'a [u8])>,
    /// Whether it may change the pool.
    pub(crate) writes: bool,
    /// The pool, for its errors.
    pub(crate) pool: Option<&'a str>,
    /// The pool that is meant, which another one may have taken the name of.
    pub(crate) pool_id: Option<[u8; 16]>,
}

impl<'a> Call<'a> {
    pub(crate) fn get(path: &'a str) -> Call<'a> {
        Call {
            method: Method::GET,
            path,
            body: None,
            writes: false,
            pool: None,
            pool_id: None,
        }
    }

    pub(crate) fn post(path: &'a str, media_type: &'static str, body: &'a [u8]) -> Call<'a> {
        Call {
            method: Method::POST,
            body: Some((media_type, body)),
            ..Call::get(path)
        }
    }

    /// An error behind a good status: the call was carried out, and only its answer is lost.
    pub(crate) fn carried_out(&self, error: Error) -> Error {
        match self.writes {
            true => error.with_maybe_written(),
            false => error,
        }
    }

    pub(crate) fn of_pool(self, pool: &'a str) -> Call<'a> {
        Call {
            pool: Some(pool),
            ..self
        }
    }
}

impl Link {
    pub(crate) fn new(base: &str, settings: Settings) -> Link {
        Link {
            base: base.to_owned(),
            settings,
            agent: ForkLock::new((fork::generation(), None)),
        }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    fn agent(&self) -> Agent {
        let mut kept = self.agent.lock();
        leave_to_parent(&mut kept);
        kept.1
            .get_or_insert_with(|| agent(&self.settings, Purpose::Calls))
            .clone()
    }

    /// Asks, and gives the body of a good answer.
    ///
    /// # Errors
    /// The server's own, or Io when there is no answer.
    pub(crate) fn call(&self, call: &Call<'_>) -> Result<Vec<u8>> {
        let response = self.send(&self.agent(), call)?;
        self.body_of(response, call)
    }

    /// As [`Link::call`], and a header of the answer.
    ///
    /// # Errors
    /// As [`Link::call`].
    pub(crate) fn call_for(
        &self,
        call: &Call<'_>,
        header: &str,
    ) -> Result<(Vec<u8>, Option<String>)> {
        let response = self.send(&self.agent(), call)?;
        let header = response.headers().get(header);
        let header = header.and_then(|value| value.to_str().ok().map(str::to_owned));
        Ok((self.body_of(response, call)?, header))
    }

    /// Asks with an agent of the caller's. The answer is a good one, and its body is still to be read.
    ///
    /// # Errors
    /// As [`Link::call`].
    pub(crate) fn open(&self, agent: &Agent, call: &Call<'_>) -> Result<Response<Body>> {
        let response = self.send(agent, call)?;
        match response.status().is_success() {
            true => Ok(response),
            false => Err(match self.body_of(response, call) {
                Err(error) => error,
                Ok(_) => Error::new(ErrorKind::Internal, "an answer changed its status"),
            }),
        }
    }

    fn send(&self, agent: &Agent, call: &Call<'_>) -> Result<Response<Body>> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(format!("{}{}", self.base, call.path));
        if let Some(authorization) = &self.settings.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if let Some(id) = call.pool_id {
            request = request.header(POOL_ID, format!("{:032x}", u128::from_be_bytes(id)));
        }
        let failed = |error| error::unanswered(error, &self.base, call.writes);
        let unbuildable = |error: ureq::http::Error| {
            Error::usage(format!("no request can be made of this: {error}"))
        };
        match call.body {
            Some((media_type, body)) => {
                let mut request = request.header(header::CONTENT_TYPE, media_type);
                if body.len() > ASKED_FIRST {
                    request = request.header(header::EXPECT, "100-continue");
                }
                agent
                    .run(request.body(body).map_err(unbuildable)?)
                    .map_err(failed)
            }
            None => agent
                .run(request.body(()).map_err(unbuildable)?)
                .map_err(failed),
        }
    }

    fn body_of(&self, mut response: Response<Body>, call: &Call<'_>) -> Result<Vec<u8>> {
        let status = response.status();
        let largest = self.largest_answer(call);
        let mut body = Vec::new();
        let read = response
            .body_mut()
            .as_reader()
            .take(largest.saturating_add(1))
            .read_to_end(&mut body);
        if !status.is_success() {
            let (base, pool) = (&self.base, call.pool);
            let status = status.as_u16();
            return Err(error::answered(status, &body, base, pool, call.writes));
        }
        if let Err(error) = read {
            let error = error::unanswered(error.into(), &self.base, call.writes);
            return Err(call.carried_out(error));
        }
        if body.len() as u64 > largest {
            let error = Error::new(
                ErrorKind::Io,
                format!("the server's answer has more than {largest} bytes"),
            )
            .with_path(&self.base)
            .with_hint("ask for less, or allow larger answers");
            return Err(call.carried_out(error));
        }
        Ok(body)
    }

    /// What was appended comes back, whatever other answers may have: as JSON, which is larger than the bytes that were
    /// sent, but not this much.
    fn largest_answer(&self, call: &Call<'_>) -> u64 {
        let sent = call.body.map_or(0, |(_, body)| body.len() as u64);
        let largest = self.settings.largest;
        match call.writes {
            true => largest.max(sent.saturating_mul(GROWTH).saturating_add(SMALL)),
            false => largest,
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        leave_to_parent(&mut self.agent.lock());
    }
}

/// In a forked child: forgets the parent's agent, without dropping it, which would talk over the parent's sockets.
fn leave_to_parent(kept: &mut (u32, Option<Agent>)) {
    if kept.0 != fork::generation() {
        std::mem::forget(kept.1.take());
        kept.0 = fork::generation();
    }
}
