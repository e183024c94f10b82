//! `serve check`

use super::banner::cors;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::output::paint;
use crate::json;
use crate::serve::Config;
use std::path::Path;

/// Prints what a good configuration is.
pub(super) fn print(
    context: &mut Context,
    config: &Config,
    directory: &Path,
    as_json: bool,
) -> Result<(), Failure> {
    for warning in &config.warnings {
        let label = context.err.label("warning:", paint::YELLOW);
        context.err.print(format!("{label} {warning}\n").as_bytes());
    }
    match as_json {
        true => context.out.report(&report(config, directory)),
        false => for_people(context, config, directory),
    }
}

fn report(config: &Config, directory: &Path) -> Vec<u8> {
    let base = config.base_url(config.bind);
    let origins: Vec<String> = config
        .cors
        .iter()
        .map(|origin| origin.as_str().to_owned())
        .collect();
    let mut out = Vec::new();
    json::object(&mut out, |top| {
        top.object("check", |check| {
            check
                .text("status", "valid")
                .text("listen", &config.bind.to_string())
                .text("base_url", &base)
                .text("web_ui", &format!("{base}/ui"))
                .text("web_ui_pool", &format!("{base}/ui/pools/demo"))
                .text("mcp", &format!("{base}/mcp"))
                .text("auth", config.auth_name())
                .text("tls", config.tls_name());
            match &config.tls {
                Some(tls) => check.text("tls_fingerprint", &tls.fingerprint),
                None => check.member("tls_fingerprint", |out| out.extend_from_slice(b"null")),
            };
            check
                .text("access", config.access.name())
                .member("cors_allowed_origins", |out| json::strings(&origins, out))
                .object("limits", |limits| {
                    limits
                        .number("max_body_bytes", config.limits.body as u64)
                        .number("max_tail_timeout_ms", config.limits.tail_ms)
                        .number("max_tail_concurrency", config.limits.tails.into());
                })
                .text("pool_dir", &directory.to_string_lossy());
        });
    });
    out
}

fn for_people(context: &mut Context, config: &Config, directory: &Path) -> Result<(), Failure> {
    let base = config.base_url(config.bind);
    let limits = &config.limits;
    let valid = context.out.label("valid", paint::GREEN);
    context
        .out
        .line(&format!("The configuration is {valid}."))?;
    let mut rows = vec![
        ("Listen", format!("{} ({})", config.bind, config.reach())),
        ("Pools", directory.display().to_string()),
        ("URL", base.clone()),
        ("MCP", format!("{base}/mcp")),
        ("Auth", config.auth_name().to_owned()),
        ("TLS", config.tls_name().to_owned()),
        ("Access", config.access.name().to_owned()),
        ("CORS", cors(config)),
        (
            "Limits",
            format!(
                "body {} bytes, tails {} for at most {} ms",
                limits.body, limits.tails, limits.tail_ms
            ),
        ),
    ];
    if let Some(tls) = &config.tls {
        rows.push(("Certificate", tls.fingerprint.clone()));
    }
    for (label, value) in rows {
        context.out.line(&format!("  {label:<12}{value}"))?;
    }
    Ok(())
}
