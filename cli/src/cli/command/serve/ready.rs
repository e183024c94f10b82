//! The file that tells other programs that the server is there: PLASMITE_SERVE_READY_FILE.

use crate::{Error, ErrorKind};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

const VARIABLE: &str = "PLASMITE_SERVE_READY_FILE";

/// The file.
#[derive(Debug)]
pub(super) struct ReadyFile(PathBuf);

impl ReadyFile {
    /// The one that is asked for; one from an earlier run goes away now.
    pub(super) fn from_environment() -> Result<Option<ReadyFile>, Error> {
        let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) else {
            return Ok(None);
        };
        let file = ReadyFile(path.into());
        match fs::remove_file(&file.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file.failed(&error)),
            _ => Ok(Some(file)),
        }
    }

    /// Writes the address, whole or not at all.
    pub(super) fn write(&self, address: SocketAddr) -> Result<(), Error> {
        let mut draft = self.0.clone().into_os_string();
        draft.push(format!(".{}.new", std::process::id()));
        fs::write(&draft, address.to_string())
            .and_then(|()| fs::rename(&draft, &self.0))
            .map_err(|error| {
                let _ = fs::remove_file(&draft);
                self.failed(&error)
            })
    }

    fn failed(&self, error: &std::io::Error) -> Error {
        Error::new(
            ErrorKind::Io,
            format!("cannot write the file that {VARIABLE} names: {error}"),
        )
        .with_path(self.0.to_string_lossy())
        .with_hint(format!("name another file, or unset {VARIABLE}"))
    }
}
