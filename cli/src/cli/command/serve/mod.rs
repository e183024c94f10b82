//! `serve`, `serve check` and `serve init`

mod banner;
mod check;
mod init;
mod ready;

use crate::cli::args::{AccessMode, ServeArgs, ServeCommand, ServeOptions};
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SUCCESS};
use crate::serve::{self, Access, Config, Limits, Settings};
use crate::{Client, Error, ErrorKind};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

const PORT: u16 = 9700;
const MAX_BODY_BYTES: usize = 1 << 20;
const MAX_TAIL_TIMEOUT_MS: u64 = 30_000;
const MAX_TAIL_CONCURRENCY: u32 = 64;

pub(super) fn run(context: &mut Context, args: ServeArgs) -> Outcome {
    match args.command {
        None => listen(context, args.options),
        Some(ServeCommand::Check(check)) => {
            let config = Config::check(settings(args.options))?;
            let directory = directory(&context.client_with_whole_paths("serve")?)?;
            check::print(context, &config, &directory, check.json.wanted())?;
            Ok(SUCCESS)
        }
        Some(ServeCommand::Init(init)) => {
            refuse_options(context, &args.options)?;
            init::run(context, &init)
        }
    }
}

fn listen(context: &mut Context, options: ServeOptions) -> Outcome {
    let config = Config::check(settings(options))?;
    let client = context.client_with_whole_paths("serve")?;
    directory(&client)?;
    let ready_file = ready::ReadyFile::from_environment()?;
    let banner = banner::Banner::new(context, &config);
    serve::run(config, client, &[SIGINT, SIGTERM], |address| {
        banner.print(context, address);
        ready_file.map_or(Ok(()), |file| file.write(address))
    })?;
    Ok(SUCCESS)
}

/// Where the pools are, or are to be: no file.
fn directory(client: &Client) -> Result<PathBuf, Failure> {
    let directory = client.pool_dir()?;
    match std::fs::metadata(&directory) {
        Ok(there) if !there.is_dir() => Err(Error::new(
            ErrorKind::Io,
            "cannot serve pools: the pool directory is a file",
        )
        .with_path(directory.to_string_lossy())
        .with_hint("a file is there: give a directory, or another --dir")
        .into()),
        _ => Ok(directory),
    }
}

fn settings(options: ServeOptions) -> Settings {
    Settings {
        bind: options
            .bind
            .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))),
        access: match options.access {
            None | Some(AccessMode::ReadWrite) => Access::ReadWrite,
            Some(AccessMode::ReadOnly) => Access::ReadOnly,
            Some(AccessMode::WriteOnly) => Access::WriteOnly,
        },
        cors_origins: options.cors_origin,
        allowed_hosts: options.allow_host,
        token: options.token,
        token_file: options.token_file,
        tls_cert: options.tls_cert,
        tls_key: options.tls_key,
        tls_self_signed: options.tls_self_signed,
        allow_non_loopback: options.allow_non_loopback,
        insecure_no_tls: options.insecure_no_tls,
        show_paths: options.show_paths,
        limits: Limits {
            body: options.max_body_bytes.unwrap_or(MAX_BODY_BYTES),
            tail_ms: options.max_tail_timeout_ms.unwrap_or(MAX_TAIL_TIMEOUT_MS),
            tails: options.max_tail_concurrency.unwrap_or(MAX_TAIL_CONCURRENCY),
        },
    }
}

/// `init` takes no options of `serve`, unless they say what would be so anyway.
fn refuse_options(context: &Context, options: &ServeOptions) -> Result<(), Failure> {
    let differs = [
        (
            "--bind",
            options
                .bind
                .is_some_and(|bind| bind != SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))),
        ),
        (
            "--access",
            options
                .access
                .is_some_and(|access| access != AccessMode::ReadWrite),
        ),
        ("--cors-origin", !options.cors_origin.is_empty()),
        ("--allow-host", !options.allow_host.is_empty()),
        ("--token", options.token.is_some()),
        ("--token-file", options.token_file.is_some()),
        ("--tls-cert", options.tls_cert.is_some()),
        ("--tls-key", options.tls_key.is_some()),
        ("--tls-self-signed", options.tls_self_signed),
        ("--allow-non-loopback", options.allow_non_loopback),
        ("--insecure-no-tls", options.insecure_no_tls),
        ("--show-paths", options.show_paths),
        (
            "--max-body-bytes",
            options
                .max_body_bytes
                .is_some_and(|bytes| bytes != MAX_BODY_BYTES),
        ),
        (
            "--max-tail-timeout-ms",
            options
                .max_tail_timeout_ms
                .is_some_and(|ms| ms != MAX_TAIL_TIMEOUT_MS),
        ),
        (
            "--max-tail-concurrency",
            options
                .max_tail_concurrency
                .is_some_and(|count| count != MAX_TAIL_CONCURRENCY),
        ),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        None => Ok(()),
        Some((option, _)) => Err(Error::new(
            ErrorKind::Usage,
            format!("{option} before `init` has no effect"),
        )
        .with_hint(format!(
            "options of init stand behind it: see {} serve init --help",
            context.program
        ))
        .into()),
    }
}
