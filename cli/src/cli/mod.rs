//! The commands: parse, dispatch, exit.

mod args;
mod command;
mod context;
mod exit;
mod input;
mod interrupt;
mod output;
mod remote;
mod signals;
mod terminal;

use context::Context;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command line of this process under the name `program`.
pub fn main(program: &'static str) -> ExitCode {
    signals::outlive_size_limits();
    run(program, std::env::args_os().skip(1).collect())
}

/// Runs a command line, as if `program` had been started with these arguments.
pub fn run(program: &'static str, typed: Vec<OsString>) -> ExitCode {
    let (mut context, outcome) = match args::parse(program, &typed) {
        Ok(parsed) => {
            let mut context = Context::new(program, typed, parsed.global);
            let outcome = command::run(&mut context, parsed.command);
            (context, outcome)
        }
        Err(failure) => (
            Context::new(program, typed, args::Global::default()),
            Err(failure),
        ),
    };
    // What was printed goes out before any error is shown, also after a failure.
    let outcome = match (outcome, context.out.flush()) {
        (Ok(code), Ok(())) => Ok(code),
        (Ok(_), Err(failure)) | (Err(failure), _) => Err(failure),
    };
    ExitCode::from(outcome.unwrap_or_else(|failure| failure.report(&context)))
}
