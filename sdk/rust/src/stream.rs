//! A stream: the messages of a pool, one after the other, as they come.
#![allow(unsafe_code)]

use crate::call::call;
use crate::{bytes, raw, Buffer, Canceller, Error, ErrorKind, Message, Result, Start, View, Wait};
use std::ffi::c_int;
use std::os::fd::{BorrowedFd, RawFd};
use std::ptr::{self, NonNull};
use std::sync::Arc;

/// The library's stream, freed with its last user.
#[derive(Debug)]
pub(crate) struct Handle(NonNull<raw::plsm_stream_t>);

// SAFETY: the library's handles may be used from any thread, by several at once.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut raw::plsm_stream_t {
        self.0.as_ptr()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, no call is running on it, and it is freed once.
        unsafe { raw::plsm_stream_free(self.as_ptr()) }
    }
}

/// What a stream has to say.
#[derive(Debug)]
pub enum Next<T> {
    /// A message.
    Message(T),
    /// Messages were overwritten before they were read ([`GapPolicy::Event`](crate::GapPolicy::Event)).
    Gap(Gap),
    /// The stream is over: its maximum, its end or the newest message of its snapshot is reached. Stays so.
    End,
    /// This call's wait ran out.
    TimedOut,
    /// The stream was cancelled.
    Cancelled,
    /// The total time of the stream ran out. Stays so.
    Deadline,
}

impl<T> Next<T> {
    /// The same about something made from the message.
    #[inline]
    pub fn map<U>(self, message: impl FnOnce(T) -> U) -> Next<U> {
        match self {
            Next::Message(value) => Next::Message(message(value)),
            Next::Gap(gap) => Next::Gap(gap),
            Next::End => Next::End,
            Next::TimedOut => Next::TimedOut,
            Next::Cancelled => Next::Cancelled,
            Next::Deadline => Next::Deadline,
        }
    }
}

/// Lost messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first missing seq.
    pub first: u64,
    /// The last missing seq.
    pub last: u64,
    /// How many.
    pub count: u64,
}

/// Running totals of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamStats {
    /// Messages shown.
    pub delivered: u64,
    /// Messages lost.
    pub dropped: u64,
    /// The seq it expects next.
    pub next_seq: u64,
}

/// The messages of a pool in order, each at most once. Lives on after its [`Pool`](crate::Pool) is dropped.
///
/// Of a server's pool it connects again by itself and goes on where it stood.
#[doc(alias = "RemoteTail")]
#[derive(Debug)]
pub struct Stream(pub(crate) Arc<Handle>);

impl Stream {
    pub(crate) fn adopt(
        open: impl FnOnce(*mut *mut raw::plsm_stream_t, *mut *mut raw::plsm_error_t) -> c_int,
    ) -> Result<Stream> {
        let mut stream = ptr::null_mut();
        call(|error| open(&mut stream, error))?;
        let handle = NonNull::new(stream).ok_or_else(|| Error::take(ptr::null_mut()))?;
        Ok(Stream(Arc::new(Handle(handle))))
    }

    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut raw::plsm_stream_t {
        self.0.as_ptr()
    }

