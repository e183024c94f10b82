//! What `serve` says once it listens: for people how to use it, in a pipe one line with the address.

use crate::cli::context::Context;
use crate::cli::output::paint;
use crate::serve::Config;
use std::net::SocketAddr;

/// What there is to say, but for the address.
#[derive(Debug)]
pub(super) struct Banner {
    base: String,
    bind: SocketAddr,
    rows: Vec<(&'static str, String)>,
    has_token: bool,
    has_own_ca: bool,
    reads: bool,
    writes: bool,
    certificate: Option<String>,
    warnings: Vec<String>,
}

impl Banner {
    pub(super) fn new(context: &Context, config: &Config) -> Banner {
        let mut rows = vec![
            ("Pools", directory(context)),
            ("Reach", config.reach().to_owned()),
            ("Auth", config.auth_name().to_owned()),
            ("TLS", config.tls_name().to_owned()),
            ("Access", config.access.name().to_owned()),
            ("CORS", cors(config)),
        ];
        if let Some(tls) = &config.tls {
            rows.push(("Certificate", tls.fingerprint.clone()));
        }
        Banner {
            base: config.base_url(config.bind),
            bind: config.bind,
            rows,
            has_token: config.token.is_some(),
            has_own_ca: config.tls.is_some(),
            reads: config.access.reads(),
            writes: config.access.writes(),
            certificate: config.tls.as_ref().and_then(|tls| tls.self_signed.clone()),
            warnings: config.warnings.clone(),
        }
    }

    /// Prints it for the address that was bound.
    pub(super) fn print(&self, context: &Context, address: SocketAddr) {
        // The port is the only thing that was not known before.
        let (old, new) = (self.bind.port().to_string(), address.port().to_string());
        let base = match self.base.strip_suffix(&old) {
            Some(start) => format!("{start}{new}"),
            None => self.base.clone(),
        };
        let mut text = match context.err.is_terminal() {
            true => self.for_people(context, &base),
            false => format!("plasmite is listening on {base}\n"),
        };
        for warning in &self.warnings {
            let label = context.err.label("warning:", paint::YELLOW);
            text.push_str(&format!("{label} {warning}\n"));
        }
        if let Some(certificate) = &self.certificate {
            text.push_str("For clients, a file for their --tls-ca:\n");
            text.push_str(certificate);
        }
        context.err.print(text.as_bytes());
    }

    fn for_people(&self, context: &Context, base: &str) -> String {
        let title = context.err.label("Plasmite is serving", paint::GREEN);
        let mut text = format!("{title} {base}\n");
        let urls = [
            ("Page", format!("{base}/ui")),
            ("MCP", format!("{base}/mcp")),
        ];
        let urls = urls.into_iter().filter(|(name, _)| match *name {
            "Page" => crate::serve::has_route("/ui"),
            _ => crate::serve::has_route("/mcp"),
        });
        for (label, value) in self.rows.iter().cloned().chain(urls) {
            text.push_str(&format!("  {label:<12}{value}\n"));
        }
        let mut options = String::new();
        if self.has_token {
            options.push_str(" --token-file FILE");
        }
        if self.has_own_ca {
            options.push_str(" --tls-ca FILE");
        }
        text.push_str("Try:\n");
        if self.reads {
            text.push_str(&format!(
                "  {} follow {base}/demo{options}\n",
                context.program
            ));
        }
        if self.writes {
            text.push_str(&format!(
                "  {} feed {base}/demo '{{\"hello\":\"world\"}}'{options}\n",
                context.program
            ));
        }
        text.push_str("Stop with Ctrl-C.\n");
        text
    }
}

/// Which pages may use the server.
pub(super) fn cors(config: &Config) -> String {
    match config.cors.is_empty() {
        true => "same-origin".to_owned(),
        false => {
            let origins: Vec<&str> = config.cors.iter().map(|origin| origin.as_str()).collect();
            format!("allowlist: {}", origins.join(", "))
        }
    }
}

/// The directory of the pools, as it was named.
fn directory(context: &Context) -> String {
    match context.dir() {
        Some(directory) => directory.display().to_string(),
        None => "~/.plasmite/pools".to_owned(),
    }
}
