//! What a client is told when something fails.

use crate::json;
use crate::{Error, ErrorKind};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::path::Path;

/// An error on its way out. The gate writes its body, so that every error has the same form.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error: Error,
}

/// The result of a handler.
pub(crate) type Answer<T = Response> = Result<T, Refusal>;

impl Refusal {
    /// With a status of its own.
    pub(crate) fn new(status: StatusCode, kind: ErrorKind, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            error: Error::new(kind, message),
        }
    }

    /// 400: the request is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, ErrorKind::Usage, message)
    }

    /// 403: the request is understood and not allowed.
    pub(crate) fn forbidden(message: impl std::fmt::Display) -> Refusal {
        let message = format!("forbidden: {message}");
        Refusal::new(StatusCode::FORBIDDEN, ErrorKind::Permission, message)
    }

    /// The same with a hint.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Refusal {
        self.error = self.error.with_hint(hint);
        self
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let status = match error.kind() {
            // 401 asks for a token, which does not help against a file's mode.
            ErrorKind::Permission => StatusCode::FORBIDDEN,
            kind => StatusCode::from_u16(kind.http_status())
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        };
        Refusal { status, error }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Takes the server's paths out of what clients see.
#[derive(Debug)]
pub(crate) struct Veil {
    /// The pool directory in each of its spellings, longest first; none when paths are to be seen.
    hidden: Vec<String>,
}

impl Veil {
    /// For this directory; sees through when `show` is set.
    pub(crate) fn new(directory: &Path, show: bool) -> Veil {
        let mut hidden = Vec::new();
        if !show {
            let spellings = [
                std::fs::canonicalize(directory).ok(),
                std::path::absolute(directory).ok(),
                Some(directory.to_path_buf()),
            ];
            for spelling in spellings.into_iter().flatten() {
                let text = spelling.display().to_string();
                let text = text.trim_end_matches('/').to_owned();
                // A name like `a` stands in many texts that are no paths.
                if !hidden.contains(&text) && text.contains('/') {
                    hidden.push(text);
                }
            }
            hidden.sort_by_key(|text| std::cmp::Reverse(text.len()));
        }
        Veil { hidden }
    }

    /// The text without the directory: the file's name stays.
    pub(crate) fn over(&self, text: &str) -> String {
        self.hidden.iter().fold(text.to_owned(), |text, directory| {
            text.replace(&format!("{directory}/"), "")
                .replace(directory.as_str(), ".")
        })
    }

    /// Appends `{"error":{…}}`.
    pub(crate) fn write(&self, error: &Error, out: &mut Vec<u8>) {
        json::object(out, |top| {
            top.object("error", |object| {
                object
                    .text("kind", error.kind().name())
                    .text("message", &self.over(error.message()));
                if let Some(hint) = error.hint() {
                    object.text("hint", &self.over(hint));
                }
                if let Some(path) = error.path() {
                    object.text("path", &self.over(path));
                }
                object
                    .maybe_number("seq", error.seq())
                    .maybe_number("offset", error.offset());
                if error.maybe_written() {
                    object.member("maybe_written", |out| out.extend_from_slice(b"true"));
                }
                if error.is_too_large() {
                    object.member("too_large", |out| out.extend_from_slice(b"true"));
                }
                if !error.causes().is_empty() {
                    let causes: Vec<String> = error
                        .causes()
                        .iter()
                        .map(|cause| self.over(cause))
                        .collect();
                    object.member("causes", |out| json::strings(&causes, out));
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_hidden() {
        let veil = Veil::new(Path::new("/srv/secret/pools"), false);
        let text = "cannot open /srv/secret/pools/lab.plasmite in /srv/secret/pools";
        assert_eq!(veil.over(text), "cannot open lab.plasmite in .");
        let open = Veil::new(Path::new("/srv/secret/pools"), true);
        assert_eq!(open.over(text), text);
    }
}
