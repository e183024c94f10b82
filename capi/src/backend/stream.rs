//! A stream of messages, from here or there.

use std::os::fd::RawFd;
use std::time::Duration;

use plasmite_core::store::{Next, Start, Stats, View, Wait};
use plasmite_core::sys::clock::Deadline;
use plasmite_core::{store, Result};
use plasmite_remote as remote;

/// A stream of a pool of this machine or of a server. Each call is that of the same name there.
// It lies behind a handle, and is never moved again.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Stream {
    Local(store::Stream),
    Remote(remote::Stream),
}

use Stream::{Local, Remote};

impl Stream {
    #[inline]
    pub(crate) fn next(&self, wait: Wait, view: &mut View) -> Result<Next> {
        match self {
            Local(stream) => stream.next(wait, view),
            Remote(stream) => stream.next(wait, view),
        }
    }

    #[inline]
    pub(crate) fn next_many(&self, wait: Wait, views: &mut [View]) -> Result<(Next, usize)> {
        match self {
            Local(stream) => stream.next_many(wait, views),
            Remote(stream) => stream.next_many(wait, views),
        }
    }

    pub(crate) fn next_then<T>(
        &self,
        wait: Wait,
        read: impl FnMut(&View) -> Result<T>,
    ) -> Result<(Next, Option<T>)> {
        match self {
            Local(stream) => stream.next_then(wait, read),
            Remote(stream) => stream.next_then(wait, read),
        }
    }

    #[inline]
    pub(crate) fn next_envelope(&self, wait: Wait, out: &mut Vec<u8>) -> Result<Next> {
        match self {
            Local(stream) => stream.next_envelope(wait, out),
            Remote(stream) => stream.next_envelope(wait, out),
        }
    }

    pub(crate) fn cancel(&self) {
        match self {
            Local(stream) => stream.cancel(),
            Remote(stream) => stream.cancel(),
        }
    }

    pub(crate) fn reset_cancel(&self) {
        match self {
            Local(stream) => stream.reset_cancel(),
            Remote(stream) => stream.reset_cancel(),
        }
    }

    pub(crate) fn next_seq(&self) -> u64 {
        match self {
            Local(stream) => stream.next_seq(),
            Remote(stream) => stream.next_seq(),
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        match self {
            Local(stream) => stream.stats(),
            Remote(stream) => stream.stats(),
        }
    }

    pub(crate) fn token(&self) -> Result<String> {
        match self {
            Local(stream) => Ok(stream.token()),
            Remote(stream) => stream.token(),
        }
    }

    pub(crate) fn seek(&self, start: &Start) -> Result<()> {
        match self {
            Local(stream) => stream.seek(start),
            Remote(stream) => stream.seek(start),
        }
    }

    pub(crate) fn event_fd(&self) -> Result<RawFd> {
        match self {
            Local(stream) => stream.event_fd(),
            Remote(stream) => stream.event_fd(),
        }
    }
}

/// Of streams of both kinds, each is looked at this often: there is no one thing to sleep on for both.
const SLICE: Duration = Duration::from_millis(5);

/// Index of a stream whose next step would not wait; `None` when the time is up first.
pub(crate) fn wait_any(streams: &[&Stream], wait: Wait) -> Result<Option<usize>> {
    let (mut here, mut there) = (Vec::new(), Vec::new());
    let (mut places_here, mut places_there) = (Vec::new(), Vec::new());
    for (index, stream) in streams.iter().enumerate() {
        match stream {
            Local(stream) => {
                here.push(stream);
                places_here.push(index);
            }
            Remote(stream) => {
                there.push(stream);
                places_there.push(index);
            }
        }
    }
    let of =
        |places: &[usize], found: Option<usize>| found.and_then(|index| places.get(index).copied());
    if there.is_empty() {
        return Ok(of(&places_here, store::wait_any(&here, wait)?));
    }
    if here.is_empty() {
        return Ok(of(&places_there, remote::wait_any(&there, wait)?));
    }
    let until = match wait {
        Wait::Forever => Deadline::NEVER,
        Wait::For(wait) => Deadline::after(wait),
        Wait::Try => Deadline::after(Duration::ZERO),
    };
    loop {
        if let Some(index) = of(&places_here, store::wait_any(&here, Wait::Try)?) {
            return Ok(Some(index));
        }
        let slice = Wait::For(until.left().map_or(SLICE, |left| left.min(SLICE)));
        if let Some(index) = of(&places_there, remote::wait_any(&there, slice)?) {
            return Ok(Some(index));
        }
        if until.passed() {
            return Ok(None);
        }
    }
}
