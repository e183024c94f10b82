//! How a command ends: one table from failures to exit codes.

use super::context::Context;
use super::output::error;
use crate::Error;

/// A command that ended well, or as well as it can tell by its own code.
pub(super) type Outcome = Result<u8, Failure>;

/// Exit code of success.
pub(super) const SUCCESS: u8 = 0;
/// Exit code of `follow` when its `--timeout` ran out, as that of `timeout(1)`.
pub(super) const TIMED_OUT: u8 = 124;
/// Exit code of `feed` when it passed over bad records.
pub(super) const SKIPPED: u8 = 1;
/// Exit code of a finite read that could not show all it was asked for.
pub(super) const LOST: u8 = 1;

/// Why a command stopped before its end.
#[derive(Debug)]
pub(super) enum Failure {
    /// An error to be shown; its kind gives the exit code.
    Error(Error),
    /// The same about a command that had stored messages, up to this one, and could not say so.
    Stored(Error, u64),
    /// Nobody reads our output any more: a quiet success.
    ClosedOutput,
    /// Help for the screen of someone who typed too little.
    Help(String),
    /// Text that was asked for instead of a command: help, version.
    Text(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Error(error)
    }
}

impl Failure {
    /// The same about output that says what was done, when that is done all the same: who repeats the command would find
    /// it so.
    pub(super) fn but_done(self, done: &str) -> Failure {
        match self {
            Failure::Error(error) => {
                let message = format!("{}; {done}", error.message());
                Failure::Error(error.with_message(message))
            }
            failure => failure,
        }
    }

    /// Shows what there is to show; gives the exit code.
    pub(super) fn report(self, context: &Context) -> u8 {
        match self {
            Failure::Error(error) => {
                error::print(context, &error);
                error.kind().exit_code()
            }
            Failure::Stored(error, seq) => {
                error::print_stored(context, &error, seq);
                error.kind().exit_code()
            }
            Failure::ClosedOutput => SUCCESS,
            Failure::Help(text) => {
                context.err.print(text.as_bytes());
                crate::ErrorKind::Usage.exit_code()
            }
            Failure::Text(text) => match super::output::stdout::print(text.as_bytes()) {
                Ok(()) => SUCCESS,
                Err(failure) => failure.report(context),
            },
        }
    }
}
