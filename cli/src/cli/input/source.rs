//! The place messages are read from: a file or standard input.

use crate::{Error, ErrorKind};
use std::fs::File;
use std::io::{self, IsTerminal, Read, StdinLock};
use std::os::fd::AsFd;
use std::path::Path;

/// Bytes to read at once: more than a pipe holds, so that one read empties it.
pub(crate) const CHUNK: usize = 256 << 10;

/// Where messages are read from.
#[derive(Debug)]
pub(crate) enum Source {
    /// Standard input.
    Stdin(StdinLock<'static>),
    /// A file.
    File(File),
}

impl Source {
    /// `--file`, else standard input unless that is a terminal.
    pub(crate) fn open(file: Option<&Path>) -> Result<Source, Error> {
        match file {
            Some(path) if path != Path::new("-") => Source::file(path),
            _ if io::stdin().is_terminal() => Err(Error::new(
                ErrorKind::Usage,
                "there is no message to append",
            )
            .with_hint(
                "give DATA as one JSON value, name a --file, or pipe JSON values into the command",
            )),
            _ => Ok(Source::Stdin(io::stdin().lock())),
        }
    }

    fn file(path: &Path) -> Result<Source, Error> {
        let unreadable = |error: &io::Error| {
            Error::new(ErrorKind::Io, format!("cannot read the file: {error}"))
                .with_hint("check the path given with --file")
                .with_path(path.to_string_lossy())
        };
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        match file.metadata() {
            Ok(metadata) if metadata.is_dir() => {
                Err(unreadable(&io::ErrorKind::IsADirectory.into()))
            }
            Ok(_) => Ok(Source::File(file)),
            Err(error) => Err(unreadable(&error)),
        }
    }

    /// How many bytes there are, for a regular file.
    pub(crate) fn size(&self) -> Option<u64> {
        let metadata = match self {
            Source::File(file) => file.metadata(),
            Source::Stdin(stdin) => stdin
                .as_fd()
                .try_clone_to_owned()
                .and_then(|stdin| File::from(stdin).metadata()),
        };
        metadata
            .ok()
            .filter(|metadata| metadata.is_file())
            .map(|metadata| metadata.len())
    }

    /// Reads what there is, waiting for it; 0 at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            let read = match self {
                // The room given is larger than the lock's own buffer, so bytes come straight from the system.
                Source::Stdin(stdin) => stdin.read(buffer),
                Source::File(file) => file.read(buffer),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(Error::new(
                        ErrorKind::Io,
                        format!("cannot read the input: {error}"),
                    )
                    .with_hint("check the file or the program the input comes from"))
                }
                Ok(count) => return Ok(count),
            }
        }
    }
}
