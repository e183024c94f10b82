//! Running a program on a message.

use std::rc::Rc;

use jaq_core::data::HasLut;
use jaq_core::{Ctx, DataT, Lut, Vars};

use super::execute;
use super::meter::{self, Exceeded, Stopped};
use super::plan::{wanted_tags, Node};
use super::quick::Quick;
use super::value::{Envelope, Val};
use crate::error::{Error, ErrorKind, Result};
use crate::lite3::{copy_of, Source};
use crate::message::{tags::signature_of, Message};

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
    /// The condition in a form that needs no engine, if it is plain enough.
    plan: Option<Node>,
    quick: Option<Quick>,
    steps: u64,
    /// It can build structures whose freeing recurses deeply.
    recursive: bool,
}

/// What the outputs say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Match,
    NoMatch,
    /// An output that is no truth value: its type.
    NotBoolean(&'static str),
}

impl Verdict {
    fn answer(self, seq: u64) -> Result<Option<bool>> {
        match self {
            Verdict::Match => Ok(Some(true)),
            Verdict::NoMatch => Ok(Some(false)),
            Verdict::NotBoolean(kind) => Err(not_boolean(seq, kind)),
        }
    }
}

impl Program {
    pub(super) fn new(
        filter: jaq_core::Filter<Engine>,
        plan: Option<Node>,
        steps: u64,
        recursive: bool,
    ) -> Program {
        Program {
            filter,
            quick: plan.as_ref().and_then(|plan| Quick::of(plan, steps)),
            plan,
            steps,
            recursive,
        }
    }

    #[cfg(test)]
    pub(super) fn has_plan(&self) -> bool {
        self.plan.is_some()
    }

    /// See [`super::Filter::signature`].
    pub(super) fn signature(&self) -> u32 {
        let mut tags = Vec::new();
        if let Some(plan) = &self.plan {
            wanted_tags(plan, &mut tags);
        }
        let signatures = tags.into_iter().map(|tag| signature_of(tag.as_bytes()));
        signatures.fold(0, |bits, signature| bits | signature)
    }

    /// See [`super::Filter::matches`].
    #[inline]
    pub(super) fn matches<S: Source>(
        &self,
        message: &Message<S>,
        still_valid: impl Fn() -> bool,
        effort: &mut u64,
    ) -> Result<Option<bool>> {
        if let Some(quick) = &self.quick {
            let mut spent = 1;
            let matches = quick.holds(message, &mut spent);
            *effort += spent;
            if let Some(matches) = matches {
                return Ok(still_valid().then_some(matches));
            }
        }
        self.matches_planned(message, still_valid, effort)
    }

    /// The same without the quick form. Apart from it, which would pay for the registers and the thread's words that are
    /// needed here.
    #[inline(never)]
    fn matches_planned<S: Source>(
        &self,
        message: &Message<S>,
        still_valid: impl Fn() -> bool,
        effort: &mut u64,
    ) -> Result<Option<bool>> {
        if let Some(plan) = &self.plan {
            let most = meter::most_steps(self.steps, message.payload.len());
            let (verdict, steps) = execute::verdict(plan, message, most);
            *effort += steps;
            if !still_valid() {
                return Ok(None);
            }
            if let Some(verdict) = verdict.map_err(|stopped| self.stopped(message.seq, stopped))? {
                return verdict.answer(message.seq);
            }
        }
        self.matches_in_engine(message, still_valid, effort)
    }

    /// The same without the plan.
    pub(super) fn matches_in_engine<S: Source>(
        &self,
        message: &Message<S>,
        still_valid: impl Fn() -> bool,
        effort: &mut u64,
    ) -> Result<Option<bool>> {
        let (mut payload, mut tags) = (Vec::new(), Vec::new());
        copy_of(message.payload, &mut payload).map_err(|error| error.with_seq(message.seq))?;
        copy_of(message.tags, &mut tags).map_err(|error| error.with_seq(message.seq))?;
        if !still_valid() {
            return Ok(None);
        }
        let head = (message.seq, message.time_ns, message.encoding);
        // Values stay on the thread that evaluates, so they are made there.
        let run = move |stack| {
            let size = payload.len();
            meter::metered(self.steps, size, stack, || {
                self.verdict(Envelope::new(head, Rc::new(payload), tags))
            })
        };
        let (outcome, steps) = match meter::usual_stack() {
            Some(stack) if !self.recursive => run(stack),
            _ => meter::on_large_stack(|| run(meter::large_stack()))
                .map_err(|error| Error::from_io(&error, "run the filter"))?,
        };
        *effort += steps;
        match outcome {
            Ok(verdict) => verdict.answer(message.seq),
            Err(stopped) => Err(self.stopped(message.seq, stopped)),
        }
    }

    /// Runs it to the end: a later output can still make a match none.
    fn verdict(&self, message: Envelope) -> Verdict {
        let input = Val::Envelope(Rc::new(message));
        let context = Ctx::<Engine>::new(Data(&self.filter.lut), Vars::new([]));
        let mut verdict = Verdict::NoMatch;
        for output in self.filter.id.run((context, input)) {
            verdict = match output {
                Ok(Val::Bool(true)) => Verdict::Match,
                Ok(Val::Bool(false) | Val::Null(_)) => verdict,
                Ok(other) => return Verdict::NotBoolean(other.kind()),
                // An error, or a `break` out of nothing.
                Err(_) => return Verdict::NoMatch,
            };
        }
        verdict
    }

    #[cold]
    fn stopped(&self, seq: u64, stopped: Stopped) -> Error {
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
            Stopped::Damaged(error) => return error.with_seq(seq),
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
