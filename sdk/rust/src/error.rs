//! What went wrong: the library's error object, copied into Rust.
#![allow(unsafe_code)]

use crate::raw;
use std::ffi::{c_char, CStr, OsStr};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The kind of an error. The numbers are those of the C header and the exit codes of the commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum ErrorKind {
    /// A defect of the library, or an unknown kind from a newer one.
    Internal = 1,
    /// A bad argument, value or combination of options; bad JSON; a message too large.
    Usage = 2,
    /// No such pool or message.
    NotFound = 3,
    /// There is such a pool already.
    AlreadyExists = 4,
    /// The writer lock could not be had within its wait.
    Busy = 5,
    /// No rights on the file or its directory.
    Permission = 6,
    /// The pool or the bytes are damaged.
    Corrupt = 7,
    /// Another error of the system.
    Io = 8,
    /// Messages were overwritten before they were read.
    RetentionGap = 9,
}

impl ErrorKind {
    /// Every kind, by number.
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

    fn from_number(number: i32) -> ErrorKind {
        ErrorKind::ALL
            .into_iter()
            .find(|kind| *kind as i32 == number)
            .unwrap_or(ErrorKind::Internal)
    }

    /// The name on the wire and in other languages, for example `NotFound`.
    pub fn name(self) -> &'static str {
        // SAFETY: takes any number; the answer is NULL or a text that lives as long as the library.
        unsafe { borrowed_text(raw::plsm_error_kind_name(self as i32)) }
    }

    /// The exit code of the commands for this kind.
    pub fn exit_code(self) -> u8 {
        // SAFETY: takes any number.
        unsafe { raw::plsm_error_kind_exit_code(self as i32) as u8 }
    }

    /// The HTTP status that carries this kind.
    pub fn http_status(self) -> u16 {
        // SAFETY: takes any number.
        unsafe { raw::plsm_error_kind_http_status(self as i32) as u16 }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An error, with everything the library knows about it. One word wide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Details>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Details {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    path: Option<String>,
    seq: Option<u64>,
    offset: Option<u64>,
    causes: Vec<String>,
    maybe_written: bool,
    too_large: bool,
}

/// The result of every fallible call.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// There is no memory for so many bytes of a message: the library says the same of its own.
    #[cold]
    pub(crate) fn out_of_memory(bytes: usize) -> Error {
        Error::new(
            ErrorKind::Io,
            format!("no memory for {bytes} bytes, which a message takes"),
        )
        .with_hint("a long message takes several times its length: raise the limit of the process (ulimit -v), or free some memory")
    }

    /// An error of your own, for programs that report theirs in the same form.
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

    /// Takes over and frees an error of the library. NULL, which no call gives, becomes Internal.
    #[cold]
    pub(crate) fn take(error: *mut raw::plsm_error_t) -> Error {
        if error.is_null() {
            return Error::new(ErrorKind::Internal, "the library failed without saying why");
        }
        // SAFETY: a non-null error is a live object of the library until it is freed below; its texts are
        // NULL or NUL-terminated and live as long as it does.
        unsafe {
            let copied = Error::copied(error);
            raw::plsm_error_free(error);
            copied
        }
    }

    /// Copies a borrowed error of the library.
    ///
    /// # Safety
    /// `error` points to a live error object.
    pub(crate) unsafe fn copied(error: *const raw::plsm_error_t) -> Error {
        // SAFETY: the caller's promise; the counted causes exist.
        unsafe {
            let prefix = &*error;
            let causes = (0..raw::plsm_error_cause_count(error))
                .filter_map(|index| owned_text(raw::plsm_error_cause(error, index)))
                .collect();
            Error(Box::new(Details {
                kind: ErrorKind::from_number(prefix.kind),
                message: owned_text(prefix.message).unwrap_or_default(),
                hint: owned_text(raw::plsm_error_hint(error)),
                path: owned_text(prefix.path),
                seq: (prefix.has_seq != 0).then_some(prefix.seq),
                offset: (prefix.has_offset != 0).then_some(prefix.offset),
                causes,
                maybe_written: raw::plsm_error_maybe_written(error) != 0,
                too_large: raw::plsm_error_too_large(error) != 0,
            }))
        }
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, in words.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it, when there is something to say.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The file it is about (bytes that are not UTF-8 are replaced).
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// The message it is about.
    pub fn seq(&self) -> Option<u64> {
        self.0.seq
    }

    /// Where in the bytes, in bytes from their start.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// What led to it, outermost first.
    pub fn causes(&self) -> &[String] {
        &self.0.causes
    }

    /// For a failed append: false when certainly nothing was stored, so that trying again cannot double it.
    pub fn maybe_written(&self) -> bool {
        self.0.maybe_written
    }

    /// Whether a message was refused for its size alone: it does not fit the pool, or is larger than any message may
    /// be.
    pub fn is_too_large(&self) -> bool {
        self.0.too_large
    }

    /// The same error with another message.
    pub fn with_message(mut self, message: impl Into<String>) -> Error {
        self.0.message = message.into();
        self
    }

    /// The same error about one of several values.
    #[cfg(feature = "serde")]
    pub(crate) fn of_item(self, index: usize) -> Error {
        let message = format!("item {index}: {}", self.message());
        self.with_message(message)
    }

    /// The same error with another hint.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same error about this path.
    pub fn with_path(mut self, path: impl Into<String>) -> Error {
        self.0.path = Some(path.into());
        self
    }

    /// The same error with one more cause, innermost.
    pub fn with_cause(mut self, cause: impl Into<String>) -> Error {
        self.0.causes.push(cause.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())?;
        if let Some(path) = self.path() {
            write!(f, " ({path})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// # Safety
/// `text` is NULL or a NUL-terminated text that is live during the call.
unsafe fn owned_text(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(text) };
    Some(text.to_string_lossy().into_owned())
}

/// # Safety
/// `text` is NULL or a NUL-terminated text that lives as long as `'a`.
pub(crate) unsafe fn borrowed_text<'a>(text: *const c_char) -> &'a str {
    if text.is_null() {
        return "";
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or("")
}

/// # Safety
/// `path` is NULL or a NUL-terminated path that lives as long as `'a`.
pub(crate) unsafe fn borrowed_path<'a>(path: *const c_char) -> &'a Path {
    if path.is_null() {
        return Path::new("");
    }
    // SAFETY: the caller's promise.
    Path::new(OsStr::from_bytes(
        unsafe { CStr::from_ptr(path) }.to_bytes(),
    ))
}
