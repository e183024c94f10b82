//! Pools of servers: which references mean them, and the client that brings along what they ask for.

use super::args::RemoteArgs;
use super::context::Context;
use super::exit::Failure;
use super::output::notice::Notice;
use crate::{Client, ClientOptions, Error, ErrorKind};
use std::path::Path;

/// Whether a reference is an address, and no name or path.
pub(super) fn is_url(reference: &str) -> bool {
    reference.contains("://")
}

/// Refuses what was meant for an address or for a path of the shell: taken as it is, it would become a directory here. One
/// that is there is meant.
pub(super) fn refuse_near_miss(path: &str) -> Result<(), Error> {
    let first = path.split('/').next().unwrap_or_default();
    if is_url(path) || first.is_empty() || Path::new(first).exists() {
        return Ok(());
    }
    let scheme = first.strip_suffix(':').unwrap_or_default();
    let (what, hint) = match first.rsplit_once(':') {
        _ if first == "~" => (
            "the shell has left its `~` as it is",
            "write it without quotes, or with $HOME",
        ),
        _ if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") => (
            "an address has `//` behind its scheme",
            "write it as https://HOST:9700/POOL",
        ),
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => (
            "an address begins with its scheme",
            "write it as http://HOST:9700/POOL or https://HOST:9700/POOL",
        ),
        _ => return Ok(()),
    };
    Err(Error::new(
        ErrorKind::Usage,
        format!("{path:?} is no path here: {what}"),
    )
    .with_hint(format!(
        "{hint}; for a directory of that name put ./ before it"
    )))
}

/// The server of an address: scheme, host and port.
pub(super) fn server_of(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let host = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{host}").to_ascii_lowercase()
}

/// The name of a pool in its address, as it stands there.
pub(super) fn pool_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

/// Refuses an option that only pools of this machine know.
pub(super) fn refuse(given: bool, option: &str, why: &str, hint: &str) -> Result<(), Error> {
    match given {
        true => Err(Error::new(
            ErrorKind::Usage,
            format!("{option} is for pools of this machine: {why}"),
        )
        .with_hint(hint)),
        false => Ok(()),
    }
}

/// Checks that the options go with the pools that a command is for.
pub(super) fn check(
    context: &Context,
    args: &RemoteArgs,
    references: &[&str],
) -> Result<(), Error> {
    if let Some(option) = args.given() {
        let local = references.iter().find(|name| !context.is_remote(name));
        let what = match local {
            Some(local) => Some(format!("{local:?} is one of this machine")),
            None if references.is_empty() && context.home_server().is_none() => {
                Some("none is named".to_owned())
            }
            None => None,
        };
        if let Some(what) = what {
            let message = format!("{option} is for pools of a server, and {what}");
            return Err(Error::new(ErrorKind::Usage, message)
                .with_hint("leave it out, or give the pool's address: https://HOST:9700/POOL"));
        }
    }
    let mut servers = references
        .iter()
        .filter_map(|reference| context.server_of(reference));
    let first = servers.next();
    match args.has_token() && servers.any(|server| Some(server) != first) {
        true => Err(Error::new(
            ErrorKind::Usage,
            "the token is for one server, and pools of several are named",
        )
        .with_hint("run the command once for each server")),
        false => Ok(()),
    }
}

/// A client with these options. `home` is where plain names are looked up.
pub(super) fn client(home: &Path, args: &RemoteArgs) -> Result<Client, Error> {
    let mut options = ClientOptions::new()
        .pool_dir(home)?
        .tls_skip_verify(args.tls_skip_verify)
        .insecure_token(args.insecure_token);
    if let Some(token) = &args.token {
        options = options.token(token)?;
    }
    if let Some(path) = &args.token_file {
        options = options.token_file(path)?;
    }
    if let Some(path) = &args.tls_ca {
        options = options.tls_ca_file(path)?;
    }
    Client::with_options(&options).map_err(|error| match error.kind() {
        // A file that the command line names and that is not there is no missing pool.
        ErrorKind::NotFound => {
            let message = error.message().to_owned();
            let path = error.path().unwrap_or_default().to_owned();
            Error::new(ErrorKind::Usage, message)
                .with_path(path)
                .with_hint("check the path given with --token-file or --tls-ca")
        }
        _ => error,
    })
}

/// Says what the options give up.
pub(super) fn warn(context: &Context, args: &RemoteArgs, command: &str, pool: &str) {
    let warnings = [
        (
            args.tls_skip_verify,
            "--tls-skip-verify",
            "the server's certificate is not checked: whoever is on the way can read and change everything",
        ),
        (
            args.insecure_token,
            "--insecure-token",
            "over plain HTTP whoever is on the way can read the token and use it",
        ),
    ];
    for (_, option, message) in warnings.into_iter().filter(|(given, ..)| *given) {
        let notice = Notice {
            kind: "insecure",
            command,
            pool,
            message,
        };
        notice.print(&context.err, |details| {
            details.text("option", option);
        });
    }
}

/// Refuses addresses, for a command that needs the file itself.
pub(super) fn refuse_all(command: &str, references: &[&str]) -> Result<(), Failure> {
    let Some(url) = references.iter().find(|reference| is_url(reference)) else {
        return Ok(());
    };
    let message = format!("{command} takes pools of this machine, and {url:?} is a URL");
    Err(Error::new(ErrorKind::Usage, message)
        .with_hint("run it on the server's machine, where the pool's file is")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_their_parts() {
        assert!(is_url("http://h/x") && is_url("ftp://h") && !is_url("a/b") && !is_url("a:b"));
        assert_eq!(server_of("HTTP://Host:9700/Events"), "http://host:9700");
        assert_eq!(server_of("https://h/v0/pools/x"), "https://h");
        assert_eq!(pool_of("https://h/v0/pools/x"), "x");
    }
}
