//! Which `Host` and `Origin` headers are taken: the defence against DNS rebinding.
//!
//! A web page can make a browser connect to this server under any name that its owner lets resolve to this
//! machine; the browser then says that name. So on a loopback connection only names that mean this machine by
//! themselves, or by its own hosts file, are taken, and everywhere only pages of this server or of the CORS list.

use super::error::Refusal;
use super::setup::{names, Config};
use std::collections::HashSet;
use std::net::IpAddr;

/// A web origin, normalised: lower case, default port left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin(String);

impl Origin {
    /// Of `http(s)://host[:port]`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn parse(text: &str) -> Result<Origin, &'static str> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err("it has no scheme: write http://HOST or https://HOST");
        };
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return Err("its scheme is neither http nor https"),
        };
        if rest.contains('@') {
            return Err("it contains a user name");
        }
        if rest.contains(['/', '?', '#']) {
            return Err("it has a path, a query or a fragment");
        }
        let (host, port) = split(rest)?;
        Ok(Origin(match port {
            Some(port) if port != default_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        }))
    }

    /// As it stands in headers.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn default_port(&self) -> u16 {
        match self.0.starts_with("https:") {
            true => 443,
            false => 80,
        }
    }

    fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, rest)| rest)
    }

    /// Whether a page of this origin came from this host. The scheme does not count: in front of the server may be
    /// a proxy that speaks TLS.
    fn is_of(&self, host: &str) -> bool {
        match (split(self.authority()), split(host)) {
            (Ok((name, port)), Ok((host, host_port))) => {
                let default = self.default_port();
                name == host && port.unwrap_or(default) == host_port.unwrap_or(default)
            }
            _ => false,
        }
    }
}

/// Host and port of an authority; the host in lower case, IPv6 addresses in brackets, without a trailing dot. An empty
/// port is none.
///
/// # Errors
/// What is wrong with it, in words.
fn split(authority: &str) -> Result<(String, Option<u16>), &'static str> {
    const NEITHER: &str = "its host or port is no such thing";
    if !authority.is_ascii() {
        return Err(
            "it has characters beyond ASCII: write its xn-- form, which is what browsers send",
        );
    }
    let (host, port) = match authority.rfind(':') {
        Some(place) if !authority[place..].contains(']') => {
            (&authority[..place], Some(&authority[place + 1..]))
        }
        _ => (authority, None),
    };
    let port = match port {
        None | Some("") => None,
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(port.parse().map_err(|_| NEITHER)?)
        }
        Some(_) => return Err(NEITHER),
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let good = match inner {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
        }
    };
    match good {
        true => Ok((host.to_ascii_lowercase(), port)),
        false => Err(NEITHER),
    }
}

/// A host as it is typed: a name or an address, without a port.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn name(text: &str) -> Result<String, &'static str> {
    match split(text)? {
        (name, None) => Ok(name),
        (_, Some(_)) => Err("it has a port"),
    }
}

/// What is taken.
#[derive(Debug)]
pub(crate) struct Hosts {
    /// Names that mean this machine by its own files.
    own: HashSet<String>,
    /// Names that were allowed by an option.
    allowed: HashSet<String>,
    origins: Vec<Origin>,
}

impl Hosts {
    pub(crate) fn new(config: &Config) -> Hosts {
        Hosts {
            own: names::loopback_names().into_iter().collect(),
            allowed: config.allowed_hosts.iter().cloned().collect(),
            origins: config.cors.clone(),
        }
    }

    /// Judges a `Host` header; `loopback` says whether the connection came in on a loopback address.
    pub(crate) fn check(&self, host: Option<&str>, loopback: bool) -> Result<(), Refusal> {
        let Some(host) = host else {
            return Err(Refusal::usage("the request has no host header"));
        };
        let (name, _) = split(host).map_err(|what| {
            Refusal::usage(format!("the host header is no host: {host:?}: {what}"))
        })?;
        if self.allowed.contains(&name) || self.is_own(&name) {
            return Ok(());
        }
        let free = !loopback && self.allowed.is_empty();
        let address = !loopback && literal(&name).is_some();
        match free || address {
            true => Ok(()),
            false => Err(Refusal::forbidden(format!(
                "this server does not answer for the host {name:?}"
            ))
            .with_hint(format!(
                "use localhost or 127.0.0.1, or start the server with --allow-host {name}"
            ))),
        }
    }

    fn is_own(&self, name: &str) -> bool {
        match literal(name) {
            Some(address) => address.is_loopback(),
            None => name == "localhost" || self.own.contains(name),
        }
    }

