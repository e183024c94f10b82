//! Where a server or one of its pools is: `http://host:9700`, `http://host:9700/events`.

use percent_encoding::{percent_decode_str, utf8_percent_encode, AsciiSet, NON_ALPHANUMERIC};
use plasmite_core::{Error, Result};
use ureq::http::Uri;

/// What may stand in a path or a query as it is (RFC 3986, unreserved).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// A text as a part of a path or of a query.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

/// A server, and perhaps one of its pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Scheme, host and port, without a slash at the end.
    base: String,
    pool: Option<String>,
}

impl Address {
    /// Whether a reference is a URL and no name or path.
    pub fn is_url(reference: &str) -> bool {
        reference.contains("://")
    }

    /// Reads `BASE`, `BASE/POOL` or `BASE/v0/pools/POOL`.
    ///
    /// # Errors
    /// Usage: what is wrong with it.
    pub fn parse(url: &str) -> Result<Address> {
        let bad = |what: &str, hint: &str| {
            Error::usage(format!("{url:?} is no address of a pool: {what}")).with_hint(hint)
        };
        const FORM: &str = "write it as http://host:9700/pool or https://host:9700/pool";
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return Err(bad("its scheme is not http or https", FORM));
        }
        if rest.contains(['?', '#']) {
            return Err(bad("it has a query or a fragment", FORM));
        }
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, Some(path)),
            None => (rest, None),
        };
        if authority.contains('@') {
            return Err(bad(
                "it has a user or a password in it",
                "leave that out; give a token as an option, where it is not seen by others",
            ));
        }
        let base = format!("{scheme}://{}", authority.to_ascii_lowercase());
        let is_good = base
            .parse::<Uri>()
            .is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()));
        // The parser takes any digits, and none, for a port.
        let port = authority.rsplit_once(':').map(|(_, port)| port);
        let port = port.filter(|port| !port.ends_with(']'));
        if !is_good || port.is_some_and(|port| !is_port(port)) {
            return Err(bad("its host or port cannot be", FORM));
        }
        let pool = match path {
            None | Some("") => None,
            Some(path) => match path.split('/').collect::<Vec<_>>()[..] {
                [pool] | ["v0", "pools", pool] if !pool.is_empty() => Some(pool),
                _ => {
                    return Err(bad(
                        "its path is not the name of a pool",
                        "give the pool's name alone behind the host, without a slash after it",
                    ))
                }
            },
        };
        let decoded = |segment: &str| match percent_decode_str(segment).decode_utf8() {
            Ok(name) if name.contains('/') => Err(bad(
                "there is a slash in the pool's name",
                "a server's pools have names, not paths",
            )),
            Ok(name) if name.chars().any(char::is_control) => Err(bad(
                "there is a control character in the pool's name",
                "a name may hold any other character",
            )),
            Ok(name) => Ok(name.into_owned()),
            Err(_) => Err(bad("the pool's name is not UTF-8", FORM)),
        };
        let pool = pool.map(decoded).transpose()?;
        Ok(Address { base, pool })
    }

    /// The server alone: scheme, host and port.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The pool's name.
    pub fn pool(&self) -> Option<&str> {
        self.pool.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (url, base, pool) in [
            ("http://h", "http://h", None),
            ("http://h:9700/", "http://h:9700", None),
            ("http://h:9700/events", "http://h:9700", Some("events")),
            ("HTTPS://Host:1/e", "https://host:1", Some("e")),
            ("http://[::1]:9700/pool", "http://[::1]:9700", Some("pool")),
            ("http://127.0.0.1/a%20b", "http://127.0.0.1", Some("a b")),
            ("http://h/v0/pools/pool", "http://h", Some("pool")),
            ("http://h/v0", "http://h", Some("v0")),
            ("http://h/%C3%A9", "http://h", Some("é")),
        ] {
            let found = Address::parse(url).unwrap();
            assert_eq!((found.base(), found.pool()), (base, pool), "{url}");
        }
    }

    #[test]
    fn what_is_none() {
        for url in [
            "ftp://h/x",
            "x://h",
            "http://",
            "http:///x",
            "http://h/x?y=1",
            "http://h/x#y",
            "http://h/x/",
            "http://h//",
            "http://h/a/b",
            "http://h/a%2fb",
            "http://h/a%2Fb",
            "http://h/v0/pools/x/append",
            "http://h/v0/pools/",
            "http://h/pools/x",
            "http://h/%ff",
            "http://h/%0a",
            "http://u:p@h/x",
            "http://h:/x",
            "http://h:99999/x",
            "http://127.0.0.1:99999/x",
            "http://[::1]:99999/x",
            "http://h:+1/x",
            "http://h h/x",
        ] {
            let error = Address::parse(url).expect_err(url);
            assert!(error.hint().is_some(), "{url}");
        }
    }

    #[test]
    fn parts_are_encoded() {
        assert_eq!(encode("a b/é~.x"), "a%20b%2F%C3%A9~.x");
    }
}
