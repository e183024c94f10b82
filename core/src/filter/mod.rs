//! Filters: jq programs that tell which messages are wanted, compiled once and run on each message.
//!
//! A program sees the envelope, `{"seq":…,"time":"…","meta":{"tags":[…]},"data":…}`. A message matches when the
//! program gives `true` at least once and nothing but `true`, `false` and `null`, and does not fail:
//!
//! - a run-time error anywhere among the outputs is no match, also behind a `true`;
//! - an output that is a number, string, array or object is Usage naming the message's seq: such a program
//!   is no predicate. What comes first decides, error or output;
//! - a missing key is null; integers compare exactly; an integer and a double compare as doubles.
//!
//! The language is jq as jaq has it, with its standard library. A program cannot reach anything outside:
//! there is no `env`, `$ENV`, `input`, `debug`, `stderr`, `halt`, no modules, no local time. `now` is there.
//! It may use so many steps, so much memory and so much stack for one message; beyond is Usage.

mod compile;
mod execute;
mod leaf;
mod library;
mod meter;
mod natives;
mod pattern;
mod plan;
mod quick;
mod reach;
mod recursion;
mod run;
mod value;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod twins;

use std::fmt;

use crate::error::Result;
use crate::lite3::Source;
#[cfg(doc)]
use crate::message::tags;
use crate::message::Message;

pub use meter::{DEFAULT_STEPS, MEMORY};

/// Longest expression, in bytes.
pub const LONGEST: usize = 64 << 10;

/// How to compile a filter.
#[derive(Clone, Copy, Debug, Default)]
pub struct FilterOptions {
    /// Refuse definitions that call themselves: for expressions of strangers.
    pub no_recursion: bool,
    /// Steps for one message before those for its bytes; `None` for [`DEFAULT_STEPS`].
    pub steps: Option<u64>,
}

/// A compiled filter. Any number of threads may use it at once.
pub struct Filter {
    expression: String,
    program: run::Program,
}

impl Filter {
    /// Compiles an expression.
    ///
    /// # Errors
    /// Usage: what is wrong and where (the offset is that of the byte in the expression).
    pub fn new(expression: &str, options: &FilterOptions) -> Result<Filter> {
        Ok(Filter {
            program: compile::compile(expression, options)?,
            expression: expression.to_owned(),
        })
    }

    /// The expression it was made from.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// Bits that the signature of a matching message's tags has ([`tags::signature_of`]): others need not be
    /// looked at.
    pub fn signature(&self) -> u32 {
        self.program.signature()
    }

    /// Whether the message matches. Bytes that writers may overwrite are copied, then `still_valid` is asked,
    /// and only then looked at; `Ok(None)` when it says that they are void. The steps that were taken are added to
    /// `effort`.
    ///
    /// # Errors
    /// Usage naming the seq: an output that is no truth value, or a limit. Corrupt: the message is damaged.
    pub fn matches<S: Source>(
        &self,
        message: &Message<S>,
        still_valid: impl Fn() -> bool,
        effort: &mut u64,
    ) -> Result<Option<bool>> {
        self.program.matches(message, still_valid, effort)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Filter").field(&self.expression).finish()
    }
}
