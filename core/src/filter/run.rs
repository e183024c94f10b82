//! Running a program on a message.

use jaq_core::data::HasLut;
use jaq_core::{Ctx, DataT, Lut, Vars};
use jaq_json::Val;

use super::meter::{self, Exceeded, Stopped};
use crate::error::{Error, ErrorKind, Result};
use crate::lite3::Source;
use crate::message::{Message, TimeCache};

/// What the engine works on.
pub(super) struct Engine;

/// What it has at hand while it runs: the program.
#[derive(Clone, Copy)]
pub(super) struct Data<'a>(&'a Lut<Engine>);

impl DataT for Engine {
    type V<'a> = Val;
    type Data<'a> = Data<'a>;
}

impl<'a> HasLut<'a, Engine> for Data<'a> {
    /// The engine asks for the program once for each term that it evaluates: here its steps are counted.
    #[inline]
    fn lut(&self) -> &'a Lut<Engine> {
        meter::step();
        self.0
    }
}

/// A compiled program.
pub(super) struct Program {
    filter: jaq_core::Filter<Engine>,
    steps: u64,
    /// It can build structures whose freeing recurses deeply.
    recursive: bool,
}

/// What the outputs say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Match,
    NoMatch,
    /// An output that is no truth value: its type.
    NotBoolean(&'static str),
}

impl Program {
    pub(super) fn new(filter: jaq_core::Filter<Engine>, steps: u64, recursive: bool) -> Program {
        Program {
            filter,
            steps,
            recursive,
        }
    }

    /// See [`super::Filter::matches`].
    pub(super) fn matches<S: Source>(
        &self,
        message: &Message<S>,
        still_valid: impl Fn() -> bool,
        effort: &mut u64,
    ) -> Result<Option<bool>> {
        let (mut payload, mut tags) = (Vec::new(), Vec::new());
        message
            .payload
            .append_to(0, message.payload.len(), &mut payload);
        message.tags.append_to(0, message.tags.len(), &mut tags);
        if !still_valid() {
            return Ok(None);
        }
        let private = Message {
            seq: message.seq,
            time_ns: message.time_ns,
            encoding: message.encoding,
            payload: payload.as_slice(),
            tags: tags.as_slice(),
        };
        let mut envelope = Vec::new();
        private.write_envelope(&mut envelope, &mut TimeCache::new())?;
        let run = |stack| {
            meter::metered(self.steps, payload.len(), stack, || {
                meter::work(envelope.len() / 64);
                meter::memory(envelope.len());
                let input = jaq_json::read::parse_single(&envelope).unwrap_or_default();
                self.verdict(input)
            })
        };
        let (outcome, steps) = if self.recursive {
            meter::on_large_stack(|| run(meter::large_stack()))
                .map_err(|error| Error::from_io(&error, "run the filter"))?
        } else {
            run(meter::usual_stack())
        };
        *effort += steps;
        match outcome {
            Ok(Verdict::Match) => Ok(Some(true)),
            Ok(Verdict::NoMatch) => Ok(Some(false)),
            Ok(Verdict::NotBoolean(kind)) => Err(not_boolean(message.seq, kind)),
            Err(stopped) => Err(self.stopped(message.seq, &stopped)),
        }
    }

    /// Runs it to the end: a later output can still make a match none.
    fn verdict(&self, input: Val) -> Verdict {
        let context = Ctx::<Engine>::new(Data(&self.filter.lut), Vars::new([]));
        let mut verdict = Verdict::NoMatch;
        for output in self.filter.id.run((context, input)) {
            verdict = match output {
                Ok(Val::Bool(true)) => Verdict::Match,
                Ok(Val::Bool(false) | Val::Null) => verdict,
                Ok(other) => return Verdict::NotBoolean(kind_of(&other)),
                // An error, or a `break` out of nothing.
                Err(_) => return Verdict::NoMatch,
            };
        }
        verdict
    }

    #[cold]
    fn stopped(&self, seq: u64, stopped: &Stopped) -> Error {
        let (what, hint) = match stopped {
            Stopped::Exceeded(Exceeded::Steps) => (
                format!("took more than {} steps", self.steps),
                "make it end sooner: look at fewer values, or avoid repeat, range and recursion without an end",
            ),
            Stopped::Exceeded(Exceeded::Memory) => (
                format!("made more than {} bytes of values", meter::MEMORY),
                "make it build less: no long ranges, no repeated strings",
            ),
            Stopped::Exceeded(Exceeded::Depth) => (
                "went too deep".to_owned(),
                "make it recurse or nest less deeply",
            ),
            Stopped::Panicked => {
                return Error::new(
                    ErrorKind::Internal,
                    format!("the filter engine failed inside at message {seq}"),
                )
                .with_seq(seq)
                .with_hint("this is a defect; please report it with the expression")
            }
        };
        Error::usage(format!("the filter {what} at message {seq}"))
            .with_seq(seq)
            .with_hint(hint)
    }
}

fn kind_of(value: &Val) -> &'static str {
    match value {
        Val::Null => "null",
        Val::Bool(_) => "a boolean",
        Val::Num(_) => "a number",
        Val::TStr(_) | Val::BStr(_) => "a string",
        Val::Arr(_) => "an array",
        Val::Obj(_) => "an object",
    }
}

#[cold]
fn not_boolean(seq: u64, kind: &str) -> Error {
    Error::usage(format!(
        "the filter gives {kind} at message {seq}; it must give true, false or null"
    ))
    .with_seq(seq)
    .with_hint(
        "compare the value with something, such as == \"x\" or > 3, or test it with `!= null`",
    )
}
