//! Whether a pool can be where it is: on a file system through which its users share memory and locks.

use std::fs::File;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::sys::file_system::{self, Sharing};

/// Set to anything but nothing or `0`, it lets pools be on any file system.
const ANY_FILE_SYSTEM: &str = "PLASMITE_ANY_FILE_SYSTEM";

/// What sharing through the file's file system is like.
///
/// # Errors
/// Io when others may see copies of the file's pages, and nobody has said that this does not matter.
pub(crate) fn check(file: &File, path: &Path) -> Result<Sharing> {
    let sharing = file_system::sharing(file).map_err(|error| {
        Error::from_io(&error, "look at the pool's file system").with_path(path)
    })?;
    match &sharing {
        Sharing::Apart(name) if !is_overruled() => Err(refused(name, path)),
        _ => Ok(sharing),
    }
}

fn is_overruled() -> bool {
    std::env::var_os(ANY_FILE_SYSTEM).is_some_and(|value| !value.is_empty() && value != "0")
}

#[cold]
fn refused(name: &str, path: &Path) -> Error {
    Error::new(
        ErrorKind::Io,
        format!(
            "cannot use a pool on this file system ({name}): its users may each see a copy of the file, so that messages would get lost"
        ),
    )
    .with_path(path)
    .with_hint(format!(
        "keep the pool on a local disk (in a container: in a volume, not in a directory of the host's), and serve it to other machines; if one machine alone uses it, through one mount, {ANY_FILE_SYSTEM}=1 lets it be there"
    ))
}