    /// The next message, valid until the next call on the stream.
    ///
    /// # Errors
    /// NotFound when the pool was deleted or replaced; RetentionGap under that policy; Corrupt for damage.
    #[inline]
    pub fn next(&mut self, wait: Wait) -> Result<Next<View<'_>>> {
        let mut view = raw::plsm_view_t::default();
        // SAFETY: a live handle; the outputs are ours.
        let outcome = call(|error| unsafe {
            raw::plsm_stream_next_view(self.as_ptr(), wait.milliseconds(), &mut view, error)
        })?;
        Ok(self.outcome(outcome)?.map(|()| {
            // SAFETY: the library filled it; it lives until the next call, for which the stream is borrowed.
            unsafe { View::new(view) }
        }))
    }

    /// The next message as JSON, valid until the next call on the stream. The fastest way to text.
    ///
    /// # Errors
    /// As [`Stream::next`].
    #[inline]
    pub fn next_json(&mut self, wait: Wait) -> Result<Next<&[u8]>> {
        let mut json = raw::plsm_bytes_t::default();
        // SAFETY: a live handle; the outputs are ours.
        let outcome = call(|error| unsafe {
            raw::plsm_stream_next_json(self.as_ptr(), wait.milliseconds(), &mut json, error)
        })?;
        Ok(self.outcome(outcome)?.map(|()| {
            // SAFETY: borrowed from the stream until its next call, for which the stream is borrowed.
            unsafe { bytes::slice(json) }
        }))
    }

    #[inline]
    fn outcome(&self, outcome: c_int) -> Result<Next<()>> {
        Ok(match outcome {
            raw::PLSM_NEXT_MESSAGE => Next::Message(()),
            raw::PLSM_NEXT_END => Next::End,
            raw::PLSM_NEXT_TIMEOUT => Next::TimedOut,
            raw::PLSM_NEXT_GAP => Next::Gap(self.gap()?),
            raw::PLSM_NEXT_CANCELLED => Next::Cancelled,
            raw::PLSM_NEXT_DEADLINE => Next::Deadline,
            other => {
                let message =
                    format!("the library gave an outcome this crate does not know: {other}");
                return Err(Error::new(ErrorKind::Internal, message));
            }
        })
    }

    /// As many messages as are there, waiting for the first only: at most as many as `batch` has room for, all valid
    /// until the next call on the stream. The fastest way to read.
    ///
    /// # Errors
    /// As [`Stream::next`]; Usage for a batch without room.
    pub fn next_views<'a>(
        &'a mut self,
        batch: &'a mut ViewBatch,
        wait: Wait,
    ) -> Result<Next<Views<'a>>> {
        let mut count = 0;
        // SAFETY: a live handle, room for so many views; the outputs are ours.
        let outcome = call(|error| unsafe {
            let (first, room) = (batch.views.as_mut_ptr(), batch.views.len());
            raw::plsm_stream_next_views(
                self.as_ptr(),
                wait.milliseconds(),
                first,
                room,
                &mut count,
                error,
            )
        })?;
        let next = self.outcome(outcome)?;
        Ok(next.map(|()| Views(batch.views[..count].iter())))
    }

    /// The messages as an iterator that waits for each, skips over gaps and ends with the stream. `for message in
    /// &mut stream` does the same, and `for message in stream` too.
    pub fn messages(&mut self) -> Messages<'_> {
        Messages {
            stream: self,
            done: false,
        }
    }

    /// The next message to hand out, with gaps passed over.
    pub(crate) fn take(&mut self, wait: Wait) -> Taken {
        loop {
            match self.next(wait) {
                Ok(Next::Message(view)) => match view.to_message() {
                    // Read in place and overwritten meanwhile: the stream goes on with what is there.
                    Err(error) if error.kind() == ErrorKind::RetentionGap => {}
                    copied => return Taken::Message(copied),
                },
                Ok(Next::Gap(_)) => {}
                Ok(Next::TimedOut) => return Taken::Later,
                Ok(Next::End | Next::Cancelled | Next::Deadline) => return Taken::Over,
                Err(error) => return Taken::Failed(error),
            }
        }
    }

    #[cold]
    fn gap(&self) -> Result<Gap> {
        let mut gap = raw::plsm_gap_t::default();
        // SAFETY: a live handle; the outputs are ours.
        call(|error| unsafe { raw::plsm_stream_gap(self.as_ptr(), &mut gap, error) })?;
        Ok(Gap {
            first: gap.first,
            last: gap.last,
            count: gap.count,
        })
    }

    /// Running totals.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn stats(&self) -> Result<StreamStats> {
        let mut stats = raw::plsm_stream_stats_t::default();
        // SAFETY: as above.
        call(|error| unsafe { raw::plsm_stream_stats(self.as_ptr(), &mut stats, error) })?;
        Ok(StreamStats {
            delivered: stats.delivered,
            dropped: stats.dropped,
            next_seq: stats.next_seq,
        })
    }

    /// Something that ends this stream's waits from another thread.
    pub fn canceller(&self) -> Canceller {
        Canceller(Arc::clone(&self.0))
    }

    /// Makes a cancelled stream usable again.
    pub fn reset_cancel(&mut self) {
        // SAFETY: a live handle.
        unsafe { raw::plsm_stream_reset_cancel(self.as_ptr()) }
    }

    /// Goes on elsewhere.
    ///
    /// # Errors
    /// Usage for [`Start::Token`], which only opens streams.
    pub fn seek(&mut self, start: Start<'_>) -> Result<()> {
        if matches!(start, Start::Token(_)) {
            return Err(
                Error::new(ErrorKind::Usage, "a stream cannot seek to a token")
                    .with_hint("open another stream with Start::Token"),
            );
        }
        let (start, value) = start.raw();
        // SAFETY: a live handle.
        call(|error| unsafe { raw::plsm_stream_seek(self.as_ptr(), start, value, error) })?;
        Ok(())
    }

    /// Where it stands, as a text that opens another stream there, also in another process.
    ///
    /// # Errors
    /// None that can be expected.
    pub fn token(&self) -> Result<String> {
        // SAFETY: a live handle; the outputs are ours.
        let token = Buffer::fill(|buffer, error| unsafe {
            raw::plsm_stream_token(self.as_ptr(), buffer, error)
        })?;
        Ok(token.text()?.to_owned())
    }

    /// A descriptor that is readable when [`Stream::next`] has something to say, for event loops. It stays the
    /// stream's: poll it, do not read or close it.
    ///
    /// # Errors
    /// Io when the system has no descriptors left.
    pub fn fd(&self) -> Result<BorrowedFd<'_>> {
        let mut fd: RawFd = -1;
        // SAFETY: a live handle; the outputs are ours.
        call(|error| unsafe { raw::plsm_stream_fd(self.as_ptr(), &mut fd, error) })?;
        // SAFETY: the descriptor stays open as long as the stream.
        Ok(unsafe { BorrowedFd::borrow_raw(fd) })
    }
}

