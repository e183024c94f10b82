//! Errors: as a server tells them, and of the way to it.

use plasmite_core::{Error, ErrorKind};
use serde_json::Value;
use ureq::Timeout;

use crate::agent::TokenInTheClear;

/// The error that a body tells: `{"error":{"kind":…,"message":…}}`, or the inner object alone. `None` when it is none.
pub(crate) fn told(body: &[u8], pool: Option<&str>) -> Option<Error> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let object = value.get("error").unwrap_or(&value);
    let kind = kind_named(object.get("kind")?.as_str()?);
    let mut error = Error::new(kind, object.get("message")?.as_str()?);
    if let Some(hint) = object.get("hint").and_then(Value::as_str) {
        error = error.with_hint(hint);
    }
    if object.get("path").is_some() {
        // The server's path means nothing here.
        if let Some(pool) = pool {
            error = error.with_path(pool);
        }
    }
    if let Some(seq) = object.get("seq").and_then(Value::as_u64) {
        error = error.with_seq(seq);
    }
    if let Some(offset) = object.get("offset").and_then(Value::as_u64) {
        error = error.with_offset(offset);
    }
    for cause in object
        .get("causes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        error = error.with_cause(cause.as_str().unwrap_or_default());
    }
    if object.get("maybe_written").and_then(Value::as_bool) == Some(true) {
        error = error.with_maybe_written();
    }
    if object.get("too_large").and_then(Value::as_bool) == Some(true) {
        error = error.with_too_large();
    }
    Some(error)
}

fn kind_named(name: &str) -> ErrorKind {
    ErrorKind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
        .unwrap_or(ErrorKind::Internal)
}

/// The error of an answer that is not a good one. `writes`: what was asked for might have been carried out all the same.
pub(crate) fn answered(
    status: u16,
    body: &[u8],
    base: &str,
    pool: Option<&str>,
    writes: bool,
) -> Error {
    let error = told(body, pool).unwrap_or_else(|| {
        let error = of_somebody_else(status, base);
        // Perhaps the server did it, and only its answer was lost behind the proxy.
        match writes && status >= 500 {
            true => error.with_maybe_written(),
            false => error,
        }
    });
    match status {
        413 => error.with_too_large(),
        _ => error,
    }
}

/// A status without an error of ours: from a proxy, or from something else that has the address.
fn of_somebody_else(status: u16, base: &str) -> Error {
    let kind = match status {
        400 | 413 | 415 | 422 => ErrorKind::Usage,
        401 | 403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::AlreadyExists,
        423 => ErrorKind::Busy,
        // What proxies say while the server restarts, or is slow.
        502..=504 => {
            let what = format!("the server cannot be reached through its proxy: status {status}");
            return Error::new(ErrorKind::Io, what)
                .with_path(base)
                .with_hint("check that the server behind the proxy runs, and try again");
        }
        500..=599 => ErrorKind::Internal,
        _ => ErrorKind::Io,
    };
    let error = Error::new(kind, format!("the server answered with status {status}"));
    match status {
        300..=399 => error.with_hint(
            "it sends elsewhere, which is not followed: give the address it should go to",
        ),
        _ => error.with_hint("is it a Plasmite server, and is the address right?"),
    }
}

