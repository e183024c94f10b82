//! Arguments of `completion` and `man-pages`.

use super::examples;
use clap::{Args, ValueHint};
use clap_complete::Shell;
use std::path::PathBuf;

/// Arguments of `completion`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true, after_help = examples::COMPLETION)]
pub(crate) struct CompletionArgs {
    /// The shell.
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
}

/// Arguments of `man-pages`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true, after_help = examples::MAN_PAGES)]
pub(crate) struct ManPagesArgs {
    /// The directory, which is made when there is none.
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) directory: PathBuf,
}