/// What [`Stream::take`] found.
pub(crate) enum Taken {
    /// A message, or why it could not be copied.
    Message(Result<Message>),
    /// Nothing within the wait.
    Later,
    /// The stream has ended, by itself or by a cancel.
    Over,
    /// The stream failed; it is not asked again.
    Failed(Error),
}

/// Room for the views of [`Stream::next_views`]; keep it, and use it again.
#[derive(Debug)]
pub struct ViewBatch {
    views: Vec<raw::plsm_view_t>,
}

// SAFETY: between calls the views inside are never looked at.
unsafe impl Send for ViewBatch {}
// SAFETY: as above.
unsafe impl Sync for ViewBatch {}

impl ViewBatch {
    /// Room for so many views.
    pub fn new(room: usize) -> ViewBatch {
        ViewBatch {
            views: vec![raw::plsm_view_t::default(); room],
        }
    }
}

/// See [`Stream::next_views`].
#[derive(Debug)]
pub struct Views<'a>(std::slice::Iter<'a, raw::plsm_view_t>);

// SAFETY: iterating only copies the views, which may be read from any thread.
unsafe impl Send for Views<'_> {}
// SAFETY: as above.
unsafe impl Sync for Views<'_> {}

impl<'a> Iterator for Views<'a> {
    type Item = View<'a>;

    #[inline]
    fn next(&mut self) -> Option<View<'a>> {
        // SAFETY: the library filled it; it lives until the next call, for which the stream is borrowed.
        self.0.next().map(|raw| unsafe { View::new(*raw) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Views<'_> {}
impl std::iter::FusedIterator for Views<'_> {}

/// See [`Stream::messages`].
#[derive(Debug)]
pub struct Messages<'a> {
    stream: &'a mut Stream,
    done: bool,
}

/// The messages of a stream that the iterator owns. See [`Stream::messages`].
#[derive(Debug)]
pub struct IntoMessages {
    stream: Stream,
    done: bool,
}

fn next_of(stream: &mut Stream, done: &mut bool) -> Option<Result<Message>> {
    while !*done {
        match stream.take(Wait::Forever) {
            Taken::Message(message) => return Some(message),
            Taken::Later => {}
            Taken::Over => *done = true,
            Taken::Failed(error) => {
                *done = true;
                return Some(Err(error));
            }
        }
    }
    None
}

impl Iterator for Messages<'_> {
    type Item = Result<Message>;

    fn next(&mut self) -> Option<Result<Message>> {
        next_of(self.stream, &mut self.done)
    }
}

impl Iterator for IntoMessages {
    type Item = Result<Message>;

    fn next(&mut self) -> Option<Result<Message>> {
        next_of(&mut self.stream, &mut self.done)
    }
}

impl std::iter::FusedIterator for Messages<'_> {}
impl std::iter::FusedIterator for IntoMessages {}

impl<'a> IntoIterator for &'a mut Stream {
    type Item = Result<Message>;
    type IntoIter = Messages<'a>;

    fn into_iter(self) -> Messages<'a> {
        self.messages()
    }
}

impl IntoIterator for Stream {
    type Item = Result<Message>;
    type IntoIter = IntoMessages;

    fn into_iter(self) -> IntoMessages {
        IntoMessages {
            stream: self,
            done: false,
        }
    }
}