    /// Judges an `Origin` header; gives the origin when it is on the CORS list.
    pub(crate) fn check_origin(
        &self,
        origin: Option<&[u8]>,
        host: Option<&str>,
    ) -> Result<Option<&Origin>, Refusal> {
        let Some(origin) = origin else {
            return Ok(None);
        };
        let parsed = std::str::from_utf8(origin)
            .ok()
            .and_then(|text| Origin::parse(text).ok());
        if let Some(parsed) = &parsed {
            if let Some(listed) = self.origins.iter().find(|listed| *listed == parsed) {
                return Ok(Some(listed));
            }
            if host.is_some_and(|host| parsed.is_of(host)) {
                return Ok(None);
            }
        }
        Err(Refusal::forbidden(format!(
            "pages of {:?} may not use this server",
            String::from_utf8_lossy(origin)
        ))
        .with_hint("start the server with --cors-origin to let them"))
    }
}

/// The address that a host is, in brackets or not.
fn literal(host: &str) -> Option<IpAddr> {
    let host = host.strip_prefix('[').unwrap_or(host);
    host.strip_suffix(']').unwrap_or(host).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(allowed: &[&str], origins: &[&str]) -> Hosts {
        Hosts {
            own: ["box".to_owned()].into(),
            allowed: allowed.iter().map(|name| (*name).to_owned()).collect(),
            origins: origins
                .iter()
                .map(|origin| Origin::parse(origin).unwrap())
                .collect(),
        }
    }

    #[test]
    fn origins_are_normalised() {
        for (text, normal) in [
            ("HTTP://LocalHost:80", "http://localhost"),
            ("https://a.example:443", "https://a.example"),
            ("https://a.example:8443", "https://a.example:8443"),
            ("http://[::1]:5173", "http://[::1]:5173"),
            ("http://[::1]:", "http://[::1]"),
            (
                "https://xn--bcher-kva.example:",
                "https://xn--bcher-kva.example",
            ),
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), normal);
        }
        for bad in [
            "",
            "*",
            "null",
            "localhost",
            "ftp://a",
            "http://",
            "http://a/",
            "http://a?x",
            "http://u@a",
            "http://a:x",
            "http://a b",
            "http://a:99999",
            "http://b\u{fc}cher.example",
        ] {
            assert!(Origin::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn hosts_on_loopback() {
        let hosts = hosts(&["pools.example"], &[]);
        for good in [
            "localhost",
            "LOCALHOST:9700",
            "localhost.:1",
            "localhost:",
            "[::1]:",
            "127.0.0.1:9700",
            "127.1.2.3",
            "[::1]:9700",
            "box:9700",
            "pools.example",
        ] {
            assert!(hosts.check(Some(good), true).is_ok(), "{good}");
        }
        for bad in [
            "evil.example",
            "evil.example:9700",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.168.1.5",
            "",
            "local host",
            "[::1",
            "a:b",
            "localhost::",
            "b\u{fc}cher.example",
        ] {
            assert!(hosts.check(Some(bad), true).is_err(), "{bad:?}");
        }
        assert!(hosts.check(None, true).is_err());
    }

    #[test]
    fn hosts_elsewhere() {
        let open = hosts(&[], &[]);
        assert!(open.check(Some("anything.example"), false).is_ok());
        let listed = hosts(&["pools.example"], &[]);
        assert!(listed.check(Some("pools.example:9700"), false).is_ok());
        assert!(listed.check(Some("192.168.1.5:9700"), false).is_ok());
        assert!(listed.check(Some("other.example"), false).is_err());
    }

    #[test]
    fn names_are_as_headers_have_them() {
        for (text, name) in [
            ("Pools.Example.", "pools.example"),
            ("pools.example:", "pools.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(super::name(text).as_deref(), Ok(name));
        }
        for (text, what) in [
            ("b\u{fc}cher.example", "xn--"),
            ("pools.example:80", "port"),
            ("pools example", "no such thing"),
            ("", "no such thing"),
        ] {
            let error = super::name(text).unwrap_err();
            assert!(error.contains(what), "{text:?}: {error}");
        }
    }

    #[test]
    fn pages() {
        let hosts = hosts(&[], &["https://app.example"]);
        let check = |origin: &str, host| hosts.check_origin(Some(origin.as_bytes()), Some(host));
        assert!(check("https://app.example", "localhost:9700")
            .unwrap()
            .is_some());
        assert!(check("http://localhost:9700", "localhost:9700")
            .unwrap()
            .is_none());
        assert!(check("https://pools.example", "pools.example")
            .unwrap()
            .is_none());
        for (origin, host) in [
            ("http://localhost:3000", "localhost:9700"),
            ("http://localhost", "localhost:9700"),
            ("http://evil.example", "localhost:9700"),
            ("null", "localhost:9700"),
            ("garbage", "localhost:9700"),
        ] {
            assert!(check(origin, host).is_err(), "{origin}");
        }
        assert!(hosts
            .check_origin(Some(b"\xff"), Some("localhost"))
            .is_err());
        assert!(hosts
            .check_origin(None, Some("localhost"))
            .unwrap()
            .is_none());
    }
}
