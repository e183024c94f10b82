//! Errors: one closed list of kinds, a message a person can act on, and the context a program needs.

use std::fmt;
use std::path::{Path, PathBuf};

/// What went wrong, in one word. The numbers are the C ABI's and the CLI's exit codes; they are
/// never reused and new ones go at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum ErrorKind {
    /// A fault of the library or of the machine that no caller can act on.
    Internal = 1,
    /// A bad argument, bad JSON, or a request that cannot be met as asked.
    Usage = 2,
    /// No such pool, or no such message.
    NotFound = 3,
    /// The pool (or the expected seq) is there already.
    AlreadyExists = 4,
    /// The writer lock could not be had in time.
    Busy = 5,
    /// The system refused access.
    Permission = 6,
    /// The pool's bytes, or a Lite3 document, are damaged.
    Corrupt = 7,
    /// Any other failure of the system.
    Io = 8,
    /// Messages were overwritten before they were read.
    RetentionGap = 9,
}

impl ErrorKind {
    /// Every kind, in the order of its number.
    pub const ALL: [ErrorKind; 9] = [
        ErrorKind::Internal,
        ErrorKind::Usage,
        ErrorKind::NotFound,
        ErrorKind::AlreadyExists,
        ErrorKind::Busy,
        ErrorKind::Permission,
        ErrorKind::Corrupt,
        ErrorKind::Io,
        ErrorKind::RetentionGap,
    ];

    /// The name used on the wire and by the CLI, for example `"NotFound"`.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::Internal => "Internal",
            ErrorKind::Usage => "Usage",
            ErrorKind::NotFound => "NotFound",
            ErrorKind::AlreadyExists => "AlreadyExists",
            ErrorKind::Busy => "Busy",
            ErrorKind::Permission => "Permission",
            ErrorKind::Corrupt => "Corrupt",
            ErrorKind::Io => "Io",
            ErrorKind::RetentionGap => "RetentionGap",
        }
    }

    /// The HTTP status that carries this kind.
    pub fn http_status(self) -> u16 {
        match self {
            ErrorKind::Internal | ErrorKind::Corrupt | ErrorKind::Io => 500,
            ErrorKind::Usage => 400,
            ErrorKind::NotFound => 404,
            ErrorKind::AlreadyExists => 409,
            ErrorKind::Busy => 423,
            ErrorKind::Permission => 401,
            ErrorKind::RetentionGap => 410,
        }
    }

    /// The kind with this number, if there is one.
    pub fn from_number(number: i32) -> Option<ErrorKind> {
        ErrorKind::ALL
            .into_iter()
            .find(|kind| *kind as i32 == number)
    }
}

/// An error of the library. Boxed inside, so that results stay one word wide on the fast paths.
#[derive(Clone)]
pub struct Error(Box<Details>);

#[derive(Clone)]
struct Details {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    path: Option<PathBuf>,
    seq: Option<u64>,
    offset: Option<u64>,
    causes: Vec<String>,
    maybe_written: bool,
    too_large: bool,
}

