//! What a client brings along: its token, whom it trusts, how long it waits.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plasmite_core::{Error, ErrorKind, Result};
use ureq::http::HeaderValue;
use ureq::tls::{parse_pem, Certificate, PemItem};

/// For one request, unless told otherwise.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest answer or message, unless told otherwise, in bytes.
const LARGEST: u64 = 256 << 20;

/// What a client asks for; see [`Settings::new`].
#[derive(Clone, Default)]
pub struct Options {
    /// The token.
    pub token: Option<String>,
    /// A file that holds the token. Excludes `token`.
    pub token_file: Option<PathBuf>,
    /// A PEM file of certificates; servers are trusted by these alone.
    pub tls_ca: Option<PathBuf>,
    /// Trust every server.
    pub tls_skip_verify: bool,
    /// Send the token over plain HTTP to other machines too.
    pub insecure_token: bool,
    /// How long one request may take; zero for 30 s.
    pub request_timeout: Duration,
    /// The largest answer or message taken, in bytes; 0 for 256 MiB.
    pub largest: u64,
}

/// Checked settings.
#[derive(Clone)]
pub struct Settings {
    /// `Bearer …`
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) trusted: Option<Vec<Certificate<'static>>>,
    pub(crate) tls_skip_verify: bool,
    pub(crate) insecure_token: bool,
    pub(crate) request_timeout: Duration,
    pub(crate) largest: u64,
}

impl Settings {
    /// Reads the files and checks what they hold.
    ///
    /// # Errors
    /// Usage: a token that cannot be one, no certificate in the file, options that exclude each other. NotFound,
    /// Permission, Io: a file cannot be read.
    pub fn new(options: &Options) -> Result<Settings> {
        let token = match (&options.token, &options.token_file) {
            (Some(_), Some(_)) => {
                return Err(Error::usage("both a token and a token file were given")
                    .with_hint("give one of them"))
            }
            (Some(token), None) => Some((token.clone(), None)),
            (None, Some(path)) => {
                let text = read(path, "read the token")?;
                let text = String::from_utf8(text).unwrap_or_default();
                Some((text.trim().to_owned(), Some(path.as_path())))
            }
            (None, None) => None,
        };
        let trusted = match (&options.tls_ca, options.tls_skip_verify) {
            (Some(_), true) => {
                return Err(Error::usage(
                    "certificates to trust were given, and also to trust every server",
                )
                .with_hint("give one of them"))
            }
            (path, _) => path.as_deref().map(certificates).transpose()?,
        };
        Ok(Settings {
            authorization: token
                .map(|(token, path)| authorization(&token, path))
                .transpose()?,
            trusted,
            tls_skip_verify: options.tls_skip_verify,
            insecure_token: options.insecure_token,
            request_timeout: match options.request_timeout.is_zero() {
                true => REQUEST_TIMEOUT,
                false => options.request_timeout,
            },
            largest: match options.largest {
                0 => LARGEST,
                largest => largest,
            },
        })
    }
}

impl Settings {
    /// The same, for servers that are not to see the token.
    pub fn without_token(&self) -> Settings {
        Settings {
            authorization: None,
            ..self.clone()
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("token", &self.authorization.as_ref().map(|_| "…"))
            .field("request_timeout", &self.request_timeout)
            .finish_non_exhaustive()
    }
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Error::from_io(&error, what).with_path(path))
}

fn authorization(token: &str, path: Option<&Path>) -> Result<HeaderValue> {
    let is_good = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    match (is_good, value) {
        (true, Ok(mut value)) => {
            value.set_sensitive(true);
            Ok(value)
        }
        _ => {
            let error = Error::usage(
                "the token is empty, or has characters other than printable ASCII without blanks",
            )
            .with_hint("give it as the server has it, in one line");
            Err(match path {
                Some(path) => error.with_path(path),
                None => error,
            })
        }
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>> {
    let text = read(path, "read the certificates to trust")?;
    let none = || {
        Error::new(
            ErrorKind::Usage,
            "the file of certificates to trust has none in PEM form",
        )
        .with_path(path)
        .with_hint("it is to begin with -----BEGIN CERTIFICATE-----")
    };
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(none().with_cause(error.to_string())),
        }
    }
    match found.is_empty() {
        true => Err(none()),
        false => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        let with = |token: &str| {
            Settings::new(&Options {
                token: Some(token.into()),
                ..Options::default()
            })
        };
        assert!(with("abc-123").unwrap().authorization.is_some());
        for bad in ["", "a b", "a\nb", "é"] {
            assert_eq!(with(bad).err().map(|e| e.kind()), Some(ErrorKind::Usage));
        }
        let debug = format!("{:?}", with("secret").unwrap());
        assert!(!debug.contains("secret"), "{debug}");
    }
}
