//! Settings as typed, and the configuration they make, or why they make none.

use super::files;
use super::limits::Limits;
use super::tls::Tls;
use crate::serve::host::{self, Origin};
use crate::serve::token::Token;
use crate::{Error, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

/// What clients may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everything.
    #[default]
    ReadWrite,
    /// Read, not write.
    ReadOnly,
    /// Write, not read.
    WriteOnly,
}

impl Access {
    pub(crate) fn reads(self) -> bool {
        self != Access::WriteOnly
    }

    pub(crate) fn writes(self) -> bool {
        self != Access::ReadOnly
    }

    /// As typed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Access::ReadWrite => "read-write",
            Access::ReadOnly => "read-only",
            Access::WriteOnly => "write-only",
        }
    }
}

/// The settings as typed.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) bind: SocketAddr,
    pub(crate) access: Access,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) token: Option<String>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) tls_cert: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    pub(crate) tls_self_signed: bool,
    pub(crate) allow_non_loopback: bool,
    pub(crate) insecure_no_tls: bool,
    pub(crate) show_paths: bool,
    pub(crate) limits: Limits,
}

/// Where the token came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenSource {
    None,
    Option,
    File,
}

/// A checked configuration.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) bind: SocketAddr,
    pub(crate) access: Access,
    pub(crate) cors: Vec<Origin>,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) token: Option<Token>,
    token_source: TokenSource,
    pub(crate) tls: Option<Tls>,
    pub(crate) show_paths: bool,
    pub(crate) limits: Limits,
    /// What is allowed, but not wise.
    pub(crate) warnings: Vec<String>,
}

pub(super) fn usage(message: impl Into<String>, hint: &str) -> Error {
    Error::new(ErrorKind::Usage, message).with_hint(hint)
}

impl Config {
    /// Checks settings, and reads the files they name.
    ///
    /// # Errors
    /// Usage for what is unsafe, contradicts itself or is malformed; Io for files that cannot be read.
    pub(crate) fn check(settings: Settings) -> Result<Config, Error> {
        let mut warnings = Vec::new();
        settings.limits.check()?;
        let mut cors: Vec<Origin> = Vec::new();
        for text in &settings.cors_origins {
            let origin = Origin::parse(text).map_err(|what| {
                usage(
                    format!("--cors-origin {text:?} is no origin: {what}"),
                    "write an origin like https://app.example or http://localhost:3000",
                )
            })?;
            if !cors.contains(&origin) {
                cors.push(origin);
            }
        }
        let allowed_hosts = settings.allowed_hosts.iter().map(|text| {
            host::name(text).map_err(|what| {
                usage(
                    format!("--allow-host {text:?} is no host's name: {what}"),
                    "write the name alone, without scheme and port, like pools.example.com; an IPv6 address in brackets",
                )
            })
        });
        let allowed_hosts = allowed_hosts.collect::<Result<Vec<String>, Error>>()?;
        let (token, token_source) = match (&settings.token, &settings.token_file) {
            (Some(_), Some(_)) => return Err(usage(
                "--token and --token-file cannot be given together",
                "keep --token-file: other users of the machine can see the arguments of a program",
            )),
            (Some(token), None) => (Some(checked_token(token, "--token")?), TokenSource::Option),
            (None, Some(path)) => {
                let text = files::read_token(path, &mut warnings)?;
                (
                    Some(checked_token(&text, "the token file")?),
                    TokenSource::File,
                )
            }
            (None, None) => (None, TokenSource::None),
        };
        refuse_unsafe(&settings, token_source, &mut warnings)?;
        let tls = tls_of(&settings, &mut warnings)?;
        Ok(Config {
            bind: settings.bind,
            access: settings.access,
            cors,
            allowed_hosts,
            token: token.map(|token| Token::new(&token)),
            token_source,
            tls,
            show_paths: settings.show_paths,
            limits: settings.limits,
            warnings,
        })
    }

    /// How clients prove who they are, in words.
    pub(crate) fn auth_name(&self) -> &'static str {
        match self.token_source {
            TokenSource::None => "none",
            TokenSource::Option => "bearer token (--token)",
            TokenSource::File => "bearer token (--token-file)",
        }
    }

    /// Whether and how connections are encrypted, in a word.
    pub(crate) fn tls_name(&self) -> &'static str {
        match &self.tls {
            None => "disabled",
            Some(tls) if tls.self_signed.is_some() => "self-signed",
            Some(_) => "enabled",
        }
    }

    /// Who can reach the address, in words.
    pub(crate) fn reach(&self) -> &'static str {
        match self.bind.ip() {
            ip if ip.is_loopback() => "loopback only",
            ip if ip.is_unspecified() => "all interfaces",
            _ => "network reachable",
        }
    }

    /// The base URL for an address that was bound. An address that means all of them is shown as loopback.
    pub(crate) fn base_url(&self, address: SocketAddr) -> String {
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", SocketAddr::new(ip, address.port()))
    }
}

/// A token as it can stand in a header.
fn checked_token(text: &str, what: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(usage(
            format!("{what} is empty"),
            "make one with `pls serve init`",
        ));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(usage(
            format!("{what} contains blanks or characters that are not ASCII"),
            "make one with `pls serve init`",
        ));
    }
    Ok(text.to_owned())
}

/// What must not be opened to a network.
fn refuse_unsafe(
    settings: &Settings,
    token: TokenSource,
    warnings: &mut Vec<String>,
) -> Result<(), Error> {
    if settings.bind.ip().is_loopback() {
        return Ok(());
    }
    let address = settings.bind.ip();
    if !settings.allow_non_loopback {
        return Err(usage(
            format!("{address} can be reached from other machines"),
            "add --allow-non-loopback if that is meant; `pls serve init` makes a token and a certificate for it",
        ));
    }
    let encrypted = settings.tls_cert.is_some() || settings.tls_self_signed;
    if settings.access.writes() && token != TokenSource::File {
        return Err(usage(
            "writing from other machines needs --token-file",
            "make a token with `pls serve init`, or use --access read-only",
        ));
    }
    let secret = settings.access.writes() || token != TokenSource::None;
    if secret && !encrypted && !settings.insecure_no_tls {
        return Err(usage(
            "the token would cross the network in the clear",
            "add --tls-cert and --tls-key, or --tls-self-signed; --insecure-no-tls if something else encrypts",
        ));
    }
    if token == TokenSource::None {
        warnings.push(format!(
            "whoever can reach {address} can read every pool: consider --token-file"
        ));
    }
    if !encrypted {
        warnings.push(format!(
            "what is sent to and from {address} is not encrypted: consider --tls-cert and --tls-key"
        ));
    }
    Ok(())
}

fn tls_of(settings: &Settings, warnings: &mut Vec<String>) -> Result<Option<Tls>, Error> {
    match (
        &settings.tls_cert,
        &settings.tls_key,
        settings.tls_self_signed,
    ) {
        (None, None, false) => Ok(None),
        (Some(_), _, true) | (_, Some(_), true) => Err(usage(
            "--tls-self-signed cannot be given with --tls-cert or --tls-key",
            "choose one of them",
        )),
        (None, None, true) => Tls::self_signed(settings.bind.ip()).map(Some),
        (Some(cert), Some(key), false) => Tls::load(cert, key, warnings).map(Some),
        (Some(_), None, false) => Err(usage(
            "--tls-cert needs --tls-key",
            "name the file of the certificate's private key",
        )),
        (None, Some(_), false) => Err(usage(
            "--tls-key needs --tls-cert",
            "name the file of the certificate",
        )),
    }
}