/// The result of every fallible call.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with a message; everything else is added with the `with_` methods.
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Details {
            kind,
            message: message.into(),
            hint: None,
            path: None,
            seq: None,
            offset: None,
            causes: Vec::new(),
            maybe_written: false,
            too_large: false,
        }))
    }

    /// Shorthand for [`ErrorKind::Usage`].
    #[cold]
    pub fn usage(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Usage, message)
    }

    /// Shorthand for [`ErrorKind::Corrupt`].
    #[cold]
    pub fn corrupt(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Corrupt, message)
    }

    /// An error of the system while doing `what` (for example "open the pool"). Refused access is
    /// Permission, a missing file NotFound, an existing one AlreadyExists, the rest Io.
    #[cold]
    pub fn from_io(source: &std::io::Error, what: &str) -> Error {
        use std::io::ErrorKind as Source;
        let (kind, hint) = match source.kind() {
            Source::PermissionDenied => (
                ErrorKind::Permission,
                Some("check the owner and the mode of the file and of its directory"),
            ),
            Source::ReadOnlyFilesystem => (
                ErrorKind::Permission,
                Some("the file system is mounted read-only; use a directory on another one"),
            ),
            Source::NotFound => (ErrorKind::NotFound, None),
            Source::AlreadyExists => (ErrorKind::AlreadyExists, None),
            Source::StorageFull | Source::QuotaExceeded => (
                ErrorKind::Io,
                Some("free some space, or ask for a smaller pool"),
            ),
            Source::OutOfMemory => (
                ErrorKind::Io,
                Some("a pool takes as much address space as its file is long: raise the limit (ulimit -v), or close pools"),
            ),
            _ => (ErrorKind::Io, hint_of_code(source.raw_os_error())),
        };
        let mut error = Error::new(kind, format!("cannot {what}: {}", describe_io(source)));
        if let Some(hint) = hint {
            error = error.with_hint(hint);
        }
        error.0.causes.push(source.to_string());
        error
    }

    /// There is no memory for so many bytes, which a message takes; 0 when it is not known how many.
    #[cold]
    pub fn out_of_memory(bytes: usize) -> Error {
        let text = match bytes {
            0 => "no memory for a message".to_string(),
            _ => format!("no memory for {bytes} bytes, which a message takes"),
        };
        Error::new(ErrorKind::Io, text).with_hint(
            "a long message takes several times its length: raise the limit of the process (ulimit -v), or free some memory",
        )
    }

    /// Adds advice on what to do next.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// Names the file concerned.
    pub fn with_path(mut self, path: impl AsRef<Path>) -> Error {
        self.0.path = Some(path.as_ref().to_path_buf());
        self
    }

    /// Names the file concerned, unless one is named already.
    pub(crate) fn or_path(self, path: &Path) -> Error {
        match self.0.path {
            Some(_) => self,
            None => self.with_path(path),
        }
    }

    /// Names the message concerned.
    pub fn with_seq(mut self, seq: u64) -> Error {
        self.0.seq = Some(seq);
        self
    }

    /// Names the byte concerned: in a pool file, a document or a text, as the message says.
    pub fn with_offset(mut self, offset: u64) -> Error {
        self.0.offset = Some(offset);
        self
    }

    /// Adds a deeper cause after those already there.
    pub fn with_cause(mut self, cause: impl Into<String>) -> Error {
        self.0.causes.push(cause.into());
        self
    }

    /// Says where in the input it was, in front of the message.
    pub fn within(mut self, place: &str) -> Error {
        self.0.message = format!("{place}: {}", self.0.message);
        self
    }

    /// Marks that the message may have been stored although the call failed (a flush that failed, a server's answer
    /// that was lost).
    pub fn with_maybe_written(mut self) -> Error {
        self.0.maybe_written = true;
        self
    }

    /// Marks that good data was refused for its size alone.
    pub fn with_too_large(mut self) -> Error {
        self.0.too_large = true;
        self
    }

    /// Whether good data was refused for its size alone.
    pub fn is_too_large(&self) -> bool {
        self.0.too_large
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What went wrong and where; never empty.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The file concerned.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The message concerned.
    pub fn seq(&self) -> Option<u64> {
        self.0.seq
    }

    /// The byte concerned.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// Deeper causes, outermost first.
    pub fn causes(&self) -> &[String] {
        &self.0.causes
    }

    /// False when a failed append surely stored nothing, so that it can be repeated without
    /// storing a message twice.
    pub fn maybe_written(&self) -> bool {
        self.0.maybe_written
    }
}

fn hint_of_code(code: Option<i32>) -> Option<&'static str> {
    match code? {
        libc::EMFILE => Some(
            "this process has too many files open: raise the limit (ulimit -n), or close pools",
        ),
        libc::ENFILE => Some("the system has too many files open"),
        libc::EIO => Some("check the disk, and the system's log"),
        libc::ENOLCK => Some("the system has no locks left, or the file system has none at all"),
        libc::ELOOP => {
            Some("the path leads through symbolic links that end nowhere or are not yours")
        }
        libc::EFBIG => {
            Some("the file system, or a limit (ulimit -f), does not allow files so large")
        }
        _ => None,
    }
}

fn describe_io(source: &std::io::Error) -> String {
    let text = source.to_string();
    // "No such file or directory (os error 2)": the number helps nobody who reads a message.
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.name(), self.0.message)?;
        if let Some(hint) = &self.0.hint {
            write!(f, " (hint: {hint})")?;
        }
        if let Some(path) = &self.0.path {
            write!(f, " (path: {})", path.display())?;
        }
        if let Some(seq) = self.0.seq {
            write!(f, " (seq: {seq})")?;
        }
        if let Some(offset) = self.0.offset {
            write!(f, " (offset: {offset})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_fixed_numbers_and_names() {
        for (index, kind) in ErrorKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as i32, index as i32 + 1);
            assert_eq!(ErrorKind::from_number(kind as i32), Some(kind));
            assert_eq!(kind.name(), format!("{kind:?}"));
        }
        assert_eq!(ErrorKind::from_number(0), None);
        assert_eq!(ErrorKind::from_number(10), None);
    }

    #[test]
    fn io_errors_map_to_kinds_and_lose_the_number() {
        let source = std::io::Error::from_raw_os_error(libc::EACCES);
        let error = Error::from_io(&source, "open the pool");
        assert_eq!(error.kind(), ErrorKind::Permission);
        assert_eq!(error.message(), "cannot open the pool: permission denied");
        assert!(error.hint().is_some());
        let full = std::io::Error::from_raw_os_error(libc::ENOSPC);
        assert_eq!(
            Error::from_io(&full, "create the pool").kind(),
            ErrorKind::Io
        );
        let read_only = std::io::Error::from_raw_os_error(libc::EROFS);
        assert_eq!(
            Error::from_io(&read_only, "create the pool").kind(),
            ErrorKind::Permission
        );
    }
}
