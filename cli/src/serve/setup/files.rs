//! Files with secrets: read with an eye on their mode, written for the owner alone.

use crate::{Error, ErrorKind};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind as Why, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Mode of a file with a secret.
const SECRET: u32 = 0o600;
/// Mode of a file for all.
const PUBLIC: u32 = 0o644;
/// Others' bits of a mode.
const OTHERS: u32 = 0o077;

/// The text of a token file, untrimmed.
pub(super) fn read_token(path: &Path, warnings: &mut Vec<String>) -> Result<String, Error> {
    let text = fs::read_to_string(path).map_err(|error| {
        Error::new(
            ErrorKind::Usage,
            format!("cannot read the token file: {error}"),
        )
        .with_path(path.to_string_lossy())
        .with_hint("make one with `pls serve init`")
    })?;
    warn_of_mode(path, "the token", warnings);
    Ok(text)
}

/// The bytes of a PEM file.
pub(super) fn read_pem(path: &Path, what: &str) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| {
        Error::new(ErrorKind::Io, format!("cannot read {what}: {error}"))
            .with_path(path.to_string_lossy())
            .with_hint("check the path and the mode of the file")
    })
}

/// Warns of a secret that others can read.
pub(super) fn warn_of_mode(path: &Path, what: &str, warnings: &mut Vec<String>) {
    if fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & OTHERS != 0) {
        let path = path.display();
        warnings.push(format!(
            "other users can read {what} in {path}: run chmod 600 {path}"
        ));
    }
}

/// A file to be written.
pub(super) struct NewFile<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    pub(super) secret: bool,
}

/// Writes all of the files or, as far as that can be told beforehand, none. Without `force` none of them may exist.
pub(super) fn write_all(files: &[NewFile<'_>], force: bool) -> Result<(), Error> {
    let exists = |path: &Path| fs::symlink_metadata(path).is_ok();
    if let (false, Some(file)) = (force, files.iter().find(|file| exists(file.path))) {
        return Err(already(file.path));
    }
    let mut drafts = Vec::new();
    for file in files {
        let mut name = file.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let draft = file.path.with_file_name(name);
        let written = write(&draft, file);
        drafts.push((draft, file.path));
        if let Err(error) = written {
            discard(&drafts);
            return Err(failed(file.path, &error));
        }
    }
    for (draft, path) in &drafts {
        let placed = match force {
            true => fs::rename(draft, path),
            // Unlike a rename, a link never takes the place of something.
            false => fs::hard_link(draft, path),
        };
        if let Err(error) = placed {
            discard(&drafts);
            return Err(match error.kind() {
                Why::AlreadyExists => already(path),
                _ => failed(path, &error),
            });
        }
    }
    discard(&drafts);
    Ok(())
}

fn write(path: &Path, file: &NewFile<'_>) -> std::io::Result<()> {
    let mode = if file.secret { SECRET } else { PUBLIC };
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    out.write_all(file.text.as_bytes())?;
    out.sync_all()
}

fn discard(drafts: &[(std::path::PathBuf, &Path)]) {
    for (draft, _) in drafts {
        let _ = fs::remove_file(draft);
    }
}

fn already(path: &Path) -> Error {
    Error::new(
        ErrorKind::AlreadyExists,
        "there is such a file already, and it may be in use",
    )
    .with_path(path.to_string_lossy())
    .with_hint("choose another --output-dir, or replace the files with --force")
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    let kind = match error.kind() {
        Why::PermissionDenied => ErrorKind::Permission,
        _ => ErrorKind::Io,
    };
    Error::new(kind, format!("cannot write the file: {error}"))
        .with_path(path.to_string_lossy())
        .with_hint("check the directory and its mode, or choose another --output-dir")
}
