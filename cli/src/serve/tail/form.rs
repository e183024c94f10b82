//! The forms of a tail: JSON Lines, Lite3 frames with or without control frames, server-sent events.

use crate::serve::error::{Refusal, Veil};
use crate::{json, Error, ErrorKind, Next, Part, Result, Stream, Wait};
use axum::body::Bytes;
use axum::http::StatusCode;
use std::io::Write;

/// A piece of the body is sent when it is this large.
const PIECE: usize = 32 << 10;
/// For how long an EventSource waits before it comes again, in milliseconds.
const RETRY_MS: u32 = 700;

/// How messages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// An envelope and a newline.
    #[default]
    Lines,
    /// Seq, time in ns, length, all big-endian; then the document.
    Lite3,
    /// As `Lite3`, and beside the messages frames of seq 0 that hold JSON: where the stream stands, gaps, messages that
    /// Lite3 cannot hold, errors, and why it ends.
    Control,
    /// An event with the seq as its id.
    Events,
}

/// Why a tail ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndReason {
    /// It has given all that was asked for.
    Done,
    /// Its time is up.
    Timeout,
    /// The server stops.
    Stopping,
}

/// What a look at the stream found.
#[derive(Debug)]
pub(super) enum Filled {
    /// A piece is full, or the look was cut short, and there may be more.
    More,
    /// No more for now.
    Idle,
    /// No more ever.
    End(EndReason),
    /// It cannot go on.
    Failed(Error),
}

/// The piece that is being written.
#[derive(Debug, Default)]
pub(super) struct Fill {
    form: Form,
    backwards: bool,
    out: Vec<u8>,
    messages: u64,
}

impl Fill {
    pub(super) fn new(form: Form, backwards: bool) -> Fill {
        Fill {
            form,
            backwards,
            ..Fill::default()
        }
    }

