//! What every command knows: how it was called, where its output goes.

use super::args::Global;
use super::exit::Failure;
use super::output::stderr::Stderr;
use super::output::stdout::Stdout;
use crate::{Client, Error, ErrorKind};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What every command knows.
#[derive(Debug)]
pub(super) struct Context {
    /// The name it was called by.
    pub(super) program: &'static str,
    /// The arguments as typed.
    pub(super) typed: Vec<OsString>,
    dir: Option<PathBuf>,
    /// Standard output.
    pub(super) out: Stdout,
    /// Standard error.
    pub(super) err: Stderr,
}

impl Context {
    pub(super) fn new(program: &'static str, typed: Vec<OsString>, global: Global) -> Context {
        let color = global.color.unwrap_or_default();
        Context {
            program,
            typed,
            dir: global.dir,
            out: Stdout::new(color),
            err: Stderr::new(color),
        }
    }

    /// `--dir` as typed.
    pub(super) fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// The pools of `--dir`, or of the default directory. Also guards against files truncated by others.
    pub(super) fn client(&self) -> Result<Client, Failure> {
        crate::install_guard()?;
        Ok(match &self.dir {
            Some(directory) if directory.as_os_str().is_empty() => {
                return Err(Error::new(ErrorKind::Usage, "--dir is empty")
                    .with_hint("name a directory, or leave --dir out for ~/.plasmite/pools")
                    .into())
            }
            Some(directory) => Client::new(directory)?,
            None => Client::with_default_dir()?,
        })
    }
}
