//! Finding and starting the program that `tap` runs.

use crate::{Error, ErrorKind};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Checks that there is something to start, before a pool is made for its output.
pub(super) fn check(name: &OsStr) -> Result<(), Error> {
    let candidates: Vec<PathBuf> = match name.as_encoded_bytes().contains(&b'/') {
        true => vec![name.into()],
        false if name.is_empty() => Vec::new(),
        false => {
            let path = std::env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
            std::env::split_paths(&path)
                .map(|directory| directory.join(name))
                .collect()
        }
    };
    if candidates.iter().any(|path| is_program(path)) {
        return Ok(());
    }
    let found = candidates.iter().find(|path| path.exists());
    Err(match found {
        None => not_found(name),
        Some(path) if path.is_dir() => not_startable(name, "it is a directory"),
        Some(_) => not_startable(name, "it is not executable"),
    })
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Starts the program with our standard input, and pipes for what it prints.
pub(super) fn start(words: &[OsString]) -> Result<Child, Error> {
    let (name, arguments) = words
        .split_first()
        .ok_or_else(|| Error::new(ErrorKind::Usage, "there is no command to run"))?;
    let mut command = Command::new(name);
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if check(name).is_err() => not_found(name),
        io::ErrorKind::NotFound => {
            not_startable(name, "the program that is to interpret it is missing")
        }
        _ => not_startable(name, &error.to_string()),
    })
}

fn not_found(name: &OsStr) -> Error {
    let message = format!("the command {:?} was not found", name.to_string_lossy());
    Error::new(ErrorKind::Usage, message)
        .with_hint("check its spelling, or give its path; everything after -- is the command and its arguments")
}

fn not_startable(name: &OsStr, reason: &str) -> Error {
    let message = format!("cannot start {:?}: {reason}", name.to_string_lossy());
    Error::new(ErrorKind::Io, message).with_hint("check that it is a program you may run")
}