    /// An empty one like this.
    pub(super) fn anew(&self) -> Fill {
        Fill::new(self.form, self.backwards)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// The piece so far, and how many messages are in it.
    pub(super) fn take(&mut self) -> (u64, Bytes) {
        let messages = std::mem::take(&mut self.messages);
        (messages, std::mem::take(&mut self.out).into())
    }

    /// What stands before the first message: for events the place to resume from, should none come. `newest` is the
    /// newest seq of the pool; a stream that is `searching` has its start still to find.
    pub(super) fn begin(&mut self, stream: &mut Stream, searching: bool, newest: u64) {
        match self.form {
            Form::Events => {
                let _ = writeln!(self.out, "retry: {RETRY_MS}");
                self.place_id(stream, searching, newest);
                self.out.push(b'\n');
            }
            Form::Control => self.position_of(stream, searching),
            Form::Lines | Form::Lite3 => {}
        }
    }

    /// Tells where the stream stands, or how far it has come with searching: a cancelled one's token does not wait for that.
    fn position_of(&mut self, stream: &mut Stream, searching: bool) {
        if searching {
            stream.canceller().cancel();
            self.position(stream, true);
            stream.reset_cancel();
        } else {
            self.position(stream, false);
        }
    }

    fn position(&mut self, stream: &Stream, searching: bool) {
        if let (Ok(stats), Ok(token)) = (stream.stats(), stream.token()) {
            self.control(|top| {
                top.object("position", |object| {
                    object
                        .number("next_seq", stats.next_seq)
                        .text("resume", &token);
                    if searching {
                        object.member("searching", |out| out.extend_from_slice(b"true"));
                    }
                });
            });
        }
    }

    /// A control frame: of seq 0, which no message has, and time 0.
    fn control(&mut self, members: impl FnOnce(&mut json::Object<'_>)) {
        let mut text = Vec::new();
        json::object(&mut text, members);
        self.control_text(&text);
    }

    /// The start is found, and the first messages from there are here already, if there are any: they tell where it is.
    pub(super) fn found_start(&mut self, stream: &Stream) {
        if self.form == Form::Control && self.messages == 0 {
            self.position(stream, false);
        }
    }

    /// Says where the stream stands and why nothing more comes, where the form has a place for it.
    pub(super) fn end(&mut self, stream: Option<&mut Stream>, searching: bool, reason: EndReason) {
        if self.form == Form::Control {
            if let Some(stream) = stream {
                self.position_of(stream, searching);
            }
            let reason = match reason {
                EndReason::Done => "done",
                EndReason::Timeout => "timeout",
                EndReason::Stopping => "stopping",
            };
            self.control(|top| {
                top.object("end", |object| {
                    object.text("reason", reason);
                });
            });
        }
    }

    /// A sign of life.
    pub(super) fn beat(&mut self, stream: &mut Stream, searching: bool, newest: u64) {
        match self.form {
            Form::Events => {
                self.out.extend_from_slice(b": keep-alive\n");
                self.place_id(stream, searching, newest);
                self.out.push(b'\n');
            }
            // Readers of JSON Lines pass over blank lines.
            Form::Lines => self.out.push(b'\n'),
            Form::Control => self.position_of(stream, searching),
            Form::Lite3 => {}
        }
    }

    /// The id of a message, so that a client who comes again goes on behind it.
    fn event_id(&mut self, seq: u64) {
        let _ = writeln!(self.out, "id: {seq}");
    }

    /// The id of the message before the place. None has one that is still to come: it would tell of another pool. And
    /// backwards, where there may be none before the first, and while the start is looked for, a client asks again as it did.
    fn place_id(&mut self, stream: &Stream, searching: bool, newest: u64) {
        match stream.stats() {
            Ok(_) if self.backwards || searching => {}
            Ok(stats) if stats.next_seq.saturating_sub(1) <= newest => {
                self.event_id(stats.next_seq.saturating_sub(1));
            }
            _ => {}
        }
    }

    /// Writes an error where the form has a place for it; false when the connection is to be cut instead.
    pub(super) fn fail(&mut self, error: &Error, veil: &Veil) -> bool {
        match self.form {
            Form::Lines => {
                veil.write(error, &mut self.out);
                self.out.push(b'\n');
                true
            }
            Form::Events => {
                self.out.extend_from_slice(b"event: error\ndata: ");
                veil.write(error, &mut self.out);
                self.out.extend_from_slice(b"\n\n");
                true
            }
            Form::Control => {
                let mut text = Vec::new();
                veil.write(error, &mut text);
                self.control_text(&text);
                true
            }
            Form::Lite3 => false,
        }
    }

    /// A control frame whose JSON is there already.
    fn control_text(&mut self, text: &[u8]) {
        self.out.extend_from_slice(&[0; 16]);
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.out.extend_from_slice(&length.to_be_bytes());
        self.out.extend_from_slice(text);
    }

    /// Takes messages from the stream, without waiting, until the piece is full.
    pub(super) fn from(&mut self, stream: &mut Stream) -> Filled {
        while self.out.len() < PIECE {
            let next = match self.form {
                Form::Lines => self.line(stream),
                Form::Lite3 | Form::Control => self.frame(stream),
                Form::Events => self.event(stream),
            };
            match next {
                Ok(Next::Message(())) => self.messages += 1,
                Ok(Next::Gap(gap)) => self.gap(gap),
                Ok(Next::TimedOut) => return Filled::Idle,
                // Whoever cancelled it says what comes of that.
                Ok(Next::Cancelled) => return Filled::More,
                Ok(Next::End | Next::Deadline) => return Filled::End(EndReason::Done),
                Err(error) => return Filled::Failed(error),
            }
        }
        Filled::More
    }

    fn line(&mut self, stream: &mut Stream) -> Result<Next<()>> {
        Ok(stream.next_json(Wait::Try)?.map(|json| {
            self.out.extend_from_slice(json);
            self.out.push(b'\n');
        }))
    }

    fn event(&mut self, stream: &mut Stream) -> Result<Next<()>> {
        let view = match stream.next(Wait::Try)? {
            Next::Message(view) => view,
            other => return Ok(other.map(|_| ())),
        };
        let at = self.out.len();
        self.out.extend_from_slice(b"event: message\ndata: ");
        if let Err(error) = view.write_json(Part::Envelope, &mut self.out) {
            self.out.truncate(at);
            return Err(error);
        }
        self.out.push(b'\n');
        self.event_id(view.seq());
        self.out.push(b'\n');
        Ok(Next::Message(()))
    }

    fn frame(&mut self, stream: &mut Stream) -> Result<Next<()>> {
        let view = match stream.next(Wait::Try)? {
            Next::Message(view) => view,
            other => return Ok(other.map(|_| ())),
        };
        let document = match view.lite3() {
            Err(error) if self.form == Form::Control && error.kind() == ErrorKind::Usage => {
                let envelope = view.json(Part::Envelope)?;
                let mut text = b"{\"message\":".to_vec();
                text.extend_from_slice(&envelope);
                text.push(b'}');
                self.control_text(&text);
                return Ok(Next::Message(()));
            }
            document => document?,
        };
        let length = u32::try_from(document.len()).map_err(|_| {
            Error::new(
                ErrorKind::Usage,
                format!("message {} is too large for a Lite3 stream", view.seq()),
            )
        })?;
        self.out.extend_from_slice(&view.seq().to_be_bytes());
        self.out.extend_from_slice(&view.time_ns().to_be_bytes());
        self.out.extend_from_slice(&length.to_be_bytes());
        self.out.extend_from_slice(&document);
        Ok(Next::Message(()))
    }

    /// Lost messages, for those who asked to be told.
    fn gap(&mut self, gap: crate::Gap) {
        let members = |top: &mut json::Object<'_>| {
            top.object("gap", |object| {
                object
                    .number("first", gap.first)
                    .number("last", gap.last)
                    .number("count", gap.count);
            });
        };
        match self.form {
            Form::Control => self.control(members),
            Form::Events => {
                self.out.extend_from_slice(b"event: gap\ndata: ");
                json::object(&mut self.out, members);
                self.out.extend_from_slice(b"\n\n");
            }
            Form::Lines | Form::Lite3 => {
                json::object(&mut self.out, members);
                self.out.push(b'\n');
            }
        }
    }
}

/// 406: the first message cannot be sent as Lite3.
pub(super) fn not_lite3(error: Error) -> Refusal {
    Refusal {
        status: StatusCode::NOT_ACCEPTABLE,
        error: error.with_hint("use /tail, which sends every message as JSON"),
    }
}