/// The error of a request that got no answer. `writes`: it might have been carried out all the same.
pub(crate) fn unanswered(error: ureq::Error, base: &str, writes: bool) -> Error {
    let to = |kind: ErrorKind, what: String, hint: &str| {
        Error::new(kind, what).with_path(base).with_hint(hint)
    };
    const REACH: &str =
        "check the address, and that the server runs (pls serve) and can be reached from here";
    const TRUST: &str = "if the server has a certificate of its own, give that as the one to trust; else check its \
                         name and dates";
    let before_it_was_sent = match &error {
        ureq::Error::Io(io) => matches!(
            io.kind(),
            std::io::ErrorKind::ConnectionRefused
                | std::io::ErrorKind::HostUnreachable
                | std::io::ErrorKind::NetworkUnreachable
                | std::io::ErrorKind::NetworkDown
                | std::io::ErrorKind::AddrNotAvailable
        ),
        ureq::Error::Timeout(timeout) => matches!(timeout, Timeout::Resolve | Timeout::Connect),
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Rustls(_)
        | ureq::Error::Tls(_)
        | ureq::Error::Other(_) => true,
        _ => false,
    };
    let is_about_trust = is_tls(&error);
    let before_it_was_sent = before_it_was_sent || is_about_a_certificate(&error);
    let told = match error {
        ureq::Error::Other(other) if other.is::<TokenInTheClear>() => {
            return to(
                ErrorKind::Permission,
                other.to_string(),
                "use https, or allow it for this client (--insecure-token) if everybody on the way may read it",
            )
        }
        ureq::Error::HostNotFound => to(
            ErrorKind::Io,
            "the server cannot be reached: its name is not known".into(),
            REACH,
        ),
        ureq::Error::Timeout(_) => to(
            ErrorKind::Io,
            "the server did not answer in time".into(),
            REACH,
        ),
        ureq::Error::Io(io) if !is_about_trust => to(
            ErrorKind::Io,
            format!("the server cannot be reached: {}", io_text(&io)),
            REACH,
        ),
        error if is_about_trust => to(
            ErrorKind::Io,
            format!("the server is not trusted: {error}"),
            TRUST,
        ),
        error => to(
            ErrorKind::Io,
            format!("the server cannot be talked to: {error}"),
            REACH,
        ),
    };
    match writes && !before_it_was_sent {
        true => told.with_maybe_written(),
        false => told,
    }
}

/// Whether the certificate is what is wrong; rustls tells it through the stream as well.
fn is_tls(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => true,
        ureq::Error::Io(io) => io.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    }
}

/// Whether it is the certificate itself, which is looked at before anything is sent. All else may also come later.
fn is_about_a_certificate(error: &ureq::Error) -> bool {
    is_tls(error) && error.to_string().contains("invalid peer certificate")
}

fn io_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_errors_keep_everything() {
        let error = told(
            br#"{"error":{"kind":"Busy","message":"m","hint":"h","path":"lab.plasmite","seq":7,"offset":9,
                "causes":["c"],"maybe_written":true,"too_large":true,"more":1}}"#,
            Some("lab"),
        )
        .unwrap();
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert_eq!((error.message(), error.hint()), ("m", Some("h")));
        assert_eq!(error.path(), Some(std::path::Path::new("lab")));
        assert_eq!((error.seq(), error.offset()), (Some(7), Some(9)));
        assert_eq!(error.causes(), ["c"]);
        assert!(error.maybe_written() && error.is_too_large());
        let bare = told(br#"{"kind":"What","message":"m"}"#, None).unwrap();
        assert_eq!(bare.kind(), ErrorKind::Internal);
        for none in [&b"[]"[..], b"{}", b"x", br#"{"error":{"kind":1}}"#] {
            assert!(told(none, None).is_none());
        }
    }

    #[test]
    fn what_may_have_been_written() {
        let maybe = |kind: std::io::ErrorKind, text: &str| {
            let error = ureq::Error::Io(std::io::Error::new(kind, text.to_owned()));
            unanswered(error, "http://h", true).maybe_written()
        };
        use std::io::ErrorKind as Io;
        assert!(maybe(Io::ConnectionReset, "reset"));
        assert!(maybe(Io::InvalidData, "cannot decrypt peer's message"));
        assert!(!maybe(Io::InvalidData, "invalid peer certificate: Expired"));
        assert!(!maybe(Io::ConnectionRefused, "refused"));
    }

    #[test]
    fn statuses() {
        for (status, kind) in [
            (400, ErrorKind::Usage),
            (413, ErrorKind::Usage),
            (401, ErrorKind::Permission),
            (404, ErrorKind::NotFound),
            (409, ErrorKind::AlreadyExists),
            (423, ErrorKind::Busy),
            (500, ErrorKind::Internal),
            (502, ErrorKind::Io),
            (503, ErrorKind::Io),
            (504, ErrorKind::Io),
            (302, ErrorKind::Io),
        ] {
            for writes in [false, true] {
                let error = answered(status, b"plain text", "http://h", None, writes);
                assert_eq!(error.kind(), kind);
                assert_eq!(error.maybe_written(), writes && status >= 500, "{status}");
            }
        }
        let ours = br#"{"error":{"kind":"Io","message":"no"}}"#;
        assert!(!answered(500, ours, "http://h", None, true).maybe_written());
    }
}
