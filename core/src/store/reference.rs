//! Pool references: a name in a directory, or a path.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Extension of pool files.
pub(super) const EXTENSION: &str = "plasmite";

/// The path a reference means: with a slash it is a path as it stands, else a name in `directory`,
/// with the extension added when it is not there.
pub(super) fn resolve(directory: &Path, reference: &str) -> Result<PathBuf> {
    let refused = |what: &str| {
        Err(Error::usage(format!(
            "{reference:?} is no pool reference: {what}"
        )))
    };
    if reference.contains("://") {
        return Err(Error::usage(format!(
            "{reference:?} is a URL, and this call takes local pools"
        ))
        .with_hint("give the name or the path of a pool on this machine"));
    }
    if reference.is_empty() {
        return refused("it is empty")
            .map_err(|error: Error| error.with_hint("give a pool's name or path"));
    }
    if reference.chars().any(char::is_control) {
        return refused("it contains a control character")
            .map_err(|error: Error| error.with_hint("a name may hold any other character"));
    }
    if reference.contains('/') {
        return Ok(PathBuf::from(reference));
    }
    let suffix = format!(".{EXTENSION}");
    // A name of dots alone stays in the directory: ".." becomes "...plasmite".
    let file = if reference.ends_with(&suffix) {
        reference.to_string()
    } else {
        format!("{reference}{suffix}")
    };
    if file.len() > 255 {
        return refused("it is longer than a file name can be");
    }
    Ok(directory.join(file))
}

/// The name of the pool in a file, as lists show it.
pub(super) fn name_of(path: &Path) -> String {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    match name.strip_suffix(&format!(".{EXTENSION}")) {
        Some(stem) => stem.to_string(),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let path = |reference| {
            resolve(Path::new("/d"), reference).map(|path| path.to_string_lossy().into_owned())
        };
        assert_eq!(path("a").unwrap(), "/d/a.plasmite");
        assert_eq!(path("a.plasmite").unwrap(), "/d/a.plasmite");
        assert_eq!(path("..").unwrap(), "/d/...plasmite");
        assert_eq!(path("x/a").unwrap(), "x/a");
        assert_eq!(path("./a.b").unwrap(), "./a.b");
        for bad in ["", "a\nb", "http://h/p", "x://", "\u{7f}"] {
            assert_eq!(
                path(bad).unwrap_err().kind(),
                crate::ErrorKind::Usage,
                "{bad:?}"
            );
        }
        assert!(path(&"n".repeat(300)).is_err());
        assert_eq!(name_of(Path::new("/d/a.plasmite")), "a");
        assert_eq!(name_of(Path::new("/d/a.b")), "a.b");
    }
}
