//! Connections: what every request of ours has in common, and the guard that keeps a token from leaving in the clear.

use std::fmt;
use std::time::Duration;

use ureq::config::Config;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, RustlsConnector, TcpConnector, Transport,
};
use ureq::Agent;

use crate::settings::Settings;

/// An idle connection is not used again after this long; servers of ours keep it for twice as long.
const IDLE: Duration = Duration::from_secs(15);
/// One attempt of a stream to connect: it tries again, and closing it waits for the attempt.
const CONNECTING: Duration = Duration::from_secs(5);
/// The largest head of an answer.
const LARGEST_HEAD: usize = 64 << 10;

/// What an agent is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Requests that are answered at once.
    Calls,
    /// A body without end, that is silent for at most this long.
    Stream(Duration),
}

/// An agent. No redirects are followed, and no proxy is asked: the address is where the token and the messages go.
pub(crate) fn agent(settings: &Settings, purpose: Purpose) -> Agent {
    let tls = TlsConfig::builder().disable_verification(settings.tls_skip_verify);
    let tls = match &settings.trusted {
        Some(trusted) => tls.root_certs(RootCerts::new_with_certs(trusted)),
        None => tls,
    };
    let config = Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .no_delay(true)
        .user_agent(concat!("plasmite/", env!("CARGO_PKG_VERSION")))
        .max_idle_age(IDLE)
        .max_response_header_size(LARGEST_HEAD)
        .timeout_connect(Some(settings.request_timeout))
        .tls_config(tls.build());
    let connecting = settings.request_timeout.min(CONNECTING);
    let config = match purpose {
        Purpose::Calls => config.timeout_global(Some(settings.request_timeout)),
        Purpose::Stream(silence) => config
            .timeout_resolve(Some(connecting))
            .timeout_connect(Some(connecting))
            .timeout_recv_response(Some(settings.request_timeout))
            .timeout_per_read(Some(silence)),
    };
    let guard = TokenGuard {
        guards: settings.authorization.is_some() && !settings.insecure_token,
    };
    let connector =
        ().chain(guard)
            .chain(TcpConnector::default())
            .chain(RustlsConnector::default());
    Agent::with_parts(config.build(), connector, DefaultResolver::default())
}

/// Refuses to connect in the clear to another machine when there is a token to be sent.
#[derive(Debug)]
struct TokenGuard {
    guards: bool,
}

/// A token would have been sent over plain HTTP to another machine.
#[derive(Debug)]
pub(crate) struct TokenInTheClear;

impl fmt::Display for TokenInTheClear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token would be sent over plain HTTP to another machine")
    }
}

impl std::error::Error for TokenInTheClear {}

impl<In: Transport> Connector<In> for TokenGuard {
    type Out = In;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<In>, ureq::Error> {
        let is_local = details
            .addrs
            .iter()
            .all(|address| address.ip().to_canonical().is_loopback());
        match self.guards && !details.needs_tls() && !is_local {
            true => Err(ureq::Error::Other(Box::new(TokenInTheClear))),
            false => Ok(chained),
        }
    }
}
